#include "results/store_dump.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "results/digests.h"
#include "results/statement.h"

static const char doing[] = "writing the dump";

/* Reals to the last bit. */
static void append_value(ftdn_text *text, sqlite3_stmt *row, int column)
{
    const char *chars;
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: ftdn_text_append(text, "null"); return;
    case SQLITE_INTEGER: ftdn_text_append(text, "%lld", (long long)sqlite3_column_int64(row, column)); return;
    case SQLITE_FLOAT: ftdn_text_append_json_number(text, sqlite3_column_double(row, column)); return;
    default: break;
    }
    chars = (const char *)sqlite3_column_text(row, column);
    if (chars) ftdn_text_append_json_string(text, chars);
    else text->failed = true;
}

static void append_row(ftdn_text *text, const char *table, sqlite3_stmt *row)
{
    int n_columns = sqlite3_column_count(row);
    ftdn_text_append(text, "{\"table\":\"%s\"", table);
    for (int i = 0; i < n_columns; i++) {
        ftdn_text_append(text, ",\"%s\":", sqlite3_column_name(row, i));
        append_value(text, row, i);
    }
    ftdn_text_append(text, "}\n");
}

static ftdn_status append_trial(ftdn_store *store, int64_t trial, ftdn_text *text, ftdn_error *err)
{
    int n_parts;
    const ftdn_trial_part *part = ftdn_result_parts(&n_parts);
    for (int i = 0; i < n_parts; i++) {
        ftdn_statement row;
        ftdn_statement_prepare(&row, store, part[i].sql);
        ftdn_statement_bind_integer(&row, trial);
        while (ftdn_statement_next(&row)) append_row(text, part[i].table, row.handle);
        FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    }
    return ftdn_text_check(text, err);
}

static ftdn_status write_trials(ftdn_store *store, FILE *out, ftdn_text *text, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, store, "SELECT key FROM trials ORDER BY id");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        text->n_chars = 0;
        status = append_trial(store, ftdn_statement_integer(&row, 0), text, err);
        if (status == FTDN_OK && fwrite(text->chars, 1, text->n_chars, out) != text->n_chars)
            status = ftdn_file_fail_write(doing, err);
    }
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    if (status == FTDN_OK) status = read_status;
    if (status == FTDN_OK && fflush(out) != 0) status = ftdn_file_fail_write(doing, err);
    return status;
}

ftdn_status ftdn_store_dump(ftdn_store *store, FILE *out, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status status = ftdn_store_execute(store, "BEGIN", doing, err);
    if (status == FTDN_OK) status = write_trials(store, out, &text, err);
    ftdn_store_roll_back(store);
    ftdn_text_done(&text);
    return status;
}
