/* D2NN, section 4.4 of the paper: a secondary network beside the primary one. It has copied filters of its own and
 * shares all other parameters; the outputs of the two are combined by the caller. */
#include "engine/graph_edit.h"
#include "protectors/rewrite.h"

typedef struct second_network {
    ftdn_rewrite rewrite;
    const int *copied_of; /* [layers] index into copies->layer; -1 */
    int *secondary_of;    /* [nodes] */
} second_network;

/* The weights of copied layer i in the secondary network: as many rows as the original has. */
static int add_weight(second_network *second, int i, const char *node_name, int node)
{
    const ftdn_protection *protection = second->rewrite.protection;
    const ftdn_graph *from = second->rewrite.from;
    int source = ftdn_layer_weight_param(from, protection->desc.copies.layer[i].layer);
    const ftdn_recipe recipe = {
        .kind = FTDN_RECIPE_REPLACE,
        .source = source,
        .copied = i,
        .copy = 1,
        .clean = protection->desc.weights->value[source],
    };
    return ftdn_rewrite_add_param(&second->rewrite, &recipe, node_name, node, (int)from->param[source].dims[0]);
}

static void repeat_node(second_network *second, int i)
{
    const ftdn_graph *from = second->rewrite.from;
    ftdn_graph *to = second->rewrite.to;
    ftdn_node node = from->node[i];
    if (node.op == FTDN_OP_INPUT) {
        second->secondary_of[i] = second->rewrite.itself[i];
        return;
    }
    int copied = node.layer >= 0 ? second->copied_of[node.layer] : -1;
    node.name = ftdn_graph_format_name(second->rewrite.to, "%s:secondary", node.name);
    if (!node.name) return;
    node.input = second->secondary_of[node.input];
    for (int c = 0; c < node.n_copies; c++) node.copy[c] = second->secondary_of[node.copy[c]];
    if (node.layer >= 0) node.layer += from->n_layers;
    if (node.op == FTDN_OP_CONV && copied >= 0) node.weight = add_weight(second, copied, node.name, to->n_nodes);
    second->secondary_of[i] = ftdn_graph_append_node(to, &node);
}

/* copy[k] of a layer: 1 for copied channels; NULL without any. */
static const uint8_t *mark_copied(second_network *second, int layer)
{
    int copied = second->copied_of[layer];
    if (copied < 0) return NULL;
    ftdn_graph *to = second->rewrite.to;
    const ftdn_layer_copies *copies = &second->rewrite.protection->desc.copies.layer[copied];
    int n_channels = second->rewrite.from->node[second->rewrite.from->layer[layer].conv].shape.c;
    uint8_t *copy = FTDN_NEW(to->arena, (size_t)n_channels, uint8_t, &to->error);
    if (!copy) {
        to->status = FTDN_ERR_MEMORY;
        return NULL;
    }
    for (int j = 0; j < copies->n_channels; j++) copy[copies->channel[j]] = 1;
    return copy;
}

static void repeat_layer(second_network *second, int i)
{
    ftdn_layer layer = second->rewrite.from->layer[i];
    layer.name = ftdn_graph_format_name(second->rewrite.to, "%s:secondary", layer.name);
    layer.conv = second->secondary_of[layer.conv];
    layer.last = second->secondary_of[layer.last];
    layer.original = i;
    layer.copy = mark_copied(second, i);
    ftdn_graph_append_layer(second->rewrite.to, &layer);
}

static ftdn_status rewrite_graph(ftdn_protection *protection, ftdn_error *err)
{
    const ftdn_graph *from = protection->desc.graph;
    ftdn_arena *arena = protection->rewritten.arena;
    second_network second = {
        .copied_of = ftdn_copies_by_layer(&protection->desc.copies, from->n_layers, arena, err),
        .secondary_of = FTDN_NEW(arena, (size_t)from->n_nodes, int, err),
    };
    if (!second.copied_of || !second.secondary_of) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_rewrite_begin(&second.rewrite, protection, protection->desc.copies.n_layers, err));
    for (int i = 0; i < from->n_nodes; i++) ftdn_rewrite_take_node(&second.rewrite, i);
    for (int i = 0; i < from->n_nodes; i++) repeat_node(&second, i);
    for (int i = 0; i < from->n_layers; i++) repeat_layer(&second, i);
    FTDN_TRY(ftdn_rewrite_finish(&second.rewrite, err));
    protection->secondary_of = second.secondary_of;
    return FTDN_OK;
}

const ftdn_protector ftdn_protector_d2nn = {
    .name = "d2nn",
    .help = "a second network that shares all but the copied filters; outputs are averaged",
    .duplicates = true,
    .has_two_networks = true,
    .rewrite = rewrite_graph,
};
