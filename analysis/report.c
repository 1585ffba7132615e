#include "analysis/report.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_parts.h"

/* report.css and report.js, with a 0 behind them; made by tools/embed-text. */
extern const unsigned char ftdn_report_style[], ftdn_report_script[];

ftdn_status ftdn_report_ask(const ftdn_report *report, const char *query, int most_rows, ftdn_rows *ret_rows,
                            ftdn_error *err)
{
    const ftdn_named_query *named;
    FTDN_TRY(ftdn_named_query_find(query, &named, err));
    bool has_manifest = named->parameter[0].name != NULL; /* the first parameter of a query that has any */
    const char *setting = ftdn_arena_format(report->arena, err, "manifest=%s", report->desc->manifest);
    if (!setting) return FTDN_ERR_MEMORY;
    const ftdn_question question = {.text = query, .n_settings = has_manifest, .setting = &setting};
    return ftdn_query_load(report->store, &question, most_rows, report->arena, ret_rows, err);
}

void ftdn_report_append_rates(ftdn_text *text, double weight_rate, double feature_map_rate)
{
    if (weight_rate == 0 && feature_map_rate == 0) ftdn_text_append(text, "no faults");
    if (weight_rate > 0) ftdn_text_append(text, "%.6g %% of weights", 100 * weight_rate);
    if (weight_rate > 0 && feature_map_rate > 0) ftdn_text_append(text, " and ");
    if (feature_map_rate > 0) ftdn_text_append(text, "%.6g %% of feature maps", 100 * feature_map_rate);
}

bool ftdn_report_has_faults(const ftdn_rows *rows, int row)
{
    static const char *const columns[] = {"weight_rate", "feature_map_rate", "weight_count", "feature_map_count"};
    for (int i = 0; i < 4; i++)
        if (ftdn_rows_get(rows, row, columns[i]).number > 0) return true;
    return false;
}

void ftdn_report_append_protection(const ftdn_rows *rows, int row, ftdn_text *text)
{
    static const char *const columns[] = {"ranking", "merge", "variant"};
    const char *method = ftdn_rows_get(rows, row, "method").string;
    double ratio = ftdn_rows_get(rows, row, "ratio").number;
    if (strcmp(method, "none") == 0) ftdn_text_append(text, "unprotected");
    else
        for (const char *c = method; *c; c++) ftdn_text_append(text, "%c", toupper((unsigned char)*c));
    if (!isnan(ratio)) ftdn_text_append(text, " %.6g %%", 100 * ratio);
    for (int i = 0; i < 3; i++) {
        const char *value = ftdn_rows_get(rows, row, columns[i]).string;
        if (*value) ftdn_text_append(text, "%s%s", i ? ", " : " ", value);
    }
}

void ftdn_report_open_section(const ftdn_report *report, const char *id, const char *title)
{
    ftdn_text_append(report->html, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

void ftdn_report_open_panel(const ftdn_report *report, int panel)
{
    if (report->n_panels > 1) {
        ftdn_text_append(report->html, "<details class=\"panel\"%s><summary>", panel == 0 ? " open" : "");
        ftdn_html_append(report->html, report->panel[panel].title);
        ftdn_text_append(report->html, "</summary>\n");
    } else {
        ftdn_text_append(report->html, "<p class=\"same\">");
        ftdn_html_append(report->html, report->panel[panel].title);
        ftdn_text_append(report->html, "</p>\n");
    }
}

void ftdn_report_close_panel(const ftdn_report *report, int panel)
{
    (void)panel;
    if (report->n_panels > 1) ftdn_text_append(report->html, "</details>\n");
}

typedef struct section {
    const char *id, *name; /* of its place in the page, and in the list at the top */
    ftdn_status (*write)(const ftdn_report *report, ftdn_error *err);
} section;

static const section sections[] = {
    {"summary", "Summary", ftdn_report_write_summary},
    {"curves", "Curves", ftdn_report_write_curves},
    {"classes", "Classes", ftdn_report_write_classes},
    {"pictures", "Pictures", ftdn_report_write_pictures},
    {"gains", "Gains", ftdn_report_write_gains},
    {"costs", "Costs", ftdn_report_write_costs},
    {"rankings", "Rankings", ftdn_report_write_rankings},
    {"rates", "Fault rates", ftdn_report_write_rates},
    {"attempts", "Attempts", ftdn_report_write_attempts},
    {"environments", "Environment", ftdn_report_write_environments},
    {"manifests", "Manifest", ftdn_report_write_manifests},
    {"points", "Repeat a point", ftdn_report_write_points},
};
enum { N_SECTIONS = sizeof sections / sizeof *sections };

/* What the page may load is said to the browser too: nothing. */
static void write_head(const ftdn_report *report)
{
    ftdn_text *html = report->html;
    ftdn_text_append(
        html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
              "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    ftdn_html_append(html, report->desc->title);
    ftdn_text_append(html, " - fault-injection report</title>\n<style>\n%s</style>\n</head>\n<body>\n",
                     (const char *)ftdn_report_style);
}

static bool is_there(const ftdn_report *report, const section *s)
{
    if (s->write == ftdn_report_write_pictures) return report->desc->pictures_title != NULL;
    if (s->write == ftdn_report_write_rankings) return report->desc->n_agreements > 0;
    return true;
}

static ftdn_status write_page(const ftdn_report *report, ftdn_error *err)
{
    ftdn_text *html = report->html;
    write_head(report);
    ftdn_text_append(html, "<header>\n<p class=\"kind\">Fault-injection report</p>\n<h1>");
    ftdn_html_append(html, report->desc->title);
    ftdn_text_append(html, "</h1>\n</header>\n<nav aria-label=\"sections\">");
    for (int i = 0; i < N_SECTIONS; i++)
        if (is_there(report, &sections[i]))
            ftdn_text_append(html, "<a href=\"#%s\">%s</a>", sections[i].id, sections[i].name);
    ftdn_text_append(html, "</nav>\n<main>\n");
    for (int i = 0; i < N_SECTIONS; i++)
        if (is_there(report, &sections[i])) FTDN_TRY(sections[i].write(report, err));
    ftdn_text_append(html, "</main>\n<footer>Written by ");
    ftdn_html_append(html, report->desc->program);
    ftdn_text_append(html, " from <code>");
    ftdn_html_append(html, report->desc->store_path);
    ftdn_text_append(html,
                     "</code>: the same file gives the same page, byte for byte.</footer>\n<script>\n%s</script>\n"
                     "</body>\n</html>\n",
                     (const char *)ftdn_report_script);
    return ftdn_text_check(html, err);
}

ftdn_status ftdn_report_write(ftdn_store *store, const ftdn_report_desc *desc, ftdn_arena *arena, ftdn_text *html,
                              ftdn_error *err)
{
    const ftdn_cell_accuracy *cell;
    int n_cells;
    ftdn_report report = {.desc = desc, .store = store, .arena = arena, .html = html};
    FTDN_TRY(ftdn_accuracy_load(store, desc->manifest, arena, &cell, &n_cells, err));
    if (n_cells == 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "there is no finished trial of a campaign '%s'", desc->manifest);
    FTDN_TRY(ftdn_report_panels_make(cell, n_cells, arena, &report.panel, &report.n_panels, err));
    return write_page(&report, err);
}
