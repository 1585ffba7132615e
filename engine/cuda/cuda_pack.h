/* cuda_pack.h - parameters from the layout of the file into that of the kernels, and gradients back. */
#ifndef FTDN_ENGINE_CUDA_CUDA_PACK_H
#define FTDN_ENGINE_CUDA_CUDA_PACK_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* slope = scale / sqrt(var + epsilon), offset = (bias - mean) slope + shift: in double, as on the CPU. bias: NULL is 0.
 * All [n_channels]. */
void ftdn_cuda_batch_norm_fold(cudaStream_t stream, int n_channels, double epsilon, const float *scale,
                               const float *shift, const float *mean, const float *var, const float *bias, float *slope,
                               float *offset);

/* The two layouts of a convolution's weights: of the file, [K,C/groups,R,S], and of the kernels, [K,R,S,C] or, of a
 * depthwise one, [R,S,C]. */
typedef struct ftdn_cuda_filters {
    int n_filters, n_inputs, n_cells;  /* K, C / groups, R S */
    size_t filter_stride, cell_stride; /* in the kernels' layout; inputs lie side by side */
} ftdn_cuda_filters;

ftdn_cuda_filters ftdn_cuda_filters_of(const ftdn_node *node, int n_inputs);

/* packed = weight slope[k]; slope NULL: 1. */
void ftdn_cuda_weight_pack(cudaStream_t stream, ftdn_cuda_filters filters, const float *weight, const float *slope,
                           float *packed);

/* dweight, in the layout of the file, += packed */
void ftdn_cuda_weight_gradient_add(cudaStream_t stream, ftdn_cuda_filters filters, const float *packed, float *dweight);

#ifdef __cplusplus
}
#endif

#endif
