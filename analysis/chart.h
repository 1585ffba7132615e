/* chart.h - points that are no fault rates: per-layer vulnerability, seeds that a mean needs.
 *
 *     layers   mAP where one layer alone is hit, a curve for weights and one for maps; x is the layer
 *     seeds    half width of the 95 % interval of a mean of n seeds, t(n-1) s / sqrt(n), a curve for each protection;
 *              s is the standard deviation over all seeds of the cell */
#ifndef FTDN_ANALYSIS_CHART_H
#define FTDN_ANALYSIS_CHART_H

#include "analysis/line_style.h"
#include "analysis/lines.h"
#include "base/text.h"

typedef struct ftdn_chart_point {
    double x, y, low, high; /* low, high: of the band; equal to y where there is none */
    const char *label;      /* of x, below the axis; NULL: the number */
} ftdn_chart_point;

typedef struct ftdn_chart_curve {
    const char *name;
    const ftdn_line *line; /* for its style */
    int64_t n_seeds;       /* behind each point, or behind the curve */
    int n_points;
    const ftdn_chart_point *point; /* [n_points] by rising x */
} ftdn_chart_curve;

typedef struct ftdn_chart {
    const char *title, *subtitle, *x_label, *y_label;
    double level;           /* a dotted line at this y; NaN: none */
    const char *level_name; /* what it is */
    int n_curves;
    const ftdn_chart_curve *curve;
} ftdn_chart;

/* lines are borrowed; a chart lives in the arena. FTDN_ERR_STORE: there are no such cells. */
FTDN_NODISCARD ftdn_status ftdn_chart_make_layers(const ftdn_lines *lines, const char *title, ftdn_arena *arena,
                                                  ftdn_chart *ret_chart, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_chart_make_seeds(const ftdn_lines *lines, const char *title, ftdn_arena *arena,
                                                 ftdn_chart *ret_chart, ftdn_error *err);

/* As ftdn_figure_write_numbers and ftdn_figure_write_script (chart_script.c). CSV, a row per point: curve (from 1),
 * name, label, x, y, low, high. */
void ftdn_chart_write_numbers(const ftdn_chart *chart, ftdn_text *text);
void ftdn_chart_write_script(const ftdn_chart *chart, const char *stem, ftdn_text *text);

#endif
