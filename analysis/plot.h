/* plot.h - a chart as inline SVG: axes with ticks, bands, lines, markers.
 *
 * The picture is a function of the values alone. Text and frame take the colours of the page's style sheet
 * (report.css); ink has a class by its colour, so that a dark page can lighten it. */
#ifndef FTDN_ANALYSIS_PLOT_H
#define FTDN_ANALYSIS_PLOT_H

#include <stdbool.h>

#include "analysis/line_style.h"
#include "base/text.h"

typedef struct ftdn_plot_axis {
    const char *label;
    double low, high; /* low < high; above 0 where logarithmic */
    bool is_logarithmic;
    bool has_bound; /* nothing lies below low: no room is left there */
} ftdn_plot_axis;

typedef struct ftdn_plot {
    ftdn_text *text;
    ftdn_plot_axis x, y;
} ftdn_plot;

typedef struct ftdn_plot_point {
    double x, y;
    double low, high; /* of the band; NaN: none */
} ftdn_plot_point;

/* Open the picture and draw its axes. description: what it shows, for who cannot see it. */
ftdn_plot ftdn_plot_begin(ftdn_text *text, const ftdn_plot_axis *x, const ftdn_plot_axis *y, const char *description);
void ftdn_plot_end(ftdn_plot *plot);

/* What lies outside of the axes is cut off at them. */
void ftdn_plot_band(ftdn_plot *plot, const ftdn_line_style *style, const ftdn_plot_point *point, int n_points);
void ftdn_plot_line(ftdn_plot *plot, const ftdn_line_style *style, const ftdn_plot_point *point, int n_points);

/* A level line across the whole picture, grey and dotted. */
void ftdn_plot_level(ftdn_plot *plot, double y);

/* From corner to corner: where x and y are equal. The axes are the same. */
void ftdn_plot_diagonal(ftdn_plot *plot);

/* hint: what a pointer that rests on the marker is told. */
void ftdn_plot_marker(ftdn_plot *plot, const ftdn_line_style *style, double x, double y, const char *hint);

/* A small picture of the line and its marker, for a legend. has_line: else the marker alone. */
void ftdn_plot_append_sample(ftdn_text *text, const ftdn_line_style *style, bool has_line);

#endif
