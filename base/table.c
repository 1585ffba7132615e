#include "base/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/size.h"

struct ftdn_table_cell {
    size_t start, n_bytes; /* in chars */
    int width;
};

struct ftdn_table_column {
    int width; /* of its widest cell, header included */
    bool has_number, has_text;
};

void ftdn_table_init(ftdn_table *table, int n_columns)
{
    assert(n_columns >= 1);
    *table = (ftdn_table){.n_columns = n_columns};
    ftdn_text_init(&table->chars);
    table->column = calloc((size_t)n_columns, sizeof *table->column);
    table->failed = !table->column;
}

void ftdn_table_done(ftdn_table *table)
{
    ftdn_text_done(&table->chars);
    free(table->column);
    free(table->cell);
    *table = (ftdn_table){0};
}

static bool reserve_cell(ftdn_table *table)
{
    if (table->failed || table->n_cells < table->capacity) return !table->failed;
    size_t capacity = table->capacity ? table->capacity : 32, n_bytes;
    struct ftdn_table_cell *cell = NULL;
    if (ftdn_size_mul(capacity, 2, &capacity) && ftdn_size_mul(capacity, sizeof *cell, &n_bytes))
        cell = realloc(table->cell, n_bytes);
    if (!cell) {
        table->failed = true;
        return false;
    }
    table->cell = cell;
    table->capacity = capacity;
    return true;
}

void ftdn_table_end_cell(ftdn_table *table, ftdn_cell_kind kind, int width)
{
    size_t start = table->cell_start;
    if (!reserve_cell(table)) return;
    struct ftdn_table_column *column = &table->column[table->n_cells % (size_t)table->n_columns];
    bool is_header = !table->is_continued && table->n_cells < (size_t)table->n_columns;
    if (width > column->width) column->width = width;
    if (!is_header && kind == FTDN_CELL_NUMBER) column->has_number = true;
    if (!is_header && kind == FTDN_CELL_TEXT) column->has_text = true;
    table->cell[table->n_cells++] = (struct ftdn_table_cell){start, table->chars.n_chars - start, width};
    table->cell_start = table->chars.n_chars;
}

void ftdn_table_add(ftdn_table *table, ftdn_cell_kind kind, const char *format, ...)
{
    char cell[256];
    va_list args;
    va_start(args, format);
    int n_chars = vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    assert(n_chars >= 0 && (size_t)n_chars < sizeof cell);
    ftdn_text_append_bytes(&table->chars, cell, (size_t)n_chars);
    ftdn_table_end_cell(table, kind, n_chars);
}

static void append_repeated(ftdn_text *text, char c, int n)
{
    for (int i = 0; i < n; i++) ftdn_text_append_bytes(text, &c, 1);
}

static bool stands_right(const struct ftdn_table_column *column)
{
    return column->has_number && !column->has_text;
}

static void append_cell(const ftdn_table *table, const struct ftdn_table_cell *cell, ftdn_text *text)
{
    ftdn_text_append_bytes(text, table->chars.chars + cell->start, cell->n_bytes);
}

static void append_line(const ftdn_table *table, const struct ftdn_table_cell *line, ftdn_text *text)
{
    int n_pending = 0; /* spaces that are written only in front of something */
    for (int i = 0; i < table->n_columns; i++) {
        const struct ftdn_table_column *column = &table->column[i];
        bool is_right = stands_right(column);
        int n_spaces = column->width - line[i].width;
        if (is_right) n_pending += n_spaces;
        if (line[i].n_bytes) {
            append_repeated(text, ' ', n_pending);
            append_cell(table, &line[i], text);
            n_pending = 0;
        }
        n_pending += is_right ? 2 : n_spaces + 2;
    }
    ftdn_text_append_bytes(text, "\n", 1);
}

/* Whether there is something to write: the text fails with the table. */
static bool is_complete(const ftdn_table *table, ftdn_text *text)
{
    if (table->failed || table->chars.failed) text->failed = true;
    else assert(table->n_cells % (size_t)table->n_columns == 0);
    return !text->failed;
}

void ftdn_table_write(const ftdn_table *table, ftdn_text *text)
{
    if (!is_complete(table, text)) return;
    for (size_t i = 0; i < table->n_cells; i += (size_t)table->n_columns) {
        append_line(table, table->cell + i, text);
        if (i > 0 || table->is_continued) continue;
        for (int k = 0; k < table->n_columns; k++) {
            append_repeated(text, ' ', k ? 2 : 0);
            append_repeated(text, '-', table->column[k].width);
        }
        ftdn_text_append_bytes(text, "\n", 1);
    }
}

void ftdn_table_continue(ftdn_table *table)
{
    table->is_continued = true;
    table->n_cells = 0;
    table->chars.n_chars = table->cell_start = 0;
}

static void append_markdown_line(const ftdn_table *table, const struct ftdn_table_cell *line, ftdn_text *text)
{
    for (int i = 0; i < table->n_columns; i++) {
        const struct ftdn_table_column *column = &table->column[i];
        int n_spaces = column->width - line[i].width;
        ftdn_text_append_bytes(text, "| ", 2);
        if (stands_right(column)) append_repeated(text, ' ', n_spaces);
        append_cell(table, &line[i], text);
        append_repeated(text, ' ', 1 + (stands_right(column) ? 0 : n_spaces));
    }
    ftdn_text_append_bytes(text, "|\n", 2);
}

void ftdn_table_write_markdown(const ftdn_table *table, ftdn_text *text)
{
    if (!is_complete(table, text)) return;
    assert(!table->is_continued);
    for (size_t i = 0; i < table->n_cells; i += (size_t)table->n_columns) {
        append_markdown_line(table, table->cell + i, text);
        if (i > 0) continue;
        for (int k = 0; k < table->n_columns; k++) {
            ftdn_text_append_bytes(text, "| ", 2);
            append_repeated(text, '-', table->column[k].width > 1 ? table->column[k].width - 1 : 1);
            ftdn_text_append(text, "%s ", stands_right(&table->column[k]) ? ":" : "-");
        }
        ftdn_text_append_bytes(text, "|\n", 2);
    }
}

void ftdn_table_write_latex(const ftdn_table *table, ftdn_text *text)
{
    if (!is_complete(table, text)) return;
    assert(!table->is_continued);
    ftdn_text_append(text, "\\begin{tabular}{");
    for (int k = 0; k < table->n_columns; k++) ftdn_text_append(text, stands_right(&table->column[k]) ? "r" : "l");
    ftdn_text_append(text, "}\n\\toprule\n");
    for (size_t i = 0; i < table->n_cells; i += (size_t)table->n_columns) {
        for (int k = 0; k < table->n_columns; k++) {
            if (k > 0) ftdn_text_append_bytes(text, " & ", 3);
            append_cell(table, &table->cell[i + (size_t)k], text);
        }
        ftdn_text_append(text, " \\\\\n%s", i > 0 ? "" : "\\midrule\n");
    }
    ftdn_text_append(text, "\\bottomrule\n\\end{tabular}\n");
}
