/* Running again what depends on one map: the bits of a full forward whose hook makes the same change. */
#include "tests/engine/random_graph.h"
#include "tests/support/arena_per_test.h"

enum { N_IMAGES = 2, MAX_NODES = 128 };

static const char *const backends[] = {"ref", "cpu"};

/* What a hook does, and what it saw. */
typedef struct change {
    int node; /* whose map is changed; -1: none */
    bool seen[MAX_NODES];
} change;

static void change_values(const ftdn_map *map)
{
    size_t n_elements = ftdn_shape_elements(map->shape) * (size_t)map->n_images;
    for (size_t i = 0; i < n_elements; i++) map->values[i] = i % 3 ? -map->values[i] : 0.75f;
}

static void change_one_map(void *user, const ftdn_map *map)
{
    change *wanted = user;
    wanted->seen[map->node] = true;
    if (map->node == wanted->node) change_values(map);
}

/* depends[n]: node n reads the map of `node`, or one made of it. */
static void find_dependents(const ftdn_graph *graph, int node, bool *depends)
{
    for (int n = 0; n < graph->n_nodes; n++) {
        const ftdn_node *reader = &graph->node[n];
        depends[n] = reader->input >= 0 && (reader->input == node || depends[reader->input]);
        for (int i = 0; i < reader->n_copies; i++)
            depends[n] = depends[n] || reader->copy[i] == node || depends[reader->copy[i]];
    }
}

static void assert_same_maps(const ftdn_graph *graph, const machine *expected, const machine *actual, const char *what)
{
    for (int n = 0; n < graph->n_nodes; n++) {
        ftdn_map wanted = ftdn_context_map(expected->context, n), found = ftdn_context_map(actual->context, n);
        size_t n_bytes = ftdn_shape_elements(wanted.shape) * N_IMAGES * sizeof(float);
        assert_int_equal(!wanted.values, !found.values);
        if (wanted.values && memcmp(wanted.values, found.values, n_bytes) != 0)
            fail_msg("%s: '%s' differs after a change at '%s'", what, graph->node[n].name, what);
    }
}

/* All nodes with a map, one after the other; taps: those that the hook sees. */
static void check_graph(const char *backend, const ftdn_graph *graph, const ftdn_compile_desc *desc,
                        const ftdn_weights *weights, const ftdn_input *input)
{
    machine full = start_machine(backend, graph, desc, weights), partial = start_machine(backend, graph, desc, weights);
    for (int t = 0; t < desc->n_taps; t++) {
        int node = desc->taps[t];
        change with = {.node = node}, without = {.node = -1};
        bool depends[MAX_NODES];
        const ftdn_map_hook hook = {change_one_map, &with}, watch = {change_one_map, &without};
        FTDN_ASSERT_OK(ftdn_forward(full.context, full.packed, input, &hook, &err), err);
        FTDN_ASSERT_OK(ftdn_forward(partial.context, partial.packed, input, NULL, &err), err);
        ftdn_map map = ftdn_context_map(partial.context, node);
        change_values(&map);
        FTDN_ASSERT_OK(ftdn_forward_after(partial.context, partial.packed, node, &watch, &err), err);
        assert_same_maps(graph, &full, &partial, graph->node[node].name);
        find_dependents(graph, node, depends);
        for (int i = 0; i < desc->n_taps; i++)
            assert_int_equal(without.seen[desc->taps[i]], depends[desc->taps[i]]); /* the others are not run again */
    }
    stop_machine(&full);
    stop_machine(&partial);
}

static void the_bits_are_those_of_a_full_forward(void **state)
{
    (void)state;
    for (uint32_t seed = 100; seed < 112; seed++) {
        ftdn_graph graph;
        build_random_graph(seed, 16, &arena, &graph);
        assert_true(graph.n_nodes < MAX_NODES);
        ftdn_weights weights = make_weights(&graph, &arena);
        const ftdn_input input = {
            .n_images = N_IMAGES,
            .values = random_values(&arena, N_IMAGES * ftdn_shape_elements(graph.node[0].shape), seed)};
        random_stream stream = {.seed = seed};
        int taps[MAX_NODES], n_taps = 0;
        for (int n = 1; n < graph.n_nodes; n++) {
            if (draw(&stream, 2)) taps[n_taps++] = n;
        }
        for (int b = 0; b < 2; b++) {
            for (int gradients = 0; gradients < 2; gradients++) {
                const ftdn_compile_desc desc = {.taps = taps,
                                                .n_taps = n_taps,
                                                .keep_all = !gradients,
                                                .for_gradients = gradients,
                                                .micro_batch = N_IMAGES};
                check_graph(backends[b], &graph, &desc, &weights, &input);
            }
        }
    }
}

static void a_changed_input_runs_everything_again(void **state)
{
    (void)state;
    for (int b = 0; b < 2; b++) {
        ftdn_graph graph;
        build_random_graph(200, 16, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        size_t n_in = N_IMAGES * ftdn_shape_elements(graph.node[0].shape);
        const ftdn_input input = {.n_images = N_IMAGES, .values = random_values(&arena, n_in, 1)};
        const ftdn_input other = {.n_images = N_IMAGES, .values = random_values(&arena, n_in, 2)};
        const ftdn_compile_desc desc = {.keep_all = true, .micro_batch = N_IMAGES};
        machine full = start_machine(backends[b], &graph, &desc, &weights);
        machine partial = start_machine(backends[b], &graph, &desc, &weights);
        FTDN_ASSERT_OK(ftdn_forward(full.context, full.packed, &other, NULL, &err), err);
        FTDN_ASSERT_OK(ftdn_forward(partial.context, partial.packed, &input, NULL, &err), err);
        memcpy(ftdn_context_map(partial.context, 0).values, other.values, n_in * sizeof *other.values);
        FTDN_ASSERT_OK(ftdn_forward_after(partial.context, partial.packed, 0, NULL, &err), err);
        assert_same_maps(&graph, &full, &partial, "input");
        stop_machine(&full);
        stop_machine(&partial);
    }
}

static void programs_that_do_not_keep_their_maps_are_refused(void **state)
{
    (void)state;
    ftdn_graph graph;
    const grid_row row = {"bn and relu", {4, 4, 2}, {.n_outputs = 3, .kernel = 1, .batch_norm = "bn"}, .relu_at_end = true};
    build(&row, &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    const ftdn_input input = {.n_images = 1, .values = random_values(&arena, 4 * 4 * 2, 1)};
    const ftdn_compile_desc shared = {0}, kept = {.keep_all = true}, apart = {.for_gradients = true};
    const struct {
        const ftdn_compile_desc *desc;
        const char *message; /* NULL: it works */
    } expected[] = {
        {&shared, "forward after 'bn': the program was not compiled to keep all maps"},
        {&kept, "forward after 'bn': the node has no map in this program"},
        {&apart, NULL},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        machine run = start_machine("cpu", &graph, expected[i].desc, &weights);
        FTDN_ASSERT_OK(ftdn_forward(run.context, run.packed, &input, NULL, &err), err);
        ftdn_status status = ftdn_forward_after(run.context, run.packed, 2, NULL, &err);
        assert_int_equal(status, expected[i].message ? FTDN_ERR_ARG : FTDN_OK);
        if (expected[i].message) assert_string_equal(err.message, expected[i].message);
        stop_machine(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_bits_are_those_of_a_full_forward),
        FTDN_ARENA_TEST(a_changed_input_runs_everything_again),
        FTDN_ARENA_TEST(programs_that_do_not_keep_their_maps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
