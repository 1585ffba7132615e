/* second_order.c - Eq. (6): the loss that a channel's disappearance would cost, to second order, with
 * the squared gradient for the Hessian:
 *
 *     score[k] = 1/N sum_{n,p,q} 1/2 o[n,p,q,k]^2 (dE/do[n,p,q,k])^2 */
#include "rankers/ranker.h"

static void score_image(const ftdn_map *map, const float *gradient, double *contribution)
{
    size_t n_pixels = (size_t)map->shape.h * (size_t)map->shape.w, n_channels = (size_t)map->shape.c;
    for (size_t k = 0; k < n_channels; k++) contribution[k] = 0;
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t k = 0; k < n_channels; k++) {
            double product = (double)map->values[i * n_channels + k] * (double)gradient[i * n_channels + k];
            contribution[k] += 0.5 * product * product;
        }
    }
}

const ftdn_ranker ftdn_ranker_second_order = {
    .name = "second_order",
    .help = "mean over images of the summed 1/2 o^2 (dE/do)^2, Eq. (6)",
    .needs_images = true,
    .needs_gradients = true,
    .score_image = score_image,
    .finish = ftdn_ranker_finish_mean,
};
