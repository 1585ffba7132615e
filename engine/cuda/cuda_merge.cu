#include "engine/cuda/cuda_merge.h"

#include "engine/cuda/cuda_lanes.h"

/* A merge as its kernels take it. */
struct merge_shape {
    ftdn_merge merge;
    int n_copies, n_channels, n_merged;
};

static struct merge_shape shape_of(const ftdn_node *node)
{
    struct merge_shape shape;
    shape.merge = node->merge;
    shape.n_copies = node->n_copies;
    shape.n_channels = node->shape.c;
    shape.n_merged = node->n_merged;
    return shape;
}

template <int W>
static __global__ void merge_forward(unsigned n_items, struct merge_shape shape, ftdn_cuda_merge_maps maps,
                                     struct activation_range range, float *y)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    unsigned n_lanes = (unsigned)(shape.n_channels / W), cell = item / n_lanes, channel = item % n_lanes * W;
    size_t at = (size_t)blockIdx.y * n_items + item;
    size_t copied = ((size_t)blockIdx.y * (n_items / n_lanes) + cell) * (size_t)shape.n_merged;
    lanes<W> value = load_lanes<W>(maps.x + at * W);
    for (int i = 0; i < W; i++) {
        int j = maps.place[channel + i];
        if (j >= 0) {
            float second = shape.n_copies > 1 ? maps.copy[1][copied + (size_t)j] : 0.0f;
            value.of[i] = ftdn_merge_values(shape.merge, value.of[i], maps.copy[0][copied + (size_t)j], second);
        }
        value.of[i] = activate(range, value.of[i]);
    }
    store_lanes<W>(value, y + at * W);
}

extern "C" void ftdn_cuda_merge_forward(cudaStream_t stream, const ftdn_node *node, int n_images,
                                        const ftdn_cuda_merge_maps *maps, ftdn_activation activation, float *y)
{
    FTDN_LAUNCH_LANES(merge_forward, node->shape.c, ftdn_shape_elements(node->shape), n_images, stream, shape_of(node),
                      *maps, range_of(activation), y);
}

/* Each channel of the copies repeats one channel of x: no element is added to by two threads. */
static __global__ void merge_backward(struct merge_shape shape, unsigned n_items, ftdn_cuda_merge_maps maps,
                                      const float *dy, float *dx, float *first_dcopy, float *second_dcopy)
{
    unsigned item = lane_item();
    if (item >= n_items) return;
    unsigned n_channels = (unsigned)shape.n_channels, cell = item / n_channels;
    size_t at = (size_t)blockIdx.y * n_items + item;
    int j = maps.place[item % n_channels];
    if (j < 0) {
        dx[at] += dy[at];
        return;
    }
    size_t copied = ((size_t)blockIdx.y * (n_items / n_channels) + cell) * (size_t)shape.n_merged + (size_t)j;
    if (shape.merge == FTDN_MERGE_MEAN) {
        dx[at] += 0.5f * dy[at];
        first_dcopy[copied] += 0.5f * dy[at];
        return;
    }
    float original = maps.x[at], first = maps.copy[0][copied];
    float second = shape.n_copies > 1 ? maps.copy[1][copied] : 0.0f;
    float merged = ftdn_merge_values(shape.merge, original, first, second);
    if (original == merged) dx[at] += dy[at];
    else if (first == merged) first_dcopy[copied] += dy[at];
    else if (shape.n_copies > 1 && second == merged) second_dcopy[copied] += dy[at];
    else dx[at] += dy[at];
}

extern "C" void ftdn_cuda_merge_backward(cudaStream_t stream, const ftdn_node *node, int n_images,
                                         const ftdn_cuda_merge_maps *maps, const float *dy, float *dx,
                                         float *const dcopy[FTDN_MAX_COPIES])
{
    unsigned n_items = (unsigned)ftdn_shape_elements(node->shape);
    FTDN_LAUNCH(merge_backward, lane_blocks(n_items, n_images), FTDN_LANE_THREADS, 0, stream, shape_of(node), n_items,
                *maps, dy, dx, dcopy[0], dcopy[1]);
}
