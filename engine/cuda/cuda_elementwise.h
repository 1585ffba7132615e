/* cuda_elementwise.h - kernels that make each value out of one value: activation, clip, batch norm. y may be x. */
#ifndef FTDN_ENGINE_CUDA_CUDA_ELEMENTWISE_H
#define FTDN_ENGINE_CUDA_CUDA_ELEMENTWISE_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* y = activation(x) */
void ftdn_cuda_activation_forward(cudaStream_t stream, size_t n_elements, const float *x, ftdn_activation activation,
                                  float *y);

/* y = activation(min(max(x, low), high)); NaN becomes low. */
void ftdn_cuda_clip_forward(cudaStream_t stream, size_t n_elements, const float *x, float low, float high,
                            ftdn_activation activation, float *y);

/* y = activation(x slope[c] + offset[c]), product and sum each rounded, as on the CPU. */
void ftdn_cuda_batch_norm_forward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *x,
                                  const float *slope, const float *offset, ftdn_activation activation, float *y);

#ifdef __cplusplus
}
#endif

#endif
