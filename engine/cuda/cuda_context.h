/* cuda_context.h - what kernels outside the engine need to know of a context of the CUDA backend. */
#ifndef FTDN_ENGINE_CUDA_CUDA_CONTEXT_H
#define FTDN_ENGINE_CUDA_CUDA_CONTEXT_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/engine.h"

/* The images of a micro-batch, in device memory: kernels of a recorded sequence read there which ones are meant.
 * Image n of the micro-batch is image first + n of the resident ones where n < n_images; beyond, there is none. */
typedef struct ftdn_cuda_batch {
    int first, n_images;
    const uint8_t *pixels;    /* [.,H,W,C] of all resident images */
    const uint64_t *image_id; /* of all resident images */
} ftdn_cuda_batch;

cudaStream_t ftdn_cuda_context_stream(const ftdn_context *context);

/* In device memory; what it holds changes with set_batch (device.h), the address does not. */
const ftdn_cuda_batch *ftdn_cuda_context_batch(const ftdn_context *context);

#ifdef __cplusplus
}
#endif

#endif
