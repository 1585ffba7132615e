/* paper_values.h - the numbers that the paper's text gives, each with the sentence or the row that gives it.
 *
 * They stand beside measured ones and are never a target. Nothing is read off pictures. */
#ifndef FTDN_ANALYSIS_PAPER_VALUES_H
#define FTDN_ANALYSIS_PAPER_VALUES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_paper_value {
    const char *name;     /* of the figure or table: "fig2b" */
    const char *series;   /* of a figure a line, of a table a column; NULL: the text does not say which */
    const char *row;      /* of a table; NULL: of a figure */
    double x;             /* of a figure: the fault rate, a fraction; NaN: the text does not say where */
    double y;             /* mAP, AP: a fraction; times: ms; memory: MB; FPS: images per second; NaN: not given */
    const char *sentence; /* as it stands in the paper; " ... " in the place of a footnote in its middle */
} ftdn_paper_value;

/* Those of one figure or table, NULL: all. They live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_paper_values_load(const char *name, ftdn_arena *arena,
                                                  const ftdn_paper_value **ret_value, int *ret_n_values,
                                                  ftdn_error *err);

/* Is it a point of a figure: a place and a value? */
bool ftdn_paper_value_is_point(const ftdn_paper_value *value);

/* The value of a table's cell; NaN where the paper has none. */
double ftdn_paper_values_find(const ftdn_paper_value *value, int n_values, const char *row, const char *series);

#endif
