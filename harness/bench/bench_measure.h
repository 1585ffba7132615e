/* bench_measure.h - samples of a measure, and what becomes of them. */
#ifndef FTDN_HARNESS_BENCH_BENCH_MEASURE_H
#define FTDN_HARNESS_BENCH_BENCH_MEASURE_H

#include <stdint.h>

#include "harness/bench/bench.h"

/* A measure. sample: [n_samples], at least 1; sorted in place. Quartiles between samples are interpolated. */
ftdn_bench_measure ftdn_bench_summarise(const ftdn_bench_label *label, double *sample, int n_samples);

/* Add such a measure. */
void ftdn_bench_add(ftdn_bench *bench, const ftdn_bench_label *label, double *sample, int n_samples);

/* Processor time of the calling thread: it stands still while another process has the core. */
int64_t ftdn_bench_thread_ns(void);

/* Processor time of all threads of this process, in seconds. */
double ftdn_bench_processor_s(void);

/* Call work(user), which starts no thread, often enough for the clock, n_samples times after a warm-up.
 * ret_seconds: [n_samples], processor time of one call. */
void ftdn_bench_time(void (*work)(void *user), void *user, int n_samples, double *ret_seconds);

/* Tell a terminal what comes next: "ssd_vgg16: weights". progress: NULL where there is none. network: NULL where it is
 * of none. An empty text leaves the line clean. */
void ftdn_bench_tell(FILE *progress, const char *network, const char *what);

/* Tell the terminal of the run. */
void ftdn_bench_announce(const ftdn_bench *bench, const char *network, const char *what);

/* Seconds since a value of ftdn_clock_ns. */
double ftdn_bench_seconds_since(int64_t start_ns);

#endif
