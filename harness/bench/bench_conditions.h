/* bench_conditions.h - under which conditions measures were taken. */
#ifndef FTDN_HARNESS_BENCH_BENCH_CONDITIONS_H
#define FTDN_HARNESS_BENCH_BENCH_CONDITIONS_H

#include "harness/bench/bench.h"

ftdn_bench_conditions ftdn_bench_conditions_take(ftdn_conv_algorithm algorithm);

/* The most memory that this process has used so far, in bytes. */
double ftdn_bench_peak_bytes(void);

#endif
