/* The best channels of a layer and of a network, and how far two rankings agree. */
#include "rankers/select.h"

#include <math.h>

#include "rankers/agreement.h"
#include "tests/support/arena_per_test.h"

static const double scores[] = {3, 1, 3, (double)INFINITY, -2, 1, 0};
enum { N = sizeof scores / sizeof *scores };

static void assert_kept(double ratio, int n_kept, const int *kept)
{
    ftdn_selection selection;
    FTDN_ASSERT_OK(ftdn_select_top(scores, N, ratio, &arena, &selection, &err), err);
    assert_int_equal(selection.n_channels, N);
    assert_int_equal(selection.n_kept, n_kept);
    for (int i = 0; i < n_kept; i++) assert_int_equal(selection.channel[i], kept[i]);
}

static void the_best_are_kept_in_ascending_order_and_ties_go_to_the_lower_index(void **state)
{
    (void)state;
    assert_kept(0, 0, NULL);
    assert_kept(1 / 7.0, 1, (const int[]){3});
    assert_kept(2 / 7.0, 2, (const int[]){0, 3});
    assert_kept(4 / 7.0, 4, (const int[]){0, 1, 2, 3});
    assert_kept(1, 7, (const int[]){0, 1, 2, 3, 4, 5, 6});
}

static void the_number_kept_is_rounded_half_away_from_zero(void **state)
{
    (void)state;
    assert_kept(0.5, 4, (const int[]){0, 1, 2, 3}); /* 3.5 */
    assert_kept(0.49, 3, (const int[]){0, 2, 3});
    assert_kept(0.07, 0, NULL);
}

static void order_is_best_first(void **state)
{
    (void)state;
    static const int expected[N] = {3, 0, 2, 1, 5, 6, 4};
    int order[N];
    FTDN_ASSERT_OK(ftdn_select_order(scores, N, order, &arena, &err), err);
    assert_memory_equal(order, expected, sizeof order);
}

static void nan_and_wrong_ratios_are_refused(void **state)
{
    (void)state;
    static const double ratios[] = {-0.01, 1.01, (double)NAN};
    const double with_nan[] = {1, 2, (double)NAN};
    ftdn_selection selection = {.n_kept = -1};
    ftdn_agreement agreement = {.spearman = 7};
    FTDN_ASSERT_FAILS(ftdn_select_top(with_nan, 3, 0.5, &arena, &selection, &err), FTDN_ERR_ARG,
                      "channel 2: the score is not a number", err);
    for (int i = 0; i < 3; i++) {
        FTDN_ASSERT_FAILS(ftdn_select_top(scores, N, ratios[i], &arena, &selection, &err), FTDN_ERR_ARG,
                          "is outside [0, 1]", err);
    }
    FTDN_ASSERT_FAILS(ftdn_agreement_compute(scores, with_nan, 3, &arena, &agreement, &err), FTDN_ERR_ARG,
                      "channel 2: the score is not a number", err);
    assert_int_equal(selection.n_kept, -1);
    assert_true(agreement.spearman == 7);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_status status = FTDN_ERR_MEMORY;
    long k;
    for (k = 0; status != FTDN_OK; k++) {
        ftdn_selection selection;
        ftdn_agreement agreement;
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_select_top(scores, N, 0.5, &arena, &selection, &err);
        if (status == FTDN_OK) status = ftdn_agreement_compute(scores, scores, N, &arena, &agreement, &err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
    }
    assert_true(k > 6);
}

/* Two layers of 4 and 3 channels that cost 2 and 3 each; the second has a depthwise convolution of 5. */
static const double global_a[] = {1, 9, 2, 0}, global_b[] = {8, 7, 3};
static const ftdn_scored_layer global_layers[] = {
    {.name = "a", .score = global_a, .n_channels = 4, .channel_cost = 2},
    {.name = "b", .score = global_b, .n_channels = 3, .channel_cost = 3, .layer_cost = 5},
};

static void assert_global(const ftdn_scored_layer *layers, double ratio, int n_a, const int *a, int n_b, const int *b)
{
    ftdn_selection selection[2];
    FTDN_ASSERT_OK(ftdn_select_global(layers, 2, ratio, &arena, selection, &err), err);
    assert_int_equal(selection[0].n_channels, layers[0].n_channels);
    assert_int_equal(selection[1].n_channels, layers[1].n_channels);
    assert_int_equal(selection[0].n_kept, n_a);
    assert_int_equal(selection[1].n_kept, n_b);
    for (int i = 0; i < n_a; i++) assert_int_equal(selection[0].channel[i], a[i]);
    for (int i = 0; i < n_b; i++) assert_int_equal(selection[1].channel[i], b[i]);
}

/* Uniform: ratio 1/2 keeps 2 and 2 channels for 4 + 5 + 6 = 15. Globally 9 (2), 8 (5 + 3) and 7 (3) leave 2: 3 does
 * not fit, 2 does. */
static void the_best_of_all_layers_are_taken_while_they_fit(void **state)
{
    (void)state;
    assert_global(global_layers, 0.5, 2, (const int[]){1, 2}, 2, (const int[]){0, 1});
    assert_global(global_layers, 0, 0, NULL, 0, NULL);
    assert_global(global_layers, 1, 4, (const int[]){0, 1, 2, 3}, 3, (const int[]){0, 1, 2});
    /* 1 of 4 and 1 of 3 for 2 + 8: what the scores take, too. */
    assert_global(global_layers, 0.25, 1, (const int[]){1}, 1, (const int[]){0});
    /* 1 of 4 and none of 3 for 2: the only one that fits is the best of the first. */
    assert_global(global_layers, 0.15, 1, (const int[]){1}, 0, NULL);
}

/* Where the first layer's scores are all above the second's the budget of both goes to the first. */
static void a_budget_may_go_to_one_layer_alone(void **state)
{
    (void)state;
    const double high[] = {11, 13, 12, 14};
    ftdn_scored_layer layers[] = {global_layers[0], global_layers[1]};
    layers[0].score = high;
    /* Of 10 the first takes 8. */
    assert_global(layers, 0.25, 4, (const int[]){0, 1, 2, 3}, 0, NULL);
    layers[1].layer_cost = 0;
    /* Of 2 + 3 = 5: 2 channels for 4; 1 is left, which nothing costs. */
    assert_global(layers, 0.25, 2, (const int[]){1, 3}, 0, NULL);
}

static void equal_scores_go_to_the_lower_layer_and_channel(void **state)
{
    (void)state;
    const double flat[] = {5, 5, 5, 5};
    ftdn_scored_layer layers[] = {global_layers[0], global_layers[1]};
    layers[0].score = layers[1].score = flat;
    layers[1].layer_cost = 0;
    layers[1].channel_cost = 2;
    /* 2 + 2 channels for 8: all of the first layer. */
    assert_global(layers, 0.5, 4, (const int[]){0, 1, 2, 3}, 0, NULL);
}

static void a_global_selection_of_nan_is_refused(void **state)
{
    (void)state;
    const double with_nan[] = {1, (double)NAN, 3};
    ftdn_scored_layer layers[] = {global_layers[0], global_layers[1]};
    layers[1].score = with_nan;
    ftdn_selection selection[2] = {{.n_kept = -1}, {.n_kept = -1}};
    FTDN_ASSERT_FAILS(ftdn_select_global(layers, 2, 0.5, &arena, selection, &err), FTDN_ERR_ARG,
                      "layer 'b': channel 1: the score is not a number", err);
    FTDN_ASSERT_FAILS(ftdn_select_global(global_layers, 2, 1.5, &arena, selection, &err), FTDN_ERR_ARG,
                      "ratio 1.5 is outside [0, 1]", err);
    FTDN_ASSERT_FAILS(ftdn_select_global(global_layers, 2, (double)NAN, &arena, selection, &err), FTDN_ERR_ARG,
                      "is outside [0, 1]", err);
    assert_int_equal(selection[0].n_kept, -1);
    assert_int_equal(selection[1].n_kept, -1);
    for (long k = 0; k < 5; k++) {
        ftdn_arena_fail_after(&arena, k);
        assert_int_equal(ftdn_select_global(global_layers, 2, 0.5, &arena, selection, &err), FTDN_ERR_MEMORY);
        assert_int_equal(selection[0].n_kept, -1);
    }
    ftdn_arena_fail_after(&arena, 5);
    FTDN_ASSERT_OK(ftdn_select_global(global_layers, 2, 0.5, &arena, selection, &err), err);
}

static ftdn_agreement compare(const double *a, const double *b, int n)
{
    ftdn_agreement agreement;
    FTDN_ASSERT_OK(ftdn_agreement_compute(a, b, n, &arena, &agreement, &err), err);
    return agreement;
}

static void agreement_is_that_of_ranks(void **state)
{
    (void)state;
    const double up[] = {1, 2, 3, 4}, steep[] = {-9, 0, 0.5, 1e9}, down[] = {4, 3, 2, 1}, swapped[] = {2, 1, 3, 4};
    ftdn_agreement same = compare(up, steep, 4), opposite = compare(up, down, 4), near = compare(up, swapped, 4);
    assert_true(same.spearman == 1 && same.best_half == 1);
    assert_true(opposite.spearman == -1 && opposite.best_half == 0);
    assert_true(near.spearman == 1 - 6.0 * 2 / (4 * 15) && near.best_half == 1);
}

/* Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: sums of squares 4.5 and 5, of products 4.5. */
static void equal_scores_share_the_mean_of_their_ranks(void **state)
{
    (void)state;
    const double tied[] = {9, 5, 5, 1}, all[] = {4, 3, 2, 1}, flat[] = {1, 1, 1, 1};
    assert_true(fabs(compare(tied, all, 4).spearman - 4.5 / sqrt(4.5 * 5)) < 1e-15);
    assert_true(isnan(compare(flat, all, 4).spearman));
    assert_true(compare(flat, all, 4).best_half == 1);
    assert_true(isnan(compare(all, all, 1).spearman) && compare(all, all, 1).best_half == 1);
    /* Of five channels the best half is three: {0, 1, 2} and {2, 3, 4}. */
    assert_true(compare((const double[]){5, 4, 3, 2, 1}, (const double[]){1, 2, 3, 4, 5}, 5).best_half == 1 / 3.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_best_are_kept_in_ascending_order_and_ties_go_to_the_lower_index),
        FTDN_ARENA_TEST(the_number_kept_is_rounded_half_away_from_zero),
        FTDN_ARENA_TEST(order_is_best_first),
        FTDN_ARENA_TEST(nan_and_wrong_ratios_are_refused),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
        FTDN_ARENA_TEST(the_best_of_all_layers_are_taken_while_they_fit),
        FTDN_ARENA_TEST(a_budget_may_go_to_one_layer_alone),
        FTDN_ARENA_TEST(equal_scores_go_to_the_lower_layer_and_channel),
        FTDN_ARENA_TEST(a_global_selection_of_nan_is_refused),
        FTDN_ARENA_TEST(agreement_is_that_of_ranks),
        FTDN_ARENA_TEST(equal_scores_share_the_mean_of_their_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
