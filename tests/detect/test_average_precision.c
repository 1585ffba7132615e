#include "detect/average_precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/arena_per_test.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

/* Judge, and measure all images once. */
static ftdn_status judge_and_measure(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                                     int n_truths, ftdn_class_ap *ret_ap)
{
    ftdn_judged_class judged;
    FTDN_TRY(ftdn_detections_judge(detections, n_detections, truths, n_truths, 0.5, &arena, &judged, &err));
    return ftdn_judged_measure(&judged, NULL, &arena, ret_ap, &err);
}

static ftdn_class_ap measure(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                             int n_truths)
{
    ftdn_class_ap ap = {0};
    FTDN_ASSERT_OK(judge_and_measure(detections, n_detections, truths, n_truths, &ap), err);
    return ap;
}

static double get_number(const ftdn_json *object, const char *key)
{
    const ftdn_json *value = ftdn_json_find(object, key);
    assert_non_null(value);
    return value->number;
}

static void read_box(const ftdn_json *object, double box[4])
{
    const ftdn_json *corners = ftdn_json_find(object, "box");
    assert_non_null(corners);
    assert_int_equal(corners->n_children, 4);
    for (int i = 0; i < 4; i++) box[i] = corners->child[i]->number;
}

static void both_measures_equal_the_golden_ones(void **state)
{
    (void)state;
    const ftdn_json *root = ftdn_test_load_json(&arena, ftdn_test_shared_path(&arena, "golden/average_precision.json"));
    const ftdn_json *cases = ftdn_json_find(root, "cases");
    assert_true(get_number(root, "iou_threshold") == 0.5);
    assert_int_equal(cases->n_children, 40);
    for (int i = 0; i < cases->n_children; i++) {
        const ftdn_json *detections = ftdn_json_find(cases->child[i], "detections");
        const ftdn_json *truths = ftdn_json_find(cases->child[i], "ground_truth");
        ftdn_scored_box *detection = FTDN_NEW(&arena, (size_t)detections->n_children, ftdn_scored_box, &err);
        ftdn_truth_box *truth = FTDN_NEW(&arena, (size_t)truths->n_children, ftdn_truth_box, &err);
        assert_true(detection && truth);
        for (int k = 0; k < detections->n_children; k++) {
            detection[k].image = (int)get_number(detections->child[k], "image");
            detection[k].score = get_number(detections->child[k], "score");
            read_box(detections->child[k], detection[k].box);
        }
        for (int k = 0; k < truths->n_children; k++) {
            truth[k].image = (int)get_number(truths->child[k], "image");
            truth[k].difficult = get_number(truths->child[k], "difficult") != 0;
            read_box(truths->child[k], truth[k].box);
        }
        ftdn_class_ap ap;
        ftdn_status status = judge_and_measure(detection, detections->n_children, truth, truths->n_children, &ap);
        FTDN_ASSERT_OK(status, err);
        double error_voc07 = fabs(ap.ap_voc07 - get_number(cases->child[i], "ap_11point"));
        double error_area = fabs(ap.ap_area - get_number(cases->child[i], "ap_area"));
        if (!(error_voc07 <= 1e-12 && error_area <= 1e-12)) {
            fail_msg("case %d is off by %g (11 points), %g (area)", i, error_voc07, error_area);
        }
    }
}

static void a_class_without_objects_has_no_ap(void **state)
{
    (void)state;
    const ftdn_scored_box detection = {0, 0.9, {0, 0, 1, 1}};
    const ftdn_truth_box difficult = {0, true, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(&detection, 1, NULL, 0);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
    ap = measure(&detection, 1, &difficult, 1);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
}

static void objects_without_detections_give_zero(void **state)
{
    (void)state;
    const ftdn_truth_box truth = {0, false, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(NULL, 0, &truth, 1);
    assert_true(ap.ap_voc07 == 0 && ap.ap_area == 0 && ap.n_objects == 1);
}

static void an_overlap_equal_to_the_threshold_is_wrong(void **state)
{
    (void)state;
    const ftdn_truth_box truth = {7, false, {0, 0, 4, 4}};
    ftdn_scored_box detection = {7, 0.9, {0, 0, 4, 2}}; /* IoU exactly 1/2 */
    assert_true(measure(&detection, 1, &truth, 1).ap_area == 0);
    detection.box[3] = 2.001;
    ftdn_class_ap ap = measure(&detection, 1, &truth, 1);
    assert_close(ap.ap_area, 1, 1e-15);
    assert_close(ap.ap_voc07, 1, 1e-15);
    detection.image = 8;
    assert_true(measure(&detection, 1, &truth, 1).ap_area == 0);
}

static void a_second_detection_of_an_object_is_wrong(void **state)
{
    (void)state;
    const ftdn_truth_box truths[2] = {{0, false, {0, 0, 4, 4}}, {1, false, {0, 0, 4, 4}}};
    const ftdn_scored_box detections[3] = {
        {0, 0.9, {0, 0, 4, 4}}, {0, 0.8, {0, 0, 4, 4}}, {1, 0.7, {0, 0, 4, 4}}, /* right, wrong, right */
    };
    ftdn_class_ap ap = measure(detections, 3, truths, 2);
    assert_close(ap.ap_area, 0.5 * 1 + 0.5 * 2 / 3, 1e-15);
    assert_close(ap.ap_voc07, (6 * 1 + 5 * 2.0 / 3) / 11, 1e-15);
}

static void a_difficult_object_makes_a_detection_neither_right_nor_wrong(void **state)
{
    (void)state;
    const ftdn_truth_box truths[2] = {{0, true, {0, 0, 4, 4}}, {0, false, {6, 6, 9, 9}}};
    const ftdn_scored_box detections[3] = {
        {0, 0.9, {0, 0, 4, 4}},
        {0, 0.8, {0, 0, 4, 3.9}},
        {0, 0.7, {6, 6, 9, 9}},
    };
    ftdn_class_ap ap = measure(detections, 3, truths, 2);
    assert_int_equal(ap.n_objects, 1);
    assert_close(ap.ap_area, 1, 1e-15);
}

static void only_the_best_overlapping_object_counts(void **state)
{
    (void)state;
    const ftdn_truth_box truths[2] = {{0, false, {0, 0, 10, 10}}, {0, false, {0, 0, 10, 9}}};
    const ftdn_scored_box detections[2] = {{0, 0.9, {0, 0, 10, 10}}, {0, 0.8, {0, 0, 10, 9.9}}};
    /* The second detection overlaps both objects by more than 1/2, but the first object, now taken, best. */
    assert_close(measure(detections, 2, truths, 2).ap_area, 0.5, 1e-15);
}

static void equal_scores_keep_their_given_order(void **state)
{
    (void)state;
    const ftdn_truth_box truth = {0, false, {0, 0, 4, 4}};
    const ftdn_scored_box right = {0, 0.5, {0, 0, 4, 4}}, wrong = {0, 0.5, {8, 8, 9, 9}};
    assert_close(measure((ftdn_scored_box[]){right, wrong}, 2, &truth, 1).ap_area, 1, 1e-15);
    assert_close(measure((ftdn_scored_box[]){wrong, right}, 2, &truth, 1).ap_area, 0.5, 1e-15);
}

/* Level 3 of the 11-point rule is 3 * 0.1 = 0.30000000000000004: recall 3/10 does not reach it. */
static void recall_levels_are_those_of_double_arithmetic(void **state)
{
    (void)state;
    ftdn_truth_box truths[10];
    ftdn_scored_box detections[3];
    for (int i = 0; i < 10; i++) truths[i] = (ftdn_truth_box){i, false, {0, 0, 1, 1}};
    for (int i = 0; i < 3; i++) detections[i] = (ftdn_scored_box){i, 0.9, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(detections, 3, truths, 10);
    assert_close(ap.ap_voc07, 3.0 / 11, 1e-15);
    assert_close(ap.ap_area, 0.3, 1e-15);
}

static void boxes_without_area_overlap_nothing(void **state)
{
    (void)state;
    const ftdn_truth_box truths[2] = {{0, false, {1, 1, 1, 1}}, {0, false, {0, 0, 2, 2}}};
    const ftdn_scored_box detections[3] = {{0, 0.9, {1, 1, 1, 1}}, {0, 0.8, {2, 2, 0, 0}}, {0, 0.7, {0, 0, 2, 2}}};
    ftdn_class_ap ap = measure(detections, 3, truths, 2);
    assert_int_equal(ap.n_objects, 2);
    assert_close(ap.ap_area, 0.5 / 3, 1e-15);
}

static void the_order_of_objects_does_not_matter(void **state)
{
    (void)state;
    enum { N_TRUTHS = 60, N_DETECTIONS = 300 };
    ftdn_truth_box truths[N_TRUTHS];
    ftdn_scored_box detections[N_DETECTIONS];
    srand(3);
    for (int i = 0; i < N_TRUTHS; i++) {
        double x = rand() % 100 + i * 1e-3, y = rand() % 100;
        truths[i] = (ftdn_truth_box){rand() % 9 - 4, rand() % 5 == 0, {x, y, x + 40, y + 30}};
    }
    for (int i = 0; i < N_DETECTIONS; i++) {
        const ftdn_truth_box *near = &truths[rand() % N_TRUTHS];
        double shift = rand() % 20;
        const double *b = near->box;
        detections[i] = (ftdn_scored_box){near->image, rand() % 50 / 50.0, {b[0] + shift, b[1], b[2] + shift, b[3]}};
    }
    ftdn_class_ap ap = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
    assert_true(ap.ap_area > 0 && ap.ap_area < 1);
    for (int i = N_TRUTHS - 1; i > 0; i--) {
        int other = rand() % (i + 1);
        ftdn_truth_box moved = truths[i];
        truths[i] = truths[other];
        truths[other] = moved;
    }
    ftdn_class_ap again = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
    assert_memory_equal(&again.ap_voc07, &ap.ap_voc07, sizeof ap.ap_voc07);
    assert_memory_equal(&again.ap_area, &ap.ap_area, sizeof ap.ap_area);
}

enum { N_IMAGES = 9, N_TRUTHS = 60, N_DETECTIONS = 300 };

/* Objects of 9 images and detections around them, by image; no two scores are equal. */
static void make_class(ftdn_truth_box *truths, ftdn_scored_box *detections)
{
    for (int i = 0; i < N_TRUTHS; i++) {
        double x = rand() % 100 + i * 1e-3, y = rand() % 100;
        truths[i] = (ftdn_truth_box){i * N_IMAGES / N_TRUTHS, rand() % 5 == 0, {x, y, x + 40, y + 30}};
    }
    for (int i = 0; i < N_DETECTIONS; i++) {
        const ftdn_truth_box *near = &truths[i * N_TRUTHS / N_DETECTIONS];
        double shift = rand() % 20;
        const double *b = near->box;
        detections[i] =
            (ftdn_scored_box){near->image, rand() % 50 + i * 1e-3, {b[0] + shift, b[1], b[2] + shift, b[3]}};
    }
}

/* A data set in which image i stands n_times[i] times, each time as an image of its own, is measured as it is. */
static ftdn_class_ap measure_repeated(const ftdn_truth_box *truths, const ftdn_scored_box *detections,
                                      const int *n_times)
{
    ftdn_truth_box many_truths[4 * N_TRUTHS];
    ftdn_scored_box many_detections[4 * N_DETECTIONS];
    int n_truths = 0, n_detections = 0;
    for (int image = 0; image < N_IMAGES; image++)
        for (int copy = 0; copy < n_times[image]; copy++) {
            for (int i = 0; i < N_TRUTHS; i++) {
                if (truths[i].image != image) continue;
                many_truths[n_truths] = truths[i];
                many_truths[n_truths++].image = 4 * image + copy;
            }
            for (int i = 0; i < N_DETECTIONS; i++) {
                if (detections[i].image != image) continue;
                many_detections[n_detections] = detections[i];
                many_detections[n_detections++].image = 4 * image + copy;
            }
        }
    return measure(many_detections, n_detections, many_truths, n_truths);
}

static void an_image_that_counts_twice_is_two_images(void **state)
{
    (void)state;
    ftdn_truth_box truths[N_TRUTHS];
    ftdn_scored_box detections[N_DETECTIONS];
    srand(5);
    for (int round = 0; round < 50; round++) {
        make_class(truths, detections);
        ftdn_judged_class judged;
        FTDN_ASSERT_OK(ftdn_detections_judge(detections, N_DETECTIONS, truths, N_TRUTHS, 0.5, &arena, &judged, &err),
                       err);
        int n_times[N_IMAGES], ones[N_IMAGES];
        for (int i = 0; i < N_IMAGES; i++) {
            n_times[i] = rand() % 5;
            ones[i] = 1;
        }
        ftdn_class_ap weighted, once, expected = measure_repeated(truths, detections, n_times);
        size_t n_bytes = arena.n_bytes;
        FTDN_ASSERT_OK(ftdn_judged_measure(&judged, n_times, &arena, &weighted, &err), err);
        assert_int_equal(arena.n_bytes, n_bytes); /* scratch was given back */
        assert_int_equal(weighted.n_objects, expected.n_objects);
        assert_true(weighted.ap_voc07 == expected.ap_voc07);
        assert_close(weighted.ap_area, expected.ap_area, 1e-13); /* sums of up to 240 terms below 1 */
        expected = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
        FTDN_ASSERT_OK(ftdn_judged_measure(&judged, ones, &arena, &once, &err), err);
        assert_true(once.ap_voc07 == expected.ap_voc07 && once.ap_area == expected.ap_area);
    }
}

static void a_choice_of_images_without_objects_has_no_ap(void **state)
{
    (void)state;
    const ftdn_truth_box truth = {1, false, {0, 0, 4, 4}};
    const ftdn_scored_box detection = {1, 0.5, {0, 0, 4, 4}};
    static const int without[] = {3, 0}, with[] = {0, 2};
    ftdn_judged_class judged;
    ftdn_class_ap ap;
    FTDN_ASSERT_OK(ftdn_detections_judge(&detection, 1, &truth, 1, 0.5, &arena, &judged, &err), err);
    FTDN_ASSERT_OK(ftdn_judged_measure(&judged, without, &arena, &ap, &err), err);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
    FTDN_ASSERT_OK(ftdn_judged_measure(&judged, with, &arena, &ap, &err), err);
    assert_true(ap.ap_area == 1 && ap.n_objects == 2);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    const ftdn_truth_box truth = {0, false, {0, 0, 4, 4}};
    const ftdn_scored_box detection = {0, 0.5, {0, 0, 4, 4}};
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_failures = 0;
    for (long k = 0; status != FTDN_OK; k++) {
        err = (ftdn_error){0};
        ftdn_arena_fail_after(&arena, k);
        ftdn_class_ap ap = {.n_objects = -1};
        status = judge_and_measure(&detection, 1, &truth, 1, &ap);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_int_equal(ap.n_objects, -1);
            n_failures++;
        }
    }
    assert_int_equal(n_failures, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(both_measures_equal_the_golden_ones),
        FTDN_ARENA_TEST(a_class_without_objects_has_no_ap),
        FTDN_ARENA_TEST(objects_without_detections_give_zero),
        FTDN_ARENA_TEST(an_overlap_equal_to_the_threshold_is_wrong),
        FTDN_ARENA_TEST(a_second_detection_of_an_object_is_wrong),
        FTDN_ARENA_TEST(a_difficult_object_makes_a_detection_neither_right_nor_wrong),
        FTDN_ARENA_TEST(only_the_best_overlapping_object_counts),
        FTDN_ARENA_TEST(equal_scores_keep_their_given_order),
        FTDN_ARENA_TEST(recall_levels_are_those_of_double_arithmetic),
        FTDN_ARENA_TEST(boxes_without_area_overlap_nothing),
        FTDN_ARENA_TEST(the_order_of_objects_does_not_matter),
        FTDN_ARENA_TEST(an_image_that_counts_twice_is_two_images),
        FTDN_ARENA_TEST(a_choice_of_images_without_objects_has_no_ap),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
