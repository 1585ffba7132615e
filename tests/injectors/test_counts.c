/* Draws with a count: exactly so many elements, uniformly chosen among all layers in scope. */
#include <math.h>
#include <string.h>

#include "injectors/fault_hits.h"
#include "injectors/map_faults.h"
#include "injectors/weight_faults.h"
#include "tests/injectors/small_net.h"
#include "tests/support/support.h"

enum { seed = 42 };
__extension__ typedef unsigned __int128 uint128;

static uint64_t defined_pick(uint64_t image, uint64_t i, uint64_t total)
{
    ftdn_site_stream stream = ftdn_site_stream_make(seed, 0, FTDN_LOCATION_WEIGHTS, 0, image);
    ftdn_philox_block counter = {
        {(uint32_t)i, (uint32_t)(i >> 32) | UINT32_C(3) << 24, stream.counter2, stream.counter3}};
    ftdn_philox_block bits = ftdn_philox(counter, stream.key0, stream.key1);
    uint64_t u = (uint64_t)bits.word[1] << 32 | bits.word[0];
    return (uint64_t)((uint128)u * total >> 64);
}

static void a_pick_is_the_upper_half_of_a_product(void **state)
{
    (void)state;
    static const uint64_t totals[] = {
        1, 2, 3, 97, 14710464, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, (UINT64_C(1) << 56) - 1};
    for (int t = 0; t < 9; t++) {
        for (uint64_t i = 0; i < 2000; i++) {
            uint64_t index = i < 1000 ? i : (UINT64_C(1) << 40) + i;
            ftdn_site_stream stream = ftdn_site_pick_stream(seed, FTDN_LOCATION_WEIGHTS, 5);
            uint64_t pick = ftdn_site_pick(stream, index, totals[t]);
            assert_true(pick < totals[t]);
            assert_true(pick == defined_pick(5, index, totals[t]));
        }
    }
}

static bool holds(const uint64_t *element, int n, uint64_t wanted)
{
    for (int i = 0; i < n; i++) {
        if (element[i] == wanted) return true;
    }
    return false;
}

static void picks_are_the_first_different_ones_in_ascending_order(void **state)
{
    (void)state;
    static const uint64_t totals[] = {1, 2, 7, 40, 1023, 1024, 1025, 5000, UINT64_C(1) << 40};
    static const int counts[] = {1, 2, 7, 39, 40, 41, 1024};
    for (int t = 0; t < 9; t++) {
        for (int c = 0; c < 7; c++) {
            uint64_t expected[FTDN_MAX_FAULT_COUNT];
            uint64_t n_expected = totals[t] < (uint64_t)counts[c] ? totals[t] : (uint64_t)counts[c];
            int n = 0;
            for (uint64_t i = 0; (uint64_t)n < n_expected; i++) {
                uint64_t pick = defined_pick(9, i, totals[t]);
                if (!holds(expected, n, pick)) expected[n++] = pick;
            }
            ftdn_fault_picks picks;
            ftdn_fault_picks_make(&picks, seed, FTDN_LOCATION_WEIGHTS, 9, totals[t], counts[c]);
            assert_int_equal(picks.n_picks, n);
            for (int i = 0; i < n; i++) {
                assert_true(holds(expected, n, picks.element[i]));
                assert_true(i == 0 || picks.element[i - 1] < picks.element[i]);
                assert_true(ftdn_fault_picks_any(&picks, picks.element[i], 1));
                uint64_t after = picks.element[i] + 1, before_next = i + 1 < n ? picks.element[i + 1] : UINT64_MAX;
                assert_false(ftdn_fault_picks_any(&picks, after, before_next - after));
            }
        }
    }
}

static void a_larger_count_picks_a_superset(void **state)
{
    (void)state;
    ftdn_fault_picks smaller, larger;
    ftdn_fault_picks_make(&smaller, seed, FTDN_LOCATION_FEATURE_MAP, 3, 1500, 1);
    for (int count = 2; count <= FTDN_MAX_FAULT_COUNT; count++) {
        ftdn_fault_picks_make(&larger, seed, FTDN_LOCATION_FEATURE_MAP, 3, 1500, count);
        assert_int_equal(larger.n_picks, count);
        int n_common = 0;
        for (int i = 0; i < count; i++) {
            if (n_common < count - 1 && smaller.element[n_common] == larger.element[i]) n_common++;
        }
        assert_int_equal(n_common, count - 1);
        smaller = larger;
    }
}

/* Counts of each of 500 elements over 20,000 images, for one pick and for 50: chi-square within five sigma. */
static void every_element_is_picked_as_often(void **state)
{
    (void)state;
    enum { total = 500, n_images = 20000 };
    static const int counts[] = {1, 50};
    for (int c = 0; c < 2; c++) {
        double n_picked[total] = {0}, expected = (double)n_images * counts[c] / total, chi_square = 0;
        for (uint64_t image = 0; image < n_images; image++) {
            ftdn_fault_picks picks;
            ftdn_fault_picks_make(&picks, seed, FTDN_LOCATION_WEIGHTS, image, total, counts[c]);
            for (int i = 0; i < picks.n_picks; i++) n_picked[picks.element[i]]++;
        }
        for (int e = 0; e < total; e++) chi_square += (n_picked[e] - expected) * (n_picked[e] - expected) / expected;
        /* Without repeats the variance is smaller, by the share that one image leaves out. */
        chi_square /= 1 - (double)(counts[c] - 1) / (total - 1);
        assert_true(fabs(chi_square - (total - 1)) < 5 * sqrt(2.0 * (total - 1)));
    }
}

/* One layer's weights as the definition hits them. base: elements of the layers before. */
static void check_weights(const small_net *net, const ftdn_fault_draw *draw, uint64_t image, int layer,
                          const uint64_t *picked, int n_picked, uint64_t base, const float *actual)
{
    int weight = net->graph.node[net->graph.layer[layer].conv].weight;
    ftdn_site_stream stream =
        ftdn_site_stream_make(draw->seed, ftdn_layer_id(net->graph.layer[layer].name), FTDN_LOCATION_WEIGHTS, 0, image);
    for (uint64_t e = 0; e < net->graph.param[weight].n_elements; e++) {
        float value = net->weights.value[weight][e];
        if (holds(picked, n_picked, base + e)) value = small_net_hit_value(&draw->model, stream, e, value);
        assert_memory_equal(&actual[e], &value, sizeof value);
    }
}

static void exactly_the_picked_weights_are_hit(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    static const int counts[] = {1, 2, 10, 100, 1024};
    static int channel[70];
    for (int k = 0; k < 70; k++) channel[k] = k;
    const ftdn_layer_copies copied[] = {{NET_FIRST, 16, channel}, {NET_POINT, 70, channel}, {NET_LARGE, 37, channel}};
    const ftdn_copies copies = {.n_copies = 2, .n_layers = 3, .layer = copied};
    ftdn_weight_faults faults;
    FTDN_ASSERT_OK(ftdn_weight_faults_init(&faults, &net->graph, net->scope, &copies, &net->weights, &net->arena, &err),
                   err);
    const uint64_t sizes[] = {16 * 27, 16 * 9, 37 * 630}, total = sizes[0] + sizes[1] + sizes[2];
    assert_int_equal(faults.n_elements, total);
    for (int test = 0; test < 5 * 2 * 3; test++) {
        int count = counts[test / 6];
        uint64_t image = test % 2 ? UINT64_C(1) << 40 : 0, picked[FTDN_MAX_FAULT_COUNT], base = 0;
        const ftdn_fault_draw draw = {
            .model = small_net_model[2], /* a flipped bit is always another value */
            .count = count,
            .seed = seed,
            .copies = (ftdn_copy_faults)(test / 2 % 3),
        };
        int n = 0;
        for (uint64_t i = 0; n < count; i++) {
            uint64_t pick = defined_pick(image, i, total);
            if (!holds(picked, n, pick)) picked[n++] = pick;
        }
        ftdn_weight_faults_draw(&faults, &draw, image, 1 + test % 2);
        int64_t n_faults = 0, n_changed = 0, n_elements = 0;
        for (int i = 0; i < 3; i++) {
            check_weights(net, &draw, image, net->scope.layer[i], picked, count, base, faults.buffer[i]);
            base += sizes[i];
            n_faults += faults.count[i].n_faults;
            n_changed += faults.count[i].n_changed;
            n_elements += faults.count[i].n_elements;
        }
        assert_int_equal(n_faults, count);
        assert_int_equal(n_changed, count);
        assert_int_equal(n_elements, total);
        /* Copies of whole layers: what the original holds where its faults are shared, else the clean weights. */
        bool shared = draw.copies == FTDN_COPIES_SHARED;
        for (int c = 0; c < 2; c++) {
            static const int in_scope[] = {0, -1, 2};
            for (int i = 0; i < 3; i++) {
                int weight = net->graph.node[net->graph.layer[copied[i].layer].conv].weight;
                bool hit = shared && in_scope[i] >= 0;
                const float *expected = hit ? faults.buffer[in_scope[i]] : net->weights.value[weight];
                ftdn_fault_count expected_count = {0};
                if (hit) expected_count = faults.count[in_scope[i]];
                assert_memory_equal(faults.copy_buffer[c][i], expected,
                                    net->graph.param[weight].n_elements * sizeof(float));
                assert_memory_equal(&faults.copy_count[c][i], &expected_count, sizeof expected_count);
            }
        }
    }
}

static void all_weights_are_hit_where_there_are_no_more_than_the_count(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    static const int depth = NET_DEPTH;
    const ftdn_layer_set scope = {.n_layers = 1, .layer = &depth};
    const ftdn_copies none = {0};
    ftdn_weight_faults faults;
    FTDN_ASSERT_OK(ftdn_weight_faults_init(&faults, &net->graph, scope, &none, &net->weights, &net->arena, &err), err);
    const ftdn_fault_draw draw = {.model = small_net_model[0], .count = 1024, .seed = seed};
    ftdn_weight_faults_draw(&faults, &draw, 0, 2);
    assert_int_equal(faults.count[0].n_faults, 16 * 9);
    for (int e = 0; e < 16 * 9; e++) assert_true(faults.buffer[0][e] == 0);
}

/* All maps of some images, hit layer by layer as an engine would. */
typedef struct map_run {
    ftdn_map_faults faults;
    ftdn_map_injector injector;
    float *values[NET_N_ALL_LAYERS]; /* by target: [n_images, H, W, C] */
} map_run;

static void run_maps(small_net *net, map_run *run, const ftdn_fault_draw *draw, int n_images, const uint64_t *images)
{
    ftdn_error err;
    ftdn_map_faults_set(&run->faults, draw);
    ftdn_map_injector_reset(&run->injector);
    run->injector.image_id = images;
    for (int t = 0; t < run->faults.n_targets; t++) {
        ftdn_map map = {.node = run->faults.tap[t], .n_images = n_images};
        map.shape = net->graph.node[map.node].shape;
        size_t n = ftdn_shape_elements(map.shape);
        run->values[t] = map.values = FTDN_NEW(&net->arena, n * (size_t)n_images, float, &err);
        assert_non_null(map.values);
        for (size_t i = 0; i < n * (size_t)n_images; i++) map.values[i] = 1;
        ftdn_map_injector_hook(&run->injector, &map);
    }
}

static void exactly_the_picked_elements_of_each_image_are_hit(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    map_run run;
    FTDN_ASSERT_OK(
        ftdn_map_faults_init(&run.faults, &net->graph, net->scope, FTDN_MAP_POINT_ACTIVATION, &net->arena, &err), err);
    FTDN_ASSERT_OK(ftdn_map_injector_init(&run.injector, &run.faults, &net->arena, &err), err);
    enum { MAX_IMAGES = FTDN_MAP_PICK_SLOTS + 3 };
    uint64_t images[MAX_IMAGES];
    for (uint64_t i = 0; i < MAX_IMAGES; i++) images[i] = i * UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t total = run.faults.n_elements;
    /* In turn, with the same injector: other counts, seeds, images and numbers of images. */
    for (int test = 0; test < 24; test++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(&net->arena);
        const ftdn_fault_draw draw = {
            .model = small_net_model[2],
            .count = test / 6 == 0 ? 1 : test / 6 == 1 ? 30 : test / 6 == 2 ? 31 : 1024,
            .seed = seed + (uint64_t)(test % 2),
            .copies = (ftdn_copy_faults)(test / 2 % 3),
        };
        int n_images = test % 3 ? MAX_IMAGES : 1;
        const uint64_t *ids = images + (test % 3 ? 0 : test % 5);
        run_maps(net, &run, &draw, n_images, ids);
        int64_t n_faults = 0;
        for (int t = 0; t < net->scope.n_layers; t++) n_faults += run.injector.count[t].n_faults;
        assert_int_equal(n_faults, draw.count * n_images);
        for (int n = 0; n < n_images; n++) {
            ftdn_fault_picks picks;
            ftdn_fault_picks_make(&picks, draw.seed, FTDN_LOCATION_FEATURE_MAP, ids[n], total, draw.count);
            for (int t = 0; t < run.faults.n_targets; t++) {
                const ftdn_map_target *target = &run.faults.target[t];
                const ftdn_layer *layer = &net->graph.layer[target->layer];
                ftdn_site_stream stream =
                    ftdn_site_stream_make(draw.seed, target->layer_id, FTDN_LOCATION_FEATURE_MAP, 0, ids[n]);
                int n_held = net->graph.node[target->node].shape.c;
                size_t n_values = ftdn_shape_elements(net->graph.node[target->node].shape);
                static const uint64_t base[] = {0, 20 * 21 * 16, 2 * 20 * 21 * 16};
                for (size_t i = 0; i < n_values; i++) {
                    size_t j = i % (size_t)n_held, cell = i / (size_t)n_held;
                    size_t channel = layer->channel ? (size_t)layer->channel[j] : j;
                    bool copied = layer->copy && layer->copy[j] > 0;
                    uint64_t e = cell * (size_t)target->n_channels + channel;
                    float value = 1;
                    bool hit = ftdn_fault_picks_any(&picks, base[target->scope_layer] + e, 1);
                    if (hit && (!copied || draw.copies == FTDN_COPIES_SHARED)) {
                        value = small_net_hit_value(&draw.model, stream, e, value);
                    }
                    float actual = run.values[t][(size_t)n * n_values + i];
                    if (memcmp(&actual, &value, sizeof value) != 0) fail_msg("test %d target %d", test, t);
                }
            }
        }
        ftdn_arena_reset(&net->arena, mark);
    }
}

static void images_are_hit_at_elements_of_their_own(void **state)
{
    (void)state;
    ftdn_fault_picks picks[2];
    int n_common = 0;
    ftdn_fault_picks_make(&picks[0], seed, FTDN_LOCATION_FEATURE_MAP, 1, 1000000, 1000);
    ftdn_fault_picks_make(&picks[1], seed, FTDN_LOCATION_FEATURE_MAP, 2, 1000000, 1000);
    for (int i = 0; i < 1000; i++) n_common += holds(picks[1].element, 1000, picks[0].element[i]);
    assert_in_range(n_common, 0, 8); /* 1 is expected */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pick_is_the_upper_half_of_a_product),
        cmocka_unit_test(picks_are_the_first_different_ones_in_ascending_order),
        cmocka_unit_test(a_larger_count_picks_a_superset),
        cmocka_unit_test(every_element_is_picked_as_often),
        cmocka_unit_test(exactly_the_picked_weights_are_hit),
        cmocka_unit_test(all_weights_are_hit_where_there_are_no_more_than_the_count),
        cmocka_unit_test(exactly_the_picked_elements_of_each_image_are_hit),
        cmocka_unit_test(images_are_hit_at_elements_of_their_own),
    };
    return cmocka_run_group_tests(tests, small_net_set_up_with_copies, small_net_tear_down);
}
