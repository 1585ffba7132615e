#include "harness/judged_trial.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { N_IMAGES = 60, N_CLASSES = 7, MOST_OF_CLASS = 40, N_OBJECTS = 3 };

/* Images with objects, and a list of detections for each, by class, then score; some classes and lists are empty. */
typedef struct fixture {
    ftdn_dataset dataset;
    ftdn_image image[N_IMAGES];
    ftdn_object object[N_IMAGES][N_OBJECTS];
    ftdn_image_detections found[N_IMAGES];
    ftdn_detection detection[N_IMAGES][N_CLASSES * MOST_OF_CLASS];
} fixture;

static float random_part(void)
{
    return (float)(rand() % 1000) / 1000;
}

static void fill_list(fixture *f, int image)
{
    ftdn_detection *detection = f->detection[image];
    int n = 0;
    for (int c = 0; image % 9 != 0 && c < N_CLASSES; c++) {
        int n_of_class = rand() % 3 ? rand() % (MOST_OF_CLASS + 1) : 0;
        for (int i = 0; i < n_of_class; i++) {
            const ftdn_object *near = &f->object[image][rand() % N_OBJECTS];
            detection[n++] = (ftdn_detection){
                .class_index = c,
                .prior = i,
                .score = (float)(n_of_class - i) / 64, /* equal ones in many images */
                .x0 = near->x0 / 200 + random_part() / 8,
                .y0 = near->y0 / 100,
                .x1 = near->x1 / 200,
                .y1 = near->y1 / 100,
            };
        }
    }
    f->found[image] = (ftdn_image_detections){detection, n};
}

static void make_fixture(fixture *f)
{
    f->dataset = (ftdn_dataset){.n_classes = N_CLASSES, .n_images = N_IMAGES, .image = f->image};
    for (int i = 0; i < N_IMAGES; i++) {
        for (int o = 0; o < N_OBJECTS; o++) {
            float x = 60 * random_part(), y = 40 * random_part();
            f->object[i][o] = (ftdn_object){rand() % (N_CLASSES - 1), rand() % 6 == 0, x, y, x + 90, y + 50};
        }
        f->image[i] = (ftdn_image){.width = 200, .height = 100, .object = f->object[i]};
        f->image[i].n_objects = rand() % (N_OBJECTS + 1);
        fill_list(f, i);
    }
}

static void classes_begin_where_the_lists_say(void **state)
{
    (void)state;
    static fixture f;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_class_starts starts;
    srand(1);
    ftdn_arena_init(&arena);
    for (int round = 0; round < 20; round++) {
        make_fixture(&f);
        FTDN_ASSERT_OK(ftdn_class_starts_find(&f.dataset, f.found, &arena, &starts, &err), err);
        assert_int_equal(starts.n_classes, N_CLASSES);
        for (int i = 0; i < N_IMAGES; i++) {
            const int *start = starts.start + (size_t)i * (N_CLASSES + 1);
            int n_before = 0;
            for (int c = 0; c <= N_CLASSES; c++) {
                assert_int_equal(start[c], n_before);
                for (int d = 0; d < f.found[i].n_detections; d++) n_before += f.found[i].detection[d].class_index == c;
            }
        }
    }
    ftdn_arena_done(&arena);
}

/* What a class is measured to be without the others in the lists. */
static ftdn_class_ap measure_alone(const fixture *f, int class_index)
{
    static fixture alone;
    ftdn_class_ap ap[N_CLASSES];
    ftdn_error err = {0};
    alone = *f;
    for (int i = 0; i < N_IMAGES; i++) {
        int n = 0;
        for (int d = 0; d < f->found[i].n_detections; d++)
            if (f->found[i].detection[d].class_index == class_index) alone.detection[i][n++] = f->found[i].detection[d];
        alone.found[i] = (ftdn_image_detections){alone.detection[i], n};
    }
    FTDN_ASSERT_OK(ftdn_trial_measure(&f->dataset, alone.found, 0.5, 1, ap, &err), err);
    return ap[class_index];
}

static void assert_same_bits(const ftdn_class_ap *a, const ftdn_class_ap *b)
{
    assert_memory_equal(&a->ap_voc07, &b->ap_voc07, sizeof a->ap_voc07);
    assert_memory_equal(&a->ap_area, &b->ap_area, sizeof a->ap_area);
    assert_int_equal(a->n_objects, b->n_objects);
}

static void a_class_is_measured_alike_beside_others_and_on_any_threads(void **state)
{
    (void)state;
    static fixture f;
    ftdn_error err = {0};
    ftdn_class_ap ap[N_CLASSES], again[N_CLASSES];
    int n_between = 0;
    srand(2);
    make_fixture(&f);
    FTDN_ASSERT_OK(ftdn_trial_measure(&f.dataset, f.found, 0.5, 1, ap, &err), err);
    FTDN_ASSERT_OK(ftdn_trial_measure(&f.dataset, f.found, 0.5, 3, again, &err), err);
    for (int c = 0; c < N_CLASSES; c++) {
        ftdn_class_ap alone = measure_alone(&f, c);
        assert_same_bits(&ap[c], &again[c]);
        assert_same_bits(&ap[c], &alone);
        n_between += ap[c].ap_area > 0 && ap[c].ap_area < 1;
    }
    assert_int_equal(n_between, N_CLASSES - 1); /* the last class has no objects */
    assert_int_equal(ap[N_CLASSES - 1].n_objects, 0);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    static fixture f;
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_failures = 0;
    srand(3);
    make_fixture(&f);
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_judged_trial judged = {.n_images = -1};
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_trial_judge(&f.dataset, f.found, 0.5, &arena, &judged, &err);
        if (status != FTDN_OK) {
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(judged.n_images, -1);
            n_failures++;
        }
        ftdn_arena_done(&arena);
    }
    assert_true(n_failures > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_begin_where_the_lists_say),
        cmocka_unit_test(a_class_is_measured_alike_beside_others_and_on_any_threads),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
