/* digests.h - what vouches for stored rows: SHA-256 over their values as they are read back.
 *
 * A digest goes over types and bits of all values, row by row in an order that the content alone determines; keys of
 * the file (rowids) are not among them, so that it is the same in any file. */
#ifndef FTDN_RESULTS_DIGESTS_H
#define FTDN_RESULTS_DIGESTS_H

#include "base/sha256.h"
#include "results/store_internal.h"

/* What a trial has in one table: a SELECT of its rows (?1: the trial's key) in an order that their content
 * determines. */
typedef struct ftdn_trial_part {
    const char *table, *sql;
} ftdn_trial_part;

/* All that is a function of the trial's spec alone (the invariant I1): [*ret_n], the trial itself first. What
 * weights and images are called is not among it. */
const ftdn_trial_part *ftdn_result_parts(int *ret_n);

typedef struct ftdn_trial_digests {
    char result[FTDN_SHA256_HEX]; /* of the result parts */
    char
        provenance[FTDN_SHA256_HEX]; /* of attempt (confirmed excepted), timings, names of weights and images, campaign,
                                         run, environment */
} ftdn_trial_digests;

/* trial: its key. */
FTDN_NODISCARD ftdn_status ftdn_trial_digests_compute(ftdn_store *store, int64_t trial, const char *doing,
                                                      ftdn_trial_digests *ret_digests, ftdn_error *err);

/* Compute a trial's digests and keep them, in an open transaction. */
FTDN_NODISCARD ftdn_status ftdn_trial_digests_write(ftdn_store *store, int64_t trial, const char *doing,
                                                    ftdn_error *err);

/* The digests that were kept when the trial was written; empty texts where there are none. */
FTDN_NODISCARD ftdn_status ftdn_trial_digests_read(ftdn_store *store, int64_t trial, const char *doing,
                                                   ftdn_trial_digests *ret_digests, ftdn_error *err);

/* Of a golden canary: of its other columns. */
FTDN_NODISCARD ftdn_status ftdn_canary_digest_compute(const ftdn_store *store, const char *key, const char *doing,
                                                      char ret_digest[FTDN_SHA256_HEX], ftdn_error *err);

/* Of the scores of one layer, and of all that determines them. */
FTDN_NODISCARD ftdn_status ftdn_score_digest_compute(const ftdn_store *store, int64_t ranking, const char *layer,
                                                     const char *doing, char ret_digest[FTDN_SHA256_HEX],
                                                     ftdn_error *err);

/* Compute it and keep it, in an open transaction. */
FTDN_NODISCARD ftdn_status ftdn_score_digest_write(const ftdn_store *store, int64_t ranking, const char *layer,
                                                   const char *doing, ftdn_error *err);

/* Write the digests of all layers that have scores and no digest yet, inside an open transaction. */
FTDN_NODISCARD ftdn_status ftdn_scores_seal(ftdn_store *store, const char *doing, ftdn_error *err);

#endif
