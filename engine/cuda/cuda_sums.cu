#include "engine/cuda/cuda_sums.h"

#include "engine/cuda/cuda_lanes.h"
#include "engine/cuda/cuda_window.h"

/* A block has CHANNELS x ROWS threads: neighbours read neighbouring channels, row r the cells r, r + ROWS, ... */
#define CHANNELS 32
#define ROWS 8

#define CELLS_PER_SLICE 1024
#define MAX_SLICES 64

/* Cells of a kernel's row that one thread sums at once. */
#define MAX_SUMS 3

extern "C" int ftdn_cuda_n_slices(ftdn_shape shape)
{
    int n_cells = shape.h * shape.w, n_slices = (n_cells + CELLS_PER_SLICE - 1) / CELLS_PER_SLICE;
    return n_slices < MAX_SLICES ? n_slices : MAX_SLICES;
}

/* First cell of slice i of n. */
static __device__ unsigned slice_begin(unsigned n_cells, unsigned i, unsigned n)
{
    return (unsigned)((unsigned long long)n_cells * i / n);
}

/* Add the sums of a block's rows in their order and write that of each channel. stride: between quantities. */
template <int N>
static __device__ void write_block_sums(const double *sum, int n_written, size_t stride, int n_channels, double *to)
{
    __shared__ double of_row[N][ROWS][CHANNELS];
    int channel = (int)(blockIdx.y * CHANNELS + threadIdx.x);
    for (int i = 0; i < N; i++) of_row[i][threadIdx.y][threadIdx.x] = sum[i];
    __syncthreads();
    if (threadIdx.y > 0 || channel >= n_channels) return;
    for (int i = 0; i < n_written; i++) {
        double total = 0;
        for (int row = 0; row < ROWS; row++) total += of_row[i][row][threadIdx.x];
        to[(size_t)i * stride + (size_t)channel] = total;
    }
}

static __global__ void sum_slices(unsigned n_cells, int n_channels, ftdn_cuda_sum_terms terms,
                                  struct activation_range range, double *slice_sums)
{
    int channel = (int)(blockIdx.y * CHANNELS + threadIdx.x);
    double sum[2] = {0, 0};
    if (channel < n_channels) {
        float slope = terms.slope ? terms.slope[channel] : 0.0f, offset = terms.slope ? terms.offset[channel] : 0.0f;
        unsigned end = slice_begin(n_cells, blockIdx.x + 1, gridDim.x);
        for (unsigned cell = slice_begin(n_cells, blockIdx.x, gridDim.x) + threadIdx.y; cell < end; cell += ROWS) {
            size_t at = ((size_t)blockIdx.z * n_cells + cell) * (size_t)n_channels + (size_t)channel;
            float x = terms.x ? terms.x[at] : 0.0f, g = terms.dy ? terms.dy[at] : x;
            if (terms.slope) {
                float y = x * slope + offset;
                if (!(y > range.floor && y < range.ceiling)) g = 0.0f;
            }
            sum[0] += (double)g;
            sum[1] += (double)g * (double)x;
        }
    }
    size_t slice = (size_t)blockIdx.z * gridDim.x + blockIdx.x;
    write_block_sums<2>(sum, 2, (size_t)n_channels, n_channels, slice_sums + slice * 2 * (size_t)n_channels);
}

static dim3 slice_blocks(ftdn_shape shape, int n_images)
{
    return dim3((unsigned)ftdn_cuda_n_slices(shape), (unsigned)((shape.c + CHANNELS - 1) / CHANNELS),
                (unsigned)n_images);
}

extern "C" void ftdn_cuda_sum_slices(cudaStream_t stream, ftdn_shape shape, int n_images,
                                     const ftdn_cuda_sum_terms *terms, double *slice_sums)
{
    FTDN_LAUNCH(sum_slices, slice_blocks(shape, n_images), dim3(CHANNELS, ROWS), 0, stream,
                (unsigned)shape.h * (unsigned)shape.w, shape.c, *terms, range_of(terms->activation), slice_sums);
}

/* Blocks in z: images, and of each the rows of the kernel in pieces of MAX_SUMS cells. */
static __global__ void depthwise_sum_slices(struct window window, int n_pieces, const float *x, const float *dy,
                                            double *slice_sums)
{
    int channel = (int)(blockIdx.y * CHANNELS + threadIdx.x), per_image = window.kernel_h * n_pieces;
    int image = (int)blockIdx.z / per_image, r = (int)blockIdx.z % per_image / n_pieces;
    int first = (int)blockIdx.z % n_pieces * MAX_SUMS;
    int n_sums = window.kernel_w - first < MAX_SUMS ? window.kernel_w - first : MAX_SUMS;
    unsigned n_cells = (unsigned)window.out_h * (unsigned)window.out_w;
    unsigned end = slice_begin(n_cells, blockIdx.x + 1, gridDim.x);
    double sum[MAX_SUMS] = {0};
    unsigned cell = slice_begin(n_cells, blockIdx.x, gridDim.x) + threadIdx.y;
    for (; channel < window.n_channels && cell < end; cell += ROWS) {
        int row = (int)(cell / (unsigned)window.out_w) * window.stride + r * window.dilation - window.pad_top;
        int column = (int)(cell % (unsigned)window.out_w) * window.stride + first * window.dilation - window.pad_left;
        if (row < 0 || row >= window.in_h) continue;
        size_t at = ((size_t)image * n_cells + cell) * (size_t)window.n_channels + (size_t)channel;
        size_t in_row = ((size_t)image * (size_t)window.in_h + (size_t)row) * (size_t)window.in_w;
        double gradient = (double)dy[at];
        FTDN_UNROLL for (int i = 0; i < MAX_SUMS; i++)
        {
            int seen = column + i * window.dilation;
            if (i >= n_sums || seen < 0 || seen >= window.in_w) continue;
            sum[i] += gradient * (double)x[(in_row + (size_t)seen) * (size_t)window.n_channels + (size_t)channel];
        }
    }
    size_t n_cells_of_kernel = (size_t)window.kernel_h * (size_t)window.kernel_w;
    size_t slice = (size_t)image * gridDim.x + blockIdx.x;
    size_t to = slice * n_cells_of_kernel + (size_t)r * (size_t)window.kernel_w + (size_t)first;
    write_block_sums<MAX_SUMS>(sum, n_sums, (size_t)window.n_channels, window.n_channels,
                               slice_sums + to * (size_t)window.n_channels);
}

extern "C" void ftdn_cuda_depthwise_sum_slices(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                               const float *x, const float *dy, double *slice_sums)
{
    int n_pieces = (node->kernel_w + MAX_SUMS - 1) / MAX_SUMS;
    FTDN_LAUNCH(depthwise_sum_slices, slice_blocks(node->shape, n_images * node->kernel_h * n_pieces),
                dim3(CHANNELS, ROWS), 0, stream, window_of(node, in), n_pieces, x, dy, slice_sums);
}

static __global__ void sum_up(int n_parts, unsigned n_sums, const double *slice_sums, double *totals)
{
    unsigned i = lane_item();
    if (i >= n_sums) return;
    double total = 0;
    for (int p = 0; p < n_parts; p++) total += slice_sums[(size_t)p * n_sums + i];
    totals[i] = total;
}

extern "C" void ftdn_cuda_sum_up(cudaStream_t stream, int n_parts, int n_sums, const double *slice_sums, double *totals)
{
    FTDN_LAUNCH(sum_up, lane_blocks((size_t)n_sums, 1), FTDN_LANE_THREADS, 0, stream, n_parts, (unsigned)n_sums,
                slice_sums, totals);
}

static __global__ void totals_add(unsigned n_quantities, unsigned n_channels, const double *totals, float *target)
{
    unsigned i = lane_item();
    if (i >= n_quantities * n_channels) return;
    target[i] += (float)totals[(size_t)(i % n_quantities) * n_channels + i / n_quantities];
}

extern "C" void ftdn_cuda_totals_add(cudaStream_t stream, int n_quantities, int n_channels, const double *totals,
                                     float *target)
{
    FTDN_LAUNCH(totals_add, lane_blocks((size_t)n_quantities * (size_t)n_channels, 1), FTDN_LANE_THREADS, 0, stream,
                (unsigned)n_quantities, (unsigned)n_channels, totals, target);
}

static __global__ void batch_norm_totals_add(int n_channels, double epsilon, const double *totals, const float *mean,
                                             const float *var, float *dscale, float *dshift)
{
    int c = (int)lane_item();
    if (c >= n_channels) return;
    double sum = totals[c], weighted = totals[n_channels + c] - (double)mean[c] * sum;
    if (dscale) dscale[c] += (float)(weighted / sqrt((double)var[c] + epsilon));
    if (dshift) dshift[c] += (float)sum;
}

extern "C" void ftdn_cuda_batch_norm_totals_add(cudaStream_t stream, int n_channels, double epsilon,
                                                const double *totals, const float *mean, const float *var,
                                                float *dscale, float *dshift)
{
    FTDN_LAUNCH(batch_norm_totals_add, lane_blocks((size_t)n_channels, 1), FTDN_LANE_THREADS, 0, stream, n_channels,
                epsilon, totals, mean, var, dscale, dshift);
}
