#include <assert.h>
#include <math.h>
#include <string.h>

#include "analysis/chart.h"
#include "analysis/gnuplot.h"
#include "analysis/table_format.h"

void ftdn_chart_write_numbers(const ftdn_chart *chart, ftdn_text *text)
{
    ftdn_text_append(text, "curve,name,label,x,y,low,high\n");
    for (int c = 0; c < chart->n_curves; c++) {
        for (int i = 0; i < chart->curve[c].n_points; i++) {
            const ftdn_chart_point *point = &chart->curve[c].point[i];
            ftdn_text_append(text, "%d,", c + 1);
            ftdn_text_append_csv(text, chart->curve[c].name, strlen(chart->curve[c].name));
            ftdn_text_append(text, ",");
            if (point->label) ftdn_text_append_csv(text, point->label, strlen(point->label));
            ftdn_text_append_csv_number(text, point->x);
            ftdn_text_append_csv_number(text, point->y);
            ftdn_text_append_csv_number(text, point->low);
            ftdn_text_append_csv_number(text, point->high);
            ftdn_text_append(text, "\n");
        }
    }
}

/* The labels of the longest curve, turned so that none lies upon another. */
static void write_labels(const ftdn_chart *chart, ftdn_text *text)
{
    const ftdn_chart_curve *longest = &chart->curve[0];
    for (int c = 1; c < chart->n_curves; c++)
        if (chart->curve[c].n_points > longest->n_points) longest = &chart->curve[c];
    if (longest->n_points == 0 || !longest->point[0].label) return;
    ftdn_text_append(text, "set xtics rotate by 45 right (");
    for (int i = 0; i < longest->n_points; i++) {
        ftdn_text_append(text, i ? ", " : "");
        ftdn_text_append_gnuplot(text, longest->point[i].label);
        ftdn_text_append(text, " %.6g", longest->point[i].x);
    }
    ftdn_text_append(text, ")\n");
}

static void write_frame(const ftdn_chart *chart, ftdn_text *text)
{
    ftdn_text title;
    double least = HUGE_VAL, most = 0;
    ftdn_text_init(&title);
    ftdn_text_append(&title, "%s\n%s", chart->title, chart->subtitle);
    if (title.failed) text->failed = true;
    else ftdn_gnuplot_write_frame(title.chars, chart->x_label, chart->y_label, text);
    ftdn_text_done(&title);
    for (int c = 0; c < chart->n_curves; c++) {
        for (int i = 0; i < chart->curve[c].n_points; i++) {
            least = fmin(least, chart->curve[c].point[i].x);
            most = fmax(most, chart->curve[c].point[i].x);
        }
    }
    ftdn_text_append(text, "set yrange [0:*]\nset xrange [%.6g:%.6g]\n", least - 0.5, most + 0.5);
    write_labels(chart, text);
}

static void write_plot(const ftdn_chart *chart, ftdn_text *text)
{
    ftdn_text_append(text, "plot ");
    if (!isnan(chart->level)) {
        ftdn_text_append(text, "%.6g with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 title ",
                         chart->level);
        ftdn_text_append_gnuplot(text, chart->level_name);
        ftdn_text_append(text, ", \\\n     ");
    }
    for (int c = 0; c < chart->n_curves; c++)
        ftdn_text_append(text,
                         "numbers using (place(%d)):'low':'high' with filledcurves linestyle %d fillstyle transparent "
                         "solid 0.15 noborder notitle, \\\n     ",
                         c + 1, c + 1);
    for (int c = 0; c < chart->n_curves; c++) {
        ftdn_text title;
        ftdn_text_init(&title);
        ftdn_text_append(&title, "%s (n = %lld)", chart->curve[c].name, (long long)chart->curve[c].n_seeds);
        ftdn_text_append(text, "numbers using (place(%d)):'y' with linespoints linestyle %d title ", c + 1, c + 1);
        if (title.failed) text->failed = true;
        else ftdn_text_append_gnuplot(text, title.chars);
        ftdn_text_done(&title);
        ftdn_text_append(text, c + 1 < chart->n_curves ? ", \\\n     " : "\n");
    }
}

void ftdn_chart_write_script(const ftdn_chart *chart, const char *stem, ftdn_text *text)
{
    ftdn_line_style style[FTDN_MOST_STYLES];
    const ftdn_line *line[FTDN_MOST_STYLES];
    assert(chart->n_curves <= FTDN_MOST_STYLES);
    for (int c = 0; c < chart->n_curves; c++) line[c] = chart->curve[c].line;
    ftdn_line_styles_choose(line, chart->n_curves, style);
    ftdn_text_append(text, "# Picture of another kind: gnuplot -e 'format=\"pdf\"' (or svg, png) and this file.\n");
    ftdn_gnuplot_write_terminals(stem, text);
    ftdn_text_append(text, "\nset datafile separator comma columnheaders\nset datafile missing NaN\nnumbers = ");
    ftdn_text_append_gnuplot(text, stem);
    ftdn_text_append(text, ".'.csv'\nplace(curve) = column('curve') == curve ? column('x') : NaN\n");
    write_frame(chart, text);
    ftdn_text_append(text, "\n");
    for (int c = 0; c < chart->n_curves; c++) ftdn_gnuplot_write_style(&style[c], c + 1, text);
    ftdn_text_append(text, "\n");
    write_plot(chart, text);
}
