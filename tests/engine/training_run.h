/* training_run.h - one batch through a training, with a loss that is a weighted sum of the outputs. */
#ifndef FTDN_TESTS_ENGINE_TRAINING_RUN_H
#define FTDN_TESTS_ENGINE_TRAINING_RUN_H

#include <math.h>
#include <stdlib.h>

#include "engine/device.h"
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

/* What a training takes and hands out is memory of its backend. */
static inline void copy_floats(const ftdn_backend *backend, float *to, const float *from, size_t n)
{
    ftdn_error err;
    const ftdn_device_module *module = ftdn_backend_device(backend);
    if (module) FTDN_ASSERT_OK(module->device->copy(to, from, n * sizeof *to, &err), err);
    else memcpy(to, from, n * sizeof *to);
}

/* n floats there, of these values; given back by free_floats. */
static inline float *new_floats(const ftdn_backend *backend, const float *values, size_t n)
{
    ftdn_error err;
    const ftdn_device_module *module = ftdn_backend_device(backend);
    void *made = NULL;
    if (module) FTDN_ASSERT_OK(module->device->alloc(n * sizeof *values, &made, &err), err);
    else made = malloc(n * sizeof *values);
    assert_non_null(made);
    copy_floats(backend, made, values, n);
    return made;
}

static inline void free_floats(const ftdn_backend *backend, float *values)
{
    const ftdn_device_module *module = ftdn_backend_device(backend);
    if (module) module->device->free(values);
    else free(values);
}

/* Wait for all work of a training. */
static inline void wait_for(const ftdn_backend *backend, ftdn_training *training)
{
    ftdn_error err;
    const ftdn_device_module *module = ftdn_backend_device(backend);
    if (module) FTDN_ASSERT_OK(module->device->synchronize(ftdn_training_context(training), &err), err);
}

static inline ftdn_weights new_weights(const ftdn_backend *backend, const training_case *c, ftdn_arena *arena)
{
    const float **value = FTDN_NEW(arena, (size_t)c->graph.n_params, const float *, NULL);
    for (int p = 0; p < c->graph.n_params; p++)
        value[p] = new_floats(backend, c->weights.value[p], c->graph.param[p].n_elements);
    return (ftdn_weights){.n_params = c->graph.n_params, .value = value};
}

static inline training_result run_training(const training_case *c, const char *name, int n_threads, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_training *training;
    const ftdn_backend *backend = ftdn_backend_find(name);
    size_t n_params = (size_t)c->graph.n_params;
    const ftdn_training_desc desc = {
        .outputs = c->output,
        .n_outputs = c->n_outputs,
        .n_images = c->n_images,
        .n_threads = n_threads,
    };
    FTDN_ASSERT_OK(ftdn_training_create(backend, &c->graph, &desc, &training, &err), err);
    const ftdn_input batch = {.n_images = c->n_images, .values = c->x};
    ftdn_weights weights = new_weights(backend, c, arena);
    FTDN_ASSERT_OK(ftdn_training_forward(training, &weights, &batch, &err), err);
    wait_for(backend, training);

    training_result result = {.dparam = FTDN_NEW(arena, n_params, float *, &err),
                              .y = FTDN_NEW(arena, (size_t)c->n_outputs, float *, &err)};
    for (int o = 0; o < c->n_outputs - 1; o++) {
        size_t n = case_map_elements(c, c->output[o]);
        result.y[o] = FTDN_NEW(arena, n * (size_t)c->n_images, float, &err);
        const float *v = random_values(arena, n * (size_t)c->n_images, 5 + (uint32_t)o);
        for (int image = 0; image < c->n_images; image++) {
            float *y = result.y[o] + (size_t)image * n;
            const float *dy = v + (size_t)image * n;
            copy_floats(backend, y, ftdn_training_map(training, image, c->output[o]).values, n);
            copy_floats(backend, ftdn_training_gradient(training, image, c->output[o]).values, dy, n);
            for (size_t i = 0; i < n; i++) result.loss += (double)y[i] * (double)dy[i];
        }
    }
    float **dparam = FTDN_NEW(arena, n_params, float *, &err);
    for (size_t p = 0; p < n_params; p++) {
        size_t n = c->graph.param[p].n_elements;
        dparam[p] = new_floats(backend, random_values(arena, n, 77), n); /* which must be overwritten */
    }
    FTDN_ASSERT_OK(ftdn_training_backward(training, dparam, &err), err);
    wait_for(backend, training);
    for (size_t p = 0; p < n_params; p++) {
        result.dparam[p] = FTDN_NEW(arena, c->graph.param[p].n_elements, float, &err);
        copy_floats(backend, result.dparam[p], dparam[p], c->graph.param[p].n_elements);
        free_floats(backend, dparam[p]);
        free_floats(backend, (float *)(uintptr_t)weights.value[p]);
    }
    size_t n_in = case_map_elements(c, 0);
    result.dx = FTDN_NEW(arena, n_in * (size_t)c->n_images, float, &err);
    for (int image = 0; image < c->n_images; image++)
        copy_floats(backend, result.dx + (size_t)image * n_in, ftdn_training_gradient(training, image, 0).values, n_in);
    ftdn_training_free(training);
    return result;
}

static inline float raise(float largest, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) largest = fabsf(values[i]) > largest ? fabsf(values[i]) : largest;
    return largest;
}

static inline void assert_near(const char *name, const char *what, float largest, const float *expected,
                               const float *actual, size_t n)
{
    for (size_t i = 0; i < n; i++) { /* f32 sums in another order, divided by deviations of about 1/3 */
        if (fabsf(expected[i] - actual[i]) <= 1e-4f * largest) continue;
        fail_msg("%s, %s: element %zu is %g, not %g", name, what, i, (double)actual[i], (double)expected[i]);
    }
}

/* Where terms cancel (the gradient of a bias in front of a batch norm) what remains is the rounding of the terms: the
 * largest gradient of all is the measure. */
static inline void assert_training_agrees(const char *backend, const char *name, const training_case *c,
                                          ftdn_arena *arena)
{
    training_result ref = run_training(c, "ref", 1, arena), other = run_training(c, backend, 2, arena);
    size_t n_images = (size_t)c->n_images, n_in = case_map_elements(c, 0) * n_images;
    for (int o = 0; o < c->n_outputs - 1; o++) {
        size_t n = case_map_elements(c, c->output[o]) * n_images;
        assert_near(name, "output", raise(1, ref.y[o], n), ref.y[o], other.y[o], n);
    }
    float largest = raise(1, ref.dx, n_in);
    for (int p = 0; p < c->graph.n_params; p++) largest = raise(largest, ref.dparam[p], c->graph.param[p].n_elements);
    assert_near(name, "input", largest, ref.dx, other.dx, n_in);
    for (int p = 0; p < c->graph.n_params; p++) {
        const ftdn_param *param = &c->graph.param[p];
        assert_near(name, param->name, largest, ref.dparam[p], other.dparam[p], param->n_elements);
    }
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
