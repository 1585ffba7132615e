/* arithmetic.h - what of a backend a trial's results depend on. */
#ifndef FTDN_HARNESS_PLAN_ARITHMETIC_H
#define FTDN_HARNESS_PLAN_ARITHMETIC_H

#include <stdbool.h>

#include "base/status.h"
#include "harness/manifest/settings.h"

/* The backend of trials that compute nothing (null_trial.h). */
#define FTDN_NULL_BACKEND "null"

bool ftdn_is_null_trial(const ftdn_trial_settings *settings);

/* What a trial's results depend on beside its other settings: of the backend, or "none" for null trials.
 * FTDN_ERR_BACKEND: the backend is not in this build. micro_batch: images of one forward pass. */
FTDN_NODISCARD ftdn_status ftdn_find_arithmetic(const ftdn_engine_settings *engine, const char **ret_arithmetic,
                                                int *ret_micro_batch, ftdn_error *err);

#endif
