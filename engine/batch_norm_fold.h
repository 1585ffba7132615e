/* batch_norm_fold.h - weights of a network without the batch norms that it learnt with.
 *
 * Behind a convolution, a batch norm of fixed statistics is one factor and one sum for each channel, which the filter
 * and a bias can hold:
 *
 *     slope[k] = scale[k] / sqrt(var[k] + epsilon)
 *     w'[k]    = slope[k] w[k],    b'[k] = (b[k] - mean[k]) slope[k] + shift[k]
 *
 * The sums are rounded as a backend rounds them that folds while it lays weights out. */
#ifndef FTDN_ENGINE_BATCH_NORM_FOLD_H
#define FTDN_ENGINE_BATCH_NORM_FOLD_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/graph.h"
#include "engine/weights.h"

/* plain: the layers of `graph` by name, some of them without the batch norm that they have there, but with a bias. What
 * is folded lives in the arena, all other values are those of `weights`. */
FTDN_NODISCARD ftdn_status ftdn_batch_norms_fold(const ftdn_graph *graph, const ftdn_weights *weights,
                                                 const ftdn_graph *plain, ftdn_arena *arena, ftdn_weights *ret_weights,
                                                 ftdn_error *err);

#endif
