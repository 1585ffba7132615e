/* Each ranker on maps and weights small enough to be worked out by hand. */
#include <math.h>

#include "rankers/ranker.h"
#include "tests/support/find_layer.h"
#include "tests/support/support.h"

/* Two pixels of two channels: channel 0 is 1, 3, channel 1 is -2, 4. */
static float map_values[] = {1, -2, 3, 4};
static const float gradient_values[] = {2, 1, -1, 0.5F};
static const ftdn_map map = {.n_images = 1, .shape = {1, 2, 2}, .values = map_values};

static void second_order_is_half_the_squared_product_summed(void **state)
{
    (void)state;
    double score[2] = {99, 99};
    ftdn_ranker_second_order.score_image(&map, gradient_values, score);
    assert_true(score[0] == 0.5 * 4 + 0.5 * 9 && score[1] == 0.5 * 4 + 0.5 * 4);
    ftdn_ranker_second_order.finish(score, 2, 4);
    assert_true(score[0] == 6.5 / 4 && score[1] == 1);
}

static void taylor_is_the_absolute_mean_of_the_summed_products(void **state)
{
    (void)state;
    double score[2] = {99, 99};
    ftdn_ranker_taylor.score_image(&map, gradient_values, score);
    assert_true(score[0] == -1 && score[1] == 0);
    ftdn_ranker_taylor.finish(score, 2, 2);
    assert_true(score[0] == 0.5 && score[1] == 0);
}

static void activation_is_the_mean_absolute_value(void **state)
{
    (void)state;
    double score[2] = {99, 99};
    ftdn_ranker_activation.score_image(&map, NULL, score);
    assert_true(score[0] == 2 && score[1] == 3);
    ftdn_ranker_activation.finish(score, 2, 2);
    assert_true(score[0] == 1 && score[1] == 1.5);
}

static void entropy_is_minus_that_of_the_softmax(void **state)
{
    (void)state;
    /* Softmax of 0 and ln 3 is 1/4 and 3/4; that of -1e30 and 1e30 is 0 and 1. */
    float values[] = {0, -1e30F, (float)log(3), 1e30F};
    const ftdn_map two = {.n_images = 1, .shape = {2, 1, 2}, .values = values};
    double score[2];
    ftdn_ranker_entropy.score_image(&two, NULL, score);
    assert_true(fabs(score[0] + (log(4) - 0.75 * log(3))) < 1e-7); /* ln 3 is rounded to float */
    assert_true(score[1] == 0);
}

static void entropy_of_a_constant_map_is_minus_the_logarithm_of_its_size(void **state)
{
    (void)state;
    float values[15];
    for (int i = 0; i < 15; i++) values[i] = 80.5F;
    const ftdn_map constant = {.n_images = 1, .shape = {3, 5, 1}, .values = values};
    double score;
    ftdn_ranker_entropy.score_image(&constant, NULL, &score);
    assert_true(score == -log(15));
}

/* a (1x1, 2 to 3 channels) is read through a batch norm outside any layer, a depthwise convolution and a pooling by
 * b (1x1, to 2), and behind the batch norm by c (3x3, to 1). */
typedef struct fixture {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_weights weights;
    int a, b;
} fixture;

static const float a_weights[] = {1, -1, 2, -2, 0, 0.5F}, b_weights[] = {1, -2, 3, -4, 5, -6};

static int set_up(void **state)
{
    static fixture f;
    ftdn_error err = {0};
    ftdn_arena_init(&f.arena);
    ftdn_graph_init(&f.graph, &f.arena);
    int x = ftdn_graph_add_input(&f.graph, (ftdn_shape){8, 8, 2});
    x = ftdn_graph_add_conv_layer(
        &f.graph, x,
        &(ftdn_conv_layer_desc){.name = "a", .n_outputs = 3, .kernel = 1, .activation = FTDN_ACTIVATION_RELU});
    int split = ftdn_graph_add_batch_norm(&f.graph, x, "norm", 0);
    x = ftdn_graph_add_conv_layer(
        &f.graph, split,
        &(ftdn_conv_layer_desc){.name = "depthwise", .n_outputs = 3, .kernel = 3, .pad = 1, .depthwise = true});
    x = ftdn_graph_add_max_pool(&f.graph, x, "pool", 2, 2, 0, false);
    ftdn_graph_add_conv_layer(&f.graph, x, &(ftdn_conv_layer_desc){.name = "b", .n_outputs = 2, .kernel = 1});
    ftdn_graph_add_conv_layer(&f.graph, split, &(ftdn_conv_layer_desc){.name = "c", .n_outputs = 1, .kernel = 3});
    FTDN_ASSERT_OK(ftdn_graph_finish(&f.graph, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&f.graph, 0, &f.arena, &f.weights, &err), err);
    float *halves = FTDN_NEW(&f.arena, 27, float, &err), *hundreds = FTDN_NEW(&f.arena, 27, float, &err);
    for (int i = 0; i < 27; i++) {
        halves[i] = i % 2 ? 0.5F : -0.5F;
        hundreds[i] = 100;
    }
    f.weights.value[ftdn_graph_find_param(&f.graph, "a.weight")] = a_weights;
    f.weights.value[ftdn_graph_find_param(&f.graph, "b.weight")] = b_weights;
    f.weights.value[ftdn_graph_find_param(&f.graph, "c.weight")] = halves;
    f.weights.value[ftdn_graph_find_param(&f.graph, "depthwise.weight")] = hundreds;
    f.a = ftdn_test_find_layer(&f.graph, "a");
    f.b = ftdn_test_find_layer(&f.graph, "b");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_arena_done(&f->arena);
    return 0;
}

static void score(const fixture *f, const ftdn_ranker *ranker, int layer, const ftdn_ranker_options *options,
                  double *ret_score)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ranker->score_weights(&f->graph, &f->weights, layer, options, ret_score, &err), err);
}

static void weight_sum_adds_all_readers_through_depthwise_pooling_and_batch_norm(void **state)
{
    const fixture *f = *state;
    double sum[3] = {99, 99, 99};
    score(f, &ftdn_ranker_weight_sum, f->a, &(ftdn_ranker_options){0}, sum);
    assert_true(sum[0] == 5 + 4.5 && sum[1] == 7 + 4.5 && sum[2] == 9 + 4.5);
    score(f, &ftdn_ranker_weight_sum, ftdn_test_find_layer(&f->graph, "depthwise"), &(ftdn_ranker_options){0}, sum);
    assert_true(sum[0] == 5 && sum[1] == 7 && sum[2] == 9);
    score(f, &ftdn_ranker_weight_sum, f->b, &(ftdn_ranker_options){0}, sum);
    assert_true(sum[0] == 0 && sum[1] == 0 && sum[2] == 9);
}

static void weight_sum_of_its_own_filter_reads_nothing_else(void **state)
{
    const fixture *f = *state;
    double sum[3] = {99, 99, 99};
    score(f, &ftdn_ranker_weight_sum, f->a, &(ftdn_ranker_options){.own_filter = true}, sum);
    assert_true(sum[0] == 2 && sum[1] == 4 && sum[2] == 0.5);
}

static void random_is_a_permutation_that_differs_by_seed_and_layer(void **state)
{
    (void)state;
    enum { N = 64 };
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_error err = {0};
    ftdn_arena_init(&arena);
    ftdn_graph_init(&graph, &arena);
    int x = ftdn_graph_add_input(&graph, (ftdn_shape){4, 4, 3});
    for (const char *const *name = (const char *const[]){"a", "b", NULL}; *name; name++)
        x = ftdn_graph_add_conv_layer(&graph, x, &(ftdn_conv_layer_desc){.name = *name, .n_outputs = N, .kernel = 1});
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    const fixture f = {.graph = graph};
    static const struct {
        uint64_t seed;
        int layer;
    } drawn[] = {{0, 0}, {1, 0}, {1ULL << 32, 0}, {0, 1}, {0, 0}};
    double place[5][N];
    for (int i = 0; i < 5; i++) {
        bool seen[N] = {false};
        score(&f, &ftdn_ranker_random, drawn[i].layer, &(ftdn_ranker_options){.seed = drawn[i].seed}, place[i]);
        for (int k = 0; k < N; k++) {
            assert_true(place[i][k] >= 0 && place[i][k] < N && place[i][k] == floor(place[i][k]));
            assert_false(seen[(int)place[i][k]]);
            seen[(int)place[i][k]] = true;
        }
        for (int other = 0; other < i; other++)
            assert_int_equal(memcmp(place[i], place[other], sizeof place[i]) == 0, i == 4 && other == 0);
    }
    ftdn_arena_done(&arena);
}

static void every_ranker_is_found_by_its_name_and_has_what_it_needs(void **state)
{
    (void)state;
    int n_rankers;
    const ftdn_ranker *const *ranker = ftdn_rankers(&n_rankers);
    assert_int_equal(n_rankers, 7);
    for (int r = 0; r < n_rankers; r++) {
        assert_ptr_equal(ftdn_ranker_find(ranker[r]->name), ranker[r]);
        assert_int_equal(ranker[r]->needs_injection, ranker[r] == &ftdn_ranker_measured);
        bool reads_maps = ranker[r]->needs_images && !ranker[r]->needs_injection;
        assert_int_equal(reads_maps, ranker[r]->score_image && ranker[r]->finish);
        assert_true(ranker[r]->needs_images || !ranker[r]->needs_injection);
        assert_int_equal(!ranker[r]->needs_images, ranker[r]->score_weights != NULL);
        assert_true(ranker[r]->needs_images || !ranker[r]->needs_gradients);
    }
    assert_null(ftdn_ranker_find("none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_order_is_half_the_squared_product_summed),
        cmocka_unit_test(taylor_is_the_absolute_mean_of_the_summed_products),
        cmocka_unit_test(activation_is_the_mean_absolute_value),
        cmocka_unit_test(entropy_is_minus_that_of_the_softmax),
        cmocka_unit_test(entropy_of_a_constant_map_is_minus_the_logarithm_of_its_size),
        cmocka_unit_test_setup_teardown(weight_sum_adds_all_readers_through_depthwise_pooling_and_batch_norm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(weight_sum_of_its_own_filter_reads_nothing_else, set_up, tear_down),
        cmocka_unit_test(random_is_a_permutation_that_differs_by_seed_and_layer),
        cmocka_unit_test(every_ranker_is_found_by_its_name_and_has_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
