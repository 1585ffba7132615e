#include "harness/bench/bench_measure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"

#define LEAST_SAMPLE_S 5e-3 /* of many calls: long against the clock's resolution */

static int by_value(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The value below which a fraction of the sorted samples lies. */
static double quantile(const double *sorted, int n_samples, double fraction)
{
    double position = fraction * (n_samples - 1);
    int below = (int)position;
    int above = below + 1 < n_samples ? below + 1 : below;
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

ftdn_bench_measure ftdn_bench_summarise(const ftdn_bench_label *label, double *sample, int n_samples)
{
    assert(n_samples >= 1);
    qsort(sample, (size_t)n_samples, sizeof *sample, by_value);
    return (ftdn_bench_measure){
        .label = *label,
        .n_samples = n_samples,
        .lowest = sample[0],
        .lower_quartile = quantile(sample, n_samples, 0.25),
        .median = quantile(sample, n_samples, 0.5),
        .upper_quartile = quantile(sample, n_samples, 0.75),
        .highest = sample[n_samples - 1],
    };
}

void ftdn_bench_add(ftdn_bench *bench, const ftdn_bench_label *label, double *sample, int n_samples)
{
    assert(bench->n_measures < FTDN_BENCH_MAX_MEASURES);
    bench->measure[bench->n_measures++] = ftdn_bench_summarise(label, sample, n_samples);
}

double ftdn_bench_seconds_since(int64_t start_ns)
{
    return (double)(ftdn_clock_ns() - start_ns) * 1e-9;
}

int64_t ftdn_bench_thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static double timeval_s(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

double ftdn_bench_processor_s(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);
}

static double time_calls(void (*work)(void *user), void *user, long n_calls)
{
    int64_t start_ns = ftdn_bench_thread_ns();
    for (long i = 0; i < n_calls; i++) work(user);
    return (double)(ftdn_bench_thread_ns() - start_ns) * 1e-9;
}

void ftdn_bench_time(void (*work)(void *user), void *user, int n_samples, double *ret_seconds)
{
    long n_calls = 1;
    while (fmin(time_calls(work, user, n_calls), time_calls(work, user, n_calls)) < LEAST_SAMPLE_S) n_calls *= 2;
    for (int i = 0; i < n_samples; i++) ret_seconds[i] = time_calls(work, user, n_calls) / (double)n_calls;
}

void ftdn_bench_tell(FILE *progress, const char *network, const char *what)
{
    if (!progress) return;
    fprintf(progress, "\r%s%s%s\033[K", network ? network : "", network ? ": " : "", what);
    fflush(progress);
}

void ftdn_bench_announce(const ftdn_bench *bench, const char *network, const char *what)
{
    ftdn_bench_tell(bench->options->progress, network, what);
}
