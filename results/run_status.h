/* run_status.h - how far the campaigns of a store are, as its rows tell: what `ftdn status` shows.
 *
 * Whether somebody fills the store now is not among it: that is known by the lock beside the file. A run without an end
 * goes on, or was killed. */
#ifndef FTDN_RESULTS_RUN_STATUS_H
#define FTDN_RESULTS_RUN_STATUS_H

#include "base/arena.h"
#include "base/status.h"
#include "results/store.h"

#define FTDN_RATE_SECONDS 300 /* "the last minutes" of a rate */
#define FTDN_STATUS_CAUSES 8

typedef struct ftdn_cause_count {
    const char *text; /* "crashed: killed by signal 11 (Segmentation fault)" */
    int n_attempts;
} ftdn_cause_count;

/* The last run that was begun. */
typedef struct ftdn_run_state {
    int64_t id, campaign;                        /* id 0: none was begun yet */
    const char *started_at, *ended_at, *outcome; /* UTC; the last two NULL: it has no end */
    const char *machine, *shard;                 /* shard NULL: all trials */
    int n_workers, n_threads;                    /* 0: not known */
    int64_t pid;
    int n_wanted;            /* trials that the store lacked at its start, as far as was known */
    int n_done, n_withdrawn; /* attempts */
    int n_failed;            /* attempts that failed, crashed, hung or met a device error */
    int n_given_up;          /* trials that this run does not try again */
    double since_start_s;    /* until now */
    double trials_per_s;     /* over the last minutes; NaN: none was finished in them */
    double spread;           /* of seconds of a trial in the same time: standard deviation / mean; NaN: not known */
    int n_recent;            /* trials that were finished in the last minutes */
    int n_causes;
    ftdn_cause_count cause[FTDN_STATUS_CAUSES]; /* of failed attempts, the most frequent first */
} ftdn_run_state;

typedef struct ftdn_sweep_state {
    const char *name;
    int n_planned, n_done;
    int n_failed; /* neither done nor untried: attempts at them failed */
} ftdn_sweep_state;

typedef struct ftdn_marked_trial {
    const char *id, *label; /* NULL: there is none */
    double map_voc07;
} ftdn_marked_trial;

typedef struct ftdn_campaign_state {
    int64_t key;
    const char *name, *description, *path; /* path: of the manifest, as it was given */
    int n_sweeps;
    ftdn_sweep_state *sweep;         /* [n_sweeps] */
    int n_planned, n_done, n_failed; /* trials of all sweeps, each once */
    ftdn_marked_trial worst, best;   /* by mAP */
} ftdn_campaign_state;

typedef struct ftdn_store_status {
    ftdn_run_state run;
    int n_campaigns;
    ftdn_campaign_state *campaign; /* [n_campaigns], in the order in which they came */
    int n_unconfirmed;             /* results that no golden canary has confirmed yet */
} ftdn_store_status;

/* most_tries: failed attempts after which a run gives a trial up; one that failed by itself is given up at once. All
 * lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_store_read_status(ftdn_store *store, int most_tries, ftdn_arena *arena,
                                                  ftdn_store_status *ret_status, ftdn_error *err);

/* Trials of the campaigns whose name fits a pattern, each once, however many of their sweeps ask for it. */
typedef struct ftdn_trial_counts {
    int n_planned, n_missing;
    int n_unfinished; /* of failed attempts, whatever their causes; no other attempt has finished them */
} ftdn_trial_counts;

FTDN_NODISCARD ftdn_status ftdn_store_count_trials(ftdn_store *store, const char *manifest,
                                                   ftdn_trial_counts *ret_counts, ftdn_error *err);

#endif
