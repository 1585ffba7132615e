#include "analysis/report_parts.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_table.h"

#define MOST_ROWS 400
#define BAR_WIDTH 150 /* of the picture of an interval */

/* The scale that the intervals of a table share: from low to high, 0 within. */
typedef struct interval_scale {
    double low, high;
} interval_scale;

/* Wide enough for the intervals, but not for those that are far wider than any gain. */
static interval_scale make_scale(const ftdn_rows *rows)
{
    double most = 0, low = 0, high = 0;
    for (int r = 0; r < rows->n_rows; r++) most = fmax(most, fabs(ftdn_rows_get(rows, r, "mean_gain").number));
    for (int r = 0; r < rows->n_rows; r++) {
        double gain = ftdn_rows_get(rows, r, "mean_gain").number,
               half = ftdn_rows_get(rows, r, "gain_half_width").number;
        low = fmin(low, gain - (isnan(half) ? 0 : half));
        high = fmax(high, gain + (isnan(half) ? 0 : half));
    }
    if (most == 0) most = 0.005;
    return (interval_scale){fmax(low, -2 * most) - 0.05 * most, fmin(high, 2 * most) + 0.05 * most};
}

static double place_on(const interval_scale *scale, double value)
{
    return BAR_WIDTH * fmin(fmax((value - scale->low) / (scale->high - scale->low), 0), 1);
}

/* A gain as a mark on the common scale with its interval, which is cut off at the ends; the mark is full where the
 * interval does not hold 0. */
static void append_interval(const void *user, const ftdn_rows *rows, int row, ftdn_text *text)
{
    const interval_scale *scale = user;
    double gain = ftdn_rows_get(rows, row, "mean_gain").number,
           half = ftdn_rows_get(rows, row, "gain_half_width").number;
    if (isnan(gain)) return;
    bool is_sure = !isnan(half) && fabs(gain) > half;
    ftdn_text_append(text,
                     "<svg class=\"interval %s\" viewBox=\"0 0 %d 14\" aria-hidden=\"true\"><path class=\"zero\" "
                     "d=\"M%.1f 0v14\"/>",
                     is_sure ? gain > 0 ? "gain" : "harm" : "open", BAR_WIDTH, place_on(scale, 0));
    if (!isnan(half))
        ftdn_text_append(text, "<path d=\"M%.1f 7H%.1f\"/>", place_on(scale, gain - half),
                         place_on(scale, gain + half));
    ftdn_text_append(text, "<circle cx=\"%.1f\" cy=\"7\" r=\"3.4\"/></svg>", place_on(scale, gain));
}

/* The gain stands first: of the rest a narrow screen shows less. */
static void move_gain_first(const ftdn_rows *rows, const char **name, int *from)
{
    static const char *const first[] = {"mean_gain", "gain_half_width", "p"};
    int n = 0;
    for (int i = 0; i < 3; i++)
        if ((from[n] = ftdn_rows_find_column(rows, first[i])) >= 0) n++;
    int n_moved = n;
    for (int c = 0; c < rows->n_columns; c++) {
        bool is_moved = false;
        for (int i = 0; i < n_moved; i++) is_moved |= from[i] == c;
        if (!is_moved) from[n++] = c;
    }
    for (int c = 0; c < rows->n_columns; c++) name[c] = rows->name[from[c]];
}

/* The rows that have faults and a partner. */
static ftdn_status keep_paired(const ftdn_rows *rows, ftdn_arena *arena, ftdn_rows *ret_rows, ftdn_error *err)
{
    size_t n_columns = (size_t)rows->n_columns;
    ftdn_row_value *value = FTDN_NEW(arena, (size_t)rows->n_rows * n_columns, ftdn_row_value, err);
    const char **name = FTDN_NEW(arena, n_columns, const char *, err);
    int *from = FTDN_NEW(arena, n_columns + 1, int, err);
    ftdn_rows kept = {.query = rows->query, .n_columns = rows->n_columns, .name = name, .value = value};
    if (!value || !name || !from) return FTDN_ERR_MEMORY;
    move_gain_first(rows, name, from);
    for (int r = 0; r < rows->n_rows; r++) {
        if (!ftdn_report_has_faults(rows, r) || isnan(ftdn_rows_get(rows, r, "mean_gain").number)) continue;
        for (size_t c = 0; c < n_columns; c++)
            value[(size_t)kept.n_rows * n_columns + c] = rows->value[(size_t)r * n_columns + (size_t)from[c]];
        kept.n_rows++;
    }
    kept.n_all = kept.n_rows;
    *ret_rows = kept;
    return FTDN_OK;
}

static void append_protection(const void *user, const ftdn_rows *rows, int row, ftdn_text *text)
{
    ftdn_text name;
    (void)user;
    ftdn_text_init(&name);
    ftdn_report_append_protection(rows, row, &name);
    if (name.failed) text->failed = true;
    else ftdn_html_append(text, name.chars);
    ftdn_text_done(&name);
}

/* "1 % of weights", "100 weight faults". */
static void append_faults(const void *user, const ftdn_rows *rows, int row, ftdn_text *text)
{
    (void)user;
    double n_weights = ftdn_rows_get(rows, row, "weight_count").number,
           n_maps = ftdn_rows_get(rows, row, "feature_map_count").number;
    double weight_rate = ftdn_rows_get(rows, row, "weight_rate").number,
           map_rate = ftdn_rows_get(rows, row, "feature_map_rate").number;
    if (weight_rate > 0 || map_rate > 0) ftdn_report_append_rates(text, weight_rate, map_rate);
    if (n_weights > 0)
        ftdn_text_append(text, "%s%.0f weight faults", weight_rate > 0 || map_rate > 0 ? ", " : "", n_weights);
    if (n_maps > 0)
        ftdn_text_append(text, "%s%.0f faults in maps", n_weights > 0 || weight_rate > 0 || map_rate > 0 ? ", " : "",
                         n_maps);
}

static ftdn_status write_table(const ftdn_report *report, const char *query, const char *title, const char *lead,
                               ftdn_error *err)
{
    static const char *const hidden[] = {
        "n",       "method",      "ranking",          "merge",        "ratio",
        "variant", "weight_rate", "feature_map_rate", "weight_count", "feature_map_count",
        NULL};
    ftdn_rows all, rows;
    FTDN_TRY(ftdn_report_ask(report, query, INT32_MAX, &all, err));
    FTDN_TRY(keep_paired(&all, report->arena, &rows, err));
    ftdn_text_append(report->html, "<h3>%s</h3>\n<p>%s</p>\n", title, lead);
    if (rows.n_rows == 0) {
        ftdn_text_append(report->html, "<p>There is nothing to compare.</p>\n");
        return FTDN_OK;
    }
    if (rows.n_rows > MOST_ROWS) rows.n_rows = MOST_ROWS;
    const interval_scale scale = make_scale(&rows);
    const ftdn_report_table table = {
        .rows = &rows,
        .hidden = hidden,
        .lead_title = "protection",
        .append_lead = append_protection,
        .append_group = append_faults,
        .extra_title = "95 % interval",
        .extra_behind = "mean_gain",
        .append_extra = append_interval,
        .user = &scale,
        .more = ftdn_arena_format(report->arena, err, "ftdn query %s %s", report->desc->store_path, query),
    };
    if (!table.more) return FTDN_ERR_MEMORY;
    ftdn_report_table_write(&table, report->html);
    return FTDN_OK;
}

ftdn_status ftdn_report_write_gains(const ftdn_report *report, ftdn_error *err)
{
    ftdn_report_open_section(report, "gains", "What protections gain, seed by seed");
    ftdn_text_append(
        report->html,
        "<p class=\"lead\">Differences in points of mAP between trials with the same faults and "
        "the same seed, with the 95 %% interval of their mean by Student&#39;s t. A full mark: the interval does "
        "not hold 0. An empty one may be chance, and of twenty comparisons without any gain one looks "
        "sure.</p>\n");
    FTDN_TRY(write_table(report, "protection_gain", "Over no protection",
                         "Each protected trial less the one without protection.", err));
    FTDN_TRY(write_table(report, "ranking_gain", "Over the random ranking",
                         "Each ranking less random choice of the same number of channels, of the same method.", err));
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
