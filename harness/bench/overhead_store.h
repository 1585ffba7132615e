/* overhead_store.h - measurements of what protections cost, into the store that keeps them. */
#ifndef FTDN_HARNESS_BENCH_OVERHEAD_STORE_H
#define FTDN_HARNESS_BENCH_OVERHEAD_STORE_H

#include "results/latencies.h"

/* Open the store for writing, made where it is not there, and close it: one that cannot be written is found out before
 * minutes are spent on measuring. */
FTDN_NODISCARD ftdn_status ftdn_overhead_store_check(const char *db, ftdn_error *err);

/* Add the rows of one run, with the environment of this process. measured_at: as ftdn_store_append_latencies. */
FTDN_NODISCARD ftdn_status ftdn_overhead_store_append(const char *db, const char *measured_at,
                                                      const ftdn_latency *latency, int n_latencies, ftdn_error *err);

#endif
