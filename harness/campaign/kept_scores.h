/* kept_scores.h - the channel scores of a campaign's rankings: looked up in the store, computed by one worker where
 * they are missing, handed to all. */
#ifndef FTDN_HARNESS_CAMPAIGN_KEPT_SCORES_H
#define FTDN_HARNESS_CAMPAIGN_KEPT_SCORES_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/campaign/trial_queue.h"
#include "results/stored_scores.h"

typedef enum ftdn_kept_state {
    FTDN_KEPT_MISSING, /* somebody has to compute them */
    FTDN_KEPT_ASKED,   /* somebody does */
    FTDN_KEPT_READY,
    FTDN_KEPT_FAILED,
} ftdn_kept_state;

typedef struct ftdn_kept_ranking {
    const char *key; /* ftdn_scores_key_text */
    ftdn_kept_state state;
    ftdn_layer_scores *layer; /* READY: [n_layers] */
    int n_layers;
    int n_tries;
    char cause[512]; /* FAILED */
} ftdn_kept_ranking;

typedef struct ftdn_kept_scores {
    ftdn_arena *arena; /* borrowed */
    ftdn_store *store; /* borrowed */
    const ftdn_trial_queue *queue; /* borrowed */
    int n_rankings, capacity;
    ftdn_kept_ranking **ranking; /* [n_rankings] */
    ftdn_kept_ranking **of_group; /* [n_groups of the queue]: NULL where not looked at yet, or where none is needed */
} ftdn_kept_scores;

FTDN_NODISCARD ftdn_status ftdn_kept_scores_init(ftdn_kept_scores *kept, ftdn_store *store,
                                                 const ftdn_trial_queue *queue, ftdn_arena *arena, ftdn_error *err);

/* The ranking that the trials of a group need; looked up in the store when it is first asked for. *ret_ranking: NULL
 * where they need none. */
FTDN_NODISCARD ftdn_status ftdn_kept_scores_get(ftdn_kept_scores *kept, int group, ftdn_kept_ranking **ret_ranking,
                                                ftdn_error *err);

/* Take over what a worker computed: layer lives in the arena. It is in the store afterwards. */
FTDN_NODISCARD ftdn_status ftdn_kept_scores_put(ftdn_kept_scores *kept, int group, ftdn_layer_scores *layer,
                                                int n_layers, double seconds, ftdn_error *err);

#endif
