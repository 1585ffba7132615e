/* Units of duplication, their copies, and what protections cost (Table 2 of the paper). */
#include "protectors/duplication.h"

#include "detect/network.h"
#include "tests/protectors/small_networks.h"
#include "tests/support/arena_per_test.h"

static ftdn_network create(const char *name)
{
    ftdn_network network;
    ftdn_network_desc desc = {.name = name, .n_classes = 20, .width = 1};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    return network;
}

static const ftdn_unit *find_units(const ftdn_graph *graph, int *ret_n)
{
    const ftdn_unit *unit;
    FTDN_ASSERT_OK(ftdn_units_find(graph, &arena, &unit, ret_n, &err), err);
    return unit;
}

static void a_unit_of_vgg16_is_one_convolution(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_vgg16");
    int n_units;
    int64_t n_weights = 0;
    const ftdn_unit *unit = find_units(&network.graph, &n_units);
    assert_int_equal(n_units, 13);
    for (int u = 0; u < n_units; u++) {
        assert_true(u == 0 || unit[u].layer > unit[u - 1].layer);
        assert_int_equal(unit[u].depthwise, -1);
        assert_int_equal(unit[u].n_depthwise, 0);
        assert_int_equal(unit[u].depthwise_size, 0);
        n_weights += unit[u].filter_size * unit[u].n_channels;
    }
    assert_int_equal(unit[0].layer, ftdn_test_find_layer(&network.graph, "base_net.0"));
    assert_int_equal(unit[0].filter_size, 27);
    assert_int_equal(unit[12].layer, ftdn_test_find_layer(&network.graph, "base_net.28"));
    assert_int_equal(unit[12].n_channels, 512);
    assert_int_equal(unit[12].filter_size, 4608);
    assert_int_equal(n_weights, 14710464);
}

static void a_unit_of_mobilenet_is_a_block(void **state)
{
    (void)state;
    static const struct {
        const char *network, *depthwise, *pointwise; /* of block 13 */
    } names[] = {{"ssd_mobilenet_v1", "base_net.13.0", "base_net.13.3"},
                 {"ssd_mobilenet_v1_tf", "block13.depthwise", "block13.pointwise"}};
    for (size_t i = 0; i < 2; i++) {
        ftdn_network network = create(names[i].network);
        int n_units;
        int64_t n_weights = 0;
        const ftdn_unit *unit = find_units(&network.graph, &n_units);
        assert_int_equal(n_units, 13);
        for (int u = 0; u < n_units; u++) {
            assert_int_equal(unit[u].depthwise, unit[u].layer - 1);
            assert_int_equal(unit[u].filter_size, unit[u].n_depthwise);
            assert_int_equal(unit[u].depthwise_size, 9 * unit[u].n_depthwise);
            n_weights += unit[u].depthwise_size + unit[u].filter_size * unit[u].n_channels;
        }
        assert_int_equal(unit[12].depthwise, ftdn_test_find_layer(&network.graph, names[i].depthwise));
        assert_int_equal(unit[12].layer, ftdn_test_find_layer(&network.graph, names[i].pointwise));
        assert_int_equal(unit[12].n_channels, 1024);
        assert_int_equal(unit[12].n_depthwise, 1024);
        assert_int_equal(unit[0].n_depthwise, 32);
        assert_int_equal(n_weights, 3184224);
    }
}

/* conv -> features -> depthwise -> two pointwise layers, of which the roles are set by the test. */
static void build_with_roles(ftdn_graph *graph, unsigned depthwise, unsigned a, unsigned b)
{
    ftdn_graph_init(graph, &arena);
    int x = ftdn_graph_add_input(graph, (ftdn_shape){5, 5, 4});
    int dw = ftdn_graph_add_conv_layer(
        graph, x,
        &(ftdn_conv_layer_desc){
            .name = "dw", .n_outputs = 4, .kernel = 3, .pad = 1, .depthwise = true, .roles = depthwise});
    ftdn_graph_add_conv_layer(graph, dw,
                              &(ftdn_conv_layer_desc){.name = "a", .n_outputs = 2, .kernel = 1, .roles = a});
    ftdn_graph_add_conv_layer(graph, dw,
                              &(ftdn_conv_layer_desc){.name = "b", .n_outputs = 3, .kernel = 1, .roles = b});
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

static void a_depthwise_convolution_outside_the_feature_layers_is_not_copied(void **state)
{
    (void)state;
    ftdn_graph graph;
    build_with_roles(&graph, FTDN_ROLE_BASE, 0, FTDN_ROLE_FEATURE_MAP);
    int n_units;
    const ftdn_unit *unit = find_units(&graph, &n_units);
    assert_int_equal(n_units, 1);
    assert_int_equal(unit->layer, 2);
    assert_int_equal(unit->depthwise, -1);
}

static void networks_without_units_are_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned depthwise, a, b;
        const char *message;
    } bad[] = {
        {FTDN_ROLE_BASE, FTDN_ROLE_BASE, FTDN_ROLE_HEAD, "the network has no feature layers: nothing can be duplicated"},
        {FTDN_ROLE_FEATURE_MAP, 0, 0,
         "layer 'dw' is no unit of duplication: a grouped convolution makes its feature map"},
        {FTDN_ROLE_FEATURE_WEIGHTS, FTDN_ROLE_FEATURE_MAP, FTDN_ROLE_FEATURE_MAP,
         "layer 'b' is no unit of duplication: it shares the depthwise convolution 'dw' with 'a'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftdn_graph graph;
        const ftdn_unit *unit = NULL;
        int n_units = -1;
        build_with_roles(&graph, bad[i].depthwise, bad[i].a, bad[i].b);
        FTDN_ASSERT_FAILS(ftdn_units_find(&graph, &arena, &unit, &n_units, &err), FTDN_ERR_ARG, bad[i].message, err);
        assert_null(unit);
        assert_int_equal(n_units, -1);
    }
}

static void a_chosen_channel_takes_its_whole_depthwise_convolution_along(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    int n_units;
    const ftdn_unit *unit = find_units(&network.graph, &n_units);
    assert_int_equal(n_units, 2);
    static const int chosen[] = {0, 6};
    const int *channel[] = {NULL, chosen};
    const int n_kept[] = {0, 2};
    ftdn_copies copies;
    FTDN_ASSERT_OK(ftdn_copies_make(unit, n_units, channel, n_kept, 2, &arena, &copies, &err), err);
    assert_int_equal(copies.n_copies, 2);
    assert_int_equal(copies.n_layers, 2);
    assert_int_equal(copies.layer[0].layer, ftdn_test_find_layer(&network.graph, "b2.dw"));
    assert_int_equal(copies.layer[0].n_channels, 8);
    for (int k = 0; k < 8; k++) assert_int_equal(copies.layer[0].channel[k], k);
    assert_int_equal(copies.layer[1].layer, ftdn_test_find_layer(&network.graph, "b2.pw"));
    assert_int_equal(copies.layer[1].n_channels, 2);
    assert_ptr_equal(copies.layer[1].channel, chosen);

    const int none[] = {0, 0};
    FTDN_ASSERT_OK(ftdn_copies_make(unit, n_units, channel, none, 2, &arena, &copies, &err), err);
    assert_int_equal(copies.n_copies, 0);
    assert_int_equal(copies.n_layers, 0);
}

/* Two depthwise layers before their two pointwise layers. */
static void copies_ascend_by_layer_where_units_interleave(void **state)
{
    (void)state;
    const ftdn_unit unit[] = {{.layer = 2, .depthwise = 0, .n_channels = 3, .n_depthwise = 2},
                              {.layer = 3, .depthwise = 1, .n_channels = 3, .n_depthwise = 4}};
    static const int chosen[] = {1};
    const int *channel[] = {chosen, chosen};
    const int n_kept[] = {1, 1};
    ftdn_copies copies;
    FTDN_ASSERT_OK(ftdn_copies_make(unit, 2, channel, n_kept, 1, &arena, &copies, &err), err);
    assert_int_equal(copies.n_layers, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(copies.layer[i].layer, i);
    assert_int_equal(copies.layer[1].n_channels, 4);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    static const int chosen[] = {1, 2};
    const int *channel[] = {chosen, chosen};
    const int n_kept[] = {2, 2};
    ftdn_status status = FTDN_ERR_MEMORY;
    long k;
    for (k = 0; status != FTDN_OK; k++) {
        const ftdn_unit *unit;
        int n_units;
        ftdn_copies copies = {.n_layers = -1};
        err = (ftdn_error){0};
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_units_find(&network.graph, &arena, &unit, &n_units, &err);
        if (status == FTDN_OK) status = ftdn_copies_make(unit, n_units, channel, n_kept, 1, &arena, &copies, &err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        assert_int_equal(err.status, status);
        assert_int_equal(copies.n_layers, status == FTDN_OK ? 4 : -1);
    }
    assert_int_equal(k, 5);
}

/* What a protection of half of all channels costs. Weights are not read: they stay zero. */
static ftdn_account account_of(const ftdn_network *network, const ftdn_protector *protector)
{
    small_network bare = {.graph = network->graph};
    float *zeros = FTDN_NEW(&arena, 3 * 3 * 1024 * 1024, float, &err);
    int n_params = network->graph.n_params;
    bare.weights = (ftdn_weights){n_params, FTDN_NEW(&arena, (size_t)n_params, const float *, &err)};
    assert_true(zeros && bare.weights.value);
    for (int i = 0; i < n_params; i++) bare.weights.value[i] = zeros;
    ftdn_protection_desc desc = {.protector = protector};
    if (protector->duplicates) desc.copies = choose_copies(&network->graph, false, 1, &arena);
    return ftdn_protection_account(protect_with(desc, &bare, &arena));
}

static void assert_account(ftdn_account found, ftdn_account expected)
{
    assert_int_equal(found.weight_bytes, expected.weight_bytes);
    assert_int_equal(found.feature_map_bytes, expected.feature_map_bytes);
    assert_int_equal(found.map_bytes, expected.map_bytes);
    assert_int_equal(found.macs, expected.macs);
    assert_int_equal(found.merge_values, expected.merge_values);
}

/* All layers have an even number of channels: half of 14,710,464 weights, of 24,372,480 values and of
 * 27,816,496,128 multiply-accumulates. In sum FMR adds 78,165,888 bytes. */
static void vgg16_costs_what_half_of_its_filters_cost(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_vgg16");
    assert_account(account_of(&network, &ftdn_protector_none), (ftdn_account){0});
    assert_account(account_of(&network, &ftdn_protector_kr),
                   (ftdn_account){.weight_bytes = 29420928, .merge_values = 7355232});
    assert_account(account_of(&network, &ftdn_protector_fmr),
                   (ftdn_account){.weight_bytes = 29420928,
                                  .feature_map_bytes = 48744960,
                                  .map_bytes = 48744960,
                                  .macs = 13908248064,
                                  .merge_values = 12186240});
}

/* Depthwise: 44,640 weights, 3,524,672 values, 31,722,048 multiply-accumulates, all of them copied. Pointwise: half of
 * 3,139,584 weights, of 4,933,120 values and of 1,004,044,288 multiply-accumulates. */
static void mobilenet_costs_all_of_its_depthwise_convolutions(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_mobilenet_v1");
    assert_account(account_of(&network, &ftdn_protector_kr),
                   (ftdn_account){.weight_bytes = 6457728, .merge_values = 1614432});
    assert_account(account_of(&network, &ftdn_protector_fmr),
                   (ftdn_account){.weight_bytes = 6457728,
                                  .feature_map_bytes = 9866240,
                                  .map_bytes = 23964928,
                                  .macs = 533744192,
                                  .merge_values = 2466560});
}

/* Maps: conv1 960, pool 240, conv2 180, norm 180, side 120, conv3 150, head 120 values. Copied are 4, 3 and 2 filters
 * of 27, 72 and 54 weights; of the feature maps 4 * 120, 3 * 30 and 2 * 30 values. */
static void a_second_network_costs_all_maps_and_multiplications(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    ftdn_protection_desc desc = {.protector = &ftdn_protector_d2nn};
    desc.copies = choose_copies(&network.graph, false, 1, &arena);
    ftdn_account expected = {.weight_bytes = 4 * (4 * 27 + 3 * 72 + 2 * 54), .feature_map_bytes = 4 * 630};
    expected.map_bytes = 4 * 1950;
    expected.macs = 960 * 27 + 180 * 72 + 120 * 6 + 150 * 54 + 120 * 5;
    assert_account(ftdn_protection_account(protect_with(desc, &network, &arena)), expected);
}

/* Median: two copies, merged once. */
static void two_copies_cost_twice_as_much_and_are_merged_once(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    ftdn_protection_desc desc = {.protector = &ftdn_protector_fmr, .merge = FTDN_MERGE_MEDIAN};
    desc.copies = choose_copies(&network.graph, false, 2, &arena);
    for (int point = 0; point < 2; point++) {
        desc.merge_point = point ? FTDN_MERGE_POINT_CONV : FTDN_MERGE_POINT_ACTIVATION;
        ftdn_account expected = {.weight_bytes = 2 * 4 * (4 * 27 + 3 * 72 + 2 * 54),
                                 .feature_map_bytes = 2 * 4 * 630,
                                 .map_bytes = 2 * 4 * 630,
                                 .macs = 2 * (4 * 120 * 27 + 3 * 30 * 72 + 2 * 30 * 54),
                                 .merge_values = 630};
        assert_account(ftdn_protection_account(protect_with(desc, &network, &arena)), expected);
    }
}

static void clipping_costs_the_values_that_are_clipped(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    const ftdn_layer_range range[] = {{0, 0, 1}, {3, 0, 1}};
    ftdn_protection_desc desc = {.protector = &ftdn_protector_clip, .range = range, .n_ranges = 2};
    assert_account(ftdn_protection_account(protect_with(desc, &network, &arena)),
                   (ftdn_account){.merge_values = 960 + 150});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(a_unit_of_vgg16_is_one_convolution),
        FTDN_ARENA_TEST(a_unit_of_mobilenet_is_a_block),
        FTDN_ARENA_TEST(a_depthwise_convolution_outside_the_feature_layers_is_not_copied),
        FTDN_ARENA_TEST(networks_without_units_are_refused),
        FTDN_ARENA_TEST(a_chosen_channel_takes_its_whole_depthwise_convolution_along),
        FTDN_ARENA_TEST(copies_ascend_by_layer_where_units_interleave),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
        FTDN_ARENA_TEST(vgg16_costs_what_half_of_its_filters_cost),
        FTDN_ARENA_TEST(mobilenet_costs_all_of_its_depthwise_convolutions),
        FTDN_ARENA_TEST(a_second_network_costs_all_maps_and_multiplications),
        FTDN_ARENA_TEST(two_copies_cost_twice_as_much_and_are_merged_once),
        FTDN_ARENA_TEST(clipping_costs_the_values_that_are_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
