#include "engine/batch_statistics.h"

#include "engine/batch_statistics_hd.h"

enum { N_EXACT = 4, N_ROUNDED = 6 }; /* arrays of doubles, of floats */

/* Arrays are as long as if the channels were a multiple of four, so that each begins at a multiple of 16 bytes. */
static size_t room(int n_channels)
{
    return ((size_t)n_channels + 3) / 4 * 4;
}

size_t ftdn_batch_statistics_bytes(int n_channels)
{
    return room(n_channels) * (N_EXACT * sizeof(double) + N_ROUNDED * sizeof(float));
}

ftdn_status ftdn_batch_statistics_init(ftdn_batch_statistics *statistics, const ftdn_node *batch_norm, int n_images,
                                       void *memory, ftdn_error *err)
{
    *statistics = (ftdn_batch_statistics){
        .n_channels = batch_norm->shape.c,
        .epsilon = batch_norm->epsilon,
        .n_cells = (double)n_images * (double)batch_norm->shape.h * (double)batch_norm->shape.w,
    };
    if (statistics->n_cells < 2)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "batch norm '%s' has one value per channel in a batch: no variance",
                         batch_norm->name);
    double **exact[N_EXACT] = {&statistics->mean, &statistics->inverse_deviation, &statistics->mean_g,
                               &statistics->mean_gx};
    float **rounded[N_ROUNDED] = {&statistics->slope, &statistics->offset,       &statistics->tilt,
                                  &statistics->level, &statistics->running_mean, &statistics->running_var};
    double *next_exact = memory;
    float *next_rounded = (float *)(next_exact + N_EXACT * room(statistics->n_channels));
    for (size_t i = 0; i < N_EXACT; i++) *exact[i] = next_exact + i * room(statistics->n_channels);
    for (size_t i = 0; i < N_ROUNDED; i++) *rounded[i] = next_rounded + i * room(statistics->n_channels);
    return FTDN_OK;
}

/* The sum over all images of element `at` of their sums. */
static double total(const double *sums, int n_images, int n_channels, int at)
{
    double sum = 0;
    for (int n = 0; n < n_images; n++) sum += sums[(size_t)n * 2 * (size_t)n_channels + (size_t)at];
    return sum;
}

void ftdn_batch_statistics_combine(const ftdn_batch_statistics *statistics, const double *sums, int n_images)
{
    int n_channels = statistics->n_channels;
    for (int c = 0; c < n_channels; c++) {
        ftdn_channel_statistics_combine(statistics, c, total(sums, n_images, n_channels, c),
                                        total(sums, n_images, n_channels, n_channels + c));
    }
}

void ftdn_batch_statistics_combine_gradients(const ftdn_batch_statistics *statistics, const double *sums, int n_images,
                                             float *dscale, float *dshift)
{
    int n_channels = statistics->n_channels;
    for (int c = 0; c < n_channels; c++) {
        ftdn_channel_statistics_combine_gradients(statistics, c, total(sums, n_images, n_channels, c),
                                                  total(sums, n_images, n_channels, n_channels + c), dscale, dshift);
    }
}
