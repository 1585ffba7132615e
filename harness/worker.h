/* worker.h - what one thread needs to take an image from bytes to boxes. */
#ifndef FTDN_HARNESS_WORKER_H
#define FTDN_HARNESS_WORKER_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "detect/combine.h"
#include "detect/detections.h"
#include "engine/engine.h"
#include "harness/weight_bank.h"
#include "injectors/map_faults.h"

/* A network's answer to one image. */
typedef struct ftdn_network_answer {
    float *logits;    /* [n_priors, n_classes+1] */
    float *locations; /* [n_priors, 4] */
} ftdn_network_answer;

typedef struct ftdn_worker {
    ftdn_arena arena;      /* all below, then the detections of the trial's images */
    ftdn_arena_mark empty; /* behind the buffers */
    int n_networks;                /* 1, or 2 for D2NN */
    const ftdn_network *network;   /* [n_networks], borrowed, as priors */
    const float *priors;           /* [n_priors, 4] */
    bool combines_boxes;           /* of two networks; else their answers are averaged */
    int micro_batch;               /* of the program */
    ftdn_context *context;
    ftdn_weight_bank *bank;    /* the rig's, or own_bank */
    ftdn_weight_bank own_bank; /* where weights are hit anew for each image */
    ftdn_fault_draw redraw;    /* of the trial, for own_bank */
    ftdn_map_injector injector;
    ftdn_network_answer answer[2];     /* [n_networks] of the last image */
    ftdn_detector detector[2]; /* [n_networks], or one where answers are averaged */
    ftdn_box_combiner combiner;
    const uint8_t **pixels; /* [micro_batch] */
    uint64_t *image_id;     /* [micro_batch] */
    int64_t weights_ns, forward_ns, detection_ns; /* of the trial; forward with the hook's time in it */
    int64_t n_nonfinite;                          /* outputs of the network that were NaN or infinite */
} ftdn_worker;

typedef struct ftdn_worker_desc {
    const ftdn_network *network; /* [n_networks] of nodes of the program's graph; borrowed, as all that is named here */
    int n_networks;              /* 1, or 2 for D2NN */
    bool combines_boxes;
    const float *priors; /* [n_priors, 4] */
    ftdn_detect_rule rule;
    const ftdn_program *program;
    const ftdn_map_faults *map_faults;
    ftdn_weight_bank *bank;         /* of all workers; NULL: the worker has its own, and draws for each image */
    ftdn_weight_bank_desc own_bank; /* of that one */
} ftdn_worker_desc;

/* The caller may call ftdn_worker_done on a worker that could not be initialised. */
FTDN_NODISCARD ftdn_status ftdn_worker_init(ftdn_worker *worker, const ftdn_worker_desc *desc, ftdn_error *err);
void ftdn_worker_done(ftdn_worker *worker);

/* The detections of one image; they live in the arena of the worker that found them, until its reset. */
typedef struct ftdn_image_detections {
    const ftdn_detection *detection; /* by class, then score */
    int n_detections;
} ftdn_image_detections;

/* Images that the worker takes at once. */
int ftdn_worker_micro_batch(const ftdn_worker *worker);

/* Counts and times to 0, detections dropped. */
void ftdn_worker_reset(ftdn_worker *worker);

/* Take images first ... first + n_images - 1 of the dataset (at most a micro-batch) through weights, network and
 * detection. hits_maps: through the map injector too. found: [n_images]. */
FTDN_NODISCARD ftdn_status ftdn_worker_detect(ftdn_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                              bool hits_maps, ftdn_image_detections *found, ftdn_error *err);

/* The first half of it: weights and network; answers stay in the context. hook may be NULL. */
FTDN_NODISCARD ftdn_status ftdn_worker_forward(ftdn_worker *worker, const ftdn_dataset *dataset, int first,
                                               int n_images, const ftdn_map_hook *hook, ftdn_error *err);

#endif
