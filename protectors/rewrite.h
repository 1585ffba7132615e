/* rewrite.h - what protectors share that rewrite a graph: copying it node by node, and the rows of copied filters.
 *
 * A rewrite begins with the parameters and layers of the unprotected graph, takes over its nodes in their order, each
 * as it is or with something beside it or behind it, and is finished. As with the builders of a graph the first
 * failure is kept in the new graph and later calls do nothing. */
#ifndef FTDN_PROTECTORS_REWRITE_H
#define FTDN_PROTECTORS_REWRITE_H

#include "protectors/protector.h"

typedef struct ftdn_rewrite {
    ftdn_protection *protection;
    const ftdn_graph *from; /* protection->desc.graph */
    ftdn_graph *to;         /* &protection->rewritten */
    int *itself;            /* [from->n_nodes] the node of `to` that this one has become; -1 before */
    int *hands_on;          /* [from->n_nodes] the node of `to` that readers of this one read */
    ftdn_recipe *recipe;    /* [recipe_capacity] of the parameters of `to` */
    int recipe_capacity;
} ftdn_rewrite;

/* max_added: the most parameters that will be added. */
FTDN_NODISCARD ftdn_status ftdn_rewrite_begin(ftdn_rewrite *rewrite, ftdn_protection *protection, int max_added,
                                              ftdn_error *err);

/* Take over node i, its input and copies as they are handed on. The new node's index. */
int ftdn_rewrite_take_node(ftdn_rewrite *rewrite, int i);

/* A parameter called NODE_NAME with the suffix of its recipe's source, of n_rows rows of it, read by `node`. Its
 * index. */
int ftdn_rewrite_add_param(ftdn_rewrite *rewrite, const ftdn_recipe *recipe, const char *node_name, int node,
                           int n_rows);

/* Set what the rewritten graph's layers and parameters say of nodes, and protection's graph, node_of, recipe. */
FTDN_NODISCARD ftdn_status ftdn_rewrite_finish(ftdn_rewrite *rewrite, ftdn_error *err);

/* For each layer of the unprotected graph its index into copies->layer, or -1; NULL where memory is refused. */
const int *ftdn_copies_by_layer(const ftdn_copies *copies, int n_layers, ftdn_arena *arena, ftdn_error *err);

/* Rows `channel` of a parameter's values, one after the other; NULL where memory is refused. */
const float *ftdn_rows_gather(const ftdn_param *param, const float *values, const ftdn_layer_copies *copied,
                              ftdn_arena *arena, ftdn_error *err);

/* Recipes of the unprotected graph's parameters as they are stored, with room for n_recipes; NULL where memory is
 * refused. */
ftdn_recipe *ftdn_recipes_of_originals(const ftdn_protection_desc *desc, int n_recipes, ftdn_arena *arena,
                                       ftdn_error *err);

#endif
