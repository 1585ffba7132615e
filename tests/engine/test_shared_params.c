/* Two convolutions that read the same parameters: packed for both, and their gradients add up. */
#include "engine/gradients.h"
#include "tests/engine/random_graph.h"
#include "tests/support/arena_per_test.h"

static const char *const backends[] = {"ref", "cpu"};

/* Two layers read maps of different sizes with filters of one shape: with the same parameters, or with `apart` each
 * with its own. */
static void build_twins(bool apart, ftdn_graph *graph)
{
    ftdn_graph_init(graph, &arena);
    int input = ftdn_graph_add_input(graph, (ftdn_shape){8, 9, 16});
    int pool = ftdn_graph_add_max_pool(graph, input, "pool", 2, 2, 0, false);
    const ftdn_conv_layer_desc first = {
        .name = "first", .n_outputs = 16, .kernel = 3, .pad = 1, .has_bias = true};
    ftdn_conv_layer_desc second = first;
    second.name = "second";
    ftdn_graph_add_conv_layer(graph, input, &first);
    ftdn_graph_add_conv_layer(graph, pool, &second);
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
    if (apart) return;
    ftdn_node *node = &graph->node[graph->layer[1].conv];
    node->weight = graph->node[graph->layer[0].conv].weight;
    node->bias = graph->node[graph->layer[0].conv].bias;
}

static const float *twin_input(void)
{
    return random_values(&arena, 8 * 9 * 16, 3);
}

/* Parameters 0, 1 are those of the first; 2, 3 of the second where it has its own. */
static ftdn_weights twin_weights(const ftdn_graph *graph, uint32_t seed)
{
    ftdn_weights weights = make_weights(graph, &arena);
    for (int i = 0; i < graph->n_params; i++)
        weights.value[i] = random_values(&arena, graph->param[i].n_elements, seed + (uint32_t)(i % 2));
    return weights;
}

static void changed_parameters_are_packed_for_both_readers(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        for (int algorithm = FTDN_CONV_DIRECT; algorithm <= FTDN_CONV_WINOGRAD; algorithm++) {
            ftdn_graph shared, apart;
            build_twins(false, &shared);
            build_twins(true, &apart);
            ftdn_weights before = twin_weights(&shared, 10), after = twin_weights(&shared, 20);
            ftdn_weights expected_weights = twin_weights(&apart, 20);
            const ftdn_input input = {.n_images = 1, .values = twin_input()};
            const ftdn_compile_desc desc = {.keep_all = true, .conv_algorithm = (ftdn_conv_algorithm)algorithm};
            machine updated = start_machine(backends[b], &shared, &desc, &before);
            machine expected = start_machine(backends[b], &apart, &desc, &expected_weights);
            size_t n_bytes = ftdn_packed_bytes(updated.packed);
            assert_int_equal(n_bytes, ftdn_packed_bytes(expected.packed));
            const bool changed[4] = {true, true};
            FTDN_ASSERT_OK(ftdn_packed_update(updated.packed, &after, changed, 2, &err), err);
            assert_int_equal(ftdn_packed_bytes(updated.packed), n_bytes);
            FTDN_ASSERT_OK(ftdn_forward(updated.context, updated.packed, &input, NULL, &err), err);
            FTDN_ASSERT_OK(ftdn_forward(expected.context, expected.packed, &input, NULL, &err), err);
            for (int l = 0; l < 2; l++) {
                ftdn_map wanted = ftdn_context_map(expected.context, apart.layer[l].last);
                ftdn_map found = ftdn_context_map(updated.context, shared.layer[l].last);
                assert_memory_equal(wanted.values, found.values, ftdn_shape_elements(wanted.shape) * sizeof(float));
            }
            stop_machine(&updated);
            stop_machine(&expected);
        }
    }
}

/* Go backward from both layers; param: [n_params] buffers that get the gradients. */
static void go_backward(const char *backend, const ftdn_graph *graph, const ftdn_weights *weights, float **param)
{
    ftdn_gradients *gradients;
    const ftdn_compile_desc desc = {.for_gradients = true};
    const ftdn_input input = {.n_images = 1, .values = twin_input()};
    machine run = start_machine(backend, graph, &desc, weights);
    FTDN_ASSERT_OK(ftdn_gradients_create(run.program, &gradients, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(run.context, run.packed, &input, NULL, &err), err);
    ftdn_gradients_clear(gradients);
    for (int l = 0; l < 2; l++) {
        ftdn_map dy = ftdn_gradients_map(gradients, run.context, graph->layer[l].last);
        size_t n_elements = ftdn_shape_elements(dy.shape);
        memcpy(dy.values, random_values(&arena, n_elements, 30 + (uint32_t)l), n_elements * sizeof(float));
    }
    for (int p = 0; p < graph->n_params; p++) {
        param[p] = FTDN_NEW(&arena, graph->param[p].n_elements, float, &err);
        assert_non_null(param[p]);
    }
    FTDN_ASSERT_OK(ftdn_backward(gradients, run.context, run.packed, param, &err), err);
    ftdn_gradients_free(gradients);
    stop_machine(&run);
}

static void gradients_of_both_readers_add_up(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        ftdn_graph shared, apart;
        float *sum[4], *part[4];
        build_twins(false, &shared);
        build_twins(true, &apart);
        ftdn_weights shared_weights = twin_weights(&shared, 40), own_weights = twin_weights(&apart, 40);
        go_backward(backends[b], &shared, &shared_weights, sum);
        go_backward(backends[b], &apart, &own_weights, part);
        for (int p = 0; p < 2; p++) { /* two floats, one sum: exact in either order */
            for (size_t i = 0; i < shared.param[p].n_elements; i++) {
                assert_true(part[p][i] != 0 && part[p + 2][i] != 0);
                assert_true(sum[p][i] == part[p][i] + part[p + 2][i]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(changed_parameters_are_packed_for_both_readers),
        FTDN_ARENA_TEST(gradients_of_both_readers_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
