/* Every operation: the module against the plain loops, over a grid of shapes, micro-batches and random graphs. */
#include "tests/engine/random_graph.h"
#include "tests/gpu/gpu.h"

/* Both sum in different orders, the reference in double: f32 rounding of at most 4,608 products of order 1. */
#define TOLERANCE 2e-5
/* Factors are rounded to 11 bits, each by at most 2^-11 of it; errors of the products add up as random signs do. */
#define TF32_TOLERANCE 2e-3

/* Shapes of the networks, as far as the plain loops are quick. */
static const grid_row larger[] = {
    {"stem", {61, 60, 3}, {.n_outputs = 32, .kernel = 3, .stride = 2, .pad = 1, .batch_norm = "bn", .activation = RELU}, .ceil_mode = false},
    {"3x3 of 64", {38, 38, 64}, {.n_outputs = 64, .kernel = 3, .pad = 1, .has_bias = true, .activation = RELU}, .ceil_mode = false},
    {"1x1 of 256", {19, 19, 256}, {.n_outputs = 128, .kernel = 1, .batch_norm = "bn", .activation = RELU}, .ceil_mode = false},
    {"3x3 of 512", {10, 10, 512}, {.n_outputs = 24, .kernel = 3, .pad = 1, .has_bias = true}, .ceil_mode = false},
    {"3x3 of 256, stride 2", {10, 10, 256}, {.n_outputs = 48, .kernel = 3, .stride = 2, .pad = 1, .has_bias = true, .activation = RELU}, .ceil_mode = false},
    {"head of 84", {5, 5, 96}, {.n_outputs = 84, .kernel = 3, .pad = 1, .has_bias = true}, .ceil_mode = false},
    {"depthwise of 128", {38, 37, 128}, {.n_outputs = 128, .kernel = 3, .pad = 1, .depthwise = true, .batch_norm = "bn", .activation = RELU}, .ceil_mode = false},
    {"depthwise of 256, stride 2", {19, 19, 256}, {.n_outputs = 256, .kernel = 3, .stride = 2, .pad = 1, .depthwise = true, .batch_norm = "bn", .activation = RELU6}, .ceil_mode = false},
    {"depthwise, same, stride 2", {20, 19, 12}, {.n_outputs = 12, .kernel = 3, .stride = 2, .same_padding = true, .depthwise = true, .has_bias = true}, .ceil_mode = false},
    {"one cell", {1, 1, 128}, {.n_outputs = 24, .kernel = 1, .has_bias = true, .activation = RELU}, .ceil_mode = false},
    {"pool 75 to 38", {75, 75, 32}, {.kernel = 2, .stride = 2}, .ceil_mode = true},
    {"pool of odd channels", {19, 18, 7}, {.kernel = 3, .stride = 1, .pad = 1}, .ceil_mode = false},
    {"mean of 64", {19, 19, 16}, {.n_outputs = 64, .kernel = 1, .has_bias = true}, .n_merged = 32, .merge = FTDN_MERGE_MEAN, .relu_at_end = true},
    {"median of 64", {19, 19, 16}, {.n_outputs = 64, .kernel = 1, .has_bias = true}, .n_merged = 33, .merge = FTDN_MERGE_MEDIAN},
};
enum { n_larger = sizeof larger / sizeof *larger, n_all = n_rows + n_larger };

static const grid_row *row_of(int i)
{
    return i < n_rows ? &grid[i] : &larger[i - n_rows];
}

/* Taps at every node: nothing is fused. */
static ftdn_compile_desc describe(const ftdn_graph *graph, int micro_batch, bool fused, const int *output, int *taps)
{
    ftdn_compile_desc desc = {.outputs = output, .n_outputs = 1, .micro_batch = micro_batch, .taps = taps};
    for (int n = 1; n < graph->n_nodes && !fused; n++) taps[desc.n_taps++] = n;
    return desc;
}

static void the_module_agrees_with_ref_on_every_row(void **state)
{
    (void)state;
    static const struct {
        int micro_batch, n_images;
    } batches[] = {{1, 1}, {3, 1}, {3, 3}, {8, 5}};
    for (int i = 0; i < n_all; i++) {
        const grid_row *row = row_of(i);
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build(row, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        const int output = graph.n_nodes - 1;
        int taps[16];
        const float *x = random_values(&arena, ftdn_shape_elements(row->in) * 5, 7 + (uint32_t)i);
        const ftdn_compile_desc plain = describe(&graph, 5, true, &output, taps);
        const float *expected = ftdn_test_run("ref", &graph, &plain, &weights, x, 5, NULL, &arena);
        size_t n_out = ftdn_shape_elements(graph.node[output].shape);
        for (int variant = 0; variant < 8; variant++) {
            int micro_batch = batches[variant % 4].micro_batch, n_images = batches[variant % 4].n_images;
            const ftdn_compile_desc desc = describe(&graph, micro_batch, variant < 4, &output, taps);
            const float *actual = ftdn_test_run("cuda", &graph, &desc, &weights, x, n_images, NULL, &arena);
            char what[128];
            snprintf(what, sizeof what, "%s, %d of %d, %sfused", row->name, n_images, micro_batch,
                     variant < 4 ? "" : "un");
            ftdn_test_assert_close(what, expected, actual, n_out * (size_t)n_images, TOLERANCE);
        }
        ftdn_arena_done(&arena);
    }
}

static void tf32_is_near_and_is_not_f32(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_device_info info;
    FTDN_ASSERT_OK(ftdn_test_module()->device->describe(0, &info, &err), err);
    if (info.major < 8) skip();
    for (int i = 0; i < n_all; i++) {
        const grid_row *row = row_of(i);
        if (!row->layer.n_outputs || row->layer.depthwise || row->in.c < 16) continue;
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build(row, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        const int output = graph.n_nodes - 1;
        const float *x = random_values(&arena, ftdn_shape_elements(row->in), 7);
        ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .micro_batch = 1};
        const float *expected = ftdn_test_run("ref", &graph, &desc, &weights, x, 1, NULL, &arena);
        const float *f32 = ftdn_test_run("cuda", &graph, &desc, &weights, x, 1, NULL, &arena);
        desc.conv_algorithm = FTDN_CONV_TF32;
        const float *tf32 = ftdn_test_run("cuda", &graph, &desc, &weights, x, 1, NULL, &arena);
        size_t n_out = ftdn_shape_elements(graph.node[output].shape);
        ftdn_test_assert_close(row->name, expected, tf32, n_out, TF32_TOLERANCE);
        if (ftdn_test_module()->is_emulated) /* a library may have nothing but f32 for a shape */
            assert_memory_not_equal(f32, tf32, n_out * sizeof *f32);
        ftdn_arena_done(&arena);
    }
}

static void random_graphs_have_the_maps_of_ref(void **state)
{
    (void)state;
    for (uint32_t seed = 300; seed < 330; seed++) {
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build_random_graph(seed, 14, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        const float *x = random_values(&arena, 3 * ftdn_shape_elements(graph.node[0].shape), seed);
        const int output = graph.n_nodes - 1;
        for (int keep_all = 0; keep_all < 2; keep_all++) {
            const ftdn_compile_desc desc = {
                .outputs = &output, .n_outputs = 1, .keep_all = keep_all, .micro_batch = 3};
            ftdn_test_machine ref = ftdn_test_start("ref", &graph, &desc, &weights);
            ftdn_test_machine cuda = ftdn_test_start("cuda", &graph, &desc, &weights);
            ftdn_test_forward(&ref, &graph, x, 2, NULL, &arena);
            ftdn_test_forward(&cuda, &graph, x, 2, NULL, &arena);
            for (int n = keep_all ? 1 : output; n < graph.n_nodes; n++) {
                const ftdn_map map = ftdn_context_map(ref.context, n);
                assert_int_equal(!map.values, !ftdn_context_map(cuda.context, n).values);
                if (!map.values) continue;
                ftdn_test_assert_close(graph.node[n].name, ftdn_test_read(&ref, n, &arena),
                                       ftdn_test_read(&cuda, n, &arena), 2 * ftdn_shape_elements(map.shape), TOLERANCE);
            }
            ftdn_test_stop(&ref);
            ftdn_test_stop(&cuda);
        }
        ftdn_arena_done(&arena);
    }
}

/* Faults make such numbers: nobody may turn one into a value that the others do not have. */
static void what_is_no_number_takes_the_same_way(void **state)
{
    (void)state;
    static const grid_row rows[] = {
        {"pool", {9, 8, 8}, {.kernel = 3, .stride = 2, .pad = 1}, .ceil_mode = false},
        {"pool of odd channels", {9, 8, 3}, {.kernel = 2, .stride = 2}, .ceil_mode = true},
        {"clip", {6, 7, 4}, {.n_outputs = 4, .kernel = 1}, .low = -0.5f, .high = 0.25f, .relu_at_end = true},
        {"relu6", {6, 7, 4}, {.n_outputs = 4, .kernel = 1, .activation = RELU6}, .ceil_mode = false},
        {"relu", {6, 7, 8}, {.n_outputs = 8, .kernel = 1, .activation = RELU}, .ceil_mode = false},
        {"depthwise", {6, 7, 5}, {.n_outputs = 5, .kernel = 3, .pad = 1, .depthwise = true, .activation = RELU}, .ceil_mode = false},
        {"batch norm", {6, 7, 4}, {.n_outputs = 6, .kernel = 1, .batch_norm = "bn"}, .ceil_mode = false},
        {"mean", {6, 7, 4}, {.n_outputs = 6, .kernel = 1}, .n_merged = 4, .merge = FTDN_MERGE_MEAN},
        {"nonzero", {6, 7, 4}, {.n_outputs = 6, .kernel = 1}, .n_merged = 4, .merge = FTDN_MERGE_NONZERO},
        {"max_abs", {6, 7, 4}, {.n_outputs = 6, .kernel = 1}, .n_merged = 4, .merge = FTDN_MERGE_MAX_ABS},
        {"median", {6, 7, 4}, {.n_outputs = 6, .kernel = 1}, .n_merged = 4, .merge = FTDN_MERGE_MEDIAN},
    };
    static const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -0.0f, 1e-42f};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build(&rows[i], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        size_t n_in = ftdn_shape_elements(rows[i].in);
        float *x = random_values(&arena, n_in, 61);
        for (size_t e = 0; e < n_in; e += 17) x[e] = special[e / 17 % 6];
        const int output = graph.n_nodes - 1;
        for (int fused = 0; fused < 2; fused++) {
            int taps[16];
            const ftdn_compile_desc desc = describe(&graph, 1, fused, &output, taps);
            const float *expected = ftdn_test_run("ref", &graph, &desc, &weights, x, 1, NULL, &arena);
            const float *actual = ftdn_test_run("cuda", &graph, &desc, &weights, x, 1, NULL, &arena);
            for (size_t e = 0; e < ftdn_shape_elements(graph.node[output].shape); e++) {
                bool same = isnan(expected[e]) ? isnan(actual[e])
                            : isfinite(expected[e])
                                ? fabsf(expected[e] - actual[e]) <= 1e-5f * fmaxf(1, fabsf(expected[e]))
                                : expected[e] == actual[e];
                if (!same) fail_msg("%s: %g at %zu, not %g", rows[i].name, (double)actual[e], e, (double)expected[e]);
            }
        }
        ftdn_arena_done(&arena);
    }
}

/* Doubles every value where it lies. */
static void double_map(void *user, const ftdn_map *map)
{
    ftdn_error err;
    const ftdn_context *context = user;
    size_t n = ftdn_shape_elements(map->shape) * (size_t)map->n_images;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    float *values = FTDN_NEW(&arena, n, float, &err);
    const ftdn_device_table *device = ftdn_test_module()->device;
    FTDN_ASSERT_OK(device->copy_after(context, values, map->values, n * sizeof *values, &err), err);
    for (size_t i = 0; i < n; i++) values[i] *= 2;
    FTDN_ASSERT_OK(device->copy_after(context, map->values, values, n * sizeof *values, &err), err);
    ftdn_arena_done(&arena);
}

static void double_map_of_host(void *user, const ftdn_map *map)
{
    (void)user;
    for (size_t i = 0; i < ftdn_shape_elements(map->shape) * (size_t)map->n_images; i++) map->values[i] *= 2;
}

static void a_hook_changes_what_the_next_step_reads(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_arena_init(&arena);
    build(&grid[9], &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    const float *x = random_values(&arena, 2 * ftdn_shape_elements(grid[9].in), 9);
    const int output = graph.n_nodes - 1, conv = graph.layer[0].conv;
    const ftdn_compile_desc desc = {
        .outputs = &output, .n_outputs = 1, .taps = &conv, .n_taps = 1, .micro_batch = 2};
    size_t n = 2 * ftdn_shape_elements(graph.node[output].shape);
    ftdn_test_machine cuda = ftdn_test_start("cuda", &graph, &desc, &weights);
    const ftdn_map_hook on_device = {double_map, cuda.context}, on_host = {double_map_of_host, NULL};
    const float *plain = ftdn_test_forward(&cuda, &graph, x, 2, NULL, &arena);
    const float *hooked = ftdn_test_forward(&cuda, &graph, x, 2, &on_device, &arena);
    const float *expected = ftdn_test_run("ref", &graph, &desc, &weights, x, 2, &on_host, &arena);
    ftdn_test_assert_close("hooked", expected, hooked, n, TOLERANCE);
    assert_memory_not_equal(plain, hooked, n * sizeof *plain);
    ftdn_test_stop(&cuda);
    ftdn_arena_done(&arena);
}

/* A parameter may lie in either memory, and only what changed is laid out anew. */
static void changed_parameters_are_packed_anew_from_either_memory(void **state)
{
    (void)state;
    static const int rows[] = {2, 3, 7, 8, 9, 15}; /* dense, folded, depthwise, and copies */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_error err;
        ftdn_arena_init(&arena);
        build(&grid[rows[i]], &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena), other = make_weights(&graph, &arena);
        const int output = graph.n_nodes - 1;
        const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .micro_batch = 1};
        const float *x = random_values(&arena, ftdn_shape_elements(grid[rows[i]].in), 12);
        float *changed_values = random_values(&arena, graph.param[0].n_elements, 999);
        bool *changed = FTDN_NEW(&arena, (size_t)graph.n_params, bool, &err);
        other.value[0] = changed_values;
        changed[0] = true;
        const float *expected = ftdn_test_run("cuda", &graph, &desc, &other, x, 1, NULL, &arena);
        size_t n_bytes = ftdn_shape_elements(graph.node[output].shape) * sizeof *expected;

        ftdn_test_machine cuda = ftdn_test_start("cuda", &graph, &desc, &weights);
        float *on_device = ftdn_test_upload(changed_values, graph.param[0].n_elements);
        for (int where = 0; where < 2; where++) {
            FTDN_ASSERT_OK(ftdn_packed_update(cuda.packed, &weights, NULL, 2, &err), err);
            assert_memory_not_equal(ftdn_test_forward(&cuda, &graph, x, 1, NULL, &arena), expected, n_bytes);
            other.value[0] = where ? on_device : changed_values;
            FTDN_ASSERT_OK(ftdn_packed_update(cuda.packed, &other, changed, 2, &err), err);
            assert_memory_equal(ftdn_test_forward(&cuda, &graph, x, 1, NULL, &arena), expected, n_bytes);
        }
        assert_true(ftdn_packed_bytes(cuda.packed) >= graph.param[0].n_elements * sizeof(float));
        ftdn_test_stop(&cuda);
        ftdn_test_module()->device->free(on_device);
        ftdn_arena_done(&arena);
    }
}

static void requests_that_no_device_can_do_are_refused(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_error err;
    ftdn_program *program;
    ftdn_arena_init(&arena);
    build(&grid[10], &arena, &graph);
    const ftdn_compile_desc winograd = {.conv_algorithm = FTDN_CONV_WINOGRAD},
                            tf32 = {.conv_algorithm = FTDN_CONV_TF32};
    FTDN_ASSERT_FAILS(ftdn_program_create(ftdn_backend_find("cuda"), &graph, &winograd, &program, &err), FTDN_ERR_ARG,
                      "inograd", err);
    FTDN_ASSERT_FAILS(ftdn_program_create(ftdn_backend_find("cpu"), &graph, &tf32, &program, &err), FTDN_ERR_ARG,
                      "TF32", err);
    FTDN_ASSERT_FAILS(ftdn_program_create(ftdn_backend_find("ref"), &graph, &tf32, &program, &err), FTDN_ERR_ARG,
                      "TF32", err);
    setenv("NVIDIA_TF32_OVERRIDE", "0", 1);
    FTDN_ASSERT_FAILS(ftdn_program_create(ftdn_backend_find("cuda"), &graph, &tf32, &program, &err), FTDN_ERR_ARG,
                      "convolutions with TF32 are forbidden by NVIDIA_TF32_OVERRIDE=0", err);
    unsetenv("NVIDIA_TF32_OVERRIDE");
    ftdn_arena_done(&arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_agrees_with_ref_on_every_row),
        cmocka_unit_test(tf32_is_near_and_is_not_f32),
        cmocka_unit_test(random_graphs_have_the_maps_of_ref),
        cmocka_unit_test(what_is_no_number_takes_the_same_way),
        cmocka_unit_test(a_hook_changes_what_the_next_step_reads),
        cmocka_unit_test(changed_parameters_are_packed_anew_from_either_memory),
        cmocka_unit_test(requests_that_no_device_can_do_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
