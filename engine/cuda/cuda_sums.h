/* cuda_sums.h - sums over the cells of maps, channel by channel, in double and in an order of their own.
 *
 * Each image is cut into slices whose number depends on its shape alone. A slice is summed by a block, whose threads'
 * sums are added in the order of the threads; the slices are then added in their order, image after image. No bit
 * depends on which block was first. */
#ifndef FTDN_ENGINE_CUDA_CUDA_SUMS_H
#define FTDN_ENGINE_CUDA_CUDA_SUMS_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* Of a map of this shape. */
int ftdn_cuda_n_slices(ftdn_shape shape);

/* What is summed of each element: x and x^2 where dy is NULL; else g and g x, where g is dy, or, where slope is not
 * NULL, 0 unless x slope[c] + offset[c] is strictly inside the range that the activation passes on. x NULL is 0. */
typedef struct ftdn_cuda_sum_terms {
    const float *x, *dy;         /* [n_images,H,W,C] */
    const float *slope, *offset; /* [C] */
    ftdn_activation activation;
} ftdn_cuda_sum_terms;

/* slice_sums: [n_images,n_slices,2,C]. */
void ftdn_cuda_sum_slices(cudaStream_t stream, ftdn_shape shape, int n_images, const ftdn_cuda_sum_terms *terms,
                          double *slice_sums);

/* The gradients of a depthwise convolution's weights: sums of x dy over the slices of its output.
 * slice_sums: [n_images,n_slices,R,S,C]. */
void ftdn_cuda_depthwise_sum_slices(cudaStream_t stream, const ftdn_node *node, ftdn_shape in, int n_images,
                                    const float *x, const float *dy, double *slice_sums);

/* The sum of all slices. slice_sums: [n_parts,n_sums]; totals: [n_sums]. */
void ftdn_cuda_sum_up(cudaStream_t stream, int n_parts, int n_sums, const double *slice_sums, double *totals);

/* target[c,q] += totals[q,c]; target: [n_channels,n_quantities]. */
void ftdn_cuda_totals_add(cudaStream_t stream, int n_quantities, int n_channels, const double *totals, float *target);

/* From the totals of g and g x of a batch norm with stored mean and variance: dshift += sum g, dscale += sum g (x -
 * mean) / sqrt(var + epsilon). Either may be NULL. */
void ftdn_cuda_batch_norm_totals_add(cudaStream_t stream, int n_channels, double epsilon, const double *totals,
                                     const float *mean, const float *var, float *dscale, float *dshift);

#ifdef __cplusplus
}
#endif

#endif
