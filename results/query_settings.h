/* query_settings.h - the values of a question's parameters, from "name=value" to what its statement is bound to. */
#ifndef FTDN_RESULTS_QUERY_SETTINGS_H
#define FTDN_RESULTS_QUERY_SETTINGS_H

#include <sqlite3.h>

#include "results/query.h"

/* Bind all parameters of the statement to the question's settings, and the others to what the query begins with.
 * query: NULL where the question is a user's SQL, whose parameters must all be set; a value that reads as a number is
 * one then. Texts of the question are borrowed until the statement is finalized. FTDN_ERR_ARG: a setting without '=',
 * of no parameter, given twice, no number where one is wanted, or missing. */
FTDN_NODISCARD ftdn_status ftdn_query_bind(sqlite3_stmt *statement, const ftdn_named_query *query,
                                           const ftdn_question *question, ftdn_error *err);

#endif
