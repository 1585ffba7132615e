/* Feature-map recovery: copied filters are convolved too, o' = merge(o, o_copy).
 *
 * The original convolution stays as it is; each copy is a second, narrower one beside it. Where it reads a depthwise
 * convolution that is copied as well (a unit of MobileNet), it reads the copy of that with the same number, and the
 * streams meet behind the pointwise filters only. */
#include "engine/graph_edit.h"
#include "protectors/rewrite.h"

#define MAX_PARAMS_PER_COPY 6 /* weight, bias, and four of a batch norm */

typedef struct widening {
    ftdn_rewrite rewrite;
    const int *copied_of;            /* [layers] index into copies->layer; -1 */
    int *copy_last[FTDN_MAX_COPIES]; /* [layers] node that hands on a copy's map, for copied depthwise layers */
    int added_layer;                 /* of the graph under construction: the copy being made */
} widening;

static bool is_grouped(const ftdn_graph *graph, int layer)
{
    return graph->node[graph->layer[layer].conv].groups > 1;
}

/* The copied depthwise layer whose map a layer's convolution reads; -1: it reads no such map. */
static int copied_depthwise(const ftdn_graph *graph, const int *copied_of, int layer)
{
    int input = graph->node[graph->layer[layer].conv].input;
    int maker = graph->node[input].layer;
    bool is_copied = maker >= 0 && graph->layer[maker].last == input && copied_of[maker] >= 0;
    return is_copied && is_grouped(graph, maker) ? maker : -1;
}

/* Copied depthwise convolutions are copied whole and feed copied filters. */
static ftdn_status check_depthwise(const ftdn_protection_desc *desc, const int *copied_of, ftdn_error *err)
{
    const ftdn_graph *graph = desc->graph;
    for (int i = 0; i < desc->copies.n_layers; i++) {
        int layer = desc->copies.layer[i].layer, n_channels = graph->node[graph->layer[layer].conv].shape.c;
        if (!is_grouped(graph, layer)) continue;
        if (desc->copies.layer[i].n_channels != n_channels) {
            return FTDN_FAIL(err, FTDN_ERR_ARG,
                             "protection 'fmr': layer '%s': %d of %d channels of a depthwise convolution are copied; "
                             "it must be all of them",
                             graph->layer[layer].name, desc->copies.layer[i].n_channels, n_channels);
        }
        bool feeds_copies = false;
        for (int j = 0; j < desc->copies.n_layers; j++) {
            int reader = desc->copies.layer[j].layer;
            feeds_copies |= !is_grouped(graph, reader) && copied_depthwise(graph, copied_of, reader) == layer;
        }
        if (!feeds_copies) {
            return FTDN_FAIL(
                err, FTDN_ERR_ARG,
                "protection 'fmr': layer '%s': a depthwise convolution is copied, and no filter that reads it",
                graph->layer[layer].name);
        }
    }
    return FTDN_OK;
}

/* A parameter of copy c + 1 of copied layer i, of the copied rows of `source`. -1 gives -1: it has none. */
static int add_rows(widening *widen, int source, int i, int c, const char *node_name)
{
    const ftdn_protection *protection = widen->rewrite.protection;
    const ftdn_layer_copies *copied = &protection->desc.copies.layer[i];
    ftdn_graph *to = widen->rewrite.to;
    if (source < 0 || to->status != FTDN_OK) return -1;
    const ftdn_param *param = &widen->rewrite.from->param[source];
    bool is_weight = param->kind == FTDN_PARAM_CONV_WEIGHT;
    ftdn_recipe recipe = {.kind = is_weight ? FTDN_RECIPE_COPY : FTDN_RECIPE_CLEAN, .source = source};
    if (is_weight) {
        recipe.copied = i;
        recipe.copy = c + 1;
        recipe.clean = protection->clean_copy[c][i];
    } else {
        recipe.clean = ftdn_rows_gather(param, protection->desc.weights->value[source], copied, to->arena, &to->error);
    }
    if (!recipe.clean) {
        to->status = FTDN_ERR_MEMORY;
        return -1;
    }
    return ftdn_rewrite_add_param(&widen->rewrite, &recipe, node_name, to->n_nodes, copied->n_channels);
}

/* The copied channels of a node of copied layer i, reading `input`. */
static int add_narrow_node(widening *widen, int from_node, int i, int c, int input)
{
    ftdn_node node = widen->rewrite.from->node[from_node];
    node.name = ftdn_graph_format_name(widen->rewrite.to, "%s:copy%d", node.name, c + 1);
    if (!node.name) return -1;
    node.input = input;
    node.shape.c = widen->rewrite.protection->desc.copies.layer[i].n_channels;
    node.layer = widen->added_layer;
    if (node.op == FTDN_OP_CONV) {
        node.weight = add_rows(widen, node.weight, i, c, node.name);
        node.bias = add_rows(widen, node.bias, i, c, node.name);
    }
    if (node.op == FTDN_OP_BATCH_NORM) {
        node.bn_scale = add_rows(widen, node.bn_scale, i, c, node.name);
        node.bn_shift = add_rows(widen, node.bn_shift, i, c, node.name);
        node.bn_mean = add_rows(widen, node.bn_mean, i, c, node.name);
        node.bn_var = add_rows(widen, node.bn_var, i, c, node.name);
    }
    return ftdn_graph_append_node(widen->rewrite.to, &node);
}

static void add_copy_layer(widening *widen, int i, int c, int conv, int last)
{
    const ftdn_layer_copies *copied = &widen->rewrite.protection->desc.copies.layer[i];
    ftdn_graph *to = widen->rewrite.to;
    const ftdn_layer *original = &widen->rewrite.from->layer[copied->layer];
    const char *name = ftdn_graph_format_name(widen->rewrite.to, "%s:copy%d", original->name, c + 1);
    if (!name) return;
    uint8_t *copy = FTDN_NEW(to->arena, (size_t)copied->n_channels, uint8_t, &to->error);
    if (!copy) {
        to->status = FTDN_ERR_MEMORY;
        return;
    }
    for (int j = 0; j < copied->n_channels; j++) copy[j] = (uint8_t)(c + 1);
    ftdn_graph_append_layer(to, &(ftdn_layer){
                                    .name = name,
                                    .conv = conv,
                                    .last = last,
                                    .roles = original->roles,
                                    .original = copied->layer,
                                    .channel = copied->channel,
                                    .copy = copy,
                                });
}

/* Copy c + 1 of copied layer i: its convolution and, unless it is merged there, what stands behind it. Returns the node
 * that hands on the copy's map, or the convolution. */
static int add_copy(widening *widen, int i, int c, bool only_conv)
{
    const ftdn_graph *from = widen->rewrite.from;
    int layer = widen->rewrite.protection->desc.copies.layer[i].layer;
    int first = from->layer[layer].conv, last = only_conv ? first : from->layer[layer].last;
    int depthwise = copied_depthwise(from, widen->copied_of, layer);
    widen->added_layer = widen->rewrite.to->n_layers;
    int input = widen->rewrite.hands_on[from->node[first].input];
    if (depthwise >= 0) input = widen->copy_last[c][depthwise];
    int conv = add_narrow_node(widen, first, i, c, input), node = conv;
    for (int n = first + 1; n <= last; n++) {
        if (from->node[n].layer == layer) node = add_narrow_node(widen, n, i, c, node);
    }
    add_copy_layer(widen, i, c, conv, only_conv ? -1 : node);
    return node;
}

/* Behind node `meeting` of copied layer i: its copies, merged with it. */
static void add_merge(widening *widen, int i, int meeting, bool only_conv)
{
    const ftdn_protection_desc *desc = &widen->rewrite.protection->desc;
    const ftdn_layer_copies *copied = &desc->copies.layer[i];
    ftdn_node merge = {
        .op = FTDN_OP_MERGE,
        .input = widen->rewrite.itself[meeting],
        .shape = widen->rewrite.from->node[meeting].shape,
        .layer = copied->layer,
        .merge = desc->merge,
        .n_copies = desc->copies.n_copies,
        .n_merged = copied->n_channels,
        .merged = copied->channel,
    };
    for (int c = 0; c < desc->copies.n_copies; c++) merge.copy[c] = add_copy(widen, i, c, only_conv);
    const char *layer_name = widen->rewrite.from->layer[copied->layer].name;
    merge.name = ftdn_graph_format_name(widen->rewrite.to, "%s:merge", layer_name);
    if (merge.name) widen->rewrite.hands_on[meeting] = ftdn_graph_append_node(widen->rewrite.to, &merge);
}

/* What a copied layer gets behind its node n, which has just been taken over. */
static void add_copies(widening *widen, int i, int n)
{
    const ftdn_graph *from = widen->rewrite.from;
    const ftdn_protection_desc *desc = &widen->rewrite.protection->desc;
    int layer = desc->copies.layer[i].layer;
    if (is_grouped(from, layer)) {
        if (n != from->layer[layer].last) return;
        for (int c = 0; c < desc->copies.n_copies; c++) widen->copy_last[c][layer] = add_copy(widen, i, c, false);
        return;
    }
    bool only_conv = desc->merge_point == FTDN_MERGE_POINT_CONV;
    if (n == (only_conv ? from->layer[layer].conv : from->layer[layer].last)) add_merge(widen, i, n, only_conv);
}

static ftdn_status rewrite_graph(ftdn_protection *protection, ftdn_error *err)
{
    const ftdn_protection_desc *desc = &protection->desc;
    const ftdn_graph *from = desc->graph;
    ftdn_arena *arena = protection->rewritten.arena;
    widening widen = {.copied_of = ftdn_copies_by_layer(&desc->copies, from->n_layers, arena, err)};
    if (!widen.copied_of) return FTDN_ERR_MEMORY;
    FTDN_TRY(check_depthwise(desc, widen.copied_of, err));
    for (int c = 0; c < desc->copies.n_copies; c++) {
        widen.copy_last[c] = FTDN_NEW(arena, (size_t)from->n_layers, int, err);
        if (!widen.copy_last[c]) return FTDN_ERR_MEMORY;
    }
    int max_added = desc->copies.n_layers * desc->copies.n_copies * MAX_PARAMS_PER_COPY;
    FTDN_TRY(ftdn_rewrite_begin(&widen.rewrite, protection, max_added, err));
    for (int n = 0; n < from->n_nodes; n++) {
        ftdn_rewrite_take_node(&widen.rewrite, n);
        int layer = from->node[n].layer;
        if (layer >= 0 && widen.copied_of[layer] >= 0) add_copies(&widen, widen.copied_of[layer], n);
    }
    FTDN_TRY(ftdn_rewrite_finish(&widen.rewrite, err));
    if (desc->merge_point != FTDN_MERGE_POINT_CONV) return FTDN_OK;
    /* A layer that is merged at its convolution and has nothing behind it hands on the merged map. */
    for (int i = 0; i < desc->copies.n_layers; i++) {
        int layer = desc->copies.layer[i].layer;
        protection->rewritten.layer[layer].last = protection->node_of[from->layer[layer].last];
    }
    return FTDN_OK;
}

const ftdn_protector ftdn_protector_fmr = {
    .name = "fmr",
    .help = "feature-map recovery: copied filters are convolved too and their maps merged",
    .duplicates = true,
    .merges = true,
    .merges_maps = true,
    .rewrite = rewrite_graph,
};
