#include "results/schema_check.h"

#include <stdio.h>
#include <string.h>

#include "results/statement.h"

/* A statement of schema.sql begins a line and ends in a semicolon, which SQLite does not keep. */
static bool is_statement(const char *sql)
{
    const char *at = (const char *)ftdn_store_schema;
    size_t n_chars = strlen(sql);
    while (n_chars > 0 && (at = strstr(at + 1, sql)))
        if (at[-1] == '\n' && at[n_chars] == ';') return true;
    return false;
}

static int count_statements(void)
{
    static const char beginning[] = "\nCREATE ";
    int n = 0;
    for (const char *at = (const char *)ftdn_store_schema; (at = strstr(at, beginning)); at++) n++;
    return n;
}

ftdn_status ftdn_schema_check(const ftdn_store *store, ftdn_schema_difference *ret_difference, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_schema_difference difference = {""};
    int n_made = 0, n_statements = count_statements();
    /* Kinds and names are those of the statements: SQLite sees to that. Indexes of constraints have no statement. */
    ftdn_statement_prepare(&row, store,
                           "SELECT ifnull(sql, ''), type || ' ''' || substr(name, 1, 100) || '''' FROM sqlite_schema "
                           "WHERE NOT (type = 'index' AND sql IS NULL) ORDER BY type, name");
    for (; !*difference.what && ftdn_statement_next(&row); n_made++) {
        const char *sql = (const char *)sqlite3_column_text(row.handle, 0),
                   *name = (const char *)sqlite3_column_text(row.handle, 1);
        if (!sql || !name) row.code = SQLITE_NOMEM;
        else if (!is_statement(sql))
            snprintf(difference.what, sizeof difference.what, "its %s is not one of this program", name);
    }
    FTDN_TRY(ftdn_statement_finish(&row, "reading its schema", err));
    if (!*difference.what && n_made != n_statements)
        snprintf(difference.what, sizeof difference.what, "it lacks %d of its %d tables, indexes, views and triggers",
                 n_statements - n_made, n_statements);
    *ret_difference = difference;
    return FTDN_OK;
}
