/* merge.h - several stores made one, such as the shards of a campaign. */
#ifndef FTDN_RESULTS_MERGE_H
#define FTDN_RESULTS_MERGE_H

#include "base/arena.h"
#include "results/store.h"

typedef struct ftdn_merge_summary {
    int n_trials;   /* in the merged store */
    int n_repeated; /* results that an earlier input has too, equal bit for bit */
} ftdn_merge_summary;

/* Verify every input (paths, [n_inputs]) and write all that they hold to `out`, which appears whole or not at all.
 * Where `out` exists, it is the first input, and replaced. Of a trial that several inputs have finished, the first
 * one's attempt stays. FTDN_ERR_STORE: an input is damaged or is being written; or two results of one trial differ,
 * which the message shows with both provenances; nothing is written then. */
FTDN_NODISCARD ftdn_status ftdn_store_merge(const char *out, const char *const *input, int n_inputs, ftdn_arena *arena,
                                            ftdn_merge_summary *ret_summary, ftdn_error *err);

#endif
