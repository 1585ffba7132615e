#include "engine/cuda/cuda_pack.h"

#include "engine/cuda/launch.h"

#define THREADS 128

static unsigned blocks_of(unsigned n_items)
{
    return (n_items + THREADS - 1) / THREADS;
}

static __global__ void fold(int n_channels, double epsilon, const float *scale, const float *shift, const float *mean,
                            const float *var, const float *bias, float *slope, float *offset)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= n_channels) return;
    double exact_slope = (double)scale[c] / sqrt((double)var[c] + epsilon);
    double before = bias ? (double)bias[c] : 0.0;
    slope[c] = (float)exact_slope;
    offset[c] = (float)((before - (double)mean[c]) * exact_slope + (double)shift[c]);
}

extern "C" void ftdn_cuda_batch_norm_fold(cudaStream_t stream, int n_channels, double epsilon, const float *scale,
                                          const float *shift, const float *mean, const float *var, const float *bias,
                                          float *slope, float *offset)
{
    FTDN_LAUNCH(fold, blocks_of((unsigned)n_channels), THREADS, 0, stream, n_channels, epsilon, scale, shift, mean, var,
                bias, slope, offset);
}

extern "C" ftdn_cuda_filters ftdn_cuda_filters_of(const ftdn_node *node, int n_inputs)
{
    ftdn_cuda_filters filters;
    bool depthwise = node->groups > 1;
    filters.n_filters = node->shape.c;
    filters.n_inputs = n_inputs;
    filters.n_cells = node->kernel_h * node->kernel_w;
    filters.filter_stride = depthwise ? 1 : (size_t)filters.n_cells * (size_t)n_inputs;
    filters.cell_stride = (size_t)(depthwise ? node->shape.c : n_inputs);
    return filters;
}

/* A thread takes one input of one filter, whose cells lie side by side in the file; on the other side it is its
 * neighbours that do. */
static __global__ void pack(ftdn_cuda_filters filters, const float *weight, const float *slope, float *packed)
{
    unsigned item = blockIdx.x * blockDim.x + threadIdx.x, n_inputs = (unsigned)filters.n_inputs;
    if (item >= (unsigned)filters.n_filters * n_inputs) return;
    unsigned filter = item / n_inputs;
    const float *from = weight + (size_t)item * (size_t)filters.n_cells;
    float *to = packed + filter * filters.filter_stride + item % n_inputs;
    for (int cell = 0; cell < filters.n_cells; cell++)
        to[(size_t)cell * filters.cell_stride] = slope ? from[cell] * slope[filter] : from[cell];
}

extern "C" void ftdn_cuda_weight_pack(cudaStream_t stream, ftdn_cuda_filters filters, const float *weight,
                                      const float *slope, float *packed)
{
    unsigned n_items = (unsigned)filters.n_filters * (unsigned)filters.n_inputs;
    FTDN_LAUNCH(pack, blocks_of(n_items), THREADS, 0, stream, filters, weight, slope, packed);
}

static __global__ void add_unpacked(ftdn_cuda_filters filters, const float *packed, float *dweight)
{
    unsigned item = blockIdx.x * blockDim.x + threadIdx.x, n_inputs = (unsigned)filters.n_inputs;
    if (item >= (unsigned)filters.n_filters * n_inputs) return;
    const float *from = packed + item / n_inputs * filters.filter_stride + item % n_inputs;
    float *to = dweight + (size_t)item * (size_t)filters.n_cells;
    for (int cell = 0; cell < filters.n_cells; cell++) to[cell] += from[(size_t)cell * filters.cell_stride];
}

extern "C" void ftdn_cuda_weight_gradient_add(cudaStream_t stream, ftdn_cuda_filters filters, const float *packed,
                                              float *dweight)
{
    unsigned n_items = (unsigned)filters.n_filters * (unsigned)filters.n_inputs;
    FTDN_LAUNCH(add_unpacked, blocks_of(n_items), THREADS, 0, stream, filters, packed, dweight);
}
