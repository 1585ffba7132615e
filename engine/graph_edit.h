/* graph_edit.h - building a graph out of the parts of another one.
 *
 * The way of a protector: the parameters and layers of the unprotected graph first, at the same indices, then its nodes
 * in order, each as it was or with something beside it or behind it. New parameters and layers follow those.
 * As with all builders the first failure is kept in the graph; indices are -1 after it. */
#ifndef FTDN_ENGINE_GRAPH_EDIT_H
#define FTDN_ENGINE_GRAPH_EDIT_H

#include "engine/graph.h"

/* A node as it stands, its shape included; texts and lists are borrowed. Indices refer to this graph. */
int ftdn_graph_append_node(ftdn_graph *graph, const ftdn_node *node);

/* A parameter as it stands. */
int ftdn_graph_append_param(ftdn_graph *graph, const ftdn_param *param);

int ftdn_graph_append_layer(ftdn_graph *graph, const ftdn_layer *layer);

#endif
