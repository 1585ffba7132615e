/* Weights without the batch norms that a network learnt with. */
#include "engine/batch_norm_fold.h"
#include "tests/engine/random_graph.h"
#include "tests/support/arena_per_test.h"

#define N_INPUTS (7 * 6 * 3)

/* Four layers: without a batch norm and with one that stays; with one that `with_norms` decides on, before ReLU and as
 * the last of its layer. */
static void build_layers(bool with_norms, ftdn_graph *network)
{
    const ftdn_conv_layer_desc layers[] = {
        {.name = "plain", .n_outputs = 5, .kernel = 1, .has_bias = true, .activation = FTDN_ACTIVATION_RELU},
        {.name = "own", .n_outputs = 5, .kernel = 3, .pad = 1, .depthwise = true, .batch_norm = "own.bn"},
        {.name = "first",
         .n_outputs = 6,
         .kernel = 3,
         .has_bias = !with_norms,
         .batch_norm = with_norms ? "first.norm" : NULL,
         .epsilon = 1e-3,
         .activation = FTDN_ACTIVATION_RELU},
        {.name = "second",
         .n_outputs = 4,
         .kernel = 1,
         .has_bias = true,
         .batch_norm = with_norms ? "second.norm" : NULL},
    };
    ftdn_graph_init(network, &arena);
    int x = ftdn_graph_add_input(network, (ftdn_shape){7, 6, 3});
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) x = ftdn_graph_add_conv_layer(network, x, &layers[i]);
    FTDN_ASSERT_OK(ftdn_graph_finish(network, &err), err);
}

/* The network with all its norms, what it weighs, and the network without. */
static ftdn_graph graph, plain;
static ftdn_weights weights;

static int set_up_graphs(void **state)
{
    int result = set_up(state);
    build_layers(true, &graph);
    build_layers(false, &plain);
    weights = make_weights(&graph, &arena);
    return result;
}

static void the_backend_s_own_folding_gives_the_same_bits(void **state)
{
    (void)state;
    ftdn_weights folded;
    FTDN_ASSERT_OK(ftdn_batch_norms_fold(&graph, &weights, &plain, &arena, &folded, &err), err);
    assert_int_equal(folded.n_params, plain.n_params);

    const int output = graph.n_nodes - 1, plain_output = plain.n_nodes - 1;
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .micro_batch = 1};
    const ftdn_compile_desc plain_desc = {.outputs = &plain_output, .n_outputs = 1, .micro_batch = 1};
    const ftdn_input input = {.n_images = 1, .values = random_values(&arena, N_INPUTS, 3)};
    machine learnt = start_machine("cpu", &graph, &desc, &weights);
    machine shipped = start_machine("cpu", &plain, &plain_desc, &folded);
    FTDN_ASSERT_OK(ftdn_forward(learnt.context, learnt.packed, &input, NULL, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(shipped.context, shipped.packed, &input, NULL, &err), err);
    const ftdn_map expected = ftdn_context_map(learnt.context, output);
    const ftdn_map found = ftdn_context_map(shipped.context, plain_output);
    assert_memory_equal(found.values, expected.values, ftdn_shape_elements(expected.shape) * sizeof(float));
    stop_machine(&learnt);
    stop_machine(&shipped);
}

static void what_is_not_folded_is_borrowed(void **state)
{
    (void)state;
    ftdn_weights folded;
    FTDN_ASSERT_OK(ftdn_batch_norms_fold(&graph, &weights, &plain, &arena, &folded, &err), err);
    for (int i = 0; i < plain.n_params; i++) {
        const char *name = plain.param[i].name;
        int param = ftdn_graph_find_param(&graph, name);
        bool is_folded = !strncmp(name, "first.", 6) || !strncmp(name, "second.", 7);
        if (is_folded) assert_true(param < 0 || folded.value[i] != weights.value[param]);
        else assert_ptr_equal(folded.value[i], weights.value[param]);
    }
    /* Nothing to fold: every value is borrowed. */
    FTDN_ASSERT_OK(ftdn_batch_norms_fold(&graph, &weights, &graph, &arena, &folded, &err), err);
    for (int i = 0; i < graph.n_params; i++) assert_ptr_equal(folded.value[i], weights.value[i]);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_status status = FTDN_ERR_MEMORY;
    long k = 0;
    for (; status != FTDN_OK; k++) {
        ftdn_weights folded = {.n_params = -1};
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_batch_norms_fold(&graph, &weights, &plain, &arena, &folded, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(folded.n_params, -1);
        }
    }
    assert_int_equal(k, 1 + 1 + 2 * 3); /* the pointers; slope, offset and filter of two layers; and the good one */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_graphs, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_backend_s_own_folding_gives_the_same_bits),
        TEST(what_is_not_folded_is_borrowed),
        TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("batch_norm_fold", tests, NULL, NULL);
}
