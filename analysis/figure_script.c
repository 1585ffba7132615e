#include "analysis/figure_script.h"

#include <math.h>
#include <string.h>

#include "analysis/dataset_label.h"
#include "analysis/gnuplot.h"
#include "analysis/line_style.h"
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

#define MOST_BANDS 3 /* more than this lie upon each other: bars stand for them, side by side */
#define STEP_BETWEEN_BARS 0.009   /* of the highest rate */
#define FACTOR_BETWEEN_BARS 1.025 /* on a logarithmic axis */

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

/* "ssd_mobilenet_v1, faults: zero, 1 % of weights; road test, 200 images": the title and the note, where there are any,
 * and between them what all lines have in common. */
static void append_heading(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    const ftdn_trial_params *first = figure->curve[0].line->params;
    bool same_model = true, same_dataset = true, same_type = true;
    for (int c = 1; c < figure->n_curves; c++) {
        const ftdn_trial_params *params = figure->curve[c].line->params;
        same_model &= strcmp(params->model, first->model) == 0;
        same_dataset &= strcmp(params->dataset, first->dataset) == 0;
        same_type &= strcmp(params->type, first->type) == 0;
    }
    if (figure->title) ftdn_text_append(text, "%s\n", figure->title);
    size_t start = text->n_chars;
    if (same_model) ftdn_text_append(text, "%s", first->model);
    if (same_type) ftdn_text_append(text, "%sfaults: %s", text->n_chars > start ? ", " : "", first->type);
    if (figure->other_rate > 0)
        ftdn_text_append(text, "%swith %.6g %% in %s", text->n_chars > start ? ", " : "", 100 * figure->other_rate,
                         figure->axis == FTDN_AXIS_WEIGHT_RATE ? "feature maps" : "weights");
    if (same_dataset) {
        if (text->n_chars > start) ftdn_text_append(text, "\n");
        ftdn_text_append_dataset(text, first->dataset);
    }
    if (figure->note) ftdn_text_append(text, "\n%s", figure->note);
    ftdn_text_append_bytes(text, "", 0);
}

static double highest_rate(const ftdn_accuracy_figure *figure)
{
    double most = 0;
    for (int c = 0; c < figure->n_curves; c++)
        for (int i = 0; i < figure->curve[c].n_points; i++)
            most = fmax(most, ftdn_figure_rate(figure, figure->curve[c].point[i]));
    return most;
}

/* A little room on both sides, so that no marker lies on the border. */
static void write_range(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    double least = HUGE_VAL, most = highest_rate(figure);
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            double rate = ftdn_figure_rate(figure, figure->curve[c].point[i]);
            if (rate > 0 || !figure->is_logarithmic) least = fmin(least, rate);
        }
    }
    if (figure->is_logarithmic) ftdn_text_append(text, "set logscale x\n");
    double n_steps = has_bars(figure) ? 0.5 * (figure->n_curves - 1) : 0;
    double step = STEP_BETWEEN_BARS * n_steps, factor = 1.15 * pow(FACTOR_BETWEEN_BARS, n_steps);
    double low = figure->is_logarithmic ? least / factor : fmin(least - step * most, 0) - 0.02 * most;
    double high = figure->is_logarithmic ? most * factor : (1.02 + step) * most;
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
        double middle = 0.5 * (figure->n_curves + 1);
        if (figure->is_logarithmic) ftdn_text_append(text, " * %g**(curve - %g)", FACTOR_BETWEEN_BARS, middle);
        else
            ftdn_text_append(text, " + %.3g * (curve - %g) * (%s > 0)", 100 * STEP_BETWEEN_BARS * highest_rate(figure),
                             middle, column);
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
