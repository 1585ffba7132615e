/* query.h - questions to a store: a named query or a user's own SELECT, printed as a table, CSV or JSON. */
#ifndef FTDN_RESULTS_QUERY_H
#define FTDN_RESULTS_QUERY_H

#include <stdio.h>

#include "base/status.h"
#include "results/store.h"

typedef enum ftdn_query_format {
    FTDN_QUERY_TABLE, /* aligned columns, a header, NULL as "-"; control characters are shown as \n, \x1b, ... */
    FTDN_QUERY_CSV,   /* quoted as in RFC 4180, lines end with \n, a header; NULL as nothing, an empty text as "" */
    FTDN_QUERY_JSON,  /* an array of objects, one per line */
} ftdn_query_format;

/* SQL over a row of v_trials: what of its protection is not as usual and stands in no column of a short table, as
 * "filter", "global", "at conv", "boxes", "copies clean"; NULL where all is as usual. */
#define FTDN_QUERY_VARIANT                                                                                             \
    "nullif(ltrim(iif(direction <> 'outgoing', ' ' || direction, '') || "                                              \
    "iif(allocation <> 'uniform', ' ' || allocation, '') || "                                                          \
    "iif(merge_point <> feature_map_point, ' at ' || merge_point, '') || "                                             \
    "iif(combine <> 'scores', ' ' || combine, '') || "                                                                 \
    "iif(ratio IS NOT NULL AND copies <> 'independent', ' copies ' || copies, '')), '')"

typedef struct ftdn_named_query {
    const char *name, *help, *sql;
} ftdn_named_query;

/* The named queries: [*ret_n]. The views of schema.sql are among them by their own names. */
const ftdn_named_query *ftdn_named_queries(int *ret_n);

/* question: a named query, or one SQL statement that only reads. Reals are printed as the shortest
 * decimal that reads back the same; in a table as %.4f, or %.4g where that would hide a small number.
 * The rows are collected first and then written: nothing is printed on failure, and a reader that
 * takes its time with `out` (a pager) does not hold up a run that writes the store.
 * FTDN_ERR_STORE holds SQLite's message, or a hint at the named queries; a statement that would write
 * or reach outside the store is refused. FTDN_ERR_INPUT where `out` cannot be written. */
FTDN_NODISCARD ftdn_status ftdn_query_print(ftdn_store *store, const char *question, ftdn_query_format format,
                                            FILE *out, ftdn_error *err);

#endif
