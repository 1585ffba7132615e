/* square_convolution_cuda.h - a convolution of a square window, as cuDNN is asked for it. */
#ifndef FTDN_TESTS_GPU_SQUARE_CONVOLUTION_CUDA_H
#define FTDN_TESTS_GPU_SQUARE_CONVOLUTION_CUDA_H

#include "engine/cuda/cuda_convolution.h"

/* Forward and without activation; padded so that stride 1 keeps the size of the map. kernel: odd. */
static inline ftdn_cuda_convolution_desc ftdn_test_square_convolution(const char *name, int n_images, ftdn_shape in,
                                                                      int n_outputs, int kernel, int stride)
{
    return (ftdn_cuda_convolution_desc){
        .kind = FTDN_CUDA_CONVOLUTION_FORWARD,
        .name = name,
        .n_images = n_images,
        .in = in,
        .out = {(in.h - 1) / stride + 1, (in.w - 1) / stride + 1, n_outputs},
        .kernel_h = kernel,
        .kernel_w = kernel,
        .stride = stride,
        .dilation = 1,
        .pad_top = kernel / 2,
        .pad_left = kernel / 2,
        .pad_bottom = kernel / 2,
        .pad_right = kernel / 2,
        .activation = FTDN_ACTIVATION_NONE,
    };
}

#endif
