/* What protected networks compute: with clean copies what they always did, with faulty ones what definitions say. */
#include <math.h>

#include "detect/network.h"
#include "tests/protectors/small_networks.h"
#include "tests/support/arena_per_test.h"

static void assert_same_bits(const float *found, const float *expected, size_t n)
{
    assert_memory_equal(found, expected, n * sizeof *found);
}

/* tolerance: of the largest expected value. */
static void assert_near(const float *found, const float *expected, size_t n, double tolerance)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)expected[i]));
    assert_true(largest > 0);
    for (size_t i = 0; i < n; i++) {
        double error = fabs((double)found[i] - (double)expected[i]);
        if (!(error <= tolerance * largest)) fail_msg("value %zu: error %g of %g", i, error, largest);
    }
}

/* Weights of the unprotected graph whose copied rows come from a stored copy: what the copies alone would compute. */
static ftdn_weights put_copies_in(const small_network *network, const ftdn_weights *weights, const ftdn_copies *copies,
                                  const float *const *copy)
{
    ftdn_weights mixed = {weights->n_params, FTDN_NEW(&arena, (size_t)weights->n_params, const float *, NULL)};
    assert_non_null(mixed.value);
    memcpy(mixed.value, weights->value, (size_t)weights->n_params * sizeof *weights->value);
    for (int i = 0; i < copies->n_layers; i++) {
        int weight = network->graph.node[network->graph.layer[copies->layer[i].layer].conv].weight;
        const ftdn_param *param = &network->graph.param[weight];
        size_t row_size = param->n_elements / (size_t)param->dims[0];
        float *rows = FTDN_NEW(&arena, param->n_elements, float, NULL);
        assert_non_null(rows);
        memcpy(rows, weights->value[weight], param->n_elements * sizeof *rows);
        for (int j = 0; j < copies->layer[i].n_channels; j++) {
            memcpy(rows + (size_t)copies->layer[i].channel[j] * row_size, copy[i] + (size_t)j * row_size,
                   row_size * sizeof *rows);
        }
        mixed.value[weight] = rows;
    }
    return mixed;
}

/* The plain loops add up a copied channel as they do the original's. */
static void clean_copies_change_no_bit(void **state)
{
    (void)state;
    static void (*const builders[])(small_network *, ftdn_arena *) = {build_plain, build_blocks};
    for (int b = 0; b < 2; b++) {
        small_network network;
        size_t n;
        builders[b](&network, &arena);
        const float *expected = run_graph("ref", &network.graph, &network.weights, network.output, &n, &arena);
        for (int kind = NONE; kind <= D2NN; kind++) {
            for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MAX_ABS; merge++) {
                ftdn_protection_desc desc = kinds[kind];
                if (desc.merge != FTDN_MERGE_MEDIAN) desc.merge = (ftdn_merge)merge;
                desc = fill_desc(&desc, &network.graph, &arena);
                const ftdn_protection *protection = protect_with(desc, &network, &arena);
                int output = protection->node_of[network.output];
                assert_same_bits(run_graph("ref", protection->graph, &protection->clean, output, NULL, &arena),
                                 expected, n);
            }
        }
    }
}

/* By linearity, within the rounding of sums of at most 72 products. */
static void kernel_and_feature_map_recovery_agree_at_the_convolution(void **state)
{
    (void)state;
    small_network network;
    size_t n;
    build_plain(&network, &arena);
    ftdn_protection_desc desc = fill_desc(&kinds[KR], &network.graph, &arena);
    const ftdn_weights damaged = damage_originals(&network, &desc.copies, 30, &arena);
    const ftdn_stored_weights stored = {
        .original = &damaged,
        .copy = {damage_copies(&network, &desc.copies, 40, &arena)},
    };
    const float *values[2];
    for (int i = 0; i < 2; i++) {
        desc.protector = i ? &ftdn_protector_fmr : &ftdn_protector_kr;
        desc.merge_point = FTDN_MERGE_POINT_CONV;
        const ftdn_protection *protection = protect_with(desc, &network, &arena);
        ftdn_assembly assembly = assembly_of(protection, &arena);
        ftdn_assembly_make(&assembly, &stored, 1);
        int output = protection->node_of[network.output];
        values[i] = run_graph("ref", protection->graph, &assembly.weights, output, &n, &arena);
    }
    assert_near(values[0], values[1], n, 1e-5);
    const float *unprotected = run_graph("ref", &network.graph, &damaged, network.output, NULL, &arena);
    assert_true(fabsf(unprotected[0] - values[0][0]) > 1e-3f);
}

/* The last block alone is copied, in part. Its output is the merge, channel by channel, of what the original computes
 * and what each copy computes with depthwise and pointwise filters of its own. */
static void a_block_merges_what_its_streams_compute(void **state)
{
    (void)state;
    for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
        small_network network;
        size_t n;
        build_blocks(&network, &arena);
        ftdn_protection_desc desc = {.protector = &ftdn_protector_fmr, .merge = (ftdn_merge)merge};
        desc.copies = choose_copies(&network.graph, false, ftdn_merge_n_copies(desc.merge), &arena);
        desc.copies.layer += 2;
        desc.copies.n_layers -= 2;
        const ftdn_protection *protection = protect_with(desc, &network, &arena);
        ftdn_assembly assembly = assembly_of(protection, &arena);
        const ftdn_weights damaged = damage_originals(&network, &desc.copies, 50, &arena);
        const float *const *first = damage_copies(&network, &desc.copies, 60, &arena);
        const float *const *second = damage_copies(&network, &desc.copies, 70, &arena);
        ftdn_assembly_make(&assembly, &(ftdn_stored_weights){.original = &damaged, .copy = {first, second}}, 1);

        const ftdn_weights with_first = put_copies_in(&network, &damaged, &desc.copies, first);
        const ftdn_weights with_second = put_copies_in(&network, &damaged, &desc.copies, second);
        int output = protection->node_of[network.output];
        const float *found = run_graph("ref", protection->graph, &assembly.weights, output, &n, &arena);
        const float *a = run_graph("ref", &network.graph, &damaged, network.output, NULL, &arena);
        const float *b = run_graph("ref", &network.graph, &with_first, network.output, NULL, &arena);
        const float *c = run_graph("ref", &network.graph, &with_second, network.output, NULL, &arena);
        for (size_t i = 0; i < n; i++) {
            bool is_copied = i % 7 % 2; /* of 7 channels 1, 3 and 5 */
            float expected = is_copied ? ftdn_merge_values(desc.merge, a[i], b[i], c[i]) : a[i];
            assert_true(found[i] == expected);
        }
    }
}

static void merging_nonzero_values_restores_what_zero_faults_took(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    ftdn_protection_desc desc = {.protector = &ftdn_protector_kr, .merge = FTDN_MERGE_NONZERO};
    desc.copies = choose_copies(&network.graph, true, 1, &arena);
    ftdn_weights zeroed = damage_originals(&network, &desc.copies, 0, &arena);
    float *zeros = FTDN_NEW(&arena, 1000, float, &err);
    assert_non_null(zeros);
    for (int p = 0; p < zeroed.n_params; p++) {
        if (zeroed.value[p] != network.weights.value[p]) zeroed.value[p] = zeros;
    }
    const ftdn_protection *protection = protect_with(desc, &network, &arena);
    ftdn_assembly assembly = assembly_of(protection, &arena);
    ftdn_assembly_make(&assembly, &(ftdn_stored_weights){.original = &zeroed}, 1);
    for (int p = 0; p < zeroed.n_params; p++) {
        assert_same_bits(assembly.weights.value[p], network.weights.value[p], network.graph.param[p].n_elements);
    }
}

static void a_second_network_computes_with_the_copies(void **state)
{
    (void)state;
    small_network network;
    size_t n;
    build_blocks(&network, &arena);
    ftdn_protection_desc desc = fill_desc(&kinds[D2NN], &network.graph, &arena);
    const ftdn_protection *protection = protect_with(desc, &network, &arena);
    ftdn_assembly assembly = assembly_of(protection, &arena);
    const ftdn_weights damaged = damage_originals(&network, &desc.copies, 80, &arena);
    const float *const *copy = damage_copies(&network, &desc.copies, 90, &arena);
    ftdn_assembly_make(&assembly, &(ftdn_stored_weights){.original = &damaged, .copy = {copy}}, 1);
    const ftdn_weights mixed = put_copies_in(&network, &damaged, &desc.copies, copy);
    int primary = protection->node_of[network.output], secondary = protection->secondary_of[network.output];
    const float *expected = run_graph("ref", &network.graph, &damaged, network.output, &n, &arena);
    assert_same_bits(run_graph("ref", protection->graph, &assembly.weights, primary, NULL, &arena), expected, n);
    expected = run_graph("ref", &network.graph, &mixed, network.output, NULL, &arena);
    assert_same_bits(run_graph("ref", protection->graph, &assembly.weights, secondary, NULL, &arena), expected, n);
}

static void clipping_keeps_maps_inside_their_range(void **state)
{
    (void)state;
    small_network network;
    size_t n;
    build_plain(&network, &arena);
    int layer = ftdn_test_find_layer(&network.graph, "conv3"), map = network.graph.layer[layer].last;
    const float *expected = run_graph("ref", &network.graph, &network.weights, map, &n, &arena);
    const ftdn_layer_range wide = {layer, -1e30f, 1e30f}, narrow = {layer, 0.25f, 0.5f};
    ftdn_protection_desc desc = {.protector = &ftdn_protector_clip, .range = &wide, .n_ranges = 1};
    const ftdn_protection *protection = protect_with(desc, &network, &arena);
    const float *found =
        run_graph("ref", protection->graph, &protection->clean, protection->node_of[map], NULL, &arena);
    assert_same_bits(found, expected, n);

    desc.range = &narrow;
    protection = protect_with(desc, &network, &arena);
    found = run_graph("ref", protection->graph, &protection->clean, protection->node_of[map], NULL, &arena);
    int n_clipped = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(found[i] == fminf(fmaxf(expected[i], 0.25f), 0.5f));
        n_clipped += found[i] != expected[i];
    }
    assert_true(n_clipped > 0 && n_clipped < (int)n);
}

/* A detector on the CPU backend. A narrower convolution may add up its products in another order. */
static void a_detector_gives_what_it_gave(void **state)
{
    (void)state;
    ftdn_network detector;
    const ftdn_network_desc network_desc = {.name = "ssd_mobilenet_v1", .n_classes = 20, .width = 0.25};
    FTDN_ASSERT_OK(ftdn_network_create(&network_desc, &arena, &detector, &err), err);
    small_network network = {.graph = detector.graph, .output = detector.class_head[1]};
    FTDN_ASSERT_OK(ftdn_weights_formula(&network.graph, 1, &arena, &network.weights, &err), err);
    size_t n;
    const float *expected = run_graph("cpu", &network.graph, &network.weights, network.output, &n, &arena);
    for (int kind = NONE; kind < N_KINDS; kind++) {
        ftdn_protection_desc desc = fill_desc(&kinds[kind], &network.graph, &arena);
        ftdn_layer_range *range = FTDN_NEW(&arena, (size_t)desc.n_ranges, ftdn_layer_range, &err);
        assert_non_null(range);
        for (int i = 0; i < desc.n_ranges; i++) range[i] = (ftdn_layer_range){desc.range[i].layer, -1e30f, 1e30f};
        desc.range = range;
        const ftdn_protection *protection = protect_with(desc, &network, &arena);
        int output = protection->node_of[network.output];
        const float *found = run_graph("cpu", protection->graph, &protection->clean, output, NULL, &arena);
        if (protection->desc.protector->merges_maps) assert_near(found, expected, n, 1e-5);
        else assert_same_bits(found, expected, n);
        if (!protection->secondary_of) continue;
        output = protection->secondary_of[network.output];
        found = run_graph("cpu", protection->graph, &protection->clean, output, NULL, &arena);
        assert_same_bits(found, expected, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(clean_copies_change_no_bit),
        FTDN_ARENA_TEST(kernel_and_feature_map_recovery_agree_at_the_convolution),
        FTDN_ARENA_TEST(a_block_merges_what_its_streams_compute),
        FTDN_ARENA_TEST(merging_nonzero_values_restores_what_zero_faults_took),
        FTDN_ARENA_TEST(a_second_network_computes_with_the_copies),
        FTDN_ARENA_TEST(clipping_keeps_maps_inside_their_range),
        FTDN_ARENA_TEST(a_detector_gives_what_it_gave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
