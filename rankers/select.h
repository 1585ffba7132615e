/* select.h - turn channel scores into the set of channels to keep twice.
 *
 * Highest score first; equal scores are ordered by channel index, so that a selection is
 * reproducible. The unit of choice is channel k of layer l, as in Eq. (2). */
#ifndef FTDN_RANKERS_SELECT_H
#define FTDN_RANKERS_SELECT_H

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_selection {
    int n_channels;     /* channels in the layer, K */
    int n_kept;         /* chosen: lround(ratio * K); 0 is allowed */
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

#endif
