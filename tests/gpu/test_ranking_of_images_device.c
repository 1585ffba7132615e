/* test_ranking_of_images_device.c - rankings and ranges over calibration images on a device beside the processor's. */
#include <math.h>
#include <string.h>

#include "harness/rankings/ranges.h"
#include "harness/rankings/ranking.h"
#include "tests/gpu/gpu.h"
#include "tests/harness/planned.h"
#include "tests/harness/ranking_fixture.h"

#define TOLERANCE 1e-3 /* of the largest score: convolutions and gradients sum in another order */

static ftdn_ranking rank(fixture *f, const char *backend, ftdn_map_point point, const ftdn_ranker *const *ranker,
                         int n_rankers)
{
    ftdn_ranking_desc desc = describe(f, ranker, n_rankers, 2);
    desc.backend = ftdn_backend_find(backend);
    desc.point = point;
    return compute(f, &desc);
}

static void assert_close(const ftdn_ranking *a, const ftdn_ranking *b, int ranker, double tolerance)
{
    for (int l = 0; l < a->n_layers; l++) {
        double largest = 0;
        for (int k = 0; k < a->layer[l].n_channels; k++) largest = fmax(largest, fabs(b->layer[l].score[ranker][k]));
        for (int k = 0; k < a->layer[l].n_channels; k++) {
            double got = a->layer[l].score[ranker][k], expected = b->layer[l].score[ranker][k];
            if (fabs(got - expected) <= tolerance * largest) continue;
            fail_msg("%s, layer %s, channel %d: %.9g, expected %.9g of %g", a->ranker[ranker]->name, a->layer[l].name,
                     k, got, expected, largest);
        }
    }
}

/* All rankers but the measured one, which is another procedure. */
static int choose_rankers(const ftdn_ranker **ret_ranker, int n_most)
{
    int n_all, n = 0;
    const ftdn_ranker *const *all = ftdn_rankers(&n_all);
    assert_true(n_all <= n_most);
    for (int r = 0; r < n_all; r++)
        if (!all[r]->needs_injection) ret_ranker[n++] = all[r];
    return n;
}

static void scores_are_nearly_those_of_the_processor(void **state)
{
    (void)state;
    fixture f;
    const ftdn_ranker *ranker[16];
    int n_rankers = choose_rankers(ranker, 16);
    open_fixture(&f, 0.1, 3);
    for (int point = 0; point < 2; point++) {
        ftdn_ranking device = rank(&f, "cuda", (ftdn_map_point)point, ranker, n_rankers);
        ftdn_ranking processor = rank(&f, "cpu", (ftdn_map_point)point, ranker, n_rankers);
        for (int r = 0; r < n_rankers; r++) assert_close(&device, &processor, r, TOLERANCE);
    }
    close_fixture(&f);
}

/* A ranker that no module knows. */
static void score_by_first_value(const ftdn_map *map, const float *gradient, double *contribution)
{
    for (int k = 0; k < map->shape.c; k++) contribution[k] = (double)map->values[k] + 1e6 * (double)gradient[k];
}

static void a_ranker_of_the_host_is_handed_maps_and_gradients(void **state)
{
    static const ftdn_ranker own = {
        .name = "first",
        .help = "",
        .needs_images = true,
        .needs_gradients = true,
        .score_image = score_by_first_value,
        .finish = ftdn_ranker_finish_mean,
    };
    static const ftdn_ranker *const rankers[] = {&own};
    (void)state;
    fixture f;
    open_fixture(&f, 0.1, 2);
    ftdn_ranking device = rank(&f, "cuda", FTDN_MAP_POINT_ACTIVATION, rankers, 1);
    ftdn_ranking processor = rank(&f, "cpu", FTDN_MAP_POINT_ACTIVATION, rankers, 1);
    assert_close(&device, &processor, 0, TOLERANCE);
    close_fixture(&f);
}

/* 18 images are more than a micro-batch. */
static void the_scores_of_images_do_not_depend_on_the_rankers_beside(void **state)
{
    (void)state;
    fixture f;
    static const ftdn_ranker *const rankers[] = {&ftdn_ranker_entropy, &ftdn_ranker_second_order};
    open_fixture(&f, 0.1, 18);
    f.layers.n_layers = 2;
    ftdn_ranking both = rank(&f, "cuda", FTDN_MAP_POINT_ACTIVATION, rankers, 2);
    for (int r = 0; r < 2; r++) {
        ftdn_ranking alone = rank(&f, "cuda", FTDN_MAP_POINT_ACTIVATION, &rankers[r], 1);
        for (int l = 0; l < f.layers.n_layers; l++)
            assert_memory_equal(alone.layer[l].score[0], both.layer[l].score[r],
                                (size_t)both.layer[l].n_channels * sizeof(double));
    }
    close_fixture(&f);
}

/* A score is the difference of two losses, the rounding of which is not small against it. */
static void scores_by_injection_are_nearly_those_of_the_processor(void **state)
{
    static const ftdn_ranker *const rankers[] = {&ftdn_ranker_measured};
    (void)state;
    fixture f;
    int layer[2];
    open_fixture(&f, 0.1, 1);
    for (int l = 0; l < 2; l++) layer[l] = f.layers.layer[l == 0 ? 3 : 12];
    f.layers = (ftdn_layer_set){.n_layers = 2, .layer = layer};
    ftdn_ranking device = rank(&f, "cuda", FTDN_MAP_POINT_ACTIVATION, rankers, 1);
    ftdn_ranking processor = rank(&f, "cpu", FTDN_MAP_POINT_ACTIVATION, rankers, 1);
    assert_close(&device, &processor, 0, 1e-2);
    close_fixture(&f);
}

static void profile(const char *backend, ftdn_planned *p, ftdn_layer_range *ret_range, int *ret_n)
{
    char text[512];
    ftdn_layer_set layers;
    snprintf(text, sizeof text,
             FTDN_PLANNED_HEAD " 'calibration': {'kind': 'test_scenes', 'images': 3, 'allow_overlap': true},"
                               " 'engine': {'backend': '%s'}, 'protection': {'method': 'clip'}}",
             backend);
    ftdn_planned_make(p, text, "m.json");
    const ftdn_planned_trial *trial = &p->plan.trial[0];
    const ftdn_scope features = {.name = "features"};
    const ftdn_score_source source = {.n_threads = 2};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&features, &trial->model->network.graph, FTDN_LOCATION_FEATURE_MAP, &p->arena,
                                      &layers, &p->err),
                   p->err);
    FTDN_ASSERT_OK(ftdn_ranges_profile(&source, trial, layers, &p->arena, ret_range, &p->err), p->err);
    *ret_n = layers.n_layers;
}

static void ranges_are_nearly_those_of_the_processor(void **state)
{
    (void)state;
    ftdn_planned p[2];
    ftdn_layer_range device[32], processor[32];
    int n_layers;
    profile("cuda", &p[0], device, &n_layers);
    profile("cpu", &p[1], processor, &n_layers);
    for (int l = 0; l < n_layers; l++) {
        double size = fmax(fabs((double)processor[l].low), fabs((double)processor[l].high));
        assert_true(processor[l].low < processor[l].high);
        assert_true(fabs((double)(device[l].low - processor[l].low)) <= TOLERANCE * size);
        assert_true(fabs((double)(device[l].high - processor[l].high)) <= TOLERANCE * size);
    }
    for (int i = 0; i < 2; i++) ftdn_planned_done(&p[i]);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_nearly_those_of_the_processor),
        cmocka_unit_test(a_ranker_of_the_host_is_handed_maps_and_gradients),
        cmocka_unit_test(the_scores_of_images_do_not_depend_on_the_rankers_beside),
        cmocka_unit_test(scores_by_injection_are_nearly_those_of_the_processor),
        cmocka_unit_test(ranges_are_nearly_those_of_the_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
