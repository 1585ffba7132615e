/* bench_ceiling.h - the single-precision ceiling of the processor: what a convolution is compared with.
 *
 * Multiplications and additions on registers alone, in chains that do not wait for each other, on all threads
 * at once. No program is faster; a good convolution of large layers reaches 70 to 90 % of it. */
#ifndef FTDN_HARNESS_BENCH_BENCH_CEILING_H
#define FTDN_HARNESS_BENCH_BENCH_CEILING_H

/* Operations per second of processor time, of n_threads together (not more than there are cores), a fused
 * multiply-add counted as two. The best of a few bursts of some milliseconds. */
double ftdn_bench_ceiling_flops(int n_threads);

/* The instructions used: "avx512 fma"; static text. */
const char *ftdn_bench_ceiling_kernel(void);

#endif
