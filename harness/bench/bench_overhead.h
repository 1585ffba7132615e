/* bench_overhead.h - what protections cost without any fault: `ftdn bench overhead`, Tables 1 and 2 of the paper.
 *
 *     none   the original network
 *     kr     copied filters are merged with their originals for each image, as the paper measures it; a campaign
 *            merges once per trial
 *     fmr    copies are convolved too, their maps merged
 *
 * The channels with the largest weight sums are copied, and merged by their mean. Measured is one image at a time, from
 * bytes to the heads' maps, on one thread and in its processor time: other work on the machine does not count.
 * Methods take turns image by image, so that what disturbs one disturbs all. */
#ifndef FTDN_HARNESS_BENCH_BENCH_OVERHEAD_H
#define FTDN_HARNESS_BENCH_BENCH_OVERHEAD_H

#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/engine.h"
#include "harness/bench/bench.h"
#include "results/latencies.h"

typedef struct ftdn_overhead_options {
    const char *model;        /* NULL: both networks of the paper */
    double width;             /* multiplier of the channels; 0: as published */
    const char *weights_path; /* NULL: formula weights */
    double ratio;             /* of channels that are copied, in [0, 1] */
    ftdn_conv_algorithm conv_algorithm;
    int n_warmup;            /* passes of each method that are not measured, at least 0 */
    int n_repeats, n_images; /* at least 1; no more images than repeats are taken */
    FILE *progress;          /* a terminal that is told what is being measured; NULL: none */
} ftdn_overhead_options;

/* One row per network and method, the original first. Rows and their texts live in the arena; options are borrowed.
 * FTDN_ERR_ARG, FTDN_ERR_INPUT: the network or its weights cannot be opened. */
FTDN_NODISCARD ftdn_status ftdn_bench_overhead(const ftdn_overhead_options *options, ftdn_arena *arena,
                                               const ftdn_latency **ret_latency, int *ret_n, ftdn_error *err);

/* The conditions and both tables; or all of it as one JSON object. */
void ftdn_overhead_write_table(const ftdn_bench_conditions *conditions, const ftdn_latency *latency, int n_latencies,
                               ftdn_text *text);
void ftdn_overhead_write_json(const ftdn_bench_conditions *conditions, const ftdn_latency *latency, int n_latencies,
                              ftdn_text *text);

#endif
