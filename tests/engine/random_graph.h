/* random_graph.h - small graphs in which anything may read anything: merges, clips and skips over many nodes. */
#ifndef FTDN_TESTS_ENGINE_RANDOM_GRAPH_H
#define FTDN_TESTS_ENGINE_RANDOM_GRAPH_H

#include "tests/engine/grid.h"

enum { RANDOM_GRAPH_H = 5, RANDOM_GRAPH_W = 4, RANDOM_GRAPH_MAX_C = 6 };

typedef struct random_stream {
    uint32_t seed, n_drawn;
} random_stream;

/* Uniform in 0 ... n - 1. */
static inline int draw(random_stream *stream, int n)
{
    ftdn_philox_block counter = {{stream->n_drawn++, 1, 0, 0}};
    return (int)(ftdn_philox(counter, stream->seed, 0).word[0] % (uint32_t)n);
}

/* Any earlier node; late ones more often. */
static inline int draw_node(random_stream *stream, const ftdn_graph *graph)
{
    return draw(stream, 2) ? graph->n_nodes - 1 : draw(stream, graph->n_nodes);
}

/* n of the numbers 0 ... limit - 1, ascending. */
static inline const int *draw_channels(random_stream *stream, ftdn_arena *arena, int n, int limit)
{
    int *channel = FTDN_NEW(arena, (size_t)n, int, NULL), n_chosen = 0;
    assert_non_null(channel);
    for (int c = 0; c < limit && n_chosen < n; c++) {
        if (draw(stream, limit - c) < n - n_chosen) channel[n_chosen++] = c;
    }
    return channel;
}

/* A merge of any two or three maps that fit; false where none were found. */
static inline bool add_random_merge(random_stream *stream, ftdn_arena *arena, ftdn_graph *graph, ftdn_node *node)
{
    int copy[FTDN_MAX_COPIES], n_copies = 0;
    node->op = FTDN_OP_MERGE;
    node->merge = (ftdn_merge)draw(stream, 4);
    node->n_copies = ftdn_merge_n_copies(node->merge);
    for (int attempt = 0; attempt < 20 && n_copies < node->n_copies; attempt++) {
        int candidate = draw(stream, graph->n_nodes);
        int n_channels = graph->node[candidate].shape.c;
        bool fits = n_copies ? n_channels == graph->node[copy[0]].shape.c : n_channels <= node->shape.c;
        if (fits) copy[n_copies++] = candidate;
    }
    if (n_copies < node->n_copies) return false;
    for (int i = 0; i < n_copies; i++) node->copy[i] = copy[i];
    node->n_merged = graph->node[copy[0]].shape.c;
    node->merged = draw_channels(stream, arena, node->n_merged, node->shape.c);
    return true;
}

static inline void add_random_node(random_stream *stream, ftdn_arena *arena, ftdn_graph *graph, int index)
{
    ftdn_error err;
    int input = draw_node(stream, graph), kind = draw(stream, 8);
    ftdn_node node = {.op = FTDN_OP_CLIP,
                      .name = ftdn_arena_format(arena, &err, "node%d", index),
                      .input = input,
                      .shape = graph->node[input].shape,
                      .layer = -1,
                      .low = -0.5f,
                      .high = 2};
    if (kind < 3) {
        const ftdn_conv_layer_desc desc = {
            .name = node.name,
            .n_outputs = 1 + draw(stream, RANDOM_GRAPH_MAX_C),
            .kernel = 1 + 2 * (kind == 0),
            .pad = kind == 0,
            .has_bias = draw(stream, 2),
            .batch_norm = draw(stream, 2) ? ftdn_arena_format(arena, &err, "bn%d", index) : NULL,
            .activation = (ftdn_activation)draw(stream, 3),
        };
        ftdn_graph_add_conv_layer(graph, input, &desc);
        return;
    }
    if (kind == 3) {
        ftdn_graph_add_batch_norm(graph, input, node.name, 0);
        return;
    }
    if (kind == 4) {
        node.op = FTDN_OP_ACTIVATION;
        node.activation = FTDN_ACTIVATION_RELU6;
    }
    if (kind > 5 && !add_random_merge(stream, arena, graph, &node)) node.op = FTDN_OP_CLIP;
    ftdn_graph_append_node(graph, &node);
}

/* All maps have RANDOM_GRAPH_H x RANDOM_GRAPH_W cells. */
static inline void build_random_graph(uint32_t seed, int n_additions, ftdn_arena *arena, ftdn_graph *graph)
{
    ftdn_error err;
    random_stream stream = {.seed = seed};
    ftdn_graph_init(graph, arena);
    ftdn_graph_add_input(graph, (ftdn_shape){RANDOM_GRAPH_H, RANDOM_GRAPH_W, 3});
    for (int i = 0; i < n_additions; i++) add_random_node(&stream, arena, graph, i);
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

/* A program with all that a forward needs. */
typedef struct machine {
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
} machine;

static inline machine start_machine(const char *backend, const ftdn_graph *graph, const ftdn_compile_desc *desc,
                                    const ftdn_weights *weights)
{
    ftdn_error err;
    machine made = {0};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), graph, desc, &made.program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(made.program, weights, 1, &made.packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(made.program, &made.context, &err), err);
    return made;
}

static inline void stop_machine(machine *run)
{
    ftdn_context_free(run->context);
    ftdn_packed_free(run->packed);
    ftdn_program_free(run->program);
}

#endif
