#include "rankers/ranker.h"

#include <string.h>

/* All of its work is the harness's: harness/rankings/measured.h. */
const ftdn_ranker ftdn_ranker_measured = {
    .name = "measured",
    .help = "mean growth of the loss over images under faults injected into the channel's map",
    .needs_images = true,
    .needs_injection = true,
};

static const ftdn_ranker *const rankers[] = {
    &ftdn_ranker_weight_sum, &ftdn_ranker_second_order, &ftdn_ranker_entropy,  &ftdn_ranker_taylor,
    &ftdn_ranker_activation, &ftdn_ranker_random,       &ftdn_ranker_measured,
};

const ftdn_ranker *const *ftdn_rankers(int *ret_n)
{
    *ret_n = (int)(sizeof rankers / sizeof *rankers);
    return rankers;
}

const ftdn_ranker *ftdn_ranker_find(const char *name)
{
    for (size_t i = 0; i < sizeof rankers / sizeof *rankers; i++) {
        if (!strcmp(rankers[i]->name, name)) return rankers[i];
    }
    return NULL;
}

void ftdn_ranker_finish_mean(double *score, int n_channels, int n_images)
{
    for (int k = 0; k < n_channels; k++) score[k] /= n_images;
}
