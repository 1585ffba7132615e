#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "results/query.h"
#include "results/query_format.h"
#include "results/store_internal.h"

static ftdn_status fail_no_column(sqlite3_stmt *trials, const char *name, ftdn_error *err)
{
    const char *known[FTDN_QUERY_MAX_COLUMNS];
    int n_columns = sqlite3_column_count(trials);
    ftdn_text names;
    ftdn_text_init(&names);
    for (int i = 0; i < n_columns; i++) {
        known[i] = sqlite3_column_name(trials, i);
        if (!known[i]) names.failed = true;
        else ftdn_text_append(&names, "%s%s", i ? ", " : "", known[i]);
    }
    ftdn_status status = ftdn_text_check(&names, err);
    const char *nearest = status == FTDN_OK ? ftdn_suggest(name, known, n_columns) : NULL;
    if (nearest) status = FTDN_FAIL(err, FTDN_ERR_ARG, "no such column: %s; did you mean '%s'?", name, nearest);
    else if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "no such column: %s (texts stand between quotes: '%s'); columns are %s",
                           name, name, names.chars);
    ftdn_text_done(&names);
    return status;
}

/* What SQLite says of the statement that could not be prepared. */
static ftdn_status fail_condition(ftdn_store *store, ftdn_error *err)
{
    static const char no_column[] = "no such column: ";
    const char *message = sqlite3_errmsg(store->db);
    char name[64];
    sqlite3_stmt *trials = NULL;
    if (strncmp(message, no_column, strlen(no_column)) != 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s (a condition is as in: weight_rate = 0.01 AND method = 'kr')", message);
    snprintf(name, sizeof name, "%s", message + strlen(no_column));
    if (sqlite3_prepare_v2(store->db, "SELECT * FROM v_trials", -1, &trials, NULL) != SQLITE_OK)
        return ftdn_store_fail(store, "reading the columns of v_trials", err);
    ftdn_status status = fail_no_column(trials, name, err);
    sqlite3_finalize(trials);
    return status;
}

ftdn_status ftdn_query_check_condition(ftdn_store *store, const char *condition, ftdn_error *err)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    ftdn_text sql;
    ftdn_text_init(&sql);
    /* Its own line: a comment in it ends there. */
    ftdn_text_append(&sql, "SELECT (\n%s\n) FROM v_trials", condition);
    ftdn_status status = ftdn_text_check(&sql, err);
    int code = status == FTDN_OK ? sqlite3_prepare_v2(store->db, sql.chars, -1, &statement, &tail) : SQLITE_OK;
    if (code == SQLITE_ERROR) status = fail_condition(store, err);
    else if (code != SQLITE_OK) status = ftdn_store_fail(store, "reading a condition", err);
    else if (status == FTDN_OK && (*tail || sqlite3_bind_parameter_count(statement) > 0))
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "a condition has no parameters, and nothing behind it");
    sqlite3_finalize(statement);
    ftdn_text_done(&sql);
    return status;
}
