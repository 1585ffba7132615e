/* latencies.h - what a protection costs: one row per network and method of a run of `ftdn bench overhead`.
 *
 * These are measurements of a machine, no results of trials: nothing is looked up before a run, and every run adds
 * rows. Those of one run have the same time of measurement. Scripts read them in the view v_overheads. */
#ifndef FTDN_RESULTS_LATENCIES_H
#define FTDN_RESULTS_LATENCIES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "results/store.h"

typedef struct ftdn_latency {
    const char *model;
    double width;        /* multiplier of the channels, as built */
    const char *weights; /* file name or "formula:0" */
    const char *weights_digest;
    const char *method;                /* of the protection; "none": the original network */
    const char *ranking, *merge;       /* NULL where the method has none */
    double ratio;                      /* NaN where the method has none: NULL in the store */
    const char *backend, *arithmetic;  /* "cpu"; "f32 direct avx512" */
    int n_threads, n_images;           /* images: different ones, in turn */
    int n_warmup, n_repeats;           /* passes of one image before the measurement, and in it */
    double median_s, q1_s, q3_s, min_s; /* of one image */
    double slowdown;                   /* median quotient with the original's pass of the same turn */
    /* What the protection adds, by the account of its graph (protectors/duplication.h). */
    int64_t weight_bytes, feature_map_bytes, map_bytes, macs;
    /* All that is held for the network: weights and copies; maps of one image, with no memory used twice and as they
     * share it. */
    int64_t allocated_weight_bytes, allocated_map_bytes, peak_map_bytes;
} ftdn_latency;

/* Add the rows of one run, all or none. measured_at: UTC, "2026-01-31T23:59:59Z". latency: [n_latencies]. */
FTDN_NODISCARD ftdn_status ftdn_store_append_latencies(ftdn_store *store, const char *measured_at,
                                                       const ftdn_latency *latency, int n_latencies,
                                                       int64_t environment, ftdn_error *err);

/* The last row of each network, method and ratio, in the order of their measurement. *ret_latency: [*ret_n_latencies];
 * lives in the arena. FTDN_ERR_STORE. */
FTDN_NODISCARD ftdn_status ftdn_store_list_latencies(ftdn_store *store, ftdn_arena *arena,
                                                     const ftdn_latency **ret_latency, int *ret_n_latencies,
                                                     ftdn_error *err);

#endif
