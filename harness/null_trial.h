/* null_trial.h - trials of `engine.backend` "null": nothing is computed, the answer is a constant of the trial's id.
 *
 * They take no time, so that what remains is the campaign itself: planning, scheduling, storing, asking. A result that
 * lands at another trial is seen, for no two ids give the same. */
#ifndef FTDN_HARNESS_NULL_TRIAL_H
#define FTDN_HARNESS_NULL_TRIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan.h"
#include "results/store.h"

#define FTDN_NULL_BACKEND "null"

bool ftdn_is_null_trial(const ftdn_trial_settings *settings);

/* What a trial's results depend on beside its other settings: of the backend, or "none" for null trials.
 * FTDN_ERR_BACKEND: the backend is not in this build. micro_batch: images of one forward pass. */
FTDN_NODISCARD ftdn_status ftdn_find_arithmetic(const ftdn_engine_settings *engine, const char **ret_arithmetic,
                                                int *ret_micro_batch, ftdn_error *err);

/* The trial's record, but for id, spec and parameters; rows live in the arena. Average precisions are fractions that
 * the id determines; there are no objects, no faults and no overheads. */
FTDN_NODISCARD ftdn_status ftdn_null_trial_run(const ftdn_planned_trial *trial, ftdn_arena *arena,
                                               ftdn_trial_record *ret_record, ftdn_error *err);

#endif
