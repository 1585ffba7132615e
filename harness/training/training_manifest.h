/* training_manifest.h - what a training is asked to do: network, images, schedule, as typed values.
 *
 * A training manifest is read as strictly as that of an experiment, with a table of keys of its own
 * (training_keys.h); its sets of images have the keys and the rules of an experiment's `dataset`. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_MANIFEST_H
#define FTDN_HARNESS_TRAINING_TRAINING_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/augment.h"
#include "engine/learning_rate.h"
#include "engine/optimizer.h"
#include "harness/manifest/mistakes.h"
#include "harness/manifest/settings.h"

typedef struct ftdn_training_manifest {
    const char *path;
    const char *name;
    const char *description;     /* "" where not given */
    const char *initial_weights; /* path; NULL: all weights are drawn */
    ftdn_data_settings dataset;
    /* A trial without faults: the network and the images of validation, evaluated as experiments do where their
     * manifest says nothing else, on the backend that trains. Its weights are the training's, whatever stands there. */
    ftdn_trial_settings validation;
    int validate_every; /* steps */
    uint64_t seed;      /* of weights, order and views */
    int batch, n_steps;
    bool batch_norms; /* the network learns with some that what is shipped does not have (ftdn_network_desc) */
    ftdn_optimizer_desc optimizer;
    ftdn_learning_rate_desc learning_rate;
    double average;                 /* decay of the average of the weights; 0: there is none */
    int checkpoint_every;           /* steps */
    ftdn_augment_desc augmentation; /* its fill is the network's mean, which is not known here */
    bool writes_half;
} ftdn_training_manifest;

/* Read a manifest file. mistakes: initialised by the caller; holds all that is wrong after FTDN_ERR_MANIFEST, nothing
 * where the text is no JSON. FTDN_ERR_INPUT: no such file. Everything lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_training_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                                       ftdn_training_manifest *ret_manifest, ftdn_error *err);

/* The same from a text; path stands in messages, and relative paths start at its folder. */
FTDN_NODISCARD ftdn_status ftdn_training_manifest_parse(const char *text, size_t n_bytes, const char *path,
                                                        ftdn_arena *arena, ftdn_mistakes *mistakes,
                                                        ftdn_training_manifest *ret_manifest, ftdn_error *err);

#endif
