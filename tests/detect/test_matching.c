#include "detect/matching.h"

#include <math.h>
#include <string.h>

#include "detect/detections.h"
#include "engine/weights.h"
#include "tests/support/arena_per_test.h"

#define MAX_PRIORS 64
#define MAX_OBJECTS 8

/* Matching needs no graph. */
static ftdn_network small_network(int n_priors)
{
    return (ftdn_network){
        .name = "small",
        .n_classes = 3,
        .n_priors = n_priors,
        .prior_param = -1,
        .centre_variance = 0.1f,
        .size_variance = 0.2f,
    };
}

static int assign(const ftdn_network *network, const float *priors, const ftdn_labelled_box *objects, int n_objects,
                  int *ret_object)
{
    ftdn_matcher matcher;
    int n_positives;
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, network, priors, &arena, &err), err);
    FTDN_ASSERT_OK(ftdn_matcher_assign(&matcher, objects, n_objects, ret_object, &n_positives, &err), err);
    return n_positives;
}

/* Three priors of size 1/4 in a row, and one that covers the image. */
static const float four_priors[16] = {0.125f, 0.5f, 0.25f, 0.25f, 0.375f, 0.5f, 0.25f, 0.25f,
                                      0.625f, 0.5f, 0.25f, 0.25f, 0.5f,   0.5f, 1,     1};

static void a_prior_belongs_to_the_object_that_it_overlaps_most(void **state)
{
    (void)state;
    ftdn_network network = small_network(4);
    /* The second object is prior 1 moved by 1/16: 3/5 of the union is shared. */
    const ftdn_labelled_box objects[] = {
        {.class_index = 2, .box = {0, 0.375f, 0.25f, 0.625f}},
        {.class_index = 0, .box = {0.3125f, 0.375f, 0.5625f, 0.625f}},
    };
    int object[4];
    assert_int_equal(assign(&network, four_priors, objects, 2, object), 2);
    const int expected[4] = {0, 1, -1, -1};
    assert_memory_equal(object, expected, sizeof expected);
}

static void overlap_decides_at_one_half(void **state)
{
    (void)state;
    /* The second prior is 2 wide and 1 high, the object its left part; the first is the object itself and takes the
     * claim. The epsilon of 1e-5 in the denominator brings an exact half just below. */
    const float priors[12] = {0.25f, 0.25f, 0.5f, 0.5f, 0.5f, 0.25f, 1, 0.5f, 0.49f, 0.25f, 0.98f, 0.5f};
    ftdn_network network = small_network(3);
    const ftdn_labelled_box object = {.class_index = 0, .box = {0, 0, 0.5f, 0.5f}};
    int assigned[3];
    assert_int_equal(assign(&network, priors, &object, 1, assigned), 2);
    const int expected[3] = {0, -1, 0};
    assert_memory_equal(assigned, expected, sizeof expected);
}

static void every_object_claims_its_best_prior_and_the_later_claim_stands(void **state)
{
    (void)state;
    ftdn_network network = small_network(4);
    /* Small boxes inside prior 2: an overlap far below one half. */
    const ftdn_labelled_box objects[] = {
        {.class_index = 0, .box = {0.55f, 0.45f, 0.65f, 0.55f}},
        {.class_index = 1, .box = {0.6f, 0.5f, 0.62f, 0.52f}},
        {.class_index = 2, .box = {0.01f, 0.4f, 0.02f, 0.41f}},
    };
    int object[4];
    assert_int_equal(assign(&network, four_priors, objects, 3, object), 2);
    const int expected[4] = {2, -1, 1, -1};
    assert_memory_equal(object, expected, sizeof expected);
}

static void of_equal_objects_the_last_has_the_claim_and_the_first_the_rest(void **state)
{
    (void)state;
    const float priors[12] = {0.25f, 0.5f, 0.5f, 1, 0.2f, 0.5f, 0.4f, 1, 0.25f, 0.5f, 0.5f, 1};
    ftdn_network network = small_network(3);
    const ftdn_labelled_box objects[] = {
        {.class_index = 0, .box = {0, 0, 0.5f, 1}},
        {.class_index = 1, .box = {0, 0, 0.5f, 1}},
    };
    int object[3];
    assert_int_equal(assign(&network, priors, objects, 2, object), 3);
    const int expected[3] = {1, 0, 0}; /* of the equal priors the first is claimed */
    assert_memory_equal(object, expected, sizeof expected);
}

static void a_claim_stands_against_a_better_overlap(void **state)
{
    (void)state;
    /* Object 1 overlaps prior 0 more than object 0 does, but prior 1 is its best; object 0 knows prior 0 only. */
    const float priors[8] = {0.25f, 0.5f, 0.5f, 1, 0.2f, 0.5f, 0.4f, 1};
    ftdn_network network = small_network(2);
    const ftdn_labelled_box objects[] = {
        {.class_index = 0, .box = {0.41f, 0, 0.6f, 1}},
        {.class_index = 1, .box = {0, 0, 0.4f, 1}},
    };
    const ftdn_labelled_box swapped[] = {objects[1], objects[0]};
    int object[2];
    assert_int_equal(assign(&network, priors, objects, 2, object), 2);
    assert_int_equal(object[0], 0);
    assert_int_equal(object[1], 1);
    assert_int_equal(assign(&network, priors, swapped, 2, object), 2);
    assert_int_equal(object[0], 1);
    assert_int_equal(object[1], 0);
}

static void an_object_that_no_prior_overlaps_claims_the_first(void **state)
{
    (void)state;
    ftdn_network network = small_network(3); /* without the prior that covers the image */
    const ftdn_labelled_box object = {.class_index = 1, .box = {0.9f, 0.9f, 1, 1}};
    int assigned[3];
    assert_int_equal(assign(&network, four_priors, &object, 1, assigned), 1);
    const int expected[3] = {0, -1, -1};
    assert_memory_equal(assigned, expected, sizeof expected);
}

static void without_objects_every_prior_is_background(void **state)
{
    (void)state;
    ftdn_network network = small_network(4);
    int object[4] = {7, 7, 7, 7};
    assert_int_equal(assign(&network, four_priors, NULL, 0, object), 0);
    for (int p = 0; p < 4; p++) assert_int_equal(object[p], FTDN_MATCH_BACKGROUND);
}

/* The definition as the published code has it: the table of all overlaps, maxima along both sides, then the claims. */
static int reference_assign(const float *priors, int n_priors, const ftdn_labelled_box *objects, int n_objects,
                            int *ret_object)
{
    static float iou[MAX_PRIORS][MAX_OBJECTS];
    float best_iou[MAX_PRIORS];
    for (int p = 0; p < n_priors; p++) {
        const float *prior = priors + 4 * p;
        float corner[4] = {prior[0] - prior[2] / 2, prior[1] - prior[3] / 2, prior[0] + prior[2] / 2,
                           prior[1] + prior[3] / 2};
        int best = 0;
        for (int i = 0; i < n_objects; i++) {
            const float *box = objects[i].box;
            float w = fmaxf(fminf(box[2], corner[2]) - fmaxf(box[0], corner[0]), 0);
            float h = fmaxf(fminf(box[3], corner[3]) - fmaxf(box[1], corner[1]), 0);
            float area = (box[2] - box[0]) * (box[3] - box[1]);
            float prior_area = (corner[2] - corner[0]) * (corner[3] - corner[1]);
            iou[p][i] = w * h / (area + prior_area - w * h + 1e-5f);
            if (iou[p][i] > iou[p][best]) best = i;
        }
        ret_object[p] = best;
        best_iou[p] = iou[p][best];
    }
    for (int i = 0; i < n_objects; i++) {
        int best = 0;
        for (int p = 0; p < n_priors; p++) {
            if (iou[p][i] > iou[best][i]) best = p;
        }
        ret_object[best] = i;
        best_iou[best] = 2;
    }
    int n_positives = 0;
    for (int p = 0; p < n_priors; p++) {
        if (best_iou[p] < 0.5f) ret_object[p] = -1;
        n_positives += ret_object[p] >= 0;
    }
    return n_positives;
}

static float draw(uint64_t *counter)
{
    return (float)ftdn_formula_uniform("test_matching", 0, (*counter)++);
}

static void random_scenes_are_matched_as_the_definition_does(void **state)
{
    (void)state;
    uint64_t counter = 0;
    int n_matched = 0;
    for (int scene = 0; scene < 500; scene++) {
        float priors[4 * MAX_PRIORS];
        ftdn_labelled_box objects[MAX_OBJECTS];
        int n_priors = 1 + (int)(draw(&counter) * MAX_PRIORS), n_objects = 1 + (int)(draw(&counter) * MAX_OBJECTS);
        int steps = scene % 2 ? 8 : 1000; /* a coarse grid makes equal boxes and equal overlaps */
        for (int p = 0; p < n_priors; p++) {
            for (int i = 0; i < 2; i++) priors[4 * p + i] = floorf(draw(&counter) * (float)steps) / (float)steps;
            for (int i = 2; i < 4; i++) priors[4 * p + i] = ceilf(0.01f + draw(&counter) * 3) / 4;
        }
        for (int k = 0; k < n_objects; k++) {
            objects[k].class_index = k % 3;
            for (int i = 0; i < 2; i++) {
                objects[k].box[i] = floorf(draw(&counter) * (float)steps) / (float)steps;
                objects[k].box[i + 2] = objects[k].box[i] + ceilf(0.01f + draw(&counter) * 3) / 4;
            }
        }
        int found[MAX_PRIORS], expected[MAX_PRIORS];
        ftdn_network network = small_network(n_priors);
        int n_expected = reference_assign(priors, n_priors, objects, n_objects, expected);
        assert_int_equal(assign(&network, priors, objects, n_objects, found), n_expected);
        assert_memory_equal(found, expected, (size_t)n_priors * sizeof *found);
        n_matched += n_expected;
    }
    assert_true(n_matched > 1500);
}

static void assert_golden_positives(const char *name)
{
    ftdn_test_require_shared();
    ftdn_network network;
    const ftdn_network_desc desc = {.name = name, .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    char *path = ftdn_test_shared_path(&arena, ftdn_arena_format(&arena, &err, "golden/nets/%s.json", name));
    const ftdn_json *loss = ftdn_json_find(ftdn_test_load_json(&arena, path), "loss");
    const ftdn_json *truth = ftdn_json_find(loss, "ground_truth");
    int n_all = 0;
    int *object = FTDN_NEW(&arena, (size_t)network.n_priors, int, &err);
    for (int image = 0; image < truth->n_children; image++) {
        const ftdn_json *boxes = ftdn_json_find(truth->child[image], "boxes");
        ftdn_labelled_box objects[MAX_OBJECTS] = {0};
        assert_in_range(boxes->n_children, 1, MAX_OBJECTS);
        for (int i = 0; i < boxes->n_children; i++) {
            for (int k = 0; k < 4; k++) objects[i].box[k] = (float)boxes->child[i]->child[k]->number;
        }
        n_all += assign(&network, network.priors, objects, boxes->n_children, object);
    }
    assert_int_equal(n_all, (int)ftdn_json_find(loss, "positives")->number);
}

static void both_paper_networks_have_the_golden_positives(void **state)
{
    (void)state;
    assert_golden_positives("ssd_mobilenet_v1");
    assert_golden_positives("ssd_vgg16");
}

static void the_box_code_is_exact_where_it_can_be(void **state)
{
    (void)state;
    ftdn_network network = small_network(1);
    network.centre_variance = 0.125f;
    network.size_variance = 0.25f;
    const float prior[4] = {0.5f, 0.25f, 0.25f, 0.5f};
    const float corners[4] = {0.5f, 0, 0.75f, 0.125f};
    float location[4];
    ftdn_box_encode(&network, corners, prior, location);
    assert_true(location[0] == 4);  /* (0.625 - 0.5) / 0.25 / 0.125 */
    assert_true(location[1] == -3); /* (0.0625 - 0.25) / 0.5 / 0.125 */
    assert_true(location[2] == 0);  /* the prior's width */
    assert_true(fabs((double)location[3] - log(0.25) / 0.25) < 1e-6);
}

/* 1e-6: a few roundings of numbers around 1, the larger of which is logf times 5. */
static void encoding_is_the_inverse_of_decoding(void **state)
{
    (void)state;
    ftdn_network network = small_network(1);
    uint64_t counter = 100000;
    for (int n = 0; n < 1000; n++) {
        float prior[4], corners[4], location[4], decoded[4];
        for (int i = 0; i < 2; i++) {
            prior[i] = draw(&counter);
            prior[i + 2] = 0.02f + draw(&counter);
            corners[i] = draw(&counter);
            corners[i + 2] = corners[i] + 0.02f + draw(&counter);
        }
        ftdn_box_encode(&network, corners, prior, location);
        ftdn_box_decode(&network, location, prior, decoded);
        for (int i = 0; i < 4; i++) assert_true(fabsf(decoded[i] - corners[i]) <= 1e-6f);
    }
}

static void objects_of_an_image_become_fractions_without_the_difficult_ones(void **state)
{
    (void)state;
    const ftdn_object objects[] = {
        {.class_index = 4, .x0 = 10, .y0 = 20, .x1 = 50, .y1 = 60},
        {.class_index = 5, .difficult = true, .x0 = 0, .y0 = 0, .x1 = 1, .y1 = 1},
        {.class_index = 6, .x0 = 0, .y0 = 0, .x1 = 200, .y1 = 80},
    };
    const ftdn_image image = {.width = 200, .height = 80, .n_objects = 3, .object = objects};
    ftdn_labelled_box boxes[3];
    assert_int_equal(ftdn_labelled_boxes_from_image(&image, boxes), 2);
    const ftdn_labelled_box expected[] = {
        {.class_index = 4, .box = {0.05f, 0.25f, 0.25f, 0.75f}},
        {.class_index = 6, .box = {0, 0, 1, 1}},
    };
    assert_memory_equal(boxes, expected, sizeof expected);
    const ftdn_image empty = {.width = 200, .height = 80};
    assert_int_equal(ftdn_labelled_boxes_from_image(&empty, boxes), 0);
}

static void bad_objects_are_named_and_nothing_is_written(void **state)
{
    (void)state;
    ftdn_network network = small_network(4);
    ftdn_matcher matcher;
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, &network, four_priors, &arena, &err), err);
    static const struct {
        ftdn_labelled_box object;
        const char *message;
    } cases[] = {
        {{3, {0, 0, 1, 1}}, "object 1: class 3 is outside [0, 2]"},
        {{-1, {0, 0, 1, 1}}, "object 1: class -1 is outside [0, 2]"},
        {{0, {0.5f, 0, 0.5f, 1}}, "object 1: corners (0.5, 0), (0.5, 1) are not a box with an area"},
        {{0, {0, 0.75f, 1, 0.5f}}, "object 1: corners (0, 0.75), (1, 0.5) are not a box with an area"},
        {{0, {0, NAN, 1, 1}}, "object 1: corners (0, nan), (1, 1) are not a box with an area"},
        {{0, {0, 0, INFINITY, 1}}, "object 1: corners (0, 0), (inf, 1) are not a box with an area"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ftdn_labelled_box objects[2] = {{0, {0, 0, 1, 1}}, cases[i].object};
        int object[4] = {7, 7, 7, 7}, n_positives = 7;
        FTDN_ASSERT_FAILS(ftdn_matcher_assign(&matcher, objects, 2, object, &n_positives, &err), FTDN_ERR_INPUT,
                          cases[i].message, err);
        assert_int_equal(n_positives, 7);
        for (int p = 0; p < 4; p++) assert_int_equal(object[p], 7);
    }
}

static void bad_priors_are_named(void **state)
{
    (void)state;
    static const struct {
        float prior[4];
        const char *message;
    } cases[] = {
        {{0.5f, 0.5f, 0, 1}, "prior 2: centre (0.5, 0.5), size 0 x 1 is not a box with an area"},
        {{0.5f, 0.5f, 1, -1}, "prior 2: centre (0.5, 0.5), size 1 x -1 is not a box with an area"},
        {{0.5f, 0.5f, 1e-20f, 1}, "prior 2: centre (0.5, 0.5), size 1e-20 x 1 is not a box with an area"},
        {{NAN, 0.5f, 1, 1}, "prior 2: centre (nan, 0.5), size 1 x 1 is not a box with an area"},
        {{0.5f, 0.5f, 1, INFINITY}, "prior 2: centre (0.5, 0.5), size 1 x inf is not a box with an area"},
    };
    ftdn_network network = small_network(4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_matcher matcher = {0};
        float priors[16];
        memcpy(priors, four_priors, sizeof priors);
        memcpy(priors + 8, cases[i].prior, sizeof cases[i].prior);
        FTDN_ASSERT_FAILS(ftdn_matcher_init(&matcher, &network, priors, &arena, &err), FTDN_ERR_INPUT, cases[i].message,
                          err);
        assert_null(matcher.network);
    }
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    ftdn_network network = small_network(4);
    ftdn_status status = FTDN_ERR_MEMORY;
    long n_good = 0;
    for (; status != FTDN_OK; n_good++) {
        ftdn_matcher matcher = {0};
        err = (ftdn_error){0};
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_matcher_init(&matcher, &network, four_priors, &arena, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_null(matcher.network);
        }
    }
    assert_int_equal(n_good, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(a_prior_belongs_to_the_object_that_it_overlaps_most),
        FTDN_ARENA_TEST(overlap_decides_at_one_half),
        FTDN_ARENA_TEST(every_object_claims_its_best_prior_and_the_later_claim_stands),
        FTDN_ARENA_TEST(of_equal_objects_the_last_has_the_claim_and_the_first_the_rest),
        FTDN_ARENA_TEST(a_claim_stands_against_a_better_overlap),
        FTDN_ARENA_TEST(an_object_that_no_prior_overlaps_claims_the_first),
        FTDN_ARENA_TEST(without_objects_every_prior_is_background),
        FTDN_ARENA_TEST(random_scenes_are_matched_as_the_definition_does),
        FTDN_ARENA_TEST(both_paper_networks_have_the_golden_positives),
        cmocka_unit_test(the_box_code_is_exact_where_it_can_be),
        cmocka_unit_test(encoding_is_the_inverse_of_decoding),
        cmocka_unit_test(objects_of_an_image_become_fractions_without_the_difficult_ones),
        FTDN_ARENA_TEST(bad_objects_are_named_and_nothing_is_written),
        FTDN_ARENA_TEST(bad_priors_are_named),
        FTDN_ARENA_TEST(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
