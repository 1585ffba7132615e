/* training_validation.h - how good the weights are: a trial without faults on the images of validation. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_VALIDATION_H
#define FTDN_HARNESS_TRAINING_TRAINING_VALIDATION_H

#include <signal.h>

#include "base/arena.h"
#include "base/status.h"
#include "harness/training/training_manifest.h"
#include "harness/training/training_state.h"
#include "harness/trial.h"

typedef struct ftdn_training_validation {
    const ftdn_training_manifest *manifest; /* borrowed, as the others */
    ftdn_dataset *dataset; /* decoded */
    int n_threads;
    ftdn_device_cache *cache; /* on a device: as in ftdn_compile_desc */
    const volatile sig_atomic_t *stop; /* not 0: leave with FTDN_ERR_INTERRUPTED; may be NULL */
} ftdn_training_validation;

/* Measure a network with weights: batch norms in inference mode, everything as in an experiment. The result lives in
 * the arena. */
FTDN_NODISCARD ftdn_status ftdn_training_validate(const ftdn_training_validation *validation,
                                                  const ftdn_network *network, ftdn_weights weights, ftdn_arena *arena,
                                                  ftdn_trial_result *ret_result, ftdn_error *err);

#endif
