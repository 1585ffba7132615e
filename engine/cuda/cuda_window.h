/* cuda_window.h - the window of a convolution or a pool as kernels take it, for .cu files only. */
#ifndef FTDN_ENGINE_CUDA_CUDA_WINDOW_H
#define FTDN_ENGINE_CUDA_CUDA_WINDOW_H

#include <cuda_runtime.h>

struct window {
    int in_h, in_w, out_h, out_w;
    int kernel_h, kernel_w, stride, dilation, pad_top, pad_left;
    int n_channels;
};

static inline struct window window_of(const ftdn_node *node, ftdn_shape in)
{
    struct window window;
    window.in_h = in.h;
    window.in_w = in.w;
    window.out_h = node->shape.h;
    window.out_w = node->shape.w;
    window.kernel_h = node->kernel_h;
    window.kernel_w = node->kernel_w;
    window.stride = node->stride;
    window.dilation = node->dilation;
    window.pad_top = node->pad_top;
    window.pad_left = node->pad_left;
    window.n_channels = node->shape.c;
    return window;
}

/* A cell of an image's map, and the first channel of the lanes. */
struct place {
    int row, column, channel;
};

/* Where lanes of width W stand in a map of the given width. */
static __device__ inline struct place place_of(unsigned item, int map_w, int n_channels, int W)
{
    unsigned n_lanes = (unsigned)(n_channels / W), cell = item / n_lanes;
    struct place place;
    place.channel = (int)(item % n_lanes) * W;
    place.row = (int)(cell / (unsigned)map_w);
    place.column = (int)(cell % (unsigned)map_w);
    return place;
}

/* Index of the first lane in the map of all images. */
static __device__ inline size_t index_of(int map_h, int map_w, int n_channels, int row, int column, int channel)
{
    size_t cell = ((size_t)blockIdx.y * (size_t)map_h + (size_t)row) * (size_t)map_w + (size_t)column;
    return cell * (size_t)n_channels + (size_t)channel;
}

/* The output row (or column) whose window has its element r at `at`; -1 if there is none. */
static __device__ inline int window_at(int at, int pad, int r, int dilation, int stride, int n_outputs)
{
    int start = at + pad - r * dilation;
    if (start < 0 || start % stride != 0 || start / stride >= n_outputs) return -1;
    return start / stride;
}

#endif
