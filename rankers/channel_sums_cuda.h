/* channel_sums_cuda.h - sums over the cells of each channel of each image's map, in double.
 *
 * A map is [N,P,Q,K]. Its cells are cut into segments; in a block, 32 neighbouring channels lie side by side, so that
 * maps are read in the order of addresses, and 8 rows of threads share a segment. A row adds up its cells in their
 * order, then rows are added as a tree, then segments in their order: an order that depends on the shape alone. */
#ifndef FTDN_RANKERS_CHANNEL_SUMS_CUDA_H
#define FTDN_RANKERS_CHANNEL_SUMS_CUDA_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/status.h"

/* What each cell adds; o: its value, g: the gradient there, m: what an earlier sum gave for the channel. */
typedef enum ftdn_channel_term {
    FTDN_TERM_SECOND_ORDER,   /* 1/2 (o g)^2 */
    FTDN_TERM_TAYLOR,         /* o g */
    FTDN_TERM_MEAN_MAGNITUDE, /* |o|; the sum is divided by n_cells */
    FTDN_TERM_LARGEST,        /* o, of which the largest is taken instead of the sum; NaN is passed over */
    FTDN_TERM_EXP,            /* e^(o - m) */
    FTDN_TERM_EXP_WEIGHTED,   /* (o - m) e^(o - m) */
} ftdn_channel_term;

/* All pointers are device memory. */
typedef struct ftdn_channel_sums {
    int n_images, n_cells, n_channels;
    const float *map, *gradient; /* [n_images, n_cells, n_channels]; gradient: NULL where no term reads it */
    double *partial;             /* scratch, [n_images, n_segments, n_channels] */
} ftdn_channel_sums;

int ftdn_channel_sums_segments(int n_cells); /* n_segments */

/* Enqueue sum[n,k] over cells of the term. largest: [n_images, n_channels]: m; NULL where the term has none. */
FTDN_NODISCARD ftdn_status ftdn_channel_sums_add(const ftdn_channel_sums *sums, ftdn_channel_term term,
                                                 const double *largest, double *sum, cudaStream_t stream,
                                                 ftdn_error *err);

/* Enqueue, for each of n_sums channels, minus the entropy of a softmax (entropy.c), out of z = the sum of FTDN_TERM_EXP
 * and the sum of FTDN_TERM_EXP_WEIGHTED: score = weighted / z - ln z. score: may be one of the two. */
FTDN_NODISCARD ftdn_status ftdn_channel_sums_negate_entropy(const double *z, const double *weighted, int n_sums,
                                                            double *score, cudaStream_t stream, ftdn_error *err);

#ifdef __cplusplus
}
#endif

#endif
