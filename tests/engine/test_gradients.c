/* Gradients: every operation's against finite differences (plain loops), and the CPU backend's against those. */
#include "engine/gradients.h"

#include <math.h>
#include <string.h>

#include "tests/engine/grid.h"
#include "tests/support/arena_per_test.h"

/* E = sum_i v_i y_i over the last node's map, v reproducible: dE/dy = v. */
typedef struct gradient_run {
    double loss;
    size_t n_in;
    float *dx;      /* [n_images, input] */
    float **dparam; /* [n_params] */
} gradient_run;

static gradient_run run(const char *backend, const ftdn_graph *graph, const ftdn_weights *weights, const float *x,
                        int n_images)
{
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_gradients *gradients;
    const ftdn_compile_desc desc = {.for_gradients = true, .micro_batch = n_images};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, weights, 1, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    FTDN_ASSERT_OK(ftdn_gradients_create(program, &gradients, &err), err);
    const ftdn_input input = {.n_images = n_images, .values = x};
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);

    ftdn_gradients_clear(gradients);
    ftdn_map y = ftdn_context_map(context, graph->n_nodes - 1);
    ftdn_map dy = ftdn_gradients_map(gradients, context, graph->n_nodes - 1);
    size_t n_out = ftdn_shape_elements(y.shape) * (size_t)n_images;
    gradient_run result = {.n_in = ftdn_shape_elements(graph->node[0].shape) * (size_t)n_images};
    memcpy(dy.values, random_values(&arena, n_out, 5), n_out * sizeof *dy.values);
    for (size_t i = 0; i < n_out; i++) result.loss += (double)y.values[i] * (double)dy.values[i];

    result.dparam = FTDN_NEW(&arena, (size_t)graph->n_params, float *, &err);
    for (int p = 0; p < graph->n_params; p++)
        result.dparam[p] = FTDN_NEW(&arena, graph->param[p].n_elements, float, &err);
    FTDN_ASSERT_OK(ftdn_backward(gradients, context, packed, result.dparam, &err), err);
    result.dx = FTDN_NEW(&arena, result.n_in, float, &err);
    memcpy(result.dx, ftdn_gradients_map(gradients, context, 0).values, result.n_in * sizeof *result.dx);
    ftdn_gradients_free(gradients);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return result;
}

/* (E(v + h d) - E(v - h d)) / 2h against <dE/dv, d> for a direction d. E is linear but for kinks: what is
 * left is the rounding of float maps, and the few elements that cross a kink within h. */
static void assert_directional(const char *name, double plus, double minus, double h, const float *gradient,
                               const float *d, size_t n)
{
    double expected = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        expected += (double)gradient[i] * (double)d[i];
        norm += (double)gradient[i] * (double)gradient[i] * (double)d[i] * (double)d[i];
    }
    double found = (plus - minus) / (2 * h);
    if (!(fabs(found - expected) <= 2e-2 * sqrt(norm) + 1e-3))
        fail_msg("%s: %g by differences, %g by gradient", name, found, expected);
}

static void gradients_agree_with_finite_differences(void **state)
{
    (void)state;
    const double h = 1e-4;
    for (int row = 0; row < n_rows; row++) {
        ftdn_graph graph;
        build(&grid[row], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        size_t n_in = ftdn_shape_elements(grid[row].in);
        float *x = random_values(&arena, n_in, 21), *moved = random_values(&arena, n_in, 21);
        gradient_run centre = run("ref", &graph, &weights, x, 1);
        const float *d = random_values(&arena, n_in, 22);
        double loss[2];
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n_in; i++) moved[i] = x[i] + (float)((side ? -h : h) * (double)d[i]);
            loss[side] = run("ref", &graph, &weights, moved, 1).loss;
        }
        assert_directional(grid[row].name, loss[0], loss[1], h, centre.dx, d, n_in);

        for (int p = 0; p < graph.n_params; p++) {
            ftdn_param_kind kind = graph.param[p].kind;
            if (kind == FTDN_PARAM_BN_MEAN || kind == FTDN_PARAM_BN_VAR) continue; /* constants in inference mode */
            size_t n = graph.param[p].n_elements;
            const float *value = weights.value[p], *direction = random_values(&arena, n, 23);
            float *changed = random_values(&arena, n, 0);
            for (int side = 0; side < 2; side++) {
                for (size_t i = 0; i < n; i++) changed[i] = value[i] + (float)((side ? -h : h) * (double)direction[i]);
                weights.value[p] = changed;
                loss[side] = run("ref", &graph, &weights, x, 1).loss;
            }
            weights.value[p] = value;
            assert_directional(graph.param[p].name, loss[0], loss[1], h, centre.dparam[p], direction, n);
        }
    }
}

static void assert_same(const char *row, const char *what, const float *expected, const float *actual, size_t n)
{
    float largest = 1;
    for (size_t i = 0; i < n; i++) largest = fabsf(expected[i]) > largest ? fabsf(expected[i]) : largest;
    for (size_t i = 0; i < n; i++) { /* f32 sums of up to 1,200 products in another order */
        if (fabsf(expected[i] - actual[i]) <= 5e-5f * largest) continue;
        fail_msg("%s, %s: element %zu is %g, not %g", row, what, i, (double)actual[i], (double)expected[i]);
    }
}

static void cpu_gradients_agree_with_ref_on_every_row(void **state)
{
    (void)state;
    for (int row = 0; row < n_rows; row++) {
        for (int n_images = 1; n_images <= 2; n_images++) {
            ftdn_graph graph;
            build(&grid[row], &arena, &graph);
            ftdn_weights weights = make_weights(&graph, &arena);
            float *x = random_values(&arena, ftdn_shape_elements(grid[row].in) * 2, 31);
            gradient_run ref = run("ref", &graph, &weights, x, n_images);
            gradient_run cpu = run("cpu", &graph, &weights, x, n_images);
            assert_same(grid[row].name, "input", ref.dx, cpu.dx, ref.n_in);
            for (int p = 0; p < graph.n_params; p++) {
                assert_same(grid[row].name, graph.param[p].name, ref.dparam[p], cpu.dparam[p],
                            graph.param[p].n_elements);
            }
        }
    }
}

/* A map that two layers read gets the sum of what both pass back. */
static void gradients_of_several_readers_add_up(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_graph_init(&graph, &arena);
    int input = ftdn_graph_add_input(&graph, (ftdn_shape){6, 6, 4});
    const ftdn_conv_layer_desc shared = {.name = "shared", .n_outputs = 8, .kernel = 1};
    const ftdn_conv_layer_desc left = {.name = "left", .n_outputs = 3, .kernel = 3, .pad = 1};
    const ftdn_conv_layer_desc right = {.name = "right", .n_outputs = 5, .kernel = 1};
    int map = ftdn_graph_add_conv_layer(&graph, input, &shared);
    const int heads[2] = {ftdn_graph_add_conv_layer(&graph, map, &left),
                          ftdn_graph_add_conv_layer(&graph, map, &right)};
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    ftdn_weights weights = make_weights(&graph, &arena);
    const float *x = random_values(&arena, 6 * 6 * 4, 41);
    static const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        ftdn_program *program;
        ftdn_packed *packed;
        ftdn_context *context;
        ftdn_gradients *gradients;
        const ftdn_compile_desc desc = {.for_gradients = true};
        const ftdn_input images = {.n_images = 1, .values = x};
        FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backends[b]), &graph, &desc, &program, &err), err);
        FTDN_ASSERT_OK(ftdn_packed_create(program, &weights, 1, &packed, &err), err);
        FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
        FTDN_ASSERT_OK(ftdn_gradients_create(program, &gradients, &err), err);
        FTDN_ASSERT_OK(ftdn_forward(context, packed, &images, NULL, &err), err);
        float *sum = FTDN_NEW(&arena, 6 * 6 * 8, float, &err);
        for (int seeds = 1; seeds <= 3; seeds++) { /* left alone, right alone, both */
            ftdn_gradients_clear(gradients);
            for (int h = 0; h < 2; h++) {
                if (!(seeds >> h & 1)) continue;
                ftdn_map dy = ftdn_gradients_map(gradients, context, heads[h]);
                memcpy(dy.values, random_values(&arena, ftdn_shape_elements(dy.shape), 50 + (uint32_t)h),
                       ftdn_shape_elements(dy.shape) * sizeof(float));
            }
            FTDN_ASSERT_OK(ftdn_backward(gradients, context, packed, NULL, &err), err);
            const float *shared_gradient = ftdn_gradients_map(gradients, context, map).values;
            if (seeds < 3)
                for (int i = 0; i < 6 * 6 * 8; i++) sum[i] += shared_gradient[i];
            else assert_same(backends[b], "shared map", sum, shared_gradient, 6 * 6 * 8);
        }
        ftdn_gradients_free(gradients);
        ftdn_context_free(context);
        ftdn_packed_free(packed);
        ftdn_program_free(program);
    }
}

static void a_program_that_was_not_compiled_for_gradients_has_none(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_program *program;
    ftdn_gradients *gradients;
    build(&grid[9], &arena, &graph);
    const ftdn_compile_desc desc = {0};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &graph, &desc, &program, &err), err);
    FTDN_ASSERT_FAILS(ftdn_gradients_create(program, &gradients, &err), FTDN_ERR_ARG,
                      "the program was not compiled for them", err);
    ftdn_program_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(gradients_agree_with_finite_differences),
        FTDN_ARENA_TEST(cpu_gradients_agree_with_ref_on_every_row),
        FTDN_ARENA_TEST(gradients_of_several_readers_add_up),
        FTDN_ARENA_TEST(a_program_that_was_not_compiled_for_gradients_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
