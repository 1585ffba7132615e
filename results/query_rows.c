#include "results/query_rows.h"

#include <math.h>
#include <string.h>

#include "results/query_format.h"

static const ftdn_row_value missing = {.kind = FTDN_ROW_MISSING, .number = (double)NAN, .string = ""};

static ftdn_status read_value(sqlite3_stmt *statement, int column, ftdn_arena *arena, ftdn_row_value *ret_value,
                              ftdn_error *err)
{
    ftdn_row_value value = missing;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        value.kind = FTDN_ROW_INTEGER;
        value.integer = sqlite3_column_int64(statement, column);
        value.number = (double)value.integer;
        break;
    case SQLITE_FLOAT:
        value.kind = FTDN_ROW_REAL;
        value.number = sqlite3_column_double(statement, column);
        break;
    case SQLITE_TEXT: {
        const char *chars = (const char *)sqlite3_column_text(statement, column);
        if (!chars) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory while reading an answer");
        value.kind = FTDN_ROW_STRING;
        value.string = ftdn_arena_copy_text(arena, chars, (size_t)sqlite3_column_bytes(statement, column), err);
        if (!value.string) return FTDN_ERR_MEMORY;
        break;
    }
    default: break;
    }
    *ret_value = value;
    return FTDN_OK;
}

static ftdn_status read_names(sqlite3_stmt *statement, const ftdn_query_columns *columns, ftdn_arena *arena,
                              ftdn_rows *rows, ftdn_error *err)
{
    const char **name = FTDN_NEW(arena, (size_t)columns->n_columns, const char *, err);
    if (!name) return FTDN_ERR_MEMORY;
    for (int i = 0; i < columns->n_columns; i++) {
        const char *chars = sqlite3_column_name(statement, columns->index[i]);
        name[i] = ftdn_arena_copy_text(arena, chars ? chars : "", chars ? strlen(chars) : 0, err);
        if (!name[i]) return FTDN_ERR_MEMORY;
    }
    rows->n_columns = columns->n_columns;
    rows->name = name;
    return FTDN_OK;
}

/* Rows lie one behind the other in an array that doubles when it is full. */
typedef struct growing_rows {
    ftdn_row_value *value;
    int n_rows, capacity;
} growing_rows;

static ftdn_status add_row(sqlite3_stmt *statement, const ftdn_query_columns *columns, ftdn_arena *arena,
                           growing_rows *rows, ftdn_error *err)
{
    size_t n_columns = (size_t)columns->n_columns;
    ftdn_row_value *value =
        ftdn_arena_grow(arena, rows->value, rows->n_rows, &rows->capacity, n_columns * sizeof *value, err);
    if (!value) return FTDN_ERR_MEMORY;
    rows->value = value;
    ftdn_row_value *row = rows->value + (size_t)rows->n_rows * n_columns;
    for (size_t i = 0; i < n_columns; i++) FTDN_TRY(read_value(statement, columns->index[i], arena, &row[i], err));
    rows->n_rows++;
    return FTDN_OK;
}

ftdn_status ftdn_query_read_rows(sqlite3_stmt *statement, const ftdn_query_columns *columns, int most_rows,
                                 ftdn_arena *arena, ftdn_rows *ret_rows, int *ret_code, ftdn_error *err)
{
    ftdn_rows rows = {0};
    growing_rows kept = {0};
    int code;
    FTDN_TRY(read_names(statement, columns, arena, &rows, err));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        if (rows.n_all++ < most_rows) FTDN_TRY(add_row(statement, columns, arena, &kept, err));
    rows.n_rows = kept.n_rows;
    rows.value = kept.value;
    *ret_rows = rows;
    *ret_code = code;
    return FTDN_OK;
}

int ftdn_rows_find_column(const ftdn_rows *rows, const char *name)
{
    for (int i = 0; i < rows->n_columns; i++)
        if (strcmp(rows->name[i], name) == 0) return i;
    return -1;
}

ftdn_row_value ftdn_rows_get(const ftdn_rows *rows, int row, const char *name)
{
    int column = ftdn_rows_find_column(rows, name);
    return column < 0 ? missing : rows->value[(size_t)row * (size_t)rows->n_columns + (size_t)column];
}
