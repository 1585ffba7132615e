/* cudnn_run.h - a plan enqueued, with the memory of its tensors. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_RUN_H
#define FTDN_ENGINE_CUDA_CUDNN_RUN_H

#include "engine/cuda/cudnn_plan.h"

/* Device memory, as in ftdn_cuda_convolution_run. bias: read by a fused plan alone. */
typedef struct ftdn_cudnn_memory {
    const float *a, *b, *bias;
    float *out;
    void *workspace;
} ftdn_cudnn_memory;

/* On the stream of the handle. what: for messages. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_run(const ftdn_cudnn_plan *plan, cudnnHandle_t handle,
                                          const ftdn_cudnn_memory *memory, const char *what, ftdn_error *err);

#endif
