#include "engine/cuda/cuda_bias.h"
#include "engine/cuda/cuda_lanes.h"
#include "engine/cuda/launch.h"

/* Blocks that are at work at once on the largest devices, several times over. */
#define MANY_BLOCKS 4096

static unsigned common_divisor(unsigned a, unsigned b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

/* The map is one row of values, four to a thread whatever the number of channels. A thread goes on by a multiple of
 * n_channels, so that it meets the same four channels again and keeps their biases. */
static __global__ void bias_activation(size_t n_values, unsigned n_channels, const float *bias,
                                       struct activation_range range, float *y)
{
    size_t at = 4 * (size_t)lane_item(), stride = 4 * (size_t)gridDim.x * blockDim.x;
    lanes<4> plus;
    for (unsigned i = 0; i < 4; i++) plus.of[i] = bias[(at + i) % n_channels];
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
    size_t n_values = n_pixels * n, per_block = 4 * FTDN_LANE_THREADS;
    size_t wanted = (n_values + per_block - 1) / per_block;
    if (wanted > MANY_BLOCKS) wanted = MANY_BLOCKS;
    /* The values of a whole number of `round` blocks are a multiple of n_channels. */
    unsigned round = n / common_divisor(n, 4 * FTDN_LANE_THREADS);
    size_t blocks = (wanted + round - 1) / round * round;
    FTDN_LAUNCH(bias_activation, (unsigned)blocks, FTDN_LANE_THREADS, 0, stream, n_values, n, bias,
                range_of(activation), y);
}
