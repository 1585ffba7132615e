#include "engine/cuda/cuda_bias.h"
#include "engine/cuda/cuda_lanes.h"

/* Blocks that are at work at once on the largest devices, several times over. */
#define MANY_BLOCKS 4096

static unsigned common_divisor(unsigned a, unsigned b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* Blocks of threads that have four values each, again and again: a whole number of `round` blocks, whose values are a
 * multiple of n_channels, so that a thread meets the same four channels each time. */
static unsigned row_blocks(size_t n_values, unsigned n_channels)
{
    size_t per_block = 4 * FTDN_LANE_THREADS, wanted = (n_values + per_block - 1) / per_block;
    if (wanted > MANY_BLOCKS) wanted = MANY_BLOCKS;
    size_t round = n_channels / common_divisor(n_channels, 4 * FTDN_LANE_THREADS);
    return (unsigned)((wanted + round - 1) / round * round);
}

/* Those of the four channels that begin with the thread's. */
static __device__ lanes<4> load_of_channels(const float *of_channel, unsigned n_channels)
{
    lanes<4> four;
    unsigned channel = 4 * lane_item() % n_channels;
    for (int i = 0; i < 4; i++) {
        four.of[i] = of_channel[channel];
        channel = channel + 1 < n_channels ? channel + 1 : 0;
    }
    return four;
}

/* The map is one row of values, four to a thread whatever the number of channels. */
static __global__ void bias_activation(size_t n_values, unsigned n_channels, const float *bias,
                                       struct activation_range range, float *y)
{
    size_t at = 4 * (size_t)lane_item(), stride = 4 * (size_t)gridDim.x * blockDim.x;
    lanes<4> plus = load_of_channels(bias, n_channels);
    for (; at + 4 <= n_values; at += stride) {
        lanes<4> value = load_lanes<4>(y + at);
        for (int i = 0; i < 4; i++) value.of[i] = activate(range, value.of[i] + plus.of[i]);
        store_lanes<4>(value, y + at);
    }
    for (unsigned i = 0; at + i < n_values && i < 3; i++) y[at + i] = activate(range, y[at + i] + plus.of[i]);
}

extern "C" void ftdn_cuda_bias_activation(cudaStream_t stream, size_t n_pixels, int n_channels, const float *bias,
                                          ftdn_activation activation, float *y)
{
    unsigned n = (unsigned)n_channels;
    size_t n_values = n_pixels * n;
    FTDN_LAUNCH(bias_activation, row_blocks(n_values, n), FTDN_LANE_THREADS, 0, stream, n_values, n, bias,
                range_of(activation), y);
}

static __device__ bool differs(float a, float b)
{
    return !(a == b || (a != a && b != b));
}

static __global__ void find_wrong(size_t n_values, unsigned n_channels, const float *wanted, const float *y, int *found)
{
    size_t at = 4 * (size_t)lane_item(), stride = 4 * (size_t)gridDim.x * blockDim.x;
    lanes<4> right = load_of_channels(wanted, n_channels);
    bool is_wrong = false;
    for (; at + 4 <= n_values; at += stride) {
        lanes<4> value = load_lanes<4>(y + at);
        for (int i = 0; i < 4; i++) is_wrong = is_wrong || differs(value.of[i], right.of[i]);
    }
    for (unsigned i = 0; at + i < n_values && i < 3; i++) is_wrong = is_wrong || differs(y[at + i], right.of[i]);
    if (is_wrong) atomicOr(found, 1);
}

extern "C" void ftdn_cuda_find_wrong(cudaStream_t stream, size_t n_values, int n_channels, const float *wanted,
                                     const float *y, int *found)
{
    FTDN_LAUNCH(find_wrong, row_blocks(n_values, (unsigned)n_channels), FTDN_LANE_THREADS, 0, stream, n_values,
                (unsigned)n_channels, wanted, y, found);
}
