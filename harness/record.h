/* record.h - a finished trial as the rows that the store keeps. */
#ifndef FTDN_HARNESS_RECORD_H
#define FTDN_HARNESS_RECORD_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan/plan.h"
#include "harness/trial.h"
#include "results/store.h"

/* What running the trial gave: all but what the plan knows. rig: the one the trial ran on. All texts are borrowed or
 * live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_record_make(const ftdn_planned_trial *trial, const ftdn_rig *rig,
                                            const ftdn_trial_result *result, ftdn_arena *arena,
                                            ftdn_trial_record *ret_record, ftdn_error *err);

/* What the plan knows: ids, spec and parameters, written into a record. */
FTDN_NODISCARD ftdn_status ftdn_record_identify(const ftdn_planned_trial *trial, ftdn_arena *arena,
                                                ftdn_trial_record *record, ftdn_error *err);

/* What tells the trials of a sweep apart: "weight_rate 0.01, feature_map_rate 0, kr weight_sum 0.5 mean, seed 1".
 * Lives in the arena. */
FTDN_NODISCARD const char *ftdn_record_label(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err);

/* Append what tells the trials of any store apart: "ssd_mobilenet_v1 width 0.25, zero, weight_rate 0.01, ...". Nothing
 * where the store was tampered with and lacks what its schema forbids to lack. */
void ftdn_record_write_words(const ftdn_trial_params *params, ftdn_text *text);

#endif
