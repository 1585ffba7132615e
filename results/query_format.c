#include "results/query_format.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/table.h"
#include "results/cell_text.h"

static void append_blob(ftdn_text *text, sqlite3_stmt *statement, int column)
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

/* Quotes where RFC 4180 asks for them. An empty text is quoted too, so that it differs from NULL. */
static void append_csv_text(ftdn_text *text, const char *chars, size_t n_chars)
{
    bool is_plain = n_chars > 0;
    for (size_t i = 0; i < n_chars && is_plain; i++)
        is_plain = chars[i] != ',' && chars[i] != '"' && chars[i] != '\n' && chars[i] != '\r';
    if (is_plain) {
        ftdn_text_append_bytes(text, chars, n_chars);
        return;
    }
    ftdn_text_append_bytes(text, "\"", 1);
    for (size_t i = 0; i < n_chars; i++) {
        if (chars[i] == '"') ftdn_text_append_bytes(text, "\"", 1);
        ftdn_text_append_bytes(text, chars + i, 1);
    }
    ftdn_text_append_bytes(text, "\"", 1);
}

static void append_csv_value(ftdn_text *text, sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return;
    case SQLITE_INTEGER: ftdn_text_append(text, "%lld", (long long)sqlite3_column_int64(statement, column)); return;
    case SQLITE_FLOAT: append_real(text, sqlite3_column_double(statement, column)); return;
    case SQLITE_BLOB: append_blob(text, statement, column); return;
    default: break;
    }
    const char *chars = (const char *)sqlite3_column_text(statement, column);
    if (!chars) text->failed = true;
    else append_csv_text(text, chars, (size_t)sqlite3_column_bytes(statement, column));
}

static int format_csv(sqlite3_stmt *statement, ftdn_text *text)
{
    int n_columns = sqlite3_column_count(statement), code;
    for (int i = 0; i < n_columns; i++) {
        const char *name = sqlite3_column_name(statement, i);
        if (i) ftdn_text_append_bytes(text, ",", 1);
        if (!name) text->failed = true;
        else append_csv_text(text, name, strlen(name));
    }
    ftdn_text_append_bytes(text, "\n", 1);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && !text->failed) {
        for (int i = 0; i < n_columns; i++) {
            if (i) ftdn_text_append_bytes(text, ",", 1);
            append_csv_value(text, statement, i);
        }
        ftdn_text_append_bytes(text, "\n", 1);
    }
    return code;
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
        append_blob(text, statement, column);
        ftdn_text_append_bytes(text, "\"", 1);
        return;
    default: break;
    }
    const char *chars = (const char *)sqlite3_column_text(statement, column);
    if (!chars) text->failed = true;
    else append_json_text(text, scratch, chars, (size_t)sqlite3_column_bytes(statement, column));
}

static int format_json(sqlite3_stmt *statement, ftdn_text *text)
{
    ftdn_text scratch;
    ftdn_text_init(&scratch);
    int n_columns = sqlite3_column_count(statement), code;
    bool is_first = true;
    ftdn_text_append(text, "[");
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && !text->failed) {
        ftdn_text_append(text, is_first ? "\n{" : ",\n{");
        is_first = false;
        for (int i = 0; i < n_columns; i++) {
            const char *name = sqlite3_column_name(statement, i);
            if (i) ftdn_text_append_bytes(text, ",", 1);
            if (!name) text->failed = true;
            else append_json_text(text, &scratch, name, strlen(name));
            ftdn_text_append_bytes(text, ":", 1);
            append_json_value(text, &scratch, statement, i);
        }
        ftdn_text_append_bytes(text, "}", 1);
    }
    ftdn_text_append(text, is_first ? "]\n" : "\n]\n");
    ftdn_text_done(&scratch);
    return code;
}

/* Four decimals are enough to read; a small rate must not become 0.0000, nor a huge number a long one. */
static void append_table_real(ftdn_text *text, double value)
{
    double magnitude = fabs(value);
    bool is_plain = value == 0 || (magnitude >= 1e-3 && magnitude < 1e9);
    ftdn_text_append(text, is_plain ? "%.4f" : "%.4g", value);
}

static void add_value(ftdn_table *table, sqlite3_stmt *statement, int index)
{
    ftdn_text *chars = &table->chars;
    ftdn_cell_kind kind = FTDN_CELL_TEXT;
    size_t start = chars->n_chars;
    int type = sqlite3_column_type(statement, index);
    switch (type) {
    case SQLITE_NULL:
        ftdn_text_append(chars, "-");
        kind = FTDN_CELL_MISSING;
        break;
    case SQLITE_INTEGER:
        ftdn_text_append(chars, "%lld", (long long)sqlite3_column_int64(statement, index));
        kind = FTDN_CELL_NUMBER;
        break;
    case SQLITE_FLOAT:
        append_table_real(chars, sqlite3_column_double(statement, index));
        kind = FTDN_CELL_NUMBER;
        break;
    case SQLITE_BLOB: append_blob(chars, statement, index); break;
    default: {
        const char *value = (const char *)sqlite3_column_text(statement, index);
        int width = 0;
        if (!value) table->failed = true;
        else width = ftdn_cell_text_append(chars, value, (size_t)sqlite3_column_bytes(statement, index), true);
        ftdn_table_end_cell(table, kind, width);
        return;
    }
    }
    ftdn_table_end_cell(table, kind, (int)(chars->n_chars - start));
}

static int format_table(sqlite3_stmt *statement, ftdn_text *text)
{
    ftdn_table table;
    int n_columns = sqlite3_column_count(statement), code = SQLITE_NOMEM;
    ftdn_table_init(&table, n_columns);
    for (int i = 0; i < n_columns; i++) {
        const char *name = sqlite3_column_name(statement, i);
        if (!name) goto done;
        ftdn_table_end_cell(&table, FTDN_CELL_TEXT, ftdn_cell_text_append(&table.chars, name, strlen(name), true));
    }
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && !table.failed && !table.chars.failed)
        for (int i = 0; i < n_columns; i++) add_value(&table, statement, i);
    if (table.failed || table.chars.failed) text->failed = true;
    else if (code == SQLITE_DONE) ftdn_table_write(&table, text);
done:
    ftdn_table_done(&table);
    return code;
}

ftdn_status ftdn_query_format_rows(sqlite3_stmt *statement, ftdn_query_format format, ftdn_text *text, int *ret_code,
                                   ftdn_error *err)
{
    int code = SQLITE_DONE;
    switch (format) {
    case FTDN_QUERY_TABLE: code = format_table(statement, text); break;
    case FTDN_QUERY_CSV: code = format_csv(statement, text); break;
    case FTDN_QUERY_JSON: code = format_json(statement, text); break;
    }
    FTDN_TRY(ftdn_text_check(text, err));
    *ret_code = code;
    return FTDN_OK;
}
