/* batch_statistics.h - a batch norm in training mode: mean and variance of the whole batch, and their gradients.
 *
 *     y = (x - mean) inverse_deviation scale + shift        mean, var over the M = N H W cells of the batch
 *     inverse_deviation = 1 / sqrt(var + epsilon)           var biased: divided by M
 *     dshift = sum g,   dscale = inverse_deviation sum g (x - mean)          g: dE/dy
 *     dx = scale inverse_deviation (g - dshift / M - (x - mean) inverse_deviation dscale / M)
 *
 * A backend sums over each image (ftdn_batch_norm_table); the sums are combined here, in the order of the images and
 * in double, so that a bit depends neither on threads nor on who finished first. A device combines its sums itself, by
 * the same functions (batch_statistics_hd.h). */
#ifndef FTDN_ENGINE_BATCH_STATISTICS_H
#define FTDN_ENGINE_BATCH_STATISTICS_H

#include <stddef.h>

#include "base/status.h"
#include "engine/graph.h"

/* The arrays are memory of the backend. */
typedef struct ftdn_batch_statistics {
    int n_channels;
    double epsilon;
    double n_cells;                    /* M */
    const float *scale, *shift;        /* [C] borrowed parameters */
    double *mean, *inverse_deviation;  /* [C] */
    double *mean_g, *mean_gx;          /* [C] going backward: sum g / M, inverse_deviation^2 sum g (x - mean) / M */
    float *slope, *offset;             /* [C] y = x slope + offset */
    float *tilt, *level;               /* [C] dx = g slope + x tilt + level */
    float *running_mean, *running_var; /* [C] mean and unbiased variance, as running statistics take them in */
} ftdn_batch_statistics;

/* Of the arrays of so many channels; a multiple of 16. */
size_t ftdn_batch_statistics_bytes(int n_channels);

/* memory: for the arrays, borrowed, at a multiple of 16: so is each of them. */
FTDN_NODISCARD ftdn_status ftdn_batch_statistics_init(ftdn_batch_statistics *statistics, const ftdn_node *batch_norm,
                                                      int n_images, void *memory, ftdn_error *err);

/* From the images' sums of x and x^2; sums: [n_images,2,C]. */
void ftdn_batch_statistics_combine(const ftdn_batch_statistics *statistics, const double *sums, int n_images);

/* From the images' sums of g and g (x - mean); sums: [n_images,2,C]. Adds to dscale and dshift, [C], where not NULL. */
void ftdn_batch_statistics_combine_gradients(const ftdn_batch_statistics *statistics, const double *sums, int n_images,
                                             float *dscale, float *dshift);

#endif
