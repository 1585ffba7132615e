#include "rankers/select.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

typedef struct scored_channel {
    double score;
    int layer, channel;
} scored_channel;

static int compare_best_first(const void *a, const void *b)
{
    const scored_channel *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->layer != y->layer) return x->layer - y->layer;
    return x->channel - y->channel;
}

static int compare_indices(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

ftdn_status ftdn_select_order(const double *scores, int n_scores, int *ret_order, ftdn_arena *arena, ftdn_error *err)
{
    for (int k = 0; k < n_scores; k++) {
        if (isnan(scores[k])) return FTDN_FAIL(err, FTDN_ERR_ARG, "channel %d: the score is not a number", k);
    }
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    scored_channel *scored = FTDN_NEW(arena, (size_t)n_scores, scored_channel, err);
    if (!scored) return FTDN_ERR_MEMORY;
    for (int k = 0; k < n_scores; k++) scored[k] = (scored_channel){scores[k], 0, k};
    qsort(scored, (size_t)n_scores, sizeof *scored, compare_best_first);
    for (int k = 0; k < n_scores; k++) ret_order[k] = scored[k].channel;
    ftdn_arena_reset(arena, mark);
    return FTDN_OK;
}

ftdn_status ftdn_select_top(const double *scores, int n_scores, double ratio, ftdn_arena *arena,
                            ftdn_selection *ret_selection, ftdn_error *err)
{
    if (!(ratio >= 0 && ratio <= 1)) return FTDN_FAIL(err, FTDN_ERR_ARG, "ratio %g is outside [0, 1]", ratio);
    int *order = FTDN_NEW(arena, (size_t)n_scores, int, err);
    if (!order) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_select_order(scores, n_scores, order, arena, err));
    int n_kept = (int)lround(ratio * n_scores);
    qsort(order, (size_t)n_kept, sizeof *order, compare_indices);
    *ret_selection = (ftdn_selection){.n_channels = n_scores, .n_kept = n_kept, .channel = order};
    return FTDN_OK;
}

static int64_t cost_of(const ftdn_scored_layer *layer, int n_chosen)
{
    return n_chosen > 0 ? layer->layer_cost + n_chosen * layer->channel_cost : 0;
}

/* All channels of all layers, the best first, and what the uniform selection would cost. NULL on failure. */
static scored_channel *rank_channels(const ftdn_scored_layer *layer, int n_layers, double ratio, ftdn_arena *arena,
                                     size_t *ret_n, int64_t *ret_budget, ftdn_error *err)
{
    size_t n_channels = 0, n = 0;
    for (int l = 0; l < n_layers; l++) {
        assert(layer[l].n_channels >= 0 && layer[l].channel_cost >= 0 && layer[l].layer_cost >= 0);
        n_channels += (size_t)layer[l].n_channels;
    }
    scored_channel *channels = FTDN_NEW(arena, n_channels, scored_channel, err);
    if (!channels) return NULL;
    *ret_budget = 0;
    for (int l = 0; l < n_layers; l++) {
        *ret_budget += cost_of(&layer[l], (int)lround(ratio * layer[l].n_channels));
        for (int k = 0; k < layer[l].n_channels; k++) {
            channels[n++] = (scored_channel){layer[l].score[k], l, k};
        }
    }
    qsort(channels, n_channels, sizeof *channels, compare_best_first);
    *ret_n = n_channels;
    return channels;
}

/* Append channels to their layers' selections while the budget lasts. channel: [n_layers] room for all of a layer. */
static void spend(const ftdn_scored_layer *layer, const scored_channel *ranked, size_t n_ranked, int64_t budget,
                  int **channel, int *n_kept)
{
    for (size_t i = 0; i < n_ranked; i++) {
        int l = ranked[i].layer;
        int64_t cost = cost_of(&layer[l], n_kept[l] + 1) - cost_of(&layer[l], n_kept[l]);
        if (cost > budget) continue;
        budget -= cost;
        channel[l][n_kept[l]++] = ranked[i].channel;
    }
}

static ftdn_status check_scores(const ftdn_scored_layer *layer, int n_layers, ftdn_error *err)
{
    for (int l = 0; l < n_layers; l++) {
        for (int k = 0; k < layer[l].n_channels; k++) {
            if (!isnan(layer[l].score[k])) continue;
            return FTDN_FAIL(err, FTDN_ERR_ARG, "layer '%s': channel %d: the score is not a number", layer[l].name, k);
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_select_global(const ftdn_scored_layer *layer, int n_layers, double ratio, ftdn_arena *arena,
                               ftdn_selection *ret_selection, ftdn_error *err)
{
    if (!(ratio >= 0 && ratio <= 1)) return FTDN_FAIL(err, FTDN_ERR_ARG, "ratio %g is outside [0, 1]", ratio);
    FTDN_TRY(check_scores(layer, n_layers, err));
    int **channel = FTDN_NEW(arena, (size_t)n_layers, int *, err);
    int *n_kept = FTDN_NEW(arena, (size_t)n_layers, int, err);
    if (!channel || !n_kept) return FTDN_ERR_MEMORY;
    for (int l = 0; l < n_layers; l++) {
        channel[l] = FTDN_NEW(arena, (size_t)layer[l].n_channels, int, err);
        if (!channel[l]) return FTDN_ERR_MEMORY;
    }
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    size_t n_ranked;
    int64_t budget;
    scored_channel *ranked = rank_channels(layer, n_layers, ratio, arena, &n_ranked, &budget, err);
    if (!ranked) return FTDN_ERR_MEMORY;
    spend(layer, ranked, n_ranked, budget, channel, n_kept);
    ftdn_arena_reset(arena, mark);
    for (int l = 0; l < n_layers; l++) {
        qsort(channel[l], (size_t)n_kept[l], sizeof **channel, compare_indices);
        ret_selection[l] = (ftdn_selection){
            .n_channels = layer[l].n_channels,
            .n_kept = n_kept[l],
            .channel = channel[l],
        };
    }
    return FTDN_OK;
}
