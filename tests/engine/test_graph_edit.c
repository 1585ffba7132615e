/* Building a graph out of the parts of another one. */
#include "engine/graph_edit.h"

#include "tests/support/arena_per_test.h"
#include "tests/support/find_layer.h"

/* input -> a (conv, batch norm, relu) -> b (conv with bias) */
static void build_original(ftdn_graph *graph)
{
    ftdn_graph_init(graph, &arena);
    int node = ftdn_graph_add_input(graph, (ftdn_shape){6, 5, 3});
    const ftdn_conv_layer_desc a = {
        .name = "a", .n_outputs = 4, .kernel = 3, .pad = 1, .batch_norm = "bn", .activation = FTDN_ACTIVATION_RELU};
    const ftdn_conv_layer_desc b = {.name = "b", .n_outputs = 2, .kernel = 1, .has_bias = true};
    node = ftdn_graph_add_conv_layer(graph, node, &a);
    ftdn_graph_add_conv_layer(graph, node, &b);
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

/* All parts of a graph, at the same indices. */
static void append_all(ftdn_graph *graph, const ftdn_graph *from)
{
    for (int i = 0; i < from->n_params; i++) ftdn_graph_append_param(graph, &from->param[i]);
    for (int i = 0; i < from->n_nodes; i++) ftdn_graph_append_node(graph, &from->node[i]);
    for (int i = 0; i < from->n_layers; i++) ftdn_graph_append_layer(graph, &from->layer[i]);
}

static void a_graph_built_from_all_parts_is_the_same_graph(void **state)
{
    (void)state;
    ftdn_graph original, built;
    build_original(&original);
    ftdn_graph_init(&built, &arena);
    for (int i = 0; i < original.n_params; i++)
        assert_int_equal(ftdn_graph_append_param(&built, &original.param[i]), i);
    for (int i = 0; i < original.n_nodes; i++) assert_int_equal(ftdn_graph_append_node(&built, &original.node[i]), i);
    for (int i = 0; i < original.n_layers; i++)
        assert_int_equal(ftdn_graph_append_layer(&built, &original.layer[i]), i);
    FTDN_ASSERT_OK(ftdn_graph_finish(&built, &err), err);
    assert_int_equal(built.n_nodes, 5);
    for (int i = 0; i < original.n_nodes; i++) {
        assert_string_equal(built.node[i].name, original.node[i].name);
        assert_int_equal(built.node[i].op, original.node[i].op);
        assert_int_equal(built.node[i].input, original.node[i].input);
        assert_memory_equal(&built.node[i].shape, &original.node[i].shape, sizeof built.node[i].shape);
        assert_int_equal(ftdn_node_macs(&built, i), ftdn_node_macs(&original, i));
    }
    assert_int_equal(ftdn_graph_n_trained(&built), ftdn_graph_n_trained(&original));
    assert_int_equal(ftdn_test_find_layer(&built, "b"), 1);
    assert_int_equal(ftdn_graph_find_param(&built, "bn.running_var"),
                     ftdn_graph_find_param(&original, "bn.running_var"));
    assert_int_equal(built.layer[1].original, 1);
}

static void merges_clips_and_shared_parameters_can_be_added(void **state)
{
    (void)state;
    static const int merged[2] = {1, 3};
    ftdn_graph original, graph;
    build_original(&original);
    ftdn_graph_init(&graph, &arena);
    append_all(&graph, &original);
    size_t n_trained = ftdn_graph_n_trained(&graph);
    int b = graph.layer[1].conv, a = graph.layer[0].last;
    ftdn_node second = graph.node[b]; /* the same parameters, read once more */
    second.name = "b'";
    int copy = ftdn_graph_append_node(&graph, &second);
    const ftdn_node merge = {.op = FTDN_OP_MERGE,
                             .name = "a:merge",
                             .input = a,
                             .shape = graph.node[a].shape,
                             .layer = 0,
                             .merge = FTDN_MERGE_MEAN,
                             .n_copies = 1,
                             .copy = {copy},
                             .n_merged = 2,
                             .merged = merged};
    int merge_node = ftdn_graph_append_node(&graph, &merge);
    const ftdn_node clip = {
        .op = FTDN_OP_CLIP, .name = "a:clip", .input = merge_node, .shape = merge.shape, .layer = 0, .low = -1, .high = 2};
    int clip_node = ftdn_graph_append_node(&graph, &clip);
    const ftdn_layer layer = {.name = "b'", .conv = copy, .last = -1, .original = 1};
    assert_int_equal(ftdn_graph_append_layer(&graph, &layer), 2);
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    assert_int_equal(clip_node, graph.n_nodes - 1);
    assert_int_equal(ftdn_node_macs(&graph, merge_node), 0);
    assert_int_equal(ftdn_node_macs(&graph, clip_node), 0);
    assert_int_equal(ftdn_node_macs(&graph, copy), 6 * 5 * 2 * 4);
    assert_int_equal(ftdn_graph_n_trained(&graph), n_trained);
    assert_int_equal(ftdn_test_find_layer(&graph, "b'"), 2);
    assert_int_equal(original.n_nodes, 5);
}

static void repeated_names_are_mistakes_kept_until_finish(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        ftdn_graph original, graph;
        build_original(&original);
        ftdn_graph_init(&graph, &arena);
        append_all(&graph, &original);
        int again = kind ? ftdn_graph_append_param(&graph, &original.param[1])
                         : ftdn_graph_append_node(&graph, &original.node[1]);
        assert_int_equal(again, -1);
        const ftdn_node fresh = {.op = FTDN_OP_CLIP, .name = "fresh", .input = 1, .shape = original.node[1].shape};
        const ftdn_param param = {.name = "fresh", .n_dims = 1, .dims = {1}, .n_elements = 1};
        assert_int_equal(ftdn_graph_append_node(&graph, &fresh), -1);
        assert_int_equal(ftdn_graph_append_param(&graph, &param), -1);
        assert_int_equal(ftdn_graph_append_layer(&graph, &original.layer[0]), -1);
        FTDN_ASSERT_FAILS(ftdn_graph_finish(&graph, &err), FTDN_ERR_ARG,
                          kind ? "graph: two parameters are called 'bn.weight'" : "graph: two nodes are called 'a'",
                          err);
        assert_int_equal(graph.n_nodes, original.n_nodes);
    }
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    ftdn_graph original;
    build_original(&original);
    for (long n_good = 0;; n_good++) {
        ftdn_graph graph;
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_graph_init(&graph, &arena);
        append_all(&graph, &original);
        ftdn_status status = ftdn_graph_finish(&graph, &err);
        if (status == FTDN_OK) {
            assert_int_equal(n_good, 3); /* nodes, parameters, layers */
            break;
        }
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

static void graphs_grow_beyond_the_first_room(void **state)
{
    (void)state;
    ftdn_graph graph;
    ftdn_graph_init(&graph, &arena);
    int node = ftdn_graph_add_input(&graph, (ftdn_shape){2, 2, 1});
    for (int i = 0; i < 200; i++) {
        const ftdn_node clip = {.op = FTDN_OP_CLIP,
                                .name = ftdn_arena_format(&arena, &err, "clip%d", i),
                                .input = node,
                                .shape = {2, 2, 1},
                                .low = (float)i,
                                .high = 1000};
        node = ftdn_graph_append_node(&graph, &clip);
    }
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    assert_int_equal(graph.n_nodes, 201);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(graph.node[i + 1].input, i);
        assert_true(graph.node[i + 1].low == (float)i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(a_graph_built_from_all_parts_is_the_same_graph),
        FTDN_ARENA_TEST(merges_clips_and_shared_parameters_can_be_added),
        FTDN_ARENA_TEST(repeated_names_are_mistakes_kept_until_finish),
        FTDN_ARENA_TEST(refused_memory_is_an_error),
        FTDN_ARENA_TEST(graphs_grow_beyond_the_first_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
