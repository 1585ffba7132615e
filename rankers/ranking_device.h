/* ranking_device.h - what images add to the scores of channels, summed on a device (ranker.h). */
#ifndef FTDN_RANKERS_RANKING_DEVICE_H
#define FTDN_RANKERS_RANKING_DEVICE_H

#include "engine/gradients.h"
#include "rankers/ranker.h"

/* Device memory for sums, kept from one call to the next. */
typedef struct ftdn_device_ranking ftdn_device_ranking;

typedef struct ftdn_ranking_device_table {
    /* context: borrowed; on whose stream the work is done. */
    ftdn_status (*create)(const ftdn_context *context, ftdn_device_ranking **ret_ranking, ftdn_error *err);
    void (*free)(ftdn_device_ranking *ranking); /* NULL is fine */

    /* Does the module know this ranker? */
    bool (*knows)(const ftdn_ranker *ranker);

    /* The contributions of the images of the last forward: ranker->score_image of each, in double, every sum in an
     * order of its own that depends on the shape alone. map, gradient: device memory; gradient NULL unless
     * needs_gradients. ret_contribution: [n_images,K] in host memory. Waits. */
    ftdn_status (*score_images)(ftdn_device_ranking *ranking, const ftdn_ranker *ranker, const ftdn_map *map,
                                const float *gradient, double *ret_contribution, ftdn_error *err);
} ftdn_ranking_device_table;

#endif
