#include "results/query_format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "results/cell_text.h"

#define ROWS_BETWEEN_TELLING 64

/* Find the column whose name are the first n_chars of `name`. */
static ftdn_status find_column(sqlite3_stmt *statement, const char *name, size_t n_chars, int *ret_index,
                               ftdn_error *err)
{
    const char *known[FTDN_QUERY_MAX_COLUMNS];
    char wanted[64];
    int n_columns = sqlite3_column_count(statement);
    for (int i = 0; i < n_columns; i++) {
        known[i] = sqlite3_column_name(statement, i);
        if (!known[i]) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory while reading the names of columns");
        if (strlen(known[i]) != n_chars || memcmp(known[i], name, n_chars) != 0) continue;
        *ret_index = i;
        return FTDN_OK;
    }
    snprintf(wanted, sizeof wanted, "%.*s", (int)n_chars, name);
    const char *nearest = ftdn_suggest(wanted, known, n_columns);
    if (nearest)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "the answer has no column '%s'; did you mean '%s'?", wanted, nearest);
    ftdn_text names;
    ftdn_text_init(&names);
    for (int i = 0; i < n_columns; i++) ftdn_text_append(&names, "%s%s", i ? ", " : "", known[i]);
    ftdn_status status = ftdn_text_check(&names, err);
    if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "the answer has no column '%s'; it has %s", wanted, names.chars);
    ftdn_text_done(&names);
    return status;
}

ftdn_status ftdn_query_columns_choose(sqlite3_stmt *statement, const char *names, ftdn_query_columns *ret_columns,
                                      ftdn_error *err)
{
    ftdn_query_columns columns = {0};
    if (sqlite3_column_count(statement) > FTDN_QUERY_MAX_COLUMNS)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "the answer has %d columns; at most %d are printed",
                         sqlite3_column_count(statement), FTDN_QUERY_MAX_COLUMNS);
    for (int i = 0; !names && i < sqlite3_column_count(statement); i++) columns.index[columns.n_columns++] = i;
    while (names) {
        size_t n_chars = strcspn(names, ",");
        if (columns.n_columns == FTDN_QUERY_MAX_COLUMNS)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "more than %d columns are asked for", FTDN_QUERY_MAX_COLUMNS);
        FTDN_TRY(find_column(statement, names, n_chars, &columns.index[columns.n_columns++], err));
        names = names[n_chars] ? names + n_chars + 1 : NULL;
    }
    *ret_columns = columns;
    return FTDN_OK;
}

ftdn_status ftdn_query_tell(const ftdn_query_listener *listener, const ftdn_text *text, ftdn_error *err)
{
    return listener && !text->failed ? listener->hear(listener->user, text, err) : FTDN_OK;
}

void ftdn_query_append_blob(ftdn_text *text, sqlite3_stmt *statement, int column)
{
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    int n_bytes = sqlite3_column_bytes(statement, column);
    ftdn_text_append(text, "X'");
    for (int i = 0; i < n_bytes; i++) ftdn_text_append(text, "%02X", bytes[i]);
    ftdn_text_append(text, "'");
}

static void append_real(ftdn_text *text, double value)
{
    if (isfinite(value)) ftdn_text_append_json_number(text, value);
    else ftdn_text_append(text, value > 0 ? "inf" : "-inf");
}

static void append_csv_value(ftdn_text *text, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return;
    case SQLITE_INTEGER: ftdn_text_append(text, "%lld", (long long)sqlite3_column_int64(statement, column)); return;
    case SQLITE_FLOAT: append_real(text, sqlite3_column_double(statement, column)); return;
    case SQLITE_BLOB: ftdn_query_append_blob(text, statement, column); return;
    default: break;
    }
    const char *chars = (const char *)sqlite3_column_text(statement, column);
    if (!chars) text->failed = true;
    else ftdn_text_append_csv(text, chars, (size_t)sqlite3_column_bytes(statement, column));
}

static ftdn_status format_csv(sqlite3_stmt *statement, const ftdn_query_columns *columns,
                              const ftdn_query_listener *listener, ftdn_text *text, int *ret_code, ftdn_error *err)
{
    for (int i = 0; i < columns->n_columns; i++) {
        const char *name = sqlite3_column_name(statement, columns->index[i]);
        if (i) ftdn_text_append_bytes(text, ",", 1);
        if (!name) text->failed = true;
        else ftdn_text_append_csv(text, name, strlen(name));
    }
    ftdn_text_append_bytes(text, "\n", 1);
    for (int n_rows = 0;; n_rows++) {
        if (n_rows % ROWS_BETWEEN_TELLING == 0) FTDN_TRY(ftdn_query_tell(listener, text, err));
        *ret_code = sqlite3_step(statement);
        if (*ret_code != SQLITE_ROW || text->failed) return FTDN_OK;
        for (int i = 0; i < columns->n_columns; i++) {
            if (i) ftdn_text_append_bytes(text, ",", 1);
            append_csv_value(text, statement, columns->index[i]);
        }
        ftdn_text_append_bytes(text, "\n", 1);
    }
}

/* scratch is emptied and used for the text as valid UTF-8. */
static void append_json_text(ftdn_text *text, ftdn_text *scratch, const char *chars, size_t n_chars)
{
    scratch->n_chars = 0;
    ftdn_cell_text_append(scratch, chars, n_chars, false);
    ftdn_text_append_bytes(scratch, "", 0);
    if (scratch->failed) text->failed = true;
    else ftdn_text_append_json_string(text, scratch->chars);
}

static void append_json_value(ftdn_text *text, ftdn_text *scratch, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: ftdn_text_append(text, "null"); return;
    case SQLITE_INTEGER: ftdn_text_append(text, "%lld", (long long)sqlite3_column_int64(statement, column)); return;
    case SQLITE_FLOAT: ftdn_text_append_json_number(text, sqlite3_column_double(statement, column)); return;
    case SQLITE_BLOB:
        ftdn_text_append_bytes(text, "\"", 1);
        ftdn_query_append_blob(text, statement, column);
        ftdn_text_append_bytes(text, "\"", 1);
        return;
    default: break;
    }
    const char *chars = (const char *)sqlite3_column_text(statement, column);
    if (!chars) text->failed = true;
    else append_json_text(text, scratch, chars, (size_t)sqlite3_column_bytes(statement, column));
}

static void append_json_row(ftdn_text *text, ftdn_text *scratch, sqlite3_stmt *statement,
                            const ftdn_query_columns *columns)
{
    for (int i = 0; i < columns->n_columns; i++) {
        const char *name = sqlite3_column_name(statement, columns->index[i]);
        ftdn_text_append_bytes(text, i ? "," : "{", 1);
        if (!name) text->failed = true;
        else append_json_text(text, scratch, name, strlen(name));
        ftdn_text_append_bytes(text, ":", 1);
        append_json_value(text, scratch, statement, columns->index[i]);
    }
    ftdn_text_append_bytes(text, "}", 1);
}

static ftdn_status format_json(sqlite3_stmt *statement, const ftdn_query_columns *columns,
                               const ftdn_query_listener *listener, ftdn_text *text, int *ret_code, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    ftdn_text scratch;
    ftdn_text_init(&scratch);
    ftdn_text_append(text, "[");
    for (int n_rows = 0; status == FTDN_OK; n_rows++) {
        if (n_rows % ROWS_BETWEEN_TELLING == 0) status = ftdn_query_tell(listener, text, err);
        *ret_code = sqlite3_step(statement);
        if (*ret_code != SQLITE_ROW || text->failed) {
            ftdn_text_append(text, n_rows > 0 ? "\n]\n" : "]\n");
            break;
        }
        ftdn_text_append(text, n_rows > 0 ? ",\n" : "\n");
        append_json_row(text, &scratch, statement, columns);
    }
    ftdn_text_done(&scratch);
    return status;
}

ftdn_status ftdn_query_format_rows(sqlite3_stmt *statement, const ftdn_query_columns *columns, ftdn_format format,
                                   const ftdn_query_listener *listener, ftdn_text *text, int *ret_code, ftdn_error *err)
{
    switch (format) {
    case FTDN_FORMAT_CSV: FTDN_TRY(format_csv(statement, columns, listener, text, ret_code, err)); break;
    case FTDN_FORMAT_JSON: FTDN_TRY(format_json(statement, columns, listener, text, ret_code, err)); break;
    case FTDN_FORMAT_TEXT:
    case FTDN_FORMAT_MARKDOWN:
    case FTDN_FORMAT_LATEX:
        FTDN_TRY(ftdn_query_format_table(statement, columns, format, listener, text, ret_code, err));
        break;
    }
    return ftdn_text_check(text, err);
}
