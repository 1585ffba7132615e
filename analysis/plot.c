#include "analysis/plot.h"

#include <math.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/plot_ticks.h"

/* The picture and its frame, in units of its own; a page scales it. */
#define WIDTH 420
#define HEIGHT 290
#define LEFT 46
#define RIGHT 410
#define TOP 10
#define BOTTOM 246

/* The place of a value between the ends of its axis, 0 to 1. */
static double place_on(const ftdn_plot_axis *axis, double value)
{
    double place = axis->is_logarithmic ? log(value / axis->low) / log(axis->high / axis->low)
                                        : (value - axis->low) / (axis->high - axis->low);
    return fmin(fmax(place, 0), 1);
}

static double x_of(const ftdn_plot *plot, double value)
{
    return LEFT + (RIGHT - LEFT) * place_on(&plot->x, value);
}

static double y_of(const ftdn_plot *plot, double value)
{
    return BOTTOM - (BOTTOM - TOP) * place_on(&plot->y, value);
}

/* A little room at the ends, so that no marker lies on the frame. */
static ftdn_plot_axis widen(const ftdn_plot_axis *axis)
{
    ftdn_plot_axis wide = *axis;
    if (axis->is_logarithmic) {
        double room = pow(axis->high / axis->low, 0.04);
        wide.high *= room;
        if (!axis->has_bound) wide.low /= room;
    } else {
        double room = 0.04 * (axis->high - axis->low);
        wide.high += room;
        if (!axis->has_bound) wide.low -= room;
    }
    return wide;
}

static void append_axes(ftdn_plot *plot)
{
    double tick[FTDN_MOST_TICKS];
    ftdn_text *text = plot->text;
    int n_ticks = ftdn_ticks_choose(plot->y.low, plot->y.high, plot->y.is_logarithmic, 5, tick);
    for (int i = 0; i < n_ticks; i++) {
        double y = y_of(plot, tick[i]);
        ftdn_text_append(text,
                         "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%.6g</text>\n",
                         LEFT, y, RIGHT, LEFT - 6, y + 4, tick[i]);
    }
    n_ticks = ftdn_ticks_choose(plot->x.low, plot->x.high, plot->x.is_logarithmic, 6, tick);
    for (int i = 0; i < n_ticks; i++) {
        double x = x_of(plot, tick[i]);
        ftdn_text_append(text,
                         "<path class=\"tick\" d=\"M%.1f %dv4\"/><text class=\"x\" x=\"%.1f\" y=\"%d\">%.6g</text>\n",
                         x, BOTTOM, x, BOTTOM + 17, tick[i]);
    }
    ftdn_text_append(text, "<path class=\"frame\" d=\"M%d %dV%dH%d\"/>\n<text class=\"x label\" x=\"%d\" y=\"%d\">",
                     LEFT, TOP, BOTTOM, RIGHT, (LEFT + RIGHT) / 2, HEIGHT - 8);
    ftdn_html_append(text, plot->x.label);
    ftdn_text_append(text, "</text>\n<text class=\"x label\" transform=\"translate(13 %d) rotate(-90)\">",
                     (TOP + BOTTOM) / 2);
    ftdn_html_append(text, plot->y.label);
    ftdn_text_append(text, "</text>\n");
}

ftdn_plot ftdn_plot_begin(ftdn_text *text, const ftdn_plot_axis *x, const ftdn_plot_axis *y, const char *description)
{
    ftdn_plot plot = {text, widen(x), widen(y)};
    ftdn_text_append(text, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    ftdn_html_append(text, description);
    ftdn_text_append(text, "\">\n");
    append_axes(&plot);
    return plot;
}

void ftdn_plot_end(ftdn_plot *plot)
{
    ftdn_text_append(plot->text, "</svg>\n");
}

/* class="c0072b2" color="#0072b2": the class is the style sheet's to say, the attribute what holds without one. */
static void append_ink(ftdn_text *text, const ftdn_line_style *style)
{
    ftdn_text_append(text, "class=\"c%s\" color=\"%s\"", style->colour + 1, style->colour);
}

void ftdn_plot_band(ftdn_plot *plot, const ftdn_line_style *style, const ftdn_plot_point *point, int n_points)
{
    int n_banded = 0;
    for (int i = 0; i < n_points; i++) n_banded += !isnan(point[i].low) && !isnan(point[i].high);
    if (n_banded < 2) return;
    ftdn_text_append(plot->text, "<path ");
    append_ink(plot->text, style);
    ftdn_text_append(plot->text, " fill=\"currentColor\" opacity=\".14\" d=\"");
    const char *verb = "M";
    for (int i = 0; i < n_points; i++, verb = "L") {
        double high = isnan(point[i].high) ? point[i].y : point[i].high;
        ftdn_text_append(plot->text, "%s%.1f %.1f", verb, x_of(plot, point[i].x), y_of(plot, high));
    }
    for (int i = n_points - 1; i >= 0; i--) {
        double low = isnan(point[i].low) ? point[i].y : point[i].low;
        ftdn_text_append(plot->text, "L%.1f %.1f", x_of(plot, point[i].x), y_of(plot, low));
    }
    ftdn_text_append(plot->text, "Z\"/>\n");
}

/* "(12,5)" of gnuplot is "12,5" here. */
static void append_dash(ftdn_text *text, const ftdn_line_style *style)
{
    const char *first = style->dash + (style->dash[0] == '(');
    if (style->dash[0] != '(') return;
    ftdn_text_append(text, " stroke-dasharray=\"%.*s\"", (int)strcspn(first, ")"), first);
}

void ftdn_plot_line(ftdn_plot *plot, const ftdn_line_style *style, const ftdn_plot_point *point, int n_points)
{
    if (n_points < 2) return;
    ftdn_text_append(plot->text, "<polyline ");
    append_ink(plot->text, style);
    append_dash(plot->text, style);
    ftdn_text_append(plot->text, " points=\"");
    for (int i = 0; i < n_points; i++)
        ftdn_text_append(plot->text, "%s%.1f,%.1f", i ? " " : "", x_of(plot, point[i].x), y_of(plot, point[i].y));
    ftdn_text_append(plot->text, "\"/>\n");
}

void ftdn_plot_level(ftdn_plot *plot, double y)
{
    ftdn_text_append(plot->text, "<path class=\"level\" d=\"M%d %.1fH%d\"/>\n", LEFT, y_of(plot, y), RIGHT);
}

void ftdn_plot_diagonal(ftdn_plot *plot)
{
    ftdn_text_append(plot->text, "<path class=\"level\" d=\"M%d %dL%d %d\"/>\n", LEFT, BOTTOM, RIGHT, TOP);
}

/* Outlines around the origin, by gnuplot's point types; the empty ones are odd numbers less one there. */
static void append_marker(ftdn_text *text, const ftdn_line_style *style, double x, double y, const char *hint)
{
    static const struct {
        int marker;
        bool is_empty;
        const char *outline;
    } shapes[] = {
        {7, false, "m-3.8 0a3.8 3.8 0 1 0 7.6 0a3.8 3.8 0 1 0-7.6 0z"},
        {6, true, "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z"},
        {5, false, "m-3.4-3.4h6.8v6.8h-6.8z"},
        {4, true, "m-3.1-3.1h6.2v6.2h-6.2z"},
        {9, false, "m0-4.6l4.5 7.8h-9z"},
        {8, true, "m0-4.4l4.2 7.2h-8.4z"},
        {11, false, "m0 4.6l4.5-7.8h-9z"},
        {13, false, "m0-5l4.4 5l-4.4 5l-4.4-5z"},
    };
    size_t i = 0;
    while (i + 1 < sizeof shapes / sizeof *shapes && shapes[i].marker != style->marker) i++;
    ftdn_text_append(text, "<path ");
    append_ink(text, style);
    ftdn_text_append(text, " fill=\"%s\" stroke=\"currentColor\" d=\"M%.1f %.1f%s\"",
                     shapes[i].is_empty ? "none" : "currentColor", x, y, shapes[i].outline);
    if (!hint) {
        ftdn_text_append(text, "/>");
        return;
    }
    ftdn_text_append(text, "><title>");
    ftdn_html_append(text, hint);
    ftdn_text_append(text, "</title></path>\n");
}

void ftdn_plot_marker(ftdn_plot *plot, const ftdn_line_style *style, double x, double y, const char *hint)
{
    append_marker(plot->text, style, x_of(plot, x), y_of(plot, y), hint);
}

void ftdn_plot_append_sample(ftdn_text *text, const ftdn_line_style *style, bool has_line)
{
    ftdn_text_append(text, "<svg class=\"sample\" viewBox=\"0 0 34 12\" aria-hidden=\"true\">");
    if (has_line) {
        ftdn_text_append(text, "<path ");
        append_ink(text, style);
        append_dash(text, style);
        ftdn_text_append(text, " fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" d=\"M0 6H34\"/>");
    }
    append_marker(text, style, 17, 6, NULL);
    ftdn_text_append(text, "</svg>");
}
