/* test_image_bootstrap.c - intervals over resampled images, of trials whose detections are written by hand. */
#include "harness/figures/image_bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "harness/figures/bootstrap_report.h"
#include "tests/support/support.h"

enum { N_IMAGES = 100 };

static const char *const class_name[] = {"often", "once"};

/* Image i has one object of class "often"; image 0 one of class "once". The first n_found of "often" are found, and
 * that of "once"; no detection is wrong. */
typedef struct made_trial {
    int image[N_IMAGES];
    ftdn_judged_box box[N_IMAGES];
    ftdn_judged_class of_class[2];
    ftdn_judged_trial judged;
} made_trial;

static void make(int n_found, made_trial *made)
{
    for (int i = 0; i < N_IMAGES; i++) {
        made->image[i] = i;
        made->box[i] = (ftdn_judged_box){.image = i, .is_right = true};
    }
    made->of_class[0] = (ftdn_judged_class){n_found, n_found, made->box, N_IMAGES, made->image};
    made->of_class[1] = (ftdn_judged_class){1, 1, made->box, 1, made->image};
    made->judged = (ftdn_judged_trial){N_IMAGES, 2, class_name, made->of_class};
}

static const ftdn_bootstrap_row *resample(const ftdn_judged_trial *own, const ftdn_judged_trial *other, int n_threads,
                                          uint64_t seed, ftdn_arena *arena)
{
    const ftdn_image_bootstrap_desc desc = {.n_resamples = 2000, .seed = seed, .n_threads = n_threads};
    const ftdn_bootstrap_row *row;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_image_bootstrap(&desc, own, other, arena, &row, &err), err);
    return row;
}

static void assert_figure(const ftdn_bootstrapped *figure, double value, double low, double high)
{
    const double found[] = {figure->value, figure->interval.low, figure->interval.high},
                 expected[] = {value, low, high};
    for (int i = 0; i < 3; i++)
        if (!(fabs(found[i] - expected[i]) < 1e-14))
            fail_msg("number %d is %.17g, not %.17g", i, found[i], expected[i]);
}

static void assert_same(const ftdn_bootstrapped *a, const ftdn_bootstrapped *b)
{
    assert_true(a->value == b->value && a->interval.low == b->interval.low && a->interval.high == b->interval.high);
    assert_int_equal(a->interval.n, b->interval.n);
}

/* By hand: the recall of a resample is a hundredth of a binomial number of 100 draws with chance 1/2, whose 2.5 and
 * 97.5 percentiles are 40 and 60. AP is 1/11 for each level 0, 0.1, ... that recall reaches: five levels for 0.40 to
 * 0.49, six for 0.50 to 0.60, as 6 * 0.1 lies above 0.6. The object of image 0 is in 1 - 0.99^100 = 63.4 % of
 * resamples. */
static void intervals_are_those_of_the_binomial_by_hand(void **state)
{
    (void)state;
    made_trial made;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    make(50, &made);
    const ftdn_bootstrap_row *row = resample(&made.judged, NULL, 1, 0, &arena);
    assert_string_equal(row[0].name, "mAP");
    assert_string_equal(row[1].name, "often");
    assert_string_equal(row[2].name, "once");
    assert_figure(&row[1].own, 6.0 / 11, 5.0 / 11, 6.0 / 11);
    assert_int_equal(row[1].own.interval.n, 2000);
    assert_figure(&row[2].own, 1, 1, 1);
    assert_true(abs(row[2].own.interval.n - 1268) < 4 * 22); /* four standard deviations */
    /* With the class "once" mAP is the mean of both, without it the AP of the other one. */
    assert_figure(&row[0].own, (6.0 / 11 + 1) / 2, 5.0 / 11, (6.0 / 11 + 1) / 2);
    assert_int_equal(row[0].own.interval.n, 2000);
    ftdn_arena_done(&arena);
}

/* A trial that finds everything has an AP of 1 in each resample; the difference varies as the other one alone. Two
 * trials that find the same differ in no resample, however much both vary. */
static void differences_are_taken_on_the_same_resamples(void **state)
{
    (void)state;
    made_trial half, all;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    make(50, &half);
    make(N_IMAGES, &all);
    const ftdn_bootstrap_row *row = resample(&half.judged, &all.judged, 1, 0, &arena);
    assert_figure(&row[1].own, 6.0 / 11, 5.0 / 11, 6.0 / 11);
    assert_figure(&row[1].other, 1, 1, 1);
    assert_figure(&row[1].difference, -5.0 / 11, -6.0 / 11, -5.0 / 11);
    row = resample(&half.judged, &half.judged, 1, 0, &arena);
    for (int i = 0; i < 3; i++) assert_figure(&row[i].difference, 0, 0, 0);
    assert_int_equal(row[2].difference.interval.n, row[2].own.interval.n);
    ftdn_arena_done(&arena);
}

/* Unequal APs image by image, so that another order of draws or of sums would be seen. */
static void intervals_do_not_depend_on_threads_but_on_the_seed(void **state)
{
    (void)state;
    made_trial made, other;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    make(70, &made);
    make(60, &other);
    for (int i = 0; i < 70; i++) made.box[i].is_right = i % 7 != 3;
    made.of_class[0].n_right = 60;
    const ftdn_bootstrap_row *one = resample(&made.judged, &other.judged, 1, 5, &arena);
    const ftdn_bootstrap_row *three = resample(&made.judged, &other.judged, 3, 5, &arena);
    for (int i = 0; i < 3; i++) {
        assert_same(&one[i].own, &three[i].own);
        assert_same(&one[i].other, &three[i].other);
        assert_same(&one[i].difference, &three[i].difference);
    }
    const ftdn_bootstrap_row *else_drawn = resample(&made.judged, &other.judged, 1, 6, &arena);
    assert_true(one[1].own.value == else_drawn[1].own.value);
    assert_true(one[1].own.interval.low != else_drawn[1].own.interval.low ||
                one[1].own.interval.high != else_drawn[1].own.interval.high);
    ftdn_arena_done(&arena);
}

static void figures_that_are_none_are_told_as_such(void **state)
{
    (void)state;
    const ftdn_image_bootstrap_desc desc = {.n_resamples = 100, .seed = 7, .n_threads = 1};
    const ftdn_bootstrapped known = {0.25, {0.125, 0.5, 100}}, none = {NAN, {NAN, NAN, 0}};
    const ftdn_bootstrap_row rows[] = {{"mAP", known, known, {0, {0, 0, 100}}}, {"no \"object\"", none, none, none}};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_bootstrap_append(&(ftdn_bootstrap_report){&desc, 3, 2, rows, false}, &text);
    assert_string_equal(text.chars, "95 % intervals by 100 resamples of 3 images (seed 7):\n\n"
                                    "                 AP    from      to\n"
                                    "-----------  ------  ------  ------\n"
                                    "mAP          0.2500  0.1250  0.5000\n"
                                    "no \"object\"       -       -       -\n");
    text.n_chars = 0;
    ftdn_bootstrap_append_json(&(ftdn_bootstrap_report){&desc, 3, 2, rows, true}, &text);
    assert_string_equal(
        text.chars,
        ",\"bootstrap\":{\"resamples\":100,\"seed\":7,\"images\":3,\"intervals\":["
        "{\"name\":\"mAP\",\"own\":{\"value\":0.25,\"low\":0.125,\"high\":0.5,\"resamples\":100},"
        "\"against\":{\"value\":0.25,\"low\":0.125,\"high\":0.5,\"resamples\":100},"
        "\"difference\":{\"value\":0,\"low\":0,\"high\":0,\"resamples\":100}},"
        "{\"name\":\"no \\\"object\\\"\",\"own\":{\"value\":null,\"low\":null,\"high\":null,\"resamples\":0},"
        "\"against\":{\"value\":null,\"low\":null,\"high\":null,\"resamples\":0},"
        "\"difference\":{\"value\":null,\"low\":null,\"high\":null,\"resamples\":0}}]}");
    ftdn_text_done(&text);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    made_trial made;
    make(50, &made);
    const ftdn_image_bootstrap_desc desc = {.n_resamples = 3, .n_threads = 2};
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_failures = -1;
    for (long k = 0; status != FTDN_OK; k++, n_failures++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        const ftdn_bootstrap_row *row = NULL;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_image_bootstrap(&desc, &made.judged, &made.judged, &arena, &row, &err);
        if (status == FTDN_OK) assert_non_null(row);
        else assert_true(status == FTDN_ERR_MEMORY && err.status == FTDN_ERR_MEMORY && !row);
        ftdn_arena_done(&arena);
    }
    assert_true(n_failures >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_those_of_the_binomial_by_hand),
        cmocka_unit_test(differences_are_taken_on_the_same_resamples),
        cmocka_unit_test(intervals_do_not_depend_on_threads_but_on_the_seed),
        cmocka_unit_test(figures_that_are_none_are_told_as_such),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("harness/image_bootstrap", tests, NULL, NULL);
}
