/* The backward pass: gradients of maps and parameters on the device against the plain loops, operation by operation. */
#include "tests/engine/random_graph.h"
#include "tests/gpu/gpu.h"

/* Sums of up to 1,200 products in another order. */
#define TOLERANCE 5e-5

/* Larger sums, and shapes that end in the middle of a vector, a warp or a block. */
static const grid_row larger[] = {
    {"3x3 of 64", {19, 19, 64}, {.n_outputs = 32, .kernel = 3, .pad = 1, .has_bias = true, .activation = RELU}, .ceil_mode = false},
    {"3x3, stride 2", {19, 18, 32}, {.n_outputs = 48, .kernel = 3, .stride = 2, .pad = 1, .batch_norm = "bn", .activation = RELU}, .ceil_mode = false},
    {"depthwise of 64", {19, 19, 64}, {.n_outputs = 64, .kernel = 3, .pad = 1, .depthwise = true, .batch_norm = "bn", .activation = RELU6}, .ceil_mode = false},
    {"depthwise, stride 2", {19, 18, 9}, {.n_outputs = 9, .kernel = 3, .stride = 2, .pad = 1, .depthwise = true, .has_bias = true}, .ceil_mode = false},
    {"pool 3x3, stride 2", {19, 18, 24}, {.kernel = 3, .stride = 2, .pad = 1}, .ceil_mode = true},
};
enum { n_larger = sizeof larger / sizeof *larger };

/* dE/dy of the nodes of `seeds` is reproducible; what the pass adds to is not 0 at first. */
typedef struct gradient_run {
    float **map;   /* [n_nodes]; NULL where the program keeps none */
    float **param; /* [n_params] */
} gradient_run;

#define ALREADY_THERE 0.25f

/* Copies between the host and a backend's memory. */
static void copy(const ftdn_test_machine *run, void *to, const void *from, size_t n_bytes)
{
    ftdn_error err;
    const ftdn_device_module *module = ftdn_backend_device(ftdn_program_backend(run->program));
    if (!module) memcpy(to, from, n_bytes);
    else FTDN_ASSERT_OK(module->device->copy_after(run->context, to, from, n_bytes, &err), err);
}

static float *make_param_gradient(const char *backend, ftdn_arena *arena, size_t n)
{
    float *values = FTDN_NEW(arena, n, float, NULL);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) values[i] = ALREADY_THERE;
    return strcmp(backend, "cuda") ? values : ftdn_test_upload(values, n);
}

static gradient_run run_backward(const char *backend, const ftdn_graph *graph, const ftdn_weights *weights,
                                 const float *x, int micro_batch, int n_images, const int *seeds, int n_seeds,
                                 ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_gradients *gradients;
    const ftdn_compile_desc desc = {.for_gradients = true, .micro_batch = micro_batch};
    ftdn_test_machine run = ftdn_test_start(backend, graph, &desc, weights);
    gradient_run result = {
        .map = FTDN_NEW(arena, (size_t)graph->n_nodes, float *, &err),
        .param = FTDN_NEW(arena, (size_t)graph->n_params, float *, &err),
    };
    float **param = FTDN_NEW(arena, (size_t)graph->n_params, float *, &err);
    for (int p = 0; p < graph->n_params; p++) {
        if (p % 5 != 4)
            param[p] = make_param_gradient(backend, arena, graph->param[p].n_elements); /* some: not wanted */
    }
    FTDN_ASSERT_OK(ftdn_gradients_create(run.program, &gradients, &err), err);
    ftdn_test_forward(&run, graph, x, n_images, NULL, arena);
    ftdn_gradients_clear(gradients);
    for (int i = 0; i < n_seeds; i++) {
        ftdn_map dy = ftdn_gradients_map(gradients, run.context, seeds[i]);
        size_t n = ftdn_shape_elements(dy.shape) * (size_t)n_images;
        copy(&run, dy.values, random_values(arena, n, 50 + (uint32_t)i), n * sizeof *dy.values);
    }
    FTDN_ASSERT_OK(ftdn_backward(gradients, run.context, run.packed, param, &err), err);
    for (int n = 0; n < graph->n_nodes; n++) {
        ftdn_map gradient = ftdn_gradients_map(gradients, run.context, n);
        if (!gradient.values) continue;
        size_t n_elements = ftdn_shape_elements(gradient.shape) * (size_t)n_images;
        result.map[n] = FTDN_NEW(arena, n_elements, float, &err);
        copy(&run, result.map[n], gradient.values, n_elements * sizeof(float));
    }
    for (int p = 0; p < graph->n_params; p++) {
        if (!param[p]) continue;
        size_t n = graph->param[p].n_elements;
        result.param[p] = FTDN_NEW(arena, n, float, &err);
        copy(&run, result.param[p], param[p], n * sizeof(float));
        if (!strcmp(backend, "cuda")) ftdn_test_module()->device->free(param[p]);
    }
    ftdn_gradients_free(gradients);
    ftdn_test_stop(&run);
    return result;
}

static void assert_same_gradients(const char *name, const ftdn_graph *graph, const gradient_run *expected,
                                  const gradient_run *actual, int n_images)
{
    char what[160];
    for (int n = 0; n < graph->n_nodes; n++) {
        snprintf(what, sizeof what, "%s: map of '%s'", name, graph->node[n].name);
        assert_int_equal(!expected->map[n], !actual->map[n]);
        if (!expected->map[n]) continue;
        ftdn_test_assert_close(what, expected->map[n], actual->map[n],
                               ftdn_shape_elements(graph->node[n].shape) * (size_t)n_images, TOLERANCE);
    }
    for (int p = 0; p < graph->n_params; p++) {
        snprintf(what, sizeof what, "%s: '%s'", name, graph->param[p].name);
        if (!expected->param[p]) continue;
        ftdn_test_assert_close(what, expected->param[p], actual->param[p], graph->param[p].n_elements, TOLERANCE);
    }
}

static void gradients_agree_with_ref_on_every_row(void **state)
{
    (void)state;
    for (int i = 0; i < n_rows + n_larger; i++) {
        const grid_row *row = i < n_rows ? &grid[i] : &larger[i - n_rows];
        for (int micro_batch = 1; micro_batch <= 3; micro_batch++) {
            ftdn_arena arena;
            ftdn_graph graph;
            ftdn_arena_init(&arena);
            build(row, &arena, &graph);
            int n_images = micro_batch == 3 ? 1 : micro_batch; /* of three, two are padding */
            ftdn_weights weights = make_weights(&graph, &arena);
            const float *x = random_values(&arena, ftdn_shape_elements(row->in) * 3, 31);
            const int output = graph.n_nodes - 1;
            gradient_run ref = run_backward("ref", &graph, &weights, x, micro_batch, n_images, &output, 1, &arena);
            gradient_run cuda = run_backward("cuda", &graph, &weights, x, micro_batch, n_images, &output, 1, &arena);
            assert_same_gradients(row->name, &graph, &ref, &cuda, n_images);
            ftdn_arena_done(&arena);
        }
    }
}

/* Maps with many readers, merges, and losses that read maps in the middle. */
static void gradients_agree_with_ref_on_random_graphs(void **state)
{
    (void)state;
    for (uint32_t seed = 400; seed < 430; seed++) {
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build_random_graph(seed, 12, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        const float *x = random_values(&arena, 2 * ftdn_shape_elements(graph.node[0].shape), seed);
        const int seeds[] = {graph.n_nodes - 1, graph.n_nodes / 2};
        char name[32];
        snprintf(name, sizeof name, "graph %u", seed);
        gradient_run ref = run_backward("ref", &graph, &weights, x, 2, 2, seeds, 2, &arena);
        gradient_run cuda = run_backward("cuda", &graph, &weights, x, 2, 2, seeds, 2, &arena);
        assert_same_gradients(name, &graph, &ref, &cuda, 2);
        ftdn_arena_done(&arena);
    }
}

/* Every sum has one order, whatever the device does first. */
static gradient_run first_run;
static ftdn_arena first_arena;

static void run_and_compare_bits(const char *order)
{
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_arena_init(&arena);
    build_random_graph(431, 12, &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    const float *x = random_values(&arena, 3 * ftdn_shape_elements(graph.node[0].shape), 1);
    const int output = graph.n_nodes - 1;
    gradient_run found = run_backward("cuda", &graph, &weights, x, 3, 3, &output, 1, *order ? &arena : &first_arena);
    if (!*order) first_run = found;
    for (int p = 0; p < graph.n_params; p++) {
        if (!found.param[p]) continue;
        assert_memory_equal(first_run.param[p], found.param[p], graph.param[p].n_elements * sizeof(float));
    }
    for (int n = 0; n < graph.n_nodes; n++) {
        size_t n_bytes = 3 * ftdn_shape_elements(graph.node[n].shape) * sizeof(float);
        if (found.map[n]) assert_memory_equal(first_run.map[n], found.map[n], n_bytes);
    }
    ftdn_arena_done(&arena);
}

static void bits_of_gradients_do_not_depend_on_the_order_of_blocks(void **state)
{
    (void)state;
    ftdn_arena_init(&first_arena);
    ftdn_test_in_every_order(run_and_compare_bits);
    run_and_compare_bits("again");
    ftdn_arena_done(&first_arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_ref_on_every_row),
        cmocka_unit_test(gradients_agree_with_ref_on_random_graphs),
        cmocka_unit_test(bits_of_gradients_do_not_depend_on_the_order_of_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
