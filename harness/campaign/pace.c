#include "harness/campaign/pace.h"

#include <math.h>

#define DRIFT 0.05 /* by which a machine that others use too changes its pace, whatever was seen so far */

ftdn_status ftdn_pace_init(ftdn_pace *pace, int n_groups, ftdn_arena *arena, ftdn_error *err)
{
    *pace = (ftdn_pace){.n_groups = n_groups, .group = FTDN_NEW(arena, (size_t)n_groups, ftdn_pace_sample, err)};
    return pace->group ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void add(ftdn_pace_sample *sample, double value)
{
    double from_mean = value - sample->mean;
    sample->mean += from_mean / ++sample->n;
    sample->squares += from_mean * (value - sample->mean);
}

void ftdn_pace_add(ftdn_pace *pace, int group, double n_images, double seconds)
{
    double per_image = seconds / (n_images > 1 ? n_images : 1);
    add(&pace->group[group], per_image);
    add(&pace->all, per_image);
    if (seconds > pace->longest_s) pace->longest_s = seconds;
}

/* The trials to judge a group by. */
static const ftdn_pace_sample *sample_of(const ftdn_pace *pace, int group)
{
    return pace->group[group].n > 0 ? &pace->group[group] : &pace->all;
}

double ftdn_pace_expect(const ftdn_pace *pace, int group, double n_images)
{
    const ftdn_pace_sample *sample = sample_of(pace, group);
    return sample->n > 0 ? sample->mean * (n_images > 1 ? n_images : 1) : -1;
}

/* Variance of one trial's seconds per image; of a single trial that of all, and before there is any a tenth. */
static double variance_of(const ftdn_pace *pace, const ftdn_pace_sample *sample)
{
    if (sample->n < 2) sample = &pace->all;
    if (sample->n < 2) return sample->mean * sample->mean * 0.01;
    return sample->squares / (sample->n - 1);
}

ftdn_pace_time ftdn_pace_remaining(const ftdn_pace *pace, const ftdn_pace_work *work, int n_works, int n_workers)
{
    double seconds = 0, variance = 0;
    if (pace->all.n == 0) return (ftdn_pace_time){-1, -1};
    for (int i = 0; i < n_works; i++) {
        const ftdn_pace_sample *sample = sample_of(pace, work[i].group);
        double n = work[i].n_trials, images = work[i].n_images > 1 ? work[i].n_images : 1;
        seconds += n * images * sample->mean;
        /* n trials spread around their mean, and that mean is known from sample->n trials only. */
        variance += images * images * variance_of(pace, sample) * (n + n * n / sample->n);
    }
    return (ftdn_pace_time){seconds / n_workers, (2 * sqrt(variance) + DRIFT * seconds) / n_workers};
}
