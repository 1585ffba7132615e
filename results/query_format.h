/* query_format.h - the rows of a statement as a table, CSV, JSON, Markdown, LaTeX. */
#ifndef FTDN_RESULTS_QUERY_FORMAT_H
#define FTDN_RESULTS_QUERY_FORMAT_H

#include <sqlite3.h>

#include "base/text.h"
#include "results/query_rows.h"

#define FTDN_QUERY_MAX_COLUMNS 256

/* The columns of a statement that are shown, in their order. */
typedef struct ftdn_query_columns {
    int n_columns;
    int index[FTDN_QUERY_MAX_COLUMNS]; /* [n_columns], of the statement's columns */
    int most_width;                    /* of a line of FTDN_FORMAT_TEXT; 0: any */
} ftdn_query_columns;

/* names: "a,b"; NULL: all. FTDN_ERR_ARG: a name that the statement does not have (with the nearest), or too many. */
FTDN_NODISCARD ftdn_status ftdn_query_columns_choose(sqlite3_stmt *statement, const char *names,
                                                     ftdn_query_columns *ret_columns, ftdn_error *err);

/* Run a prepared statement to its end and append its rows to text. listener may be NULL. *ret_code: SQLITE_DONE, or the
 * SQLite code it stopped with. FTDN_ERR_MEMORY where the rows do not fit into memory, or what the listener says. */
FTDN_NODISCARD ftdn_status ftdn_query_format_rows(sqlite3_stmt *statement, const ftdn_query_columns *columns,
                                                  ftdn_format format, const ftdn_query_listener *listener,
                                                  ftdn_text *text, int *ret_code, ftdn_error *err);

/* The same as a table of text, of Markdown or of LaTeX, without the check of text (query_table.c). */
FTDN_NODISCARD ftdn_status ftdn_query_format_table(sqlite3_stmt *statement, const ftdn_query_columns *columns,
                                                   ftdn_format format, const ftdn_query_listener *listener,
                                                   ftdn_text *text, int *ret_code, ftdn_error *err);

/* The same as values (query_rows.c), all but the name of the query. FTDN_ERR_MEMORY. */
FTDN_NODISCARD ftdn_status ftdn_query_read_rows(sqlite3_stmt *statement, const ftdn_query_columns *columns,
                                                int most_rows, ftdn_arena *arena, ftdn_rows *ret_rows, int *ret_code,
                                                ftdn_error *err);

/* Show the listener, if there is one, what there is. */
FTDN_NODISCARD ftdn_status ftdn_query_tell(const ftdn_query_listener *listener, const ftdn_text *text, ftdn_error *err);

/* X'0AFF'. */
void ftdn_query_append_blob(ftdn_text *text, sqlite3_stmt *statement, int column);

#endif
