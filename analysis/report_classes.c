#include "analysis/report_parts.h"

#include <math.h>
#include <string.h>

#include "analysis/class_table.h"
#include "analysis/html.h"

#define MOST_PANELS 6 /* with class tables */
#define MOST_MAPS 6   /* of a panel: one for each line */
#define MOST_RATES 24 /* columns of a map */

/* The shade goes by tenths of the scale; the number stands in the cell, so that the shade says nothing alone. */
static void append_shaded(ftdn_text *html, double share, const ftdn_mean *mean)
{
    if (isnan(share)) {
        ftdn_text_append(html, "<td class=\"n\">–");
        return;
    }
    int shade = (int)(10 * share);
    ftdn_text_append(html, "<td class=\"h%d\"", shade < 0 ? 0 : shade > 9 ? 9 : shade);
    if (mean && !isnan(mean->sd) && mean->sd > 0)
        ftdn_text_append(html, " title=\"s.d. %.1f over %lld seeds\"", 100 * mean->sd, (long long)mean->n);
    ftdn_text_append(html, ">%.1f", 100 * share);
}

static void append_scale(ftdn_text *html)
{
    ftdn_text_append(html, "<p class=\"scale\" aria-hidden=\"true\">AP (%%) <span>0</span>");
    for (int i = 0; i < 10; i++) ftdn_text_append(html, "<i class=\"h%d\"></i>", i);
    ftdn_text_append(html, "<span>100</span></p>\n");
}

/* Every protection at one pair of rates. */
static void write_protections(const ftdn_class_table *table, ftdn_text *html)
{
    ftdn_text_append(html, "<h3>Each protection at ");
    ftdn_report_append_rates(html, table->weight_rate, table->feature_map_rate);
    ftdn_text_append(
        html,
        "</h3>\n<div class=\"scroll\"><table class=\"heat sortable\">\n<thead><tr><th>class<th class=\"n\">objects");
    for (int c = 0; c < table->n_columns; c++) {
        ftdn_text_append(html, "<th>");
        ftdn_html_append(html, table->column[c].name);
    }
    ftdn_text_append(html, "</thead>\n<tbody>\n");
    for (int k = 0; k < table->n_classes; k++) {
        ftdn_text_append(html, "<tr><th scope=\"row\">");
        ftdn_html_append(html, table->class_name[k]);
        ftdn_text_append(html, "<td class=\"n\">");
        ftdn_html_append_count(html, table->n_objects[k]);
        for (int c = 0; c < table->n_columns; c++) {
            const ftdn_mean ap = ftdn_class_column_find(&table->column[c], table->class_name[k]);
            append_shaded(html, ap.mean, &ap);
        }
        ftdn_text_append(html, "\n");
    }
    ftdn_text_append(html, "</tbody>\n<tfoot><tr><th scope=\"row\">mAP<td>");
    for (int c = 0; c < table->n_columns; c++)
        append_shaded(html, table->column[c].cell->map.mean, &table->column[c].cell->map);
    ftdn_text_append(html, "\n<tr><th scope=\"row\">given back<td>");
    for (int c = 0; c < table->n_columns; c++) {
        double recovered = table->column[c].recovered;
        ftdn_text_append(html, isnan(recovered) ? "<td class=\"n\">–" : "<td class=\"n\">%.0f&nbsp;%%",
                         100 * recovered);
    }
    ftdn_text_append(html, "\n</tfoot></table></div>\n");
}

/* The cells of a line whose mAP is known, by the rates; how many. */
static int list_rates(const ftdn_line *line, const ftdn_cell_accuracy *ret_cell[MOST_RATES])
{
    int n = 0;
    for (int i = 0; i < line->n_cells && n < MOST_RATES; i++)
        if (!isnan(line->cell[i]->map.mean)) ret_cell[n++] = line->cell[i];
    return n;
}

static ftdn_mean find_class(const ftdn_cell_accuracy *cell, const char *name)
{
    return ftdn_class_column_find(&(ftdn_class_column){.cell = cell}, name);
}

/* One line at each pair of rates. */
static void write_line(const ftdn_class_table *table, const ftdn_line *line, bool is_open, ftdn_text *html)
{
    const ftdn_cell_accuracy *cell[MOST_RATES];
    int n_cells = list_rates(line, cell);
    if (n_cells < 2) return;
    ftdn_text_append(html, "<details%s><summary>", is_open ? " open" : "");
    ftdn_html_append(html, line->name);
    ftdn_text_append(
        html,
        " at each fault rate</summary>\n<div class=\"scroll\"><table class=\"heat sortable\">\n<thead><tr><th>class");
    for (int i = 0; i < n_cells; i++) {
        ftdn_text_append(html, "<th>");
        ftdn_report_append_rates(html, cell[i]->params.weight_rate, cell[i]->params.feature_map_rate);
    }
    ftdn_text_append(html, "</thead>\n<tbody>\n");
    for (int k = 0; k < table->n_classes; k++) {
        ftdn_text_append(html, "<tr><th scope=\"row\">");
        ftdn_html_append(html, table->class_name[k]);
        for (int i = 0; i < n_cells; i++) {
            const ftdn_mean ap = find_class(cell[i], table->class_name[k]);
            append_shaded(html, ap.mean, &ap);
        }
        ftdn_text_append(html, "\n");
    }
    ftdn_text_append(html, "</tbody>\n<tfoot><tr><th scope=\"row\">mAP");
    for (int i = 0; i < n_cells; i++) append_shaded(html, cell[i]->map.mean, &cell[i]->map);
    ftdn_text_append(html, "\n</tfoot></table></div>\n</details>\n");
}

static ftdn_status write_panel(const ftdn_report *report, const ftdn_lines *lines, ftdn_error *err)
{
    const ftdn_class_table_desc any = {(double)NAN, (double)NAN};
    ftdn_class_table table;
    ftdn_status status = ftdn_class_table_make(lines, &any, report->arena, &table, err);
    if (status == FTDN_ERR_STORE) { /* no trial has faults */
        ftdn_text_append(report->html, "<p>No finished trial has a fault rate above 0.</p>\n");
        return FTDN_OK;
    }
    FTDN_TRY(status);
    append_scale(report->html);
    write_protections(&table, report->html);
    for (int l = 0; l < lines->n_lines && l < MOST_MAPS; l++) write_line(&table, &lines->line[l], l == 0, report->html);
    if (lines->n_lines > MOST_MAPS)
        ftdn_text_append(report->html, "<p class=\"note\">%d further protections are left out here.</p>\n",
                         lines->n_lines - MOST_MAPS);
    return FTDN_OK;
}

ftdn_status ftdn_report_write_classes(const ftdn_report *report, ftdn_error *err)
{
    ftdn_report_open_section(report, "classes", "Average precision of each class");
    ftdn_text_append(report->html,
                     "<p class=\"lead\">AP by the 11-point rule of VOC2007 in per cent, mean over seeds; classes "
                     "without objects are left out.</p>\n");
    for (int p = 0; p < report->n_panels && p < MOST_PANELS; p++) {
        ftdn_report_open_panel(report, p);
        FTDN_TRY(write_panel(report, &report->panel[p].lines, err));
        ftdn_report_close_panel(report, p);
    }
    if (report->n_panels > MOST_PANELS)
        ftdn_text_append(report->html,
                         "<p class=\"note\">%d further groups of trials are left out here; all classes: "
                         "<code>ftdn query DB class_ap</code>.</p>\n",
                         report->n_panels - MOST_PANELS);
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
