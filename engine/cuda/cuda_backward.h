/* cuda_backward.h - gradients of the operations that make each value out of one value. adds: to dx, else dx is written;
 * dx may be dy. */
#ifndef FTDN_ENGINE_CUDA_CUDA_BACKWARD_H
#define FTDN_ENGINE_CUDA_CUDA_BACKWARD_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* dy where y is strictly inside the range that the activation passes on. */
void ftdn_cuda_activation_backward(cudaStream_t stream, size_t n_elements, const float *y, const float *dy,
                                   ftdn_activation activation, bool adds, float *dx);

/* dy where x is strictly between low and high. */
void ftdn_cuda_clip_backward(cudaStream_t stream, size_t n_elements, const float *x, const float *dy, float low,
                             float high, bool adds, float *dx);

/* dy slope[c] */
void ftdn_cuda_batch_norm_backward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *dy,
                                   const float *slope, bool adds, float *dx);

/* Per channel of a batch norm in training mode, as in engine/batch_statistics.h; device memory. */
typedef struct ftdn_cuda_norm_channels {
    const float *slope, *offset, *tilt, *level;
} ftdn_cuda_norm_channels;

/* g slope[c] + (x tilt[c] + level[c]), where g is dy if the activation passes x slope[c] + offset[c] on, else 0. */
void ftdn_cuda_batch_norm_train_backward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *x,
                                         const float *dy, const ftdn_cuda_norm_channels *channels,
                                         ftdn_activation activation, bool adds, float *dx);

/* dx += addend */
void ftdn_cuda_map_add(cudaStream_t stream, size_t n_elements, const float *addend, float *dx);

#ifdef __cplusplus
}
#endif

#endif
