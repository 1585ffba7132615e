/* What protectors make of stored weights, and what they refuse. */
#include "protectors/protector.h"

#include <math.h>

#include "tests/protectors/small_networks.h"
#include "tests/support/arena_per_test.h"

static void the_table_names_all_protectors(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "kr", "fmr", "d2nn", "clip"};
    int n;
    const ftdn_protector *const *all = ftdn_protectors(&n);
    assert_int_equal(n, 5);
    for (int i = 0; i < n; i++) {
        assert_string_equal(all[i]->name, names[i]);
        assert_ptr_equal(ftdn_protector_find(names[i]), all[i]);
        assert_non_null(all[i]->help);
    }
    assert_null(ftdn_protector_find("KR"));
    assert_null(ftdn_protector_find(""));
}

/* A protection of kind `i` with its assembly, and stored weights of other values. */
typedef struct assembly_case {
    small_network network;
    const ftdn_protection *protection;
    ftdn_assembly assembly;
    ftdn_weights damaged;
    const float *const *damaged_copy[FTDN_MAX_COPIES];
} assembly_case;

static void make_case(assembly_case *test, int kind, ftdn_merge merge)
{
    build_blocks(&test->network, &arena);
    ftdn_protection_desc desc = kinds[kind];
    desc.merge = merge;
    desc = fill_desc(&desc, &test->network.graph, &arena);
    test->protection = protect_with(desc, &test->network, &arena);
    test->assembly = assembly_of(test->protection, &arena);
    test->damaged = damage_originals(&test->network, &desc.copies, 10, &arena);
    for (uint32_t c = 0; c < FTDN_MAX_COPIES; c++) {
        test->damaged_copy[c] = damage_copies(&test->network, &desc.copies, 20 + 10 * c, &arena);
    }
}

static void assert_all_clean(const assembly_case *test)
{
    for (int p = 0; p < test->assembly.weights.n_params; p++) {
        assert_ptr_equal(test->assembly.weights.value[p], test->protection->clean.value[p]);
    }
}

static void clean_values_keep_their_pointers(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        assembly_case test;
        make_case(&test, kind, kinds[kind].merge);
        assert_all_clean(&test);
        const ftdn_stored_weights clean = {.original = &test.network.weights};
        const ftdn_stored_weights very_clean = {
            .original = &test.network.weights,
            .copy = {test.protection->clean_copy[0], test.protection->clean_copy[1]},
        };
        const ftdn_stored_weights damaged = {
            .original = &test.damaged,
            .copy = {test.damaged_copy[0], test.damaged_copy[1]},
        };
        bool has_copies = test.protection->desc.copies.n_layers > 0;
        ftdn_assembly_make(&test.assembly, &clean, 1);
        assert_all_clean(&test);
        ftdn_assembly_make(&test.assembly, &damaged, 2);
        int pointwise = find_param(&test.network.graph, "b1.pw.weight");
        assert_int_equal(test.assembly.weights.value[pointwise] != test.protection->clean.value[pointwise], has_copies);
        ftdn_assembly_make(&test.assembly, &very_clean, 2);
        assert_all_clean(&test);
    }
}

/* The value that the definition gives: element i of channel k of a copied layer. */
static float merged_value(const assembly_case *test, ftdn_merge merge, int copied, int k, size_t i, size_t row_size,
                          const float *original)
{
    const ftdn_layer_copies *copies = &test->protection->desc.copies.layer[copied];
    float a = original[(size_t)k * row_size + i];
    for (int j = 0; j < copies->n_channels; j++) {
        if (copies->channel[j] != k) continue;
        size_t at = (size_t)j * row_size + i;
        return ftdn_merge_values(merge, a, test->damaged_copy[0][copied][at], test->damaged_copy[1][copied][at]);
    }
    return a;
}

static void kernel_recovery_merges_the_rows_of_copied_filters(void **state)
{
    (void)state;
    for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
        assembly_case test;
        make_case(&test, KR, (ftdn_merge)merge);
        const ftdn_stored_weights stored = {
            .original = &test.damaged,
            .copy = {test.damaged_copy[0], test.damaged_copy[1]},
        };
        ftdn_assembly_make(&test.assembly, &stored, 1 + merge % 2);
        const ftdn_graph *graph = &test.network.graph;
        for (int i = 0; i < test.protection->desc.copies.n_layers; i++) {
            int weight = graph->node[graph->layer[test.protection->desc.copies.layer[i].layer].conv].weight;
            int n_channels = (int)graph->param[weight].dims[0];
            size_t row_size = graph->param[weight].n_elements / (size_t)n_channels;
            assert_ptr_not_equal(test.assembly.weights.value[weight], test.damaged.value[weight]);
            for (int k = 0; k < n_channels; k++) {
                for (size_t e = 0; e < row_size; e++) {
                    float expected =
                        merged_value(&test, (ftdn_merge)merge, i, k, e, row_size, test.damaged.value[weight]);
                    assert_true(test.assembly.weights.value[weight][(size_t)k * row_size + e] == expected);
                }
            }
        }
        int stem = find_param(graph, "stem.weight");
        assert_ptr_equal(test.assembly.weights.value[stem], test.network.weights.value[stem]);
    }
}

/* Each alone: a faulty original with clean copies, a faulty copy of one layer with clean originals. */
static void one_faulty_part_suffices_to_merge_anew(void **state)
{
    (void)state;
    assembly_case test;
    make_case(&test, KR, FTDN_MERGE_MEAN);
    const ftdn_weights *clean = &test.network.weights;
    int depthwise = find_param(&test.network.graph, "b1.dw.weight");
    int pointwise = find_param(&test.network.graph, "b1.pw.weight"); /* [8,6,1,1], channels 1, 3, 5, 7 copied */
    ftdn_assembly_make(&test.assembly, &(ftdn_stored_weights){.original = &test.damaged}, 1);
    const float *merged = test.assembly.weights.value[pointwise];
    for (int i = 0; i < 48; i++) {
        float a = test.damaged.value[pointwise][i], b = clean->value[pointwise][i];
        assert_true(merged[i] == (i / 6 % 2 ? ftdn_merge_mean(a, b) : a));
    }

    const float *only_second[4] = {NULL, test.damaged_copy[0][1], NULL, NULL};
    ftdn_assembly_make(&test.assembly, &(ftdn_stored_weights){.original = clean, .copy = {only_second}}, 1);
    assert_ptr_equal(test.assembly.weights.value[depthwise], clean->value[depthwise]);
    merged = test.assembly.weights.value[pointwise];
    assert_ptr_not_equal(merged, clean->value[pointwise]);
    for (int i = 0; i < 48; i++) {
        float a = clean->value[pointwise][i];
        float b = i / 6 % 2 ? test.damaged_copy[0][1][i / 12 * 6 + i % 6] : a;
        assert_true(merged[i] == ftdn_merge_mean(a, b));
    }
}

static void feature_map_recovery_borrows_the_stored_copies(void **state)
{
    (void)state;
    assembly_case test;
    make_case(&test, FMR_OF_THREE, FTDN_MERGE_MEDIAN);
    const ftdn_graph *graph = test.protection->graph;
    const ftdn_stored_weights stored = {
        .original = &test.damaged,
        .copy = {test.damaged_copy[0], test.damaged_copy[1]},
    };
    ftdn_assembly_make(&test.assembly, &stored, 1);
    const float *const *value = test.assembly.weights.value;
    for (int p = 0; p < test.network.graph.n_params; p++) assert_ptr_equal(value[p], test.damaged.value[p]);
    assert_ptr_equal(value[find_param(graph, "b1.dw:copy1.weight")], test.damaged_copy[0][0]);
    assert_ptr_equal(value[find_param(graph, "b2.pw:copy1.weight")], test.damaged_copy[0][3]);
    assert_ptr_equal(value[find_param(graph, "b2.pw:copy2.weight")], test.damaged_copy[1][3]);
    int norm = find_param(graph, "b2.pwbn:copy2.running_var");
    assert_ptr_equal(value[norm], test.protection->clean.value[norm]);
    const float *first = test.protection->clean.value[find_param(graph, "b2.pw:copy1.weight")];
    const float *rows = test.network.weights.value[find_param(graph, "b2.pw.weight")]; /* [7,8,1,1], copied 1, 3, 5 */
    for (int i = 0; i < 24; i++) assert_true(first[i] == rows[(2 * (i / 8) + 1) * 8 + i % 8]);
    for (int p = 0; p < graph->n_params; p++) assert_null(test.assembly.buffer[p]);
}

static void a_second_network_has_the_copies_among_the_originals_rows(void **state)
{
    (void)state;
    assembly_case test;
    make_case(&test, D2NN, FTDN_MERGE_MEAN);
    const ftdn_graph *graph = test.protection->graph;
    int primary = find_param(graph, "b1.pw.weight"), secondary = find_param(graph, "b1.pw:secondary.weight");
    assert_ptr_equal(test.protection->clean.value[secondary], test.network.weights.value[primary]);
    const ftdn_stored_weights stored = {.original = &test.damaged, .copy = {test.damaged_copy[0]}};
    ftdn_assembly_make(&test.assembly, &stored, 2);
    assert_ptr_equal(test.assembly.weights.value[primary], test.damaged.value[primary]);
    const float *rows = test.assembly.weights.value[secondary];
    for (int i = 0; i < 48; i++) {
        bool is_copied = i / 6 % 2;
        assert_true(rows[i] ==
                    (is_copied ? test.damaged_copy[0][1][i / 12 * 6 + i % 6] : test.damaged.value[primary][i]));
    }
}

static void the_number_of_copies_is_that_of_the_merge(void **state)
{
    (void)state;
    static const struct {
        const ftdn_protector *protector;
        ftdn_merge merge;
        int n_copies;
        const char *message;
    } bad[] = {
        {&ftdn_protector_kr, FTDN_MERGE_MEAN, 2,
         "protection 'kr': there are 2 copies of each filter; the merge takes 1"},
        {&ftdn_protector_kr, FTDN_MERGE_MEDIAN, 1,
         "protection 'kr': there are 1 copies of each filter; the merge takes 2"},
        {&ftdn_protector_fmr, FTDN_MERGE_NONZERO, 2,
         "protection 'fmr': there are 2 copies of each filter; the merge takes 1"},
        {&ftdn_protector_d2nn, FTDN_MERGE_MEDIAN, 2, "protection 'd2nn': there are 2 copies of each filter; it takes 1"},
    };
    small_network network;
    build_plain(&network, &arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftdn_protection protection;
        ftdn_protection_desc desc = {.protector = bad[i].protector,
                                     .merge = bad[i].merge,
                                     .graph = &network.graph,
                                     .weights = &network.weights};
        desc.copies = choose_copies(&network.graph, false, bad[i].n_copies, &arena);
        FTDN_ASSERT_FAILS(ftdn_protection_init(&protection, &desc, &arena, &err), FTDN_ERR_ARG, bad[i].message, err);
    }
}

static void wrong_ranges_are_refused(void **state)
{
    (void)state;
    static const struct {
        ftdn_layer_range range[2];
        int n_ranges;
        const char *message;
    } bad[] = {
        {{{0, 1, 0.5f}}, 1, "protection 'clip': layer 'conv1': [1, 0.5] is no range of finite values"},
        {{{1, 0, (float)INFINITY}}, 1, "protection 'clip': layer 'conv2': [0, inf] is no range of finite values"},
        {{{1, (float)NAN, 1}}, 1, "nan, 1] is no range of finite values"},
        {{{0, 0, 1}, {0, 0, 2}}, 2, "protection 'clip': layer 'conv1' has two ranges"},
    };
    small_network network;
    build_plain(&network, &arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftdn_protection protection;
        const ftdn_protection_desc desc = {.protector = &ftdn_protector_clip,
                                           .range = bad[i].range,
                                           .n_ranges = bad[i].n_ranges,
                                           .graph = &network.graph,
                                           .weights = &network.weights};
        FTDN_ASSERT_FAILS(ftdn_protection_init(&protection, &desc, &arena, &err), FTDN_ERR_ARG, bad[i].message, err);
    }
}

static void copied_depthwise_convolutions_must_lead_somewhere(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    static const int channel[] = {0, 1, 2, 3, 4, 5, 6, 7};
    int dw1 = ftdn_test_find_layer(&network.graph, "b1.dw"), pw1 = ftdn_test_find_layer(&network.graph, "b1.pw");
    int dw2 = ftdn_test_find_layer(&network.graph, "b2.dw");
    const ftdn_layer_copies part[] = {{dw1, 5, channel}, {pw1, 2, channel}};
    const ftdn_layer_copies lost[] = {{dw1, 6, channel}, {pw1, 2, channel}, {dw2, 8, channel}};
    ftdn_protection protection;
    ftdn_protection_desc desc = {.protector = &ftdn_protector_fmr,
                                 .graph = &network.graph,
                                 .weights = &network.weights,
                                 .copies = {.n_copies = 1, .n_layers = 2, .layer = part}};
    FTDN_ASSERT_FAILS(ftdn_protection_init(&protection, &desc, &arena, &err), FTDN_ERR_ARG,
                      "protection 'fmr': layer 'b1.dw': 5 of 6 channels of a depthwise convolution are copied", err);
    desc.copies = (ftdn_copies){.n_copies = 1, .n_layers = 3, .layer = lost};
    FTDN_ASSERT_FAILS(ftdn_protection_init(&protection, &desc, &arena, &err), FTDN_ERR_ARG,
                      "protection 'fmr': layer 'b2.dw': a depthwise convolution is copied, and no filter that reads it",
                      err);
    /* Pointwise filters alone read the original's map. */
    desc.copies = (ftdn_copies){.n_copies = 1, .n_layers = 1, .layer = &part[1]};
    FTDN_ASSERT_OK(ftdn_protection_init(&protection, &desc, &arena, &err), err);
    assert_node_reads(protection.graph, "b1.pw:copy1", "b1.dw:relu");
}

static void a_name_that_is_taken_is_refused(void **state)
{
    (void)state;
    small_network network;
    ftdn_graph_init(&network.graph, &arena);
    int x = ftdn_graph_add_input(&network.graph, (ftdn_shape){3, 3, 2});
    ftdn_conv_layer_desc layer = {.name = "a", .n_outputs = 2, .kernel = 1, .roles = FEATURE};
    x = ftdn_graph_add_conv_layer(&network.graph, x, &layer);
    layer.name = "a:copy1";
    x = ftdn_graph_add_conv_layer(&network.graph, x, &layer);
    finish_network(&network, x, &arena);
    ftdn_protection protection;
    ftdn_protection_desc desc = fill_desc(&kinds[FMR], &network.graph, &arena);
    desc.graph = &network.graph;
    desc.weights = &network.weights;
    FTDN_ASSERT_FAILS(ftdn_protection_init(&protection, &desc, &arena, &err), FTDN_ERR_ARG, "'a:copy1", err);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    for (int i = 0; i < N_KINDS; i++) {
        ftdn_protection_desc desc = fill_desc(&kinds[i], &network.graph, &arena);
        desc.graph = &network.graph;
        desc.weights = &network.weights;
        ftdn_status status = FTDN_ERR_MEMORY;
        long k;
        for (k = 0; status != FTDN_OK; k++) {
            ftdn_arena tight;
            ftdn_protection protection;
            ftdn_assembly assembly;
            err = (ftdn_error){0};
            ftdn_arena_init(&tight);
            ftdn_arena_fail_after(&tight, k);
            status = ftdn_protection_init(&protection, &desc, &tight, &err);
            if (status == FTDN_OK) status = ftdn_assembly_init(&assembly, &protection, &tight, &err);
            ftdn_arena_done(&tight);
            assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
            assert_int_equal(err.status, status);
        }
        assert_true(k > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_names_all_protectors),
        FTDN_ARENA_TEST(clean_values_keep_their_pointers),
        FTDN_ARENA_TEST(kernel_recovery_merges_the_rows_of_copied_filters),
        FTDN_ARENA_TEST(one_faulty_part_suffices_to_merge_anew),
        FTDN_ARENA_TEST(feature_map_recovery_borrows_the_stored_copies),
        FTDN_ARENA_TEST(a_second_network_has_the_copies_among_the_originals_rows),
        FTDN_ARENA_TEST(the_number_of_copies_is_that_of_the_merge),
        FTDN_ARENA_TEST(wrong_ranges_are_refused),
        FTDN_ARENA_TEST(copied_depthwise_convolutions_must_lead_somewhere),
        FTDN_ARENA_TEST(a_name_that_is_taken_is_refused),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
