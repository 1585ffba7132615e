/* report_parts.h - what the sections of a report share; each section is a file report_NAME.c. */
#ifndef FTDN_ANALYSIS_REPORT_PARTS_H
#define FTDN_ANALYSIS_REPORT_PARTS_H

#include <stdbool.h>

#include "analysis/lines.h"
#include "analysis/report.h"
#include "results/query_rows.h"

/* Lines of the same network, images and kind of faults: what stands in one figure. */
typedef struct ftdn_report_panel {
    const char *title; /* what tells it from other panels; the network where there is one only */
    ftdn_lines lines;  /* their names tell them apart within the panel */
} ftdn_report_panel;

typedef struct ftdn_report {
    const ftdn_report_desc *desc;
    ftdn_store *store;
    ftdn_arena *arena;
    ftdn_text *html;
    int n_panels;
    const ftdn_report_panel *panel; /* [n_panels] */
} ftdn_report;

/* Group cells into panels (report_panels.c). cell: borrowed. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_report_panels_make(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena,
                                                   const ftdn_report_panel **ret_panel, int *ret_n_panels,
                                                   ftdn_error *err);

/* Ask a named query about the campaigns of the report. */
FTDN_NODISCARD ftdn_status ftdn_report_ask(const ftdn_report *report, const char *query, int most_rows,
                                           ftdn_rows *ret_rows, ftdn_error *err);

/* "1 % of weights, 2 % of feature maps", "no faults". */
void ftdn_report_append_rates(ftdn_text *text, double weight_rate, double feature_map_rate);

/* Did the trials of the row have faults, by its columns of rates and counts? */
bool ftdn_report_has_faults(const ftdn_rows *rows, int row);

/* "KR 50 % entropy, nonzero": the protection of a row, by its columns method, ratio, ranking, merge and variant. */
void ftdn_report_append_protection(const ftdn_rows *rows, int row, ftdn_text *text);

/* "<section id=... ><h2>title</h2>", to be closed by "</section>". */
void ftdn_report_open_section(const ftdn_report *report, const char *id, const char *title);

/* A panel's beginning and end: a heading, and a box that can be opened where there are many of them. */
void ftdn_report_open_panel(const ftdn_report *report, int panel);
void ftdn_report_close_panel(const ftdn_report *report, int panel);

/* The sections, in their order. Each appends its own heading; one that has nothing to tell says so or appends
 * nothing. */
FTDN_NODISCARD ftdn_status ftdn_report_write_summary(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_curves(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_classes(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_pictures(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_gains(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_costs(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_rankings(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_rates(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_attempts(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_environments(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_manifests(const ftdn_report *report, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_report_write_points(const ftdn_report *report, ftdn_error *err);

#endif
