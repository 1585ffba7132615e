/* batch_statistics_hd.h - one channel of a batch norm in training mode, for host and device (batch_statistics.h). */
#ifndef FTDN_ENGINE_BATCH_STATISTICS_HD_H
#define FTDN_ENGINE_BATCH_STATISTICS_HD_H

#include <math.h>

#include "base/philox_hd.h" /* FTDN_HD */
#include "engine/batch_statistics.h"

/* From the batch's sums of x and x^2. */
FTDN_HD static inline void ftdn_channel_statistics_combine(const ftdn_batch_statistics *statistics, int c, double sum,
                                                           double sum_of_squares)
{
    double n_cells = statistics->n_cells;
    double mean = sum / n_cells;
    double var = sum_of_squares / n_cells - mean * mean;
    if (var < 0) var = 0; /* rounding, of a channel whose values are all the same */
    double inverse_deviation = 1 / sqrt(var + statistics->epsilon);
    double slope = (double)statistics->scale[c] * inverse_deviation;
    statistics->mean[c] = mean;
    statistics->inverse_deviation[c] = inverse_deviation;
    statistics->slope[c] = (float)slope;
    statistics->offset[c] = (float)((double)statistics->shift[c] - mean * slope);
    statistics->running_mean[c] = (float)mean;
    statistics->running_var[c] = (float)(var * n_cells / (n_cells - 1));
}

/* From the batch's sums of g and g (x - mean). dscale, dshift: [C] or NULL. */
FTDN_HD static inline void ftdn_channel_statistics_combine_gradients(const ftdn_batch_statistics *statistics, int c,
                                                                     double sum_g, double sum_gx, float *dscale,
                                                                     float *dshift)
{
    double inverse_deviation = statistics->inverse_deviation[c];
    double slope = (double)statistics->scale[c] * inverse_deviation;
    double mean_g = sum_g / statistics->n_cells;
    double mean_gx = inverse_deviation * inverse_deviation * sum_gx / statistics->n_cells;
    statistics->mean_g[c] = mean_g;
    statistics->mean_gx[c] = mean_gx;
    statistics->tilt[c] = (float)(-slope * mean_gx);
    statistics->level[c] = (float)(slope * (statistics->mean[c] * mean_gx - mean_g));
    if (dshift) dshift[c] += (float)sum_g;
    if (dscale) dscale[c] += (float)(inverse_deviation * sum_gx);
}

#endif
