/* stored_scores.h - channel scores in the store: computed once for what determines them, read by every later campaign.
 *
 * A ranking is a key and, layer by layer, a score for each channel. A ranking may hold some layers of its network only;
 * others can be added. What is there is never changed: scores are a function of the key. A digest vouches for the
 * scores of each layer and is checked whenever they are read: damaged scores choose no channels. */
#ifndef FTDN_RESULTS_STORED_SCORES_H
#define FTDN_RESULTS_STORED_SCORES_H

#include <stdbool.h>

#include "base/status.h"
#include "results/store.h"

/* All that determines scores, and nothing else. */
typedef struct ftdn_ranking_key {
    const char *model; /* "ssd_vgg16", ... */
    double width;      /* multiplier of the channels, as built */
    const char *weights_digest;
    const char *calibration_digest; /* NULL: no images are read */
    const char *ranker;
    const char *parameters;           /* canonical JSON object */
    const char *backend, *arithmetic; /* NULL: the network is not run */
    int semantics;                    /* raised whenever the same key may give other bits */
} ftdn_ranking_key;

typedef struct ftdn_layer_scores {
    const char *layer; /* its name */
    int n_channels;    /* K */
    double *score;     /* [n_channels], finite; no negative zero, which SQLite does not keep */
} ftdn_layer_scores;

/* Read the scores of these layers into layer[].score. *ret_found: the ranking holds them all; else the buffers' content
 * is of no use. FTDN_ERR_STORE: one of the layers has other channels than asked for, or is
 * damaged. */
FTDN_NODISCARD ftdn_status ftdn_store_find_scores(ftdn_store *store, const ftdn_ranking_key *key,
                                                  const ftdn_layer_scores *layer, int n_layers, bool *ret_found,
                                                  ftdn_error *err);

/* Add the scores of these layers, all in one transaction. seconds: that computing them took. Scores that are there
 * already (another process was faster) stay as they are; FTDN_ERR_STORE: they are others. */
FTDN_NODISCARD ftdn_status ftdn_store_add_scores(ftdn_store *store, const ftdn_ranking_key *key,
                                                 const char *code_version, double seconds,
                                                 const ftdn_layer_scores *layer, int n_layers, ftdn_error *err);

#endif
