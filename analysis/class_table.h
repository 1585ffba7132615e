/* class_table.h - average precision of each class under each protection at one pair of fault rates, as in the paper's
 * Table 3. */
#ifndef FTDN_ANALYSIS_CLASS_TABLE_H
#define FTDN_ANALYSIS_CLASS_TABLE_H

#include "analysis/lines.h"
#include "analysis/paper_values.h"
#include "analysis/table_format.h"

typedef struct ftdn_class_table_desc {
    double weight_rate, feature_map_rate; /* NaN: see ftdn_class_table_make */
} ftdn_class_table_desc;

typedef struct ftdn_class_column {
    const char *name;               /* of the line, or "no faults" */
    const ftdn_cell_accuracy *cell;
    double
        recovered; /* share of the mAP lost to faults that the protection gives back; NaN: not known, or none is lost */
} ftdn_class_column;

typedef struct ftdn_class_table {
    double weight_rate, feature_map_rate;
    const char *type; /* of the faults, where all columns have the same; else NULL */
    int n_classes;
    const char *const *class_name; /* [n_classes] those that have objects, by name */
    const int64_t *n_objects;      /* [n_classes] of the first column that knows them */
    int n_columns;
    const ftdn_class_column *column; /* [n_columns]: without faults first, then by line */
    int n_paper_values;              /* 0 where they are not to be shown; put there after the table is made */
    const ftdn_paper_value *paper_value;
} ftdn_class_table;

/* A rate that is not given is chosen: of all pairs of rates with faults that with the most protections, then the one
 * whose unprotected mAP is closest to half of the mAP without faults, then the smallest. lines are borrowed. Lives in
 * the arena. FTDN_ERR_STORE: no trial has such rates; the message has those that there are. */
FTDN_NODISCARD ftdn_status ftdn_class_table_make(const ftdn_lines *lines, const ftdn_class_table_desc *desc,
                                                 ftdn_arena *arena, ftdn_class_table *ret_table, ftdn_error *err);

/* Append it (class_table_write.c): mean over seeds, and the standard deviation where there are several; below each row
 * the paper's, where it has one. As CSV a row per class and protection. */
void ftdn_class_table_write(const ftdn_class_table *table, ftdn_format format, ftdn_text *text);

/* The average precision of a class; its mean is NaN where the column does not know it. */
ftdn_mean ftdn_class_column_find(const ftdn_class_column *column, const char *class_name);

#endif
