/* cuda_pool.h - max pooling on the device, as engine/ref defines it: padding and NaN never win. */
#ifndef FTDN_ENGINE_CUDA_CUDA_POOL_H
#define FTDN_ENGINE_CUDA_CUDA_POOL_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

void ftdn_cuda_max_pool_forward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images, const float *x,
                                float *y);

/* The gradient of each window goes to its first largest element. adds: to dx, else dx is written. */
void ftdn_cuda_max_pool_backward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                 const float *x, const float *dy, bool adds, float *dx);

#ifdef __cplusplus
}
#endif

#endif
