/* cudnn_cache.h - what a cache of convolutions (cuda_convolution.h) is to the files that use it.
 *
 * A plan is a function of the convolution and the device (cudnn_plan.h): nobody can tell whether it was made for him.
 * Making and destroying handles takes memory of the device and waits for all of its work. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_CACHE_H
#define FTDN_ENGINE_CUDA_CUDNN_CACHE_H

#include "engine/cuda/cudnn_plans.h"

struct ftdn_cuda_library {
    ftdn_device_cache *cache; /* borrowed */
    cudnnHandle_t handle;
    cudaStream_t stream;     /* borrowed */
    ftdn_cuda_library *next; /* of those that serve no context */
};

struct ftdn_device_cache {
    ftdn_cudnn_device device;
    ftdn_cudnn_plans plans;        /* a fused one has passed its tryout (cudnn_tryout.h) */
    cudaStream_t stream;           /* of tryouts */
    ftdn_cuda_library *first_idle; /* of handles that serve no context */
    int n_idle;
};

void ftdn_cudnn_library_destroy(ftdn_cuda_library *library);

#endif
