#include "results/statement.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* The place of a kept statement with this text that is free; NULL where there is none. */
static ftdn_kept_statement *find_kept(ftdn_statement_cache *cache, const char *sql)
{
    for (int i = 0; i < FTDN_STORE_STATEMENTS; i++) {
        int at = (cache->next + i) % FTDN_STORE_STATEMENTS;
        ftdn_kept_statement *place = &cache->place[at];
        if (!place->handle || place->in_use || strcmp(sqlite3_sql(place->handle), sql) != 0) continue;
        cache->next = at + 1;
        return place;
    }
    return NULL;
}

/* A place for another statement: an empty one, or that of the statement kept for longest; NULL where all are in use. */
static ftdn_kept_statement *make_place(ftdn_statement_cache *cache)
{
    for (int i = 0; i < FTDN_STORE_STATEMENTS; i++)
        if (!cache->place[i].handle) return &cache->place[i];
    for (int i = 0; i < FTDN_STORE_STATEMENTS; i++) {
        ftdn_kept_statement *place = &cache->place[cache->evict];
        cache->evict = (cache->evict + 1) % FTDN_STORE_STATEMENTS;
        if (place->in_use) continue;
        sqlite3_finalize(place->handle);
        place->handle = NULL;
        return place;
    }
    return NULL;
}

void ftdn_statement_prepare(ftdn_statement *statement, const ftdn_store *store, const char *sql)
{
    *statement = (ftdn_statement){.store = store};
    statement->place = find_kept(store->statements, sql);
    if (statement->place) {
        statement->place->in_use = true;
        statement->handle = statement->place->handle;
        return;
    }
    statement->code = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
    if (statement->code != SQLITE_OK) return;
    statement->place = make_place(store->statements);
    if (statement->place) *statement->place = (ftdn_kept_statement){.handle = statement->handle, .in_use = true};
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

void ftdn_statement_bind_null(ftdn_statement *statement)
{
    if (statement->code != SQLITE_OK) return;
    statement->code = sqlite3_bind_null(statement->handle, ++statement->n_bound);
}

void ftdn_statement_bind_column(ftdn_statement *statement, const ftdn_statement *row, int column)
{
    if (statement->code != SQLITE_OK) return;
    statement->code =
        sqlite3_bind_value(statement->handle, ++statement->n_bound, sqlite3_column_value(row->handle, column));
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

int64_t ftdn_statement_integer(const ftdn_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

double ftdn_statement_real(const ftdn_statement *statement, int column)
{
    if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL) return NAN;
    return sqlite3_column_double(statement->handle, column);
}

const char *ftdn_statement_text(ftdn_statement *statement, int column, ftdn_arena *arena)
{
    if (statement->code != SQLITE_OK || sqlite3_column_type(statement->handle, column) == SQLITE_NULL) return NULL;
    const char *text = (const char *)sqlite3_column_text(statement->handle, column);
    size_t n_chars = (size_t)sqlite3_column_bytes(statement->handle, column);
    const char *copy = text ? ftdn_arena_copy_text(arena, text, n_chars, NULL) : NULL;
    if (!copy) statement->code = SQLITE_NOMEM;
    return copy;
}

void ftdn_statement_stop(ftdn_statement *statement)
{
    if (statement->code != SQLITE_OK) return;
    statement->code = sqlite3_reset(statement->handle);
    statement->n_bound = 0;
}

ftdn_status ftdn_statement_finish(ftdn_statement *statement, const char *doing, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    if (statement->code == SQLITE_NOMEM)
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while %s", statement->store->name, doing);
    else if (statement->code != SQLITE_OK) status = ftdn_store_fail(statement->store, doing, err);
    if (statement->place) {
        /* A failure was told above. The texts that were bound are the caller's and may go away. */
        (void)sqlite3_reset(statement->handle);
        (void)sqlite3_clear_bindings(statement->handle);
        statement->place->in_use = false;
    } else {
        sqlite3_finalize(statement->handle);
    }
    return status;
}

ftdn_status ftdn_statement_finish_integer(ftdn_statement *statement, const char *doing, int64_t *ret_integer,
                                          ftdn_error *err)
{
    int64_t integer = ftdn_statement_next(statement) ? ftdn_statement_integer(statement, 0) : 0;
    FTDN_TRY(ftdn_statement_finish(statement, doing, err));
    *ret_integer = integer;
    return FTDN_OK;
}

void ftdn_statement_cache_clear(ftdn_statement_cache *cache)
{
    for (int i = 0; i < FTDN_STORE_STATEMENTS; i++) {
        assert(!cache->place[i].in_use && "every statement is finished where it was prepared");
        sqlite3_finalize(cache->place[i].handle);
        cache->place[i].handle = NULL;
    }
}
