#include "rankers/channel_sums_cuda.h"

#include <math.h>

#include "engine/cuda/cuda_status.h"
#include "engine/cuda/launch.h"

enum { CHANNELS = 32, ROWS = 8, SEGMENT_CELLS = 512, FINISH_THREADS = 128 };

__device__ static double term_of(ftdn_channel_term term, double o, double g, double m)
{
    switch (term) {
    case FTDN_TERM_SECOND_ORDER: return 0.5 * (o * g) * (o * g);
    case FTDN_TERM_TAYLOR: return o * g;
    case FTDN_TERM_MEAN_MAGNITUDE: return fabs(o);
    case FTDN_TERM_LARGEST: return o;
    case FTDN_TERM_EXP: return exp(o - m);
    case FTDN_TERM_EXP_WEIGHTED: break;
    }
    return (o - m) * exp(o - m);
}

/* fmax passes NaN over. */
__device__ static double join(ftdn_channel_term term, double a, double b)
{
    return term == FTDN_TERM_LARGEST ? fmax(a, b) : a + b;
}

__device__ static double nothing(ftdn_channel_term term)
{
    return term == FTDN_TERM_LARGEST ? -INFINITY : 0;
}

/* A block for 32 channels of a segment of an image. */
__global__ static void segment_kernel(ftdn_channel_sums s, ftdn_channel_term term, const double *largest)
{
    __shared__ double row_sum[ROWS][CHANNELS];
    int channel = blockIdx.x * CHANNELS + threadIdx.x, segment = blockIdx.y, image = blockIdx.z;
    double sum = nothing(term);
    if (channel < s.n_channels) {
        int first = segment * SEGMENT_CELLS, end = first + SEGMENT_CELLS;
        if (end > s.n_cells) end = s.n_cells;
        double m = largest ? largest[(size_t)image * s.n_channels + channel] : 0;
        for (int cell = first + threadIdx.y; cell < end; cell += ROWS) {
            size_t i = ((size_t)image * s.n_cells + cell) * s.n_channels + channel;
            sum = join(term, sum, term_of(term, s.map[i], s.gradient ? s.gradient[i] : 0, m));
        }
    }
    row_sum[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    for (int half = ROWS / 2; half > 0; half /= 2) {
        if ((int)threadIdx.y < half) {
            double *own = &row_sum[threadIdx.y][threadIdx.x];
            *own = join(term, *own, row_sum[threadIdx.y + half][threadIdx.x]);
        }
        __syncthreads();
    }
    if (threadIdx.y == 0 && channel < s.n_channels)
        s.partial[((size_t)image * gridDim.y + segment) * s.n_channels + channel] = row_sum[0][threadIdx.x];
}

/* A thread for a channel of an image. */
__global__ static void finish_kernel(ftdn_channel_sums s, ftdn_channel_term term, int n_segments, double *sum)
{
    int channel = blockIdx.x * FINISH_THREADS + threadIdx.x, image = blockIdx.y;
    if (channel >= s.n_channels) return;
    double total = nothing(term);
    for (int i = 0; i < n_segments; i++)
        total = join(term, total, s.partial[((size_t)image * n_segments + i) * s.n_channels + channel]);
    if (term == FTDN_TERM_MEAN_MAGNITUDE) total /= s.n_cells;
    sum[(size_t)image * s.n_channels + channel] = total;
}

/* A thread for a channel of an image. */
__global__ static void entropy_kernel(const double *z, const double *weighted, int n_sums, double *score)
{
    int i = blockIdx.x * FINISH_THREADS + threadIdx.x;
    if (i < n_sums) score[i] = weighted[i] / z[i] - log(z[i]);
}

static int count_blocks(int n_threads)
{
    return (n_threads + FINISH_THREADS - 1) / FINISH_THREADS;
}

int ftdn_channel_sums_segments(int n_cells)
{
    return (n_cells + SEGMENT_CELLS - 1) / SEGMENT_CELLS;
}

ftdn_status ftdn_channel_sums_add(const ftdn_channel_sums *sums, ftdn_channel_term term, const double *largest,
                                  double *sum, cudaStream_t stream, ftdn_error *err)
{
    int n_segments = ftdn_channel_sums_segments(sums->n_cells);
    dim3 blocks((sums->n_channels + CHANNELS - 1) / CHANNELS, n_segments, sums->n_images);
    FTDN_LAUNCH(segment_kernel, blocks, dim3(CHANNELS, ROWS), 0, stream, *sums, term, largest);
    FTDN_TRY(ftdn_cuda_check_launch("sums of segments", err));
    FTDN_LAUNCH(finish_kernel, dim3(count_blocks(sums->n_channels), sums->n_images), FINISH_THREADS, 0, stream, *sums,
                term, n_segments, sum);
    return ftdn_cuda_check_launch("sums of channels", err);
}

ftdn_status ftdn_channel_sums_negate_entropy(const double *z, const double *weighted, int n_sums, double *score,
                                             cudaStream_t stream, ftdn_error *err)
{
    FTDN_LAUNCH(entropy_kernel, count_blocks(n_sums), FINISH_THREADS, 0, stream, z, weighted, n_sums, score);
    return ftdn_cuda_check_launch("entropies of channels", err);
}
