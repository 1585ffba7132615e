#include "analysis/figure_script.h"

#include <math.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "analysis/line_style.h"
#include "analysis/network_label.h"
#include "analysis/table_format.h"

void ftdn_figure_write_numbers(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    ftdn_text_append(text, "curve,line,method,ratio,weight_rate,feature_map_rate,n,%s,low,high\n",
                     figure->measure == FTDN_MEASURE_GAIN ? "mean_gain,sd_gain,gain_half_width"
                                                          : "mean_map_voc07,sd_map_voc07,map_half_width");
    for (int c = 0; c < figure->n_curves; c++) {
        const ftdn_figure_curve *curve = &figure->curve[c];
        for (int i = 0; i < curve->n_points; i++) {
            const ftdn_cell_accuracy *point = curve->point[i];
            const ftdn_mean *mean = ftdn_figure_mean(figure, point);
            double half_band = ftdn_figure_half_band(figure, point);
            if (isnan(half_band)) half_band = 0;
            ftdn_text_append(text, "%d,", c + 1);
            ftdn_text_append_csv(text, curve->name, strlen(curve->name));
            ftdn_text_append(text, ",%s", point->params.method);
            ftdn_text_append_csv_number(text, point->params.ratio);
            ftdn_text_append_csv_number(text, point->params.weight_rate);
            ftdn_text_append_csv_number(text, point->params.feature_map_rate);
            ftdn_text_append_csv_number(text, (double)mean->n);
            ftdn_text_append_csv_number(text, mean->mean);
            ftdn_text_append_csv_number(text, mean->sd);
            ftdn_text_append_csv_number(text, mean->half_width);
            ftdn_text_append_csv_number(text, mean->mean - half_band);
            ftdn_text_append_csv_number(text, mean->mean + half_band);
            ftdn_text_append(text, "\n");
        }
    }
}

#define MOST_BANDS 2 /* more than this lie upon each other: bars stand for them, side by side */
#define STEP_BETWEEN_BARS 0.009 /* of the axis */
#define MOST_RATE_TICKS 8
#define MOST_NETWORKS 4         /* more in the heading would leave no room for the plot; names tell them apart */

static bool has_bars(const ftdn_accuracy_figure *figure)
{
    return figure->n_curves > MOST_BANDS;
}

/* The rate in a row of the numbers. */
static const char *rate_column(ftdn_figure_axis axis)
{
    switch (axis) {
    case FTDN_AXIS_FEATURE_MAP_RATE: return "column('feature_map_rate')";
    case FTDN_AXIS_EACH_RATE: return "(column('weight_rate') + column('feature_map_rate'))";
    default: return "column('weight_rate')";
    }
}

/* The title, where there is one; "faults: zero, with 1 % in weights", as far as it is the same in all lines; each
 * network with its images; the note, where there is one. */
static void append_heading(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    const char *type = figure->curve[0].line->params->type;
    bool same_type = true;
    for (int c = 1; c < figure->n_curves; c++) same_type &= strcmp(figure->curve[c].line->params->type, type) == 0;
    if (figure->title) ftdn_text_append(text, "%s\n", figure->title);
    if (same_type) ftdn_text_append(text, "faults: %s", type);
    if (figure->other_rate > 0)
        ftdn_text_append(text, "%swith %.6g %% in %s", same_type ? ", " : "", 100 * figure->other_rate,
                         figure->axis == FTDN_AXIS_WEIGHT_RATE ? "feature maps" : "weights");
    if (same_type || figure->other_rate > 0) ftdn_text_append(text, "\n");
    for (int c = 0, n_networks = 0; c < figure->n_curves && n_networks < MOST_NETWORKS; c++) {
        size_t n_before = text->n_chars;
        ftdn_text_append_network(text, figure->curve[c].line->params);
        n_networks += text->n_chars > n_before;
    }
    if (figure->note) ftdn_text_append(text, "%s", figure->note);
}

/* The lowest and the highest rate that have a place on the axis. */
static void find_rates(const ftdn_accuracy_figure *figure, double *ret_least, double *ret_most)
{
    double least = HUGE_VAL, most = 0;
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            double rate = ftdn_figure_rate(figure, figure->curve[c].point[i]);
            if (rate > 0 || !figure->is_logarithmic) least = fmin(least, rate);
            most = fmax(most, rate);
        }
    }
    *ret_least = least;
    *ret_most = most;
}

/* From bar to bar: what is added to the rate, on a logarithmic axis what it is multiplied by. */
static double step_between_bars(const ftdn_accuracy_figure *figure)
{
    double least, most;
    find_rates(figure, &least, &most);
    return figure->is_logarithmic ? pow(most / least, STEP_BETWEEN_BARS) : STEP_BETWEEN_BARS * most;
}

/* Ticks of a logarithmic axis at the rates themselves, where there is room for them: tens alone may be a single one. */
static void write_rate_ticks(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    double tick[MOST_RATE_TICKS];
    int n_ticks = 0;
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            double rate = ftdn_figure_rate(figure, figure->curve[c].point[i]);
            bool is_new = rate > 0;
            for (int k = 0; k < n_ticks; k++) is_new &= tick[k] != rate;
            if (!is_new) continue;
            if (n_ticks == MOST_RATE_TICKS) return;
            tick[n_ticks++] = rate;
        }
    }
    for (int k = 0; k < n_ticks; k++) ftdn_text_append(text, "%s%.6g", k ? ", " : "set xtics (", 100 * tick[k]);
    ftdn_text_append(text, ")\n");
}

/* A little room on both sides, so that no marker lies on the border. */
static void write_range(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    double least, most, step = step_between_bars(figure);
    find_rates(figure, &least, &most);
    double n_steps = has_bars(figure) ? 0.5 * (figure->n_curves - 1) : 0;
    if (figure->is_logarithmic) {
        ftdn_text_append(text, "set logscale x\n");
        write_rate_ticks(figure, text);
    }
    double factor = 1.15 * pow(step, n_steps), room = step * n_steps;
    double low = figure->is_logarithmic ? least / factor : fmin(least - room, 0) - 0.02 * most;
    double high = figure->is_logarithmic ? most * factor : 1.02 * most + room;
    ftdn_text_append(text, "set xrange [%.6g:%.6g]\n", 100 * low, 100 * high);
}

static void write_axes(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    bool is_gain = figure->measure == FTDN_MEASURE_GAIN;
    ftdn_text title;
    ftdn_text_init(&title);
    append_heading(figure, &title);
    if (title.failed) text->failed = true;
    else
        ftdn_gnuplot_write_frame(title.chars, ftdn_figure_axis_label(figure->axis),
                                 is_gain ? "mAP gained over no protection (points)" : "mAP (%)", text);
    ftdn_text_done(&title);
    if (!is_gain) ftdn_text_append(text, "set yrange [0:*]\n");
    write_range(figure, text);
}

/* "KR 50 % (n = 3)". */
static void append_title(const ftdn_figure_curve *curve, ftdn_text *text)
{
    ftdn_text title;
    ftdn_text_init(&title);
    ftdn_text_append(&title, "%s (n = %lld", curve->name, (long long)curve->n_least);
    if (curve->n_most != curve->n_least) ftdn_text_append(&title, " to %lld", (long long)curve->n_most);
    ftdn_text_append(&title, ")");
    if (title.failed) text->failed = true;
    else ftdn_text_append_gnuplot(text, title.chars);
    ftdn_text_done(&title);
}

/* The curve that the paper's point belongs to; -1: its text does not say. */
static int find_curve(const ftdn_accuracy_figure *figure, const ftdn_paper_value *value)
{
    for (int c = 0; value->series && c < figure->n_curves; c++)
        if (strcmp(figure->curve[c].name, value->series) == 0) return c;
    return -1;
}

/* A data block for each curve that the paper has points of, $paper0 for those of no curve. */
static void write_paper_points(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    for (int c = -1; c < figure->n_curves; c++) {
        bool is_open = false;
        for (int i = 0; i < figure->n_paper_values; i++) {
            const ftdn_paper_value *value = &figure->paper_value[i];
            if (!ftdn_paper_value_is_point(value) || find_curve(figure, value) != c) continue;
            if (!is_open) ftdn_text_append(text, "$paper%d << end\nrate,map\n", c + 1);
            is_open = true;
            ftdn_text_append(text, "%.6g,%.6g\n", 100 * value->x, 100 * value->y);
        }
        if (is_open) ftdn_text_append(text, "end\n");
    }
}

/* Open markers, in the colour of the curve; of neighbours a small and a large one, so that both are seen where they are
 * equal. */
static void write_paper_plots(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    for (int c = -1; c < figure->n_curves; c++) {
        bool has_points = false;
        for (int i = 0; i < figure->n_paper_values; i++)
            has_points |=
                ftdn_paper_value_is_point(&figure->paper_value[i]) && find_curve(figure, &figure->paper_value[i]) == c;
        if (!has_points) continue;
        ftdn_text_append(text, ", \\\n     $paper%d using 1:2 with points ", c + 1);
        if (c >= 0) ftdn_text_append(text, "linestyle %d ", c + 1);
        else ftdn_text_append(text, "linecolor rgb '#444444' linewidth 1.4 ");
        ftdn_text_append(text, "pointtype 6 pointsize %s title ", c >= 0 && c % 2 == 0 ? "2" : "1.3");
        ftdn_text title;
        ftdn_text_init(&title);
        ftdn_text_append(&title, "paper%s%s", c >= 0 ? ": " : "", c >= 0 ? figure->curve[c].name : "");
        if (title.failed) text->failed = true;
        else ftdn_text_append_gnuplot(text, title.chars);
        ftdn_text_done(&title);
    }
}

static const char *mean_column(const ftdn_accuracy_figure *figure)
{
    return figure->measure == FTDN_MEASURE_GAIN ? "column('mean_gain')" : "column('mean_map_voc07')";
}

/* Before the lines, so that none is covered. */
static void write_bands(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    for (int c = 0; c < figure->n_curves; c++) {
        ftdn_text_append(text, "numbers using (rate(%d)):", c + 1);
        if (has_bars(figure))
            ftdn_text_append(text,
                             "(within(%s)):(within(column('low'))):(within(column('high'))) with yerrorbars "
                             "linestyle %d dashtype solid linewidth 1 pointsize 0",
                             mean_column(figure), c + 1);
        else
            ftdn_text_append(text,
                             "(within(column('low'))):(within(column('high'))) with filledcurves linestyle %d "
                             "fillstyle transparent solid 0.15 noborder",
                             c + 1);
        ftdn_text_append(text, " notitle, \\\n     ");
    }
}

static void write_lines(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    for (int c = 0; c < figure->n_curves; c++) {
        ftdn_text_append(text, "numbers using (rate(%d)):(100 * %s) with linespoints linestyle %d title ", c + 1,
                         mean_column(figure), c + 1);
        append_title(&figure->curve[c], text);
        ftdn_text_append(text, c + 1 < figure->n_curves ? ", \\\n     " : "");
    }
}

static void write_plot(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    ftdn_text_append(text, "plot ");
    if (!isnan(figure->clean_map))
        ftdn_text_append(text, "100 * clean with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 "
                               "title 'no faults', \\\n     ");
    if (figure->measure == FTDN_MEASURE_GAIN)
        ftdn_text_append(text, "0 with lines linecolor rgb '#777777' linewidth 1.2 notitle, \\\n     ");
    write_bands(figure, text);
    write_lines(figure, text);
    write_paper_plots(figure, text);
    ftdn_text_append(text, "\n");
}

/* The place of a row on the axis. Bars are moved apart, but for those of rate 0, where all lines are equal. */
static void write_place(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    const char *column = rate_column(figure->axis);
    ftdn_text_append(text, "rate(curve) = column('curve') != curve ? NaN : 100 * %s", column);
    if (has_bars(figure)) {
        double middle = 0.5 * (figure->n_curves + 1), step = step_between_bars(figure);
        if (figure->is_logarithmic) ftdn_text_append(text, " * %.4g**(curve - %g)", step, middle);
        else ftdn_text_append(text, " + %.3g * (curve - %g) * (%s > 0)", 100 * step, middle, column);
    }
    ftdn_text_append(text, "\n");
}

void ftdn_figure_write_script(const ftdn_accuracy_figure *figure, const char *stem, ftdn_text *text)
{
    ftdn_line_style style[FTDN_MOST_STYLES];
    const ftdn_line *line[FTDN_MOST_STYLES];
    for (int c = 0; c < figure->n_curves; c++) line[c] = figure->curve[c].line;
    ftdn_line_styles_choose(line, figure->n_curves, style);
    bool is_gain = figure->measure == FTDN_MEASURE_GAIN;

    ftdn_text_append(text,
                     "# %s against the fault rate: line = mean over seeds, %s = %s.\n"
                     "# Picture of another kind: gnuplot -e 'format=\"pdf\"' (or svg, png) and this file.\n",
                     is_gain ? "Gain over the same faults without protection, seed by seed," : "mAP",
                     has_bars(figure) ? "bar" : "band",
                     figure->band == FTDN_BAND_SD ? "standard deviation" : "95 % interval of the mean");
    ftdn_gnuplot_write_terminals(stem, text);
    ftdn_text_append(text,
                     "\nset datafile separator comma columnheaders\n"
                     "set datafile missing NaN\n"
                     "within(x) = %s\n"
                     "numbers = ",
                     is_gain ? "100 * x" : "x < 0 ? 0 : x > 1 ? 100 : 100 * x # a band ends where mAP does");
    ftdn_text_append_gnuplot(text, stem);
    ftdn_text_append(text, ".'.csv'\n");
    write_place(figure, text);
    if (!isnan(figure->clean_map)) {
        ftdn_text_append(text, "clean = ");
        ftdn_text_append_json_number(text, figure->clean_map);
        ftdn_text_append(text, "\n");
    }
    write_axes(figure, text);
    ftdn_text_append(text, "\n");
    write_paper_points(figure, text);
    for (int c = 0; c < figure->n_curves; c++) ftdn_gnuplot_write_style(&style[c], c + 1, text);
    ftdn_text_append(text, "\n");
    write_plot(figure, text);
}
