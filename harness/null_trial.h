/* null_trial.h - trials of `engine.backend` "null": nothing is computed, the answer is a constant of the trial's id.
 *
 * They take no time, so that what remains is the campaign itself: planning, scheduling, storing, asking. A result that
 * lands at another trial is seen, for no two ids give the same. */
#ifndef FTDN_HARNESS_NULL_TRIAL_H
#define FTDN_HARNESS_NULL_TRIAL_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/plan.h"
#include "results/store.h"

/* The trial's record, but for id, spec and parameters; rows live in the arena. Average precisions are fractions that
 * the id determines; there are no objects, no faults and no overheads. */
FTDN_NODISCARD ftdn_status ftdn_null_trial_run(const ftdn_planned_trial *trial, ftdn_arena *arena,
                                               ftdn_trial_record *ret_record, ftdn_error *err);

#endif
