/* report_table.h - the rows of an answer as a table of HTML that is read rather than copied.
 *
 * Parameters that are the same in all rows are said once above it, columns without a value are left out, and the half
 * width of an interval stands behind its mean. Titles and explanations of columns are those of the glossary. */
#ifndef FTDN_ANALYSIS_REPORT_TABLE_H
#define FTDN_ANALYSIS_REPORT_TABLE_H

#include "base/text.h"
#include "results/query_rows.h"

/* Append something about a row, as HTML. */
typedef void ftdn_report_cell(const void *user, const ftdn_rows *rows, int row, ftdn_text *text);

typedef struct ftdn_report_table {
    const ftdn_rows *rows;
    const char *const *hidden; /* names of columns that are not shown, NULL behind the last; NULL: none */
    const char *lead_title;    /* of a first column; NULL: there is none */
    ftdn_report_cell *append_lead;
    const char *extra_title; /* of a further column behind extra_behind, at the end where that is NULL; NULL: none */
    const char *extra_behind;
    ftdn_report_cell *append_extra;
    ftdn_report_cell *append_group; /* a heading above the rows that it is the same for; NULL: there are none. Such a
                                       table is not sorted by its reader */
    const void *user;
    const char *more; /* how to get rows that are not kept: a command; NULL: there is no need to say */
} ftdn_report_table;

/* At most so many columns has an answer. */
#define FTDN_REPORT_MOST_COLUMNS 64

void ftdn_report_table_write(const ftdn_report_table *table, ftdn_text *text);

/* Append a value as a table shows it, as HTML: a rate as "1 %", a gain as "+2.50". */
void ftdn_report_append_value(ftdn_text *text, const char *column, const ftdn_row_value *value);

#endif
