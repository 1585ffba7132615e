/* Sums of rankings on a device against those of the processor, which adds up in another order: 1e-12 of the sum of
 * magnitudes. */
#include "rankers/ranking_device.h"

#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"

static const ftdn_ranking_device_table *table(void)
{
    return ftdn_test_module()->ranking;
}

static const char *const summed[] = {"second_order", "entropy", "taylor", "activation"};
enum { N_SUMMED = sizeof summed / sizeof *summed };

static void the_module_knows_the_rankers_that_read_maps(void **state)
{
    (void)state;
    int n_rankers, n_known = 0;
    const ftdn_ranker *const *rankers = ftdn_rankers(&n_rankers);
    for (int i = 0; i < n_rankers; i++) {
        assert_int_equal(table()->knows(rankers[i]), rankers[i]->score_image != NULL);
        n_known += table()->knows(rankers[i]);
    }
    assert_int_equal(n_known, N_SUMMED);
}

/* A context lends its stream; the maps are the test's own. */
typedef struct fixture {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_test_machine machine;
    ftdn_device_ranking *ranking;
} fixture;

static void fixture_init(fixture *f)
{
    ftdn_error err;
    ftdn_arena_init(&f->arena);
    ftdn_graph_init(&f->graph, &f->arena);
    int input = ftdn_graph_add_input(&f->graph, (ftdn_shape){1, 1, 3});
    const ftdn_conv_layer_desc conv = {.name = "conv", .n_outputs = 1, .kernel = 1};
    int output = ftdn_graph_add_conv_layer(&f->graph, input, &conv);
    FTDN_ASSERT_OK(ftdn_graph_finish(&f->graph, &err), err);
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, 1, &f->arena, &weights, &err), err);
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .micro_batch = 1};
    f->machine = ftdn_test_start("cuda", &f->graph, &desc, &weights);
    FTDN_ASSERT_OK(table()->create(f->machine.context, &f->ranking, &err), err);
}

static void fixture_done(fixture *f)
{
    table()->free(f->ranking);
    ftdn_test_stop(&f->machine);
    ftdn_arena_done(&f->arena);
}

static float *new_values(fixture *f, size_t n, bool may_break)
{
    static const float broken[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
    ftdn_error err;
    float *values = FTDN_NEW(&f->arena, n, float, &err);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)(rand() % 20001 - 10000) / 2000;
        if (may_break && rand() % 200 == 0) values[i] = broken[rand() % 5];
    }
    return values;
}

/* What rounding may change: of terms that cancel, a part of the sum of their magnitudes. */
static void assert_same_sum(const char *what, double found, double expected, double magnitude)
{
    bool same = isfinite(expected) ? fabs(found - expected) <= 1e-12 * magnitude
                                   : (isnan(expected) && isnan(found)) || found == expected;
    if (!same) fail_msg("%s: %.17g is not %.17g", what, found, expected);
}

static void compare(fixture *f, const ftdn_ranker *ranker, ftdn_shape shape, int n_images, bool may_break)
{
    ftdn_error err;
    size_t n_image = ftdn_shape_elements(shape), n_channels = (size_t)shape.c, n = n_image * (size_t)n_images;
    float *values = new_values(f, n, may_break), *gradients = new_values(f, n, may_break);
    float *map = ftdn_test_upload(values, n), *gradient = ftdn_test_upload(gradients, n);
    double *found = FTDN_NEW(&f->arena, n_channels * (size_t)n_images, double, &err);
    double *expected = FTDN_NEW(&f->arena, n_channels, double, &err);
    assert_true(found && expected);
    const ftdn_map on_device = {.n_images = n_images, .shape = shape, .values = map};
    FTDN_ASSERT_OK(
        table()->score_images(f->ranking, ranker, &on_device, ranker->needs_gradients ? gradient : NULL, found, &err),
        err);
    for (int i = 0; i < n_images; i++) {
        const ftdn_map on_host = {.n_images = 1, .shape = shape, .values = values + (size_t)i * n_image};
        ranker->score_image(&on_host, gradients + (size_t)i * n_image, expected);
        for (size_t k = 0; k < n_channels; k++) {
            double magnitude = fabs(expected[k]);
            for (size_t e = k; e < n_image && !strcmp(ranker->name, "taylor"); e += n_channels) {
                double term = fabs((double)on_host.values[e] * (double)gradients[(size_t)i * n_image + e]);
                if (isfinite(term)) magnitude += term;
            }
            assert_same_sum(ranker->name, found[(size_t)i * n_channels + k], expected[k], magnitude + 1e-300);
        }
    }
    ftdn_test_module()->device->free(map);
    ftdn_test_module()->device->free(gradient);
}

/* Fewer and more channels than a block has, fewer and more cells than a segment. */
static void check_shapes(const char *order)
{
    static const ftdn_shape shapes[] = {{1, 1, 1}, {3, 2, 33}, {19, 19, 64}, {40, 41, 3}, {1, 7, 130}};
    fixture f;
    srand(40 + (unsigned)order[0]);
    fixture_init(&f);
    for (int r = 0; r < N_SUMMED; r++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            for (int may_break = 0; may_break < 2; may_break++)
                compare(&f, ftdn_ranker_find(summed[r]), shapes[i], 1 + (int)i % 3, may_break);
        }
    }
    fixture_done(&f);
}

static void sums_are_those_of_the_processor(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_shapes);
}

static void the_bits_of_an_image_do_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    ftdn_error err;
    fixture f;
    srand(50);
    fixture_init(&f);
    const ftdn_shape shape = {25, 24, 40};
    size_t n_image = ftdn_shape_elements(shape);
    float *values = new_values(&f, 3 * n_image, false), *map = ftdn_test_upload(values, 3 * n_image);
    for (int r = 0; r < N_SUMMED; r++) {
        const ftdn_ranker *ranker = ftdn_ranker_find(summed[r]);
        double all[3 * 40], one[40];
        ftdn_map maps = {.n_images = 3, .shape = shape, .values = map};
        const float *gradient = ranker->needs_gradients ? map : NULL;
        FTDN_ASSERT_OK(table()->score_images(f.ranking, ranker, &maps, gradient, all, &err), err);
        for (size_t i = 0; i < 3; i++) {
            maps = (ftdn_map){.n_images = 1, .shape = shape, .values = map + i * n_image};
            gradient = ranker->needs_gradients ? map + i * n_image : NULL;
            FTDN_ASSERT_OK(table()->score_images(f.ranking, ranker, &maps, gradient, one, &err), err);
            assert_memory_equal(one, all + i * 40, sizeof one);
        }
    }
    ftdn_test_module()->device->free(map);
    fixture_done(&f);
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    ftdn_error err;
    fixture f;
    fixture_init(&f);
    float values[12] = {0}, *map = ftdn_test_upload(values, 12);
    const ftdn_map of = {.n_images = 1, .shape = {2, 2, 3}, .values = map};
    double score[3];
    ftdn_test_refuse_allocation(1);
    FTDN_ASSERT_FAILS(table()->score_images(f.ranking, &ftdn_ranker_activation, &of, NULL, score, &err),
                      FTDN_ERR_MEMORY, "scores of channels", err);
    ftdn_test_refuse_allocation(0);
    FTDN_ASSERT_OK(table()->score_images(f.ranking, &ftdn_ranker_activation, &of, NULL, score, &err), err);
    assert_true(score[0] == 0 && score[2] == 0);
    const ftdn_map less = {.n_images = 1, .shape = {1, 2, 3}, .values = map};
    ftdn_test_refuse_allocation(1); /* none is made: there is room */
    FTDN_ASSERT_OK(table()->score_images(f.ranking, &ftdn_ranker_activation, &less, NULL, score, &err), err);
    ftdn_test_refuse_allocation(0);
    ftdn_test_module()->device->free(map);
    fixture_done(&f);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_knows_the_rankers_that_read_maps),
        cmocka_unit_test(sums_are_those_of_the_processor),
        cmocka_unit_test(the_bits_of_an_image_do_not_depend_on_its_neighbours),
        cmocka_unit_test(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
