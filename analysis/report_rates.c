#include "analysis/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/plot.h"
#include "analysis/report_table.h"

#define MOST_ROWS 400    /* layers that are listed */
#define MANY_FAULTS 1000 /* of a layer: by chance alone such a rate is off by a few per cent */
#define MOST_GROUPS 1000 /* of rows that are summed over their layers */

/* All layers of a network that were asked for the same rate at the same location. */
typedef struct rate_group {
    const char *model, *location;
    bool is_of_copies;
    double requested;
    int64_t n_layers;
    double elements, faults;
    double worst; /* the observed rate of the layer that is farthest from the requested one, as a quotient less 1; NaN:
                   * no layer has MANY_FAULTS */
} rate_group;

static bool belongs(const rate_group *group, const rate_group *other)
{
    return strcmp(group->model, other->model) == 0 && strcmp(group->location, other->location) == 0 &&
           group->is_of_copies == other->is_of_copies && group->requested == other->requested;
}

static int sum_layers(const ftdn_rows *rows, rate_group *ret_group)
{
    int n_groups = 0;
    for (int r = 0; r < rows->n_rows; r++) {
        rate_group row = {
            .model = ftdn_rows_get(rows, r, "model").string,
            .location = ftdn_rows_get(rows, r, "location").string,
            .is_of_copies = ftdn_rows_get(rows, r, "copy").integer > 0,
            .requested = ftdn_rows_get(rows, r, "requested_rate").number,
            .worst = (double)NAN,
        };
        double elements = ftdn_rows_get(rows, r, "elements").number, faults = ftdn_rows_get(rows, r, "faults").number;
        if (!(row.requested > 0) || elements == 0) continue;
        int g = 0;
        while (g < n_groups && !belongs(&ret_group[g], &row)) g++;
        if (g == MOST_GROUPS) continue;
        if (g == n_groups) ret_group[n_groups++] = row;
        double off = faults / elements / row.requested - 1;
        ret_group[g].n_layers++;
        ret_group[g].elements += elements;
        ret_group[g].faults += faults;
        if (elements * row.requested < MANY_FAULTS || fabs(off) <= fabs(ret_group[g].worst)) continue;
        ret_group[g].worst = off;
    }
    return n_groups;
}

static bool have_one_model(const rate_group *group, int n_groups)
{
    for (int g = 1; g < n_groups; g++)
        if (strcmp(group[g].model, group[0].model) != 0) return false;
    return true;
}

static void write_groups(const rate_group *group, int n_groups, ftdn_text *html)
{
    bool names_model = !have_one_model(group, n_groups);
    ftdn_text_append(html,
                     "<div class=\"scroll\"><table class=\"sortable\">\n<thead><tr>%s<th>location<th>of"
                     "<th class=\"n\">requested rate<th class=\"n\">observed rate<th class=\"n\">off by<th class=\"n\" "
                     "title=\"of the layers in which %d faults and more are expected, the one that is farthest off\">"
                     "worst layer off by<th class=\"n\">layers<th class=\"n\">elements<th class=\"n\">faults</thead>\n"
                     "<tbody>\n",
                     names_model ? "<th>model" : "", MANY_FAULTS);
    for (int g = 0; g < n_groups; g++) {
        const rate_group *of = &group[g];
        double observed = of->faults / of->elements;
        ftdn_text_append(html, "<tr>");
        if (names_model) ftdn_text_append(html, "<td>");
        if (names_model) ftdn_html_append(html, of->model);
        ftdn_text_append(html, "<td>%s<td>%s<td class=\"n\">%.4g %%<td class=\"n\">%.4g %%<td class=\"n\">%+.2f %%",
                         strcmp(of->location, "weights") == 0 ? "weights" : "feature maps",
                         of->is_of_copies ? "copies" : "originals", 100 * of->requested, 100 * observed,
                         100 * (observed / of->requested - 1));
        ftdn_text_append(html, isnan(of->worst) ? "<td class=\"n\">–" : "<td class=\"n\">%+.2f %%", 100 * of->worst);
        ftdn_text_append(html, "<td class=\"n\">%lld<td class=\"n\">", (long long)of->n_layers);
        ftdn_html_append_count(html, (int64_t)of->elements);
        ftdn_text_append(html, "<td class=\"n\">");
        ftdn_html_append_count(html, (int64_t)of->faults);
        ftdn_text_append(html, "\n");
    }
    ftdn_text_append(html, "</table></div>\n");
}

static void draw_groups(const rate_group *group, int n_groups, ftdn_text *html)
{
    static const ftdn_line_style styles[2][2] = {{{"#0072b2", "solid", 7}, {"#0072b2", "solid", 6}},
                                                 {{"#d55e00", "solid", 9}, {"#d55e00", "solid", 8}}};
    static const char *const names[2][2] = {{"weights", "copies of weights"}, {"feature maps", "maps of copies"}};
    double least = HUGE_VAL, most = 0;
    bool is_met[2][2] = {{false}};
    for (int g = 0; g < n_groups; g++) {
        double observed = group[g].faults / group[g].elements;
        if (observed == 0) continue;
        least = fmin(least, fmin(observed, group[g].requested));
        most = fmax(most, fmax(observed, group[g].requested));
    }
    if (!(most > least)) return;
    const ftdn_plot_axis x = {"requested rate (%)", 100 * least, 100 * most, true, false},
                         y = {"observed rate (%)", x.low, x.high, true, false};
    ftdn_text_append(
        html, "<div class=\"figures\"><figure>\n<figcaption>Observed against requested fault rate</figcaption>\n");
    ftdn_plot plot =
        ftdn_plot_begin(html, &x, &y, "Observed against requested fault rate: marks on the diagonal are equal");
    ftdn_plot_diagonal(&plot);
    for (int g = 0; g < n_groups; g++) {
        bool is_map = strcmp(group[g].location, "weights") != 0;
        double observed = group[g].faults / group[g].elements;
        if (observed == 0) continue;
        char hint[96];
        snprintf(hint, sizeof hint, "%s: requested %.4g %%, observed %.4g %%", names[is_map][group[g].is_of_copies],
                 100 * group[g].requested, 100 * observed);
        ftdn_plot_marker(&plot, &styles[is_map][group[g].is_of_copies], 100 * group[g].requested, 100 * observed, hint);
        is_met[is_map][group[g].is_of_copies] = true;
    }
    ftdn_plot_end(&plot);
    ftdn_text_append(html, "<ul class=\"legend\">");
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            if (!is_met[i][k]) continue;
            ftdn_text_append(html, "<li>");
            ftdn_plot_append_sample(html, &styles[i][k], false);
            ftdn_text_append(html, "%s", names[i][k]);
        }
    }
    ftdn_text_append(html, "</ul>\n</figure></div>\n");
}

ftdn_status ftdn_report_write_rates(const ftdn_report *report, ftdn_error *err)
{
    ftdn_rows rows;
    FTDN_TRY(ftdn_report_ask(report, "rates", INT32_MAX, &rows, err));
    rate_group *group = FTDN_NEW(report->arena, MOST_GROUPS, rate_group, err);
    if (!group) return FTDN_ERR_MEMORY;
    int n_groups = sum_layers(&rows, group);
    ftdn_report_open_section(report, "rates", "Fault rates: asked for, and done");
    ftdn_text_append(
        report->html,
        "<p class=\"lead\">Over all layers and trials that asked for the same rate. Trials of one seed share "
        "their faults, so that chance weighs more than the number of elements suggests.%s</p>\n",
        strcmp(report->desc->manifest, "*") == 0 ? "" : " Of all campaigns in the file.");
    if (n_groups == 0) {
        ftdn_text_append(report->html, "<p>No trial asked for a fault.</p>\n</section>\n");
        return FTDN_OK;
    }
    draw_groups(group, n_groups, report->html);
    write_groups(group, n_groups, report->html);
    if (rows.n_rows > MOST_ROWS) rows.n_rows = MOST_ROWS;
    const ftdn_report_table table = {
        .rows = &rows,
        .more = ftdn_arena_format(report->arena, err, "ftdn query %s rates", report->desc->store_path),
    };
    if (!table.more) return FTDN_ERR_MEMORY;
    ftdn_text_append(report->html, "<details><summary>Layer by layer</summary>\n");
    ftdn_report_table_write(&table, report->html);
    ftdn_text_append(report->html, "</details>\n</section>\n");
    return FTDN_OK;
}
