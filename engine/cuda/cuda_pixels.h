/* cuda_pixels.h - the kernels of the input map: bytes of resident images normalised. */
#ifndef FTDN_ENGINE_CUDA_CUDA_PIXELS_H
#define FTDN_ENGINE_CUDA_CUDA_PIXELS_H

#include "engine/cuda/cuda_context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *batch becomes value, behind what was enqueued before. batch: device memory. */
void ftdn_cuda_batch_write(cudaStream_t stream, ftdn_cuda_batch *batch, ftdn_cuda_batch value);

/* x: [n_images, n_elements], elements in the order H, W, 3: (byte - mean[c]) / scale[c] of the images that the batch
 * says when the kernel runs; 0 for images that it has not. */
void ftdn_cuda_pixels_normalise(cudaStream_t stream, const ftdn_cuda_batch *batch, int n_images, size_t n_elements,
                                const float mean[3], const float scale[3], float *x);

#ifdef __cplusplus
}
#endif

#endif
