/* training_weights.h - what a training ships: the weights in a file, and in its metadata where they come from. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_WEIGHTS_H
#define FTDN_HARNESS_TRAINING_TRAINING_WEIGHTS_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/training/training_spec.h"
#include "harness/training/training_state.h"
#include "harness/trial.h"

/* The weights as the file will hold them, in the arena: those of state->shipped, with batch norms folded in where it
 * has none; with `as_half` those of convolutions are rounded to F16, all else stays F32. FTDN_ERR_INPUT: a value that
 * F16 does not hold (its parameter). */
FTDN_NODISCARD ftdn_status ftdn_training_weights_ship(const ftdn_training_state *state, bool as_half, ftdn_arena *arena,
                                                      ftdn_weights *ret_weights, ftdn_error *err);

typedef struct ftdn_training_product {
    const ftdn_training_state *state;
    const ftdn_training_spec *spec;
    ftdn_weights weights; /* as shipped */
    bool as_half;
    const ftdn_dataset *dataset; /* of the training: its classes */
    const ftdn_dataset *validation;
    const ftdn_trial_result *validated; /* of these weights */
} ftdn_training_product;

/* Write the file, atomically. Metadata: network, width, classes (a JSON list of names), training (the spec's id),
 * training_spec, training_steps, code_version, validation (which images), validation_map. The arena is scratch and left
 * as it was. */
FTDN_NODISCARD ftdn_status ftdn_training_weights_write(const char *path, const ftdn_training_product *product,
                                                       ftdn_arena *arena, ftdn_error *err);

#endif
