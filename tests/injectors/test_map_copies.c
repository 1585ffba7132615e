/* Faults in the maps of copied channels: those of the definition, in the index space of the original. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "injectors/map_faults.h"
#include "tests/injectors/small_net.h"
#include "tests/support/support.h"

enum { seed = 42, N_IMAGES = 2 };
static const uint64_t images[N_IMAGES] = {UINT64_C(0x123456789abcdef0), 7};

/* The faults and one worker's injector, at a point. */
typedef struct injection {
    ftdn_map_faults faults;
    ftdn_map_injector injector;
} injection;

static void prepare(small_net *net, ftdn_map_point point, injection *ret_injection)
{
    ftdn_error err;
    ftdn_map_faults *faults = &ret_injection->faults;
    FTDN_ASSERT_OK(ftdn_map_faults_init(faults, &net->graph, net->scope, point, &net->arena, &err), err);
    FTDN_ASSERT_OK(ftdn_map_injector_init(&ret_injection->injector, faults, &net->arena, &err), err);
    ret_injection->injector.image_id = images;
}

static float *clean_maps(small_net *net, const char *name, size_t n)
{
    ftdn_error err;
    float *values = FTDN_NEW(&net->arena, n, float, &err);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) values[i] = (float)(2 * ftdn_formula_uniform(name, 0, i) - 1);
    return values;
}

static void hit(injection *inject, int target, float *values, int n_images)
{
    int node = inject->faults.target[target].node;
    const ftdn_map map = {node, n_images, inject->faults.graph->node[node].shape, values};
    ftdn_map_injector_hook(&inject->injector, &map);
}

/* What the definition makes of one image's map of a layer. */
static void hit_by_definition(const small_net *net, const ftdn_fault_draw *draw, int layer_index, uint64_t image,
                              ftdn_shape shape, float *values, ftdn_fault_count *count)
{
    const ftdn_layer *layer = &net->graph.layer[layer_index], *original = &net->graph.layer[layer->original];
    int n_channels = net->graph.node[original->conv].shape.c;
    const ftdn_fault_model model = ftdn_fault_model_for(&draw->model, values, ftdn_shape_elements(shape));
    ftdn_site_stream streams[1 + FTDN_MAX_COPIES];
    for (uint32_t copy = 0; copy <= FTDN_MAX_COPIES; copy++) {
        streams[copy] =
            ftdn_site_stream_make(draw->seed, ftdn_layer_id(original->name), FTDN_LOCATION_FEATURE_MAP, copy, image);
    }
    for (int cell = 0; cell < shape.h * shape.w; cell++) {
        for (int j = 0; j < shape.c; j++) {
            int channel = layer->channel ? layer->channel[j] : j, copy = layer->copy ? layer->copy[j] : 0;
            if (copy > 0 && draw->copies == FTDN_COPIES_CLEAN) continue;
            count->n_elements++;
            ftdn_site_stream stream = streams[draw->copies == FTDN_COPIES_SHARED ? 0 : copy];
            uint64_t e = (uint64_t)(cell * n_channels + channel);
            if (!ftdn_site_is_hit(stream, e, ftdn_site_threshold_of(draw->rate))) continue;
            float *value = &values[cell * shape.c + j], clean = *value;
            *value = small_net_hit_value(&model, stream, e, clean);
            count->n_faults++;
            count->n_changed += memcmp(value, &clean, sizeof clean) != 0;
            count->n_nonfinite += !isfinite(*value);
        }
    }
}

static void targets_are_the_layers_in_scope_and_then_those_that_repeat_them(void **state)
{
    small_net *net = *state;
    static const int layers[2][9] = {
        {NET_FIRST, NET_DEPTH, NET_LARGE, NET_FIRST_COPY_1, NET_FIRST_COPY_2, NET_DEPTH_COPY_1, NET_LARGE_SECOND,
         NET_LARGE_SHARED, NET_LARGE_MIXED},
        {NET_FIRST, NET_DEPTH, NET_LARGE, NET_FIRST_COPY_1, NET_FIRST_COPY_2, NET_FIRST_MERGED, NET_DEPTH_COPY_1,
         NET_LARGE_SECOND, NET_LARGE_SHARED},
    };
    for (int point = 0; point < 2; point++) {
        injection inject;
        prepare(net, (ftdn_map_point)point, &inject);
        const ftdn_map_faults *faults = &inject.faults;
        assert_int_equal(faults->n_targets, point == FTDN_MAP_POINT_CONV ? 10 : 9);
        assert_int_equal(faults->n_elements, 2 * 20 * 21 * 16 + 18 * 19 * 37);
        int n_found = 0;
        for (int i = 0; i < net->graph.n_nodes; i++) n_found += faults->target_of_node[i] >= 0;
        assert_int_equal(n_found, faults->n_targets);
        for (int t = 0; t < 9; t++) {
            const ftdn_map_target *target = &faults->target[t];
            const ftdn_layer *layer = &net->graph.layer[layers[point][t]];
            assert_int_equal(target->layer, layers[point][t]);
            assert_int_equal(target->node, point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last);
            assert_int_equal(faults->tap[t], target->node);
            assert_int_equal(faults->target_of_node[target->node], t);
            assert_int_equal(net->scope.layer[target->scope_layer], layer->original);
            assert_int_equal(target->layer_id, ftdn_layer_id(net->graph.layer[layer->original].name));
            int copy = t < 3 ? 0 : target->layer == NET_FIRST_COPY_2 ? 2 : 1;
            assert_int_equal(target->copy, copy);
        }
    }
}

static void every_map_is_hit_at_the_defined_sites(void **state)
{
    small_net *net = *state;
    static const double rates[] = {0.05, 0.05, 0.4, 0, 1};
    for (int test = 0; test < 2 * 3 * 2 * (NET_N_MODELS + 1); test++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(&net->arena);
        int m = test / 12, r = test / 6 % 2 + m;
        const ftdn_fault_draw draw = {
            .model = m < NET_N_MODELS ? small_net_model[m] : (ftdn_fault_model){.type = FTDN_FAULT_RANDOM},
            .rate = rates[r % 5],
            .seed = seed,
            .copies = (ftdn_copy_faults)(test / 2 % 3),
        };
        injection inject;
        prepare(net, (ftdn_map_point)(test % 2), &inject);
        ftdn_map_faults_set(&inject.faults, &draw);
        for (int t = 0; t < inject.faults.n_targets; t++) {
            const ftdn_map_target *target = &inject.faults.target[t];
            ftdn_shape shape = net->graph.node[target->node].shape;
            size_t n = ftdn_shape_elements(shape);
            float *actual = clean_maps(net, "map", N_IMAGES * n), *expected = clean_maps(net, "map", N_IMAGES * n);
            ftdn_fault_count count = {0};
            hit(&inject, t, actual, N_IMAGES);
            for (size_t i = 0; i < N_IMAGES; i++) {
                hit_by_definition(net, &draw, target->layer, images[i], shape, expected + i * n, &count);
            }
            assert_memory_equal(actual, expected, N_IMAGES * n * sizeof *actual);
            assert_memory_equal(&inject.injector.count[t], &count, sizeof count);
        }
        ftdn_arena_reset(&net->arena, mark);
    }
}

/* The same clean values in the original's map and in that of the second network: shared channels stay equal. */
static void channels_that_two_networks_share_have_the_faults_of_the_original(void **state)
{
    small_net *net = *state;
    injection inject;
    prepare(net, FTDN_MAP_POINT_ACTIVATION, &inject);
    const int primary = 2, second = 6, shared = 7;
    assert_int_equal(inject.faults.target[second].layer, NET_LARGE_SECOND);
    size_t n = ftdn_shape_elements(net->graph.node[inject.faults.target[primary].node].shape);
    for (int mode = 0; mode < 3; mode++) {
        const ftdn_fault_draw draw = {small_net_model[2], 0.1, 0, seed, (ftdn_copy_faults)mode};
        ftdn_map_faults_set(&inject.faults, &draw);
        float *clean = clean_maps(net, "map", n), *values[3];
        const int targets[3] = {primary, second, shared};
        for (int i = 0; i < 3; i++) {
            values[i] = clean_maps(net, "map", n);
            hit(&inject, targets[i], values[i], 1);
        }
        assert_memory_equal(values[2], values[0], n * sizeof(float));
        int n_apart = 0, n_copied = 0;
        for (size_t e = 0; e < n; e++) {
            bool copied = net->graph.layer[NET_LARGE_SECOND].copy[e % 37] > 0;
            bool equal = memcmp(&values[0][e], &values[1][e], sizeof(float)) == 0;
            assert_true(equal || copied);
            n_copied += copied;
            n_apart += !equal;
            if (copied && mode == FTDN_COPIES_CLEAN) assert_memory_equal(&values[1][e], &clean[e], sizeof(float));
        }
        /* Hit in one of the two, not in both alike: 0.19 of the copied elements, or 0.1 where copies are clean. */
        if (mode == FTDN_COPIES_SHARED) assert_int_equal(n_apart, 0);
        else assert_in_range(n_apart, n_copied / 15, n_copied / 4);
    }
}

/* Channels few and many: more than a chunk holds, and one. */
static void hits_find_their_place_among_any_number_of_channels(void **state)
{
    (void)state;
    static const int n_channels[] = {1, 2, 3, 31, 1000, 4095, 4096, 4097, 60000};
    for (int i = 0; i < 9; i++) {
        int n = n_channels[i], n_cells = n > 4000 ? 9 : 49;
        small_net net;
        ftdn_error err;
        ftdn_arena_init(&net.arena);
        ftdn_graph_init(&net.graph, &net.arena);
        int size = n > 4000 ? 3 : 7, input = ftdn_graph_add_input(&net.graph, (ftdn_shape){size, size, 1});
        int *channel = FTDN_NEW(&net.arena, (size_t)n + 1, int, &err), n_copied = 0;
        uint8_t *copy = FTDN_NEW(&net.arena, (size_t)n + 1, uint8_t, &err);
        assert_true(channel && copy);
        for (int k = n - 1; k >= 0; k -= 2) channel[n_copied++] = k;
        channel[n_copied++] = n - 1;
        for (int j = 0; j < n_copied; j++) copy[j] = j == n_copied - 1 ? 2 : 1;
        ftdn_graph_add_conv_layer(&net.graph, input, &(ftdn_conv_layer_desc){"all", .n_outputs = n, .kernel = 1});
        ftdn_graph_add_conv_layer(&net.graph, input,
                                  &(ftdn_conv_layer_desc){"copied", .n_outputs = n_copied, .kernel = 1});
        FTDN_ASSERT_OK(ftdn_graph_finish(&net.graph, &err), err);
        net.graph.layer[1].original = 0;
        net.graph.layer[1].channel = channel;
        net.graph.layer[1].copy = copy;
        static const int first = 0;
        net.scope = (ftdn_layer_set){.n_layers = 1, .layer = &first};
        injection inject;
        prepare(&net, FTDN_MAP_POINT_CONV, &inject);
        const ftdn_fault_draw draw = {small_net_model[2], 0.1, 0, seed, FTDN_COPIES_INDEPENDENT};
        ftdn_map_faults_set(&inject.faults, &draw);
        size_t n_values = (size_t)n_copied * (size_t)n_cells;
        float *actual = clean_maps(&net, "map", n_values), *expected = clean_maps(&net, "map", n_values);
        ftdn_fault_count count = {0};
        hit(&inject, 1, actual, 1);
        hit_by_definition(&net, &draw, 1, images[0], (ftdn_shape){size, size, n_copied}, expected, &count);
        assert_memory_equal(actual, expected, n_values * sizeof *actual);
        assert_memory_equal(&inject.injector.count[1], &count, sizeof count);
        ftdn_arena_done(&net.arena);
    }
}

static void copies_meet_the_rate_within_four_sigma(void **state)
{
    small_net *net = *state;
    injection inject;
    prepare(net, FTDN_MAP_POINT_ACTIVATION, &inject);
    const double rate = 0.02;
    const ftdn_fault_draw draw = {small_net_model[0], rate, 0, seed, FTDN_COPIES_INDEPENDENT};
    ftdn_map_faults_set(&inject.faults, &draw);
    float *values = clean_maps(net, "map", (size_t)20 * 21 * 37);
    for (uint64_t id = 0; id < 200; id++) {
        inject.injector.image_id = &id;
        for (int t = 0; t < inject.faults.n_targets; t++) hit(&inject, t, values, 1);
    }
    for (int t = 0; t < inject.faults.n_targets; t++) {
        double n = (double)inject.injector.count[t].n_elements, n_faults = (double)inject.injector.count[t].n_faults;
        assert_true(n >= 300000 && fabs(n_faults - rate * n) < 4 * sqrt(n * rate * (1 - rate)));
    }
    ftdn_map_injector_reset(&inject.injector);
    for (int t = 0; t < inject.faults.n_targets; t++) assert_int_equal(inject.injector.count[t].n_elements, 0);
    assert_int_equal(inject.injector.elapsed_ns, 0);
}

static void refused_memory_is_an_error(void **state)
{
    small_net *net = *state;
    for (long n_good = 0;; n_good++) {
        ftdn_arena arena;
        ftdn_error err;
        ftdn_map_faults faults;
        ftdn_map_injector injector;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status = ftdn_map_faults_init(&faults, &net->graph, net->scope, FTDN_MAP_POINT_CONV, &arena, &err);
        if (status == FTDN_OK) status = ftdn_map_injector_init(&injector, &faults, &arena, &err);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) {
            assert_true(n_good >= 5 + 8 + 2);
            break;
        }
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_the_layers_in_scope_and_then_those_that_repeat_them),
        cmocka_unit_test(every_map_is_hit_at_the_defined_sites),
        cmocka_unit_test(channels_that_two_networks_share_have_the_faults_of_the_original),
        cmocka_unit_test(hits_find_their_place_among_any_number_of_channels),
        cmocka_unit_test(copies_meet_the_rate_within_four_sigma),
        cmocka_unit_test(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, small_net_set_up_with_copies, small_net_tear_down);
}
