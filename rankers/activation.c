/* activation.c - how strongly a channel responds (beyond the paper):
 *
 *     score[k] = 1/(N P Q) sum_{n,p,q} |o[n,p,q,k]| */
#include <math.h>

#include "rankers/ranker.h"

static void score_image(const ftdn_map *map, const float *gradient, double *contribution)
{
    (void)gradient;
    size_t n_pixels = (size_t)map->shape.h * (size_t)map->shape.w, n_channels = (size_t)map->shape.c;
    for (size_t k = 0; k < n_channels; k++) contribution[k] = 0;
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t k = 0; k < n_channels; k++) contribution[k] += fabs((double)map->values[i * n_channels + k]);
    }
    for (size_t k = 0; k < n_channels; k++) contribution[k] /= (double)n_pixels;
}

const ftdn_ranker ftdn_ranker_activation = {
    .name = "activation",
    .help = "mean absolute value of the channel's map",
    .needs_images = true,
    .score_image = score_image,
    .finish = ftdn_ranker_finish_mean,
};
