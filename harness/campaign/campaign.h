/* campaign.h - run what a plan asks for and the store lacks.
 *
 * One scheduler leads worker processes (harness/campaign/crew.h) and is the only one that writes the store. A finished
 * trial is in the store before its worker gets the next one. A worker that crashes, hangs or reports a broken device
 * costs its trial at most: the attempt is recorded with its cause, the worker replaced, the trial tried again, three
 * times in all. */
#ifndef FTDN_HARNESS_CAMPAIGN_CAMPAIGN_H
#define FTDN_HARNESS_CAMPAIGN_CAMPAIGN_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "harness/campaign/campaign_devices.h"
#include "harness/plan/plan.h"
#include "results/store.h"

#define FTDN_MOST_TRIES 3           /* of a trial, by one call */
#define FTDN_DEFAULT_CANARY_EVERY 50 /* trials of a worker between two golden canaries */
#define FTDN_DEFAULT_BATCH 8         /* images that a thread takes at a time */

typedef struct ftdn_campaign_options {
    int n_cores;                       /* that may be used */
    int n_workers;                     /* processes; 0: one for each device, else as many as cores and trials allow */
    int n_threads;                     /* of each; 0: the cores shared among the workers */
    int batch;                         /* images that a thread takes at a time */
    int canary_every;                  /* trials of a worker between two golden canaries, at least 1 */
    double deadline_s;                 /* of a trial; 0: from the pace of earlier ones */
    double budget_s;                   /* no trial is begun that is not expected to end within; 0: no limit */
    int most_trials;                   /* the first so many that the store lacks; 0: all */
    bool fail_fast;                    /* stop at the first trial that is given up */
    const char *shard;                 /* "2/5": what part of the plan this is; NULL: all of it */
    const volatile sig_atomic_t *stop; /* not 0: leave within a few seconds */
    FILE *progress;                    /* NULL: say nothing */
} ftdn_campaign_options;

typedef enum ftdn_campaign_end {
    FTDN_END_FINISHED,
    FTDN_END_INTERRUPTED, /* *stop */
    FTDN_END_OUT_OF_TIME, /* budget_s */
    FTDN_END_LIMIT,       /* most_trials */
    FTDN_END_FAIL_FAST,
} ftdn_campaign_end;

#define FTDN_MOST_CAUSES 8 /* told apart in a summary */

typedef struct ftdn_failure_cause {
    char text[160];
    int n_attempts;
} ftdn_failure_cause;

typedef struct ftdn_campaign_summary {
    ftdn_campaign_end end;
    int n_run, n_failed;
    int n_held;     /* trials that the store held already */
    int n_left;     /* known to be wanted and not run */
    int n_withdrawn; /* results taken back after a golden canary that differed; run again */
    int n_workers;
    double seconds; /* of the whole call */
    size_t memory_bytes;     /* the largest rig */
    char first_failure[512]; /* "" where no trial was given up */
    int n_causes;
    ftdn_failure_cause cause[FTDN_MOST_CAUSES]; /* of attempts that failed, in the order of their first time */
} ftdn_campaign_summary;

/* Worker processes of a run with so many trials to run, and the threads of each. One worker per core, each with one
 * thread, is the fastest and the safest; fewer trials than cores leave each worker several cores. Where trials run on
 * devices, a worker each keeps them busy. */
int ftdn_campaign_n_workers(const ftdn_campaign_options *options, const ftdn_campaign_devices *devices, int n_wanted);
int ftdn_campaign_n_threads(const ftdn_campaign_options *options, int n_workers);

/* Decode the images of all trials. Nothing is written: where this is done before a new store is opened, images that
 * cannot be decoded (FTDN_ERR_INPUT) leave no store behind. */
FTDN_NODISCARD ftdn_status ftdn_campaign_decode(const ftdn_plan *plan, int n_threads, ftdn_error *err);

/* Images that are needed and not yet decoded are decoded first. *ret_summary is filled whatever is returned:
 * FTDN_ERR_STORE where results cannot be kept, FTDN_ERR_INPUT where images cannot be decoded, FTDN_ERR_BACKEND where
 * workers cannot be had or no longer give the bits that they gave. The store's lock is the caller's. */
FTDN_NODISCARD ftdn_status ftdn_campaign_run(const ftdn_plan *plan, ftdn_store *store,
                                             const ftdn_campaign_options *options, ftdn_campaign_summary *ret_summary,
                                             ftdn_error *err);

#endif
