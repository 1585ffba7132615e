/* optimizer_parts.h - what the optimizers of host and device share beside optimizer_hd.h. */
#ifndef FTDN_ENGINE_OPTIMIZER_PARTS_H
#define FTDN_ENGINE_OPTIMIZER_PARTS_H

#include "engine/optimizer.h"
#include "engine/optimizer_hd.h"

/* Of the step behind those taken so far. */
ftdn_step_factors ftdn_optimizer_make_factors(const ftdn_optimizer *optimizer, double learning_rate);

/* FTDN_ERR_INPUT: the first element of the gradient, in host memory, that is not finite; there is one. */
ftdn_status ftdn_optimizer_fail_not_finite(const ftdn_param *param, const float *gradient, ftdn_error *err);

#endif
