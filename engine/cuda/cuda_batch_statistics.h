/* cuda_batch_statistics.h - the kernels that make statistics of the sums of a batch (engine/batch_statistics.h). All
 * arrays are device memory. */
#ifndef FTDN_ENGINE_CUDA_CUDA_BATCH_STATISTICS_H
#define FTDN_ENGINE_CUDA_CUDA_BATCH_STATISTICS_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/batch_statistics.h"

/* sums: [2,C] of x and x^2. */
void ftdn_cuda_batch_statistics_combine(cudaStream_t stream, const ftdn_batch_statistics *statistics,
                                        const double *sums);

/* sums: [2,C] of g and g x. dscale, dshift: [C], added to where not NULL. */
void ftdn_cuda_batch_statistics_combine_gradients(cudaStream_t stream, const ftdn_batch_statistics *statistics,
                                                  const double *sums, float *dscale, float *dshift);

#ifdef __cplusplus
}
#endif

#endif
