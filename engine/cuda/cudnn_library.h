/* cudnn_library.h - what a handle of the library is to the files that use it. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_LIBRARY_H
#define FTDN_ENGINE_CUDA_CUDNN_LIBRARY_H

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cudnn_status.h"

struct ftdn_cuda_library {
    cudnnHandle_t handle;
    cudaStream_t stream; /* borrowed */
};

#endif
