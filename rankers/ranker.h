/* ranker.h - which channels matter: a score per output channel of a layer, larger = more important.
 *
 * A ranker is one row in one table and one file. It reads either the weights alone, or, image by image
 * over the calibration images, a layer's map o and perhaps the gradient of the loss with respect to it.
 * Rankers know neither loss nor data: the harness runs the network and hands over what it made. A ranker that
 * needs injection has a row only: the harness injects faults into the channels and measures what becomes of the loss.
 *
 * An image's contribution is a vector of K numbers. Contributions are added in image order and then
 * finished, so that scores do not depend on who computed them. All sums are in double. */
#ifndef FTDN_RANKERS_RANKER_H
#define FTDN_RANKERS_RANKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "engine/weights.h"

/* What rankers are asked about, beside their table row. */
typedef struct ftdn_ranker_options {
    bool own_filter; /* weight_sum: a channel's own filter instead of the weights that read it */
    uint64_t seed;   /* random */
} ftdn_ranker_options;

typedef struct ftdn_ranker {
    const char *name, *help;
    bool needs_images, needs_gradients;
    bool needs_injection; /* then needs_images too, and all functions are NULL */

    /* Score a layer by what is stored: score: [K]. NULL where needs_images. */
    ftdn_status (*score_weights)(const ftdn_graph *graph, const ftdn_weights *weights, int layer,
                                 const ftdn_ranker_options *options, double *score, ftdn_error *err);

    /* What one image adds: contribution: [K], overwritten. map: one image. gradient: as map, NULL unless
     * needs_gradients. NULL where not needs_images, or where needs_injection. */
    void (*score_image)(const ftdn_map *map, const float *gradient, double *contribution);

    /* From the sum over n_images images to the score, in place. */
    void (*finish)(double *score, int n_channels, int n_images);
} ftdn_ranker;

/* NULL if there is none of this name. */
const ftdn_ranker *ftdn_ranker_find(const char *name);

/* All rankers: [*ret_n]. */
const ftdn_ranker *const *ftdn_rankers(int *ret_n);

/* score /= n_images: the finish of rankers that are means over images. */
void ftdn_ranker_finish_mean(double *score, int n_channels, int n_images);

extern const ftdn_ranker ftdn_ranker_weight_sum;
extern const ftdn_ranker ftdn_ranker_second_order;
extern const ftdn_ranker ftdn_ranker_entropy;
extern const ftdn_ranker ftdn_ranker_taylor;
extern const ftdn_ranker ftdn_ranker_activation;
extern const ftdn_ranker ftdn_ranker_random;
extern const ftdn_ranker ftdn_ranker_measured;

#endif
