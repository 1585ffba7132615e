#include "engine/cuda/cuda_backward.h"

#include "engine/cuda/cuda_lanes.h"

static __device__ float pass(float value, float low, float high, float dy)
{
    return value > low && value < high ? dy : 0.0f;
}

/* dy where `by` is strictly between low and high: y of an activation, x of a clip. */
static __global__ void range_backward(size_t n_elements, const float *by, const float *dy, float low, float high,
                                      bool adds, float *dx)
{
    size_t at = 4 * ((size_t)blockIdx.x * blockDim.x + threadIdx.x);
    if (at + 4 <= n_elements) {
        lanes<4> value = load_lanes<4>(by + at), gradient = load_lanes<4>(dy + at), held = fill_lanes<4>(0.0f);
        if (adds) held = load_lanes<4>(dx + at);
        for (int i = 0; i < 4; i++) held.of[i] += pass(value.of[i], low, high, gradient.of[i]);
        store_lanes<4>(held, dx + at);
        return;
    }
    for (; at < n_elements; at++) dx[at] = (adds ? dx[at] : 0.0f) + pass(by[at], low, high, dy[at]);
}

extern "C" void ftdn_cuda_activation_backward(cudaStream_t stream, size_t n_elements, const float *y, const float *dy,
                                              ftdn_activation activation, bool adds, float *dx)
{
    FTDN_LAUNCH(range_backward, blocks_of_fours(n_elements), FTDN_LANE_THREADS, 0, stream, n_elements, y, dy, 0.0f,
                range_of(activation).ceiling, adds, dx);
}

extern "C" void ftdn_cuda_clip_backward(cudaStream_t stream, size_t n_elements, const float *x, const float *dy,
                                        float low, float high, bool adds, float *dx)
{
    FTDN_LAUNCH(range_backward, blocks_of_fours(n_elements), FTDN_LANE_THREADS, 0, stream, n_elements, x, dy, low, high,
                adds, dx);
}

template <int W>
static __global__ void batch_norm_backward(unsigned n_items, unsigned n_channels, const float *dy, const float *slope,
                                           bool adds, float *dx)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    size_t at = ((size_t)blockIdx.y * n_items + item) * W;
    lanes<W> gradient = load_lanes<W>(dy + at), by = load_lanes<W>(slope + item % (n_channels / W) * W);
    lanes<W> held = fill_lanes<W>(0.0f);
    if (adds) held = load_lanes<W>(dx + at);
    for (int i = 0; i < W; i++) held.of[i] += gradient.of[i] * by.of[i];
    store_lanes<W>(held, dx + at);
}

extern "C" void ftdn_cuda_batch_norm_backward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *dy,
                                              const float *slope, bool adds, float *dx)
{
    FTDN_LAUNCH_LANES(batch_norm_backward, shape.c, ftdn_shape_elements(shape), n_images, stream, (unsigned)shape.c, dy,
                      slope, adds, dx);
}

template <int W>
static __global__ void batch_norm_train_backward(unsigned n_items, unsigned n_channels, const float *x, const float *dy,
                                                 ftdn_cuda_norm_channels channels, struct activation_range range,
                                                 bool adds, float *dx)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    size_t at = ((size_t)blockIdx.y * n_items + item) * W;
    unsigned channel = item % (n_channels / W) * W;
    lanes<W> value = load_lanes<W>(x + at), gradient = load_lanes<W>(dy + at), held = fill_lanes<W>(0.0f);
    lanes<W> slope = load_lanes<W>(channels.slope + channel), offset = load_lanes<W>(channels.offset + channel);
    lanes<W> tilt = load_lanes<W>(channels.tilt + channel), level = load_lanes<W>(channels.level + channel);
    if (adds) held = load_lanes<W>(dx + at);
    for (int i = 0; i < W; i++) {
        float y = value.of[i] * slope.of[i] + offset.of[i];
        float g = pass(y, range.floor, range.ceiling, gradient.of[i]);
        held.of[i] += g * slope.of[i] + (value.of[i] * tilt.of[i] + level.of[i]);
    }
    store_lanes<W>(held, dx + at);
}

extern "C" void ftdn_cuda_batch_norm_train_backward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *x,
                                                    const float *dy, const ftdn_cuda_norm_channels *channels,
                                                    ftdn_activation activation, bool adds, float *dx)
{
    FTDN_LAUNCH_LANES(batch_norm_train_backward, shape.c, ftdn_shape_elements(shape), n_images, stream,
                      (unsigned)shape.c, x, dy, *channels, range_of(activation), adds, dx);
}

static __global__ void map_add(size_t n_elements, const float *addend, float *dx)
{
    size_t at = 4 * ((size_t)blockIdx.x * blockDim.x + threadIdx.x);
    if (at + 4 <= n_elements) {
        lanes<4> held = load_lanes<4>(dx + at), more = load_lanes<4>(addend + at);
        for (int i = 0; i < 4; i++) held.of[i] += more.of[i];
        store_lanes<4>(held, dx + at);
        return;
    }
    for (; at < n_elements; at++) dx[at] += addend[at];
}

extern "C" void ftdn_cuda_map_add(cudaStream_t stream, size_t n_elements, const float *addend, float *dx)
{
    FTDN_LAUNCH(map_add, blocks_of_fours(n_elements), FTDN_LANE_THREADS, 0, stream, n_elements, addend, dx);
}
