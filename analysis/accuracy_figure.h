/* accuracy_figure.h - mAP against the fault rate, or what protections gain of it: which points of a store make the
 * figure, line by line. */
#ifndef FTDN_ANALYSIS_ACCURACY_FIGURE_H
#define FTDN_ANALYSIS_ACCURACY_FIGURE_H

#include <stdbool.h>

#include "analysis/lines.h"
#include "analysis/paper_values.h"

/* The rate that the figure is drawn against; the other one is the same in all of it. */
typedef enum ftdn_figure_axis {
    FTDN_AXIS_ANY, /* whichever has the most points */
    FTDN_AXIS_WEIGHT_RATE,
    FTDN_AXIS_FEATURE_MAP_RATE,
    FTDN_AXIS_BOTH_RATES, /* equal ones, in weights and maps at once */
    FTDN_AXIS_EACH_RATE,  /* faults in weights alone and faults in maps alone, a curve for each */
} ftdn_figure_axis;

typedef enum ftdn_figure_band {
    FTDN_BAND_SD,
    FTDN_BAND_CI95,
} ftdn_figure_band;

/* What is drawn against the rate. */
typedef enum ftdn_figure_measure {
    FTDN_MEASURE_MAP,
    FTDN_MEASURE_GAIN, /* of a protection: mAP less that of the same faults without it, seed by seed */
} ftdn_figure_measure;

typedef struct ftdn_accuracy_figure_desc {
    ftdn_figure_axis axis;
    double other_rate; /* NaN: whichever gives the most points */
    ftdn_figure_band band;
    ftdn_figure_measure measure;
} ftdn_accuracy_figure_desc;

typedef struct ftdn_figure_curve {
    const ftdn_line *line;
    const char *name;                       /* of the line; where it has two curves, also of what is hit */
    int n_points;                           /* at least 1 */
    const ftdn_cell_accuracy *const *point; /* [n_points], by rising rate */
    int64_t n_least, n_most;                /* seeds behind a point */
} ftdn_figure_curve;

typedef struct ftdn_accuracy_figure {
    ftdn_figure_axis axis; /* not ANY */
    double other_rate;     /* NaN for BOTH_RATES, 0 for EACH_RATE */
    ftdn_figure_band band;
    ftdn_figure_measure measure;
    bool is_logarithmic; /* the rates lie more than a decade apart; may be made false */
    double clean_map;    /* without faults and protection; NaN: the store does not tell or has several; of gains */
    int n_curves;
    const ftdn_figure_curve *curve; /* [n_curves], in the order of lines */
    /* Put there by who knows them, after the figure is made; borrowed. */
    const char *title, *note; /* above what the lines have in common, and below it; NULL: none */
    int n_paper_values;
    const ftdn_paper_value *paper_value; /* [n_paper_values] the paper's own points */
} ftdn_accuracy_figure;

/* "weight fault rate (%)" */
const char *ftdn_figure_axis_label(ftdn_figure_axis axis);

/* The rate of a point on the axis. */
double ftdn_figure_rate(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point);

/* What the figure shows of a point: its mAP, or its gain. */
const ftdn_mean *ftdn_figure_mean(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point);

/* The half width of the band at a point; NaN where one seed has none. */
double ftdn_figure_half_band(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point);

/* lines are borrowed. Lives in the arena. FTDN_ERR_STORE: no trial has such rates, or there are more lines than can be
 * told apart. */
FTDN_NODISCARD ftdn_status ftdn_accuracy_figure_make(const ftdn_lines *lines, const ftdn_accuracy_figure_desc *desc,
                                                     ftdn_arena *arena, ftdn_accuracy_figure *ret_figure,
                                                     ftdn_error *err);

#endif
