#include "engine/batch_statistics.h"

#include <math.h>

ftdn_status ftdn_batch_statistics_init(ftdn_batch_statistics *statistics, const ftdn_node *batch_norm, int n_images,
                                       ftdn_arena *arena, ftdn_error *err)
{
    size_t n_channels = (size_t)batch_norm->shape.c;
    *statistics = (ftdn_batch_statistics){
        .n_channels = batch_norm->shape.c,
        .epsilon = batch_norm->epsilon,
        .n_cells = (double)n_images * (double)batch_norm->shape.h * (double)batch_norm->shape.w,
    };
    if (statistics->n_cells < 2)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "batch norm '%s' has one value per channel in a batch: no variance",
                         batch_norm->name);
    double **exact[] = {&statistics->mean, &statistics->inverse_deviation, &statistics->mean_g, &statistics->mean_gx};
    float **rounded[] = {&statistics->slope, &statistics->offset,       &statistics->tilt,
                         &statistics->level, &statistics->running_mean, &statistics->running_var};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        *exact[i] = FTDN_NEW(arena, n_channels, double, err);
        if (!*exact[i]) return FTDN_ERR_MEMORY;
    }
    for (size_t i = 0; i < sizeof rounded / sizeof *rounded; i++) {
        *rounded[i] = FTDN_NEW(arena, n_channels, float, err);
        if (!*rounded[i]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

/* The sum over all images of element `at` of their sums. */
static double total(const double *sums, int n_images, int n_channels, int at)
{
    double sum = 0;
    for (int n = 0; n < n_images; n++) sum += sums[(size_t)n * 2 * (size_t)n_channels + (size_t)at];
    return sum;
}

void ftdn_batch_statistics_combine(ftdn_batch_statistics *statistics, const double *sums, int n_images)
{
    int n_channels = statistics->n_channels;
    double n_cells = statistics->n_cells;
    for (int c = 0; c < n_channels; c++) {
        double mean = total(sums, n_images, n_channels, c) / n_cells;
        double var = total(sums, n_images, n_channels, n_channels + c) / n_cells - mean * mean;
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
}

void ftdn_batch_statistics_combine_gradients(ftdn_batch_statistics *statistics, const double *sums, int n_images,
                                             float *dscale, float *dshift)
{
    int n_channels = statistics->n_channels;
    for (int c = 0; c < n_channels; c++) {
        double inverse_deviation = statistics->inverse_deviation[c];
        double sum_g = total(sums, n_images, n_channels, c);
        double sum_gx = total(sums, n_images, n_channels, n_channels + c);
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
}
