/* query_format.h - the rows of a statement as a table, CSV or JSON. */
#ifndef FTDN_RESULTS_QUERY_FORMAT_H
#define FTDN_RESULTS_QUERY_FORMAT_H

#include <sqlite3.h>

#include "base/text.h"
#include "results/query.h"

/* Run a prepared statement to its end and append its rows to text. *ret_code: SQLITE_DONE, or the
 * SQLite code it stopped with. FTDN_ERR_MEMORY where the rows do not fit into memory. */
FTDN_NODISCARD ftdn_status ftdn_query_format_rows(sqlite3_stmt *statement, ftdn_query_format format, ftdn_text *text,
                                                  int *ret_code, ftdn_error *err);

#endif
