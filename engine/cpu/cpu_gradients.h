/* cpu_gradients.h - the backward slots of the CPU backend: oneDNN for convolutions, plain loops for the rest. */
#ifndef FTDN_ENGINE_CPU_CPU_GRADIENTS_H
#define FTDN_ENGINE_CPU_CPU_GRADIENTS_H

#include "engine/backend.h"

ftdn_status ftdn_cpu_gradients_init(ftdn_gradients *gradients, ftdn_error *err);
void ftdn_cpu_gradients_done(ftdn_gradients *gradients);
ftdn_status ftdn_cpu_backward_step(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                   int step, float *const *param_gradients, ftdn_error *err);

#endif
