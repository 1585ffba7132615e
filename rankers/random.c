/* random.c - a seeded permutation of each layer's channels: what any ranking must beat.
 *
 * Channels are ordered by Philox bits addressed by (seed, layer, channel); the score is the place in that
 * order, 0 ... K-1, so that scores are all different. */
#include "base/fnv.h"
#include "base/philox_hd.h"
#include "rankers/ranker.h"

static uint64_t bits_of(uint64_t seed, uint64_t layer, int channel)
{
    ftdn_philox_block address = {{(uint32_t)channel, 0, (uint32_t)layer, (uint32_t)(layer >> 32)}};
    ftdn_philox_block bits = ftdn_philox(address, (uint32_t)seed, (uint32_t)(seed >> 32));
    return (uint64_t)bits.word[1] << 32 | bits.word[0];
}

static ftdn_status score_weights(const ftdn_graph *graph, const ftdn_weights *weights, int layer,
                                 const ftdn_ranker_options *options, double *score, ftdn_error *err)
{
    (void)weights;
    (void)err;
    uint64_t name = ftdn_fnv1a64(graph->layer[layer].name);
    int n_channels = graph->node[graph->layer[layer].conv].shape.c;
    for (int k = 0; k < n_channels; k++) {
        uint64_t mine = bits_of(options->seed, name, k);
        int n_below = 0;
        for (int other = 0; other < n_channels; other++) {
            uint64_t theirs = bits_of(options->seed, name, other);
            n_below += theirs < mine || (theirs == mine && other < k);
        }
        score[k] = n_below;
    }
    return FTDN_OK;
}

const ftdn_ranker ftdn_ranker_random = {
    .name = "random",
    .help = "a permutation drawn from the seed",
    .score_weights = score_weights,
};
