/* Range restriction: what a layer hands on is kept inside the range that its map has on clean images. */
#include <math.h>

#include "engine/graph_edit.h"
#include "protectors/rewrite.h"

static ftdn_status check_range(const ftdn_graph *graph, const ftdn_layer_range *range, ftdn_error *err)
{
    if (isfinite(range->low) && isfinite(range->high) && range->low <= range->high) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "protection 'clip': layer '%s': [%g, %g] is no range of finite values",
                     graph->layer[range->layer].name, (double)range->low, (double)range->high);
}

/* The range of each layer, NULL where it has none. */
static ftdn_status find_ranges(const ftdn_protection_desc *desc, const ftdn_layer_range **ret_of_layer, ftdn_error *err)
{
    for (int i = 0; i < desc->n_ranges; i++) {
        const ftdn_layer_range *range = &desc->range[i];
        FTDN_TRY(check_range(desc->graph, range, err));
        if (ret_of_layer[range->layer]) {
            return FTDN_FAIL(err, FTDN_ERR_ARG, "protection 'clip': layer '%s' has two ranges",
                             desc->graph->layer[range->layer].name);
        }
        ret_of_layer[range->layer] = range;
    }
    return FTDN_OK;
}

static void add_clip(ftdn_rewrite *rewrite, int last, const ftdn_layer_range *range)
{
    const char *name = ftdn_graph_format_name(rewrite->to, "%s:clip", rewrite->from->layer[range->layer].name);
    if (!name) return;
    rewrite->hands_on[last] = ftdn_graph_append_node(rewrite->to, &(ftdn_node){
                                                                      .op = FTDN_OP_CLIP,
                                                                      .name = name,
                                                                      .input = rewrite->itself[last],
                                                                      .shape = rewrite->from->node[last].shape,
                                                                      .layer = range->layer,
                                                                      .low = range->low,
                                                                      .high = range->high,
                                                                  });
}

static ftdn_status rewrite_graph(ftdn_protection *protection, ftdn_error *err)
{
    const ftdn_graph *from = protection->desc.graph;
    ftdn_arena *arena = protection->rewritten.arena;
    ftdn_rewrite rewrite;
    FTDN_TRY(ftdn_rewrite_begin(&rewrite, protection, 0, err));
    const ftdn_layer_range **range = FTDN_NEW(arena, (size_t)from->n_layers, const ftdn_layer_range *, err);
    if (!range) return FTDN_ERR_MEMORY;
    FTDN_TRY(find_ranges(&protection->desc, range, err));
    for (int i = 0; i < from->n_nodes; i++) {
        ftdn_rewrite_take_node(&rewrite, i);
        int layer = from->node[i].layer;
        if (layer >= 0 && range[layer] && from->layer[layer].last == i) add_clip(&rewrite, i, range[layer]);
    }
    return ftdn_rewrite_finish(&rewrite, err);
}

const ftdn_protector ftdn_protector_clip = {
    .name = "clip",
    .help = "range restriction: maps are kept inside the range seen on calibration images",
    .clips = true,
    .rewrite = rewrite_graph,
};
