/* The multibox loss on a device against the processor's: doubles within rounding, the same hard negatives. */
#include "detect/loss_device.h"

#include "tests/gpu/heads.h"
#include "tests/gpu/refused_memory.h"

enum { MAX_IMAGES = 4, MAX_OBJECTS = 3 };

static const ftdn_loss_device_table *table(void)
{
    return ftdn_test_module()->loss;
}

/* Answers with objects, and both sides' losses. */
typedef struct scene {
    heads h;
    ftdn_gradients *gradients;
    ftdn_device_loss *loss;
    ftdn_multibox_loss host;
    ftdn_loss_image image[MAX_IMAGES];
    int n_positives[MAX_IMAGES], n_batch_positives;
} scene;

static void scene_init(scene *s, const heads_desc *desc)
{
    ftdn_error err;
    assert_true(desc->for_gradients && desc->micro_batch <= MAX_IMAGES);
    *s = (scene){0};
    heads_init(&s->h, desc);
    FTDN_ASSERT_OK(ftdn_gradients_create(s->h.machine.program, &s->gradients, &err), err);
    FTDN_ASSERT_OK(table()->create(s->h.network, s->h.priors, s->h.machine.context, s->gradients, &s->loss, &err), err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&s->host, s->h.network, s->h.priors, &s->h.arena, &err), err);
}

static void scene_done(scene *s)
{
    table()->free(s->loss);
    ftdn_gradients_free(s->gradients);
    heads_done(&s->h);
}

/* Every one_in-th prior on average answers for one of an image's objects; the first image has none. */
static void add_objects(scene *s, int one_in)
{
    ftdn_error err;
    const heads *h = &s->h;
    s->n_batch_positives = 0;
    for (int i = 0; i < h->micro_batch; i++) {
        ftdn_labelled_box *objects = FTDN_NEW(&s->h.arena, MAX_OBJECTS, ftdn_labelled_box, &err);
        int *object = FTDN_NEW(&s->h.arena, (size_t)h->n_priors, int, &err);
        assert_true(objects && object);
        for (int k = 0; k < MAX_OBJECTS; k++) {
            float x = (float)(rand() % 8) / 10, y = (float)(rand() % 8) / 10;
            objects[k] = (ftdn_labelled_box){rand() % h->network->n_classes, {x, y, x + 0.15f, y + 0.2f}};
        }
        s->n_positives[i] = 0;
        for (int p = 0; p < h->n_priors; p++) {
            object[p] = i > 0 && rand() % one_in == 0 ? rand() % MAX_OBJECTS : FTDN_MATCH_BACKGROUND;
            s->n_positives[i] += object[p] != FTDN_MATCH_BACKGROUND;
        }
        s->n_batch_positives += s->n_positives[i];
        s->image[i] = (ftdn_loss_image){heads_logits(h, 0, i), heads_locations(h, 0, i), objects, object};
    }
}

/* One image's rows out of the gradients at the heads, class heads or box heads. */
static void read_rows(const scene *s, const int *head, int image, float *rows)
{
    ftdn_error err;
    const heads *h = &s->h;
    for (int k = 0; k < h->network->n_heads; k++) {
        ftdn_map map = ftdn_gradients_map(s->gradients, h->machine.context, head[k]);
        size_t n = ftdn_shape_elements(map.shape);
        FTDN_ASSERT_OK(ftdn_test_module()->device->copy_after(h->machine.context, rows, map.values + (size_t)image * n,
                                                              n * sizeof *rows, &err),
                       err);
        rows += n;
    }
}

/* Of a float that is rounded from two doubles that are equal within 1e-12. */
static void assert_same_gradients(const char *what, const float *found, const float *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool same = isnan(expected[i])
                        ? isnan(found[i])
                        : fabs((double)found[i] - (double)expected[i]) <= 1.2e-7 * fabs((double)expected[i]) + 1e-40;
        if (!same || (found[i] == 0) != (expected[i] == 0))
            fail_msg("%s: %zu is %.9g, expected %.9g", what, i, (double)found[i], (double)expected[i]);
    }
}

/* Sums of at most a few thousand positive terms. */
static void assert_same_value(double found, double expected)
{
    bool same = isfinite(expected) ? fabs(found - expected) <= 1e-12 * fabs(expected)
                                   : (isnan(found) && isnan(expected)) || found == expected;
    if (!same) fail_msg("%.17g is not %.17g", found, expected);
}

/* Losses and gradients of the first n_images; the others have no gradient. */
static void assert_same_losses(scene *s, int n_images)
{
    ftdn_error err;
    const heads *h = &s->h;
    size_t n_logits = (size_t)h->n_priors * (size_t)h->n_columns, n_locations = (size_t)h->n_priors * 4;
    float *found = heads_floats(&s->h, n_logits), *expected = heads_floats(&s->h, n_logits);
    float *found_locations = heads_floats(&s->h, n_locations), *expected_locations = heads_floats(&s->h, n_locations);
    ftdn_loss_value value[MAX_IMAGES];
    FTDN_ASSERT_OK(table()->compute(s->loss, s->image, n_images, s->n_batch_positives, value, &err), err);
    for (int i = 0; i < h->micro_batch; i++) {
        read_rows(s, h->network->class_head, i, found);
        read_rows(s, h->network->box_head, i, found_locations);
        if (i < n_images) {
            ftdn_loss_value own =
                ftdn_multibox_loss_compute(&s->host, &s->image[i], s->n_batch_positives, expected, expected_locations);
            assert_same_value(value[i].classification, own.classification);
            assert_same_value(value[i].regression, own.regression);
        } else {
            memset(expected, 0, n_logits * sizeof *expected);
            memset(expected_locations, 0, n_locations * sizeof *expected_locations);
        }
        assert_same_gradients("logits", found, expected, n_logits);
        assert_same_gradients("locations", found_locations, expected_locations, n_locations);
    }
}

static heads_desc random_desc(void)
{
    return (heads_desc){
        .in = {1 + rand() % 9, 1 + rand() % 9, 3},
        .n_boxes = {1 + rand() % 4, 1 + rand() % 6},
        .n_classes = 1 + rand() % 5,
        .n_networks = 1,
        .micro_batch = 2 + rand() % 3,
        .score_kind = rand() % 2 ? FTDN_SCORE_SOFTMAX : FTDN_SCORE_SIGMOID,
        .for_gradients = true,
    };
}

/* Ties among the negatives, images without objects, more positives than a third of the priors. */
static void check_random_answers(const char *order)
{
    srand(20 + (unsigned)order[0]);
    for (int round = 0; round < 12; round++) {
        scene s;
        const heads_desc desc = random_desc();
        scene_init(&s, &desc);
        for (int batch = 0; batch < 2; batch++) {
            heads_fill(&s.h, rand() % 2 ? 5 : 100000, false);
            add_objects(&s, 2 + rand() % 20);
            assert_same_losses(&s, 1 + rand() % desc.micro_batch);
        }
        scene_done(&s);
    }
}

static void losses_and_gradients_are_those_of_the_processor(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_random_answers);
}

static void damaged_answers_are_neither_hidden_nor_repaired(void **state)
{
    (void)state;
    srand(30);
    int n_broken = 0;
    for (int round = 0; round < 12; round++) {
        scene s;
        const heads_desc desc = random_desc();
        scene_init(&s, &desc);
        heads_fill(&s.h, 1000, true);
        add_objects(&s, 10);
        assert_same_losses(&s, desc.micro_batch);
        ftdn_loss_value value = ftdn_multibox_loss_compute(&s.host, &s.image[1], s.n_batch_positives, NULL, NULL);
        n_broken += !isfinite(value.classification);
        scene_done(&s);
    }
    assert_true(n_broken > 0);
}

static void images_without_objects_have_no_loss(void **state)
{
    (void)state;
    srand(31);
    scene s;
    const heads_desc desc = random_desc();
    scene_init(&s, &desc);
    heads_fill(&s.h, 1000, true);
    add_objects(&s, 1 << 30);
    assert_int_equal(s.n_batch_positives, 0);
    assert_same_losses(&s, desc.micro_batch);
    scene_done(&s);
}

static void a_loss_that_nobody_waits_for_has_its_gradient_and_can_be_read_later(void **state)
{
    (void)state;
    ftdn_error err;
    srand(32);
    scene s;
    const heads_desc desc = random_desc();
    scene_init(&s, &desc);
    heads_fill(&s.h, 1000, false);
    add_objects(&s, 5);
    size_t n_logits = (size_t)s.h.n_priors * (size_t)s.h.n_columns;
    float *first = heads_floats(&s.h, n_logits), *second = heads_floats(&s.h, n_logits);
    for (int i = 0; i < 2; i++) { /* the second call waits for the first one's upload */
        FTDN_ASSERT_OK(table()->compute(s.loss, s.image, desc.micro_batch, s.n_batch_positives, NULL, &err), err);
    }
    read_rows(&s, s.h.network->class_head, 1, first);
    ftdn_loss_value later[MAX_IMAGES], value[MAX_IMAGES];
    FTDN_ASSERT_OK(table()->read(s.loss, desc.micro_batch, later, &err), err);
    FTDN_ASSERT_OK(table()->compute(s.loss, s.image, desc.micro_batch, s.n_batch_positives, value, &err), err);
    assert_memory_equal(later, value, (size_t)desc.micro_batch * sizeof *value);
    assert_same_losses(&s, desc.micro_batch);
    read_rows(&s, s.h.network->class_head, 1, second);
    assert_memory_equal(first, second, n_logits * sizeof *first);
    scene_done(&s);
}

static ftdn_status create_and_free(void *user, ftdn_error *err)
{
    const scene *s = user;
    ftdn_device_loss *loss = NULL;
    ftdn_status status = table()->create(s->h.network, s->h.priors, s->h.machine.context, s->gradients, &loss, err);
    assert_int_equal(!loss, status != FTDN_OK);
    if (loss) table()->free(loss);
    return status;
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    srand(33);
    scene s;
    const heads_desc desc = random_desc();
    scene_init(&s, &desc);
    assert_true(ftdn_test_refuse_each_allocation(create_and_free, &s) > 5);
    scene_done(&s);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_and_gradients_are_those_of_the_processor),
        cmocka_unit_test(damaged_answers_are_neither_hidden_nor_repaired),
        cmocka_unit_test(images_without_objects_have_no_loss),
        cmocka_unit_test(a_loss_that_nobody_waits_for_has_its_gradient_and_can_be_read_later),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
