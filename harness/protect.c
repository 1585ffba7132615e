#include "harness/protect.h"

#include <assert.h>
#include <string.h>

#include "harness/rankings/ranges.h"
#include "protectors/duplication.h"
#include "rankers/select.h"

static ftdn_merge merge_of(const char *name)
{
    static const char *const names[] = {
        [FTDN_MERGE_MEAN] = "mean",
        [FTDN_MERGE_NONZERO] = "nonzero",
        [FTDN_MERGE_MAX_ABS] = "max_abs",
        [FTDN_MERGE_MEDIAN] = "median",
    };
    int merge = 0;
    while (name && strcmp(names[merge], name)) merge++; /* the manifest's table of keys allows nothing else */
    return (ftdn_merge)merge;
}

/* The channels to copy: of each unit lround(ratio * K), or as many weights wherever the scores are highest. */
static ftdn_status select_channels(const ftdn_protection_settings *settings, const ftdn_graph *graph,
                                   const ftdn_unit *unit, int n_units, const double *const *score, ftdn_arena *arena,
                                   ftdn_selection *ret_selection, ftdn_error *err)
{
    if (!strcmp(settings->allocation, "uniform")) {
        for (int u = 0; u < n_units; u++) {
            FTDN_TRY(ftdn_select_top(score[u], unit[u].n_channels, settings->ratio, arena, &ret_selection[u], err));
        }
        return FTDN_OK;
    }
    ftdn_scored_layer *layer = FTDN_NEW(arena, (size_t)n_units, ftdn_scored_layer, err);
    if (!layer) return FTDN_ERR_MEMORY;
    for (int u = 0; u < n_units; u++) {
        layer[u] = (ftdn_scored_layer){
            .name = graph->layer[unit[u].layer].name,
            .score = score[u],
            .n_channels = unit[u].n_channels,
            .channel_cost = unit[u].filter_size,
            .layer_cost = unit[u].depthwise_size,
        };
    }
    return ftdn_select_global(layer, n_units, settings->ratio, arena, ret_selection, err);
}

static ftdn_status make_copies(const ftdn_planned_trial *trial, const ftdn_score_source *scores, const ftdn_unit *unit,
                               int n_units, ftdn_layer_set layers, int n_copies, ftdn_arena *arena,
                               ftdn_copies *ret_copies, ftdn_error *err)
{
    const double *const *score;
    ftdn_selection *selection = FTDN_NEW(arena, (size_t)n_units, ftdn_selection, err);
    const int **channel = FTDN_NEW(arena, (size_t)n_units, const int *, err);
    int *n_kept = FTDN_NEW(arena, (size_t)n_units, int, err);
    if (!selection || !channel || !n_kept) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_scores_get(scores, trial, layers, arena, &score, err));
    FTDN_TRY(select_channels(&trial->settings.protection, &trial->model->network.graph, unit, n_units, score, arena,
                             selection, err));
    for (int u = 0; u < n_units; u++) {
        channel[u] = selection[u].channel;
        n_kept[u] = selection[u].n_kept;
    }
    return ftdn_copies_make(unit, n_units, channel, n_kept, n_copies, arena, ret_copies, err);
}

ftdn_status ftdn_protect(const ftdn_planned_trial *trial, const ftdn_score_source *scores, ftdn_arena *arena,
                         ftdn_protection *protection, ftdn_error *err)
{
    const ftdn_protection_settings *settings = &trial->settings.protection;
    const ftdn_protector *protector = ftdn_protector_find(settings->method);
    if (!protector) return FTDN_FAIL(err, FTDN_ERR_ARG, "protection '%s' is unknown", settings->method);
    const ftdn_graph *graph = &trial->model->network.graph;
    ftdn_protection_desc desc = {
        .protector = protector,
        .graph = graph,
        .weights = &trial->model->weights,
        .merge = merge_of(settings->merge),
    };
    if (settings->merge_point && !strcmp(settings->merge_point, "conv")) desc.merge_point = FTDN_MERGE_POINT_CONV;
    if (protector->duplicates || protector->clips) {
        const ftdn_unit *unit;
        int n_units;
        ftdn_layer_set layers;
        FTDN_TRY(ftdn_units_find(graph, arena, &unit, &n_units, err));
        FTDN_TRY(ftdn_protected_layers(graph, arena, &layers, err));
        if (protector->duplicates) {
            int n_copies = protector->merges ? ftdn_merge_n_copies(desc.merge) : 1;
            FTDN_TRY(make_copies(trial, scores, unit, n_units, layers, n_copies, arena, &desc.copies, err));
        }
        if (protector->clips) {
            ftdn_layer_range *range = FTDN_NEW(arena, (size_t)n_units, ftdn_layer_range, err);
            if (!range) return FTDN_ERR_MEMORY;
            FTDN_TRY(ftdn_ranges_profile(scores, trial, layers, arena, range, err));
            desc.range = range;
            desc.n_ranges = n_units;
        }
    }
    return ftdn_protection_init(protection, &desc, arena, err);
}
