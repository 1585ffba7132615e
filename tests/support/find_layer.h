/* find_layer.h - a layer of a graph by its name. */
#ifndef FTDN_TESTS_SUPPORT_FIND_LAYER_H
#define FTDN_TESTS_SUPPORT_FIND_LAYER_H

#include "engine/graph.h"
#include "tests/support/support.h"

/* Its index; the test fails where there is none. */
static inline int ftdn_test_find_layer(const ftdn_graph *graph, const char *name)
{
    int layer = ftdn_graph_find_layer(graph, name);
    if (layer < 0) fail_msg("no layer is called '%s'", name);
    return layer;
}

#endif
