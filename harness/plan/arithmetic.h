/* arithmetic.h - what of a backend a trial's results depend on. */
#ifndef FTDN_HARNESS_PLAN_ARITHMETIC_H
#define FTDN_HARNESS_PLAN_ARITHMETIC_H

#include <stdbool.h>

#include "base/status.h"
#include "engine/engine.h"
#include "harness/manifest/manifest.h"

/* The backend of trials that compute nothing (null_trial.h). */
#define FTDN_NULL_BACKEND "null"

bool ftdn_is_null_trial(const ftdn_trial_settings *settings);

/* Images of one forward pass: as many as the settings or the backend say, and 1 where a device draws weights anew for
 * each image. */
int ftdn_find_micro_batch(const ftdn_trial_settings *settings, const ftdn_backend *backend);

/* What a trial's results depend on beside its other settings: of the backend, or "none" for null trials.
 * FTDN_ERR_BACKEND: the backend is not in this build. */
FTDN_NODISCARD ftdn_status ftdn_find_arithmetic(const ftdn_trial_settings *settings, const char **ret_arithmetic,
                                                int *ret_micro_batch, ftdn_error *err);

/* From now on trials are planned for devices of this kind, "sm_90x132", whatever answers here. What else is part of the
 * arithmetic (cuDNN's version) stays this machine's. FTDN_ERR_ARG: no kind of device. FTDN_ERR_BACKEND: no module. */
FTDN_NODISCARD ftdn_status ftdn_arithmetic_assume_device(const char *kind, ftdn_error *err);

/* Of a backend that trial `index` of a manifest asks for and this machine lacks: the message is put behind the place
 * that asks for it, and tells who knows more. Returns the status. */
ftdn_status ftdn_backend_blame(const ftdn_manifest *manifest, size_t index, ftdn_status status, ftdn_error *err);

#endif
