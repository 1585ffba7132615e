/* scheduler.h - the loop of a campaign: who does what next, and what becomes of the answers.
 *
 *     assign    an idle worker: a golden canary where one is due, scores that nobody has, or a trial
 *     wait      for the next message or death
 *     settle    a result into the store; a failure as an attempt, its trial back into the queue or given up
 *     watch     deadlines, the time budget, the user's wish to stop
 *
 * Everything the loop needs is prepared by its caller (harness/campaign/campaign.c). */
#ifndef FTDN_HARNESS_CAMPAIGN_SCHEDULER_H
#define FTDN_HARNESS_CAMPAIGN_SCHEDULER_H

#include "harness/campaign/campaign.h"
#include "harness/campaign/crew.h"
#include "harness/campaign/kept_scores.h"
#include "harness/campaign/pace.h"
#include "harness/campaign/progress.h"
#include "harness/campaign/trial_queue.h"

typedef enum ftdn_job {
    FTDN_JOB_NONE,
    FTDN_JOB_TRIAL,
    FTDN_JOB_RANKING,
    FTDN_JOB_CANARY,
} ftdn_job;

/* A worker's place as the scheduler sees it. */
typedef struct ftdn_seat {
    ftdn_job job;
    int trial;       /* of the job */
    int group;       /* of the last trial; -1: none yet */
    double age_s;    /* of the job; of a ranking: since it was last heard of */
    double fraction; /* of the job that is done, as far as is known */
    int family;      /* a trial with the clean network that the last good canary was of; -1: none yet */
    int n_unconfirmed;
    int *unconfirmed; /* [canary_every] trials since the last good canary */
} ftdn_seat;

typedef struct ftdn_scheduler {
    const ftdn_plan *plan;
    ftdn_store *store;
    const ftdn_campaign_options *options;
    ftdn_campaign_summary *summary;
    ftdn_attempt_origin origin; /* campaign, run, environment */
    ftdn_arena *arena;          /* of the campaign */
    ftdn_trial_queue queue;
    ftdn_kept_scores scores;
    ftdn_crew crew;
    ftdn_seat *seat; /* [n_places of the crew] */
    ftdn_pace pace;
    ftdn_progress progress;
    ftdn_text message;
    ftdn_arena scratch; /* of one event */
    int *n_planned;     /* [n_cells]: seeds whose trials the store knows to be planned */
    double least_map, greatest_map;
    int64_t start_ns, last_tick_ns;
    double elapsed_s;    /* since start, without times in which the machine slept */
    bool is_ending;      /* nothing new is begun */
    double grace_s;      /* is_ending: time left for what is running; negative: no limit */
    int n_bad_canaries, n_losses; /* in a row */
} ftdn_scheduler;

FTDN_NODISCARD ftdn_status ftdn_scheduler_run(ftdn_scheduler *scheduler, ftdn_error *err);

#endif
