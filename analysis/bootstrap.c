#include "analysis/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox_hd.h"

#define PURPOSE 0x626F6F74u /* "boot" */

void ftdn_bootstrap_draw(uint64_t seed, uint32_t resample, int n_items, int *n_times)
{
    assert(n_items >= 0);
    memset(n_times, 0, (size_t)n_items * sizeof *n_times);
    for (int i = 0; i < n_items; i += 4) {
        const ftdn_philox_block counter = {{(uint32_t)i / 4, resample, 0, PURPOSE}};
        const ftdn_philox_block bits = ftdn_philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
        for (int k = 0; k < 4 && i + k < n_items; k++) n_times[((uint64_t)bits.word[k] * (uint64_t)n_items) >> 32]++;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ftdn_bootstrap_interval ftdn_bootstrap_percentiles(double *figure, int n_figures)
{
    ftdn_bootstrap_interval interval = {.low = (double)NAN, .high = (double)NAN};
    for (int i = 0; i < n_figures; i++)
        if (!isnan(figure[i])) figure[interval.n++] = figure[i];
    qsort(figure, (size_t)interval.n, sizeof *figure, compare);
    int k = (interval.n + 1) / 40;
    if (k >= 1) {
        interval.low = figure[k - 1];
        interval.high = figure[interval.n - k];
    }
    return interval;
}
