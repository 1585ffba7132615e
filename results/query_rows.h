/* query_rows.h - the answer to a question as values, for who computes with it or draws it. */
#ifndef FTDN_RESULTS_QUERY_ROWS_H
#define FTDN_RESULTS_QUERY_ROWS_H

#include "results/query.h"

typedef enum ftdn_row_value_kind {
    FTDN_ROW_MISSING, /* NULL, or a blob, which no view has */
    FTDN_ROW_INTEGER,
    FTDN_ROW_REAL,
    FTDN_ROW_STRING,
} ftdn_row_value_kind;

typedef struct ftdn_row_value {
    ftdn_row_value_kind kind;
    int64_t integer;    /* INTEGER */
    double number;      /* INTEGER, REAL; else NaN */
    const char *string; /* STRING, "" else */
} ftdn_row_value;

typedef struct ftdn_rows {
    const char *query; /* its name, as the glossary knows it; NULL for a user's SQL */
    int n_columns;
    const char *const *name;     /* [n_columns] of the columns */
    int n_rows;                  /* that are kept */
    int64_t n_all;               /* that the answer has */
    const ftdn_row_value *value; /* [n_rows, n_columns] */
} ftdn_rows;

/* The first most_rows rows of the answer, the others are counted. Lives in the arena. FTDN_ERR_STORE as
 * ftdn_query_answer says. */
FTDN_NODISCARD ftdn_status ftdn_query_load(ftdn_store *store, const ftdn_question *question, int most_rows,
                                           ftdn_arena *arena, ftdn_rows *ret_rows, ftdn_error *err);

/* The place of a column; -1: there is none. */
int ftdn_rows_find_column(const ftdn_rows *rows, const char *name);

/* A value by its column's name; a missing one where there is no such column. */
ftdn_row_value ftdn_rows_get(const ftdn_rows *rows, int row, const char *name);

#endif
