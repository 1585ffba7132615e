/* report_content.h - what a report shows that the store does not hold as such: how rankings agree, and pictures. */
#ifndef FTDN_HARNESS_FIGURES_REPORT_CONTENT_H
#define FTDN_HARNESS_FIGURES_REPORT_CONTENT_H

#include "analysis/report.h"

/* Compare the channel scores that the store keeps, network by network (report_agreement.c). Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_report_compare_rankings(ftdn_store *store, ftdn_arena *arena, ftdn_report_desc *report,
                                                        ftdn_error *err);

/* Draw n_images of a campaign as its trials see them (report_sheet.c): of those whose names fit the report's, the
 * one that was run first. store: open for writing: scores may be kept there. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_report_draw_pictures(ftdn_store *store, int n_images, ftdn_arena *arena,
                                                     ftdn_report_desc *report, ftdn_error *err);

#endif
