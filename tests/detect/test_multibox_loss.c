#include "detect/multibox_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/weights.h"
#include "tests/support/support.h"

#define MAX_PRIORS 24
#define MAX_COLUMNS 6
#define MAX_OBJECTS 3

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

/* One image of a network that has sizes and priors only. */
typedef struct scene {
    ftdn_arena arena;
    ftdn_network network;
    ftdn_multibox_loss loss;
    float priors[4 * MAX_PRIORS];
    float logits[MAX_PRIORS * MAX_COLUMNS], locations[4 * MAX_PRIORS];
    ftdn_labelled_box objects[MAX_OBJECTS];
    int n_objects;
    int object[MAX_PRIORS];
    int n_positives;
    long n_batch_positives;
} scene;

typedef struct gradients {
    float logits[MAX_PRIORS * MAX_COLUMNS], locations[4 * MAX_PRIORS];
} gradients;

/* Zero logits and locations; priors that are the left parts of the image, all of them of other widths. */
static void scene_init(scene *s, int n_priors, int n_classes, ftdn_score_kind kind)
{
    *s = (scene){0};
    ftdn_arena_init(&s->arena);
    s->network = (ftdn_network){
        .name = "small",
        .n_classes = n_classes,
        .n_priors = n_priors,
        .score_kind = kind,
        .prior_param = -1,
        .centre_variance = 0.125f,
        .size_variance = 0.25f,
    };
    for (int p = 0; p < n_priors; p++) {
        float width = (float)(p + 1) / (float)n_priors;
        const float prior[4] = {width / 2, 0.5f, width, 1};
        memcpy(s->priors + 4 * p, prior, sizeof prior);
        s->object[p] = FTDN_MATCH_BACKGROUND;
    }
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&s->loss, &s->network, s->priors, &s->arena, &err), err);
}

/* Make the object's box that of the prior, and the prior its only positive. */
static void add_object(scene *s, int class_index, int prior)
{
    const float *from = s->priors + 4 * prior;
    s->objects[s->n_objects] = (ftdn_labelled_box){class_index, {0, 0, from[2], 1}};
    s->object[prior] = s->n_objects++;
    s->n_positives++;
    s->n_batch_positives++;
}

/* Gradients are filled with rubbish first: the call writes them whole. */
static ftdn_loss_value compute(scene *s, gradients *ret)
{
    const ftdn_loss_image image = {s->logits, s->locations, s->objects, s->object};
    memset(ret, 0x7f, sizeof *ret);
    return ftdn_multibox_loss_compute(&s->loss, &image, s->n_batch_positives, ret->logits, ret->locations);
}

static int count_nonzero_rows(const float *matrix, int n_rows, int n_columns, bool *ret_rows)
{
    int n = 0;
    for (int r = 0; r < n_rows; r++) {
        ret_rows[r] = false;
        for (int c = 0; c < n_columns; c++) ret_rows[r] |= matrix[r * n_columns + c] != 0;
        n += ret_rows[r];
    }
    return n;
}

static void softmax_loss_of_one_positive_is_that_by_hand(void **state)
{
    (void)state;
    scene s;
    gradients d;
    scene_init(&s, 5, 2, FTDN_SCORE_SOFTMAX);
    add_object(&s, 1, 2);
    s.n_batch_positives = 4;
    s.logits[2 * 3 + 2] = 1;       /* the positive: its label's column */
    s.locations[2 * 4 + 0] = 0.5f; /* d^2 / 2 */
    s.locations[2 * 4 + 3] = -3;   /* |d| - 1/2 */
    ftdn_loss_value value = compute(&s, &d);
    double e = exp(1);
    assert_close(value.classification, (3 * log(3) + log((2 + e) / e)) / 4, 1e-15);
    assert_close(value.regression, (0.125 + 2.5) / 4, 1e-15);
    assert_close((double)d.logits[2 * 3 + 0], 1 / (2 + e) / 4, 1e-8);
    assert_close((double)d.logits[2 * 3 + 2], -2 / (2 + e) / 4, 1e-8);
    const float negative[3] = {-2.0f / 12, 1.0f / 12, 1.0f / 12};
    for (int p = 0; p < 5; p++) {
        for (int c = 0; c < 3 && p != 2; c++) {
            assert_close((double)d.logits[3 * p + c], p == 4 ? 0 : (double)negative[c], 1e-8);
        }
        for (int i = 0; i < 4; i++) {
            float expected = p != 2 ? 0 : i == 0 ? 0.125f : i == 3 ? -0.25f : 0;
            assert_true(d.locations[4 * p + i] == expected);
        }
    }
    ftdn_arena_done(&s.arena);
}

static void sigmoid_loss_of_one_positive_is_that_by_hand(void **state)
{
    (void)state;
    scene s;
    gradients d;
    scene_init(&s, 5, 2, FTDN_SCORE_SIGMOID);
    add_object(&s, 1, 2);
    s.n_batch_positives = 4;
    s.logits[2 * 3 + 2] = 1;
    s.logits[0 * 3 + 0] = 50; /* the background's column means nothing */
    s.logits[2 * 3 + 0] = -50;
    ftdn_loss_value value = compute(&s, &d);
    double positive = log(2) + log(1 + exp(-1));
    assert_close(value.classification, (3 * 2 * log(2) + positive) / 4, 1e-15);
    assert_close(value.regression, 0, 0);
    assert_close((double)d.logits[2 * 3 + 1], 0.5 / 4, 1e-8);
    assert_close((double)d.logits[2 * 3 + 2], (1 / (1 + exp(-1)) - 1) / 4, 1e-8);
    for (int p = 0; p < 5; p++) {
        assert_true(d.logits[3 * p] == 0);
        for (int c = 1; c < 3 && p != 2; c++) assert_true(d.logits[3 * p + c] == (p == 4 ? 0 : 0.125f));
    }
    ftdn_arena_done(&s.arena);
}

/* With one positive three negatives are mined. The hardest have the smallest background logit. */
static void of_equally_hard_negatives_those_of_lower_priors_are_mined(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        scene s;
        gradients d;
        bool rows[MAX_PRIORS];
        scene_init(&s, 10, 1, kind ? FTDN_SCORE_SIGMOID : FTDN_SCORE_SOFTMAX);
        static const float logit[10] = {-1, 2, 0.5f, 2, 9, 2, 3, 2, 0, 2}; /* of the only class */
        for (int p = 0; p < 10; p++) s.logits[2 * p + 1] = logit[p];
        add_object(&s, 0, 4); /* would be the hardest, were it a negative */
        compute(&s, &d);
        assert_int_equal(count_nonzero_rows(d.logits, 10, 2, rows), 4);
        assert_true(rows[4] && rows[6] && rows[1] && rows[3]);

        s.logits[2 * 5 + 1] = 2.001f; /* no tie any more */
        compute(&s, &d);
        assert_int_equal(count_nonzero_rows(d.logits, 10, 2, rows), 4);
        assert_true(rows[4] && rows[6] && rows[5] && rows[1]);
        ftdn_arena_done(&s.arena);
    }
}

static void an_image_without_objects_has_no_loss(void **state)
{
    (void)state;
    scene s;
    gradients d;
    scene_init(&s, 8, 3, FTDN_SCORE_SOFTMAX);
    for (int i = 0; i < 8 * 4; i++) s.logits[i] = s.locations[i] = (float)(i % 5);
    for (s.n_batch_positives = 0; s.n_batch_positives < 10; s.n_batch_positives += 9) {
        ftdn_loss_value value = compute(&s, &d);
        assert_true(value.classification == 0 && value.regression == 0);
        for (int i = 0; i < 8 * 4; i++) assert_true(d.logits[i] == 0 && d.locations[i] == 0);
    }
    ftdn_arena_done(&s.arena);
}

static void negatives_end_where_the_priors_end(void **state)
{
    (void)state;
    for (int n_positives = 1; n_positives <= 6; n_positives++) {
        scene s;
        gradients d;
        bool rows[MAX_PRIORS];
        scene_init(&s, 6, 2, FTDN_SCORE_SOFTMAX);
        add_object(&s, 0, 0);
        for (int p = 1; p < n_positives; p++) s.object[p] = 0;
        s.n_batch_positives = n_positives;
        ftdn_loss_value value = compute(&s, &d);
        int n_used = n_positives == 1 ? 4 : 6;
        assert_close(value.classification, n_used * log(3) / n_positives, 1e-14);
        assert_int_equal(count_nonzero_rows(d.logits, 6, 3, rows), n_used);
        /* The first prior is the box itself; the others are too wide. */
        assert_int_equal(count_nonzero_rows(d.locations, 6, 4, rows), n_positives - 1);
        assert_true(!rows[0]);
        ftdn_arena_done(&s.arena);
    }
}

static double draw(uint64_t *counter)
{
    return ftdn_formula_uniform("test_multibox_loss", 0, (*counter)++);
}

/* Logits and locations are multiples of 1/1024, so that they plus or minus 1/1024 are exact in float. */
#define STEP (1.0 / 1024)
static float draw_value(uint64_t *counter, double range)
{
    return (float)(floor((2 * draw(counter) - 1) * range * 1024) / 1024);
}

static void draw_scene(scene *s, uint64_t *counter, ftdn_score_kind kind)
{
    int n_priors = 1 + (int)(draw(counter) * MAX_PRIORS), n_classes = 1 + (int)(draw(counter) * (MAX_COLUMNS - 1));
    scene_init(s, n_priors, n_classes, kind);
    s->n_objects = (int)(draw(counter) * (MAX_OBJECTS + 1));
    for (int i = 0; i < s->n_objects; i++) {
        float x = (float)draw(counter) / 2, y = (float)draw(counter) / 2;
        s->objects[i].class_index = (int)(draw(counter) * n_classes);
        const float box[4] = {x, y, x + 0.1f + (float)draw(counter) / 2, y + 0.1f + (float)draw(counter) / 2};
        memcpy(s->objects[i].box, box, sizeof box);
    }
    for (int p = 0; p < n_priors; p++) {
        bool positive = s->n_objects > 0 && draw(counter) < 0.3;
        s->object[p] = positive ? (int)(draw(counter) * s->n_objects) : FTDN_MATCH_BACKGROUND;
        s->n_positives += positive;
        for (int c = 0; c <= n_classes; c++) s->logits[p * (n_classes + 1) + c] = draw_value(counter, 4);
        for (int i = 0; i < 4; i++) {
            /* Half of the locations near their target, in the square part of smooth L1. */
            float target[4] = {0};
            if (positive) ftdn_box_encode(&s->network, s->objects[s->object[p]].box, s->priors + 4 * p, target);
            float centre = draw(counter) < 0.5 ? 0 : floorf(target[i] * 1024) / 1024;
            s->locations[4 * p + i] = centre + draw_value(counter, 2);
        }
    }
    s->n_batch_positives = s->n_positives + (long)(draw(counter) * 5);
}

/* The definition in its plainest form; the mined negatives by a full sort. */
typedef struct hard {
    double loss;
    int prior;
} hard;

static int compare_hard(const void *left, const void *right)
{
    const hard *a = left, *b = right;
    if (a->loss != b->loss) return a->loss > b->loss ? -1 : 1;
    return a->prior - b->prior;
}

static double reference_cross_entropy(const scene *s, int prior, int label)
{
    int n_columns = s->network.n_classes + 1;
    const float *x = s->logits + prior * n_columns;
    double sum = 0;
    if (s->network.score_kind == FTDN_SCORE_SOFTMAX) {
        for (int c = 0; c < n_columns; c++) sum += exp((double)x[c]);
        return -log(exp((double)x[label]) / sum);
    }
    for (int c = 1; c < n_columns; c++) {
        double score = 1 / (1 + exp(-(double)x[c]));
        sum -= log(c == label ? score : 1 - score);
    }
    return sum;
}

static ftdn_loss_value reference_loss(const scene *s)
{
    ftdn_loss_value sum = {0};
    hard negative[MAX_PRIORS];
    int n_negatives = 0;
    for (int p = 0; p < s->network.n_priors; p++) {
        if (s->object[p] < 0) {
            negative[n_negatives++] = (hard){reference_cross_entropy(s, p, 0), p};
            continue;
        }
        const ftdn_labelled_box *object = &s->objects[s->object[p]];
        sum.classification += reference_cross_entropy(s, p, object->class_index + 1);
        for (int axis = 0; axis < 2; axis++) {
            double low = (double)object->box[axis], high = (double)object->box[axis + 2];
            double centre = (double)s->priors[4 * p + axis], size = (double)s->priors[4 * p + axis + 2];
            double target[2] = {((low + high) / 2 - centre) / size / 0.125, log((high - low) / size) / 0.25};
            for (int i = 0; i < 2; i++) {
                double d = fabs((double)s->locations[4 * p + axis + 2 * i] - target[i]);
                sum.regression += d < 1 ? 0.5 * d * d : d - 0.5;
            }
        }
    }
    qsort(negative, (size_t)n_negatives, sizeof *negative, compare_hard);
    for (int i = 0; i < n_negatives && i < 3 * s->n_positives; i++) sum.classification += negative[i].loss;
    double divisor = s->n_positives ? (double)s->n_batch_positives : 1;
    return (ftdn_loss_value){sum.classification / divisor, sum.regression / divisor};
}

static double total(ftdn_loss_value value)
{
    return value.classification + value.regression;
}

/* Change one value by STEP both ways. False where that changes which negatives are mined: the loss has a kink there. */
static bool difference(scene *s, float *value, const bool *rows, double *ret_slope)
{
    int n_priors = s->network.n_priors, n_columns = s->network.n_classes + 1;
    double loss[2];
    float before = *value;
    bool same = true;
    for (int side = 0; side < 2; side++) {
        gradients d;
        bool rows_here[MAX_PRIORS];
        *value = before + (float)(side ? STEP : -STEP);
        loss[side] = total(compute(s, &d));
        count_nonzero_rows(d.logits, n_priors, n_columns, rows_here);
        for (int p = 0; p < n_priors; p++) same &= rows[p] == rows_here[p];
    }
    *value = before;
    *ret_slope = (loss[1] - loss[0]) / (2 * STEP);
    return same;
}

static bool near_the_corner_of_smooth_l1(const scene *s, int element)
{
    int p = element / 4;
    if (s->object[p] < 0) return false;
    float target[4];
    ftdn_box_encode(&s->network, s->objects[s->object[p]].box, s->priors + 4 * p, target);
    return fabs(fabs((double)(s->locations[element] - target[element % 4])) - 1) <= 2 * STEP;
}

/* The error of a central difference is STEP^2 / 6 = 1.6e-7 times a third derivative; the largest one that
 * occurs is below 1/4 per row. The gradients are floats of at most 1. */
static void gradients_are_the_finite_differences(void **state)
{
    (void)state;
    uint64_t counter = 0;
    int n_checked = 0, n_skipped = 0;
    for (int n = 0; n < 200; n++) {
        scene s;
        gradients d;
        bool rows[MAX_PRIORS];
        draw_scene(&s, &counter, n % 2 ? FTDN_SCORE_SIGMOID : FTDN_SCORE_SOFTMAX);
        int n_priors = s.network.n_priors, n_columns = s.network.n_classes + 1;
        compute(&s, &d);
        count_nonzero_rows(d.logits, n_priors, n_columns, rows);
        double slope;
        for (int i = 0; i < n_priors * n_columns; i++) {
            if (difference(&s, &s.logits[i], rows, &slope)) assert_close((double)d.logits[i], slope, 2e-7);
            else n_skipped++;
            n_checked++;
        }
        for (int i = 0; i < n_priors * 4; i++) {
            if (near_the_corner_of_smooth_l1(&s, i)) continue;
            assert_true(difference(&s, &s.locations[i], rows, &slope));
            assert_close((double)d.locations[i], slope, 2e-7);
            n_checked++;
        }
        ftdn_arena_done(&s.arena);
    }
    assert_true(n_checked > 10000 && n_skipped < n_checked / 100);
}

static void losses_are_those_of_the_plain_definition(void **state)
{
    (void)state;
    uint64_t counter = 1 << 20;
    int n_with_loss = 0;
    for (int n = 0; n < 2000; n++) {
        scene s;
        gradients d;
        bool rows[MAX_PRIORS];
        draw_scene(&s, &counter, n % 2 ? FTDN_SCORE_SIGMOID : FTDN_SCORE_SOFTMAX);
        int n_priors = s.network.n_priors, n_columns = s.network.n_classes + 1;
        ftdn_loss_value found = compute(&s, &d), expected = reference_loss(&s);
        assert_close(found.classification, expected.classification, 1e-13 * (1 + expected.classification));
        /* The box code is in float. */
        assert_close(found.regression, expected.regression, 2e-6 * (1 + expected.regression));

        int n_hard = s.n_positives * 3 < n_priors - s.n_positives ? s.n_positives * 3 : n_priors - s.n_positives;
        assert_int_equal(count_nonzero_rows(d.logits, n_priors, n_columns, rows), s.n_positives + n_hard);
        for (int p = 0; p < n_priors; p++) {
            double sum = 0;
            for (int c = 0; c < n_columns; c++) sum += (double)d.logits[p * n_columns + c];
            /* Each column is rounded to float: half a unit of at most 1. */
            if (s.network.score_kind == FTDN_SCORE_SOFTMAX) assert_close(sum, 0, n_columns * 3e-8);
            else assert_true(d.logits[p * n_columns] == 0);
        }
        const ftdn_loss_image image = {s.logits, s.locations, s.objects, s.object};
        ftdn_loss_value alone = ftdn_multibox_loss_compute(&s.loss, &image, s.n_batch_positives, NULL, NULL);
        assert_memory_equal(&alone, &found, sizeof found);
        n_with_loss += s.n_positives > 0;
        ftdn_arena_done(&s.arena);
    }
    assert_true(n_with_loss > 1000);
}

static void large_logits_do_not_overflow(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        scene s;
        gradients d;
        scene_init(&s, 2, 2, kind ? FTDN_SCORE_SIGMOID : FTDN_SCORE_SOFTMAX);
        add_object(&s, 0, 0);
        s.logits[1] = -1e30f;    /* the label: as wrong as can be */
        s.logits[3 + 2] = 2e30f; /* a certain false alarm */
        ftdn_loss_value value = compute(&s, &d);
        assert_close(value.classification, 3e30, 1e24);
        assert_true(d.logits[1] == -1 && d.logits[3 + 2] == 1);
        s.logits[1] = 1e30f; /* as right as can be */
        s.logits[2] = s.logits[3 + 1] = s.logits[3 + 2] = -1e30f;
        value = compute(&s, &d);
        assert_true(value.classification == 0);
        for (int i = 0; i < 6; i++) assert_true(d.logits[i] == 0);
        ftdn_arena_done(&s.arena);
    }
}

static void a_logit_that_is_not_finite_shows_in_the_loss_and_in_its_own_row_only(void **state)
{
    (void)state;
    static const float damage[3] = {NAN, INFINITY, -INFINITY};
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < 3; i++) {
            scene s;
            gradients d;
            bool rows[MAX_PRIORS];
            scene_init(&s, 12, 2, kind ? FTDN_SCORE_SIGMOID : FTDN_SCORE_SOFTMAX);
            add_object(&s, 1, 0);
            for (int p = 1; p < 12; p++) s.logits[3 * p + 1] = 1; /* equally hard */
            s.logits[3 * 9 + 2] = damage[i];
            ftdn_loss_value value = compute(&s, &d);
            assert_int_equal(count_nonzero_rows(d.logits, 12, 3, rows), 4);
            assert_true(rows[0] && rows[1] && rows[2]);
            assert_true(rows[i == 2 ? 3 : 9]); /* -inf is a certain "no": nothing is easier */
            bool is_finite = isfinite(value.classification);
            assert_true(is_finite == (i == 2));
            assert_true(isfinite(value.regression));
            for (int k = 0; k < 12 * 3; k++) assert_true(isfinite(d.logits[k]) || k / 3 == 9);
            ftdn_arena_done(&s.arena);
        }
    }
}

static void a_location_that_is_not_finite_shows_where_it_counts(void **state)
{
    (void)state;
    scene s;
    gradients d;
    scene_init(&s, 5, 2, FTDN_SCORE_SOFTMAX);
    add_object(&s, 1, 2);
    s.locations[4 * 1] = NAN; /* of a prior without object */
    assert_true(compute(&s, &d).regression == 0);
    s.locations[4 * 2 + 1] = -INFINITY;
    assert_true(compute(&s, &d).regression == (double)INFINITY);
    assert_true(d.locations[4 * 2 + 1] == -1);
    s.locations[4 * 2 + 1] = NAN;
    ftdn_loss_value value = compute(&s, &d);
    assert_true(isnan(value.regression) && isfinite(value.classification));
    for (int i = 0; i < 4 * 5; i++) assert_true(isnan(d.locations[i]) == (i == 4 * 2 + 1));
    ftdn_arena_done(&s.arena);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    scene s;
    scene_init(&s, 4, 2, FTDN_SCORE_SOFTMAX);
    ftdn_status status = FTDN_ERR_MEMORY;
    long n_good = 0;
    for (; status != FTDN_OK; n_good++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_multibox_loss loss = {0};
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_multibox_loss_init(&loss, &s.network, s.priors, &arena, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(err.status, FTDN_ERR_MEMORY);
            assert_null(loss.network);
        }
        ftdn_arena_done(&arena);
    }
    assert_int_equal(n_good, 5);
    ftdn_arena_done(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_loss_of_one_positive_is_that_by_hand),
        cmocka_unit_test(sigmoid_loss_of_one_positive_is_that_by_hand),
        cmocka_unit_test(of_equally_hard_negatives_those_of_lower_priors_are_mined),
        cmocka_unit_test(an_image_without_objects_has_no_loss),
        cmocka_unit_test(negatives_end_where_the_priors_end),
        cmocka_unit_test(losses_are_those_of_the_plain_definition),
        cmocka_unit_test(gradients_are_the_finite_differences),
        cmocka_unit_test(large_logits_do_not_overflow),
        cmocka_unit_test(a_logit_that_is_not_finite_shows_in_the_loss_and_in_its_own_row_only),
        cmocka_unit_test(a_location_that_is_not_finite_shows_where_it_counts),
        cmocka_unit_test(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
