/* campaign.h - run what a plan asks for and the store lacks. */
#ifndef FTDN_HARNESS_CAMPAIGN_H
#define FTDN_HARNESS_CAMPAIGN_H

#include <signal.h>
#include <stdio.h>

#include "base/status.h"
#include "harness/plan.h"
#include "results/store.h"

typedef struct ftdn_campaign_options {
    int n_threads;                     /* at least 1 */
    int batch;                         /* images that a thread takes at a time */
    const volatile sig_atomic_t *stop; /* not 0: drop the running trial and leave */
    FILE *progress;                    /* NULL: say nothing */
} ftdn_campaign_options;

typedef struct ftdn_campaign_summary {
    int n_run, n_failed;
    int n_held;              /* trials that the store held already */
    double seconds;          /* of the whole call */
    size_t memory_bytes;     /* the largest rig */
    char first_failure[512]; /* "" where no trial failed */
} ftdn_campaign_summary;

/* Decode the images of all trials. Nothing is written: where this is done before a new store is opened, images that
 * cannot be decoded (FTDN_ERR_INPUT) leave no store behind. */
FTDN_NODISCARD ftdn_status ftdn_campaign_decode(const ftdn_plan *plan, int n_threads, ftdn_error *err);

/* Each finished trial is in the store before the next one starts; a trial that fails is recorded with its
 * cause, and the others go on. Images that are needed and not yet decoded are decoded first. *ret_summary is
 * filled whatever is returned: FTDN_ERR_INTERRUPTED after *stop, FTDN_ERR_STORE where results cannot be
 * kept, FTDN_ERR_INPUT where images cannot be decoded. */
FTDN_NODISCARD ftdn_status ftdn_campaign_run(const ftdn_plan *plan, ftdn_store *store,
                                             const ftdn_campaign_options *options, ftdn_campaign_summary *ret_summary,
                                             ftdn_error *err);

#endif
