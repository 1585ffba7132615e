/* training_run.h - one batch through a training, with a loss that is a weighted sum of the outputs. */
#ifndef FTDN_TESTS_ENGINE_TRAINING_RUN_H
#define FTDN_TESTS_ENGINE_TRAINING_RUN_H

#include "engine/training.h"
#include "tests/engine/random_graph.h"

enum { TRAINING_MAX_OUTPUTS = 4 };

typedef struct training_case {
    ftdn_graph graph;
    ftdn_weights weights;
    int output[TRAINING_MAX_OUTPUTS], n_outputs; /* the last of them is the input node: its gradient is kept too */
    int n_images;
    const float *x; /* [n_images, input] */
} training_case;

/* E = sum_i v_i y_i over the outputs' maps but the input's, v reproducible. */
typedef struct training_result {
    double loss;
    float *dx;      /* [n_images, input] */
    float **dparam; /* [n_params] */
    float **y;      /* [n_outputs][n_images, map] */
} training_result;

static inline size_t case_map_elements(const training_case *c, int node)
{
    return ftdn_shape_elements(c->graph.node[node].shape);
}

/* Values for all but the graph, whose outputs are named. Batch norms scale by 0.75 to 1.25 and shift by at least 0.5: a
 * channel that ReLU leaves at 0 nearly everywhere has hardly a variance, and a batch norm behind it no derivative that
 * differences could find. Those in front of ReLU6 shift by 4 more, to its upper bound. */
static inline void fill_case(training_case *c, int n_images, uint32_t seed, ftdn_arena *arena)
{
    c->output[c->n_outputs++] = 0;
    c->n_images = n_images;
    c->weights = make_weights(&c->graph, arena);
    for (int p = 0; p < c->graph.n_params; p++) {
        const ftdn_param *param = &c->graph.param[p];
        if (param->kind != FTDN_PARAM_BN_SCALE && param->kind != FTDN_PARAM_BN_SHIFT) continue;
        float *values = random_values(arena, param->n_elements, 100 + (uint32_t)p);
        bool is_last = param->node + 1 == c->graph.n_nodes;
        bool before_relu6 = !is_last && c->graph.node[param->node + 1].activation == RELU6;
        float centre = param->kind == FTDN_PARAM_BN_SCALE ? 1.0f : before_relu6 ? 4.75f : 0.75f;
        for (size_t i = 0; i < param->n_elements; i++) values[i] = centre + values[i] / 4;
        c->weights.value[p] = values;
    }
    c->x = random_values(arena, case_map_elements(c, 0) * (size_t)n_images, seed);
}

static inline training_result run_training(const training_case *c, const char *backend, int n_threads,
                                           ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_training *training;
    const ftdn_training_desc desc = {c->output, c->n_outputs, c->n_images, n_threads};
    FTDN_ASSERT_OK(ftdn_training_create(ftdn_backend_find(backend), &c->graph, &desc, &training, &err), err);
    const ftdn_input batch = {.n_images = c->n_images, .values = c->x};
    FTDN_ASSERT_OK(ftdn_training_forward(training, &c->weights, &batch, &err), err);

    training_result result = {.dparam = FTDN_NEW(arena, (size_t)c->graph.n_params, float *, &err),
                              .y = FTDN_NEW(arena, (size_t)c->n_outputs, float *, &err)};
    for (int o = 0; o < c->n_outputs - 1; o++) {
        size_t n = case_map_elements(c, c->output[o]);
        result.y[o] = FTDN_NEW(arena, n * (size_t)c->n_images, float, &err);
        const float *v = random_values(arena, n * (size_t)c->n_images, 5 + (uint32_t)o);
        for (int image = 0; image < c->n_images; image++) {
            ftdn_map y = ftdn_context_map(ftdn_training_context(training, image), c->output[o]);
            ftdn_map dy = ftdn_training_gradient(training, image, c->output[o]);
            memcpy(result.y[o] + (size_t)image * n, y.values, n * sizeof *y.values);
            memcpy(dy.values, v + (size_t)image * n, n * sizeof *dy.values);
            for (size_t i = 0; i < n; i++) result.loss += (double)y.values[i] * (double)dy.values[i];
        }
    }
    for (int p = 0; p < c->graph.n_params; p++)
        result.dparam[p] = random_values(arena, c->graph.param[p].n_elements, 77); /* which must be overwritten */
    FTDN_ASSERT_OK(ftdn_training_backward(training, result.dparam, &err), err);
    size_t n_in = case_map_elements(c, 0);
    result.dx = FTDN_NEW(arena, n_in * (size_t)c->n_images, float, &err);
    for (int image = 0; image < c->n_images; image++) {
        ftdn_map dx = ftdn_training_gradient(training, image, 0);
        memcpy(result.dx + (size_t)image * n_in, dx.values, n_in * sizeof *dx.values);
    }
    ftdn_training_free(training);
    return result;
}

/* A small detector: a strided stem, a depthwise separable block, a pool, an extra without batch norm, two heads. */
static inline void build_small_network(training_case *c, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_graph *graph = &c->graph;
    ftdn_graph_init(graph, arena);
    int x = ftdn_graph_add_input(graph, (ftdn_shape){13, 11, 3});
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){.name = "stem",
                                                          .n_outputs = 8,
                                                          .kernel = 3,
                                                          .stride = 2,
                                                          .pad = 1,
                                                          .batch_norm = "bn0",
                                                          .activation = RELU});
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){.name = "depthwise",
                                                          .n_outputs = 8,
                                                          .kernel = 3,
                                                          .pad = 1,
                                                          .depthwise = true,
                                                          .batch_norm = "bn1",
                                                          .activation = RELU6});
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){.name = "pointwise",
                                                          .n_outputs = 20,
                                                          .kernel = 1,
                                                          .has_bias = true,
                                                          .batch_norm = "bn2",
                                                          .activation = RELU});
    c->output[0] = ftdn_graph_add_conv_layer(
        graph, x, &(ftdn_conv_layer_desc){.name = "head0", .n_outputs = 6, .kernel = 3, .pad = 1, .has_bias = true});
    x = ftdn_graph_add_max_pool(graph, x, "pool", 2, 2, 0, true);
    x = ftdn_graph_add_conv_layer(
        graph, x,
        &(ftdn_conv_layer_desc){.name = "extra", .n_outputs = 9, .kernel = 1, .has_bias = true, .activation = RELU});
    c->output[1] = ftdn_graph_add_conv_layer(
        graph, x, &(ftdn_conv_layer_desc){.name = "head1", .n_outputs = 5, .kernel = 1, .batch_norm = "bn3"});
    c->n_outputs = 2;
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

/* Convolutions, batch norms, activations and pools, each of any earlier map; the last node is the output, others may
 * lead nowhere. */
static inline void build_random_training(training_case *c, uint32_t seed, int n_additions, ftdn_arena *arena)
{
    ftdn_error err;
    random_stream stream = {.seed = seed};
    ftdn_graph *graph = &c->graph;
    ftdn_graph_init(graph, arena);
    ftdn_graph_add_input(graph, (ftdn_shape){RANDOM_GRAPH_H, RANDOM_GRAPH_W, 3});
    for (int i = 0; i < n_additions; i++) {
        int input = draw_node(&stream, graph), kind = draw(&stream, 6);
        const char *name = ftdn_arena_format(arena, &err, "node%d", i);
        const ftdn_conv_layer_desc desc = {
            .name = name,
            .n_outputs = 1 + draw(&stream, RANDOM_GRAPH_MAX_C),
            .kernel = 1 + 2 * (kind & 1),
            .pad = kind & 1,
            .has_bias = draw(&stream, 2),
            .batch_norm = draw(&stream, 2) ? ftdn_arena_format(arena, &err, "bn%d", i) : NULL,
            .activation = (ftdn_activation)draw(&stream, 3),
        };
        if (kind < 4) ftdn_graph_add_conv_layer(graph, input, &desc);
        else if (kind == 4) ftdn_graph_add_batch_norm(graph, input, name, 0);
        else ftdn_graph_add_max_pool(graph, input, name, 3, 1, 1, false);
    }
    c->output[0] = graph->n_nodes - 1;
    c->n_outputs = 1;
    if (graph->n_nodes > 4) c->output[c->n_outputs++] = 2;
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

#endif
