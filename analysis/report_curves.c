#include "analysis/report_parts.h"

#include <math.h>
#include <string.h>

#include "analysis/accuracy_figure.h"
#include "analysis/html.h"
#include "analysis/plot.h"

#define MOST_LINES 8    /* of a chart: more are hard to follow, and go into the next one */
#define MOST_CHARTS 12  /* of a panel */
#define MOST_POINTS 512 /* of a line that is drawn */

static bool is_unprotected(const ftdn_line *line)
{
    return strcmp(line->params->method, "none") == 0;
}

static double rate_on(ftdn_figure_axis axis, const ftdn_cell_accuracy *cell, bool other)
{
    bool wants_maps = (axis == FTDN_AXIS_FEATURE_MAP_RATE) != other;
    return wants_maps ? cell->params.feature_map_rate : cell->params.weight_rate;
}

/* How many rates above 0 the line was tried at on this cut: a curve wants two. */
static int count_rates(const ftdn_line *line, const ftdn_accuracy_figure_desc *cut)
{
    int n = 0;
    for (int i = 0; i < line->n_cells; i++) {
        const ftdn_cell_accuracy *cell = line->cell[i];
        double other = rate_on(cut->axis, cell, true);
        bool is_on = cut->axis == FTDN_AXIS_BOTH_RATES ? other == cell->params.weight_rate : other == cut->other_rate;
        n += is_on && rate_on(cut->axis, cell, false) > 0 && !isnan(cell->map.mean);
    }
    return n;
}

static bool has_curve(const ftdn_lines *lines, const ftdn_accuracy_figure_desc *cut)
{
    for (int l = 0; l < lines->n_lines; l++)
        if (count_rates(&lines->line[l], cut) >= 2) return true;
    return false;
}

static void append_hint(ftdn_text *text, const ftdn_figure_curve *curve, const ftdn_cell_accuracy *point)
{
    ftdn_text_append(text, "%s, ", curve->line->name);
    ftdn_report_append_rates(text, point->params.weight_rate, point->params.feature_map_rate);
    ftdn_text_append(text, ": %.2f %%", 100 * point->map.mean);
    if (!isnan(point->map.sd)) ftdn_text_append(text, ", s.d. %.2f", 100 * point->map.sd);
    ftdn_text_append(text, " (n = %lld)", (long long)point->map.n);
}

/* The points of a curve that the chart has a place for; how many. */
static int list_points(const ftdn_accuracy_figure *figure, const ftdn_figure_curve *curve, ftdn_plot_point *ret_point,
                       const ftdn_cell_accuracy **ret_cell)
{
    int n = 0;
    for (int i = 0; i < curve->n_points && n < MOST_POINTS; i++) {
        const ftdn_cell_accuracy *cell = curve->point[i];
        double rate = ftdn_figure_rate(figure, cell), half = 100 * ftdn_figure_half_band(figure, cell);
        if (figure->is_logarithmic && rate == 0) continue;
        double mean = 100 * cell->map.mean;
        ret_cell[n] = cell;
        ret_point[n++] = (ftdn_plot_point){100 * rate, mean, mean - half, mean + half};
    }
    return n;
}

static void find_ends(const ftdn_accuracy_figure *figure, ftdn_plot_axis *x, ftdn_plot_axis *y)
{
    double least = HUGE_VAL, most = 0, highest = isnan(figure->clean_map) ? 0 : 100 * figure->clean_map;
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            const ftdn_cell_accuracy *cell = figure->curve[c].point[i];
            double rate = 100 * ftdn_figure_rate(figure, cell), half = ftdn_figure_half_band(figure, cell);
            if (rate > 0 || !figure->is_logarithmic) least = fmin(least, rate);
            most = fmax(most, rate);
            highest = fmax(highest, 100 * (cell->map.mean + (isnan(half) ? 0 : half)));
        }
    }
    x->is_logarithmic = figure->is_logarithmic;
    x->low = figure->is_logarithmic ? least : 0;
    x->high = most;
    y->high = highest > 0 ? fmin(highest, 100) : 1;
    y->has_bound = true;
}

static void append_legend(const ftdn_accuracy_figure *figure, const ftdn_line_style *style, ftdn_text *html)
{
    ftdn_text_append(html, "<ul class=\"legend\">");
    for (int c = 0; c < figure->n_curves; c++) {
        const ftdn_figure_curve *curve = &figure->curve[c];
        ftdn_text_append(html, "<li>");
        ftdn_plot_append_sample(html, &style[c], true);
        ftdn_html_append(html, curve->line->name);
        ftdn_text_append(html, " <small>n&nbsp;=&nbsp;%lld", (long long)curve->n_least);
        if (curve->n_most > curve->n_least) ftdn_text_append(html, "–%lld", (long long)curve->n_most);
        ftdn_text_append(html, "</small>");
    }
    if (!isnan(figure->clean_map))
        ftdn_text_append(html, "<li><svg class=\"sample\" viewBox=\"0 0 34 12\" aria-hidden=\"true\"><path "
                               "class=\"level\" d=\"M0 6H34\"/></svg>no faults");
    ftdn_text_append(html, "</ul>\n");
}

static ftdn_status draw_lines(const ftdn_accuracy_figure *figure, ftdn_plot *plot, const ftdn_line_style *style,
                              ftdn_arena *arena, ftdn_error *err)
{
    ftdn_plot_point *point = FTDN_NEW(arena, MOST_POINTS, ftdn_plot_point, err);
    const ftdn_cell_accuracy **cell = FTDN_NEW(arena, MOST_POINTS, const ftdn_cell_accuracy *, err);
    if (!point || !cell) return FTDN_ERR_MEMORY;
    for (int c = 0; c < figure->n_curves; c++) /* bands first, so that no band covers a line */
        ftdn_plot_band(plot, &style[c], point, list_points(figure, &figure->curve[c], point, cell));
    for (int c = 0; c < figure->n_curves; c++)
        ftdn_plot_line(plot, &style[c], point, list_points(figure, &figure->curve[c], point, cell));
    ftdn_text hint;
    ftdn_text_init(&hint);
    for (int c = 0; c < figure->n_curves; c++) {
        int n_points = list_points(figure, &figure->curve[c], point, cell);
        for (int i = 0; i < n_points && !hint.failed; i++) {
            ftdn_text_drop(&hint, hint.n_chars);
            append_hint(&hint, &figure->curve[c], cell[i]);
            if (!hint.failed) ftdn_plot_marker(plot, &style[c], point[i].x, point[i].y, hint.chars);
        }
    }
    ftdn_status status = ftdn_text_check(&hint, err);
    ftdn_text_done(&hint);
    return status;
}

/* A line looks the same in all charts of its panel, where all lines fit into one. */
static void choose_styles(const ftdn_lines *panel, const ftdn_accuracy_figure *figure, ftdn_line_style *ret_style)
{
    const ftdn_line *line[MOST_LINES];
    ftdn_line_style style[MOST_LINES];
    bool is_small = panel->n_lines <= MOST_LINES;
    int n_lines = is_small ? panel->n_lines : figure->n_curves;
    for (int i = 0; i < n_lines; i++) line[i] = is_small ? &panel->line[i] : figure->curve[i].line;
    ftdn_line_styles_choose(line, n_lines, style);
    for (int c = 0; c < figure->n_curves; c++)
        for (int i = 0; i < n_lines; i++)
            if (line[i]->params == figure->curve[c].line->params) ret_style[c] = style[i];
}

/* lines: of the panel, those that the chart has. number: of the charts of this cut, from 0. */
static ftdn_status draw_chart(const ftdn_report *report, const ftdn_lines *panel, const ftdn_lines *lines,
                              const ftdn_accuracy_figure_desc *cut, int number, ftdn_error *err)
{
    ftdn_accuracy_figure figure;
    ftdn_line_style style[MOST_LINES];
    FTDN_TRY(ftdn_accuracy_figure_make(lines, cut, report->arena, &figure, err));
    choose_styles(panel, &figure, style);
    ftdn_plot_axis x = {.label = ftdn_figure_axis_label(figure.axis)}, y = {.label = "mAP (%)"};
    find_ends(&figure, &x, &y);
    ftdn_text *html = report->html;
    ftdn_text_append(html, "<figure>\n<figcaption>mAP against the %.*s", (int)strcspn(x.label, "(") - 1, x.label);
    if (figure.axis != FTDN_AXIS_BOTH_RATES && figure.other_rate > 0)
        ftdn_text_append(html, " with %.6g %% in %s", 100 * figure.other_rate,
                         figure.axis == FTDN_AXIS_WEIGHT_RATE ? "feature maps" : "weights");
    ftdn_text_append(html, "%s</figcaption>\n", number > 0 ? ", further protections" : "");
    ftdn_plot plot = ftdn_plot_begin(html, &x, &y,
                                     "Line chart of mAP against the fault rate; the values are in the table of points");
    if (!isnan(figure.clean_map)) ftdn_plot_level(&plot, 100 * figure.clean_map);
    FTDN_TRY(draw_lines(&figure, &plot, style, report->arena, err));
    ftdn_plot_end(&plot);
    append_legend(&figure, style, html);
    ftdn_text_append(html, "</figure>\n");
    return FTDN_OK;
}

/* Charts of at most MOST_LINES lines, each with the unprotected ones. */
static ftdn_status draw_cut(const ftdn_report *report, const ftdn_lines *lines, const ftdn_accuracy_figure_desc *cut,
                            int *n_charts, ftdn_error *err)
{
    ftdn_line chosen[MOST_LINES];
    int n_shared = 0;
    for (int l = 0; l < lines->n_lines && n_shared < MOST_LINES / 2; l++)
        if (is_unprotected(&lines->line[l])) chosen[n_shared++] = lines->line[l];
    int n = n_shared, n_drawn = 0;
    for (int l = 0; l <= lines->n_lines; l++) {
        bool is_end = l == lines->n_lines;
        if (n == MOST_LINES || (is_end && (n > n_shared || (n > 0 && n_drawn == 0)))) {
            if (++*n_charts <= MOST_CHARTS)
                FTDN_TRY(draw_chart(report, lines, &(ftdn_lines){n, chosen}, cut, n_drawn, err));
            n = n_shared;
            n_drawn++;
        }
        if (!is_end && !is_unprotected(&lines->line[l]) && count_rates(&lines->line[l], cut) > 0)
            chosen[n++] = lines->line[l];
    }
    return FTDN_OK;
}

/* Has an earlier cell of the lines the same rate beside the axis? */
static bool was_met(const ftdn_lines *lines, ftdn_figure_axis axis, double other_rate, int line, int cell)
{
    for (int l = 0; l <= line; l++)
        for (int i = 0; i < (l < line ? lines->line[l].n_cells : cell); i++)
            if (rate_on(axis, lines->line[l].cell[i], true) == other_rate) return true;
    return false;
}

static ftdn_status draw_axis(const ftdn_report *report, const ftdn_lines *lines, ftdn_figure_axis axis, int *n_charts,
                             ftdn_error *err)
{
    ftdn_accuracy_figure_desc cut = {axis, (double)NAN, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    if (axis == FTDN_AXIS_BOTH_RATES)
        return has_curve(lines, &cut) ? draw_cut(report, lines, &cut, n_charts, err) : FTDN_OK;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < lines->line[l].n_cells; i++) {
            cut.other_rate = rate_on(axis, lines->line[l].cell[i], true);
            if (was_met(lines, axis, cut.other_rate, l, i) || !has_curve(lines, &cut)) continue;
            FTDN_TRY(draw_cut(report, lines, &cut, n_charts, err));
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_report_write_curves(const ftdn_report *report, ftdn_error *err)
{
    static const ftdn_figure_axis axes[] = {FTDN_AXIS_WEIGHT_RATE, FTDN_AXIS_FEATURE_MAP_RATE, FTDN_AXIS_BOTH_RATES};
    ftdn_report_open_section(report, "curves", "Accuracy against the fault rate");
    ftdn_text_append(report->html,
                     "<p class=\"lead\">Lines are means over seeds, bands one standard deviation. Rest a "
                     "pointer on a marker to read it; all numbers are <a href=\"#points\">below</a>.</p>\n");
    for (int p = 0; p < report->n_panels; p++) {
        int n_charts = 0;
        ftdn_report_open_panel(report, p);
        ftdn_text_append(report->html, "<div class=\"figures\">\n");
        for (int a = 0; a < 3; a++) FTDN_TRY(draw_axis(report, &report->panel[p].lines, axes[a], &n_charts, err));
        ftdn_text_append(report->html, "</div>\n");
        if (n_charts == 0)
            ftdn_text_append(
                report->html,
                "<p>No protection was tried at more than one fault rate: there is no curve to draw.</p>\n");
        if (n_charts > MOST_CHARTS)
            ftdn_text_append(report->html,
                             "<p class=\"note\">%d further charts are left out; <code>ftdn figure accuracy "
                             "--db</code> draws each.</p>\n",
                             n_charts - MOST_CHARTS);
        ftdn_report_close_panel(report, p);
    }
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
