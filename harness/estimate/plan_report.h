/* plan_report.h - a plan at one glance: sweeps with their factors, trials done and missing, what the rest takes. */
#ifndef FTDN_HARNESS_ESTIMATE_PLAN_REPORT_H
#define FTDN_HARNESS_ESTIMATE_PLAN_REPORT_H

#include "base/text.h"
#include "harness/campaign/campaign_files.h"
#include "harness/campaign/trial_queue.h"
#include "harness/estimate/estimate.h"

/* Trials of a sweep, or of all sweeps with each trial once. */
typedef struct ftdn_sweep_count {
    int n_trials; /* wanted, as far as is known: cells with an interval may ask for more */
    int n_most;   /* that may be wanted */
    int n_done;   /* of those wanted, in the store */
} ftdn_sweep_count;

typedef struct ftdn_plan_report {
    const ftdn_campaign_files *files;
    const char *shard;             /* "2/5"; NULL: all */
    const ftdn_trial_queue *queue; /* of the plan and what the store holds */
    ftdn_sweep_count *sweep;       /* [n_sweeps of the plan] */
    ftdn_sweep_count all;
} ftdn_plan_report;

/* Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_plan_report_make(const ftdn_campaign_files *files, const char *shard,
                                                 const ftdn_trial_queue *queue, ftdn_arena *arena,
                                                 ftdn_plan_report *ret_report, ftdn_error *err);

/* Title, sweeps and counts. */
void ftdn_plan_report_write(const ftdn_plan_report *report, ftdn_text *text);

void ftdn_plan_report_write_estimate(const ftdn_plan_report *report, const ftdn_estimate *estimate, ftdn_text *text);

/* A line for each trial. arena: for its own use. */
FTDN_NODISCARD ftdn_status ftdn_plan_report_write_trials(const ftdn_plan_report *report, ftdn_arena *arena,
                                                         ftdn_text *text, ftdn_error *err);

/* All of it as JSON. estimate: NULL: there is none; has_list: with each trial. */
void ftdn_plan_report_write_json(const ftdn_plan_report *report, const ftdn_estimate *estimate, bool has_list,
                                 ftdn_text *text);

#endif
