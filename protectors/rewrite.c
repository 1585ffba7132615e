#include "protectors/rewrite.h"

#include <assert.h>
#include <string.h>

#include "engine/graph_edit.h"

ftdn_status ftdn_rewrite_begin(ftdn_rewrite *rewrite, ftdn_protection *protection, int max_added, ftdn_error *err)
{
    const ftdn_graph *from = protection->desc.graph;
    ftdn_graph *to = &protection->rewritten;
    *rewrite = (ftdn_rewrite){
        .protection = protection,
        .from = from,
        .to = to,
        .itself = FTDN_NEW(to->arena, (size_t)from->n_nodes, int, err),
        .hands_on = FTDN_NEW(to->arena, (size_t)from->n_nodes, int, err),
        .recipe = ftdn_recipes_of_originals(&protection->desc, from->n_params + max_added, to->arena, err),
        .recipe_capacity = from->n_params + max_added,
    };
    if (!rewrite->itself || !rewrite->hands_on || !rewrite->recipe) return FTDN_ERR_MEMORY;
    for (int i = 0; i < from->n_nodes; i++) rewrite->itself[i] = rewrite->hands_on[i] = -1;
    for (int i = 0; i < from->n_params; i++) ftdn_graph_append_param(to, &from->param[i]);
    for (int i = 0; i < from->n_layers; i++) ftdn_graph_append_layer(to, &from->layer[i]);
    return ftdn_graph_finish(to, err);
}

int ftdn_rewrite_take_node(ftdn_rewrite *rewrite, int i)
{
    ftdn_node node = rewrite->from->node[i];
    if (node.input >= 0) node.input = rewrite->hands_on[node.input];
    for (int c = 0; c < node.n_copies; c++) node.copy[c] = rewrite->hands_on[node.copy[c]];
    rewrite->itself[i] = rewrite->hands_on[i] = ftdn_graph_append_node(rewrite->to, &node);
    return rewrite->itself[i];
}

int ftdn_rewrite_add_param(ftdn_rewrite *rewrite, const ftdn_recipe *recipe, const char *node_name, int node,
                           int n_rows)
{
    ftdn_param param = rewrite->from->param[recipe->source];
    const char *suffix = strrchr(param.name, '.');
    size_t row_size = ftdn_param_row_size(&param);
    param.name = ftdn_graph_format_name(rewrite->to, "%s%s", node_name, suffix ? suffix : "");
    param.dims[0] = n_rows;
    param.n_elements = (size_t)n_rows * row_size;
    param.node = node;
    if (!param.name) return -1;
    int index = ftdn_graph_append_param(rewrite->to, &param);
    if (index < 0) return -1;
    assert(index < rewrite->recipe_capacity);
    rewrite->recipe[index] = *recipe;
    return index;
}

ftdn_status ftdn_rewrite_finish(ftdn_rewrite *rewrite, ftdn_error *err)
{
    const ftdn_graph *from = rewrite->from;
    ftdn_graph *to = rewrite->to;
    FTDN_TRY(ftdn_graph_finish(to, err));
    for (int i = 0; i < from->n_params; i++) {
        if (from->param[i].node >= 0) to->param[i].node = rewrite->itself[from->param[i].node];
    }
    for (int i = 0; i < from->n_layers; i++) {
        to->layer[i].conv = rewrite->itself[from->layer[i].conv];
        to->layer[i].last = rewrite->itself[from->layer[i].last];
    }
    rewrite->protection->graph = to;
    rewrite->protection->node_of = rewrite->hands_on;
    rewrite->protection->recipe = rewrite->recipe;
    return FTDN_OK;
}

const int *ftdn_copies_by_layer(const ftdn_copies *copies, int n_layers, ftdn_arena *arena, ftdn_error *err)
{
    int *index = FTDN_NEW(arena, (size_t)n_layers, int, err);
    if (!index) return NULL;
    for (int i = 0; i < n_layers; i++) index[i] = -1;
    for (int i = 0; i < copies->n_layers; i++) index[copies->layer[i].layer] = i;
    return index;
}

const float *ftdn_rows_gather(const ftdn_param *param, const float *values, const ftdn_layer_copies *copied,
                              ftdn_arena *arena, ftdn_error *err)
{
    size_t row_size = ftdn_param_row_size(param);
    float *rows = FTDN_NEW(arena, (size_t)copied->n_channels * row_size, float, err);
    if (!rows) return NULL;
    for (int j = 0; j < copied->n_channels; j++) {
        memcpy(rows + (size_t)j * row_size, values + (size_t)copied->channel[j] * row_size, row_size * sizeof *rows);
    }
    return rows;
}

ftdn_recipe *ftdn_recipes_of_originals(const ftdn_protection_desc *desc, int n_recipes, ftdn_arena *arena,
                                       ftdn_error *err)
{
    ftdn_recipe *recipe = FTDN_NEW(arena, (size_t)n_recipes, ftdn_recipe, err);
    if (!recipe) return NULL;
    for (int i = 0; i < desc->graph->n_params; i++) {
        recipe[i] = (ftdn_recipe){.kind = FTDN_RECIPE_ORIGINAL, .source = i, .clean = desc->weights->value[i]};
    }
    return recipe;
}
