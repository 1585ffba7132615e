/* map_targets.c - which maps of a graph are hit, and where they hold the channels of their originals. */
#include "injectors/map_faults.h"

#include <assert.h>

static int tap_of(const ftdn_layer *layer, ftdn_map_point point)
{
    return point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last;
}

static int copy_of(const ftdn_layer *layer, int channel)
{
    return layer->copy ? layer->copy[channel] : 0;
}

static int original_of(const ftdn_layer *layer, int channel)
{
    return layer->channel ? layer->channel[channel] : channel;
}

/* The channels of `layer`, of which there are n, that are made of one copy. */
static ftdn_status find_channels(const ftdn_layer *layer, int n, int n_original, int copy, ftdn_arena *arena,
                                 ftdn_map_channels *ret_channels, ftdn_error *err)
{
    int n_channels = 0, n_in_place = 0;
    for (int k = 0; k < n; k++) {
        if (copy_of(layer, k) != copy) continue;
        n_channels++;
        n_in_place += original_of(layer, k) == k;
    }
    ret_channels->n_channels = n_channels;
    if (n_channels == 0 || (n == n_original && n_in_place == n)) return FTDN_OK;
    int *place = FTDN_NEW(arena, (size_t)n_original, int, err);
    if (!place) return FTDN_ERR_MEMORY;
    for (int k = 0; k < n_original; k++) place[k] = -1;
    for (int k = 0; k < n; k++) {
        if (copy_of(layer, k) != copy) continue;
        int original = original_of(layer, k);
        assert(original >= 0 && original < n_original && place[original] < 0);
        place[original] = k;
    }
    ret_channels->place = place;
    return FTDN_OK;
}

/* Add the map of `layer`, whose original is layers.layer[scope_layer], unless it has none at this point. */
static ftdn_status add_target(ftdn_map_faults *faults, int layer, int scope_layer, uint64_t base, ftdn_map_point point,
                              ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_graph *graph = faults->graph;
    int original = faults->layers.layer[scope_layer], tap = tap_of(&graph->layer[layer], point);
    if (tap < 0) return FTDN_OK;
    ftdn_shape shape = graph->node[graph->layer[original].conv].shape;
    int n = graph->node[tap].shape.c;
    assert(graph->node[tap].shape.h == shape.h && graph->node[tap].shape.w == shape.w);
    ftdn_map_target target = {
        .node = tap,
        .layer = layer,
        .scope_layer = scope_layer,
        .layer_id = ftdn_layer_id(graph->layer[original].name),
        .n_channels = shape.c,
        .n_elements = (int64_t)ftdn_shape_elements(shape),
        .base = base,
    };
    if (layer == original) {
        target.made_of[0].n_channels = n;
    } else {
        target.copy = 1;
        for (int c = 0; c <= FTDN_MAX_COPIES; c++) {
            FTDN_TRY(find_channels(&graph->layer[layer], n, shape.c, c, arena, &target.made_of[c], err));
            if (target.made_of[c].n_channels == n && c > 0) target.copy = c;
        }
    }
    assert(faults->target_of_node[tap] < 0);
    faults->target_of_node[tap] = faults->n_targets;
    faults->tap[faults->n_targets] = tap;
    faults->target[faults->n_targets++] = target;
    return FTDN_OK;
}

ftdn_status ftdn_map_faults_init(ftdn_map_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                 ftdn_map_point point, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_layers = (size_t)graph->n_layers;
    *faults = (ftdn_map_faults){
        .graph = graph,
        .layers = layers,
        .target = FTDN_NEW(arena, n_layers, ftdn_map_target, err),
        .tap = FTDN_NEW(arena, n_layers, int, err),
        .target_of_node = FTDN_NEW(arena, (size_t)graph->n_nodes, int, err),
        .scan = ftdn_site_scan_choose(),
    };
    uint64_t *base = FTDN_NEW(arena, (size_t)layers.n_layers, uint64_t, err);
    int *scope_of = FTDN_NEW(arena, n_layers, int, err); /* place in `layers`; -1: out of scope */
    if (!faults->target || !faults->tap || !faults->target_of_node || !base || !scope_of) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_nodes; i++) faults->target_of_node[i] = -1;
    for (int i = 0; i < graph->n_layers; i++) scope_of[i] = -1;
    for (int i = 0; i < layers.n_layers; i++) {
        int layer = layers.layer[i];
        scope_of[layer] = i;
        base[i] = faults->n_elements;
        faults->n_elements += ftdn_shape_elements(graph->node[graph->layer[layer].conv].shape);
        FTDN_TRY(add_target(faults, layer, i, base[i], point, arena, err));
    }
    for (int i = 0; i < graph->n_layers; i++) {
        int original = graph->layer[i].original, scope_layer = scope_of[original];
        if (original == i || scope_layer < 0) continue;
        FTDN_TRY(add_target(faults, i, scope_layer, base[scope_layer], point, arena, err));
    }
    return FTDN_OK;
}
