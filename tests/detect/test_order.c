#include "detect/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

#define LARGEST 3000

/* The definition, by qsort: what the functions under test must agree with. */
static int compare_ranked(const void *left, const void *right)
{
    const ftdn_ranked *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int reference_select(const float *scores, int n_scores, float threshold, int n_best, ftdn_ranked *ret_best)
{
    static ftdn_ranked all[LARGEST];
    int n = 0;
    for (int i = 0; i < n_scores; i++) {
        if (!isnan(scores[i]) && scores[i] > threshold) all[n++] = (ftdn_ranked){(double)scores[i], i};
    }
    qsort(all, (size_t)n, sizeof *all, compare_ranked);
    if (n > n_best) n = n_best;
    memcpy(ret_best, all, (size_t)n * sizeof *all);
    return n;
}

static void assert_same_order(const ftdn_ranked *found, const ftdn_ranked *expected, int n)
{
    for (int i = 0; i < n; i++) {
        if (found[i].index != expected[i].index || found[i].score != expected[i].score) {
            fail_msg("place %d of %d: index %d with %g, expected index %d with %g", i, n, found[i].index,
                     found[i].score, expected[i].index, expected[i].score);
        }
    }
}

static float random_score(int kind)
{
    int draw = rand();
    switch (kind) {
    case 0: return (float)draw / (float)RAND_MAX;            /* hardly any ties */
    case 1: return (float)(draw % 5) / 8;                    /* many ties */
    case 2: return 0.25f;                                    /* ties only */
    case 3: return draw % 4 ? (float)(draw % 50) / 50 : NAN; /* ties and NaN */
    case 4: return NAN;
    case 5: return 0.5f + (float)(draw % 64) * 0x1p-24f;            /* differ in the last digit only */
    case 6: return draw % 2 ? 0x1p-149f * (float)(draw % 9) : 0.0f; /* below the smallest normal number */
    default: return draw % 3 ? INFINITY : (float)(draw % 1000);     /* far over 1 */
    }
}

static void selection_equals_a_full_sort(void **state)
{
    (void)state;
    static float scores[LARGEST];
    static int candidate[LARGEST];
    static ftdn_ranked found[LARGEST], scratch[LARGEST], expected[LARGEST];
    static const int sizes[] = {0, 1, 2, 7, 63, 200, 201, 1000, LARGEST};
    static const int limits[] = {1, 2, 13, 200, LARGEST};
    static const float thresholds[] = {-1, 0, 0.01f, 0.25f, 0.9f};
    srand(1);
    for (int kind = 0; kind < 8; kind++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (int k = 0; k < sizes[i]; k++) scores[k] = random_score(kind);
            for (size_t j = 0; j < 25; j++) {
                int n_best = limits[j / 5];
                float threshold = thresholds[j % 5];
                int n_expected = reference_select(scores, sizes[i], threshold, n_best, expected);
                int n = ftdn_ranked_select(scores, sizes[i], threshold, n_best, candidate, found, scratch);
                assert_int_equal(n, n_expected);
                assert_same_order(found, expected, n);
            }
        }
    }
}

static void a_score_at_the_threshold_is_not_above_it(void **state)
{
    (void)state;
    const float scores[4] = {0.5f, nextafterf(0.5f, 1), 0.5f, nextafterf(0.5f, 0)};
    int candidate[4];
    ftdn_ranked best[4], scratch[4];
    assert_int_equal(ftdn_ranked_select(scores, 4, 0.5f, 4, candidate, best, scratch), 1);
    assert_int_equal(best[0].index, 1);
}

static void sorting_keeps_equal_scores_in_their_given_order(void **state)
{
    (void)state;
    static ftdn_ranked items[LARGEST], scratch[LARGEST], expected[LARGEST];
    srand(2);
    for (int n = 0; n <= LARGEST; n = n < 40 ? n + 1 : n * 2 + 1) {
        for (int i = 0; i < n; i++) items[i] = (ftdn_ranked){rand() % (1 + n / 4) - n / 8, i};
        memcpy(expected, items, sizeof items);
        qsort(expected, (size_t)n, sizeof *expected, compare_ranked);
        ftdn_ranked_sort(items, n, scratch);
        assert_same_order(items, expected, n);
    }
}

static int compare_tagged(const void *left, const void *right)
{
    const ftdn_tagged *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

/* Tags are places in the list: by score, then by tag is what a stable sort gives. */
static void tagged_scores_are_sorted_stably(void **state)
{
    (void)state;
    static const int kinds[] = {0, 1, 2, 5, 6};
    static ftdn_tagged items[LARGEST], expected[LARGEST], scratch[LARGEST];
    srand(9);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int n = 0; n <= LARGEST; n += n < 20 ? 1 : 149) {
            for (int i = 0; i < n; i++) items[i] = expected[i] = (ftdn_tagged){random_score(kinds[k]), (uint32_t)i};
            qsort(expected, (size_t)n, sizeof *expected, compare_tagged);
            ftdn_tagged_sort(items, (size_t)n, scratch);
            assert_memory_equal(items, expected, (size_t)n * sizeof *items);
        }
}

/* From the smallest number above 0 to the largest: every digit of the sort differs. */
static void scores_of_any_size_are_sorted(void **state)
{
    (void)state;
    static ftdn_tagged items[255 * 8], expected[255 * 8], scratch[255 * 8];
    enum { N = sizeof items / sizeof *items };
    for (int i = 0; i < N; i++) {
        uint32_t bits = (uint32_t)(i / 8) << 23 | (uint32_t)(i % 8) * 0x0fffffu;
        float score;
        memcpy(&score, &bits, sizeof score);
        int at = (int)((long)i * 1013 % N); /* 1013 is a prime that does not divide N */
        items[at] = (ftdn_tagged){score, (uint32_t)at};
    }
    memcpy(expected, items, sizeof items);
    qsort(expected, N, sizeof *expected, compare_tagged);
    ftdn_tagged_sort(items, N, scratch);
    assert_memory_equal(items, expected, sizeof items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selection_equals_a_full_sort),
        cmocka_unit_test(a_score_at_the_threshold_is_not_above_it),
        cmocka_unit_test(sorting_keeps_equal_scores_in_their_given_order),
        cmocka_unit_test(tagged_scores_are_sorted_stably),
        cmocka_unit_test(scores_of_any_size_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
