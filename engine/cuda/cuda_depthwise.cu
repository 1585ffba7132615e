#include "engine/cuda/cuda_depthwise.h"

#include "engine/cuda/cuda_lanes.h"
#include "engine/cuda/cuda_window.h"

/* Outputs of a row that one thread makes of a 3x3 kernel: a column that several of them see is read once. */
#define TILE 4

template <int W> static __device__ inline lanes<W> multiply_add(lanes<W> x, lanes<W> weight, lanes<W> sum)
{
    for (int i = 0; i < W; i++) sum.of[i] = fmaf(x.of[i], weight.of[i], sum.of[i]);
    return sum;
}

template <int W> static __device__ inline void store_activated(lanes<W> value, struct activation_range range, float *to)
{
    for (int i = 0; i < W; i++) value.of[i] = activate(range, value.of[i]);
    store_lanes<W>(value, to);
}

template <int W>
static __global__ void depthwise_any(unsigned n_items, struct window window, const float *x, const float *weight,
                                     const float *bias, struct activation_range range, float *y)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    struct place at = place_of(item, window.out_w, window.n_channels, W);
    lanes<W> sum = load_lanes<W>(bias + at.channel);
    for (int r = 0; r < window.kernel_h; r++) {
        int row = at.row * window.stride + r * window.dilation - window.pad_top;
        if (row < 0 || row >= window.in_h) continue;
        for (int s = 0; s < window.kernel_w; s++) {
            int column = at.column * window.stride + s * window.dilation - window.pad_left;
            if (column < 0 || column >= window.in_w) continue;
            const float *from = x + index_of(window.in_h, window.in_w, window.n_channels, row, column, at.channel);
            const float *by = weight + (r * window.kernel_w + s) * window.n_channels + at.channel;
            sum = multiply_add<W>(load_lanes<W>(from), load_lanes<W>(by), sum);
        }
    }
    store_activated<W>(sum, range, y + ((size_t)blockIdx.y * n_items + item) * W);
}

/* The same sums in the same order for 3x3 kernels without dilation; an item is TILE neighbouring cells of a row. */
template <int W, int STRIDE>
static __global__ void depthwise_3x3(unsigned n_items, struct window window, const float *x, const float *weight,
                                     const float *bias, struct activation_range range, float *y)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    int n_tiles = (window.out_w + TILE - 1) / TILE;
    struct place at = place_of(item, n_tiles, window.n_channels, W);
    int first = at.column * TILE;
    lanes<W> sum[TILE];
    sum[0] = load_lanes<W>(bias + at.channel);
    FTDN_UNROLL for (int t = 1; t < TILE; t++) sum[t] = sum[0];
    for (int r = 0; r < 3; r++) {
        int row = at.row * STRIDE + r - window.pad_top;
        if (row < 0 || row >= window.in_h) continue;
        lanes<W> by[3];
        FTDN_UNROLL for (int s = 0; s < 3; s++)
        {
            by[s] = load_lanes<W>(weight + (r * 3 + s) * window.n_channels + at.channel);
        }
        const float *from = x + index_of(window.in_h, window.in_w, window.n_channels, row, 0, at.channel);
        FTDN_UNROLL for (int j = 0; j < (TILE - 1) * STRIDE + 3; j++)
        {
            int column = first * STRIDE + j - window.pad_left;
            if (column < 0 || column >= window.in_w) continue;
            lanes<W> value = load_lanes<W>(from + (size_t)column * (size_t)window.n_channels);
            FTDN_UNROLL for (int t = 0; t < TILE; t++)
            {
                int s = j - t * STRIDE;
                if (s >= 0 && s < 3) sum[t] = multiply_add<W>(value, by[s], sum[t]);
            }
        }
    }
    float *to = y + index_of(window.out_h, window.out_w, window.n_channels, at.row, first, at.channel);
    FTDN_UNROLL for (int t = 0; t < TILE; t++)
    {
        if (first + t < window.out_w) store_activated<W>(sum[t], range, to + t * window.n_channels);
    }
}

template <int W>
static void launch_forward(cudaStream_t stream, struct window window, int n_images, const float *x, const float *weight,
                           const float *bias, struct activation_range range, float *y)
{
    unsigned n_lanes = (unsigned)(window.n_channels / W), n_rows = (unsigned)window.out_h;
    unsigned n_items = n_rows * (unsigned)window.out_w * n_lanes;
    unsigned n_tiled = n_rows * (unsigned)((window.out_w + TILE - 1) / TILE) * n_lanes;
    bool is_3x3 = window.kernel_h == 3 && window.kernel_w == 3 && window.dilation == 1;
    if (is_3x3 && window.stride == 1) {
        FTDN_LAUNCH((depthwise_3x3<W, 1>), lane_blocks(n_tiled, n_images), FTDN_LANE_THREADS, 0, stream, n_tiled,
                    window, x, weight, bias, range, y);
    } else if (is_3x3 && window.stride == 2) {
        FTDN_LAUNCH((depthwise_3x3<W, 2>), lane_blocks(n_tiled, n_images), FTDN_LANE_THREADS, 0, stream, n_tiled,
                    window, x, weight, bias, range, y);
    } else {
        FTDN_LAUNCH(depthwise_any<W>, lane_blocks(n_items, n_images), FTDN_LANE_THREADS, 0, stream, n_items, window, x,
                    weight, bias, range, y);
    }
}

extern "C" void ftdn_cuda_depthwise_forward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                            const float *x, const float *weight, const float *bias,
                                            ftdn_activation activation, float *y)
{
    struct window window = window_of(node, in);
    if (in.c % 4 == 0) launch_forward<4>(stream, window, n_images, x, weight, bias, range_of(activation), y);
    else launch_forward<1>(stream, window, n_images, x, weight, bias, range_of(activation), y);
}

template <int W>
static __global__ void depthwise_backward(unsigned n_items, struct window window, const float *dy, const float *weight,
                                          bool adds, float *dx)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    struct place at = place_of(item, window.in_w, window.n_channels, W);
    lanes<W> sum = fill_lanes<W>(0.0f);
    for (int r = 0; r < window.kernel_h; r++) {
        int p = window_at(at.row, window.pad_top, r, window.dilation, window.stride, window.out_h);
        for (int s = 0; p >= 0 && s < window.kernel_w; s++) {
            int q = window_at(at.column, window.pad_left, s, window.dilation, window.stride, window.out_w);
            if (q < 0) continue;
            const float *from = dy + index_of(window.out_h, window.out_w, window.n_channels, p, q, at.channel);
            const float *by = weight + (r * window.kernel_w + s) * window.n_channels + at.channel;
            sum = multiply_add<W>(load_lanes<W>(from), load_lanes<W>(by), sum);
        }
    }
    float *to = dx + ((size_t)blockIdx.y * n_items + item) * W;
    if (adds) {
        lanes<W> held = load_lanes<W>(to);
        for (int i = 0; i < W; i++) sum.of[i] += held.of[i];
    }
    store_lanes<W>(sum, to);
}

extern "C" void ftdn_cuda_depthwise_backward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                             const float *dy, const float *weight, bool adds, float *dx)
{
    FTDN_LAUNCH_LANES(depthwise_backward, in.c, ftdn_shape_elements(in), n_images, stream, window_of(node, in), dy,
                      weight, adds, dx);
}
