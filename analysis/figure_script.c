#include "analysis/figure_script.h"

#include <math.h>
#include <string.h>

#include "analysis/line_style.h"

#define LONGEST_LINE 68 /* bytes, of a title */

static void append_csv_number(ftdn_text *text, double number)
{
    ftdn_text_append_bytes(text, ",", 1);
    if (isfinite(number)) ftdn_text_append_json_number(text, number);
}

void ftdn_figure_write_numbers(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    ftdn_text_append(text, "line,method,ratio,weight_rate,feature_map_rate,n,mean_map_voc07,sd_map_voc07,"
                           "map_half_width,low,high\n");
    for (int c = 0; c < figure->n_curves; c++) {
        const ftdn_figure_curve *curve = &figure->curve[c];
        for (int i = 0; i < curve->n_points; i++) {
            const ftdn_cell_accuracy *point = curve->point[i];
            double half_band = ftdn_figure_half_band(figure, point);
            if (isnan(half_band)) half_band = 0;
            ftdn_text_append_csv(text, curve->line->name, strlen(curve->line->name));
            ftdn_text_append(text, ",%s", point->params.method);
            append_csv_number(text, point->params.ratio);
            append_csv_number(text, point->params.weight_rate);
            append_csv_number(text, point->params.feature_map_rate);
            append_csv_number(text, (double)point->map.n);
            append_csv_number(text, point->map.mean);
            append_csv_number(text, point->map.sd);
            append_csv_number(text, point->map.half_width);
            append_csv_number(text, point->map.mean - half_band);
            append_csv_number(text, point->map.mean + half_band);
            ftdn_text_append(text, "\n");
        }
    }
}

void ftdn_text_append_gnuplot(ftdn_text *text, const char *chars)
{
    ftdn_text_append_bytes(text, "'", 1);
    for (const char *c = chars; *c; c++) {
        if (*c == '\'') ftdn_text_append(text, "'.\"'\".'");
        else ftdn_text_append_bytes(text, *c == '\n' || *c == '\r' ? " " : c, 1);
    }
    ftdn_text_append_bytes(text, "'", 1);
}

static const char *axis_label(ftdn_figure_axis axis)
{
    switch (axis) {
    case FTDN_AXIS_FEATURE_MAP_RATE: return "feature-map fault rate (%)";
    case FTDN_AXIS_BOTH_RATES: return "fault rate of weights and feature maps (%)";
    default: return "weight fault rate (%)";
    }
}

/* "ssd_mobilenet_v1, faults: zero, 1 % of weights; road test, 200 images": what all lines have in common. */
static void append_subtitle(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    const ftdn_trial_params *first = figure->curve[0].line->params;
    bool same_model = true, same_dataset = true, same_type = true;
    for (int c = 1; c < figure->n_curves; c++) {
        const ftdn_trial_params *params = figure->curve[c].line->params;
        same_model &= strcmp(params->model, first->model) == 0;
        same_dataset &= strcmp(params->dataset, first->dataset) == 0;
        same_type &= strcmp(params->type, first->type) == 0;
    }
    if (same_model) ftdn_text_append(text, "%s", first->model);
    if (same_type) ftdn_text_append(text, "%sfaults: %s", text->n_chars ? ", " : "", first->type);
    if (figure->axis != FTDN_AXIS_BOTH_RATES && figure->other_rate > 0)
        ftdn_text_append(text, "%swith %.6g %% in %s", text->n_chars ? ", " : "", 100 * figure->other_rate,
                         figure->axis == FTDN_AXIS_WEIGHT_RATE ? "feature maps" : "weights");
    if (same_dataset) ftdn_text_append(text, "%s%s", text->n_chars ? "\n" : "", first->dataset);
    ftdn_text_append_bytes(text, "", 0);
}

/* Lines of at most LONGEST_LINE bytes, broken at line ends and spaces; a longer word is broken between characters of
 * UTF-8. */
static void append_wrapped(ftdn_text *text, const char *chars)
{
    size_t n_left = strlen(chars);
    while (n_left > 0) {
        char line[LONGEST_LINE + 1];
        size_t n = strcspn(chars, "\n");
        if (n > LONGEST_LINE) {
            n = LONGEST_LINE;
            while (n > 0 && chars[n] != ' ') n--;
            for (n = n ? n : LONGEST_LINE; n > 1 && (chars[n] & 0xc0) == 0x80;) n--;
        }
        memcpy(line, chars, n);
        line[n] = '\0';
        ftdn_text_append_gnuplot(text, line);
        while (n < n_left && (chars[n] == ' ' || chars[n] == '\n')) n++;
        chars += n;
        n_left -= n;
        if (n_left > 0) ftdn_text_append(text, ".\"\\n\".");
    }
}

static void write_terminals(const char *stem, ftdn_text *text)
{
    ftdn_text_append(text, "if (!exists('format')) format = 'svg'\n"
                           "if (!exists('output')) output = ");
    ftdn_text_append_gnuplot(text, stem);
    ftdn_text_append(text, ".'.'.format\n"
                           "set encoding utf8\n"
                           "if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 "
                           "background 'white' noenhanced\n"
                           "if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 "
                           "linewidth 3 pointscale 2 noenhanced\n"
                           "if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 "
                           "noenhanced\n"
                           "set output output\n");
}

/* A little room on both sides, so that no marker lies on the border. */
static void write_range(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    double least = HUGE_VAL, most = 0;
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            double rate = ftdn_figure_rate(figure, figure->curve[c].point[i]);
            if (rate > 0 || !figure->is_logarithmic) least = fmin(least, rate);
            most = fmax(most, rate);
        }
    }
    if (figure->is_logarithmic) ftdn_text_append(text, "set logscale x\n");
    double low = figure->is_logarithmic ? least / 1.15 : fmin(least, 0) - 0.02 * most;
    double high = figure->is_logarithmic ? most * 1.15 : 1.02 * most;
    ftdn_text_append(text, "set xrange [%.6g:%.6g]\n", 100 * low, 100 * high);
}

static void write_axes(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    ftdn_text title;
    ftdn_text_init(&title);
    append_subtitle(figure, &title);
    ftdn_text_append(text, "\nset title ");
    if (title.failed) text->failed = true;
    else append_wrapped(text, title.chars);
    ftdn_text_done(&title);
    ftdn_text_append(text,
                     "\nset xlabel '%s'\n"
                     "set ylabel 'mAP (%%)'\n"
                     "set border 3 linecolor '#444444'\n"
                     "set tics nomirror out\nset format '%%g'\n"
                     "set grid ytics linecolor '#dddddd' linewidth 0.7\n"
                     "set key outside below center horizontal Left reverse samplen 3.5 spacing 1.2 height 0.5\n"
                     "set yrange [0:*]\n",
                     axis_label(figure->axis));
    write_range(figure, text);
}

static void write_style(const ftdn_line_style *style, int number, ftdn_text *text)
{
    ftdn_text_append(text,
                     "set style line %d linecolor rgb '%s' dashtype %s pointtype %d pointsize 0.7 linewidth 1.4\n",
                     number, style->colour, style->dash, style->marker);
}

/* "KR 50 % (n = 3)". */
static void append_title(const ftdn_figure_curve *curve, ftdn_text *text)
{
    ftdn_text title;
    ftdn_text_init(&title);
    ftdn_text_append(&title, "%s (n = %lld", curve->line->name, (long long)curve->n_least);
    if (curve->n_most != curve->n_least) ftdn_text_append(&title, " to %lld", (long long)curve->n_most);
    ftdn_text_append(&title, ")");
    if (title.failed) text->failed = true;
    else ftdn_text_append_gnuplot(text, title.chars);
    ftdn_text_done(&title);
}

/* Bands first, so that no band covers a line. */
static void write_plot(const ftdn_accuracy_figure *figure, ftdn_text *text)
{
    ftdn_text_append(text, "plot ");
    if (!isnan(figure->clean_map))
        ftdn_text_append(text, "100 * clean with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 "
                               "title 'no faults', \\\n     ");
    for (int c = 0; c < figure->n_curves; c++) {
        ftdn_text_append(text, "numbers using (rate(");
        ftdn_text_append_gnuplot(text, figure->curve[c].line->name);
        ftdn_text_append(text,
                         ")):(low(column('low'))):(100 * column('high')) with filledcurves linestyle %d "
                         "fillstyle transparent solid 0.15 noborder notitle, \\\n     ",
                         c + 1);
    }
    for (int c = 0; c < figure->n_curves; c++) {
        ftdn_text_append(text, "numbers using (rate(");
        ftdn_text_append_gnuplot(text, figure->curve[c].line->name);
        ftdn_text_append(text, ")):(100 * column('mean_map_voc07')) with linespoints linestyle %d title ", c + 1);
        append_title(&figure->curve[c], text);
        ftdn_text_append(text, c + 1 < figure->n_curves ? ", \\\n     " : "\n");
    }
}

void ftdn_figure_write_script(const ftdn_accuracy_figure *figure, const char *stem, ftdn_text *text)
{
    ftdn_line_style style[FTDN_MOST_STYLES];
    const ftdn_line *line[FTDN_MOST_STYLES];
    for (int c = 0; c < figure->n_curves; c++) line[c] = figure->curve[c].line;
    ftdn_line_styles_choose(line, figure->n_curves, style);

    ftdn_text_append(text,
                     "# mAP against the fault rate: line = mean over seeds, band = %s.\n"
                     "# Picture of another kind: gnuplot -e 'format=\"pdf\"' (or svg, png) and this file.\n",
                     figure->band == FTDN_BAND_SD ? "standard deviation" : "95 % interval of the mean");
    write_terminals(stem, text);
    ftdn_text_append(text, "\nset datafile separator comma columnheaders\n"
                           "set datafile missing NaN\n"
                           "low(x) = x > 0 ? 100 * x : 0 # a band ends where the axis does\n"
                           "numbers = ");
    ftdn_text_append_gnuplot(text, stem);
    ftdn_text_append(text, ".'.csv'\nrate(name) = strcol('line') eq name ? 100 * column('%s') : NaN\n",
                     figure->axis == FTDN_AXIS_FEATURE_MAP_RATE ? "feature_map_rate" : "weight_rate");
    if (!isnan(figure->clean_map)) {
        ftdn_text_append(text, "clean = ");
        ftdn_text_append_json_number(text, figure->clean_map);
        ftdn_text_append(text, "\n");
    }
    write_axes(figure, text);
    ftdn_text_append(text, "\n");
    for (int c = 0; c < figure->n_curves; c++) write_style(&style[c], c + 1, text);
    ftdn_text_append(text, "\n");
    write_plot(figure, text);
}
