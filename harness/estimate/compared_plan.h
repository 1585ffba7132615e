/* compared_plan.h - a plan beside its store: what is done, what is missing, and what the rest takes. */
#ifndef FTDN_HARNESS_ESTIMATE_COMPARED_PLAN_H
#define FTDN_HARNESS_ESTIMATE_COMPARED_PLAN_H

#include "harness/campaign/campaign.h"
#include "harness/campaign/campaign_files.h"
#include "harness/campaign/trial_queue.h"
#include "harness/estimate/estimate.h"

typedef struct ftdn_compared_plan {
    ftdn_campaign_files *files; /* borrowed; their arena holds what is below */
    ftdn_store *store;          /* NULL: there is none yet */
    ftdn_held_trial *held;
    int n_held;
    double start_s; /* that it took to plan */
    ftdn_trial_queue queue;
} ftdn_compared_plan;

/* Open the store of planned files, where there is one, for reading. start_s: from the beginning to the plan. After a
 * failure nothing is open. */
FTDN_NODISCARD ftdn_status ftdn_compared_plan_open(ftdn_campaign_files *files, double start_s,
                                                   ftdn_compared_plan *ret_plan, ftdn_error *err);
void ftdn_compared_plan_close(ftdn_compared_plan *plan);

/* What a run with these options takes for the trials that are missing. A few images may be measured for it, which is
 * said on stderr. */
FTDN_NODISCARD ftdn_status ftdn_compared_plan_estimate(const ftdn_compared_plan *plan,
                                                       const ftdn_campaign_options *options,
                                                       ftdn_estimate *ret_estimate, ftdn_error *err);

#endif
