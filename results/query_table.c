#include "results/query_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/table.h"
#include "results/cell_text.h"
#include "results/query_glossary.h"

#define ROWS_IN_A_PIECE 2000 /* of a table that somebody waits for */

/* Four decimals are enough to read; a small rate must not become 0.0000, nor a huge number a long one. */
static void print_real(char *digits, size_t n_bytes, double value)
{
    double magnitude = fabs(value);
    bool is_plain = value == 0 || (magnitude >= 1e-3 && magnitude < 1e9);
    snprintf(digits, n_bytes, is_plain ? "%.4f" : "%.4g", value);
}

/* "-1.5e-05" as $-1.5 \times 10^{-5}$. */
static void append_latex_number(ftdn_text *text, const char *digits)
{
    const char *exponent = strchr(digits, 'e'), *infinite = strstr(digits, "inf");
    const char *sign = digits[0] == '-' ? "-" : "";
    if (!exponent && !infinite && !*sign) ftdn_text_append(text, "%s", digits);
    else if (infinite) ftdn_text_append(text, "$%s\\infty$", sign);
    else if (!exponent) ftdn_text_append(text, "$%s$", digits);
    else {
        int power = 0;
        sscanf(exponent + 1, "%d", &power);
        ftdn_text_append(text, "$%.*s \\times 10^{%d}$", (int)(exponent - digits), digits, power);
    }
}

/* A character that means something to Markdown or LaTeX as text that shows it; NULL: it may stand as it is. */
static const char *escape(char c, ftdn_format format)
{
    static const struct {
        char c;
        const char *markdown, *latex;
    } rows[] = {
        {'\\', "\\\\", "\\textbackslash{}"},
        {'|', "\\|", "\\textbar{}"},
        {'*', "\\*", NULL},
        {'`', "\\`", "\\textasciigrave{}"},
        {'[', "\\[", "{[}"}, /* behind a line's end, LaTeX would take it for the option of \\ */
        {']', "\\]", "{]}"},
        {'<', "\\<", "\\textless{}"},
        {'>', "\\>", "\\textgreater{}"},
        {'~', "\\~", "\\textasciitilde{}"},
        {'^', NULL, "\\textasciicircum{}"},
        {'_', NULL, "\\_"},
        {'&', "\\&", "\\&"},
        {'%', NULL, "\\%"},
        {'$', NULL, "\\$"},
        {'#', NULL, "\\#"},
        {'{', NULL, "\\{"},
        {'}', NULL, "\\}"},
        {'"', NULL, "\\textquotedbl{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].c == c) return format == FTDN_FORMAT_LATEX ? rows[i].latex : rows[i].markdown;
    return NULL;
}

/* Append a text as the format can bear it; the columns it takes. */
static int append_text(ftdn_text *text, ftdn_text *scratch, const char *bytes, size_t n_bytes, ftdn_format format)
{
    if (format == FTDN_FORMAT_TEXT) return ftdn_cell_text_append(text, bytes, n_bytes, true);
    scratch->n_chars = 0;
    int width = ftdn_cell_text_append(scratch, bytes, n_bytes, true);
    if (scratch->failed) text->failed = true;
    for (size_t i = 0; i < scratch->n_chars && !text->failed; i++) {
        const char *shown = escape(scratch->chars[i], format);
        if (shown) {
            ftdn_text_append_bytes(text, shown, strlen(shown));
            width += (int)strlen(shown) - 1;
        } else {
            ftdn_text_append_bytes(text, scratch->chars + i, 1);
        }
    }
    return width;
}

static void add_number(ftdn_table *table, const char *digits, ftdn_format format)
{
    if (format == FTDN_FORMAT_LATEX) append_latex_number(&table->chars, digits);
    else ftdn_text_append_bytes(&table->chars, digits, strlen(digits));
    ftdn_table_end_cell(table, FTDN_CELL_NUMBER, (int)strlen(digits));
}

static void add_value(ftdn_table *table, ftdn_text *scratch, sqlite3_stmt *statement, int index, ftdn_format format)
{
    ftdn_text *chars = &table->chars;
    char digits[64];
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_NULL:
        ftdn_text_append_bytes(chars, "--", format == FTDN_FORMAT_LATEX ? 2 : 1); /* "--" is LaTeX's dash */
        ftdn_table_end_cell(table, FTDN_CELL_MISSING, 1);
        return;
    case SQLITE_INTEGER:
        snprintf(digits, sizeof digits, "%lld", (long long)sqlite3_column_int64(statement, index));
        add_number(table, digits, format);
        return;
    case SQLITE_FLOAT:
        print_real(digits, sizeof digits, sqlite3_column_double(statement, index));
        add_number(table, digits, format);
        return;
    case SQLITE_BLOB: {
        size_t start = chars->n_chars;
        ftdn_query_append_blob(chars, statement, index);
        ftdn_table_end_cell(table, FTDN_CELL_TEXT, (int)(chars->n_chars - start));
        return;
    }
    default: break;
    }
    const char *value = (const char *)sqlite3_column_text(statement, index);
    int width = 0;
    if (!value) table->failed = true;
    else width = append_text(chars, scratch, value, (size_t)sqlite3_column_bytes(statement, index), format);
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, width);
}

/* A reader of a report sees the title of a column; a table on a terminal has the name that SQL knows. */
static void add_header(ftdn_table *table, ftdn_text *scratch, const char *name, ftdn_format format)
{
    const ftdn_glossary_entry *entry = format == FTDN_FORMAT_TEXT ? NULL : ftdn_glossary_find(NULL, name);
    const char *title = entry && entry->title ? entry->title : name;
    int width = append_text(&table->chars, scratch, title, strlen(title), format);
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, width);
}

ftdn_status ftdn_query_format_table(sqlite3_stmt *statement, const ftdn_query_columns *columns, ftdn_format format,
                                    const ftdn_query_listener *listener, ftdn_text *text, int *ret_code,
                                    ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    ftdn_table table;
    ftdn_text scratch;
    bool in_pieces = listener && format == FTDN_FORMAT_TEXT && columns->most_width == 0;
    ftdn_table_init(&table, columns->n_columns);
    if (format == FTDN_FORMAT_TEXT) table.most_width = columns->most_width;
    ftdn_text_init(&scratch);
    for (int i = 0; i < columns->n_columns; i++) {
        const char *name = sqlite3_column_name(statement, columns->index[i]);
        if (!name) table.failed = true;
        else add_header(&table, &scratch, name, format);
    }
    for (int n_rows = 1; status == FTDN_OK; n_rows++) {
        *ret_code = sqlite3_step(statement);
        if (*ret_code != SQLITE_ROW || table.failed || table.chars.failed || text->failed) break;
        for (int i = 0; i < columns->n_columns; i++) add_value(&table, &scratch, statement, columns->index[i], format);
        if (!in_pieces || n_rows % ROWS_IN_A_PIECE != 0) continue;
        ftdn_table_write(&table, text);
        ftdn_table_continue(&table);
        status = ftdn_query_tell(listener, text, err);
    }
    if (table.failed || table.chars.failed) text->failed = true;
    else if (status == FTDN_OK && *ret_code == SQLITE_DONE) ftdn_table_write_as(&table, format, text);
    ftdn_text_done(&scratch);
    ftdn_table_done(&table);
    return status;
}
