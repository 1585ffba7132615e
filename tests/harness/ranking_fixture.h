/* ranking_fixture.h - what a test of rankings ranks: the feature maps of a thin MobileNet-V1 on synthetic scenes. */
#ifndef FTDN_TESTS_HARNESS_RANKING_FIXTURE_H
#define FTDN_TESTS_HARNESS_RANKING_FIXTURE_H

#include "harness/rankings/ranking.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_model model;
    ftdn_dataset *dataset;
    ftdn_layer_set layers;
} fixture;

static inline void open_fixture(fixture *f, double width, int n_images)
{
    ftdn_arena_init(&f->arena);
    const ftdn_model_settings settings = {.name = "ssd_mobilenet_v1", .n_classes = 20, .width = width};
    FTDN_ASSERT_OK(ftdn_model_open(&settings, &f->arena, &f->model, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(n_images, 0, &f->dataset, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_dataset_decode(f->dataset, 300, 2, &f->err), f->err);
    const ftdn_scope features = {.name = "features"};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&features, &f->model.network.graph, FTDN_LOCATION_FEATURE_MAP, &f->arena,
                                      &f->layers, &f->err),
                   f->err);
    assert_int_equal(f->layers.n_layers, 13);
}

static inline void close_fixture(fixture *f)
{
    ftdn_dataset_close(f->dataset);
    ftdn_arena_done(&f->arena);
}

/* Of the feature maps behind their activation, on the processor. */
static inline ftdn_ranking_desc describe(const fixture *f, const ftdn_ranker *const *ranker, int n_rankers,
                                         int n_threads)
{
    return (ftdn_ranking_desc){
        .model = &f->model,
        .calibration = f->dataset,
        .backend = ftdn_backend_find("cpu"),
        .layers = f->layers,
        .ranker = ranker,
        .n_rankers = n_rankers,
        .n_measured_images = 1,
        .n_threads = n_threads,
    };
}

static inline ftdn_ranking compute(fixture *f, const ftdn_ranking_desc *desc)
{
    ftdn_ranking ranking;
    FTDN_ASSERT_OK(ftdn_ranking_compute(desc, &f->arena, &ranking, &f->err), f->err);
    return ranking;
}

#endif
