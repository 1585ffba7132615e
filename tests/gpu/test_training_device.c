/* Training on the module: a batch forward and backward, batch norms in training mode, against the plain loops. */
#include "tests/engine/training_run.h"
#include "tests/gpu/gpu.h"

static void check_small_networks(const char *order)
{
    for (uint32_t seed = 1; seed <= 4; seed++) {
        ftdn_arena arena;
        training_case c = {0};
        char name[64];
        ftdn_arena_init(&arena);
        build_small_network(&c, &arena);
        fill_case(&c, (int)seed, seed, &arena);
        snprintf(name, sizeof name, "small network, %u images, order '%s'", seed, order);
        assert_training_agrees("cuda", name, &c, &arena);
        ftdn_arena_done(&arena);
    }
}

static void the_module_agrees_with_ref_on_small_networks(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_small_networks);
}

/* Each row with a batch norm; maps of more than one slice of sums, and of channels that are no multiple of four. */
static void the_module_agrees_with_ref_on_rows_with_a_batch_norm(void **state)
{
    (void)state;
    static const grid_row rows[] = {
        {"slices",
         {70, 67, 3},
         {.n_outputs = 20, .kernel = 3, .pad = 1, .batch_norm = "bn", .activation = RELU6},
         .ceil_mode = false},
        {"odd channels",
         {9, 8, 5},
         {.n_outputs = 7, .kernel = 1, .has_bias = true, .batch_norm = "bn"},
         .ceil_mode = false},
        {"many channels",
         {3, 4, 70},
         {.n_outputs = 70, .kernel = 3, .pad = 1, .depthwise = true, .batch_norm = "bn", .activation = RELU},
         .ceil_mode = false},
        {"depthwise of five cells",
         {12, 11, 6},
         {.n_outputs = 6, .kernel = 5, .pad = 2, .depthwise = true, .batch_norm = "bn"},
         .ceil_mode = false},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ftdn_arena arena;
        training_case c = {0};
        ftdn_arena_init(&arena);
        build(&rows[r], &arena, &c.graph);
        c.output[c.n_outputs++] = c.graph.n_nodes - 1;
        fill_case(&c, 3, 11 + (uint32_t)r, &arena);
        assert_training_agrees("cuda", rows[r].name, &c, &arena);
        ftdn_arena_done(&arena);
    }
}

/* Of equal elements the first gets the gradient of the window, and of a NaN in front of numbers the NaN. */
static void the_gradient_of_a_pool_goes_where_the_plain_loops_send_it(void **state)
{
    (void)state;
    static const grid_row row = {"pool of equals", {9, 8, 6}, {.kernel = 3, .stride = 1, .pad = 1}, .ceil_mode = false};
    ftdn_arena arena;
    training_case c = {0};
    ftdn_arena_init(&arena);
    build(&row, &arena, &c.graph);
    c.output[c.n_outputs++] = c.graph.n_nodes - 1;
    fill_case(&c, 2, 3, &arena);
    size_t n = case_map_elements(&c, 0) * 2;
    float *x = random_values(&arena, n, 3);
    for (size_t i = 0; i < n; i++) x[i] = i % 29 == 0 ? NAN : x[i] > 0.5f;
    c.x = x;
    training_result ref = run_training(&c, "ref", 1, &arena), device = run_training(&c, "cuda", 1, &arena);
    assert_memory_equal(ref.dx, device.dx, n * sizeof(float));
    assert_memory_equal(ref.y[0], device.y[0], n * sizeof(float));
    ftdn_arena_done(&arena);
}

/* Sums have an order of their own: the emulator's order of blocks and threads changes no bit. */
static void no_bit_depends_on_the_order_of_blocks(void **state)
{
    (void)state;
    ftdn_arena arena;
    training_case c = {0};
    ftdn_arena_init(&arena);
    build_small_network(&c, &arena);
    fill_case(&c, 3, 5, &arena);
    training_result expected = run_training(&c, "cuda", 1, &arena);
    static const char *const orders[] = {"reverse", "shuffle", "lazy"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        setenv("FTDN_EMULATOR_ORDER", orders[i], 1);
        training_result result = run_training(&c, "cuda", 1, &arena);
        unsetenv("FTDN_EMULATOR_ORDER");
        for (int p = 0; p < c.graph.n_params; p++)
            assert_memory_equal(expected.dparam[p], result.dparam[p], c.graph.param[p].n_elements * sizeof(float));
        assert_memory_equal(expected.dx, result.dx, case_map_elements(&c, 0) * 3 * sizeof(float));
    }
    ftdn_arena_done(&arena);
}

/* A second batch leaves nothing of the first behind; what is not wanted is not written. Buffers side by side, as the
 * optimizer has them, or each alone. */
static void check_second_batch(bool side_by_side)
{
    ftdn_arena arena;
    ftdn_error err;
    training_case c = {0};
    ftdn_training *training;
    ftdn_arena_init(&arena);
    build_small_network(&c, &arena);
    fill_case(&c, 2, 6, &arena);
    training_result expected = run_training(&c, "cuda", 1, &arena);
    const ftdn_backend *cuda = ftdn_backend_find("cuda");
    const ftdn_training_desc desc = {.outputs = c.output, .n_outputs = c.n_outputs, .n_images = 2, .n_threads = 2};
    FTDN_ASSERT_OK(ftdn_training_create(cuda, &c.graph, &desc, &training, &err), err);
    size_t n_all = 0, at = 0;
    for (int p = 0; p < c.graph.n_params; p++) n_all += c.graph.param[p].n_elements + !side_by_side;
    float *const slab = new_floats(cuda, random_values(&arena, n_all, 78), n_all);
    float **dparam = FTDN_NEW(&arena, (size_t)c.graph.n_params, float *, NULL);
    for (int p = 0; p < c.graph.n_params; p++) {
        dparam[p] = slab + at;
        at += c.graph.param[p].n_elements + !side_by_side;
    }
    ftdn_weights weights = new_weights(cuda, &c, &arena);
    const float *other = random_values(&arena, case_map_elements(&c, 0) * 2, 99);
    float *left = FTDN_NEW(&arena, c.graph.param[0].n_elements, float, NULL);
    for (int turn = 0; turn < 2; turn++) {
        const ftdn_input batch = {.n_images = 2, .values = turn ? c.x : other};
        FTDN_ASSERT_OK(ftdn_training_forward(training, &weights, &batch, &err), err);
        wait_for(cuda, training);
        if (turn == 1) {
            copy_floats(cuda, left, dparam[0], c.graph.param[0].n_elements);
            dparam[0] = NULL;
        }
        for (int o = 0; o < c.n_outputs - 1; o++) {
            size_t n = 2 * case_map_elements(&c, c.output[o]);
            float *found = FTDN_NEW(&arena, n, float, NULL);
            ftdn_map gradient = ftdn_training_gradient(training, 0, c.output[o]);
            copy_floats(cuda, found, gradient.values, n);
            for (size_t i = 0; i < n; i++) assert_true(found[i] == 0);
            copy_floats(cuda, gradient.values, random_values(&arena, n, 5 + (uint32_t)o), n);
        }
        FTDN_ASSERT_OK(ftdn_training_backward(training, dparam, &err), err);
        wait_for(cuda, training);
    }
    for (int p = 0; p < c.graph.n_params; p++) {
        size_t n = c.graph.param[p].n_elements;
        float *found = FTDN_NEW(&arena, n, float, NULL);
        copy_floats(cuda, found, p ? dparam[p] : slab, n);
        assert_memory_equal(p ? expected.dparam[p] : left, found, n * sizeof(float));
        free_floats(cuda, (float *)(uintptr_t)weights.value[p]);
    }
    free_floats(cuda, slab);
    ftdn_training_free(training);
    ftdn_arena_done(&arena);
}

static void a_batch_does_not_depend_on_the_one_before(void **state)
{
    (void)state;
    check_second_batch(true);
    check_second_batch(false);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_agrees_with_ref_on_small_networks),
        cmocka_unit_test(the_module_agrees_with_ref_on_rows_with_a_batch_norm),
        cmocka_unit_test(the_gradient_of_a_pool_goes_where_the_plain_loops_send_it),
        cmocka_unit_test(no_bit_depends_on_the_order_of_blocks),
        cmocka_unit_test(a_batch_does_not_depend_on_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
