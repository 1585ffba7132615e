/* account.c - what a protection adds: ftdn_protection_account (duplication.h). */
#include "protectors/duplication.h"
#include "protectors/rewrite.h"

static uint64_t map_bytes(const ftdn_graph *graph, int node, int n_channels)
{
    ftdn_shape shape = graph->node[node].shape;
    shape.c = n_channels;
    return (uint64_t)ftdn_shape_elements(shape) * sizeof(float);
}

/* Weights of one set of copies. */
static uint64_t count_copied_weights(const ftdn_protection_desc *desc)
{
    uint64_t n_weights = 0;
    for (int i = 0; i < desc->copies.n_layers; i++) {
        const ftdn_layer_copies *copied = &desc->copies.layer[i];
        const ftdn_param *param = &desc->graph->param[ftdn_layer_weight_param(desc->graph, copied->layer)];
        n_weights += (uint64_t)copied->n_channels * ftdn_param_row_size(param);
    }
    return n_weights;
}

static int count_copied_channels(const ftdn_graph *graph, const ftdn_layer *layer)
{
    int n_channels = graph->node[layer->conv].shape.c, n_copied = 0;
    for (int k = 0; layer->copy && k < n_channels; k++) n_copied += layer->copy[k] > 0;
    return n_copied;
}

static void add_maps(const ftdn_protection *protection, ftdn_account *account)
{
    const ftdn_graph *graph = protection->graph;
    for (int l = protection->desc.graph->n_layers; l < graph->n_layers; l++) {
        const ftdn_layer *layer = &graph->layer[l];
        if (layer->roles & FTDN_ROLE_FEATURE_MAP) {
            account->feature_map_bytes += map_bytes(graph, layer->conv, count_copied_channels(graph, layer));
        }
        account->map_bytes += map_bytes(graph, layer->conv, graph->node[layer->conv].shape.c);
    }
    if (!protection->secondary_of) return;
    /* What the second network has outside layers: pooling and batch norms. */
    for (int n = 0; n < protection->desc.graph->n_nodes; n++) {
        int second = protection->secondary_of[n];
        if (second == protection->node_of[n] || graph->node[second].layer >= 0) continue;
        account->map_bytes += map_bytes(graph, second, graph->node[second].shape.c);
    }
}

static uint64_t count_macs(const ftdn_graph *graph)
{
    uint64_t macs = 0;
    for (int n = 0; n < graph->n_nodes; n++) macs += ftdn_node_macs(graph, n);
    return macs;
}

static uint64_t count_merged_values(const ftdn_graph *graph)
{
    uint64_t n_values = 0;
    for (int n = 0; n < graph->n_nodes; n++) {
        const ftdn_node *node = &graph->node[n];
        ftdn_shape merged = node->shape;
        if (node->op == FTDN_OP_MERGE) merged.c = node->n_merged;
        if (node->op == FTDN_OP_MERGE || node->op == FTDN_OP_CLIP) n_values += ftdn_shape_elements(merged);
    }
    return n_values;
}

ftdn_account ftdn_protection_account(const ftdn_protection *protection)
{
    const ftdn_protection_desc *desc = &protection->desc;
    uint64_t n_copied = count_copied_weights(desc);
    bool merges_weights = desc->protector->merges && !desc->protector->merges_maps;
    ftdn_account account = {
        .weight_bytes = n_copied * (uint64_t)desc->copies.n_copies * sizeof(float),
        .macs = count_macs(protection->graph) - count_macs(desc->graph),
        .merge_values = merges_weights ? n_copied : count_merged_values(protection->graph),
    };
    add_maps(protection, &account);
    return account;
}
