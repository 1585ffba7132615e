/* cpu_packed.h - the parameters of each step in the layouts that the CPU backend's primitives want. */
#ifndef FTDN_ENGINE_CPU_CPU_PACKED_H
#define FTDN_ENGINE_CPU_CPU_PACKED_H

#include "engine/cpu/onednn.h"

typedef struct ftdn_cpu_packed_step {
    dnnl_memory_t weight, bias;    /* of a convolution */
    dnnl_memory_t backward_weight; /* as the gradient of its source wants it; NULL: no gradients */
    dnnl_memory_t plain;           /* the file's layout; where is said at each packing */
    float *weight_values, *bias_values, *backward_values;
    float *slope, *offset; /* [C] of a batch norm */
    float *mean, *var;     /* [C] as stored, for the gradients of a batch norm in inference mode */
} ftdn_cpu_packed_step;

const ftdn_cpu_packed_step *ftdn_cpu_packed_step_of(const ftdn_packed *packed, int index);

ftdn_status ftdn_cpu_packed_init(ftdn_packed *packed, ftdn_error *err);
void ftdn_cpu_packed_done(ftdn_packed *packed);
ftdn_status ftdn_cpu_pack_step(ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err);

#endif
