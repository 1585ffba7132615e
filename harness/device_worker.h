/* device_worker.h - what takes images from bytes to boxes on a device: there, the only worker of a rig (worker.h).
 *
 * The sequence of one micro-batch (forward pass, map faults, detections) is enqueued call by call the first time, then
 * recorded and replayed: the host only says which images are meant. While the device works on one micro-batch, the host
 * takes the answers to the one before; each uses one of two slots in turn. */
#ifndef FTDN_HARNESS_DEVICE_WORKER_H
#define FTDN_HARNESS_DEVICE_WORKER_H

#include "detect/combine.h"
#include "detect/detector_device.h"
#include "harness/device_images.h"
#include "harness/weight_bank.h"
#include "harness/worker.h"
#include "injectors/map_faults_device.h"

#define FTDN_DEVICE_SEQUENCES 4 /* kinds of draws whose recordings are kept */

/* The work of a micro-batch under one kind of map faults. */
typedef struct ftdn_device_sequence {
    bool has_run;
    ftdn_fault_draw draw; /* one of the kind */
    ftdn_device_recording *recording[FTDN_DEVICE_DETECTOR_SLOTS]; /* NULL: not yet recorded */
} ftdn_device_sequence;

typedef struct ftdn_device_worker {
    const ftdn_device_module *device; /* borrowed, as all that is named by the desc */
    ftdn_arena arena;                 /* all below, then the detections of the trial's images */
    ftdn_arena_mark empty;            /* behind the buffers */
    const ftdn_network *network;      /* [n_networks] */
    int n_networks;                   /* 1, or 2 for D2NN */
    bool combines_boxes;              /* of two networks; else their answers are averaged */
    int micro_batch;                  /* of the program; 1 where weights are drawn anew for each image */
    ftdn_context *context;
    ftdn_weight_bank *bank; /* the rig's */
    bool redraws_weights;   /* for each image */
    ftdn_fault_draw redraw; /* of the trial, for these */
    const ftdn_map_faults *map_faults;
    ftdn_device_map_injector *injector;
    ftdn_device_detector *detector;
    ftdn_detector list[2]; /* of combined boxes: the lists of both networks */
    ftdn_box_combiner combiner;
    ftdn_device_images own_images;
    ftdn_device_images *images; /* these, or those of the desc */
    ftdn_device_sequence sequence[FTDN_DEVICE_SEQUENCES];
    int next_sequence;                /* whose place a new kind takes */
    ftdn_device_detections *received; /* [n_lists, micro_batch], scratch */
    ftdn_fault_count *map_count;      /* [targets of map_faults] of the trial, after ftdn_device_worker_finish */
    int64_t n_nonfinite;              /* of the trial: outputs of the network that were NaN or infinite */
    int64_t weights_ns;               /* of the trial, where weights are drawn for each image */
} ftdn_device_worker;

typedef struct ftdn_device_worker_desc {
    const ftdn_network *network; /* [n_networks] of nodes of the program's graph */
    int n_networks;
    bool combines_boxes;
    const float *priors; /* [n_priors, 4] */
    ftdn_detect_rule rule;
    const ftdn_program *program; /* of a device */
    const ftdn_map_faults *map_faults;
    ftdn_weight_bank *bank; /* of the worker's context: initialised behind the worker, before anything runs */
    bool redraws_weights;
    ftdn_device_images *images; /* of this device; NULL: the worker has its own */
} ftdn_device_worker_desc;

/* The caller may call ftdn_device_worker_done on a worker that could not be initialised. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_init(ftdn_device_worker *worker, const ftdn_device_worker_desc *desc,
                                                   ftdn_error *err);
void ftdn_device_worker_done(ftdn_device_worker *worker);

/* Counts and times to 0, detections dropped, the draw of map faults taken over. redraw: of weights. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_reset(ftdn_device_worker *worker, const ftdn_fault_draw *redraw,
                                                    ftdn_error *err);

/* Have images first ... first + n_images - 1 of the dataset on the device. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_load(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first,
                                                   int n_images, ftdn_error *err);

/* Enqueue all work on images first ... first + n_images - 1 (at most a micro-batch) of those loaded. slot: its last
 * answers have been received. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_send(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first,
                                                   int n_images, int slot, ftdn_error *err);

/* Wait for the answers in a slot. found: [n_images]; they live in the worker's arena, until its reset. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_receive(ftdn_device_worker *worker, int slot, int n_images,
                                                      ftdn_image_detections *found, ftdn_error *err);

/* Behind the last image of a trial: fetch the counts. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_finish(ftdn_device_worker *worker, ftdn_error *err);

/* The hook of map faults; it sees device memory. */
ftdn_map_hook ftdn_device_worker_hook(const ftdn_device_worker *worker);

/* A micro-batch as a recording, which the caller frees: the forward pass of the images chosen, and their detections
 * into a slot; slot -1: none. hook may be NULL. It has been run before, call by call. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_record(ftdn_device_worker *worker, const ftdn_map_hook *hook, int slot,
                                                     ftdn_device_recording **ret_recording, ftdn_error *err);

/* Weights and network alone, call by call; answers stay in the context. hook may be NULL. Waits. */
FTDN_NODISCARD ftdn_status ftdn_device_worker_forward(ftdn_device_worker *worker, const ftdn_dataset *dataset,
                                                      int first, int n_images, const ftdn_map_hook *hook,
                                                      ftdn_error *err);

/* Device memory that is known of: maps, packed weights, images. */
size_t ftdn_device_worker_bytes(const ftdn_device_worker *worker);

#endif
