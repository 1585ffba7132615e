/* The two injectors on a small network: they hit exactly the defined sites and nothing else. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "injectors/map_faults.h"
#include "injectors/weight_faults.h"
#include "tests/injectors/small_net.h"
#include "tests/support/support.h"

enum { seed = 42 };
static const double rate = 0.05;
static const ftdn_fault_model zero = {.type = FTDN_FAULT_ZERO};

/* What the definition of a model does to `n` values. Returns how many are hit. */
static int64_t hit_with(const ftdn_fault_model *model, float *values, size_t n, const char *layer,
                        ftdn_location location, uint64_t image)
{
    ftdn_site_stream stream = ftdn_site_stream_make(seed, ftdn_layer_id(layer), location, 0, image);
    int64_t n_hit = 0;
    for (size_t e = 0; e < n; e++) {
        if (!ftdn_site_is_hit(stream, e, ftdn_site_threshold_of(rate))) continue;
        uint32_t after = ftdn_fault_value(model, ftdn_float_bits(values[e]), ftdn_fault_random(stream, e));
        memcpy(&values[e], &after, sizeof after);
        n_hit++;
    }
    return n_hit;
}

static int64_t hit_by_definition(float *values, size_t n, const char *layer, ftdn_location location, uint64_t image)
{
    return hit_with(&zero, values, n, layer, location, image);
}

static const ftdn_copies no_copies = {0};

static void draw(ftdn_weight_faults *faults, const ftdn_fault_model *model, int n_threads)
{
    const ftdn_fault_draw drawn = {.model = *model, .rate = rate, .seed = seed};
    ftdn_weight_faults_draw(faults, &drawn, 0, n_threads);
}

static void every_type_does_what_is_defined_at_the_sites_of_zero_faults(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    ftdn_weight_faults faults;
    FTDN_ASSERT_OK(
        ftdn_weight_faults_init(&faults, &net->graph, net->scope, &no_copies, &net->weights, &net->arena, &err), err);
    int large = net->graph.node[net->graph.layer[NET_LARGE].conv].weight, at = net->scope.n_layers - 1;
    size_t n = net->graph.param[large].n_elements;
    const float *clean = net->weights.value[large];
    float *expected = FTDN_NEW(&net->arena, n, float, &err), *zeroed = FTDN_NEW(&net->arena, n, float, &err);
    assert_true(expected && zeroed);
    draw(&faults, &zero, 1);
    memcpy(zeroed, faults.faulty.value[large], n * sizeof *zeroed);
    int64_t n_zeroed = faults.count[at].n_faults;
    for (int m = 0; m < NET_N_MODELS; m++) {
        memcpy(expected, clean, n * sizeof *expected);
        int64_t n_changed = 0, n_nonfinite = 0;
        hit_with(&small_net_model[m], expected, n, "large", FTDN_LOCATION_WEIGHTS, 0);
        for (size_t e = 0; e < n; e++) {
            bool changed = memcmp(&expected[e], &clean[e], sizeof *clean) != 0;
            n_changed += changed;
            n_nonfinite += !isfinite(expected[e]);
            assert_true(!changed || zeroed[e] == 0);
        }
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            draw(&faults, &small_net_model[m], n_threads);
            assert_memory_equal(faults.faulty.value[large], expected, n * sizeof *expected);
            assert_int_equal(faults.count[at].n_faults, n_zeroed);
            assert_int_equal(faults.count[at].n_changed, n_changed);
            assert_int_equal(faults.count[at].n_nonfinite, n_nonfinite);
        }
        bool stuck =
            small_net_model[m].type == FTDN_FAULT_STUCK_AT_0 || small_net_model[m].type == FTDN_FAULT_STUCK_AT_1;
        assert_int_equal(n_changed == n_zeroed, !stuck); /* about half of stuck bits stood there already */
    }
}

static void flipping_twice_is_identity_and_sticking_twice_is_sticking_once(void **state)
{
    (void)state;
    static const uint32_t values[] = {0,           0x80000000u, 0x3f800000u, 0x7f800000u,
                                      0x7fc00001u, 0xff812345u, 1,           0x12345678u};
    for (int m = 2; m < NET_N_MODELS; m++) {
        for (uint32_t i = 0; i < 1000; i++) {
            uint32_t before = values[i % 8], random = i * 0x9e3779b9u;
            uint32_t once = ftdn_fault_value(&small_net_model[m], before, random);
            uint32_t twice = ftdn_fault_value(&small_net_model[m], once, random);
            bool flips = small_net_model[m].type == FTDN_FAULT_BIT_FLIP;
            assert_int_equal(twice, flips ? before : once);
            if (flips) assert_int_equal(__builtin_popcount(before ^ once), 1);
            uint32_t allowed = (uint32_t)((UINT64_C(1) << small_net_model[m].n_bits) - 1)
                               << small_net_model[m].first_bit;
            assert_int_equal((before ^ once) & ~allowed, 0);
        }
    }
}

/* Every element is hit in its highest exponent bit or its sign: 1 becomes infinite, infinities and NaN were not finite
 * before. */
static void what_was_not_finite_before_is_not_counted_as_made_so(void **state)
{
    (void)state;
    const ftdn_fault_model exponent = {.type = FTDN_FAULT_STUCK_AT_1, .first_bit = 30, .n_bits = 1};
    const ftdn_fault_model sign = {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 31, .n_bits = 1};
    const ftdn_site_stream stream = ftdn_site_stream_make(seed, 1, FTDN_LOCATION_WEIGHTS, 0, 0);
    static const uint32_t place[] = {0, 1, 2, 3};
    float values[] = {1, INFINITY, NAN, 0};
    ftdn_fault_count count = {0};
    ftdn_fault_apply(&exponent, stream, 0, place, values, place, 4, &count);
    assert_true(isinf(values[0]) && isinf(values[1]) && isnan(values[2]) && values[3] == 2);
    assert_int_equal(count.n_faults, 4);
    assert_int_equal(count.n_changed, 2);
    assert_int_equal(count.n_nonfinite, 1);
    ftdn_fault_apply(&sign, stream, 0, place, values, place, 4, &count);
    assert_int_equal(count.n_faults, 8);
    assert_int_equal(count.n_changed, 6);
    assert_int_equal(count.n_nonfinite, 1);
}

static void every_bit_of_a_class_is_drawn_as_often(void **state)
{
    (void)state;
    enum { n = 80000 };
    const ftdn_fault_model exponent = {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 23, .n_bits = 8};
    ftdn_site_stream stream = ftdn_site_stream_make(seed, 1, FTDN_LOCATION_WEIGHTS, 0, 0);
    int n_drawn[32] = {0};
    for (uint64_t e = 0; e < n; e++) n_drawn[ftdn_fault_bit(&exponent, ftdn_fault_random(stream, e))]++;
    for (int bit = 0; bit < 32; bit++) {
        if (bit < 23 || bit > 30) assert_int_equal(n_drawn[bit], 0);
        else assert_in_range(n_drawn[bit], n / 8 - 400, n / 8 + 400); /* 4 sigma are 374 */
    }
}

static void random_values_fill_the_observed_range(void **state)
{
    (void)state;
    const ftdn_fault_model random = {.type = FTDN_FAULT_RANDOM};
    const float values[] = {NAN, 0.5f, -INFINITY, -2, 1, INFINITY}, nothing[] = {NAN, INFINITY}, zeros[] = {-0.0f};
    ftdn_fault_model model = ftdn_fault_model_for(&random, values, 6);
    assert_true(model.has_range && model.low == -2 && model.high == 1);
    ftdn_fault_model given = ftdn_fault_model_for(&model, nothing, 2);
    assert_memory_equal(&given, &model, sizeof given);
    given = ftdn_fault_model_for(&random, nothing, 2);
    assert_true(given.has_range && given.low == 0 && given.high == 0);
    given = ftdn_fault_model_for(&random, zeros, 1);
    assert_int_equal(ftdn_float_bits(given.low) | ftdn_float_bits(given.high), 0);
    float many[100]; /* as long as the search takes several at a time, with the bounds at any place */
    for (int n = 2; n <= 100; n++) {
        for (int i = 0; i < n; i++) many[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        many[n / 3] = 3;
        many[n - 1] = 2.5f;
        given = ftdn_fault_model_for(&random, many, (size_t)n);
        assert_true(given.low == 2.5f && given.high == 3);
        many[n / 3] = -7;
        given = ftdn_fault_model_for(&random, many, (size_t)n);
        assert_true(given.low == -7 && given.high == 2.5f);
    }
    assert_int_equal(ftdn_fault_value(&model, 7, 0), ftdn_float_bits(-2));
    assert_int_equal(ftdn_fault_value(&model, 7, 0x80000000u), ftdn_float_bits(-0.5f));
    assert_int_equal(ftdn_fault_value(&model, 7, UINT32_MAX), ftdn_float_bits(1)); /* rounded up to the bound */
    const ftdn_fault_model widest = {.type = FTDN_FAULT_RANDOM, .has_range = 1, .low = -FLT_MAX, .high = FLT_MAX};
    assert_int_equal(ftdn_fault_value(&widest, 7, UINT32_MAX), ftdn_float_bits(FLT_MAX));
}

static void weight_faults_hit_the_defined_sites_and_nothing_else(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        ftdn_weight_faults faults;
        FTDN_ASSERT_OK(
            ftdn_weight_faults_init(&faults, &net->graph, net->scope, &no_copies, &net->weights, &net->arena, &err),
            err);
        const ftdn_fault_draw earlier = {.model = zero, .rate = 1, .seed = 1};
        ftdn_weight_faults_draw(&faults, &earlier, 0, n_threads); /* an earlier trial leaves no trace */
        draw(&faults, &zero, n_threads);
        for (int p = 0; p < net->graph.n_params; p++) {
            bool is_hit = false;
            for (int i = 0; i < net->scope.n_layers; i++)
                is_hit |= p == ftdn_layer_weight_param(&net->graph, net->scope.layer[i]);
            if (!is_hit) assert_ptr_equal(faults.faulty.value[p], net->weights.value[p]);
        }
        for (int i = 0; i < net->scope.n_layers; i++) {
            const ftdn_layer *layer = &net->graph.layer[net->scope.layer[i]];
            int p = net->graph.node[layer->conv].weight;
            size_t n = net->graph.param[p].n_elements;
            float *expected = FTDN_NEW(&net->arena, n, float, &err);
            memcpy(expected, net->weights.value[p], n * sizeof *expected);
            int64_t n_hit = hit_by_definition(expected, n, layer->name, FTDN_LOCATION_WEIGHTS, 0);
            assert_memory_equal(faults.faulty.value[p], expected, n * sizeof *expected);
            assert_int_equal(faults.count[i].n_elements, n);
            assert_int_equal(faults.count[i].n_faults, n_hit);
            assert_int_equal(faults.count[i].n_changed, n_hit); /* formula weights are never 0 here */
        }
    }
}

static float *forward(small_net *net, const ftdn_map_faults *faults, const float *x, int n_images, const uint64_t *ids,
                      ftdn_map_injector *injector)
{
    ftdn_error err;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    const ftdn_compile_desc desc = {
        .taps = faults->tap,
        .n_taps = faults->n_targets,
        .outputs = faults->tap,
        .n_outputs = faults->n_targets,
        .micro_batch = 2,
    };
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &net->graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &net->weights, 1, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    const ftdn_input input = {.n_images = n_images, .values = x};
    const ftdn_map_hook hook = {ftdn_map_injector_hook, injector};
    if (injector) injector->image_id = ids;
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, injector ? &hook : NULL, &err), err);
    ftdn_map map = ftdn_context_map(context, faults->tap[0]);
    size_t n = ftdn_shape_elements(map.shape) * (size_t)n_images;
    float *y = FTDN_NEW(&net->arena, n, float, &err);
    memcpy(y, map.values, n * sizeof *y);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return y;
}

static void map_faults_hit_the_defined_sites_of_each_image(void **state)
{
    small_net *net = *state;
    ftdn_error err;
    size_t n_in = 20 * 21 * 3;
    float *x = FTDN_NEW(&net->arena, 2 * n_in, float, &err);
    for (size_t i = 0; i < 2 * n_in; i++) x[i] = (float)(2 * ftdn_formula_uniform("input", 0, i) - 1);
    for (int test = 0; test < 2 * (NET_N_MODELS + 1); test++) {
        int point = test % 2;
        /* The last one takes the range of each image's map. */
        ftdn_fault_model model = {.type = FTDN_FAULT_RANDOM};
        if (test / 2 < NET_N_MODELS) model = small_net_model[test / 2];
        ftdn_map_faults faults;
        ftdn_map_injector injector;
        FTDN_ASSERT_OK(ftdn_map_faults_init(&faults, &net->graph, net->scope, (ftdn_map_point)point, &net->arena, &err),
                       err);
        const ftdn_fault_draw drawn = {.model = model, .rate = rate, .seed = seed};
        ftdn_map_faults_set(&faults, &drawn);
        FTDN_ASSERT_OK(ftdn_map_injector_init(&injector, &faults, &net->arena, &err), err);
        const ftdn_layer *layer = &net->graph.layer[0];
        assert_int_equal(faults.tap[0], point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last);
        const uint64_t ids[2] = {UINT64_C(0x123456789abcdef0), 7};
        float *expected = forward(net, &faults, x, 2, ids, NULL);
        float *actual = forward(net, &faults, x, 2, ids, &injector);
        size_t n_map = ftdn_shape_elements(net->graph.node[faults.tap[0]].shape);
        int64_t n_hit = 0;
        for (int i = 0; i < 2; i++) {
            float *values = expected + (size_t)i * n_map;
            const ftdn_fault_model fitted = ftdn_fault_model_for(&model, values, n_map);
            n_hit += hit_with(&fitted, values, n_map, "first", FTDN_LOCATION_FEATURE_MAP, ids[i]);
        }
        assert_memory_equal(actual, expected, 2 * n_map * sizeof *expected);
        assert_int_equal(injector.count[0].n_faults, n_hit);
        assert_int_equal(injector.count[0].n_elements, 2 * n_map);
        assert_true(injector.count[0].n_changed <= n_hit);

        /* The second image alone, at another place: the same bits. */
        float *alone = forward(net, &faults, x + n_in, 1, ids + 1, &injector);
        assert_memory_equal(alone, actual + n_map, n_map * sizeof *alone);
    }
}

static void refused_memory_is_an_error(void **state)
{
    small_net *net = *state;
    for (long n_good = 0;; n_good++) {
        ftdn_arena arena;
        ftdn_error err;
        ftdn_weight_faults weight_faults;
        ftdn_map_faults map_faults;
        ftdn_map_injector injector;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status =
            ftdn_weight_faults_init(&weight_faults, &net->graph, net->scope, &no_copies, &net->weights, &arena, &err);
        if (status == FTDN_OK) {
            status = ftdn_map_faults_init(&map_faults, &net->graph, net->scope, FTDN_MAP_POINT_CONV, &arena, &err);
        }
        if (status == FTDN_OK) status = ftdn_map_injector_init(&injector, &map_faults, &arena, &err);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) {
            assert_true(n_good >= 8);
            break;
        }
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weight_faults_hit_the_defined_sites_and_nothing_else),
        cmocka_unit_test(every_type_does_what_is_defined_at_the_sites_of_zero_faults),
        cmocka_unit_test(flipping_twice_is_identity_and_sticking_twice_is_sticking_once),
        cmocka_unit_test(what_was_not_finite_before_is_not_counted_as_made_so),
        cmocka_unit_test(every_bit_of_a_class_is_drawn_as_often),
        cmocka_unit_test(random_values_fill_the_observed_range),
        cmocka_unit_test(map_faults_hit_the_defined_sites_of_each_image),
        cmocka_unit_test(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, small_net_set_up, small_net_tear_down);
}
