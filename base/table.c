#include "base/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Some of the columns, in their order. */
typedef struct selection {
    int n, *index;
} selection;

static void append_line(const ftdn_table *table, const struct ftdn_table_cell *line, selection columns, ftdn_text *text)
{
    int n_pending = 0; /* spaces that are written only in front of something */
    for (int i = 0; i < columns.n; i++) {
        const struct ftdn_table_column *column = &table->column[columns.index[i]];
        const struct ftdn_table_cell *cell = &line[columns.index[i]];
        bool is_right = stands_right(column);
        int n_spaces = column->width - cell->width;
        if (is_right) n_pending += n_spaces;
        if (cell->n_bytes) {
            append_repeated(text, ' ', n_pending);
            append_cell(table, cell, text);
            n_pending = 0;
        }
        n_pending += is_right ? 2 : n_spaces + 2;
    }
    ftdn_text_append_bytes(text, "\n", 1);
}

static void append_part(const ftdn_table *table, selection columns, ftdn_text *text)
{
    for (size_t i = 0; i < table->n_cells; i += (size_t)table->n_columns) {
        append_line(table, table->cell + i, columns, text);
        if (i > 0 || table->is_continued) continue;
        for (int k = 0; k < columns.n; k++) {
            append_repeated(text, ' ', k ? 2 : 0);
            append_repeated(text, '-', table->column[columns.index[k]].width);
        }
        ftdn_text_append_bytes(text, "\n", 1);
    }
}

/* Are there rows, two or more, whose cells in this column are all equal? */
static bool is_constant(const ftdn_table *table, int column)
{
    size_t step = (size_t)table->n_columns, first = step + (size_t)column;
    if (table->n_cells <= 2 * step) return false;
    const char *chars = table->chars.chars;
    const struct ftdn_table_cell *cell = table->cell;
    for (size_t i = first + step; i < table->n_cells; i += step)
        if (cell[i].n_bytes != cell[first].n_bytes ||
            memcmp(chars + cell[i].start, chars + cell[first].start, cell[i].n_bytes) != 0)
            return false;
    return true;
}

/* "in all rows: manifest tiny, type zero", in lines that fit. The columns that are left: at least one. */
static void append_constants(const ftdn_table *table, selection *left, ftdn_text *text)
{
    int width = 0;
    left->n = 0;
    for (int k = 0; k < table->n_columns; k++) {
        const struct ftdn_table_cell *name = &table->cell[k], *value = &table->cell[table->n_columns + k];
        if (!is_constant(table, k) || (left->n == 0 && k + 1 == table->n_columns)) {
            left->index[left->n++] = k;
            continue;
        }
        int n_added = name->width + 1 + value->width + 2; /* with a comma in front or behind */
        bool is_first = width == 0, is_broken = !is_first && width + n_added > table->most_width;
        ftdn_text_append(text, is_first ? "in all rows: " : is_broken ? ",\n  " : ", ");
        if (is_first) width = 13;
        if (is_broken) width = 2;
        append_cell(table, name, text);
        ftdn_text_append_bytes(text, " ", 1);
        append_cell(table, value, text);
        width += n_added;
    }
    if (width > 0) ftdn_text_append(text, "\n\n");
}

/* One part below the other, each with the first column. */
static void append_parts(const ftdn_table *table, selection columns, ftdn_text *text)
{
    const int first = columns.index[0];
    int next = 1;
    do {
        int width = table->column[first].width, start = next;
        while (next < columns.n) {
            int wider = width + 2 + table->column[columns.index[next]].width;
            if (wider > table->most_width && next > start) break;
            width = wider;
            next++;
        }
        /* The place before the part is free: its column was written, or is the first. */
        columns.index[start - 1] = first;
        if (start > 1) ftdn_text_append_bytes(text, "\n", 1);
        append_part(table, (selection){next - start + 1, columns.index + start - 1}, text);
    } while (next < columns.n);
}

static bool is_too_wide(const ftdn_table *table)
{
    int width = -2;
    for (int k = 0; k < table->n_columns; k++) width += 2 + table->column[k].width;
    return table->most_width > 0 && width > table->most_width;
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
    selection columns = {table->n_columns, calloc((size_t)table->n_columns, sizeof *columns.index)};
    if (!columns.index) {
        text->failed = true;
        return;
    }
    for (int k = 0; k < table->n_columns; k++) columns.index[k] = k;
    if (is_too_wide(table) && !table->is_continued) {
        append_constants(table, &columns, text);
        append_parts(table, columns, text);
    } else {
        append_part(table, columns, text);
    }
    free(columns.index);
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

void ftdn_table_write_as(const ftdn_table *table, ftdn_format format, ftdn_text *text)
{
    switch (format) {
    case FTDN_FORMAT_TEXT: ftdn_table_write(table, text); break;
    case FTDN_FORMAT_MARKDOWN: ftdn_table_write_markdown(table, text); break;
    case FTDN_FORMAT_LATEX: ftdn_table_write_latex(table, text); break;
    case FTDN_FORMAT_CSV:
    case FTDN_FORMAT_JSON: assert(false && "no table of cells");
    }
}
