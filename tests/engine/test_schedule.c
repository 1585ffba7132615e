/* Where maps lie: graphs in which anything reads anything, merges above all, give the same bits in shared memory. */
#include "engine/schedule.h"

#include "engine/backend.h"
#include "tests/engine/random_graph.h"
#include "tests/support/arena_per_test.h"

static const char *const backends[] = {"ref", "cpu"};

static void maps_in_shared_memory_have_the_bits_of_maps_that_are_all_kept(void **state)
{
    (void)state;
    size_t shared_bytes = 0, kept_bytes = 0;
    int n_merges = 0;
    for (uint32_t seed = 0; seed < 60; seed++) {
        ftdn_graph graph;
        build_random_graph(seed, 24, &arena, &graph);
        for (int i = 0; i < graph.n_nodes; i++) n_merges += graph.node[i].op == FTDN_OP_MERGE;
        ftdn_weights weights = make_weights(&graph, &arena);
        random_stream stream = {.seed = seed + 1000};
        const int outputs[3] = {graph.n_nodes - 1, draw(&stream, graph.n_nodes), draw(&stream, graph.n_nodes)};
        const ftdn_input input = {
            .n_images = 2, .values = random_values(&arena, 2 * ftdn_shape_elements(graph.node[0].shape), seed)};
        for (int b = 0; b < 2; b++) {
            machine run[2]; /* shared, kept */
            for (int kept = 0; kept < 2; kept++) {
                const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 3, .keep_all = kept, .micro_batch = 2};
                run[kept] = start_machine(backends[b], &graph, &desc, &weights);
                FTDN_ASSERT_OK(ftdn_forward(run[kept].context, run[kept].packed, &input, NULL, &err), err);
            }
            shared_bytes += ftdn_program_slab_bytes(run[0].program);
            kept_bytes += ftdn_program_slab_bytes(run[1].program);
            for (int i = 0; i < 3; i++) {
                ftdn_map shared = ftdn_context_map(run[0].context, outputs[i]);
                ftdn_map kept = ftdn_context_map(run[1].context, outputs[i]);
                size_t n_bytes = 2 * ftdn_shape_elements(kept.shape) * sizeof(float);
                if (memcmp(shared.values, kept.values, n_bytes) != 0)
                    fail_msg("seed %u, %s: '%s' differs", seed, backends[b], graph.node[outputs[i]].name);
            }
            stop_machine(&run[0]);
            stop_machine(&run[1]);
        }
    }
    assert_true(n_merges > 200);
    assert_true(shared_bytes < kept_bytes / 2);
}

/* input -> a -> relu -> merge with copy -> end; the places where a merge may and may not run in place. */
static void a_merge_runs_in_place_only_where_nobody_else_needs_its_original(void **state)
{
    (void)state;
    enum { ALONE, READ_LATER, OUTPUT, KEPT, N_CASES };
    for (int which = 0; which < N_CASES; which++) {
        ftdn_graph graph;
        ftdn_schedule schedule;
        ftdn_graph_init(&graph, &arena);
        int input = ftdn_graph_add_input(&graph, (ftdn_shape){4, 4, 3});
        const ftdn_conv_layer_desc a = {.name = "a", .n_outputs = 8, .kernel = 1, .activation = RELU};
        const ftdn_conv_layer_desc b = {.name = "b", .n_outputs = 2, .kernel = 1, .activation = RELU};
        const ftdn_conv_layer_desc c = {.name = "c", .n_outputs = 5, .kernel = 1};
        static const int merged[2] = {0, 6};
        int original = ftdn_graph_add_conv_layer(&graph, input, &a),
            copy = ftdn_graph_add_conv_layer(&graph, input, &b);
        ftdn_node node = {.op = FTDN_OP_MERGE, .name = "merge", .input = original, .shape = {4, 4, 8}, .layer = -1};
        node.n_copies = 1;
        node.copy[0] = copy;
        node.n_merged = 2;
        node.merged = merged;
        int merge = ftdn_graph_append_node(&graph, &node);
        ftdn_graph_add_conv_layer(&graph, which == READ_LATER ? original : merge, &c);
        FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
        const ftdn_compile_desc desc = {.outputs = &original, .n_outputs = which == OUTPUT, .keep_all = which == KEPT};
        FTDN_ASSERT_OK(ftdn_schedule_make(&graph, &desc, 1, &arena, &schedule, &err), err);
        bool in_place = schedule.map_offset[merge] == schedule.map_offset[original];
        assert_int_equal(in_place, which == ALONE);
        assert_int_not_equal(schedule.map_offset[copy], schedule.map_offset[original]);
        assert_int_not_equal(schedule.map_offset[copy], schedule.map_offset[merge]);
        assert_int_equal(schedule.n_steps, 4);
    }
}

/* What is tapped before a merge is the map before the merge, and no activation is computed with it. */
static void merges_and_clips_take_only_an_unseen_activation_along(void **state)
{
    (void)state;
    static const int merged[1] = {1};
    for (int tapped = 0; tapped < 2; tapped++) {
        ftdn_graph graph;
        ftdn_schedule schedule;
        ftdn_graph_init(&graph, &arena);
        ftdn_graph_add_input(&graph, (ftdn_shape){4, 4, 2});
        ftdn_node node = {.op = FTDN_OP_CLIP, .name = "copy", .shape = {4, 4, 1}, .layer = -1, .high = 1};
        const ftdn_conv_layer_desc thin = {.name = "thin", .n_outputs = 1, .kernel = 1};
        node.input = ftdn_graph_add_conv_layer(&graph, 0, &thin);
        int copy = ftdn_graph_append_node(&graph, &node);
        node = (ftdn_node){.op = FTDN_OP_MERGE, .name = "merge", .shape = {4, 4, 2}, .layer = -1, .n_copies = 1};
        node.copy[0] = copy;
        node.n_merged = 1;
        node.merged = merged;
        int merge = ftdn_graph_append_node(&graph, &node);
        node = (ftdn_node){.op = FTDN_OP_ACTIVATION, .name = "relu", .input = merge, .shape = {4, 4, 2}, .layer = -1};
        node.activation = RELU;
        int relu = ftdn_graph_append_node(&graph, &node);
        FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
        const ftdn_compile_desc desc = {.taps = &merge, .n_taps = tapped};
        FTDN_ASSERT_OK(ftdn_schedule_make(&graph, &desc, 1, &arena, &schedule, &err), err);
        assert_int_equal(schedule.n_steps, tapped ? 4 : 3); /* the clip stays apart from convolution and merge */
        const ftdn_step *step = &schedule.step[2];
        assert_int_equal(step->op, FTDN_OP_MERGE);
        assert_int_equal(step->target, tapped ? merge : relu);
        assert_int_equal(step->tapped, tapped);
        assert_int_equal(step->activation, tapped ? FTDN_ACTIVATION_NONE : RELU);
        const ftdn_compile_desc all = {.for_gradients = true};
        FTDN_ASSERT_OK(ftdn_schedule_make(&graph, &all, 1, &arena, &schedule, &err), err);
        assert_int_equal(schedule.n_steps, 4);
    }
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    ftdn_graph graph;
    build_random_graph(1, 12, &arena, &graph);
    for (int keep_all = 0; keep_all < 2; keep_all++) {
        for (long n_good = 0;; n_good++) {
            ftdn_schedule schedule;
            ftdn_arena_fail_after(&arena, n_good);
            const ftdn_compile_desc desc = {.keep_all = keep_all};
            ftdn_status status = ftdn_schedule_make(&graph, &desc, 1, &arena, &schedule, &err);
            if (status == FTDN_OK) {
                assert_int_equal(n_good, keep_all ? 7 : 5);
                break;
            }
            assert_int_equal(status, FTDN_ERR_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(maps_in_shared_memory_have_the_bits_of_maps_that_are_all_kept),
        FTDN_ARENA_TEST(a_merge_runs_in_place_only_where_nobody_else_needs_its_original),
        FTDN_ARENA_TEST(merges_and_clips_take_only_an_unseen_activation_along),
        FTDN_ARENA_TEST(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
