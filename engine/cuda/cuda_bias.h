/* cuda_bias.h - bias and activation behind a convolution that could not take them along, and whether one that could
 * did as they do. */
#ifndef FTDN_ENGINE_CUDA_CUDA_BIAS_H
#define FTDN_ENGINE_CUDA_CUDA_BIAS_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* y = activation(y + bias[k]). y: [n_pixels,n_channels], 16-byte aligned; bias: [n_channels]. One pass over y. */
void ftdn_cuda_bias_activation(cudaStream_t stream, size_t n_pixels, int n_channels, const float *bias,
                               ftdn_activation activation, float *y);

/* *found becomes 1 where any value of y, as above, is not wanted[k]; NaN is NaN. */
void ftdn_cuda_find_wrong(cudaStream_t stream, size_t n_values, int n_channels, const float *wanted, const float *y,
                          int *found);

#ifdef __cplusplus
}
#endif

#endif
