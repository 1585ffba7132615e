#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "results/query.h"
#include "results/query_glossary.h"
#include "results/sql_functions.h"
#include "results/store_internal.h"

static void append_parameters(const ftdn_named_query *query, ftdn_text *text)
{
    ftdn_table table;
    if (!query->parameter[0].name) return;
    ftdn_table_init(&table, 3);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "parameter");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "initially");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "is");
    for (int i = 0; i < FTDN_QUERY_MAX_PARAMETERS && query->parameter[i].name; i++) {
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", query->parameter[i].name);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", query->parameter[i].initial);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", query->parameter[i].help);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
    ftdn_text_append(text, "\nftdn query DB %s --set %s=VALUE\n\n", query->name, query->parameter[0].name);
}

/* The columns as the statement itself has them, so that none can be forgotten. */
static void append_columns(const ftdn_named_query *query, sqlite3_stmt *statement, ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "column");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "is");
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i);
        const ftdn_glossary_entry *entry = name ? ftdn_glossary_find(query->name, name) : NULL;
        if (!name) table.failed = true;
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", name ? name : "");
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", entry ? entry->help : "");
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

/* No store is needed: the query is read against an empty one in memory. */
ftdn_status ftdn_query_explain(const char *name, ftdn_text *text, ftdn_error *err)
{
    const ftdn_named_query *query = NULL;
    FTDN_TRY(ftdn_named_query_find(name, &query, err));
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = ftdn_sql_functions_register(db);
    if (code == SQLITE_OK) code = sqlite3_exec(db, (const char *)ftdn_store_schema, NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(db, query->sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        ftdn_text_append(text, "%s: %s\n\n", query->name, query->help);
        append_parameters(query, text);
        append_columns(query, statement, text);
    }
    ftdn_status status = FTDN_OK;
    if (code != SQLITE_OK)
        status = FTDN_FAIL(err, code == SQLITE_NOMEM ? FTDN_ERR_MEMORY : FTDN_ERR_STORE, "reading the query %s: %s",
                           name, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return status;
}
