/* Training passes: the plain loops against finite differences and the definition, the CPU backend against them. */
#include "engine/training.h"

#include <math.h>

#include "engine/gradient_layout.h"
#include "engine/gradients.h"
#include "tests/engine/training_run.h"
#include "tests/support/arena_per_test.h"

static const char *const backends[] = {"ref", "cpu"};

/* <dE/dv, d>, and the length that the sum would have if its parts had random signs. */
typedef struct directional {
    double value, norm;
} directional;

static directional along(const float *gradient, const float *d, size_t n)
{
    directional result = {0};
    for (size_t i = 0; i < n; i++) {
        double part = (double)gradient[i] * (double)d[i];
        result.value += part;
        result.norm += part * part;
    }
    result.norm = sqrt(result.norm);
    return result;
}

/* (E(v + h d) - E(v - h d)) / 2h for the n values at *place. */
static double difference(training_case *c, const float **place, const float *d, double h, size_t n)
{
    const float *centre = *place;
    float *moved = FTDN_NEW(&arena, n, float, NULL);
    double loss[2];
    *place = moved;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) moved[i] = (float)((double)centre[i] + (side ? -h : h) * (double)d[i]);
        loss[side] = run_training(c, "ref", 1, &arena).loss;
    }
    *place = centre;
    return (loss[0] - loss[1]) / (2 * h);
}

/* A small step drowns in the rounding of float maps (1e-6 of E divided by 2h), a large one crosses kinks and feels the
 * curvature of batch norms: one of three has to agree. */
static void assert_differences_agree(const char *graph, const char *name, training_case *c, const float **place,
                                     const float *gradient, size_t n)
{
    static const double step[] = {2e-4, 1e-3, 4e-5};
    const float *d = random_values(&arena, n, 23);
    directional expected = along(gradient, d, n);
    double found = 0;
    for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
        found = difference(c, place, d, step[i], n);
        if (fabs(found - expected.value) <= 2e-2 * expected.norm + 1e-5 / step[i]) return;
    }
    fail_msg("%s, %s: %g by differences, %g by gradient", graph, name, found, expected.value);
}

static void check_by_differences(const char *name, training_case *c)
{
    training_result centre = run_training(c, "ref", 1, &arena);
    size_t n_in = case_map_elements(c, 0) * (size_t)c->n_images;
    assert_differences_agree(name, "input", c, &c->x, centre.dx, n_in);
    for (int p = 0; p < c->graph.n_params; p++) {
        const ftdn_param *param = &c->graph.param[p];
        assert_differences_agree(name, param->name, c, &c->weights.value[p], centre.dparam[p], param->n_elements);
    }
}

static void gradients_of_a_small_network_agree_with_finite_differences(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        training_case c = {0};
        build_small_network(&c, &arena);
        fill_case(&c, 3, seed, &arena);
        check_by_differences("small network", &c);
    }
}

static void gradients_of_random_graphs_agree_with_finite_differences(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 30; seed++) {
        training_case c = {0};
        build_random_training(&c, seed, 8, &arena);
        fill_case(&c, 2, seed, &arena);
        check_by_differences(ftdn_arena_format(&arena, NULL, "random graph %u", seed), &c);
    }
}

/* Two layers with the same filters and the same batch norm, over maps of different sizes. */
static void build_twins(training_case *c)
{
    ftdn_graph *graph = &c->graph;
    ftdn_conv_layer_desc desc = {.name = "first",
                                 .n_outputs = 6,
                                 .kernel = 3,
                                 .pad = 1,
                                 .has_bias = true,
                                 .batch_norm = "bn",
                                 .activation = RELU};
    ftdn_graph_init(graph, &arena);
    int input = ftdn_graph_add_input(graph, (ftdn_shape){8, 9, 4});
    int pool = ftdn_graph_add_max_pool(graph, input, "pool", 2, 2, 0, false);
    c->output[0] = ftdn_graph_add_conv_layer(graph, input, &desc);
    desc.name = "second";
    desc.batch_norm = "bn of the second";
    c->output[1] = ftdn_graph_add_conv_layer(graph, pool, &desc);
    c->n_outputs = 2;
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
    const ftdn_node *conv = &graph->node[graph->layer[0].conv], *norm = conv + 1;
    ftdn_node *twin_conv = &graph->node[graph->layer[1].conv], *twin_norm = twin_conv + 1;
    assert_true(norm->op == FTDN_OP_BATCH_NORM && twin_norm->op == FTDN_OP_BATCH_NORM);
    twin_conv->weight = conv->weight;
    twin_conv->bias = conv->bias;
    twin_norm->bn_scale = norm->bn_scale;
    twin_norm->bn_shift = norm->bn_shift;
}

static void gradients_of_parameters_with_two_readers_add_up(void **state)
{
    (void)state;
    training_case c = {0};
    build_twins(&c);
    fill_case(&c, 3, 5, &arena);
    check_by_differences("twins", &c);
    assert_training_agrees("cpu", "twins", &c, &arena);
}

/* One batch norm over the input, and ReLU behind it. */
static void build_batch_norm(training_case *c, ftdn_shape in)
{
    ftdn_graph_init(&c->graph, &arena);
    int x = ftdn_graph_add_input(&c->graph, in);
    x = ftdn_graph_add_batch_norm(&c->graph, x, "bn", 1e-3);
    const ftdn_node relu = {
        .op = FTDN_OP_ACTIVATION, .name = "relu", .input = x, .shape = in, .layer = -1, .activation = RELU};
    c->output[0] = ftdn_graph_append_node(&c->graph, &relu);
    c->n_outputs = 1;
    FTDN_ASSERT_OK(ftdn_graph_finish(&c->graph, &err), err);
}

/* Mean and biased variance of channel k over n values, in two passes. */
static void textbook_moments(const float *x, size_t n, size_t n_channels, size_t k, double *mean, double *var)
{
    *mean = *var = 0;
    for (size_t i = 0; i < n; i++) *mean += (double)x[i * n_channels + k] / (double)n;
    for (size_t i = 0; i < n; i++) *var += pow((double)x[i * n_channels + k] - *mean, 2) / (double)n;
}

static void a_batch_norm_takes_mean_and_biased_variance_of_the_batch(void **state)
{
    (void)state;
    enum { N = 3, H = 4, W = 5, C = 7, CELLS = N * H * W };
    for (int b = 0; b < 2; b++) {
        training_case c = {0};
        build_batch_norm(&c, (ftdn_shape){H, W, C});
        fill_case(&c, N, 9, &arena);
        float *x = FTDN_NEW(&arena, CELLS * C, float, NULL);
        for (size_t i = 0; i < CELLS * C; i++) x[i] = c.x[i] * (float)(1 + i % C) + 3.0f * (float)(i % C);
        c.x = x;
        training_result result = run_training(&c, backends[b], 2, &arena);
        const float *scale = c.weights.value[0], *shift = c.weights.value[1];
        const float *v = random_values(&arena, CELLS * C, 5); /* dE/dy */
        for (size_t k = 0; k < C; k++) {
            double mean, var, sum_g = 0, sum_gx = 0;
            textbook_moments(c.x, CELLS, C, k, &mean, &var);
            double deviation = sqrt(var + 1e-3);
            for (size_t i = k; i < CELLS * C; i += C) {
                double normal = ((double)c.x[i] - mean) / deviation;
                double y = normal * (double)scale[k] + (double)shift[k];
                assert_true(fabs(fmax(y, 0) - (double)result.y[0][i]) < 1e-5);
                sum_g += y > 0 ? (double)v[i] : 0;
                sum_gx += y > 0 ? (double)v[i] * normal : 0;
            }
            assert_true(fabs(sum_gx - (double)result.dparam[0][k]) < 1e-5);
            assert_true(fabs(sum_g - (double)result.dparam[1][k]) < 1e-5);
            for (size_t i = k; i < CELLS * C; i += C) {
                double normal = ((double)c.x[i] - mean) / deviation;
                double g = normal * (double)scale[k] + (double)shift[k] > 0 ? (double)v[i] : 0;
                double dx = (double)scale[k] / deviation * (g - sum_g / CELLS - normal * sum_gx / CELLS);
                assert_true(fabs(dx - (double)result.dx[i]) < 1e-5);
            }
        }
    }
}

static void running_statistics_take_mean_and_unbiased_variance(void **state)
{
    (void)state;
    enum { N = 2, H = 3, W = 1, C = 5, CELLS = N * H * W };
    for (int b = 0; b < 2; b++) {
        training_case c = {0};
        ftdn_training *training;
        const float *mean, *var;
        build_batch_norm(&c, (ftdn_shape){H, W, C});
        fill_case(&c, N, 4, &arena);
        const ftdn_training_desc desc = {c.output, c.n_outputs, N, 1};
        const ftdn_input batch = {.n_images = N, .values = c.x};
        FTDN_ASSERT_OK(ftdn_training_create(ftdn_backend_find(backends[b]), &c.graph, &desc, &training, &err), err);
        FTDN_ASSERT_OK(ftdn_training_forward(training, &c.weights, &batch, &err), err);
        ftdn_training_statistics(training, 1, &mean, &var);
        for (size_t k = 0; k < C; k++) {
            double expected_mean, biased;
            textbook_moments(c.x, CELLS, C, k, &expected_mean, &biased);
            assert_true(fabs(expected_mean - (double)mean[k]) < 1e-6);
            assert_true(fabs(biased * CELLS / (CELLS - 1) - (double)var[k]) < 1e-6);
        }
        ftdn_training_free(training);
    }
}

/* The stored statistics of a network in training mode are not read: no gradient, and no influence. */
static void stored_statistics_are_not_read(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        training_case c = {0};
        build_small_network(&c, &arena);
        fill_case(&c, 2, 1, &arena);
        double loss = run_training(&c, backends[b], 1, &arena).loss;
        for (int p = 0; p < c.graph.n_params; p++) {
            ftdn_param_kind kind = c.graph.param[p].kind;
            if (kind != FTDN_PARAM_BN_MEAN && kind != FTDN_PARAM_BN_VAR) continue;
            size_t n = c.graph.param[p].n_elements;
            float *other = random_values(&arena, n, 99);
            for (size_t i = 0; i < n; i++) other[i] = fabsf(other[i]) + 1;
            c.weights.value[p] = other;
        }
        training_result result = run_training(&c, backends[b], 1, &arena);
        assert_true(result.loss == loss);
        for (int p = 0; p < c.graph.n_params; p++) {
            ftdn_param_kind kind = c.graph.param[p].kind;
            if (kind != FTDN_PARAM_BN_MEAN && kind != FTDN_PARAM_BN_VAR) continue;
            for (size_t i = 0; i < c.graph.param[p].n_elements; i++) assert_true(result.dparam[p][i] == 0);
        }
    }
}

static bool can_be_trained(const grid_row *row)
{
    return !row->n_merged && row->low == row->high && row->algorithm == FTDN_CONV_DIRECT;
}

/* Each row as it is, and with a batch norm where it has none. */
static void cpu_agrees_with_ref_on_a_grid(void **state)
{
    (void)state;
    for (int row = 0; row < n_rows; row++) {
        for (uint32_t seed = 1; can_be_trained(&grid[row]) && seed <= 4; seed++) {
            training_case c = {0};
            grid_row changed = grid[row];
            if (seed & 1) changed.layer.batch_norm = "bn";
            build(&changed, &arena, &c.graph);
            c.output[c.n_outputs++] = c.graph.n_nodes - 1;
            fill_case(&c, 2 + (int)seed / 2, seed, &arena);
            assert_training_agrees("cpu", grid[row].name, &c, &arena);
        }
    }
}

static void cpu_agrees_with_ref_on_small_networks(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 4; seed++) {
        training_case c = {0};
        build_small_network(&c, &arena);
        fill_case(&c, (int)seed, seed, &arena);
        assert_training_agrees("cpu", "small network", &c, &arena);
    }
}

static void cpu_agrees_with_ref_on_random_graphs(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 40; seed++) {
        training_case c = {0};
        build_random_training(&c, seed, 10, &arena);
        fill_case(&c, 2, seed, &arena);
        assert_training_agrees("cpu", ftdn_arena_format(&arena, NULL, "random graph %u", seed), &c, &arena);
    }
}

static void the_bits_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        training_case c = {0};
        build_small_network(&c, &arena);
        fill_case(&c, 19, 3, &arena); /* more images than groups, and not a multiple of their number */
        training_result alone = run_training(&c, backends[b], 1, &arena);
        for (int n_threads = 2; n_threads <= 3; n_threads++) {
            training_result shared = run_training(&c, backends[b], n_threads, &arena);
            size_t n_images = (size_t)c.n_images;
            assert_memory_equal(alone.dx, shared.dx, case_map_elements(&c, 0) * n_images * sizeof(float));
            for (int o = 0; o < 2; o++)
                assert_memory_equal(alone.y[o], shared.y[o],
                                    case_map_elements(&c, c.output[o]) * n_images * sizeof(float));
            for (int p = 0; p < c.graph.n_params; p++)
                assert_memory_equal(alone.dparam[p], shared.dparam[p], c.graph.param[p].n_elements * sizeof(float));
        }
    }
}

/* Without batch norms, training and inference are one: a batch of one image has the bits of gradients.h. */
static void without_batch_norms_the_gradients_are_those_of_inference(void **state)
{
    (void)state;
    for (int row = 0; row < n_rows; row++) {
        if (!can_be_trained(&grid[row]) || grid[row].layer.batch_norm) continue;
        for (int b = 0; b < 2; b++) {
            training_case c = {0};
            ftdn_gradients *gradients;
            build(&grid[row], &arena, &c.graph);
            c.output[c.n_outputs++] = c.graph.n_nodes - 1;
            fill_case(&c, 1, 8, &arena);
            training_result result = run_training(&c, backends[b], 1, &arena);

            const ftdn_compile_desc desc = {.for_gradients = true};
            machine run = start_machine(backends[b], &c.graph, &desc, &c.weights);
            const ftdn_input input = {.n_images = 1, .values = c.x};
            float **dparam = FTDN_NEW(&arena, (size_t)c.graph.n_params, float *, NULL);
            for (int p = 0; p < c.graph.n_params; p++)
                dparam[p] = FTDN_NEW(&arena, c.graph.param[p].n_elements, float, NULL);
            FTDN_ASSERT_OK(ftdn_forward(run.context, run.packed, &input, NULL, &err), err);
            FTDN_ASSERT_OK(ftdn_gradients_create(run.program, &gradients, &err), err);
            size_t n_out = case_map_elements(&c, c.output[0]);
            memcpy(ftdn_gradients_map(gradients, run.context, c.output[0]).values, random_values(&arena, n_out, 5),
                   n_out * sizeof(float));
            FTDN_ASSERT_OK(ftdn_backward(gradients, run.context, run.packed, dparam, &err), err);
            const float *dx = ftdn_gradients_map(gradients, run.context, 0).values;
            for (size_t i = 0; i < case_map_elements(&c, 0); i++) assert_true(dx[i] == result.dx[i]);
            for (int p = 0; p < c.graph.n_params; p++)
                for (size_t i = 0; i < c.graph.param[p].n_elements; i++)
                    assert_true(dparam[p][i] == result.dparam[p][i]);
            ftdn_gradients_free(gradients);
            stop_machine(&run);
        }
    }
}

static void assert_cleared(const ftdn_training *training, int image, int node, size_t n)
{
    ftdn_map gradient = ftdn_training_gradient(training, image, node);
    for (size_t i = 0; i < n; i++) assert_true(gradient.values[i] == 0);
}

/* Further batches, with other weights, leave nothing behind; gradients that are not wanted are not written. */
static void a_batch_does_not_depend_on_the_one_before(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        training_case c = {0};
        ftdn_training *training;
        build_small_network(&c, &arena);
        fill_case(&c, 2, 6, &arena);
        training_result expected = run_training(&c, backends[b], 1, &arena);
        const ftdn_training_desc desc = {c.output, c.n_outputs, 2, 2};
        FTDN_ASSERT_OK(ftdn_training_create(ftdn_backend_find(backends[b]), &c.graph, &desc, &training, &err), err);
        float **dparam = FTDN_NEW(&arena, (size_t)c.graph.n_params, float *, NULL);
        ftdn_weights weights = {c.graph.n_params, FTDN_NEW(&arena, (size_t)c.graph.n_params, const float *, NULL)};
        for (int p = 0; p < c.graph.n_params; p++) {
            dparam[p] = FTDN_NEW(&arena, c.graph.param[p].n_elements, float, NULL);
            weights.value[p] = random_values(&arena, c.graph.param[p].n_elements, 1000 + (uint32_t)p);
        }
        const ftdn_input batch = {.n_images = 2, .values = c.x};
        for (int turn = 0; turn < 2; turn++) {
            if (turn == 1) dparam[0] = NULL;
            FTDN_ASSERT_OK(ftdn_training_forward(training, turn ? &c.weights : &weights, &batch, &err), err);
            for (int o = 0; o < 2; o++) {
                size_t n = case_map_elements(&c, c.output[o]);
                assert_cleared(training, 1, c.output[o], n);
                const float *v = random_values(&arena, 2 * n, 5 + (uint32_t)o);
                for (int image = 0; image < 2; image++)
                    memcpy(ftdn_training_gradient(training, image, c.output[o]).values, v + (size_t)image * n,
                           n * sizeof *v);
            }
            FTDN_ASSERT_OK(ftdn_training_backward(training, dparam, &err), err);
        }
        for (int p = 1; p < c.graph.n_params; p++)
            assert_memory_equal(expected.dparam[p], dparam[p], c.graph.param[p].n_elements * sizeof(float));
        ftdn_training_free(training);
    }
}

/* Nothing is computed for the input image unless it is an output, nor for a map that no output is made of. */
static void gradients_are_kept_of_what_leads_from_parameters_to_outputs(void **state)
{
    (void)state;
    training_case c = {0};
    build_small_network(&c, &arena);
    int pool = c.graph.node[c.graph.layer[4].conv].input;
    assert_int_equal(c.graph.node[pool].op, FTDN_OP_MAX_POOL);
    const int outputs[] = {c.output[0], 0};
    for (int n_outputs = 1; n_outputs <= 2; n_outputs++) {
        ftdn_schedule schedule;
        ftdn_gradient_layout layout;
        const ftdn_compile_desc desc = {.for_training = true, .outputs = outputs, .n_outputs = n_outputs};
        FTDN_ASSERT_OK(ftdn_schedule_make(&c.graph, &desc, 1, &arena, &schedule, &err), err);
        FTDN_ASSERT_OK(ftdn_gradient_layout_make(&c.graph, &schedule, &desc, &arena, &layout, &err), err);
        assert_int_equal(layout.map_offset[0] == FTDN_NO_MAP, n_outputs == 1);
        assert_true(layout.map_offset[pool] == FTDN_NO_MAP);
        assert_true(layout.map_offset[c.output[0]] != FTDN_NO_MAP);
        assert_true(layout.map_offset[c.graph.layer[0].conv] != FTDN_NO_MAP);
    }
}

static void bytes_are_normalised_as_in_inference(void **state)
{
    (void)state;
    enum { N = 2 };
    training_case c = {0};
    ftdn_training *training;
    build_small_network(&c, &arena);
    fill_case(&c, N, 6, &arena);
    size_t n_in = case_map_elements(&c, 0), n_out = case_map_elements(&c, c.output[0]);
    uint8_t *bytes = FTDN_NEW(&arena, N * n_in, uint8_t, NULL);
    float *x = FTDN_NEW(&arena, N * n_in, float, NULL);
    for (size_t i = 0; i < N * n_in; i++) {
        bytes[i] = (uint8_t)(i * 37 % 251);
        x[i] = ((float)bytes[i] - 127.0f) / 128.0f;
    }
    c.x = x;
    training_result expected = run_training(&c, "cpu", 1, &arena);
    const ftdn_training_desc desc = {c.output, c.n_outputs, N, 1};
    const uint8_t *pixels[N] = {bytes, bytes + n_in};
    const ftdn_input batch = {.n_images = N, .pixels = pixels, .mean = {127, 127, 127}, .scale = {128, 128, 128}};
    FTDN_ASSERT_OK(ftdn_training_create(ftdn_backend_find("cpu"), &c.graph, &desc, &training, &err), err);
    FTDN_ASSERT_OK(ftdn_training_forward(training, &c.weights, &batch, &err), err);
    for (int image = 0; image < N; image++) {
        ftdn_map y = ftdn_training_map(training, image, c.output[0]);
        assert_memory_equal(expected.y[0] + (size_t)image * n_out, y.values, n_out * sizeof(float));
    }
    ftdn_training_free(training);
}

static void what_cannot_be_trained_is_refused(void **state)
{
    (void)state;
    training_case c = {0};
    ftdn_training *training;
    const ftdn_backend *cpu = ftdn_backend_find("cpu");
    build_batch_norm(&c, (ftdn_shape){1, 1, 4});
    FTDN_ASSERT_FAILS(ftdn_training_create(cpu, &c.graph, &(ftdn_training_desc){c.output, 1, 1, 1}, &training, &err),
                      FTDN_ERR_ARG, "batch norm 'bn' has one value per channel in a batch", err);
    FTDN_ASSERT_FAILS(ftdn_training_create(cpu, &c.graph, &(ftdn_training_desc){c.output, 1, 0, 1}, &training, &err),
                      FTDN_ERR_ARG, "a batch of 0 images", err);
    const int beyond = 3;
    FTDN_ASSERT_FAILS(ftdn_training_create(cpu, &c.graph, &(ftdn_training_desc){&beyond, 1, 2, 1}, &training, &err),
                      FTDN_ERR_ARG, "output 3 is no node", err);
    int n_protecting = 0;
    for (int row = 0; row < n_rows; row++) {
        if (!grid[row].n_merged && grid[row].low == grid[row].high) continue;
        ftdn_graph graph;
        build(&grid[row], &arena, &graph);
        const int last = graph.n_nodes - 1;
        FTDN_ASSERT_FAILS(ftdn_training_create(cpu, &graph, &(ftdn_training_desc){&last, 1, 2, 1}, &training, &err),
                          FTDN_ERR_ARG, "a protected network is not trained", err);
        n_protecting++;
    }
    assert_true(n_protecting > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(gradients_of_a_small_network_agree_with_finite_differences),
        FTDN_ARENA_TEST(gradients_of_random_graphs_agree_with_finite_differences),
        FTDN_ARENA_TEST(gradients_of_parameters_with_two_readers_add_up),
        FTDN_ARENA_TEST(a_batch_norm_takes_mean_and_biased_variance_of_the_batch),
        FTDN_ARENA_TEST(running_statistics_take_mean_and_unbiased_variance),
        FTDN_ARENA_TEST(stored_statistics_are_not_read),
        FTDN_ARENA_TEST(cpu_agrees_with_ref_on_a_grid),
        FTDN_ARENA_TEST(cpu_agrees_with_ref_on_small_networks),
        FTDN_ARENA_TEST(cpu_agrees_with_ref_on_random_graphs),
        FTDN_ARENA_TEST(the_bits_do_not_depend_on_the_number_of_threads),
        FTDN_ARENA_TEST(without_batch_norms_the_gradients_are_those_of_inference),
        FTDN_ARENA_TEST(a_batch_does_not_depend_on_the_one_before),
        FTDN_ARENA_TEST(gradients_are_kept_of_what_leads_from_parameters_to_outputs),
        FTDN_ARENA_TEST(bytes_are_normalised_as_in_inference),
        FTDN_ARENA_TEST(what_cannot_be_trained_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
