/* partial_mean.h - a mean of what is not NaN. */
#ifndef FTDN_HARNESS_RANKINGS_PARTIAL_MEAN_H
#define FTDN_HARNESS_RANKINGS_PARTIAL_MEAN_H

#include <math.h>

typedef struct ftdn_partial_mean {
    double sum;
    int n;
} ftdn_partial_mean;

static inline void ftdn_partial_mean_add(ftdn_partial_mean *mean, double value)
{
    if (isnan(value)) return;
    mean->sum += value;
    mean->n++;
}

/* NaN where nothing was added. */
static inline double ftdn_partial_mean_value(const ftdn_partial_mean *mean)
{
    return mean->n ? mean->sum / mean->n : (double)NAN;
}

#endif
