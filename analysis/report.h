/* report.h - a whole results file as one HTML page that needs no other file: figures, tables, and how each point is
 * repeated.
 *
 * The page is a function of the store and the description: no clock, no path that is not given. It is legible without
 * JavaScript, on a phone, in print and without colour, and asks no server for anything. */
#ifndef FTDN_ANALYSIS_REPORT_H
#define FTDN_ANALYSIS_REPORT_H

#include "base/arena.h"
#include "base/text.h"
#include "results/store.h"

/* How far the rankings of one network agree. */
typedef struct ftdn_report_agreement {
    const char *network; /* "ssd_mobilenet_v1, width 0.25" */
    int n_rankings;
    const char *const *ranking; /* [n_rankings] names, with parameters where these differ */
    const double *spearman;     /* [n_rankings, n_rankings] mean over layers of the correlation of ranks; NaN: none */
    const double *best_half;    /* of the share of the best half of the channels that both name */
} ftdn_report_agreement;

typedef struct ftdn_report_desc {
    const char *store_path; /* as commands that repeat a trial are to say it */
    const char *title;
    const char *program;  /* that writes the page: "ftdn 0.1.0+g1a2b3c4" */
    const char *manifest; /* name of a campaign, or a pattern with * and ?: its trials only */
    int n_agreements;
    const ftdn_report_agreement *agreement; /* [n_agreements] */
    const char *pictures_title;             /* NULL: there are no pictures */
    const unsigned char *pictures;          /* [n_picture_bytes] JPEG */
    size_t n_picture_bytes;
    int n_picture_columns; /* side by side in it */
} ftdn_report_desc;

/* Append the page. FTDN_ERR_STORE: the store has no finished trial of such a campaign. */
FTDN_NODISCARD ftdn_status ftdn_report_write(ftdn_store *store, const ftdn_report_desc *desc, ftdn_arena *arena,
                                             ftdn_text *html, ftdn_error *err);

#endif
