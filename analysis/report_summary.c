#include "analysis/report_parts.h"

#include <math.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_table.h"
#include "results/run_status.h"

#define MOST_CAMPAIGNS 12

static void open_card(ftdn_text *html, const char *title)
{
    ftdn_text_append(html, "<div><dt>%s<dd>", title);
}

static void close_card(ftdn_text *html)
{
    ftdn_text_append(html, "</div>\n");
}

/* The sum of a column; texts and missing values are nothing. */
static double sum_column(const ftdn_rows *rows, const char *name)
{
    double sum = 0;
    for (int r = 0; r < rows->n_rows; r++) {
        double number = ftdn_rows_get(rows, r, name).number;
        sum += isnan(number) ? 0 : number;
    }
    return sum;
}

/* The row with the least or greatest text of a column, as times of one form are compared; NULL: there are no rows. */
static const char *find_extreme(const ftdn_rows *rows, const char *name, int sign)
{
    const char *found = NULL;
    for (int r = 0; r < rows->n_rows; r++) {
        const char *text = ftdn_rows_get(rows, r, name).string;
        if (*text && (!found || sign * strcmp(text, found) > 0)) found = text;
    }
    return found;
}

static void write_trials(const ftdn_rows *history, const ftdn_trial_counts *counts, ftdn_text *html)
{
    open_card(html, "trials");
    ftdn_html_append_count(html, (int64_t)sum_column(history, "trials"));
    if (counts->n_missing > 0) {
        ftdn_text_append(html, "<small>missing of those planned: ");
        ftdn_html_append_count(html, counts->n_missing);
        ftdn_text_append(html, "</small>");
    } else if (counts->n_planned > 0) {
        ftdn_text_append(html, "<small>all that were planned</small>");
    }
    close_card(html);
}

static void append_duration(ftdn_text *html, double seconds)
{
    if (seconds < 100) ftdn_text_append(html, "%.0f s", seconds);
    else if (seconds < 6000) ftdn_text_append(html, "%.0f min", seconds / 60);
    else ftdn_text_append(html, "%.1f h", seconds / 3600);
}

static void write_times(const ftdn_rows *history, const ftdn_rows *attempts, ftdn_text *html)
{
    const char *first = find_extreme(history, "first_at", -1), *last = find_extreme(history, "last_at", 1);
    if (!first || !last) return;
    open_card(html, "when");
    ftdn_text_append(html, "%.10s", first);
    if (strncmp(first, last, 10) != 0) ftdn_text_append(html, " to %.10s", last);
    ftdn_text_append(html, "<small>");
    append_duration(html, sum_column(attempts, "seconds"));
    ftdn_text_append(html, " of trials</small>");
    close_card(html);
}

static void write_failures(const ftdn_rows *failures, const ftdn_trial_counts *counts, ftdn_text *html)
{
    open_card(html, "failed attempts");
    ftdn_html_append_count(html, (int64_t)sum_column(failures, "attempts"));
    if (failures->n_rows == 0) ftdn_text_append(html, "<small>none at all</small>");
    else if (counts->n_unfinished == 0) ftdn_text_append(html, "<small>others finished their trials</small>");
    else ftdn_text_append(html, "<small>unfinished trials: %d</small>", counts->n_unfinished);
    close_card(html);
}

/* The cells with the best mAP without faults and the worst with faults. */
typedef struct extremes {
    double least_clean, most_clean;
    const ftdn_line *worst_line;
    const ftdn_cell_accuracy *worst;
} extremes;

static extremes find_extremes(const ftdn_report *report)
{
    extremes found = {.least_clean = HUGE_VAL, .most_clean = -HUGE_VAL};
    for (int p = 0; p < report->n_panels; p++) {
        for (int l = 0; l < report->panel[p].lines.n_lines; l++) {
            const ftdn_line *line = &report->panel[p].lines.line[l];
            for (int i = 0; i < line->n_cells; i++) {
                const ftdn_cell_accuracy *cell = line->cell[i];
                bool is_clean = cell->params.weight_rate == 0 && cell->params.feature_map_rate == 0;
                if (isnan(cell->map.mean)) continue;
                if (is_clean && strcmp(line->params->method, "none") == 0) {
                    found.least_clean = fmin(found.least_clean, cell->map.mean);
                    found.most_clean = fmax(found.most_clean, cell->map.mean);
                }
                if (is_clean || (found.worst && cell->map.mean >= found.worst->map.mean)) continue;
                found.worst = cell;
                found.worst_line = line;
            }
        }
    }
    return found;
}

static void write_extremes(const ftdn_report *report)
{
    const extremes found = find_extremes(report);
    ftdn_text *html = report->html;
    if (found.least_clean <= found.most_clean) {
        open_card(html, "clean mAP");
        ftdn_text_append(html, "%.1f", 100 * found.least_clean);
        if (found.most_clean > found.least_clean) ftdn_text_append(html, "–%.1f", 100 * found.most_clean);
        ftdn_text_append(html, " %%<small>without faults and protection</small>");
        close_card(html);
    }
    if (found.worst) {
        open_card(html, "worst mAP");
        ftdn_text_append(html, "%.1f %%<small>", 100 * found.worst->map.mean);
        ftdn_html_append(html, found.worst_line->name);
        ftdn_text_append(html, ", ");
        ftdn_report_append_rates(html, found.worst->params.weight_rate, found.worst->params.feature_map_rate);
        ftdn_text_append(html, "</small>");
        close_card(html);
    }
}

static void append_protection(const ftdn_rows *rows, int row, ftdn_text *html)
{
    ftdn_text name;
    ftdn_text_init(&name);
    ftdn_report_append_protection(rows, row, &name);
    if (name.failed) html->failed = true;
    else ftdn_html_append(html, name.chars);
    ftdn_text_done(&name);
}

/* The protection with the greatest mean gain; it is the best of many, which the card says. */
static void write_best(const ftdn_rows *gains, ftdn_text *html)
{
    int best = -1, n = 0;
    for (int r = 0; r < gains->n_rows; r++) {
        double gain = ftdn_rows_get(gains, r, "mean_gain").number;
        if (isnan(gain) || !ftdn_report_has_faults(gains, r)) continue;
        n++;
        if (best < 0 || gain > ftdn_rows_get(gains, best, "mean_gain").number) best = r;
    }
    if (best < 0) return;
    open_card(html, "greatest gain");
    double best_gain = ftdn_rows_get(gains, best, "mean_gain").number;
    ftdn_text_append(html, "%+.1f points", 100 * best_gain);
    double half = ftdn_rows_get(gains, best, "gain_half_width").number;
    ftdn_text_append(html, "<small>");
    if (!isnan(half))
        ftdn_text_append(html, "± %.1f (95&nbsp;%%%s): ", 100 * half, half < fabs(best_gain) ? "" : ", may be chance");
    append_protection(gains, best, html);
    ftdn_text_append(html, " against ");
    ftdn_report_append_rates(html, ftdn_rows_get(gains, best, "weight_rate").number,
                             ftdn_rows_get(gains, best, "feature_map_rate").number);
    ftdn_text_append(html, "; the greatest of %d</small>", n);
    close_card(html);
}

static void write_campaigns(const ftdn_rows *manifests, ftdn_text *html)
{
    ftdn_text_append(html, "<dl class=\"campaigns\">\n");
    for (int r = 0; r < manifests->n_rows; r++) {
        ftdn_text_append(html, "<dt>");
        ftdn_html_append(html, ftdn_rows_get(manifests, r, "manifest").string);
        ftdn_text_append(html, "<dd>");
        ftdn_html_append(html, ftdn_rows_get(manifests, r, "description").string);
        ftdn_text_append(html, "\n");
    }
    ftdn_text_append(html, "</dl>\n");
    if (manifests->n_all > manifests->n_rows)
        ftdn_text_append(html, "<p class=\"note\">and %lld further campaigns</p>\n",
                         (long long)(manifests->n_all - manifests->n_rows));
}

ftdn_status ftdn_report_write_summary(const ftdn_report *report, ftdn_error *err)
{
    ftdn_rows manifests, history, attempts, failures, gains;
    ftdn_trial_counts counts;
    FTDN_TRY(ftdn_report_ask(report, "manifests", MOST_CAMPAIGNS, &manifests, err));
    FTDN_TRY(ftdn_report_ask(report, "history", INT32_MAX, &history, err));
    FTDN_TRY(ftdn_store_count_trials(report->store, report->desc->manifest, &counts, err));
    FTDN_TRY(ftdn_report_ask(report, "attempts", INT32_MAX, &attempts, err));
    FTDN_TRY(ftdn_report_ask(report, "failures", INT32_MAX, &failures, err));
    FTDN_TRY(ftdn_report_ask(report, "protection_gain", INT32_MAX, &gains, err));
    ftdn_report_open_section(report, "summary", "Summary");
    write_campaigns(&manifests, report->html);
    ftdn_text_append(report->html, "<dl class=\"cards\">\n");
    write_trials(&history, &counts, report->html);
    write_extremes(report);
    write_best(&gains, report->html);
    write_times(&history, &attempts, report->html);
    write_failures(&failures, &counts, report->html);
    ftdn_text_append(report->html, "</dl>\n</section>\n");
    return FTDN_OK;
}
