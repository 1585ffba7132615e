/* statement.h - one SQL statement over an open store: values in, rows out, the first failure kept to the end.
 *
 *     ftdn_statement_prepare    the text, with ? where values go
 *     ftdn_statement_bind_*     the values, from left to right
 *     ftdn_statement_run        for a statement without rows; or, for one with rows,
 *     ftdn_statement_next       until it says no, reading each row's columns in between
 *     ftdn_statement_finish     what went wrong, if anything did
 *
 * After a failure all calls but the last do nothing. After run, and after the last row, it can be bound anew.
 * The store keeps prepared statements: the same text prepared again costs next to nothing. */
#ifndef FTDN_RESULTS_STATEMENT_H
#define FTDN_RESULTS_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "results/store_internal.h"

typedef struct ftdn_statement {
    const ftdn_store *store;
    sqlite3_stmt *handle;
    ftdn_kept_statement *place; /* where the store keeps it; NULL: nowhere, it is finalized at the end */
    int n_bound;
    int code; /* SQLITE_OK so far, or what went wrong */
} ftdn_statement;

void ftdn_statement_prepare(ftdn_statement *statement, const ftdn_store *store, const char *sql);

void ftdn_statement_bind_text(ftdn_statement *statement, const char *text); /* must live until the run; NULL is NULL */
void ftdn_statement_bind_real(ftdn_statement *statement, double value);     /* NaN is stored as NULL */
void ftdn_statement_bind_integer(ftdn_statement *statement, int64_t value);
void ftdn_statement_bind_null(ftdn_statement *statement);
void ftdn_statement_bind_column(ftdn_statement *statement, const ftdn_statement *row, int column); /* of another one */

void ftdn_statement_run(ftdn_statement *statement);
bool ftdn_statement_next(ftdn_statement *statement);

/* The value of a column of the row; a real is NaN where it is NULL. A text is copied into the arena, NULL where it
 * is NULL (FTDN_ERR_MEMORY: the copy was refused, kept to the end too). */
int64_t ftdn_statement_integer(const ftdn_statement *statement, int column);
double ftdn_statement_real(const ftdn_statement *statement, int column);
const char *ftdn_statement_text(ftdn_statement *statement, int column, ftdn_arena *arena);

/* Give the row up early: the statement can be bound anew. */
void ftdn_statement_stop(ftdn_statement *statement);

/* Call it in any case. doing: for the message, as in ftdn_store_fail. */
FTDN_NODISCARD ftdn_status ftdn_statement_finish(ftdn_statement *statement, const char *doing, ftdn_error *err);

/* Finish a statement that gives one integer: *ret_integer is that of its first row, 0 where it has no row. */
FTDN_NODISCARD ftdn_status ftdn_statement_finish_integer(ftdn_statement *statement, const char *doing,
                                                         int64_t *ret_integer, ftdn_error *err);

/* Finalize all that is kept; none may be in use. */
void ftdn_statement_cache_clear(ftdn_statement_cache *cache);

#endif
