/* Every operation: the CPU backend against the plain loops, over a grid of shapes, fused and unfused. */
#include <math.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/engine.h"
#include "tests/engine/grid.h"
#include "tests/support/arena_per_test.h"

/* Both sum in different orders, the reference in double: f32 rounding of at most 1,152 products of order 1. */
#define TOLERANCE 2e-5f

/* A copy of the last node's map after one forward of n_images. */
static float *run(const char *backend, const ftdn_graph *graph, const ftdn_compile_desc *desc,
                  const ftdn_weights *weights, const float *x, int n_images, const ftdn_map_hook *hook)
{
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), graph, desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, weights, 2, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    const ftdn_input input = {.n_images = n_images, .values = x};
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, hook, &err), err);
    ftdn_map map = ftdn_context_map(context, graph->n_nodes - 1);
    size_t n_elements = ftdn_shape_elements(map.shape) * (size_t)n_images;
    float *y = FTDN_NEW(&arena, n_elements, float, NULL);
    memcpy(y, map.values, n_elements * sizeof *y);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return y;
}

static void assert_close(const char *name, const float *expected, const float *actual, size_t n)
{
    float largest = 1;
    for (size_t i = 0; i < n; i++) largest = fabsf(expected[i]) > largest ? fabsf(expected[i]) : largest;
    for (size_t i = 0; i < n; i++) {
        if (!(fabsf(expected[i] - actual[i]) <= TOLERANCE * largest)) {
            fail_msg("%s: element %zu is %.9g, expected %.9g (largest %g)", name, i, (double)actual[i],
                     (double)expected[i], (double)largest);
        }
    }
}

static void cpu_agrees_with_ref_on_every_row(void **state)
{
    (void)state;
    for (int i = 0; i < n_rows; i++) {
        ftdn_graph graph;
        build(&grid[i], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        for (int n_images = 1; n_images <= 3; n_images += 2) {
            const int output = graph.n_nodes - 1;
            const ftdn_compile_desc desc = {
                .outputs = &output,
                .n_outputs = 1,
                .micro_batch = 3,
                .conv_algorithm = grid[i].algorithm,
            };
            float *x = random_values(&arena, ftdn_shape_elements(grid[i].in) * 3, 7);
            float *expected = run("ref", &graph, &desc, &weights, x, n_images, NULL);
            float *actual = run("cpu", &graph, &desc, &weights, x, n_images, NULL);
            assert_close(grid[i].name, expected, actual,
                         ftdn_shape_elements(graph.node[output].shape) * (size_t)n_images);
        }
    }
}

static void assert_same_kind(const char *name, float bad, const float *expected, const float *actual, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_same = isnan(expected[i])   ? isnan(actual[i])
                       : isinf(expected[i]) ? expected[i] == actual[i]
                                            : isfinite(actual[i]);
        if (!is_same)
            fail_msg("%s with %g: element %zu is %g, expected %g", name, (double)bad, i, (double)actual[i],
                     (double)expected[i]);
    }
}

/* What a fault in an exponent can make, at one place of the input or of a convolution. Winograd's algorithm spreads it
 * over a tile. */
static void what_is_not_finite_goes_the_same_way_as_in_ref(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < n_rows * 3; i++) {
        const grid_row *row = &grid[i / 3];
        ftdn_graph graph;
        if (row->algorithm == FTDN_CONV_WINOGRAD) continue;
        build(row, &arena, &graph);
        const int output = graph.n_nodes - 1;
        const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1};
        size_t n_in = ftdn_shape_elements(row->in), n_out = ftdn_shape_elements(graph.node[output].shape);
        for (int where = -1; where < graph.n_params; where++) {
            if (where >= 0 && graph.param[where].kind != FTDN_PARAM_CONV_WEIGHT) continue;
            ftdn_weights weights = make_weights(&graph, &arena);
            float *x = random_values(&arena, n_in, 7);
            if (where < 0) {
                x[n_in / 2] = bad[i % 3];
            } else {
                size_t n = graph.param[where].n_elements;
                float *values = random_values(&arena, n, 100 + (uint32_t)where);
                values[n / 2] = bad[i % 3];
                weights.value[where] = values;
            }
            float *expected = run("ref", &graph, &desc, &weights, x, 1, NULL);
            float *actual = run("cpu", &graph, &desc, &weights, x, 1, NULL);
            assert_same_kind(row->name, bad[i % 3], expected, actual, n_out);
        }
    }
}

static void fused_execution_gives_what_the_unfused_definition_gives(void **state)
{
    (void)state;
    for (int i = 0; i < n_rows; i++) {
        ftdn_graph graph;
        build(&grid[i], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        float *x = random_values(&arena, ftdn_shape_elements(grid[i].in), 8);
        const int output = graph.n_nodes - 1;
        int every_node[8];
        for (int n = 1; n < graph.n_nodes; n++) every_node[n - 1] = n;
        const ftdn_compile_desc fused = {.outputs = &output, .n_outputs = 1};
        const ftdn_compile_desc unfused = {
            .outputs = &output,
            .n_outputs = 1,
            .taps = every_node,
            .n_taps = graph.n_nodes - 1,
        };
        float *expected = run("cpu", &graph, &unfused, &weights, x, 1, NULL);
        float *actual = run("cpu", &graph, &fused, &weights, x, 1, NULL);
        assert_close(grid[i].name, expected, actual, ftdn_shape_elements(graph.node[output].shape));
    }
}

static void double_every_value(void *user, const ftdn_map *map)
{
    (*(int *)user)++;
    for (size_t i = 0; i < ftdn_shape_elements(map->shape) * (size_t)map->n_images; i++) map->values[i] *= 2;
}

/* x -> conv -> bn -> relu; a hook that doubles the convolution's output must be seen by batch norm. */
static void a_hook_changes_what_the_next_step_reads(void **state)
{
    (void)state;
    ftdn_graph graph;
    build(&grid[9], &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    float *x = random_values(&arena, ftdn_shape_elements(grid[9].in), 9);
    const int output = graph.n_nodes - 1, conv = graph.layer[0].conv;
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .taps = &conv, .n_taps = 1};
    size_t n = ftdn_shape_elements(graph.node[output].shape);
    int n_calls = 0;
    const ftdn_map_hook hook = {double_every_value, &n_calls};
    float *hooked_ref = run("ref", &graph, &desc, &weights, x, 1, &hook);
    float *hooked_cpu = run("cpu", &graph, &desc, &weights, x, 1, &hook);
    float *plain = run("cpu", &graph, &desc, &weights, x, 1, NULL);
    assert_int_equal(n_calls, 2);
    assert_close("hooked", hooked_ref, hooked_cpu, n);
    assert_memory_not_equal(plain, hooked_cpu, n * sizeof *plain);
}

/* An image's bits depend neither on its place in a micro-batch nor on its neighbours. */
static void the_bits_of_an_image_do_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    for (int i = 0; i < n_rows; i++) {
        ftdn_graph graph;
        build(&grid[i], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        const int output = graph.n_nodes - 1;
        const ftdn_compile_desc desc = {
            .outputs = &output,
            .n_outputs = 1,
            .micro_batch = 4,
            .conv_algorithm = grid[i].algorithm,
        };
        size_t n_in = ftdn_shape_elements(grid[i].in), n_out = ftdn_shape_elements(graph.node[output].shape);
        float *x = random_values(&arena, 4 * n_in, 11);
        float *alone = run("cpu", &graph, &desc, &weights, x, 1, NULL);
        memcpy(x + 3 * n_in, x, n_in * sizeof *x); /* the same image at the last place, among others */
        float *together = run("cpu", &graph, &desc, &weights, x, 4, NULL);
        assert_memory_equal(alone, together, n_out * sizeof *alone);
        assert_memory_equal(alone, together + 3 * n_out, n_out * sizeof *alone);
    }
}

static void changed_parameters_are_packed_anew(void **state)
{
    (void)state;
    ftdn_graph graph;
    build(&grid[7], &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    ftdn_weights other = make_weights(&graph, &arena);
    other.value[0] = random_values(&arena, graph.param[0].n_elements, 999);
    const int output = graph.n_nodes - 1;
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1};
    float *x = random_values(&arena, ftdn_shape_elements(grid[7].in), 12);
    float *expected = run("cpu", &graph, &desc, &other, x, 1, NULL);

    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &weights, 1, &packed, &err), err);
    size_t n_bytes = ftdn_packed_bytes(packed);
    bool changed[8] = {true};
    FTDN_ASSERT_OK(ftdn_packed_update(packed, &other, changed, 1, &err), err);
    assert_int_equal(ftdn_packed_bytes(packed), n_bytes);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    const ftdn_input input = {.n_images = 1, .values = x};
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);
    ftdn_map map = ftdn_context_map(context, output);
    assert_memory_equal(expected, map.values, ftdn_shape_elements(map.shape) * sizeof *expected);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
}

/* Maps that live at the same time never share memory: poison every map that is dead and compare. */
static void maps_that_live_together_do_not_overlap(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_schedule schedule;
    ftdn_graph_init(&graph, &arena);
    int node = ftdn_graph_add_input(&graph, (ftdn_shape){16, 16, 3});
    int kept = 0;
    for (int i = 0; i < 12; i++) {
        char *name = ftdn_arena_format(&arena, &err, "l%d", i);
        const ftdn_conv_layer_desc desc = {.name = name, .n_outputs = 4 + 5 * (i % 3), .kernel = 1, .activation = RELU};
        node = ftdn_graph_add_conv_layer(&graph, i == 7 ? kept : node, &desc);
        if (i == 2) kept = node;
    }
    const int outputs[2] = {kept, node};
    const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 2};
    FTDN_ASSERT_OK(ftdn_schedule_make(&graph, &desc, 1, &arena, &schedule, &err), err);
    size_t sum = 0;
    for (int s = 0; s < schedule.n_steps; s++) {
        size_t n_bytes = ftdn_shape_elements(graph.node[schedule.step[s].target].shape) * sizeof(float);
        size_t target = schedule.map_offset[schedule.step[s].target];
        sum += n_bytes;
        assert_true(target + n_bytes <= schedule.slab_bytes);
        for (int later = s + 1; later < schedule.n_steps; later++) { /* who reads it must find it whole */
            if (schedule.step[later].source != schedule.step[s].target) continue;
            for (int between = s + 1; between <= later; between++) {
                size_t other = schedule.map_offset[schedule.step[between].target];
                size_t n_other = ftdn_shape_elements(graph.node[schedule.step[between].target].shape) * sizeof(float);
                assert_true(other + n_other <= target || target + n_bytes <= other);
            }
        }
    }
    assert_true(schedule.slab_bytes < sum / 2);
}

static void wrong_requests_are_errors(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_program *program;
    build(&grid[0], &arena, &graph);
    const int input_node = 0, no_node = 99;
    const ftdn_compile_desc tap_input = {.taps = &input_node, .n_taps = 1},
                            output_99 = {.outputs = &no_node, .n_outputs = 1}, negative = {.micro_batch = -2};
    const ftdn_backend *cpu = ftdn_backend_find("cpu");
    FTDN_ASSERT_FAILS(ftdn_program_create(cpu, &graph, &tap_input, &program, &err), FTDN_ERR_ARG,
                      "tap 0 is no computed node", err);
    FTDN_ASSERT_FAILS(ftdn_program_create(cpu, &graph, &output_99, &program, &err), FTDN_ERR_ARG,
                      "output 99 is no node", err);
    FTDN_ASSERT_FAILS(ftdn_program_create(cpu, &graph, &negative, &program, &err), FTDN_ERR_ARG, "micro-batch of -2",
                      err);
    const ftdn_compile_desc tf32 = {.conv_algorithm = FTDN_CONV_TF32};
    FTDN_ASSERT_FAILS(ftdn_program_create(cpu, &graph, &tf32, &program, &err), FTDN_ERR_ARG,
                      "backend cpu has no convolutions with TF32", err);
    FTDN_ASSERT_FAILS(ftdn_program_create(ftdn_backend_find("ref"), &graph, &tf32, &program, &err), FTDN_ERR_ARG,
                      "backend ref has no convolutions with TF32", err);
    assert_null(ftdn_backend_find("tpu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(cpu_agrees_with_ref_on_every_row),
        FTDN_ARENA_TEST(what_is_not_finite_goes_the_same_way_as_in_ref),
        FTDN_ARENA_TEST(fused_execution_gives_what_the_unfused_definition_gives),
        FTDN_ARENA_TEST(a_hook_changes_what_the_next_step_reads),
        FTDN_ARENA_TEST(the_bits_of_an_image_do_not_depend_on_its_neighbours),
        FTDN_ARENA_TEST(changed_parameters_are_packed_anew),
        FTDN_ARENA_TEST(maps_that_live_together_do_not_overlap),
        FTDN_ARENA_TEST(wrong_requests_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
