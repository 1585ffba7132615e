/* training_spec.h - everything that determines what a training learns, as a text, and the id made from it.
 *
 * As a trial's spec (spec.h) it is canonical JSON: network, initial weights and images by their digests, the schedule,
 * the arithmetic; never a path, a host or a number of threads. What is only looked at (validation) or written
 * (checkpoints, the form of the weights) has no part in it. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_SPEC_H
#define FTDN_HARNESS_TRAINING_TRAINING_SPEC_H

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/training/training_manifest.h"
#include "harness/training/training_state.h"

/* Raised whenever a training of the same spec may learn other weights. */
#define FTDN_TRAINING_SEMANTICS 1

typedef struct ftdn_training_spec {
    const char *text;         /* lives in the arena */
    char id[FTDN_SHA256_HEX]; /* its SHA-256 */
} ftdn_training_spec;

/* state: before the first step. arithmetic: of its backend (harness/plan/arithmetic.h). */
FTDN_NODISCARD ftdn_status ftdn_training_spec_make(const ftdn_training_manifest *manifest,
                                                   const ftdn_training_state *state, const ftdn_dataset *dataset,
                                                   const char *arithmetic, ftdn_arena *arena,
                                                   ftdn_training_spec *ret_spec, ftdn_error *err);

/* Where two specs differ first, for a message: "model.width is 0.25 there and 0.5 here"; "" where they do not.
 * FTDN_ERR_INPUT: one is no JSON. */
FTDN_NODISCARD ftdn_status ftdn_training_spec_compare(const char *there, const char *here, ftdn_arena *arena,
                                                      const char **ret_difference, ftdn_error *err);

#endif
