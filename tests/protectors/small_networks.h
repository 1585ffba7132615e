/* small_networks.h - two networks of a few channels, one for each kind of unit, and ways to protect and run them. */
#ifndef FTDN_TESTS_PROTECTORS_SMALL_NETWORKS_H
#define FTDN_TESTS_PROTECTORS_SMALL_NETWORKS_H

#include "base/philox_hd.h"
#include "engine/engine.h"
#include "protectors/duplication.h"
#include "tests/support/find_layer.h"
#include "tests/support/support.h"

#define FEATURE (FTDN_ROLE_FEATURE_WEIGHTS | FTDN_ROLE_FEATURE_MAP | FTDN_ROLE_BLOCK_CONV | FTDN_ROLE_BASE)

typedef struct small_network {
    ftdn_graph graph;
    ftdn_weights weights;
    int output; /* node */
} small_network;

static inline void finish_network(small_network *network, int output, ftdn_arena *arena)
{
    ftdn_error err = {0};
    network->output = output;
    FTDN_ASSERT_OK(ftdn_graph_finish(&network->graph, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&network->graph, 1, arena, &network->weights, &err), err);
}

/* As VGG: conv1 (8), pool, conv2 (6) and conv3 (5) with biases and ReLU; conv2 is read by head "side" through a
 * batch norm, too. */
static inline void build_plain(small_network *network, ftdn_arena *arena)
{
    ftdn_graph *graph = &network->graph;
    ftdn_graph_init(graph, arena);
    ftdn_conv_layer_desc layer = {.kernel = 3, .pad = 1, .has_bias = true, .activation = FTDN_ACTIVATION_RELU};
    int x = ftdn_graph_add_input(graph, (ftdn_shape){12, 10, 3});
    layer.roles = FEATURE;
    layer.name = "conv1";
    layer.n_outputs = 8;
    x = ftdn_graph_add_conv_layer(graph, x, &layer);
    x = ftdn_graph_add_max_pool(graph, x, "pool", 2, 2, 0, false);
    layer.name = "conv2";
    layer.n_outputs = 6;
    x = ftdn_graph_add_conv_layer(graph, x, &layer);
    int side = ftdn_graph_add_batch_norm(graph, x, "norm", 0);
    ftdn_graph_add_conv_layer(
        graph, side,
        &(ftdn_conv_layer_desc){.name = "side", .n_outputs = 4, .kernel = 1, .has_bias = true, .roles = FTDN_ROLE_HEAD});
    layer.name = "conv3";
    layer.n_outputs = 5;
    x = ftdn_graph_add_conv_layer(graph, x, &layer);
    x = ftdn_graph_add_conv_layer(
        graph, x,
        &(ftdn_conv_layer_desc){.name = "head", .n_outputs = 4, .kernel = 1, .has_bias = true, .roles = FTDN_ROLE_HEAD});
    finish_network(network, x, arena);
}

/* As MobileNet: a stem (6) and two blocks of a depthwise and a pointwise convolution (8 and 7), with batch norms. */
static inline void build_blocks(small_network *network, ftdn_arena *arena)
{
    static const struct {
        const char *depthwise, *pointwise, *depthwise_norm, *pointwise_norm;
        int stride, n_inputs, n_outputs;
    } blocks[] = {{"b1.dw", "b1.pw", "b1.dwbn", "b1.pwbn", 1, 6, 8}, {"b2.dw", "b2.pw", "b2.dwbn", "b2.pwbn", 2, 8, 7}};
    ftdn_graph *graph = &network->graph;
    ftdn_graph_init(graph, arena);
    int x = ftdn_graph_add_input(graph, (ftdn_shape){9, 8, 3});
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){.name = "stem",
                                                          .n_outputs = 6,
                                                          .kernel = 3,
                                                          .pad = 1,
                                                          .batch_norm = "stembn",
                                                          .activation = FTDN_ACTIVATION_RELU,
                                                          .roles = FTDN_ROLE_BASE});
    for (int b = 0; b < 2; b++) {
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){.name = blocks[b].depthwise,
                                                              .n_outputs = blocks[b].n_inputs,
                                                              .kernel = 3,
                                                              .stride = blocks[b].stride,
                                                              .pad = 1,
                                                              .depthwise = true,
                                                              .batch_norm = blocks[b].depthwise_norm,
                                                              .activation = FTDN_ACTIVATION_RELU,
                                                              .roles = FEATURE & ~FTDN_ROLE_FEATURE_MAP});
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){.name = blocks[b].pointwise,
                                                              .n_outputs = blocks[b].n_outputs,
                                                              .kernel = 1,
                                                              .batch_norm = blocks[b].pointwise_norm,
                                                              .activation = FTDN_ACTIVATION_RELU,
                                                              .roles = FEATURE});
    }
    finish_network(network, x, arena);
}

static inline int find_node(const ftdn_graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        if (!strcmp(graph->node[i].name, name)) return i;
    }
    fail_msg("there is no node '%s'", name);
    return -1;
}

static inline int find_param(const ftdn_graph *graph, const char *name)
{
    int param = ftdn_graph_find_param(graph, name);
    if (param < 0) fail_msg("there is no parameter '%s'", name);
    return param;
}

/* Of each unit every other channel, beginning with the second: half of them, rounded down. all: every one. */
static inline ftdn_copies choose_copies(const ftdn_graph *graph, bool all, int n_copies, ftdn_arena *arena)
{
    ftdn_error err = {0};
    const ftdn_unit *unit;
    int n_units;
    FTDN_ASSERT_OK(ftdn_units_find(graph, arena, &unit, &n_units, &err), err);
    const int **channel = FTDN_NEW(arena, (size_t)n_units, const int *, &err);
    int *n_kept = FTDN_NEW(arena, (size_t)n_units, int, &err);
    assert_true(channel && n_kept);
    for (int u = 0; u < n_units; u++) {
        int *chosen = FTDN_NEW(arena, (size_t)unit[u].n_channels, int, &err);
        assert_non_null(chosen);
        n_kept[u] = all ? unit[u].n_channels : unit[u].n_channels / 2;
        for (int j = 0; j < n_kept[u]; j++) chosen[j] = all ? j : 2 * j + 1;
        channel[u] = chosen;
    }
    ftdn_copies copies;
    FTDN_ASSERT_OK(ftdn_copies_make(unit, n_units, channel, n_kept, n_copies, arena, &copies, &err), err);
    return copies;
}

enum { NONE, KR, FMR, FMR_AT_CONV, FMR_OF_THREE, FMR_OF_THREE_AT_CONV, D2NN, CLIP, N_KINDS };

/* Every protector, at every merge point, with one copy and with two. */
static const ftdn_protection_desc kinds[] = {
    [NONE] = {.protector = &ftdn_protector_none},
    [KR] = {.protector = &ftdn_protector_kr},
    [FMR] = {.protector = &ftdn_protector_fmr},
    [FMR_AT_CONV] = {.protector = &ftdn_protector_fmr, .merge_point = FTDN_MERGE_POINT_CONV},
    [FMR_OF_THREE] = {.protector = &ftdn_protector_fmr, .merge = FTDN_MERGE_MEDIAN},
    [FMR_OF_THREE_AT_CONV] = {.protector = &ftdn_protector_fmr,
                              .merge = FTDN_MERGE_MEDIAN,
                              .merge_point = FTDN_MERGE_POINT_CONV},
    [D2NN] = {.protector = &ftdn_protector_d2nn},
    [CLIP] = {.protector = &ftdn_protector_clip},
};

/* One of kinds, over half of all channels or with a range for every other layer. */
static inline ftdn_protection_desc fill_desc(const ftdn_protection_desc *kind, const ftdn_graph *graph,
                                             ftdn_arena *arena)
{
    ftdn_protection_desc desc = *kind;
    if (desc.protector->duplicates) {
        int n_copies = desc.protector->merges ? ftdn_merge_n_copies(desc.merge) : 1;
        desc.copies = choose_copies(graph, false, n_copies, arena);
    }
    if (desc.protector->clips) {
        ftdn_layer_range *range = FTDN_NEW(arena, (size_t)graph->n_layers, ftdn_layer_range, NULL);
        assert_non_null(range);
        for (int l = 0; l < graph->n_layers; l += 2) {
            range[desc.n_ranges++] = (ftdn_layer_range){.layer = l, .low = 0, .high = 4};
        }
        desc.range = range;
    }
    return desc;
}

static inline void assert_node_reads(const ftdn_graph *graph, const char *node, const char *input)
{
    int index = find_node(graph, node);
    assert_string_equal(graph->node[graph->node[index].input].name, input);
}

/* A protection of the network in the arena. */
static inline ftdn_protection *protect_with(ftdn_protection_desc desc, const small_network *network, ftdn_arena *arena)
{
    ftdn_error err = {0};
    ftdn_protection *protection = FTDN_NEW(arena, 1, ftdn_protection, &err);
    assert_non_null(protection);
    desc.graph = &network->graph;
    desc.weights = &network->weights;
    FTDN_ASSERT_OK(ftdn_protection_init(protection, &desc, arena, &err), err);
    return protection;
}

static inline ftdn_assembly assembly_of(const ftdn_protection *protection, ftdn_arena *arena)
{
    ftdn_error err = {0};
    ftdn_assembly assembly;
    FTDN_ASSERT_OK(ftdn_assembly_init(&assembly, protection, arena, &err), err);
    return assembly;
}

/* Values in [-1, 1) by a seed. */
static inline float *make_values(size_t n, uint32_t seed, ftdn_arena *arena)
{
    float *values = FTDN_NEW(arena, n, float, NULL);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        ftdn_philox_block bits = ftdn_philox((ftdn_philox_block){{(uint32_t)i, 0, 0, 0}}, seed, 0);
        values[i] = (float)(int32_t)bits.word[0] * 0x1p-31f;
    }
    return values;
}

/* Weights whose convolutions in the copied layers are others than the network's (as if every element were faulty). */
static inline ftdn_weights damage_originals(const small_network *network, const ftdn_copies *copies, uint32_t seed,
                                            ftdn_arena *arena)
{
    int n_params = network->weights.n_params;
    ftdn_weights damaged = {n_params, FTDN_NEW(arena, (size_t)n_params, const float *, NULL)};
    assert_non_null(damaged.value);
    memcpy(damaged.value, network->weights.value, (size_t)n_params * sizeof *damaged.value);
    for (int i = 0; i < copies->n_layers; i++) {
        int weight = network->graph.node[network->graph.layer[copies->layer[i].layer].conv].weight;
        damaged.value[weight] = make_values(network->graph.param[weight].n_elements, seed + (uint32_t)i, arena);
    }
    return damaged;
}

/* Copies of other values. */
static inline const float *const *damage_copies(const small_network *network, const ftdn_copies *copies, uint32_t seed,
                                                ftdn_arena *arena)
{
    const float **copy = FTDN_NEW(arena, (size_t)copies->n_layers, const float *, NULL);
    assert_non_null(copy);
    for (int i = 0; i < copies->n_layers; i++) {
        int weight = network->graph.node[network->graph.layer[copies->layer[i].layer].conv].weight;
        const ftdn_param *param = &network->graph.param[weight];
        size_t n_elements = param->n_elements / (size_t)param->dims[0] * (size_t)copies->layer[i].n_channels;
        copy[i] = make_values(n_elements, seed + (uint32_t)i, arena);
    }
    return copy;
}

/* The map of `node` for two images of a fixed input. */
static inline const float *run_graph(const char *backend, const ftdn_graph *graph, const ftdn_weights *weights,
                                     int node, size_t *ret_n, ftdn_arena *arena)
{
    enum { N_IMAGES = 2 };
    ftdn_error err = {0};
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    const ftdn_compile_desc desc = {.outputs = &node, .n_outputs = 1, .micro_batch = N_IMAGES};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, weights, 1, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    size_t n_inputs = N_IMAGES * ftdn_shape_elements(graph->node[0].shape);
    const ftdn_input input = {.n_images = N_IMAGES, .values = make_values(n_inputs, 99, arena)};
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);
    size_t n_values = N_IMAGES * ftdn_shape_elements(graph->node[node].shape);
    float *values = FTDN_NEW(arena, n_values, float, &err);
    assert_non_null(values);
    memcpy(values, ftdn_context_map(context, node).values, n_values * sizeof *values);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    if (ret_n) *ret_n = n_values;
    return values;
}

#endif
