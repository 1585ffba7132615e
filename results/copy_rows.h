/* copy_rows.h - rows of one store into another one, whose keys are others: for merge and repair.
 *
 * A row that the other store has already stays as it is. All is done inside a transaction of the store that is written.
 * What a row refers to (environment, campaign, run, ranking) is found there by its content. */
#ifndef FTDN_RESULTS_COPY_ROWS_H
#define FTDN_RESULTS_COPY_ROWS_H

#include "results/statement.h"

typedef enum ftdn_copied_kind {
    FTDN_COPIED_NONE,
    FTDN_COPIED_ENVIRONMENT,
    FTDN_COPIED_CAMPAIGN,
    FTDN_COPIED_RUN,
    FTDN_COPIED_RANKING,
    FTDN_COPIED_KINDS,
} ftdn_copied_kind;

/* Which key there a key here has become. */
typedef struct ftdn_key_map {
    int64_t (*pair)[2]; /* [capacity]: here, there */
    int n, capacity;
} ftdn_key_map;

typedef struct ftdn_row_copier {
    ftdn_store *from, *to;
    ftdn_arena *arena; /* of the maps */
    bool salvages;     /* leave out rows that cannot be read or written, and count them; and all channel scores */
    int n_left_out;
    ftdn_key_map map[FTDN_COPIED_KINDS];
} ftdn_row_copier;

/* All rows that belong to no finished trial: environments, campaigns, runs, what is planned, attempts that are not
 * done, golden canaries, channel scores, latencies. FTDN_ERR_STORE: a canary or a score differs from the one there,
 * or a row cannot be read (unless the copier salvages). */
FTDN_NODISCARD ftdn_status ftdn_copy_rows(ftdn_row_copier *copier, ftdn_error *err);

/* A finished trial (its key here) with its provenance; ftdn_copy_rows came first. */
FTDN_NODISCARD ftdn_status ftdn_copy_trial(ftdn_row_copier *copier, int64_t trial, ftdn_arena *arena, ftdn_error *err);

#endif
