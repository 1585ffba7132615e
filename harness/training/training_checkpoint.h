/* training_checkpoint.h - a training as far as it has come, in one file that is replaced as a whole.
 *
 * A safetensors file: every parameter under its own name, so that the file is a weight file too; the optimiser's
 * moments (engine/optimizer.h), the average under "average.NAME"; in the metadata the training's spec and the number of
 * steps taken. A training that goes on from it ends with the bits of one that was never stopped. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_CHECKPOINT_H
#define FTDN_HARNESS_TRAINING_TRAINING_CHECKPOINT_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/training/training_spec.h"
#include "harness/training/training_state.h"

/* The arena is scratch and left as it was. */
FTDN_NODISCARD ftdn_status ftdn_training_checkpoint_write(const char *path, const ftdn_training_state *state,
                                                          const ftdn_training_spec *spec, ftdn_arena *arena,
                                                          ftdn_error *err);

/* Bring the state to where the file stands. FTDN_ERR_INPUT: no checkpoint, or one of another training (in what they
 * differ first, of the file and of the spec, and what to do); the state is then of no use. */
FTDN_NODISCARD ftdn_status ftdn_training_checkpoint_read(const char *path, ftdn_training_state *state,
                                                         const ftdn_training_spec *spec, ftdn_arena *arena,
                                                         ftdn_error *err);

#endif
