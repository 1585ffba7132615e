/* bootstrap.h - how far a figure over items can be trusted, where no formula says it: resamples of the items.
 *
 * Efron and Tibshirani, "An Introduction to the Bootstrap" (1993). A resample draws as many items as there are, with
 * replacement; the figure of many resamples spreads as it would over other items of the same kind. Resample r of a seed
 * is a pure function of both, so that resamples may be computed in any order, and two figures be compared on the same
 * ones. */
#ifndef FTDN_ANALYSIS_BOOTSTRAP_H
#define FTDN_ANALYSIS_BOOTSTRAP_H

#include <stdint.h>

/* How often each item stands in the resample: n_times[n_items], of the sum n_items. Draw i is word i mod 4 of
 * Philox((i / 4, resample, "boot"), seed), scaled to 0 ... n_items - 1. */
void ftdn_bootstrap_draw(uint64_t seed, uint32_t resample, int n_items, int *n_times);

typedef struct ftdn_bootstrap_interval {
    double low, high; /* NaN for fewer than 39 figures, of which a 95 % interval cannot be had */
    int n;            /* figures that are not NaN */
} ftdn_bootstrap_interval;

/* The percentile interval of 95 %: of n figures in ascending order the k-th and the (n + 1 - k)-th, where k is the
 * whole part of 0.025 (n + 1). figure: [n_figures], NaN is left out; sorted on return, as far as they are figures. */
ftdn_bootstrap_interval ftdn_bootstrap_percentiles(double *figure, int n_figures);

#endif
