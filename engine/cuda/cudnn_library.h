/* cudnn_library.h - what a handle of the library is to the files that use it.
 *
 * Making and destroying handles takes memory of the device and waits for all of its work: those that are given back
 * serve the next context. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_LIBRARY_H
#define FTDN_ENGINE_CUDA_CUDNN_LIBRARY_H

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cudnn_status.h"

struct ftdn_cuda_library {
    int device;
    cudnnHandle_t handle;
    cudaStream_t stream;     /* borrowed */
    ftdn_cuda_library *next; /* of those that serve no context */
};

#endif
