/* rig.h - a model set up for trials: its protected graph compiled, its weights, the map faults, a worker per thread, or
 * one on a device.
 *
 * Setting up takes far longer than a trial's own preparation, so that trials share a rig which differ only in what
 * is drawn (rates, counts, seed, type of faults), in the images, or in how detections are measured. What a trial
 * changes in it (packed weights) the next trial sets right. */
#ifndef FTDN_HARNESS_RIG_H
#define FTDN_HARNESS_RIG_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/device_worker.h"
#include "harness/protect.h"
#include "harness/worker.h"
#include "injectors/map_faults.h"

typedef struct ftdn_rig {
    ftdn_arena arena;
    const ftdn_model *model; /* borrowed */
    ftdn_protection protection;
    ftdn_network network[2]; /* the model's, of nodes of the protected graph; the second network of D2NN */
    int n_networks;          /* 1, or 2 for D2NN */
    ftdn_program *program;
    bool redraws_weights;  /* for each image: every worker of the host has a weight bank of its own */
    ftdn_weight_bank bank; /* of all workers, unless they have their own */
    ftdn_map_faults map_faults;
    int n_threads;              /* of the host, that a trial may use */
    int n_workers;              /* one for each of these; 0 on a device */
    ftdn_worker *worker;        /* [n_workers] */
    ftdn_device_worker *device; /* the only worker on a device; NULL on the host */
} ftdn_rig;

typedef struct ftdn_rig_desc {
    const ftdn_planned_trial *trial; /* one of those that will share the rig; its model is borrowed */
    const ftdn_score_source *scores; /* of channels, for the protection */
    int n_threads;                   /* of the host */
    ftdn_device_images *images;      /* on a device: of all rigs that take turns, borrowed; NULL: the rig's own */
    ftdn_device_cache *cache;        /* likewise, of programs */
    bool keep_maps;                  /* no memory of maps is used twice: all can be read after a forward */
} ftdn_rig_desc;

FTDN_NODISCARD ftdn_status ftdn_rig_init(ftdn_rig *rig, const ftdn_rig_desc *desc, ftdn_error *err);
void ftdn_rig_done(ftdn_rig *rig);

/* Make the rig ready for a trial: counts and times at 0, the trial's map faults, and its weights where they are drawn
 * once. settings: fit the rig. */
FTDN_NODISCARD ftdn_status ftdn_rig_prepare(ftdn_rig *rig, const ftdn_trial_settings *settings, ftdn_error *err);

/* Take images first ... first + n_images - 1 of a decoded dataset through a prepared rig, on one thread or the device.
 * found: [n_images]; they live in the rig, until it is prepared again. */
FTDN_NODISCARD ftdn_status ftdn_rig_detect(ftdn_rig *rig, const ftdn_dataset *dataset, int first, int n_images,
                                           ftdn_image_detections *found, ftdn_error *err);

/* One image through weights and network alone. hook: NULL for the trial's map faults, where it has any; on a device it
 * sees device memory. */
FTDN_NODISCARD ftdn_status ftdn_rig_forward(ftdn_rig *rig, const ftdn_dataset *dataset, int image,
                                            const ftdn_map_hook *hook, ftdn_error *err);

/* The hook of the trial's map faults, which ftdn_rig_detect runs with where it has any. */
ftdn_map_hook ftdn_rig_map_hook(const ftdn_rig *rig);

/* The context of that image. */
ftdn_context *ftdn_rig_context(const ftdn_rig *rig);

/* A map of the context, of its first image, as the hook sees it or behind a forward: ret_values: [H,W,C] in host
 * memory. */
FTDN_NODISCARD ftdn_status ftdn_rig_read_map(const ftdn_rig *rig, const ftdn_map *map, float *ret_values,
                                             ftdn_error *err);

/* The network's answer to that image. network: 0, or 1 of D2NN. logits: [n_priors, n_classes+1], locations:
 * [n_priors, 4]. */
FTDN_NODISCARD ftdn_status ftdn_rig_read_answer(ftdn_rig *rig, int network, float *logits, float *locations,
                                                ftdn_error *err);

/* The layers whose weights are hit, and the copied layers; the same for all banks of the rig. */
const ftdn_weight_faults *ftdn_rig_weight_faults(const ftdn_rig *rig);

/* Activation memory, packed weights and worker buffers; on a device those that are there, and images. */
size_t ftdn_rig_bytes(const ftdn_rig *rig);

#endif
