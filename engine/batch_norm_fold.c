#include "engine/batch_norm_fold.h"

#include <assert.h>

#include "engine/cpu/cpu_elementwise.h"

/* The batch norm of a layer; NULL: it has none. */
static const ftdn_node *find_norm(const ftdn_graph *graph, int layer)
{
    for (int i = graph->layer[layer].conv + 1; i < graph->n_nodes && graph->node[i].layer == layer; i++)
        if (graph->node[i].op == FTDN_OP_BATCH_NORM) return &graph->node[i];
    return NULL;
}

static ftdn_status fold(const ftdn_node *conv, const ftdn_node *norm, const ftdn_weights *weights, const float **filter,
                        size_t n_elements, const float **bias, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_channels = (size_t)conv->shape.c, n_per_filter = n_elements / n_channels;
    float *slope = FTDN_NEW(arena, n_channels, float, err);
    float *offset = FTDN_NEW(arena, n_channels, float, err);
    float *folded = FTDN_NEW(arena, n_elements, float, err);
    if (!slope || !offset || !folded) return FTDN_ERR_MEMORY;
    ftdn_cpu_batch_norm_fold(conv->shape.c, norm->epsilon, weights->value[norm->bn_scale],
                             weights->value[norm->bn_shift], weights->value[norm->bn_mean],
                             weights->value[norm->bn_var], conv->bias >= 0 ? weights->value[conv->bias] : NULL, slope,
                             offset);
    const float *weight = weights->value[conv->weight];
    for (size_t i = 0; i < n_elements; i++) folded[i] = weight[i] * slope[i / n_per_filter];
    *filter = folded;
    *bias = offset;
    return FTDN_OK;
}

ftdn_status ftdn_batch_norms_fold(const ftdn_graph *graph, const ftdn_weights *weights, const ftdn_graph *plain,
                                  ftdn_arena *arena, ftdn_weights *ret_weights, ftdn_error *err)
{
    const float **value = FTDN_NEW(arena, (size_t)plain->n_params, const float *, err);
    if (!value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < plain->n_params; i++) {
        int param = ftdn_graph_find_param(graph, plain->param[i].name);
        if (param >= 0) value[i] = weights->value[param];
    }
    for (int l = 0; l < plain->n_layers; l++) {
        int layer = ftdn_graph_find_layer(graph, plain->layer[l].name);
        assert(layer >= 0);
        const ftdn_node *norm = find_norm(graph, layer);
        if (!norm || find_norm(plain, l)) continue;
        const ftdn_node *conv = &plain->node[plain->layer[l].conv];
        assert(conv->bias >= 0);
        FTDN_TRY(fold(&graph->node[graph->layer[layer].conv], norm, weights, &value[conv->weight],
                      plain->param[conv->weight].n_elements, &value[conv->bias], arena, err));
    }
    for (int i = 0; i < plain->n_params; i++) assert(value[i]);
    *ret_weights = (ftdn_weights){.n_params = plain->n_params, .value = value};
    return FTDN_OK;
}
