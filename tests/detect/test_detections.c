#include "detect/detections.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/exp_hd.h"
#include "tests/support/arena_per_test.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

static const ftdn_detect_rule paper_rule = {.score_threshold = 0.01, .nms_iou = 0.45, .candidates_per_class = 200};

/* A detector needs no graph: sizes, variances and the kind of scores are all that it reads. */
static ftdn_network small_network(int n_classes, int n_priors, ftdn_score_kind kind)
{
    return (ftdn_network){
        .name = "small",
        .n_classes = n_classes,
        .n_priors = n_priors,
        .score_kind = kind,
        .prior_param = -1,
        .centre_variance = 0.1f,
        .size_variance = 0.2f,
    };
}

static ftdn_detector create(const ftdn_network *network, ftdn_detect_rule rule)
{
    ftdn_detector detector;
    FTDN_ASSERT_OK(ftdn_detector_init(&detector, network, &rule, &arena, &err), err);
    return detector;
}

static float *new_floats(size_t n)
{
    float *values = FTDN_NEW(&arena, n, float, &err);
    assert_non_null(values);
    return values;
}

/* Two units of the last place of a float are 2.4e-7 of it at most, 1.2e-7 at least. */
static void exponential_is_within_two_units_of_the_last_place(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -87.33; x <= 88.37; x += 0.00037) {
        double expected = exp((double)(float)x);
        double error = fabs((double)ftdn_exp((float)x) - expected) / expected;
        if (error > worst) worst = error;
    }
    if (!(worst <= 2e-7)) fail_msg("relative error %g", worst);
    assert_true(ftdn_exp(0) == 1);
    assert_true(ftdn_exp(-0.0f) == 1);
    assert_true(ftdn_exp(0x1p-30f) == 1);
    assert_true(ftdn_exp(-87.34f) == 0);
    assert_true(ftdn_exp(-1e30f) == 0);
    assert_true(ftdn_exp(-INFINITY) == 0);
    assert_true(ftdn_exp(88.38f) == INFINITY);
    assert_true(ftdn_exp(1e30f) == INFINITY);
    assert_true(ftdn_exp(INFINITY) == INFINITY);
    assert_true(isnan(ftdn_exp(NAN)));
    assert_true(isnan(ftdn_exp(-NAN)));
}

static ftdn_test_npy load_golden(const char *network, const char *what)
{
    char relative[100];
    snprintf(relative, sizeof relative, "golden/nets/%s.%s.npy", network, what);
    return ftdn_test_load_npy(&arena, ftdn_test_shared_path(&arena, relative));
}

static void assert_golden_scores_and_boxes(const char *name)
{
    ftdn_test_require_shared();
    ftdn_network network;
    const ftdn_network_desc desc = {.name = name, .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    ftdn_test_npy logits = load_golden(name, "logits"), locations = load_golden(name, "locations");
    ftdn_test_npy scores = load_golden(name, "scores"), boxes = load_golden(name, "boxes");
    assert_int_equal(boxes.n_elements, 4 * network.n_priors);
    assert_int_equal(scores.n_elements, 21 * network.n_priors);

    ftdn_detector detector = create(&network, paper_rule);
    ftdn_detect(&detector, logits.values, locations.values, network.priors);
    assert_int_equal(detector.n_nonfinite, 0);
    for (int i = 0; i < network.n_priors; i++) {
        float corners[4];
        ftdn_box_decode(&network, locations.values + 4 * i, network.priors + 4 * i, corners);
        for (int k = 0; k < 4; k++) assert_close(corners[k], boxes.values[4 * i + k], 2e-6);
        for (int c = 0; c < 21; c++) {
            assert_close(detector.scores[c * detector.score_stride + i], scores.values[21 * i + c], 2e-6);
        }
    }
    for (int i = 0; i < detector.n_detections; i++) {
        const ftdn_detection *d = &detector.detection[i];
        const float *box = boxes.values + 4 * d->prior;
        assert_close(d->score, scores.values[21 * d->prior + d->class_index + 1], 2e-6);
        assert_close(d->x0, fmin(fmax((double)box[0], 0), 1), 2e-6);
        assert_close(d->y1, fmin(fmax((double)box[3], 0), 1), 2e-6);
    }
    assert_true(detector.n_detections > 1000);
}

static void vgg16_scores_and_boxes_are_the_golden_ones(void **state)
{
    (void)state;
    assert_golden_scores_and_boxes("ssd_vgg16");
}

static void mobilenet_scores_and_boxes_are_the_golden_ones(void **state)
{
    (void)state;
    assert_golden_scores_and_boxes("ssd_mobilenet_v1");
}

static void sigmoid_scores_are_each_for_itself(void **state)
{
    (void)state;
    enum { N = 301 };
    ftdn_network network = small_network(1, N, FTDN_SCORE_SIGMOID);
    ftdn_detector detector = create(&network, paper_rule);
    float *logits = new_floats(2 * N), *boxes = new_floats(4 * N);
    for (int i = 0; i < N; i++) {
        logits[2 * i] = NAN; /* the background's column is ignored */
        logits[2 * i + 1] = (float)(i - 150);
    }
    ftdn_detect(&detector, logits, boxes, boxes);
    const float *scores = detector.scores + detector.score_stride;
    for (int i = 0; i < N; i++) assert_close(scores[i], 1 / (1 + exp(150.0 - i)), 1e-7);
    assert_int_equal(detector.n_detections, 155); /* 1 / (1 + e^4) = 0.018 is above 0.01, 1 / (1 + e^5) is not */
}

/* What ftdn_detect must find, written as the definition reads: full sorts and all pairs. Scores are the detector's. */
typedef struct found_box {
    ftdn_detection detection;
    float area;
} found_box;

static int compare_found(const void *left, const void *right)
{
    const ftdn_detection *a = &((const found_box *)left)->detection, *b = &((const found_box *)right)->detection;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->prior - b->prior;
}

static bool overlaps(const found_box *a, const found_box *b, double limit)
{
    float width = fminf(a->detection.x1, b->detection.x1) - fmaxf(a->detection.x0, b->detection.x0);
    float height = fminf(a->detection.y1, b->detection.y1) - fmaxf(a->detection.y0, b->detection.y0);
    float shared = fmaxf(width, 0) * fmaxf(height, 0);
    return shared > (float)limit * (a->area + b->area - shared);
}

static int reference_detect(const ftdn_detector *detector, const float *locations, const float *priors,
                            ftdn_detection *ret_detections)
{
    static found_box found[1000], kept[1000];
    int n_detections = 0;
    for (int c = 0; c < detector->network->n_classes; c++) {
        int n_found = 0, n_kept = 0;
        for (int i = 0; i < detector->network->n_priors; i++) {
            float score = detector->scores[(c + 1) * detector->score_stride + i];
            if (!((double)score > detector->rule.score_threshold)) continue;
            found[n_found++].detection = (ftdn_detection){.class_index = c, .prior = i, .score = score};
        }
        qsort(found, (size_t)n_found, sizeof *found, compare_found);
        if (n_found > detector->rule.candidates_per_class) n_found = detector->rule.candidates_per_class;
        for (int i = 0; i < n_found; i++) {
            ftdn_detection *d = &found[i].detection;
            float corners[4];
            ftdn_box_decode(detector->network, locations + 4 * d->prior, priors + 4 * d->prior, corners);
            bool finite = true;
            for (int k = 0; k < 4; k++) finite = finite && isfinite(corners[k]);
            if (!finite) continue;
            d->x0 = fminf(fmaxf(corners[0], 0), 1);
            d->y0 = fminf(fmaxf(corners[1], 0), 1);
            d->x1 = fminf(fmaxf(corners[2], 0), 1);
            d->y1 = fminf(fmaxf(corners[3], 0), 1);
            found[i].area = (d->x1 - d->x0) * (d->y1 - d->y0);
            bool stands = true;
            for (int k = 0; k < n_kept; k++) stands = stands && !overlaps(&kept[k], &found[i], detector->rule.nms_iou);
            if (!stands) continue;
            kept[n_kept++] = found[i];
            ret_detections[n_detections++] = *d;
        }
    }
    return n_detections;
}

static void assert_same_detections(const ftdn_detector *detector, const ftdn_detection *expected, int n_expected)
{
    assert_int_equal(detector->n_detections, n_expected);
    for (int i = 0; i < n_expected; i++) {
        const ftdn_detection *found = &detector->detection[i], *wanted = &expected[i];
        if (found->class_index != wanted->class_index || found->prior != wanted->prior ||
            found->score != wanted->score || found->x0 != wanted->x0 || found->y0 != wanted->y0 ||
            found->x1 != wanted->x1 || found->y1 != wanted->y1) {
            fail_msg("detection %d: class %d prior %d, expected class %d prior %d", i, found->class_index, found->prior,
                     wanted->class_index, wanted->prior);
        }
    }
}

/* Few distinct values, so that scores tie and overlaps meet the limit exactly; at times a broken one. */
static float random_value(int n_steps, float step, bool may_break)
{
    static const float broken[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
    if (may_break && rand() % 40 == 0) return broken[rand() % 5];
    return (float)(rand() % n_steps - n_steps / 2) * step;
}

static void detections_equal_the_brute_force_ones(void **state)
{
    (void)state;
    static const double limits[] = {0, 0.25, 0.45, 0.5, 1}, thresholds[] = {-1, 0.01, 0.2, 0.5};
    static const int candidates[] = {1, 7, 200, 5000};
    static ftdn_detection expected[4 * 1000];
    srand(4);
    int n_total = 0;
    for (int round = 0; round < 400; round++) {
        int n_priors = 1 + rand() % 400, n_classes = 1 + rand() % 4, n_columns = n_classes + 1;
        ftdn_network network = small_network(n_classes, n_priors, rand() % 2 ? FTDN_SCORE_SOFTMAX : FTDN_SCORE_SIGMOID);
        ftdn_detector detector = create(&network,
                                        (ftdn_detect_rule){
                                            .score_threshold = thresholds[rand() % 4],
                                            .nms_iou = limits[rand() % 5],
                                            .candidates_per_class = candidates[rand() % 4],
                                        });
        float *logits = new_floats((size_t)(n_priors * n_columns));
        float *locations = new_floats((size_t)n_priors * 4), *priors = new_floats((size_t)n_priors * 4);
        bool may_break = rand() % 2;
        int n_steps = rand() % 2 ? 7 : 100000, n_nonfinite = 0;
        for (int i = 0; i < n_priors * n_columns; i++) {
            logits[i] = random_value(n_steps, 6.0f / (float)n_steps, may_break);
            n_nonfinite += !isfinite(logits[i]);
        }
        for (int i = 0; i < n_priors * 4; i++) {
            priors[i] = i % 4 < 2 ? (float)(rand() % 9) / 8 : (float)(1 + rand() % 4) / 8;
            locations[i] = random_value(3, 5, may_break);
            n_nonfinite += !isfinite(locations[i]);
        }
        ftdn_detect(&detector, logits, locations, priors);
        assert_int_equal(detector.n_nonfinite, n_nonfinite);
        assert_true(detector.n_detections <= detector.capacity);
        assert_same_detections(&detector, expected, reference_detect(&detector, locations, priors, expected));
        n_total += detector.n_detections;
    }
    assert_true(n_total > 10000);
}

/* One class, sigmoid scores, priors that the locations leave as they are. */
static int count_detections(double threshold, double nms_iou, const float *logits, const float *priors, int n_priors)
{
    ftdn_network network = small_network(1, n_priors, FTDN_SCORE_SIGMOID);
    ftdn_detector detector = create(&network, (ftdn_detect_rule){threshold, nms_iou, 200});
    float *columns = new_floats((size_t)n_priors * 2);
    for (int i = 0; i < n_priors; i++) columns[2 * i + 1] = logits[i];
    ftdn_detect(&detector, columns, new_floats((size_t)n_priors * 4), priors);
    return detector.n_detections;
}

static void a_score_equal_to_the_threshold_is_no_candidate(void **state)
{
    (void)state;
    const float logit = 0, prior[4] = {0.5f, 0.5f, 1, 1}; /* the score is exactly 1/2 */
    assert_int_equal(count_detections(0.5, 0.45, &logit, prior, 1), 0);
    assert_int_equal(count_detections(nextafter(0.5, 0), 0.45, &logit, prior, 1), 1); /* both round to the float 0.5 */
    assert_int_equal(count_detections(nextafter(0.5, 1), 0.45, &logit, prior, 1), 0);
}

static void an_overlap_equal_to_the_limit_is_kept(void **state)
{
    (void)state;
    const float logits[2] = {2, 1}, priors[8] = {0.5f, 0.5f, 1, 1, 0.5f, 0.25f, 1, 0.5f}; /* IoU exactly 1/2 */
    assert_int_equal(count_detections(0.01, 0.5, logits, priors, 2), 2);
    assert_int_equal(count_detections(0.01, 0.4999, logits, priors, 2), 1);
}

static void suppression_is_within_a_class_only(void **state)
{
    (void)state;
    ftdn_network network = small_network(2, 2, FTDN_SCORE_SIGMOID);
    ftdn_detector detector = create(&network, paper_rule);
    const float logits[6] = {0, 1, 0, 0, 2, 3}, locations[8] = {0}, priors[8] = {.5f, .5f, 1, 1, .5f, .5f, 1, 1};
    ftdn_detect(&detector, logits, locations, priors);
    assert_int_equal(detector.n_detections, 2);
    assert_int_equal(detector.detection[0].class_index, 0);
    assert_int_equal(detector.detection[0].prior, 1);
    assert_int_equal(detector.detection[1].class_index, 1);
    assert_int_equal(detector.detection[1].prior, 1);
}

static void boxes_are_clipped_to_the_image(void **state)
{
    (void)state;
    ftdn_network network = small_network(1, 1, FTDN_SCORE_SIGMOID);
    ftdn_detector detector = create(&network, paper_rule);
    const float logits[2] = {0, 1}, locations[4] = {0, 0, 0, -10}, priors[4] = {0.25f, 0.875f, 1, 0.5f};
    float corners[4];
    ftdn_box_decode(&network, locations, priors, corners);
    assert_close(corners[0], -0.25, 0);
    assert_close(corners[2], 0.75, 0);
    assert_close(corners[3], 0.875 + 0.25 * exp(-2), 1e-7);
    ftdn_detect(&detector, logits, locations, priors);
    assert_int_equal(detector.n_detections, 1);
    assert_close(detector.detection[0].x0, 0, 0);
    assert_close(detector.detection[0].x1, 0.75, 0);
    assert_close(detector.detection[0].y1, fmin(1, 0.875 + 0.25 * exp(-2)), 1e-7);
}

static void non_finite_boxes_are_dropped(void **state)
{
    (void)state;
    ftdn_network network = small_network(1, 5, FTDN_SCORE_SIGMOID);
    ftdn_detector detector = create(&network, paper_rule);
    float logits[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, NAN}, locations[20] = {0}, priors[20];
    for (int i = 0; i < 20; i++) priors[i] = 0.5f;
    locations[0] = NAN;
    locations[4 + 2] = 500; /* e^100 overflows */
    locations[8 + 1] = INFINITY;
    ftdn_detect(&detector, logits, locations, priors);
    assert_int_equal(detector.n_nonfinite, 3);
    assert_int_equal(detector.n_detections, 1);
    assert_int_equal(detector.detection[0].prior, 3);
}

static void a_softmax_over_anything_broken_gives_no_candidates(void **state)
{
    (void)state;
    ftdn_network network = small_network(2, 4, FTDN_SCORE_SOFTMAX);
    ftdn_detector detector = create(&network, (ftdn_detect_rule){.score_threshold = -1, 1, 10});
    const float logits[12] = {NAN, 1, 2, 0, INFINITY, 0, -INFINITY, -INFINITY, -INFINITY, 0, -INFINITY, 3};
    float locations[16] = {0}, priors[16] = {0};
    ftdn_detect(&detector, logits, locations, priors);
    assert_int_equal(detector.n_nonfinite, 6);
    assert_int_equal(detector.n_detections, 2); /* the last prior; e^-infinity is 0, a score like any other */
    assert_int_equal(detector.detection[0].prior, 3);
    assert_close(detector.detection[0].score, 0, 0);
    assert_close(detector.detection[1].score, exp(3) / (1 + exp(3)), 1e-7);
}

static void a_detector_forgets_the_image_before(void **state)
{
    (void)state;
    enum { N = 200 };
    ftdn_network network = small_network(3, N, FTDN_SCORE_SOFTMAX);
    ftdn_detector used = create(&network, paper_rule), fresh = create(&network, paper_rule);
    float *first = new_floats(4 * N), *second = new_floats(4 * N), *boxes = new_floats(4 * N);
    srand(5);
    for (int i = 0; i < 4 * N; i++) {
        first[i] = rand() % 7 ? (float)(rand() % 1000) / 100 : NAN;
        second[i] = (float)(rand() % 1000) / 100;
        boxes[i] = (float)(rand() % 100) / 100;
    }
    ftdn_detect(&used, first, boxes, boxes);
    ftdn_detect(&used, second, boxes, boxes);
    ftdn_detect(&fresh, second, boxes, boxes);
    assert_true(fresh.n_detections > 0);
    assert_int_equal(used.n_nonfinite, 0);
    assert_same_detections(&used, fresh.detection, fresh.n_detections);
}

static void rules_outside_their_ranges_are_refused(void **state)
{
    (void)state;
    static const struct {
        ftdn_detect_rule rule;
        const char *message;
    } bad[] = {
        {{(double)NAN, 0.45, 200}, "score threshold nan is not a finite number"},
        {{(double)INFINITY, 0.45, 200}, "score threshold inf is not a finite number"},
        {{0.01, -0.1, 200}, "overlap for suppression -0.1 is outside [0, 1]"},
        {{0.01, 1.5, 200}, "overlap for suppression 1.5 is outside [0, 1]"},
        {{0.01, (double)NAN, 200}, "overlap for suppression"},
        {{0.01, 0.45, 0}, "0 candidates per class: at least 1 is needed"},
        {{0.01, 0.45, -3}, "-3 candidates per class: at least 1 is needed"},
    };
    ftdn_network network = small_network(2, 10, FTDN_SCORE_SOFTMAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftdn_detector detector = {.capacity = -1};
        FTDN_ASSERT_FAILS(ftdn_detector_init(&detector, &network, &bad[i].rule, &arena, &err), FTDN_ERR_ARG,
                          bad[i].message, err);
        assert_int_equal(detector.capacity, -1);
    }
}

static void a_list_too_long_to_count_is_refused(void **state)
{
    (void)state;
    ftdn_detector detector;
    ftdn_network network = small_network(1000, 3000000, FTDN_SCORE_SOFTMAX);
    const ftdn_detect_rule rule = {0.01, 0.45, 3000000};
    FTDN_ASSERT_FAILS(ftdn_detector_init(&detector, &network, &rule, &arena, &err), FTDN_ERR_MEMORY,
                      "3000000 candidates of each of 1000 classes are too many", err);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_network network = small_network(2, 10, FTDN_SCORE_SOFTMAX);
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_failures = 0;
    for (long k = 0; status != FTDN_OK; k++) {
        err = (ftdn_error){0};
        ftdn_arena_fail_after(&arena, k);
        ftdn_detector detector = {.capacity = -1};
        status = ftdn_detector_init(&detector, &network, &paper_rule, &arena, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_int_equal(detector.capacity, -1);
            n_failures++;
        }
    }
    assert_int_equal(n_failures, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_within_two_units_of_the_last_place),
        FTDN_ARENA_TEST(vgg16_scores_and_boxes_are_the_golden_ones),
        FTDN_ARENA_TEST(mobilenet_scores_and_boxes_are_the_golden_ones),
        FTDN_ARENA_TEST(sigmoid_scores_are_each_for_itself),
        FTDN_ARENA_TEST(detections_equal_the_brute_force_ones),
        FTDN_ARENA_TEST(a_score_equal_to_the_threshold_is_no_candidate),
        FTDN_ARENA_TEST(an_overlap_equal_to_the_limit_is_kept),
        FTDN_ARENA_TEST(suppression_is_within_a_class_only),
        FTDN_ARENA_TEST(boxes_are_clipped_to_the_image),
        FTDN_ARENA_TEST(non_finite_boxes_are_dropped),
        FTDN_ARENA_TEST(a_softmax_over_anything_broken_gives_no_candidates),
        FTDN_ARENA_TEST(a_detector_forgets_the_image_before),
        FTDN_ARENA_TEST(rules_outside_their_ranges_are_refused),
        FTDN_ARENA_TEST(a_list_too_long_to_count_is_refused),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
