/* bench_measure.h - samples of a measure, and what becomes of them. */
#ifndef FTDN_HARNESS_BENCH_MEASURE_H
#define FTDN_HARNESS_BENCH_MEASURE_H

#include "harness/bench.h"

/* Add a measure. sample: [n_samples], at least 1; sorted in place. Quartiles between samples are interpolated. */
void ftdn_bench_add(ftdn_bench *bench, const ftdn_bench_label *label, double *sample, int n_samples);

/* Call work(user) often enough for the clock, n_samples times after a warm-up. ret_seconds: [n_samples], of one call. */
void ftdn_bench_time(void (*work)(void *user), void *user, int n_samples, double *ret_seconds);

/* Tell the terminal what comes next: "ssd_vgg16: weights". network: NULL where it is of none. */
void ftdn_bench_announce(const ftdn_bench *bench, const char *network, const char *what);

/* Seconds since a value of ftdn_clock_ns. */
double ftdn_bench_seconds_since(long long start_ns);

#endif
