/* cuda_lanes.h - how kernels walk over maps, for .cu files only.
 *
 * A thread works on W neighbouring channels of one cell, its lanes: four, read and written at once, where the number of
 * channels allows it, else one. Threads of a warp have neighbouring lanes, so that their accesses are one. Blocks are
 * (items of an image / THREADS, images): an item is a cell and its lanes. */
#ifndef FTDN_ENGINE_CUDA_CUDA_LANES_H
#define FTDN_ENGINE_CUDA_CUDA_LANES_H

#include <math.h>

#include "engine/cuda/launch.h"

#define FTDN_LANE_THREADS 256

template <int W> struct lanes {
    float of[W];
};

template <int W> static __device__ inline lanes<W> load_lanes(const float *from)
{
    lanes<W> value;
    if (W == 4) {
        float4 four = *(const float4 *)from;
        value.of[0] = four.x;
        value.of[1 % W] = four.y;
        value.of[2 % W] = four.z;
        value.of[3 % W] = four.w;
    } else {
        for (int i = 0; i < W; i++) value.of[i] = from[i];
    }
    return value;
}

template <int W> static __device__ inline void store_lanes(lanes<W> value, float *to)
{
    if (W == 4) {
        *(float4 *)to = make_float4(value.of[0], value.of[1 % W], value.of[2 % W], value.of[3 % W]);
    } else {
        for (int i = 0; i < W; i++) to[i] = value.of[i];
    }
}

template <int W> static __device__ inline lanes<W> fill_lanes(float with)
{
    lanes<W> value;
    for (int i = 0; i < W; i++) value.of[i] = with;
    return value;
}

/* A rectifier as floor and ceiling of what it passes on: max(x, 0) of NaN is 0. */
struct activation_range {
    float floor, ceiling;
};

static inline struct activation_range range_of(ftdn_activation activation)
{
    struct activation_range range;
    range.floor = activation == FTDN_ACTIVATION_NONE ? -INFINITY : 0.0f;
    range.ceiling = activation == FTDN_ACTIVATION_RELU6 ? 6.0f : INFINITY;
    return range;
}

/* NaN becomes the floor of a rectifier and stays NaN where there is none. */
static __device__ inline float activate(struct activation_range range, float x)
{
    if (range.floor != 0.0f) return x;
    float positive = x > 0.0f ? x : 0.0f;
    return positive < range.ceiling ? positive : range.ceiling;
}

/* The blocks of a launch over n_items of each of n_images. */
static inline dim3 lane_blocks(size_t n_items, int n_images)
{
    return dim3((unsigned)((n_items + FTDN_LANE_THREADS - 1) / FTDN_LANE_THREADS), (unsigned)n_images);
}

/* Blocks for n elements in a row, four to a thread. */
static inline unsigned blocks_of_fours(size_t n_elements)
{
    size_t per_block = 4 * FTDN_LANE_THREADS;
    return (unsigned)((n_elements + per_block - 1) / per_block);
}

/* Start kernel<4> or kernel<1>, as the number of channels allows, for n_elements of each of n_images. Its first
 * argument is the number of items of an image, then come those given here. */
#define FTDN_LAUNCH_LANES(kernel, n_channels, n_elements, n_images, stream, ...)                                       \
    do {                                                                                                               \
        unsigned n_whole = (unsigned)(n_elements), n_fours = n_whole / 4;                                              \
        if ((n_channels) % 4 == 0)                                                                                     \
            FTDN_LAUNCH(kernel<4>, lane_blocks(n_fours, n_images), FTDN_LANE_THREADS, 0, stream, n_fours,              \
                        __VA_ARGS__);                                                                                  \
        else                                                                                                           \
            FTDN_LAUNCH(kernel<1>, lane_blocks(n_whole, n_images), FTDN_LANE_THREADS, 0, stream, n_whole,              \
                        __VA_ARGS__);                                                                                  \
    } while (0)

static __device__ inline unsigned lane_item(void)
{
    return blockIdx.x * blockDim.x + threadIdx.x;
}

#endif
