/* inserter.h - rows on their way into a table of the store; for the .c files of results/. */
#ifndef FTDN_RESULTS_INSERTER_H
#define FTDN_RESULTS_INSERTER_H

#include <assert.h>
#include <stdint.h>

#include "results/store_internal.h"

/* One INSERT, run once per row. Values are bound from left to right; the first failure is kept in `code`. */
typedef struct inserter {
    ftdn_store *store;
    sqlite3_stmt *statement;
    int n_bound;
    int code; /* SQLITE_OK so far, or what went wrong */
} inserter;

static inline void prepare(inserter *row, ftdn_store *store, const char *sql)
{
    *row = (inserter){.store = store};
    row->code = sqlite3_prepare_v2(store->db, sql, -1, &row->statement, NULL);
}

/* NULL is stored as NULL. The text must live until the row is inserted. */
static inline void bind_text(inserter *row, const char *text)
{
    if (row->code == SQLITE_OK) row->code = sqlite3_bind_text(row->statement, ++row->n_bound, text, -1, SQLITE_STATIC);
}

/* NaN is stored as NULL. */
static inline void bind_real(inserter *row, double value)
{
    if (row->code == SQLITE_OK) row->code = sqlite3_bind_double(row->statement, ++row->n_bound, value);
}

static inline void bind_integer(inserter *row, int64_t value)
{
    if (row->code == SQLITE_OK) row->code = sqlite3_bind_int64(row->statement, ++row->n_bound, value);
}

/* The next row starts with its first value. */
static inline void insert(inserter *row)
{
    if (row->code != SQLITE_OK) return;
    assert(row->n_bound == sqlite3_bind_parameter_count(row->statement));
    int code = sqlite3_step(row->statement);
    if (code != SQLITE_DONE) row->code = code;
    else row->code = sqlite3_reset(row->statement);
    row->n_bound = 0;
}

/* The end of all rows. doing: "writing trial 1a2b". */
static inline ftdn_status finish(inserter *row, const char *doing, ftdn_error *err)
{
    ftdn_status status = row->code == SQLITE_OK ? FTDN_OK : ftdn_store_fail(row->store, doing, err);
    sqlite3_finalize(row->statement);
    return status;
}

#endif
