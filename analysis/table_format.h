/* table_format.h - the ways in which a table is written, and cells that mean the same in each. */
#ifndef FTDN_ANALYSIS_TABLE_FORMAT_H
#define FTDN_ANALYSIS_TABLE_FORMAT_H

#include "base/table.h"

typedef enum ftdn_table_format {
    FTDN_FORMAT_TEXT,
    FTDN_FORMAT_MARKDOWN,
    FTDN_FORMAT_LATEX, /* a tabular with the rules of booktabs */
    FTDN_FORMAT_CSV,   /* every number to its last bit */
} ftdn_table_format;

/* Append and end a cell with a name from a manifest: one line, what means something to Markdown or LaTeX escaped. */
void ftdn_table_add_name(ftdn_table *table, const char *name, ftdn_table_format format);

/* Append the table; not as CSV, which is no table of cells. */
void ftdn_table_write_as(const ftdn_table *table, ftdn_table_format format, ftdn_text *text);

/* A comma, and the number to its last bit; nothing behind the comma where it is not finite. */
void ftdn_text_append_csv_number(ftdn_text *text, double number);

#endif
