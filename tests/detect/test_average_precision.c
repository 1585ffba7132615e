#include "detect/average_precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/arena_per_test.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

/* A detection, an object: of any image. */
typedef struct flat_box {
    int image;
    double score;
    double box[4];
} flat_box;

typedef struct flat_truth {
    int image;
    bool difficult;
    double box[4];
} flat_truth;

#define MOST 2000 /* detections, objects and images */

/* Images with their detections by rank, of lists in any order; equal scores keep their order in the list. */
typedef struct class_lists {
    int n_images;
    ftdn_class_image image[MOST];
    float score[MOST];
    double box[MOST][4];
    ftdn_truth_box truth[MOST];
} class_lists;

static void add_image(class_lists *lists, int image, const flat_box *detections, int n_detections,
                      const flat_truth *truths, int n_truths, int *n_boxes_before, int *n_truths_before)
{
    float *score = lists->score + *n_boxes_before;
    double(*box)[4] = lists->box + *n_boxes_before;
    ftdn_truth_box *truth = lists->truth + *n_truths_before;
    ftdn_class_image own = {.image = image, .score = score, .box = box[0], .truth = truth};
    for (int i = 0; i < n_detections; i++) {
        if (detections[i].image != image) continue;
        int at = own.n_boxes++;
        for (; at > 0 && score[at - 1] < (float)detections[i].score; at--) {
            score[at] = score[at - 1];
            memcpy(box[at], box[at - 1], sizeof *box);
        }
        score[at] = (float)detections[i].score;
        memcpy(box[at], detections[i].box, sizeof *box);
    }
    for (int i = 0; i < n_truths; i++) {
        if (truths[i].image != image) continue;
        truth[own.n_truths].difficult = truths[i].difficult;
        memcpy(truth[own.n_truths++].box, truths[i].box, sizeof truth->box);
    }
    *n_boxes_before += own.n_boxes;
    *n_truths_before += own.n_truths;
    lists->image[lists->n_images++] = own;
}

static ftdn_status judge(const flat_box *detections, int n_detections, const flat_truth *truths, int n_truths,
                         ftdn_judged_class *ret_judged)
{
    static class_lists lists;
    int n_boxes = 0, n_truths_before = 0, last = -1;
    assert_true(n_detections <= MOST && n_truths <= MOST);
    for (int i = 0; i < n_detections; i++) last = detections[i].image > last ? detections[i].image : last;
    for (int i = 0; i < n_truths; i++) last = truths[i].image > last ? truths[i].image : last;
    assert_true(last < MOST);
    lists.n_images = 0;
    for (int image = 0; image <= last; image++)
        add_image(&lists, image, detections, n_detections, truths, n_truths, &n_boxes, &n_truths_before);
    assert_int_equal(n_boxes, n_detections);
    assert_int_equal(n_truths_before, n_truths);
    return ftdn_detections_judge(lists.image, lists.n_images, 0.5, &arena, ret_judged, &err);
}

/* Judge, and measure all images once. */
static ftdn_status judge_and_measure(const flat_box *detections, int n_detections, const flat_truth *truths,
                                     int n_truths, ftdn_class_ap *ret_ap)
{
    ftdn_judged_class judged;
    FTDN_TRY(judge(detections, n_detections, truths, n_truths, &judged));
    return ftdn_judged_measure(&judged, NULL, &arena, ret_ap, &err);
}

static ftdn_class_ap measure(const flat_box *detections, int n_detections, const flat_truth *truths, int n_truths)
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
        flat_box *detection = FTDN_NEW(&arena, (size_t)detections->n_children, flat_box, &err);
        flat_truth *truth = FTDN_NEW(&arena, (size_t)truths->n_children, flat_truth, &err);
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
    const flat_box detection = {0, 0.9, {0, 0, 1, 1}};
    const flat_truth difficult = {0, true, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(&detection, 1, NULL, 0);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
    ap = measure(&detection, 1, &difficult, 1);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
}

static void objects_without_detections_give_zero(void **state)
{
    (void)state;
    const flat_truth truth = {0, false, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(NULL, 0, &truth, 1);
    assert_true(ap.ap_voc07 == 0 && ap.ap_area == 0 && ap.n_objects == 1);
}

static void an_overlap_equal_to_the_threshold_is_wrong(void **state)
{
    (void)state;
    const flat_truth truth = {7, false, {0, 0, 4, 4}};
    flat_box detection = {7, 0.9, {0, 0, 4, 2}}; /* IoU exactly 1/2 */
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
    const flat_truth truths[2] = {{0, false, {0, 0, 4, 4}}, {1, false, {0, 0, 4, 4}}};
    const flat_box detections[3] = {
        {0, 0.9, {0, 0, 4, 4}}, {0, 0.8, {0, 0, 4, 4}}, {1, 0.7, {0, 0, 4, 4}}, /* right, wrong, right */
    };
    ftdn_class_ap ap = measure(detections, 3, truths, 2);
    assert_close(ap.ap_area, 0.5 * 1 + 0.5 * 2 / 3, 1e-15);
    assert_close(ap.ap_voc07, (6 * 1 + 5 * 2.0 / 3) / 11, 1e-15);
}

static void a_difficult_object_makes_a_detection_neither_right_nor_wrong(void **state)
{
    (void)state;
    const flat_truth truths[2] = {{0, true, {0, 0, 4, 4}}, {0, false, {6, 6, 9, 9}}};
    const flat_box detections[3] = {
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
    const flat_truth truths[2] = {{0, false, {0, 0, 10, 10}}, {0, false, {0, 0, 10, 9}}};
    const flat_box detections[2] = {{0, 0.9, {0, 0, 10, 10}}, {0, 0.8, {0, 0, 10, 9.9}}};
    /* The second detection overlaps both objects by more than 1/2, but the first object, now taken, best. */
    assert_close(measure(detections, 2, truths, 2).ap_area, 0.5, 1e-15);
}

static void equal_scores_keep_their_given_order(void **state)
{
    (void)state;
    const flat_truth truth = {0, false, {0, 0, 4, 4}};
    const flat_box right = {0, 0.5, {0, 0, 4, 4}}, wrong = {0, 0.5, {8, 8, 9, 9}};
    assert_close(measure((flat_box[]){right, wrong}, 2, &truth, 1).ap_area, 1, 1e-15);
    assert_close(measure((flat_box[]){wrong, right}, 2, &truth, 1).ap_area, 0.5, 1e-15);
}

/* Level 3 of the 11-point rule is 3 * 0.1 = 0.30000000000000004: recall 3/10 does not reach it. */
static void recall_levels_are_those_of_double_arithmetic(void **state)
{
    (void)state;
    flat_truth truths[10];
    flat_box detections[3];
    for (int i = 0; i < 10; i++) truths[i] = (flat_truth){i, false, {0, 0, 1, 1}};
    for (int i = 0; i < 3; i++) detections[i] = (flat_box){i, 0.9, {0, 0, 1, 1}};
    ftdn_class_ap ap = measure(detections, 3, truths, 10);
    assert_close(ap.ap_voc07, 3.0 / 11, 1e-15);
    assert_close(ap.ap_area, 0.3, 1e-15);
}

static void boxes_without_area_overlap_nothing(void **state)
{
    (void)state;
    const flat_truth truths[2] = {{0, false, {1, 1, 1, 1}}, {0, false, {0, 0, 2, 2}}};
    const flat_box detections[3] = {{0, 0.9, {1, 1, 1, 1}}, {0, 0.8, {2, 2, 0, 0}}, {0, 0.7, {0, 0, 2, 2}}};
    ftdn_class_ap ap = measure(detections, 3, truths, 2);
    assert_int_equal(ap.n_objects, 2);
    assert_close(ap.ap_area, 0.5 / 3, 1e-15);
}

static void the_order_of_objects_does_not_matter(void **state)
{
    (void)state;
    enum { N_TRUTHS = 60, N_DETECTIONS = 300 };
    flat_truth truths[N_TRUTHS];
    flat_box detections[N_DETECTIONS];
    srand(3);
    for (int i = 0; i < N_TRUTHS; i++) {
        double x = rand() % 100 + i * 1e-3, y = rand() % 100;
        truths[i] = (flat_truth){rand() % 9, rand() % 5 == 0, {x, y, x + 40, y + 30}};
    }
    for (int i = 0; i < N_DETECTIONS; i++) {
        const flat_truth *near = &truths[rand() % N_TRUTHS];
        double shift = rand() % 20;
        const double *b = near->box;
        detections[i] = (flat_box){near->image, rand() % 50 / 50.0, {b[0] + shift, b[1], b[2] + shift, b[3]}};
    }
    ftdn_class_ap ap = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
    assert_true(ap.ap_area > 0 && ap.ap_area < 1);
    for (int i = N_TRUTHS - 1; i > 0; i--) {
        int other = rand() % (i + 1);
        flat_truth moved = truths[i];
        truths[i] = truths[other];
        truths[other] = moved;
    }
    ftdn_class_ap again = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
    assert_memory_equal(&again.ap_voc07, &ap.ap_voc07, sizeof ap.ap_voc07);
    assert_memory_equal(&again.ap_area, &ap.ap_area, sizeof ap.ap_area);
}

enum { N_IMAGES = 9, N_TRUTHS = 60, N_DETECTIONS = 300 };

/* Objects of 9 images and detections around them, by image; no two scores are equal. */
static void make_class(flat_truth *truths, flat_box *detections)
{
    for (int i = 0; i < N_TRUTHS; i++) {
        double x = rand() % 100 + i * 1e-3, y = rand() % 100;
        truths[i] = (flat_truth){i * N_IMAGES / N_TRUTHS, rand() % 5 == 0, {x, y, x + 40, y + 30}};
    }
    for (int i = 0; i < N_DETECTIONS; i++) {
        const flat_truth *near = &truths[i * N_TRUTHS / N_DETECTIONS];
        double shift = rand() % 20;
        const double *b = near->box;
        detections[i] = (flat_box){near->image, rand() % 50 + i * 1e-3, {b[0] + shift, b[1], b[2] + shift, b[3]}};
    }
}

/* A data set in which image i stands n_times[i] times, each time as an image of its own, is measured as it is. */
static ftdn_class_ap measure_repeated(const flat_truth *truths, const flat_box *detections, const int *n_times)
{
    flat_truth many_truths[4 * N_TRUTHS];
    flat_box many_detections[4 * N_DETECTIONS];
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
    flat_truth truths[N_TRUTHS];
    flat_box detections[N_DETECTIONS];
    srand(5);
    for (int round = 0; round < 50; round++) {
        make_class(truths, detections);
        ftdn_judged_class judged;
        FTDN_ASSERT_OK(judge(detections, N_DETECTIONS, truths, N_TRUTHS, &judged), err);
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
    const flat_truth truth = {1, false, {0, 0, 4, 4}};
    const flat_box detection = {1, 0.5, {0, 0, 4, 4}};
    static const int without[] = {3, 0}, with[] = {0, 2};
    ftdn_judged_class judged;
    ftdn_class_ap ap;
    FTDN_ASSERT_OK(judge(&detection, 1, &truth, 1, &judged), err);
    FTDN_ASSERT_OK(ftdn_judged_measure(&judged, without, &arena, &ap, &err), err);
    assert_true(isnan(ap.ap_voc07) && isnan(ap.ap_area) && ap.n_objects == 0);
    FTDN_ASSERT_OK(ftdn_judged_measure(&judged, with, &arena, &ap, &err), err);
    assert_true(ap.ap_area == 1 && ap.n_objects == 2);
}

/* The definition: all detections by rank, each against the objects of its image. A detection's rank is found by
 * comparing it with all others. */
static ftdn_class_ap measure_by_definition(const flat_box *detections, int n_detections, const flat_truth *truths,
                                           int n_truths)
{
    int ranked[N_DETECTIONS], n_found = 0, n_wrong = 0, n_objects = 0, n_steps = 0;
    bool taken[N_TRUTHS] = {false};
    double precision[N_TRUTHS];
    for (int i = 0; i < n_truths; i++) n_objects += !truths[i].difficult;
    for (int i = 0; i < n_detections; i++) {
        int rank = 0;
        for (int k = 0; k < n_detections; k++)
            rank += detections[k].score > detections[i].score || (detections[k].score == detections[i].score && k < i);
        ranked[rank] = i;
    }
    for (int r = 0; r < n_detections; r++) {
        const flat_box *own = &detections[ranked[r]];
        int best = -1;
        double best_iou = 0.5;
        for (int t = 0; t < n_truths; t++) {
            const double *a = own->box, *b = truths[t].box;
            double width = fmin(a[2], b[2]) - fmax(a[0], b[0]), height = fmin(a[3], b[3]) - fmax(a[1], b[1]);
            if (truths[t].image != own->image || width <= 0 || height <= 0) continue;
            double shared = width * height;
            double iou = shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared);
            if (iou > best_iou) {
                best = t;
                best_iou = iou;
            }
        }
        if (best >= 0 && truths[best].difficult) continue;
        bool is_right = best >= 0 && !taken[best];
        if (is_right) {
            taken[best] = true;
            precision[n_steps++] = (double)(n_found + 1) / (double)(n_found + 1 + n_wrong);
        }
        n_found += is_right;
        n_wrong += !is_right;
    }
    ftdn_class_ap ap = {.n_objects = n_objects};
    for (int s = n_steps - 2; s >= 0; s--) precision[s] = fmax(precision[s], precision[s + 1]);
    for (int s = 0; s < n_steps; s++) ap.ap_area += precision[s] / n_objects;
    for (int k = 0; k <= 10; k++) {
        int s = 0;
        while (s < n_steps && (double)(s + 1) / n_objects < k * 0.1) s++;
        if (s < n_steps) ap.ap_voc07 += precision[s] / 11;
    }
    return ap;
}

static void both_measures_are_those_of_the_definition(void **state)
{
    (void)state;
    flat_truth truths[N_TRUTHS];
    flat_box detections[N_DETECTIONS];
    srand(11);
    for (int round = 0; round < 100; round++) {
        make_class(truths, detections);
        int n_scores = 1 << round % 12; /* all equal at first */
        for (int i = 0; i < N_DETECTIONS; i++) detections[i].score = (double)(rand() % n_scores) / 4096;
        ftdn_class_ap found = measure(detections, N_DETECTIONS, truths, N_TRUTHS);
        ftdn_class_ap expected = measure_by_definition(detections, N_DETECTIONS, truths, N_TRUTHS);
        assert_int_equal(found.n_objects, expected.n_objects);
        assert_true(found.ap_voc07 == expected.ap_voc07);
        assert_close(found.ap_area, expected.ap_area, 1e-13); /* sums of up to 60 terms below 1 */
    }
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    const flat_truth truth = {0, false, {0, 0, 4, 4}};
    const flat_box detection = {0, 0.5, {0, 0, 4, 4}};
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_failures = 0;
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_class_ap ap = {.n_objects = -1};
        err = (ftdn_error){0};
        ftdn_arena_fail_after(&arena, k);
        status = judge_and_measure(&detection, 1, &truth, 1, &ap);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_int_equal(ap.n_objects, -1);
            n_failures++;
        }
    }
    assert_int_equal(n_failures, 6);
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
        FTDN_ARENA_TEST(both_measures_are_those_of_the_definition),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
