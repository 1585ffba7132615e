/* table.h - rows of cells as aligned columns of text, or as a table of Markdown or LaTeX; names of these formats.
 *
 * The first row is the header, underlined. A column whose cells are numbers stands to the right, every
 * other one to the left. A cell is appended to `chars` and then ended, so that whatever writes texts writes cells
 * too. Nothing reports until the table is written: a refused allocation fails the text that it goes to.
 *
 * A terminal that is narrower than the table would break its lines anywhere. Where most_width is set, columns whose
 * cells are all equal are told once, above, and the others are written in as many parts as it takes, one below the
 * other, each with the first of them. */
#ifndef FTDN_BASE_TABLE_H
#define FTDN_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* How rows are written, here and by others. */
typedef enum ftdn_format {
    FTDN_FORMAT_TEXT,     /* aligned columns; nothing that a terminal obeys */
    FTDN_FORMAT_CSV,      /* a header, quotes as in RFC 4180, lines that end with \n; every number to its last bit */
    FTDN_FORMAT_JSON,     /* every number to its last bit */
    FTDN_FORMAT_MARKDOWN, /* as text, rounded for reading */
    FTDN_FORMAT_LATEX,    /* the same as a tabular with the rules of the package booktabs */
} ftdn_format;

typedef enum ftdn_cell_kind {
    FTDN_CELL_TEXT,
    FTDN_CELL_NUMBER,
    FTDN_CELL_MISSING, /* "-" and the like: goes to either side */
} ftdn_cell_kind;

typedef struct ftdn_table {
    ftdn_text chars; /* of all cells; append the next one here */
    int n_columns;
    struct ftdn_table_column *column; /* [n_columns] */
    size_t n_cells, capacity;
    struct ftdn_table_cell *cell; /* [capacity], row by row */
    size_t cell_start;            /* of the cell that is being appended, in chars */
    int most_width;               /* of a line; 0: as wide as it is */
    bool is_continued;            /* the header is written */
    bool failed;
} ftdn_table;

/* n_columns: at least 1. */
void ftdn_table_init(ftdn_table *table, int n_columns);
void ftdn_table_done(ftdn_table *table);

/* End the cell that was appended to chars. width: the columns it takes on a terminal. The header's kind is not read. */
void ftdn_table_end_cell(ftdn_table *table, ftdn_cell_kind kind, int width);

/* Append and end a cell of ASCII characters. */
void ftdn_table_add(ftdn_table *table, ftdn_cell_kind kind, const char *format, ...) FTDN_PRINTF(3, 4);

/* Append the table: two spaces between columns, none at the end of a line. The last row is complete. */
void ftdn_table_write(const ftdn_table *table, ftdn_text *text);

/* Forget the rows, which are written, and go on with further ones of the same columns: they are written without a
 * header, in columns that are at least as wide. Not where most_width is set. */
void ftdn_table_continue(ftdn_table *table);

/* The same as a table of Markdown, or as a tabular of LaTeX with the rules of the package booktabs, without a float or
 * a caption around it. Cells are written as they are: what means something there was escaped by who appended them. */
void ftdn_table_write_markdown(const ftdn_table *table, ftdn_text *text);
void ftdn_table_write_latex(const ftdn_table *table, ftdn_text *text);

/* The same in a format; not as CSV or JSON, which are no tables of cells. */
void ftdn_table_write_as(const ftdn_table *table, ftdn_format format, ftdn_text *text);

#endif
