/* taylor.c - the first-order change of the loss if the channel vanished (beyond the paper):
 *
 *     score[k] = | 1/N sum_{n,p,q} o[n,p,q,k] dE/do[n,p,q,k] | */
#include <math.h>

#include "rankers/ranker.h"

static void score_image(const ftdn_map *map, const float *gradient, double *contribution)
{
    size_t n_pixels = (size_t)map->shape.h * (size_t)map->shape.w, n_channels = (size_t)map->shape.c;
    for (size_t k = 0; k < n_channels; k++) contribution[k] = 0;
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t k = 0; k < n_channels; k++) {
            contribution[k] += (double)map->values[i * n_channels + k] * (double)gradient[i * n_channels + k];
        }
    }
}

static void finish(double *score, int n_channels, int n_images)
{
    for (int k = 0; k < n_channels; k++) score[k] = fabs(score[k] / n_images);
}

const ftdn_ranker ftdn_ranker_taylor = {
    .name = "taylor",
    .help = "absolute mean over images of the summed o dE/do",
    .needs_images = true,
    .needs_gradients = true,
    .score_image = score_image,
    .finish = finish,
};
