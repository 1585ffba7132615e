/* trial_kinds.h - trials that cost alike: what an estimate tells apart.
 *
 * A trial's time depends on its network and engine, on its protection's method, and on where faults are; rates, ratios,
 * rankings and seeds change it by little. Samples of a kind are spread over its trials, and see that little. */
#ifndef FTDN_HARNESS_ESTIMATE_TRIAL_KINDS_H
#define FTDN_HARNESS_ESTIMATE_TRIAL_KINDS_H

#include "harness/campaign/trial_queue.h"

typedef struct ftdn_trial_kind {
    int leader;   /* a trial of the kind: its first */
    int n_trials; /* still to run */
    int first;    /* of its trials, in member */
} ftdn_trial_kind;

typedef struct ftdn_trial_kinds {
    int n_kinds;
    ftdn_trial_kind *kind; /* [n_kinds], in the order of their first trials */
    const int *of_trial;   /* [n_trials of the plan]; -1: held by the store */
    const int *member;     /* trials, kind by kind */
} ftdn_trial_kinds;

/* The kinds of all trials of the queue's plan that are not held. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_trial_kinds_make(const ftdn_trial_queue *queue, ftdn_arena *arena,
                                                 ftdn_trial_kinds *ret_kinds, ftdn_error *err);

/* Sample i of a kind: the middle one first, then those at a quarter and at three quarters, and so on. */
int ftdn_trial_kinds_sample(const ftdn_trial_kinds *kinds, int kind, int i);

#endif
