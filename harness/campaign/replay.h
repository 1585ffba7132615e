/* replay.h - a trial of a store, run again. */
#ifndef FTDN_HARNESS_CAMPAIGN_REPLAY_H
#define FTDN_HARNESS_CAMPAIGN_REPLAY_H

#include <stdbool.h>

#include "harness/campaign/campaign_files.h"
#include "harness/judged_trial.h"

typedef struct ftdn_replay_desc {
    const char *db;
    const char *prefix;   /* the beginning of the trial's id */
    const char *manifest; /* to take it from; NULL: the one that the store keeps */
    int n_threads;
    bool wants_judged; /* the detections of all images, too */
} ftdn_replay_desc;

/* Everything lives in the arena of the files. */
typedef struct ftdn_replay {
    ftdn_campaign_files files;
    ftdn_trial_record stored, now;
    ftdn_judged_trial judged; /* where it is wanted */
} ftdn_replay;

void ftdn_replay_init(ftdn_replay *replay);
void ftdn_replay_done(ftdn_replay *replay);

/* The store is closed again before the trial runs. FTDN_ERR_STORE: no such trial; FTDN_ERR_INPUT: this machine, or what
 * the manifest names, does not give the trial. */
FTDN_NODISCARD ftdn_status ftdn_replay_run(ftdn_replay *replay, const ftdn_replay_desc *desc, ftdn_error *err);

#endif
