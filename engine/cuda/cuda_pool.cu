#include "engine/cuda/cuda_pool.h"

#include "engine/cuda/cuda_lanes.h"
#include "engine/cuda/cuda_window.h"

template <int W>
static __global__ void max_pool_forward(unsigned n_items, struct window window, const float *x, float *y)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    struct place at = place_of(item, window.out_w, window.n_channels, W);
    lanes<W> best = fill_lanes<W>(-INFINITY);
    for (int r = 0; r < window.kernel_h; r++) {
        int row = at.row * window.stride + r - window.pad_top;
        if (row < 0 || row >= window.in_h) continue;
        for (int s = 0; s < window.kernel_w; s++) {
            int column = at.column * window.stride + s - window.pad_left;
            if (column < 0 || column >= window.in_w) continue;
            lanes<W> value =
                load_lanes<W>(x + index_of(window.in_h, window.in_w, window.n_channels, row, column, at.channel));
            for (int i = 0; i < W; i++) best.of[i] = value.of[i] > best.of[i] ? value.of[i] : best.of[i];
        }
    }
    store_lanes<W>(best, y + ((size_t)blockIdx.y * n_items + item) * W);
}

extern "C" void ftdn_cuda_max_pool_forward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                           const float *x, float *y)
{
    FTDN_LAUNCH_LANES(max_pool_forward, in.c, ftdn_shape_elements(node->shape), n_images, stream, window_of(node, in),
                      x, y);
}

/* Is the element of channel c at (row, column) the first largest of window (p, q)? The first element is the largest so
 * far even where it is NaN. */
static __device__ bool is_chosen(struct window window, const float *x, int p, int q, int channel, int row, int column)
{
    bool found = false, chosen = false;
    float largest = 0;
    for (int r = 0; r < window.kernel_h; r++) {
        int y = p * window.stride + r - window.pad_top;
        if (y < 0 || y >= window.in_h) continue;
        for (int s = 0; s < window.kernel_w; s++) {
            int z = q * window.stride + s - window.pad_left;
            if (z < 0 || z >= window.in_w) continue;
            float value = x[index_of(window.in_h, window.in_w, window.n_channels, y, z, channel)];
            if (found && !(value > largest)) continue;
            found = true;
            largest = value;
            chosen = y == row && z == column;
        }
    }
    return chosen;
}

/* Each thread gathers what the windows around one element pass back, in their order: no two threads add to one sum. */
static __global__ void max_pool_backward(struct window window, unsigned n_items, const float *x, const float *dy,
                                         bool adds, float *dx)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    struct place at = place_of(item, window.in_w, window.n_channels, 1);
    size_t target = (size_t)blockIdx.y * n_items + item;
    float sum = adds ? dx[target] : 0.0f;
    for (int r = window.kernel_h - 1; r >= 0; r--) {
        int p = window_at(at.row, window.pad_top, r, 1, window.stride, window.out_h);
        for (int s = window.kernel_w - 1; p >= 0 && s >= 0; s--) {
            int q = window_at(at.column, window.pad_left, s, 1, window.stride, window.out_w);
            if (q < 0 || !is_chosen(window, x, p, q, at.channel, at.row, at.column)) continue;
            sum += dy[index_of(window.out_h, window.out_w, window.n_channels, p, q, at.channel)];
        }
    }
    dx[target] = sum;
}

extern "C" void ftdn_cuda_max_pool_backward(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                            const float *x, const float *dy, bool adds, float *dx)
{
    unsigned n_items = (unsigned)ftdn_shape_elements(in);
    FTDN_LAUNCH(max_pool_backward, lane_blocks(n_items, n_images), FTDN_LANE_THREADS, 0, stream, window_of(node, in),
                n_items, x, dy, adds, dx);
}
