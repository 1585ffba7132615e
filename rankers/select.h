/* select.h - turn channel scores into the set of channels to keep twice.
 *
 * Highest score first; equal scores are ordered by channel index, so that a selection is
 * reproducible. The unit of choice is channel k of layer l, as in Eq. (2). Each layer gives the same share of its
 * channels (ftdn_select_top), or the best of all layers are taken for the same price (ftdn_select_global). */
#ifndef FTDN_RANKERS_SELECT_H
#define FTDN_RANKERS_SELECT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_selection {
    int n_channels;     /* channels in the layer, K */
    int n_kept;         /* chosen; 0 is allowed */
    const int *channel; /* [n_kept], ascending; lives in the caller's arena */
} ftdn_selection;

/* All channels, the best first. ret_order: [n_scores].
 * FTDN_ERR_ARG: a score is NaN (its channel); then ret_order is untouched. */
FTDN_NODISCARD ftdn_status ftdn_select_order(const double *scores, int n_scores, int *ret_order, ftdn_arena *arena,
                                             ftdn_error *err);

/* Choose lround(ratio * n_scores) channels.
 * scores: [n_scores]; NaN is FTDN_ERR_ARG, never silently ranked.
 * ratio:  fraction in [0, 1]; FTDN_ERR_ARG outside.
 * On failure *ret_selection is untouched. */
FTDN_NODISCARD ftdn_status ftdn_select_top(const double *scores, int n_scores, double ratio, ftdn_arena *arena,
                                           ftdn_selection *ret_selection, ftdn_error *err);

/* A layer that competes with others, and what its channels cost. */
typedef struct ftdn_scored_layer {
    const char *name;    /* for messages */
    const double *score; /* [n_channels] */
    int n_channels;
    int64_t channel_cost; /* weights of one channel's filter */
    int64_t layer_cost;   /* weights that come with the first chosen channel: a depthwise convolution; 0: none */
} ftdn_scored_layer;

/* Choose over all layers together, for what lround(ratio * K) channels of each layer would cost. Channels are taken in
 * the order of their scores (ties: lower layer, then lower channel) as long as they fit into what is left; one
 * that does not fit is passed over.
 * ratio: fraction in [0, 1]; FTDN_ERR_ARG outside. A score that is NaN is FTDN_ERR_ARG (its layer and channel).
 * ret_selection: [n_layers]; untouched on failure. */
FTDN_NODISCARD ftdn_status ftdn_select_global(const ftdn_scored_layer *layer, int n_layers, double ratio,
                                              ftdn_arena *arena, ftdn_selection *ret_selection, ftdn_error *err);

#endif
