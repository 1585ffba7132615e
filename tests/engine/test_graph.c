/* The graph's builders: shapes, padding, names, mistakes. */
#include <string.h>

#include "engine/graph.h"
#include "tests/support/arena_per_test.h"

static int add_conv(ftdn_graph *graph, int input, const char *name, int n_outputs, int kernel, int stride, bool same)
{
    const ftdn_conv_layer_desc desc = {
        .name = name,
        .n_outputs = n_outputs,
        .kernel = kernel,
        .stride = stride,
        .same_padding = same,
        .has_bias = true,
    };
    return ftdn_graph_add_conv_layer(graph, input, &desc);
}

static void same_padding_puts_the_odd_pixel_at_the_bottom_and_right(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_graph_init(&graph, &arena);
    int input = ftdn_graph_add_input(&graph, (ftdn_shape){300, 300, 3});
    int node = add_conv(&graph, input, "stem", 8, 3, 2, true);
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    assert_int_equal(graph.node[node].shape.h, 150);
    assert_int_equal(graph.node[node].pad_top, 0);
    assert_int_equal(graph.node[node].pad_bottom, 1);
    assert_int_equal(graph.node[node].pad_left, 0);
    assert_int_equal(graph.node[node].pad_right, 1);
}

static void pooling_in_ceil_mode_keeps_the_last_partial_window(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_graph_init(&graph, &arena);
    int input = ftdn_graph_add_input(&graph, (ftdn_shape){75, 75, 4});
    int floor_node = ftdn_graph_add_max_pool(&graph, input, "floor", 2, 2, 0, false);
    int ceil_node = ftdn_graph_add_max_pool(&graph, input, "ceil", 2, 2, 0, true);
    assert_int_equal(graph.node[floor_node].shape.h, 37);
    assert_int_equal(graph.node[ceil_node].shape.h, 38);
    assert_int_equal(graph.node[ceil_node].pad_bottom, 1);
}

static void a_layer_spans_convolution_batch_norm_and_activation(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_graph_init(&graph, &arena);
    int input = ftdn_graph_add_input(&graph, (ftdn_shape){10, 12, 6});
    const ftdn_conv_layer_desc desc = {
        .name = "a.0",
        .n_outputs = 6,
        .kernel = 3,
        .pad = 1,
        .depthwise = true,
        .batch_norm = "a.1",
        .activation = FTDN_ACTIVATION_RELU,
        .roles = FTDN_ROLE_BASE,
    };
    int last = ftdn_graph_add_conv_layer(&graph, input, &desc);
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    assert_int_equal(graph.n_layers, 1);
    assert_int_equal(graph.layer[0].last, last);
    assert_int_equal(graph.layer[0].conv, last - 2);
    assert_int_equal(graph.n_params, 5);
    assert_string_equal(graph.param[0].name, "a.0.weight");
    assert_int_equal(graph.param[0].dims[1], 1);
    assert_int_equal(ftdn_graph_n_trained(&graph), 6 * 9 + 6 + 6);
    assert_int_equal(ftdn_node_macs(&graph, graph.layer[0].conv), 10 * 12 * 6 * 9);
}

static void mistakes_are_kept_until_finish(void **state)
{
    (void)state;
    static const struct {
        int n_outputs, kernel;
        bool depthwise;
        const char *name, *message;
    } wrong[] = {
        {4, 9, false, "wide", "graph: 'wide': a window of 9x9 does not fit into a map of 5x5"},
        {5, 3, true, "deep", "graph: 'deep': a depthwise convolution of 4 channels makes 4, not 5"},
        {4, 1, false, "first", "graph: two nodes are called 'first'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ftdn_graph graph;
        ftdn_graph_init(&graph, &arena);
        int input = ftdn_graph_add_input(&graph, (ftdn_shape){5, 5, 4});
        int first = add_conv(&graph, input, "first", 4, 1, 1, false);
        const ftdn_conv_layer_desc desc = {
            .name = wrong[i].name,
            .n_outputs = wrong[i].n_outputs,
            .kernel = wrong[i].kernel,
            .depthwise = wrong[i].depthwise,
        };
        assert_int_equal(ftdn_graph_add_conv_layer(&graph, first, &desc), -1);
        assert_int_equal(ftdn_graph_add_batch_norm(&graph, first, "later", 0), -1);
        FTDN_ASSERT_FAILS(ftdn_graph_finish(&graph, &err), FTDN_ERR_ARG, wrong[i].message, err);
    }
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    for (long n_good = 0;; n_good++) {
        ftdn_graph graph;
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_graph_init(&graph, &arena);
        int input = ftdn_graph_add_input(&graph, (ftdn_shape){8, 8, 3});
        if (input >= 0) add_conv(&graph, input, "a", 4, 3, 1, true);
        ftdn_status status = ftdn_graph_finish(&graph, &err);
        if (status == FTDN_OK) {
            assert_true(n_good >= 5);
            break;
        }
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(same_padding_puts_the_odd_pixel_at_the_bottom_and_right),
        FTDN_ARENA_TEST(pooling_in_ceil_mode_keeps_the_last_partial_window),
        FTDN_ARENA_TEST(a_layer_spans_convolution_batch_norm_and_activation),
        FTDN_ARENA_TEST(mistakes_are_kept_until_finish),
        FTDN_ARENA_TEST(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
