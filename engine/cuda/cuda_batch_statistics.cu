#include "engine/cuda/cuda_batch_statistics.h"

#include <math.h>

#include "engine/cuda/launch.h"

extern "C" {
#include "engine/batch_statistics_hd.h"
}

#define THREADS 128

static unsigned blocks_of(const ftdn_batch_statistics *statistics)
{
    return (unsigned)(statistics->n_channels + THREADS - 1) / THREADS;
}

static __global__ void combine(ftdn_batch_statistics statistics, const double *sums)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= statistics.n_channels) return;
    ftdn_channel_statistics_combine(&statistics, c, sums[c], sums[statistics.n_channels + c]);
}

extern "C" void ftdn_cuda_batch_statistics_combine(cudaStream_t stream, const ftdn_batch_statistics *statistics,
                                                   const double *sums)
{
    FTDN_LAUNCH(combine, blocks_of(statistics), THREADS, 0, stream, *statistics, sums);
}

static __global__ void combine_gradients(ftdn_batch_statistics statistics, const double *sums, float *dscale,
                                         float *dshift)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= statistics.n_channels) return;
    double sum_g = sums[c], sum_gx = sums[statistics.n_channels + c] - statistics.mean[c] * sum_g;
    ftdn_channel_statistics_combine_gradients(&statistics, c, sum_g, sum_gx, dscale, dshift);
}

extern "C" void ftdn_cuda_batch_statistics_combine_gradients(cudaStream_t stream,
                                                             const ftdn_batch_statistics *statistics,
                                                             const double *sums, float *dscale, float *dshift)
{
    FTDN_LAUNCH(combine_gradients, blocks_of(statistics), THREADS, 0, stream, *statistics, sums, dscale, dshift);
}
