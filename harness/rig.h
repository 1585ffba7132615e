/* rig.h - a model set up for trials: its protected graph compiled, its weights, the map faults, a worker per thread.
 *
 * Setting up takes far longer than a trial's own preparation, so that trials share a rig which differ only in what
 * is drawn (rates, counts, seed, type of faults), in the images, or in how detections are measured. What a trial
 * changes in it (packed weights) the next trial sets right. */
#ifndef FTDN_HARNESS_RIG_H
#define FTDN_HARNESS_RIG_H

#include "base/arena.h"
#include "base/status.h"
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
    bool redraws_weights;  /* for each image: every worker has a weight bank of its own */
    ftdn_weight_bank bank; /* of all workers, unless redraws_weights */
    ftdn_map_faults map_faults;
    int n_workers;
    ftdn_worker *worker; /* [n_workers] */
} ftdn_rig;

typedef struct ftdn_rig_desc {
    const ftdn_planned_trial *trial;  /* one of those that will share the rig; its model is borrowed */
    const ftdn_score_source *scores;  /* of channels, for the protection */
    int n_threads;
    bool keep_maps; /* no memory of maps is used twice: all can be read after a forward */
} ftdn_rig_desc;

FTDN_NODISCARD ftdn_status ftdn_rig_init(ftdn_rig *rig, const ftdn_rig_desc *desc, ftdn_error *err);
void ftdn_rig_done(ftdn_rig *rig);

/* Would ftdn_rig_init make the same rig from both settings (and the same model)? */
bool ftdn_rig_fits(const ftdn_trial_settings *a, const ftdn_trial_settings *b);

/* Make the rig ready for a trial: counts and times at 0, the trial's map faults, and its weights where they are drawn
 * once. settings: fit the rig. */
FTDN_NODISCARD ftdn_status ftdn_rig_prepare(ftdn_rig *rig, const ftdn_trial_settings *settings, ftdn_error *err);

/* The layers whose weights are hit, and the copied layers; the same for all banks of the rig. */
const ftdn_weight_faults *ftdn_rig_weight_faults(const ftdn_rig *rig);

/* Activation memory, packed weights and worker buffers. */
size_t ftdn_rig_bytes(const ftdn_rig *rig);

#endif
