#include "detect/combine.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/philox_hd.h"
#include "tests/support/support.h"

enum { N_CLASSES = 3, N_PRIORS = 256 };

typedef struct fixture {
    ftdn_arena arena;
    ftdn_network network;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    ftdn_arena_init(&test.arena);
    test.network = (ftdn_network){
        .name = "small",
        .n_classes = N_CLASSES,
        .n_priors = N_PRIORS,
        .score_kind = FTDN_SCORE_SOFTMAX,
        .prior_param = -1,
        .centre_variance = 0.1f,
        .size_variance = 0.2f,
    };
    *state = &test;
    return 0;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    ftdn_arena_done(&test->arena);
    return 0;
}

static ftdn_detector new_detector(fixture *test, double nms_iou)
{
    ftdn_error err = {0};
    ftdn_detector detector;
    const ftdn_detect_rule rule = {.score_threshold = 0.01, .nms_iou = nms_iou, .candidates_per_class = 200};
    FTDN_ASSERT_OK(ftdn_detector_init(&detector, &test->network, &rule, &test->arena, &err), err);
    return detector;
}

static ftdn_box_combiner new_combiner(fixture *test, double nms_iou)
{
    ftdn_error err = {0};
    ftdn_detector detector = new_detector(test, nms_iou);
    ftdn_box_combiner combiner;
    FTDN_ASSERT_OK(ftdn_box_combiner_init(&combiner, &detector, &test->arena, &err), err);
    return combiner;
}

static void assert_same_bits(float found, float expected)
{
    uint32_t found_bits, expected_bits;
    memcpy(&found_bits, &found, sizeof found_bits);
    memcpy(&expected_bits, &expected, sizeof expected_bits);
    if (found_bits != expected_bits) fail_msg("%.9g is not %.9g", (double)found, (double)expected);
}

static void assert_detections(const ftdn_box_combiner *combiner, const ftdn_detection *expected, int n_expected)
{
    assert_int_equal(combiner->n_detections, n_expected);
    for (int i = 0; i < n_expected; i++) {
        const ftdn_detection *found = &combiner->detection[i];
        assert_int_equal(found->class_index, expected[i].class_index);
        assert_int_equal(found->prior, expected[i].prior);
        assert_same_bits(found->score, expected[i].score);
        assert_same_bits(found->x0, expected[i].x0);
        assert_same_bits(found->y0, expected[i].y0);
        assert_same_bits(found->x1, expected[i].x1);
        assert_same_bits(found->y1, expected[i].y1);
    }
}

/* Of a literal list. */
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* Combine lists as two detectors would hold them. */
static void combine(ftdn_box_combiner *combiner, const ftdn_detection *first, int n_first, const ftdn_detection *second,
                    int n_second)
{
    ftdn_detection list[2][8];
    assert_true(n_first <= 8 && n_second <= 8);
    if (n_first) memcpy(list[0], first, (size_t)n_first * sizeof *first);
    if (n_second) memcpy(list[1], second, (size_t)n_second * sizeof *second);
    const ftdn_detector detector[2] = {{.detection = list[0], .n_detections = n_first},
                                       {.detection = list[1], .n_detections = n_second}};
    ftdn_combine_boxes(combiner, &detector[0], &detector[1]);
}

static void equal_answers_are_kept_bit_for_bit(void **state)
{
    (void)state;
    const float value[] = {0.0f, -0.0f, 1.0f, -3.7f, FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-149f, -0x1p-149f, 0x1.fffffep-2f};
    enum { N = sizeof value / sizeof *value };
    float out[N];
    ftdn_combine_answers(value, value, N, out);
    for (int i = 0; i < N; i++) assert_same_bits(out[i], value[i]);
}

static void answers_are_averaged_with_one_rounding(void **state)
{
    (void)state;
    const float a[] = {1, FLT_MAX, FLT_MAX, 0x1p-149f, 0x1.000002p0f, 2};
    const float b[] = {2, FLT_MAX / 2, -FLT_MAX, 0x1p-148f, 0x1p-30f, -4};
    const float expected[] = {1.5f, FLT_MAX * 0.75f, 0, 0x1p-148f, 0x1.000002p-1f, -1};
    float out[6];
    ftdn_combine_answers(a, b, 6, out);
    for (int i = 0; i < 6; i++) assert_same_bits(out[i], expected[i]);
}

static void answers_that_are_not_finite_are_passed_on(void **state)
{
    (void)state;
    float a[] = {NAN, 1, INFINITY, INFINITY, -INFINITY};
    const float b[] = {1, NAN, 1, -INFINITY, -INFINITY};
    ftdn_combine_answers(a, b, 5, a); /* in place */
    assert_true(isnan(a[0]) && isnan(a[1]) && isnan(a[3]));
    assert_true(a[2] == INFINITY && a[4] == -INFINITY);
}

static void boxes_that_overlap_are_averaged(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.45);
    const ftdn_detection first[] = {{0, 7, 0.5f, 0, 0, 0.5f, 0.5f}};
    const ftdn_detection second[] = {{0, 9, 0.75f, 0, 0, 0.5f, 0.25f}}; /* half of the other one: IoU 0.5 */
    const ftdn_detection expected[] = {{0, 9, 0.625f, 0, 0, 0.5f, 0.375f}};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 1);
}

static void an_overlap_of_exactly_the_limit_is_none(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.5);
    const ftdn_detection first[] = {{0, 7, 0.5f, 0, 0, 0.5f, 0.5f}};
    const ftdn_detection second[] = {{0, 9, 0.75f, 0, 0, 0.5f, 0.25f}};
    const ftdn_detection expected[] = {second[0], first[0]};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 2);
}

static void a_box_takes_all_that_overlap_with_it(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.3);
    const ftdn_detection first[] = {{1, 1, 0.9f, 0, 0, 1, 0.5f}};
    /* Two halves side by side, each with IoU 0.5 with the whole, none with the other. */
    const ftdn_detection second[] = {{1, 3, 0.8f, 0, 0, 0.5f, 0.5f}, {1, 2, 0.7f, 0.5f, 0, 1, 0.5f}};
    const ftdn_detection expected[] = {{
        .class_index = 1,
        .prior = 1,
        .score = (float)(((double)0.9f + (double)0.8f + (double)0.7f) / 3),
        .x0 = (float)(0.5 / 3),
        .y0 = 0,
        .x1 = (float)(2.5 / 3),
        .y1 = 0.5f,
    }};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 1);
    combine(&combiner, second, COUNT(second), first, COUNT(first));
    assert_detections(&combiner, expected, 1);
}

/* The second half is taken by the best box; the worst box, which only it would meet, stands alone. */
static void a_box_that_is_taken_takes_none(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.3);
    const ftdn_detection first[] = {{0, 1, 0.75f, 0, 0, 0.5f, 0.5f}, {0, 2, 0.25f, 0.5f, 0, 1, 0.5f}};
    const ftdn_detection second[] = {{0, 3, 0.5f, 0, 0, 1, 0.5f}};
    const ftdn_detection expected[] = {{0, 1, 0.625f, 0, 0, 0.75f, 0.5f}, {0, 2, 0.25f, 0.5f, 0, 1, 0.5f}};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 2);
}

/* 0.75 met by 0.25 falls behind 0.625 that stands alone. */
static void detections_are_ordered_by_their_mean_scores(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.45);
    const ftdn_detection first[] = {{0, 4, 0.75f, 0, 0, 0.25f, 0.25f}, {0, 5, 0.625f, 0.5f, 0.5f, 1, 1}};
    const ftdn_detection second[] = {{0, 4, 0.25f, 0, 0, 0.25f, 0.25f}};
    const ftdn_detection expected[] = {first[1], {0, 4, 0.5f, 0, 0, 0.25f, 0.25f}};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 2);
}

static void of_equal_scores_the_first_network_goes_first(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.45);
    const ftdn_detection first[] = {{0, 8, 0.5f, 0, 0, 0.25f, 0.25f}};
    const ftdn_detection second[] = {{0, 2, 0.5f, 0.5f, 0.5f, 1, 1}, {0, 3, 0.5f, 0, 0.5f, 0.25f, 1}};
    const ftdn_detection expected[] = {first[0], second[0], second[1]};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 3);
    const ftdn_detection meeting[] = {{0, 2, 0.5f, 0, 0, 0.25f, 0.25f}};
    const ftdn_detection met[] = {first[0]};
    combine(&combiner, first, COUNT(first), meeting, COUNT(meeting));
    assert_detections(&combiner, met, 1);
}

static void classes_do_not_meet(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.45);
    const ftdn_detection first[] = {{0, 1, 0.5f, 0, 0, 1, 1}, {2, 1, 0.25f, 0, 0, 1, 1}};
    const ftdn_detection second[] = {{1, 1, 0.75f, 0, 0, 1, 1}, {2, 1, 0.75f, 0, 0, 1, 1}};
    const ftdn_detection expected[] = {first[0], second[0], {2, 1, 0.5f, 0, 0, 1, 1}};
    combine(&combiner, first, COUNT(first), second, COUNT(second));
    assert_detections(&combiner, expected, 3);
}

static void one_list_alone_is_kept(void **state)
{
    ftdn_box_combiner combiner = new_combiner(*state, 0.45);
    const ftdn_detection list[] = {{0, 1, 0.5f, 0, 0, 1, 1}, {2, 4, 0.25f, 0, 0, 1, 1}, {2, 1, 0.125f, 0, 0, 0.25f, 1}};
    combine(&combiner, list, COUNT(list), NULL, 0);
    assert_detections(&combiner, list, 3);
    combine(&combiner, NULL, 0, list, COUNT(list));
    assert_detections(&combiner, list, 3);
    combine(&combiner, NULL, 0, NULL, 0);
    assert_int_equal(combiner.n_detections, 0);
}

/* Nothing overlaps with a box without area, and nothing by more than 1. */
static void twins_meet_whatever_the_limit(void **state)
{
    const ftdn_detection list[] = {
        {0, 5, 0.5f, 0, 0, 0, 0.5f}, {0, 6, 0.5f, 0, 0, 0, 0.5f}, {0, 7, 0.25f, 0, 0, 0.5f, 0.5f}};
    ftdn_box_combiner combiner = new_combiner(*state, 1);
    combine(&combiner, list, COUNT(list), list, COUNT(list));
    assert_detections(&combiner, list, 3);
}

static void fill(float *values, size_t n, uint32_t seed, float low, float high)
{
    for (size_t i = 0; i < n; i++) {
        ftdn_philox_block block = ftdn_philox((ftdn_philox_block){{(uint32_t)i, 0, 0, 0}}, seed, 0);
        values[i] = low + (high - low) * ((float)(block.word[0] >> 8) * 0x1p-24f);
    }
}

/* One network's detections for an image of random answers; among them are boxes that the border cuts to nothing. */
static ftdn_detector random_detections(fixture *test, uint32_t seed, double nms_iou)
{
    enum { N_LOGITS = N_PRIORS * (N_CLASSES + 1), N_LOCATIONS = N_PRIORS * 4 };
    static float logits[N_LOGITS], locations[N_LOCATIONS], priors[N_LOCATIONS];
    fill(logits, N_LOGITS, seed, -3, 3);
    fill(locations, N_LOCATIONS, seed + 1, -2, 2);
    fill(priors, N_LOCATIONS, 99, 0.05f, 0.6f);
    for (int i = 0; i < N_PRIORS; i += 16) priors[4 * i] = -2; /* left of the image */
    ftdn_detector detector = new_detector(test, nms_iou);
    ftdn_detect(&detector, logits, locations, priors);
    return detector;
}

static void a_list_combined_with_itself_is_the_list(void **state)
{
    fixture *test = *state;
    const double limits[] = {0, 0.45, 1};
    for (int i = 0; i < 3; i++) {
        ftdn_box_combiner combiner = new_combiner(test, limits[i]);
        ftdn_detector list = random_detections(test, 1, limits[i]);
        assert_true(list.n_detections > 30);
        ftdn_combine_boxes(&combiner, &list, &list);
        assert_detections(&combiner, list.detection, list.n_detections);
    }
}

/* The rule as its header states it, word by word: all boxes of a class in one list, sorted by an exchange sort. */
typedef struct plain_box {
    ftdn_detection detection;
    int network;
    bool is_taken;
} plain_box;

static bool goes_before(const plain_box *a, const plain_box *b)
{
    if (a->detection.score != b->detection.score) return a->detection.score > b->detection.score;
    if (a->network != b->network) return a->network < b->network;
    return a->detection.prior < b->detection.prior;
}

static bool overlaps(const ftdn_detection *a, const ftdn_detection *b, float limit)
{
    float width = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0), height = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    float shared = fmaxf(0, width) * fmaxf(0, height);
    float area = (a->x1 - a->x0) * (a->y1 - a->y0), other = (b->x1 - b->x0) * (b->y1 - b->y0);
    return shared > limit * ((area + other) - shared);
}

static int combine_plainly(const plain_box *given, int n, int class_index, float limit, ftdn_detection *ret)
{
    static plain_box box[2 * N_PRIORS];
    int n_boxes = 0, n_combined = 0;
    for (int i = 0; i < n; i++) {
        if (given[i].detection.class_index != class_index) continue;
        int at = n_boxes++;
        for (; at > 0 && goes_before(&given[i], &box[at - 1]); at--) box[at] = box[at - 1];
        box[at] = given[i];
    }
    for (int i = 0; i < n_boxes; i++) {
        if (box[i].is_taken) continue;
        double sum[5] = {0}, n_met = 0;
        for (int j = i; j < n_boxes; j++) {
            const ftdn_detection *d = &box[j].detection;
            bool meets = j == i || overlaps(&box[i].detection, d, limit);
            if (box[j].is_taken || !meets) continue;
            box[j].is_taken = true;
            const float value[5] = {d->score, d->x0, d->y0, d->x1, d->y1};
            for (int v = 0; v < 5; v++) sum[v] += (double)value[v];
            n_met++;
        }
        ftdn_detection combined = {
            class_index,
            box[i].detection.prior,
            (float)(sum[0] / n_met),
            (float)(sum[1] / n_met),
            (float)(sum[2] / n_met),
            (float)(sum[3] / n_met),
            (float)(sum[4] / n_met),
        };
        int at = n_combined++;
        for (; at > 0 && combined.score > ret[at - 1].score; at--) ret[at] = ret[at - 1];
        ret[at] = combined;
    }
    return n_combined;
}

static void random_lists_are_combined_by_the_rule(void **state)
{
    fixture *test = *state;
    static plain_box box[2 * N_CLASSES * N_PRIORS];
    static ftdn_detection expected[2 * N_CLASSES * N_PRIORS];
    const double limits[] = {0.2, 0.45, 0.8};
    int n_met = 0;
    for (uint32_t seed = 0; seed < 30; seed++) {
        double limit = limits[seed % 3];
        ftdn_box_combiner combiner = new_combiner(test, limit);
        ftdn_detector first = random_detections(test, 3 * seed, limit);
        ftdn_detector second = random_detections(test, 3 * seed + 1, limit);
        int n = 0, n_expected = 0;
        for (int i = 0; i < first.n_detections; i++) box[n++] = (plain_box){first.detection[i], 0, false};
        for (int i = 0; i < second.n_detections; i++) box[n++] = (plain_box){second.detection[i], 1, false};
        for (int c = 0; c < N_CLASSES; c++)
            n_expected += combine_plainly(box, n, c, (float)limit, expected + n_expected);
        ftdn_combine_boxes(&combiner, &first, &second);
        assert_detections(&combiner, expected, n_expected);
        n_met += n - n_expected;
    }
    assert_true(n_met > 100);
}

static void a_refused_allocation_is_an_error(void **state)
{
    fixture *test = *state;
    ftdn_detector detector = new_detector(test, 0.45);
    ftdn_box_combiner combiner = {.n_best = -7};
    ftdn_status status = FTDN_ERR_MEMORY;
    long k = 0;
    for (; status != FTDN_OK; k++) {
        ftdn_error err = {0};
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_box_combiner_init(&combiner, &detector, &arena, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_int_equal(combiner.n_best, -7);
        }
        ftdn_arena_done(&arena);
    }
    assert_int_equal(k, 7); /* six allocations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_answers_are_kept_bit_for_bit),
        cmocka_unit_test(answers_are_averaged_with_one_rounding),
        cmocka_unit_test(answers_that_are_not_finite_are_passed_on),
        cmocka_unit_test_setup_teardown(boxes_that_overlap_are_averaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_overlap_of_exactly_the_limit_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_box_takes_all_that_overlap_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_box_that_is_taken_takes_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(detections_are_ordered_by_their_mean_scores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_equal_scores_the_first_network_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_do_not_meet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_list_alone_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twins_meet_whatever_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_combined_with_itself_is_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_lists_are_combined_by_the_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_allocation_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
