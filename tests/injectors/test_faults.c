/* The two injectors on a small network: they hit exactly the defined sites and nothing else. */
#include <string.h>

#include "injectors/map_faults.h"
#include "injectors/weight_faults.h"
#include "tests/support/support.h"

enum { seed = 42 };
static const double rate = 0.05;

typedef struct fixture {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_weights weights;
    ftdn_layer_set layers;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    ftdn_error err;
    ftdn_arena_init(&f.arena);
    ftdn_graph_init(&f.graph, &f.arena);
    int node = ftdn_graph_add_input(&f.graph, (ftdn_shape){20, 21, 3});
    static const ftdn_conv_layer_desc layers[] = {
        {.name = "first",
         .n_outputs = 16,
         .kernel = 3,
         .pad = 1,
         .batch_norm = "first_bn",
         .activation = FTDN_ACTIVATION_RELU},
        {.name = "second", .n_outputs = 37, .kernel = 3, .has_bias = true, .roles = FTDN_ROLE_BASE},
        {.name = "third", .n_outputs = 5, .kernel = 1, .has_bias = true, .roles = FTDN_ROLE_BASE},
    };
    for (int i = 0; i < 3; i++) node = ftdn_graph_add_conv_layer(&f.graph, node, &layers[i]);
    FTDN_ASSERT_OK(ftdn_graph_finish(&f.graph, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&f.graph, 0, &f.arena, &f.weights, &err), err);
    static const int hit[] = {0, 1};
    f.layers = (ftdn_layer_set){.n_layers = 2, .layer = hit};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    ftdn_arena_done(&((fixture *)*state)->arena);
    return 0;
}

/* What the definition does to `n` values. Returns how many are hit. */
static int64_t hit_by_definition(float *values, size_t n, const char *layer, ftdn_location location, uint64_t image)
{
    ftdn_site_stream stream = ftdn_site_stream_make(seed, ftdn_layer_id(layer), location, 0, image);
    int64_t n_hit = 0;
    for (size_t e = 0; e < n; e++) {
        if (!ftdn_site_is_hit(stream, e, ftdn_site_threshold_of(rate))) continue;
        values[e] = 0;
        n_hit++;
    }
    return n_hit;
}

static void weight_faults_hit_the_defined_sites_and_nothing_else(void **state)
{
    fixture *f = *state;
    ftdn_error err;
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        ftdn_weight_faults faults;
        FTDN_ASSERT_OK(ftdn_weight_faults_init(&faults, &f->graph, f->layers, &f->weights, &f->arena, &err), err);
        ftdn_weight_faults_draw(&faults, FTDN_FAULT_ZERO, 1.0, 1, n_threads); /* an earlier trial leaves no trace */
        ftdn_weight_faults_draw(&faults, FTDN_FAULT_ZERO, rate, seed, n_threads);
        for (int p = 0; p < f->graph.n_params; p++) {
            const ftdn_param *param = &f->graph.param[p];
            bool hit = !strcmp(param->name, "first.weight") || !strcmp(param->name, "second.weight");
            if (!hit) {
                assert_ptr_equal(faults.faulty.value[p], f->weights.value[p]);
                continue;
            }
            float *expected = FTDN_NEW(&f->arena, param->n_elements, float, &err);
            memcpy(expected, f->weights.value[p], param->n_elements * sizeof *expected);
            const char *layer = param->name[0] == 'f' ? "first" : "second";
            int64_t n_hit = hit_by_definition(expected, param->n_elements, layer, FTDN_LOCATION_WEIGHTS, 0);
            assert_memory_equal(faults.faulty.value[p], expected, param->n_elements * sizeof *expected);
            const ftdn_fault_count *count = &faults.count[param->name[0] == 'f' ? 0 : 1];
            assert_int_equal(count->n_elements, param->n_elements);
            assert_int_equal(count->n_faults, n_hit);
            assert_int_equal(count->n_changed, n_hit); /* formula weights are never 0 here */
        }
    }
}

static float *forward(fixture *f, const ftdn_map_faults *faults, const float *x, int n_images, const uint64_t *ids,
                      ftdn_map_injector *injector)
{
    ftdn_error err;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    const int outputs[2] = {faults->tap[0], faults->tap[1]};
    const ftdn_compile_desc desc = {
        .taps = faults->tap,
        .n_taps = 2,
        .outputs = outputs,
        .n_outputs = 2,
        .micro_batch = 2,
    };
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &f->graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &f->weights, 1, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    const ftdn_input input = {.n_images = n_images, .values = x};
    const ftdn_map_hook hook = {ftdn_map_injector_hook, injector};
    if (injector) injector->image_id = ids;
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, injector ? &hook : NULL, &err), err);
    ftdn_map map = ftdn_context_map(context, faults->tap[0]);
    size_t n = ftdn_shape_elements(map.shape) * (size_t)n_images;
    float *y = FTDN_NEW(&f->arena, n, float, &err);
    memcpy(y, map.values, n * sizeof *y);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return y;
}

static void map_faults_hit_the_defined_sites_of_each_image(void **state)
{
    fixture *f = *state;
    ftdn_error err;
    size_t n_in = 20 * 21 * 3;
    float *x = FTDN_NEW(&f->arena, 2 * n_in, float, &err);
    for (size_t i = 0; i < 2 * n_in; i++) x[i] = (float)(2 * ftdn_formula_uniform("input", 0, i) - 1);
    for (int point = 0; point < 2; point++) {
        ftdn_map_faults faults;
        ftdn_map_injector injector;
        FTDN_ASSERT_OK(ftdn_map_faults_init(&faults, &f->graph, f->layers, (ftdn_map_point)point, &f->arena, &err),
                       err);
        ftdn_map_faults_set(&faults, FTDN_FAULT_ZERO, rate, seed);
        FTDN_ASSERT_OK(ftdn_map_injector_init(&injector, &faults, &f->arena, &err), err);
        const ftdn_layer *layer = &f->graph.layer[0];
        assert_int_equal(faults.tap[0], point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last);
        const uint64_t ids[2] = {UINT64_C(0x123456789abcdef0), 7};
        float *expected = forward(f, &faults, x, 2, ids, NULL);
        float *actual = forward(f, &faults, x, 2, ids, &injector);
        size_t n_map = ftdn_shape_elements(f->graph.node[faults.tap[0]].shape);
        int64_t n_hit = 0;
        for (int i = 0; i < 2; i++) {
            n_hit += hit_by_definition(expected + (size_t)i * n_map, n_map, "first", FTDN_LOCATION_FEATURE_MAP, ids[i]);
        }
        assert_memory_equal(actual, expected, 2 * n_map * sizeof *expected);
        assert_int_equal(injector.count[0].n_faults, n_hit);
        assert_int_equal(injector.count[0].n_elements, 2 * n_map);
        assert_true(injector.count[0].n_changed <= n_hit);

        /* The second image alone, at another place: the same bits. */
        float *alone = forward(f, &faults, x + n_in, 1, ids + 1, &injector);
        assert_memory_equal(alone, actual + n_map, n_map * sizeof *alone);
    }
}

static void refused_memory_is_an_error(void **state)
{
    fixture *f = *state;
    for (long n_good = 0;; n_good++) {
        ftdn_arena arena;
        ftdn_error err;
        ftdn_weight_faults weight_faults;
        ftdn_map_faults map_faults;
        ftdn_map_injector injector;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status = ftdn_weight_faults_init(&weight_faults, &f->graph, f->layers, &f->weights, &arena, &err);
        if (status == FTDN_OK) {
            status = ftdn_map_faults_init(&map_faults, &f->graph, f->layers, FTDN_MAP_POINT_CONV, &arena, &err);
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
        cmocka_unit_test(map_faults_hit_the_defined_sites_of_each_image),
        cmocka_unit_test(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
