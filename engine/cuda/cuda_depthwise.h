/* cuda_depthwise.h - convolutions of each channel with a filter of its own, on the device.
 *
 * Weights are [R,S,C]. Products are added to the bias by fused multiply-adds in the order of r, s; cells of the padding
 * take no part, so that an infinite weight meets no made-up zero. */
#ifndef FTDN_ENGINE_CUDA_CUDA_DEPTHWISE_H
#define FTDN_ENGINE_CUDA_CUDA_DEPTHWISE_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* y = activation(x * weight + bias) */
void ftdn_cuda_depthwise_forward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                 const float *x, const float *weight, const float *bias, ftdn_activation activation,
                                 float *y);

/* dE/dx from dE/dy. adds: to dx, else dx is written. */
void ftdn_cuda_depthwise_backward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                  const float *dy, const float *weight, bool adds, float *dx);

#ifdef __cplusplus
}
#endif

#endif
