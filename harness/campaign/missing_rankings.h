/* missing_rankings.h - the channel scores that a campaign has to compute before it can run its trials. */
#ifndef FTDN_HARNESS_CAMPAIGN_MISSING_RANKINGS_H
#define FTDN_HARNESS_CAMPAIGN_MISSING_RANKINGS_H

#include "harness/campaign/trial_queue.h"

typedef struct ftdn_missing_rankings {
    int n_rankings;
    double *seconds; /* [n_rankings] that each takes: written by ftdn_missing_rankings_price */
    int *sort_of;    /* [n_rankings] index into sort */
    int *of_group;   /* [n_groups of the queue]: -1: none is missing */
    int n_sorts;     /* rankings of one sort (model, ranking) take the same time */
    int *sort;       /* [n_sorts] a trial of each */
} ftdn_missing_rankings;

/* Of the groups that have trials to run. store: where scores are kept; NULL: nowhere yet. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_missing_rankings_make(const ftdn_trial_queue *queue, ftdn_store *store,
                                                      ftdn_arena *arena, ftdn_missing_rankings *ret_rankings,
                                                      ftdn_error *err);

/* sort_s: [n_sorts], NaN: not known. Unknown ones take no time; the answer is how many rankings these are. */
int ftdn_missing_rankings_price(ftdn_missing_rankings *rankings, const double *sort_s);

#endif
