/* arithmetic.h - what of a backend a trial's results depend on. */
#ifndef FTDN_HARNESS_PLAN_ARITHMETIC_H
#define FTDN_HARNESS_PLAN_ARITHMETIC_H

#include <stdbool.h>

#include "base/status.h"
#include "engine/engine.h"
#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"

/* The backend of trials that compute nothing (null_trial.h). */
#define FTDN_NULL_BACKEND "null"

bool ftdn_is_null_trial(const ftdn_trial_settings *settings);

/* "f32 direct avx512"; of a device "f32 fma sm_90x132 cuDNN 9.19.0": products and sums; the kind of device, by compute
 * capability and number of multiprocessors, on both of which cuDNN's choice of engines hangs; the library. device: NULL
 * of a backend in host memory. Static text, or in the arena; NULL: FTDN_ERR_MEMORY. */
const char *ftdn_arithmetic_text(const ftdn_backend *backend, ftdn_conv_algorithm algorithm,
                                 const ftdn_device_info *device, ftdn_arena *arena, ftdn_error *err);

/* Images of one forward pass: as many as the settings or the backend say, and 1 where a device draws weights anew for
 * each image. backend: NULL for null trials. */
int ftdn_find_micro_batch(const ftdn_trial_settings *settings, const ftdn_backend *backend);

/* What a trial's results depend on beside its other settings: of the backend, or "none" for null trials.
 * *ret_arithmetic: as above. FTDN_ERR_BACKEND: the backend is not in this build. */
FTDN_NODISCARD ftdn_status ftdn_find_arithmetic(const ftdn_trial_settings *settings, ftdn_inputs *inputs,
                                                ftdn_arena *arena, const char **ret_arithmetic, int *ret_micro_batch,
                                                ftdn_error *err);

/* Trials are planned for devices of this kind, "sm_90x132", whatever answers here. What else is part of the arithmetic
 * (cuDNN's version) stays this machine's. FTDN_ERR_ARG: no kind of device. FTDN_ERR_BACKEND: no module. */
FTDN_NODISCARD ftdn_status ftdn_arithmetic_assume_device(const char *kind, ftdn_inputs *inputs, ftdn_error *err);

/* Of a backend that trial `index` of a manifest asks for and this machine lacks: the message is put behind the place
 * that asks for it, and tells who knows more. Returns the status. */
ftdn_status ftdn_backend_blame(const ftdn_manifest *manifest, size_t index, ftdn_status status, ftdn_error *err);

#endif
