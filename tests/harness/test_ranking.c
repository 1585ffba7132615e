/* test_ranking.c - rankings of a small network with made-up weights on generated scenes: bits, and what is refused. */
#include "harness/rankings/ranking.h"

#include <math.h>

#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "engine/gradients.h"
#include "harness/commands/ranking_report.h"
#include "tests/harness/ranking_fixture.h"

static void assert_same_scores(const ftdn_ranking *a, int ranker_a, const ftdn_ranking *b, int ranker_b)
{
    assert_int_equal(a->n_layers, b->n_layers);
    for (int l = 0; l < a->n_layers; l++) {
        assert_string_equal(a->layer[l].name, b->layer[l].name);
        assert_memory_equal(a->layer[l].score[ranker_a], b->layer[l].score[ranker_b],
                            (size_t)a->layer[l].n_channels * sizeof(double));
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    fixture f;
    int n_rankers;
    const ftdn_ranker *const *ranker = ftdn_rankers(&n_rankers);
    open_fixture(&f, 0.1, 5);
    f.layers.n_layers = 4;
    for (int point = 0; point < 2; point++) {
        ftdn_ranking expected = {0};
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            ftdn_ranking_desc desc = describe(&f, ranker, n_rankers, n_threads);
            desc.point = point ? FTDN_MAP_POINT_CONV : FTDN_MAP_POINT_ACTIVATION;
            ftdn_ranking ranking = compute(&f, &desc);
            if (n_threads == 1) expected = ranking;
            for (int r = 0; r < n_rankers; r++) assert_same_scores(&ranking, r, &expected, r);
        }
    }
    close_fixture(&f);
}

static void scores_do_not_depend_on_the_rankers_beside(void **state)
{
    (void)state;
    fixture f;
    int n_rankers;
    const ftdn_ranker *const *ranker = ftdn_rankers(&n_rankers);
    open_fixture(&f, 0.1, 2);
    f.layers.n_layers = 4;
    ftdn_ranking_desc desc = describe(&f, ranker, n_rankers, 2);
    ftdn_ranking together = compute(&f, &desc);
    for (int r = 0; r < n_rankers; r++) {
        desc = describe(&f, &ranker[r], 1, 2);
        ftdn_ranking alone = compute(&f, &desc);
        assert_same_scores(&alone, 0, &together, r);
    }
    close_fixture(&f);
}

/* One image after the other through the engine, as engine/gradients.h says. score: [rankers][layers][channels]. */
static void compute_directly(fixture *f, const ftdn_ranker *const *ranker, int n_rankers, const ftdn_ranking *like,
                             double ***score)
{
    const ftdn_network *network = &f->model.network;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_gradients *gradients;
    ftdn_multibox_loss loss;
    ftdn_matcher matcher;
    size_t n_priors = (size_t)network->n_priors;
    const ftdn_compile_desc compile = {.for_gradients = true};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &network->graph, &compile, &program, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &f->model.weights, 1, &packed, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_gradients_create(program, &gradients, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&loss, network, network->priors, &f->arena, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, network, network->priors, &f->arena, &f->err), f->err);
    float *logits = FTDN_NEW(&f->arena, n_priors * 21, float, NULL),
          *locations = FTDN_NEW(&f->arena, n_priors * 4, float, NULL);
    float *dlogits = FTDN_NEW(&f->arena, n_priors * 21, float, NULL),
          *dlocations = FTDN_NEW(&f->arena, n_priors * 4, float, NULL);
    int *object = FTDN_NEW(&f->arena, n_priors, int, NULL), n_mine;
    long n_positives = 0;
    ftdn_labelled_box boxes[64];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < f->dataset->n_images; i++) {
            const ftdn_image *image = &f->dataset->image[i];
            assert_true(image->n_objects <= 64);
            int n_boxes = ftdn_labelled_boxes_from_image(image, boxes);
            FTDN_ASSERT_OK(ftdn_matcher_assign(&matcher, boxes, n_boxes, object, &n_mine, &f->err), f->err);
            if (pass == 0) {
                n_positives += n_mine;
                continue;
            }
            ftdn_input input = {.n_images = 1, .pixels = &image->pixels};
            memcpy(input.mean, network->mean, sizeof input.mean);
            memcpy(input.scale, network->scale, sizeof input.scale);
            FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &f->err), f->err);
            ftdn_network_gather(network, context, 0, logits, locations);
            const ftdn_loss_image answer = {logits, locations, boxes, object};
            ftdn_multibox_loss_compute(&loss, &answer, n_positives, dlogits, dlocations);
            ftdn_gradients_clear(gradients);
            size_t logit = 0, location = 0;
            for (int h = 0; h < network->n_heads; h++) {
                ftdn_map classes = ftdn_gradients_map(gradients, context, network->class_head[h]);
                ftdn_map offsets = ftdn_gradients_map(gradients, context, network->box_head[h]);
                for (size_t e = 0; e < ftdn_shape_elements(classes.shape); e++) classes.values[e] = dlogits[logit++];
                for (size_t e = 0; e < ftdn_shape_elements(offsets.shape); e++)
                    offsets.values[e] = dlocations[location++];
            }
            FTDN_ASSERT_OK(ftdn_backward(gradients, context, packed, NULL, &f->err), f->err);
            for (int r = 0; r < n_rankers; r++) {
                for (int l = 0; l < like->n_layers; l++) {
                    double mine[1024];
                    int node = network->graph.layer[f->layers.layer[l]].last;
                    ftdn_map map = ftdn_context_map(context, node);
                    ranker[r]->score_image(&map, ftdn_gradients_map(gradients, context, node).values, mine);
                    for (int k = 0; k < map.shape.c; k++) score[r][l][k] += mine[k];
                }
            }
        }
    }
    ftdn_gradients_free(gradients);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
}

/* 66 images: more than are kept at a time. */
static void scores_are_those_of_one_image_after_the_other(void **state)
{
    (void)state;
    static const ftdn_ranker *const ranker[] = {&ftdn_ranker_second_order, &ftdn_ranker_entropy, &ftdn_ranker_taylor};
    fixture f;
    open_fixture(&f, 0.1, 66);
    ftdn_ranking_desc desc = describe(&f, ranker, 3, 2);
    ftdn_ranking ranking = compute(&f, &desc);
    double ***score = FTDN_NEW(&f.arena, 3, double **, NULL);
    for (int r = 0; r < 3; r++) {
        score[r] = FTDN_NEW(&f.arena, 13, double *, NULL);
        for (int l = 0; l < 13; l++)
            score[r][l] = FTDN_NEW(&f.arena, (size_t)ranking.layer[l].n_channels, double, NULL);
    }
    compute_directly(&f, ranker, 3, &ranking, score);
    for (int r = 0; r < 3; r++) {
        for (int l = 0; l < 13; l++) {
            ranker[r]->finish(score[r][l], ranking.layer[l].n_channels, 66);
            assert_memory_equal(score[r][l], ranking.layer[l].score[r],
                                (size_t)ranking.layer[l].n_channels * sizeof(double));
            double largest = 0;
            for (int k = 0; k < ranking.layer[l].n_channels; k++) largest = fmax(largest, fabs(score[r][l][k]));
            assert_true(largest > 0);
        }
    }
    close_fixture(&f);
}

static void scores_that_are_not_finite_are_named(void **state)
{
    (void)state;
    static const ftdn_ranker *const by_weights[] = {&ftdn_ranker_weight_sum}, *const by_images[] = {
                                                                                  &ftdn_ranker_entropy};
    fixture f;
    open_fixture(&f, 0.25, 1);
    const ftdn_graph *graph = &f.model.network.graph;
    int param = ftdn_graph_find_param(graph, "base_net.5.3.weight"); /* [64, 64, 1, 1] */
    assert_int_equal(graph->param[param].dims[1], 64);
    float *values = FTDN_NEW(&f.arena, graph->param[param].n_elements, float, &f.err);
    memcpy(values, f.model.weights.value[param], graph->param[param].n_elements * sizeof *values);
    values[7] = NAN;
    f.model.weights.value[param] = values;
    ftdn_ranking ranking = {.n_layers = -1};
    ftdn_ranking_desc desc = describe(&f, by_weights, 1, 1);
    desc.calibration = NULL;
    FTDN_ASSERT_FAILS(ftdn_ranking_compute(&desc, &f.arena, &ranking, &f.err), FTDN_ERR_INPUT,
                      "ranker 'weight_sum', layer 'base_net.4.3', channel 7: the score is not finite", f.err);
    desc = describe(&f, by_images, 1, 2);
    desc.point = FTDN_MAP_POINT_CONV;
    FTDN_ASSERT_FAILS(ftdn_ranking_compute(&desc, &f.arena, &ranking, &f.err), FTDN_ERR_INPUT,
                      "ranker 'entropy', layer 'base_net.5.3', channel 0: the score is not finite", f.err);
    assert_int_equal(ranking.n_layers, -1);
    close_fixture(&f);
}

static void gradients_of_images_without_objects_are_refused(void **state)
{
    (void)state;
    static const ftdn_ranker *const second_order[] = {&ftdn_ranker_second_order}, *const entropy[] = {
                                                                                      &ftdn_ranker_entropy};
    fixture f;
    open_fixture(&f, 0.1, 1);
    ftdn_image empty = f.dataset->image[0];
    empty.n_objects = 0;
    ftdn_dataset dataset = *f.dataset;
    dataset.image = &empty;
    ftdn_ranking_desc desc = describe(&f, second_order, 1, 1);
    desc.calibration = &dataset;
    ftdn_ranking ranking;
    FTDN_ASSERT_FAILS(ftdn_ranking_compute(&desc, &f.arena, &ranking, &f.err), FTDN_ERR_INPUT,
                      "calibration (test scenes, seed 0, 1 image): no image has an object", f.err);
    desc.ranker = entropy;
    FTDN_ASSERT_OK(ftdn_ranking_compute(&desc, &f.arena, &ranking, &f.err), f.err);
    close_fixture(&f);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    static const ftdn_ranker *const ranker[] = {&ftdn_ranker_weight_sum, &ftdn_ranker_second_order};
    fixture f;
    open_fixture(&f, 0.1, 1);
    f.layers.n_layers = 1;
    ftdn_ranking_desc desc = describe(&f, ranker, 2, 1);
    ftdn_status status = FTDN_ERR_MEMORY;
    long k;
    for (k = 0; status != FTDN_OK; k++) {
        ftdn_arena arena;
        ftdn_text text;
        ftdn_ranking ranking = {.n_layers = -1};
        ftdn_arena_init(&arena);
        ftdn_text_init(&text);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_ranking_compute(&desc, &arena, &ranking, &f.err);
        assert_true(status == FTDN_OK || ranking.n_layers == -1);
        if (status == FTDN_OK) status = ftdn_ranking_write_csv(&ranking, &arena, &text, &f.err);
        if (status == FTDN_OK) status = ftdn_ranking_write_json(&ranking, &arena, &text, &f.err);
        if (status == FTDN_OK) status = ftdn_ranking_write_tables(&ranking, &arena, &text, &f.err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        ftdn_text_done(&text);
        ftdn_arena_done(&arena);
    }
    assert_true(k > 20);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(scores_do_not_depend_on_the_rankers_beside),
        cmocka_unit_test(scores_are_those_of_one_image_after_the_other),
        cmocka_unit_test(scores_that_are_not_finite_are_named),
        cmocka_unit_test(gradients_of_images_without_objects_are_refused),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
