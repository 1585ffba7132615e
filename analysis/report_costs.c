#include "analysis/report_parts.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "analysis/class_table.h"
#include "analysis/html.h"
#include "analysis/plot.h"
#include "analysis/report_table.h"

#define MOST_ROWS 400
#define MOST_MARKS 16 /* of a chart */
#define MOST_PANELS 4 /* with charts */

/* A protection in a chart of accuracy against cost. */
typedef struct mark {
    const char *name;
    double cost, map; /* in the units of the axes */
    ftdn_line_style style;
} mark;

typedef struct marks {
    int n_marks;
    mark mark[MOST_MARKS];
} marks;

#define FEW_LINES 8 /* that colours and markers tell apart as in the curves, where dashes help */

/* The style of many marks goes by the place; what has no protection is a black dot. */
static ftdn_line_style style_of(int place)
{
    static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#777777"};
    static const int markers[] = {5, 9, 13, 11, 6, 4, 8};
    return (ftdn_line_style){colours[place % 7], "solid", markers[(place + place / 7) % 7]};
}

static ftdn_status draw_chart(const ftdn_report *report, const marks *m, const char *label, const char *title,
                              ftdn_error *err)
{
    ftdn_text *html = report->html;
    ftdn_plot_axis x = {.label = label, .low = HUGE_VAL, .high = -HUGE_VAL};
    ftdn_plot_axis y = {.label = "mAP (%)", .low = HUGE_VAL, .high = -HUGE_VAL};
    for (int i = 0; i < m->n_marks; i++) {
        x.low = fmin(x.low, m->mark[i].cost);
        x.high = fmax(x.high, m->mark[i].cost);
        y.low = fmin(y.low, m->mark[i].map);
        y.high = fmax(y.high, m->mark[i].map);
    }
    if (!(x.low < x.high && y.low < y.high)) return FTDN_OK; /* one mark, or several in a line */
    ftdn_text_append(html, "<figure>\n<figcaption>%s</figcaption>\n", title);
    ftdn_plot plot = ftdn_plot_begin(html, &x, &y, title);
    for (int i = 0; i < m->n_marks; i++) {
        const mark *one = &m->mark[i];
        const char *hint =
            ftdn_arena_format(report->arena, err, "%s: mAP %.2f %%, %s %.4g", one->name, one->map, label, one->cost);
        if (!hint) return FTDN_ERR_MEMORY;
        ftdn_plot_marker(&plot, &one->style, one->cost, one->map, hint);
    }
    ftdn_plot_end(&plot);
    ftdn_text_append(html, "<ul class=\"legend\">");
    for (int i = 0; i < m->n_marks; i++) {
        ftdn_text_append(html, "<li>");
        ftdn_plot_append_sample(html, &m->mark[i].style, false);
        ftdn_html_append(html, m->mark[i].name);
    }
    ftdn_text_append(html, "</ul>\n</figure>\n");
    return FTDN_OK;
}

/* Is the row about the panel's network and faults at the rates of the table? */
static bool fits(const ftdn_rows *rows, int row, const ftdn_report_panel *panel, const ftdn_class_table *at)
{
    const ftdn_trial_params *params = panel->lines.line[0].params;
    return strcmp(ftdn_rows_get(rows, row, "model").string, params->model) == 0 &&
           strcmp(ftdn_rows_get(rows, row, "type").string, params->type) == 0 &&
           ftdn_rows_get(rows, row, "weight_rate").number == at->weight_rate &&
           ftdn_rows_get(rows, row, "feature_map_rate").number == at->feature_map_rate;
}

/* The row of the cell: its mean is of the same SQL, to the last bit. -1: there is none. */
static int find_row(const ftdn_rows *rows, const ftdn_report_panel *panel, const ftdn_class_table *at,
                    const ftdn_cell_accuracy *cell)
{
    for (int r = 0; r < rows->n_rows; r++)
        if (fits(rows, r, panel, at) && ftdn_rows_get(rows, r, "mean_map_voc07").number == cell->map.mean &&
            strcmp(ftdn_rows_get(rows, r, "method").string, cell->params.method) == 0)
            return r;
    return -1;
}

/* The fastest trial of a line, in milliseconds for an image; NaN: no times are kept. */
static double fastest_ms(const ftdn_line *line)
{
    double fastest = 0;
    for (int i = 0; i < line->n_cells; i++) fastest = fmax(fastest, line->cell[i]->images_per_second);
    return fastest > 0 ? 1000 / fastest : (double)NAN;
}

static void choose_styles(const ftdn_lines *lines, ftdn_line_style ret_style[FEW_LINES])
{
    const ftdn_line *line[FEW_LINES];
    for (int l = 0; l < lines->n_lines; l++) line[l] = &lines->line[l];
    ftdn_line_styles_choose(line, lines->n_lines, ret_style);
}

/* rows: an answer that has the cost as a column; NULL: the cost is the time in the campaign. */
static marks list_marks(const ftdn_report_panel *panel, const ftdn_class_table *at, const ftdn_rows *rows,
                        const char *column)
{
    marks m = {0};
    int n_protected = 0;
    ftdn_line_style styles[FEW_LINES];
    bool are_few = panel->lines.n_lines <= FEW_LINES;
    if (are_few) choose_styles(&panel->lines, styles);
    for (int l = 0; l < panel->lines.n_lines && m.n_marks < MOST_MARKS; l++) {
        const ftdn_line *line = &panel->lines.line[l];
        const ftdn_cell_accuracy *cell = ftdn_line_find(line, at->weight_rate, at->feature_map_rate);
        bool is_unprotected = strcmp(line->params->method, "none") == 0;
        ftdn_line_style style = {"#000000", "solid", 7};
        if (are_few) style = styles[l];
        else if (!is_unprotected) style = style_of(n_protected++);
        int row = cell && rows ? find_row(rows, panel, at, cell) : -1;
        double cost = rows ? (double)NAN : fastest_ms(line);
        if (row >= 0) cost = ftdn_rows_get(rows, row, column).number;
        if (cell && !isnan(cost) && !isnan(cell->map.mean))
            m.mark[m.n_marks++] = (mark){line->name, cost, 100 * cell->map.mean, style};
    }
    return m;
}

/* Where the class table is: at the rates that tell most. */
static ftdn_status draw_panel(const ftdn_report *report, const ftdn_rows *by_mb, const ftdn_rows *by_ms,
                              const ftdn_report_panel *panel, ftdn_error *err)
{
    const ftdn_class_table_desc any = {(double)NAN, (double)NAN};
    ftdn_class_table at;
    ftdn_status status = ftdn_class_table_make(&panel->lines, &any, report->arena, &at, err);
    if (status == FTDN_ERR_STORE) return FTDN_OK; /* no trial has faults */
    FTDN_TRY(status);
    ftdn_text_append(report->html, "<p>At ");
    ftdn_report_append_rates(report->html, at.weight_rate, at.feature_map_rate);
    ftdn_text_append(report->html, ":</p>\n<div class=\"figures\">\n");
    marks m = list_marks(panel, &at, by_mb, "copied_mb");
    FTDN_TRY(draw_chart(report, &m, "added weights and maps (MB)", "mAP against memory", err));
    m = list_marks(panel, &at, by_ms, "median_ms");
    FTDN_TRY(
        draw_chart(report, &m, "time per image (ms)", "mAP against time, as measured by ftdn bench overhead", err));
    m = list_marks(panel, &at, NULL, NULL);
    FTDN_TRY(draw_chart(report, &m, "time per image (ms)", "mAP against time, in the fastest trial", err));
    ftdn_text_append(report->html, "</div>\n");
    return FTDN_OK;
}

static ftdn_status write_table(const ftdn_report *report, const ftdn_rows *rows, const char *title, ftdn_error *err)
{
    ftdn_rows shown = *rows;
    if (shown.n_rows == 0) return FTDN_OK;
    if (shown.n_rows > MOST_ROWS) shown.n_rows = MOST_ROWS;
    const ftdn_report_table table = {
        .rows = &shown,
        .more = ftdn_arena_format(report->arena, err, "ftdn query %s %s", report->desc->store_path, rows->query),
    };
    if (!table.more) return FTDN_ERR_MEMORY;
    ftdn_text_append(report->html, "<details><summary>%s</summary>\n", title);
    ftdn_report_table_write(&table, report->html);
    ftdn_text_append(report->html, "</details>\n");
    return FTDN_OK;
}

ftdn_status ftdn_report_write_costs(const ftdn_report *report, ftdn_error *err)
{
    ftdn_rows by_mb, by_ms;
    ftdn_report_open_section(report, "costs", "Accuracy against memory and time");
    ftdn_text_append(
        report->html,
        "<p class=\"lead\">Memory is what a protection adds for one image. Time is that of one thread for one "
        "image: network and detection in the fastest trial, whatever else the machine did; %s</p>\n",
        "<code>ftdn bench overhead --db</code> measures the network alone, and better.");
    FTDN_TRY(ftdn_report_ask(report, "map_by_mb", INT32_MAX, &by_mb, err));
    FTDN_TRY(ftdn_report_ask(report, "map_by_ms", INT32_MAX, &by_ms, err));
    for (int p = 0; p < report->n_panels && p < MOST_PANELS; p++) {
        ftdn_report_open_panel(report, p);
        FTDN_TRY(draw_panel(report, &by_mb, &by_ms, &report->panel[p], err));
        ftdn_report_close_panel(report, p);
    }
    FTDN_TRY(write_table(report, &by_mb, "All rows of memory", err));
    FTDN_TRY(write_table(report, &by_ms, "All rows of measured time", err));
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
