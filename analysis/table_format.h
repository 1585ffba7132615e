/* table_format.h - cells that mean the same in each format of a table, and rows of values as CSV or JSON. */
#ifndef FTDN_ANALYSIS_TABLE_FORMAT_H
#define FTDN_ANALYSIS_TABLE_FORMAT_H

#include "base/table.h"

/* Append and end a cell with a name from a manifest: one line, what means something to Markdown or LaTeX escaped. */
void ftdn_table_add_name(ftdn_table *table, const char *name, ftdn_format format);

/* A comma, and the number to its last bit; nothing behind the comma where it is not finite. */
void ftdn_text_append_csv_number(ftdn_text *text, double number);

/* Rows of named values under way, as CSV with a header or as a JSON array of objects. */
typedef struct ftdn_records {
    ftdn_text *text;
    bool is_json;
    int n_columns, n_rows;
    int column; /* of the next value */
    const char *const *name; /* [n_columns], borrowed */
} ftdn_records;

ftdn_records ftdn_records_begin(ftdn_format format, const char *const *name, int n_columns, ftdn_text *text);

/* The next value of the row; behind its last one the next row begins. A number that is not finite is missing. */
void ftdn_records_put_text(ftdn_records *records, const char *chars);
void ftdn_records_put_number(ftdn_records *records, double number);

/* Behind the last row. */
void ftdn_records_end(ftdn_records *records);

#endif
