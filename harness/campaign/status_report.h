/* status_report.h - a store seen from another shell: who fills it, how far it is, what to do next. */
#ifndef FTDN_HARNESS_CAMPAIGN_STATUS_REPORT_H
#define FTDN_HARNESS_CAMPAIGN_STATUS_REPORT_H

#include <stdbool.h>

#include "base/text.h"
#include "harness/campaign/pace.h"
#include "harness/campaign/store_lock.h"
#include "results/run_status.h"

typedef struct ftdn_status_report {
    const char *db_path;
    char owner[FTDN_LOCK_OWNER_BYTES]; /* "" where nobody fills the store */
    ftdn_store_status store;
} ftdn_status_report;

/* Who fills the store; nothing of the store itself is read yet. */
FTDN_NODISCARD ftdn_status ftdn_status_report_find_owner(const char *db_path, ftdn_status_report *ret_report,
                                                         ftdn_error *err);

/* Read the store, through a connection that holds nobody up. A store that its owner is about to make is no failure.
 * Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_status_report_read(ftdn_status_report *report, ftdn_arena *arena, ftdn_error *err);

/* The owner's run is in the store, and has no end. */
bool ftdn_status_report_is_running(const ftdn_status_report *report);

/* Trials that the run at work has still to run, and what they take; seconds are negative where nothing is known. */
int ftdn_status_report_left(const ftdn_status_report *report, ftdn_pace_time *ret_left);

void ftdn_status_report_write_owner(const ftdn_status_report *report, ftdn_text *text); /* one line */
void ftdn_status_report_write(const ftdn_status_report *report, ftdn_text *text);       /* what stands behind it */
void ftdn_status_report_write_line(const ftdn_status_report *report, ftdn_text *text);  /* all of it in one line */
void ftdn_status_report_write_json(const ftdn_status_report *report, ftdn_text *text);

/* " results/smoke.json --db results/smoke.db": the arguments of the command that goes on with a campaign. */
void ftdn_status_report_write_command(const ftdn_status_report *report, const ftdn_campaign_state *campaign,
                                      ftdn_text *text);

#endif
