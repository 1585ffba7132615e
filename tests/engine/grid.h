/* grid.h - the shapes on which backends are compared: one small graph per row, with reproducible values. */
#ifndef FTDN_TESTS_ENGINE_GRID_H
#define FTDN_TESTS_ENGINE_GRID_H

#include "base/philox_hd.h"
#include "engine/engine.h"
#include "engine/graph_edit.h"
#include "tests/support/support.h"

typedef struct grid_row {
    const char *name;
    ftdn_shape in;
    ftdn_conv_layer_desc layer; /* n_outputs 0: a max pool of kernel, stride, pad */
    bool ceil_mode;
    ftdn_conv_algorithm algorithm;
    int n_merged; /* channels of the layer that are merged with those of other convolutions; 0: no merge */
    ftdn_merge merge;
    float low, high; /* of a clip behind the layer; both 0: none */
    bool relu_at_end; /* behind merge and clip */
} grid_row;

#define RELU FTDN_ACTIVATION_RELU
#define RELU6 FTDN_ACTIVATION_RELU6

static const grid_row grid[] = {
    {"1x1", {7, 9, 16}, {.n_outputs = 24, .kernel = 1, .has_bias = true}, .ceil_mode = false},
    {"1x1, no bias, relu", {5, 5, 3}, {.n_outputs = 7, .kernel = 1, .activation = RELU}, .ceil_mode = false},
    {"3x3", {12, 11, 32}, {.n_outputs = 48, .kernel = 3, .pad = 1, .has_bias = true, .activation = RELU}, .ceil_mode = false},
    {"3x3 of 3 channels",
     {15, 15, 3},
     {.n_outputs = 8, .kernel = 3, .stride = 2, .pad = 1, .batch_norm = "bn"},
     .ceil_mode = false},
    {"3x3 same, stride 2",
     {15, 14, 3},
     {.n_outputs = 8, .kernel = 3, .stride = 2, .same_padding = true, .has_bias = true, .activation = RELU6},
     .ceil_mode = false},
    {"dilated",
     {19, 19, 16},
     {.n_outputs = 20, .kernel = 3, .pad = 6, .dilation = 6, .has_bias = true, .activation = RELU},
     .ceil_mode = false},
    {"valid 3x3 to one cell", {3, 3, 8}, {.n_outputs = 6, .kernel = 3, .has_bias = true}, .ceil_mode = false},
    {"depthwise",
     {13, 13, 24},
     {.n_outputs = 24, .kernel = 3, .pad = 1, .depthwise = true, .batch_norm = "bn", .activation = RELU},
     .ceil_mode = false},
    {"depthwise, odd channels, stride 2",
     {10, 10, 13},
     {.n_outputs = 13, .kernel = 3, .stride = 2, .pad = 1, .depthwise = true, .has_bias = true},
     .ceil_mode = false},
    {"batch norm and relu6",
     {9, 9, 10},
     {.n_outputs = 12, .kernel = 1, .has_bias = true, .batch_norm = "bn", .activation = RELU6},
     .ceil_mode = false},
    {"winograd",
     {20, 20, 32},
     {.n_outputs = 32, .kernel = 3, .pad = 1, .has_bias = true, .activation = RELU},
     .algorithm = FTDN_CONV_WINOGRAD},
    {"winograd, odd sizes",
     {19, 17, 128},
     {.n_outputs = 40, .kernel = 3, .pad = 1, .has_bias = true},
     .algorithm = FTDN_CONV_WINOGRAD},
    {"pool 2x2", {10, 10, 16}, {.kernel = 2, .stride = 2}, .ceil_mode = false},
    {"pool 2x2 ceil", {11, 9, 5}, {.kernel = 2, .stride = 2}, .ceil_mode = true},
    {"pool 3x3 stride 1", {19, 19, 20}, {.kernel = 3, .stride = 1, .pad = 1}, .ceil_mode = false},
    {"mean", {9, 7, 6}, {.n_outputs = 11, .kernel = 1}, .n_merged = 5, .merge = FTDN_MERGE_MEAN},
    {"mean of all, relu",
     {5, 7, 6},
     {.n_outputs = 8, .kernel = 3, .pad = 1, .has_bias = true},
     .n_merged = 8,
     .merge = FTDN_MERGE_MEAN,
     .relu_at_end = true},
    {"nonzero", {6, 5, 4}, {.n_outputs = 7, .kernel = 1, .activation = RELU}, .n_merged = 4, .merge = FTDN_MERGE_NONZERO},
    {"max_abs", {6, 5, 4}, {.n_outputs = 9, .kernel = 1, .activation = RELU}, .n_merged = 9, .merge = FTDN_MERGE_MAX_ABS},
    {"median", {7, 8, 5}, {.n_outputs = 10, .kernel = 1}, .n_merged = 3, .merge = FTDN_MERGE_MEDIAN, .relu_at_end = true},
    {"median of all", {7, 8, 5}, {.n_outputs = 6, .kernel = 1}, .n_merged = 6, .merge = FTDN_MERGE_MEDIAN},
    {"clip", {8, 7, 5}, {.n_outputs = 9, .kernel = 1, .has_bias = true}, .low = -0.25f, .high = 0.5f},
    {"merge, clip, relu",
     {8, 7, 5},
     {.n_outputs = 9, .kernel = 1},
     .n_merged = 4,
     .merge = FTDN_MERGE_MEAN,
     .low = -0.25f,
     .high = 0.5f,
     .relu_at_end = true},
};
enum { n_rows = sizeof grid / sizeof *grid };

/* Reproducible values in [-1, 1). */
static inline float *random_values(ftdn_arena *arena, size_t n, uint32_t seed)
{
    float *values = FTDN_NEW(arena, n, float, NULL);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        ftdn_philox_block bits = ftdn_philox((ftdn_philox_block){{(uint32_t)i, 0, 0, 0}}, seed, 0);
        values[i] = (float)(int32_t)bits.word[0] * 0x1p-31f;
    }
    return values;
}

/* A merge of the node's channels floor(j K / n_merged) with as many of convolutions of the input. */
static inline int add_merge(const grid_row *row, ftdn_arena *arena, ftdn_graph *graph, int node)
{
    static const char *const names[FTDN_MAX_COPIES] = {"copy 1", "copy 2"};
    int *merged = FTDN_NEW(arena, (size_t)row->n_merged, int, NULL);
    assert_non_null(merged);
    for (int j = 0; j < row->n_merged; j++) merged[j] = j * row->layer.n_outputs / row->n_merged;
    ftdn_node merge = {.op = FTDN_OP_MERGE, .name = "merge", .input = node, .shape = graph->node[node].shape, .layer = -1};
    merge.merge = row->merge;
    merge.n_copies = ftdn_merge_n_copies(row->merge);
    merge.n_merged = row->n_merged;
    merge.merged = merged;
    for (int i = 0; i < merge.n_copies; i++) {
        ftdn_conv_layer_desc desc = row->layer;
        desc.name = names[i];
        desc.n_outputs = row->n_merged;
        merge.copy[i] = ftdn_graph_add_conv_layer(graph, 0, &desc);
    }
    return ftdn_graph_append_node(graph, &merge);
}

static inline void build(const grid_row *row, ftdn_arena *arena, ftdn_graph *graph)
{
    ftdn_error err;
    ftdn_graph_init(graph, arena);
    int node = ftdn_graph_add_input(graph, row->in);
    if (row->layer.n_outputs) {
        ftdn_conv_layer_desc desc = row->layer;
        desc.name = "layer";
        node = ftdn_graph_add_conv_layer(graph, node, &desc);
    } else {
        ftdn_graph_add_max_pool(graph, node, "pool", row->layer.kernel, row->layer.stride, row->layer.pad,
                                row->ceil_mode);
    }
    if (row->n_merged) node = add_merge(row, arena, graph, node);
    if (row->low < row->high) {
        const ftdn_node clip = {.op = FTDN_OP_CLIP,
                                .name = "clip",
                                .input = node,
                                .shape = graph->node[node].shape,
                                .layer = -1,
                                .low = row->low,
                                .high = row->high};
        node = ftdn_graph_append_node(graph, &clip);
    }
    if (row->relu_at_end) {
        const ftdn_node relu = {.op = FTDN_OP_ACTIVATION,
                                .name = "relu at end",
                                .input = node,
                                .shape = graph->node[node].shape,
                                .layer = -1,
                                .activation = RELU};
        ftdn_graph_append_node(graph, &relu);
    }
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

static inline ftdn_weights make_weights(const ftdn_graph *graph, ftdn_arena *arena)
{
    ftdn_weights weights = {.n_params = graph->n_params,
                            .value = FTDN_NEW(arena, (size_t)graph->n_params, const float *, NULL)};
    for (int i = 0; i < graph->n_params; i++) {
        float *values = random_values(arena, graph->param[i].n_elements, 100 + (uint32_t)i);
        bool positive = graph->param[i].kind == FTDN_PARAM_BN_VAR;
        for (size_t e = 0; positive && e < graph->param[i].n_elements; e++) values[e] = 1.5f + values[e];
        weights.value[i] = values;
    }
    return weights;
}

#endif
