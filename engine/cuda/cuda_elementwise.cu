#include "engine/cuda/cuda_elementwise.h"
#include "engine/cuda/cuda_lanes.h"

/* NaN becomes low. */
static __device__ float clip_value(float x, float low, float high, struct activation_range range)
{
    float raised = x > low ? x : low;
    return activate(range, raised < high ? raised : high);
}

static __global__ void clip_forward(size_t n_elements, const float *x, float low, float high,
                                    struct activation_range range, float *y)
{
    size_t at = 4 * ((size_t)blockIdx.x * blockDim.x + threadIdx.x);
    if (at + 4 <= n_elements) {
        lanes<4> value = load_lanes<4>(x + at);
        for (int i = 0; i < 4; i++) value.of[i] = clip_value(value.of[i], low, high, range);
        store_lanes<4>(value, y + at);
        return;
    }
    for (; at < n_elements; at++) y[at] = clip_value(x[at], low, high, range);
}

static __global__ void activation_forward(size_t n_elements, const float *x, struct activation_range range, float *y)
{
    size_t at = 4 * ((size_t)blockIdx.x * blockDim.x + threadIdx.x);
    if (at + 4 <= n_elements) {
        lanes<4> value = load_lanes<4>(x + at);
        for (int i = 0; i < 4; i++) value.of[i] = activate(range, value.of[i]);
        store_lanes<4>(value, y + at);
        return;
    }
    for (; at < n_elements; at++) y[at] = activate(range, x[at]);
}

extern "C" void ftdn_cuda_activation_forward(cudaStream_t stream, size_t n_elements, const float *x,
                                             ftdn_activation activation, float *y)
{
    FTDN_LAUNCH(activation_forward, blocks_of_fours(n_elements), FTDN_LANE_THREADS, 0, stream, n_elements, x,
                range_of(activation), y);
}

extern "C" void ftdn_cuda_clip_forward(cudaStream_t stream, size_t n_elements, const float *x, float low, float high,
                                       ftdn_activation activation, float *y)
{
    FTDN_LAUNCH(clip_forward, blocks_of_fours(n_elements), FTDN_LANE_THREADS, 0, stream, n_elements, x, low, high,
                range_of(activation), y);
}

template <int W>
static __global__ void batch_norm_forward(unsigned n_items, unsigned n_channels, const float *x, const float *slope,
                                          const float *offset, struct activation_range range, float *y)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    size_t at = ((size_t)blockIdx.y * n_items + item) * W;
    unsigned channel = item % (n_channels / W) * W;
    lanes<W> value = load_lanes<W>(x + at), by = load_lanes<W>(slope + channel), plus = load_lanes<W>(offset + channel);
    for (int i = 0; i < W; i++) value.of[i] = activate(range, value.of[i] * by.of[i] + plus.of[i]);
    store_lanes<W>(value, y + at);
}

extern "C" void ftdn_cuda_batch_norm_forward(cudaStream_t stream, ftdn_shape shape, int n_images, const float *x,
                                             const float *slope, const float *offset, ftdn_activation activation,
                                             float *y)
{
    FTDN_LAUNCH_LANES(batch_norm_forward, shape.c, ftdn_shape_elements(shape), n_images, stream, (unsigned)shape.c, x,
                      slope, offset, range_of(activation), y);
}
