/* entropy.c - Eq. (7) to (9): minus the entropy of the softmax over a channel's map.
 *
 *     score[k] = - 1/N sum_n H(softmax(o[n,:,:,k])),  H(p) = - sum p ln p, in nats
 *
 * With z = sum exp(o - m) and m the largest value, H = ln z - sum (o - m) exp(o - m) / z. */
#include <math.h>

#include "rankers/ranker.h"

static double entropy(const float *values, size_t n_pixels, size_t stride)
{
    double largest = (double)values[0], z = 0, weighted = 0;
    for (size_t i = 1; i < n_pixels; i++) largest = fmax(largest, (double)values[i * stride]);
    for (size_t i = 0; i < n_pixels; i++) {
        double below = (double)values[i * stride] - largest, e = exp(below);
        z += e;
        weighted += below * e;
    }
    return log(z) - weighted / z;
}

static void score_image(const ftdn_map *map, const float *gradient, double *contribution)
{
    (void)gradient;
    size_t n_pixels = (size_t)map->shape.h * (size_t)map->shape.w, n_channels = (size_t)map->shape.c;
    for (size_t k = 0; k < n_channels; k++) contribution[k] = -entropy(map->values + k, n_pixels, n_channels);
}

const ftdn_ranker ftdn_ranker_entropy = {
    .name = "entropy",
    .help = "minus the mean entropy of the softmax over the channel's map, Eq. (9)",
    .needs_images = true,
    .score_image = score_image,
    .finish = ftdn_ranker_finish_mean,
};
