#include "results/statement.h"

#include <assert.h>

void ftdn_statement_prepare(ftdn_statement *statement, const ftdn_store *store, const char *sql)
{
    *statement = (ftdn_statement){.store = store};
    statement->code = sqlite3_prepare_v2(store->db, sql, -1, &statement->handle, NULL);
}

void ftdn_statement_bind_text(ftdn_statement *statement, const char *text)
{
    if (statement->code != SQLITE_OK) return;
    statement->code = sqlite3_bind_text(statement->handle, ++statement->n_bound, text, -1, SQLITE_STATIC);
}

void ftdn_statement_bind_real(ftdn_statement *statement, double value)
{
    if (statement->code != SQLITE_OK) return;
    statement->code = sqlite3_bind_double(statement->handle, ++statement->n_bound, value);
}

void ftdn_statement_bind_integer(ftdn_statement *statement, int64_t value)
{
    if (statement->code != SQLITE_OK) return;
    statement->code = sqlite3_bind_int64(statement->handle, ++statement->n_bound, value);
}

bool ftdn_statement_next(ftdn_statement *statement)
{
    if (statement->code != SQLITE_OK) return false;
    assert(statement->n_bound == sqlite3_bind_parameter_count(statement->handle));
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW) return true;
    statement->code = code == SQLITE_DONE ? sqlite3_reset(statement->handle) : code;
    statement->n_bound = 0;
    return false;
}

void ftdn_statement_run(ftdn_statement *statement)
{
    bool has_row = ftdn_statement_next(statement);
    assert(!has_row);
    (void)has_row;
}

ftdn_status ftdn_statement_finish(ftdn_statement *statement, const char *doing, ftdn_error *err)
{
    ftdn_status status = statement->code == SQLITE_OK ? FTDN_OK : ftdn_store_fail(statement->store, doing, err);
    sqlite3_finalize(statement->handle);
    return status;
}
