#include "protectors/duplication.h"

#include <assert.h>
#include <stdlib.h>

#include "protectors/rewrite.h"

/* The depthwise layer that makes the input of a layer's convolution; -1: none does. */
static int find_depthwise(const ftdn_graph *graph, int layer)
{
    int input = graph->node[graph->layer[layer].conv].input;
    int maker = graph->node[input].layer;
    if (maker < 0 || graph->layer[maker].last != input) return -1;
    bool is_depthwise = graph->node[graph->layer[maker].conv].groups > 1;
    return is_depthwise && graph->layer[maker].roles & FTDN_ROLE_FEATURE_WEIGHTS ? maker : -1;
}

static ftdn_status make_unit(const ftdn_graph *graph, int layer, ftdn_unit *ret_unit, ftdn_error *err)
{
    const ftdn_node *conv = &graph->node[graph->layer[layer].conv];
    if (conv->groups > 1) {
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "layer '%s' is no unit of duplication: a grouped convolution makes its feature map",
                         graph->layer[layer].name);
    }
    int depthwise = find_depthwise(graph, layer);
    const ftdn_param *depthwise_param =
        depthwise >= 0 ? &graph->param[ftdn_layer_weight_param(graph, depthwise)] : NULL;
    *ret_unit = (ftdn_unit){
        .layer = layer,
        .depthwise = depthwise,
        .n_channels = conv->shape.c,
        .n_depthwise = depthwise_param ? (int)depthwise_param->dims[0] : 0,
        .filter_size = (int64_t)ftdn_param_row_size(&graph->param[conv->weight]),
        .depthwise_size = depthwise_param ? (int64_t)depthwise_param->n_elements : 0,
    };
    return FTDN_OK;
}

static ftdn_status check_shared(const ftdn_graph *graph, const ftdn_unit *units, int n_units, const ftdn_unit *unit,
                                ftdn_error *err)
{
    if (unit->depthwise < 0) return FTDN_OK;
    for (int u = 0; u < n_units; u++) {
        if (units[u].depthwise != unit->depthwise) continue;
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "layer '%s' is no unit of duplication: it shares the depthwise convolution '%s' with '%s'",
                         graph->layer[unit->layer].name, graph->layer[unit->depthwise].name,
                         graph->layer[units[u].layer].name);
    }
    return FTDN_OK;
}

ftdn_status ftdn_units_find(const ftdn_graph *graph, ftdn_arena *arena, const ftdn_unit **ret_unit, int *ret_n,
                            ftdn_error *err)
{
    ftdn_unit *units = FTDN_NEW(arena, (size_t)graph->n_layers, ftdn_unit, err);
    if (!units) return FTDN_ERR_MEMORY;
    int n_units = 0;
    for (int layer = 0; layer < graph->n_layers; layer++) {
        if (!(graph->layer[layer].roles & FTDN_ROLE_FEATURE_MAP)) continue;
        FTDN_TRY(make_unit(graph, layer, &units[n_units], err));
        FTDN_TRY(check_shared(graph, units, n_units, &units[n_units], err));
        n_units++;
    }
    if (n_units == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "the network has no feature layers: nothing can be duplicated");
    *ret_unit = units;
    *ret_n = n_units;
    return FTDN_OK;
}

static int compare_layers(const void *a, const void *b)
{
    const ftdn_layer_copies *x = a, *y = b;
    return x->layer - y->layer;
}

/* A depthwise convolution of n_channels filters, copied entirely. */
static ftdn_status copy_all(int layer, int n_channels, ftdn_arena *arena, ftdn_layer_copies *ret_copies,
                            ftdn_error *err)
{
    int *channel = FTDN_NEW(arena, (size_t)n_channels, int, err);
    if (!channel) return FTDN_ERR_MEMORY;
    for (int k = 0; k < n_channels; k++) channel[k] = k;
    *ret_copies = (ftdn_layer_copies){.layer = layer, .n_channels = n_channels, .channel = channel};
    return FTDN_OK;
}

ftdn_status ftdn_copies_make(const ftdn_unit *unit, int n_units, const int *const *channel, const int *n_kept,
                             int n_copies, ftdn_arena *arena, ftdn_copies *ret_copies, ftdn_error *err)
{
    assert(n_copies >= 1 && n_copies <= FTDN_MAX_COPIES);
    ftdn_layer_copies *layers = FTDN_NEW(arena, 2 * (size_t)n_units, ftdn_layer_copies, err);
    if (!layers) return FTDN_ERR_MEMORY;
    int n_layers = 0;
    for (int u = 0; u < n_units; u++) {
        assert(n_kept[u] >= 0 && n_kept[u] <= unit[u].n_channels);
        if (n_kept[u] == 0) continue;
        if (unit[u].depthwise >= 0) {
            FTDN_TRY(copy_all(unit[u].depthwise, unit[u].n_depthwise, arena, &layers[n_layers], err));
            n_layers++;
        }
        layers[n_layers++] =
            (ftdn_layer_copies){.layer = unit[u].layer, .n_channels = n_kept[u], .channel = channel[u]};
    }
    qsort(layers, (size_t)n_layers, sizeof *layers, compare_layers);
    *ret_copies = (ftdn_copies){
        .n_copies = n_layers ? n_copies : 0,
        .n_layers = n_layers,
        .layer = layers,
    };
    return FTDN_OK;
}
