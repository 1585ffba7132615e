/* makespan.h - a campaign played in fast motion: who would do what when, if every job took the time it is expected to.
 *
 * The order is that of the scheduler (harness/campaign/scheduler_assign.c): workers stay with their group, a golden
 * canary comes first, then now and then and last, scores are computed by one worker while others do something else. So
 * set-ups are counted as often as they happen, and the last trials leave workers idle as they will. */
#ifndef FTDN_HARNESS_ESTIMATE_MAKESPAN_H
#define FTDN_HARNESS_ESTIMATE_MAKESPAN_H

#include "harness/campaign/trial_queue.h"

typedef struct ftdn_makespan_desc {
    const double *trial_s;  /* [n_trials of the plan] that each trial takes */
    const double *set_up_s; /* [n_trials]: that a rig for it takes */
    double canary_s;
    int canary_every;
    int n_workers;
    const int *ranking_of; /* [n_groups of the queue]: scores that have to be computed first; -1: none */
    int n_rankings;
    const double *ranking_s; /* [n_rankings] */
    bool all_seeds;          /* cells with an interval need all their seeds; else the fewest that they may need */
} ftdn_makespan_desc;

/* queue: its trials are all through afterwards. */
FTDN_NODISCARD ftdn_status ftdn_makespan(ftdn_trial_queue *queue, const ftdn_makespan_desc *desc, ftdn_arena *arena,
                                         double *ret_seconds, ftdn_error *err);

#endif
