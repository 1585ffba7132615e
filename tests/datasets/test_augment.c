#include "datasets/augment.h"

#include <math.h>
#include <stdlib.h>

#include "base/sha256.h"
#include "tests/support/support.h"

#define SIZE 120
#define N_BYTES (SIZE * SIZE * 3)
#define MOST_OBJECTS 6
#define DARK 60
#define BRIGHT 220

typedef struct view {
    uint8_t pixels[N_BYTES];
    ftdn_object object[MOST_OBJECTS];
    int n_objects;
} view;

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_dataset *scenes;
    uint8_t pixels[N_BYTES]; /* one bright rectangle on a dark ground, and its box */
    ftdn_object object;
    ftdn_image image;
    view view, other;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    ftdn_arena_init(&f->arena);
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(4, 1, &f->scenes, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_dataset_decode(f->scenes, SIZE, 1, &f->err), f->err);
    f->object = (ftdn_object){.class_index = 3, .difficult = true, .x0 = 35, .y0 = 50, .x1 = 75, .y1 = 110};
    f->image = (ftdn_image){
        .id = 5, .width = SIZE, .height = SIZE, .n_objects = 1, .object = &f->object, .pixels = f->pixels};
    memset(f->pixels, DARK, N_BYTES);
    for (int y = 50; y < 110; y++) memset(f->pixels + (y * SIZE + 35) * 3, BRIGHT, (75 - 35) * 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->arena.n_bytes, 0);
    ftdn_arena_done(&f->arena);
    ftdn_dataset_close(f->scenes);
    free(f);
    return 0;
}

static void augment(fixture *f, const ftdn_augment_desc *desc, const ftdn_image *image, uint64_t seed, uint64_t draw,
                    view *ret_view)
{
    assert_in_range(image->n_objects, 0, MOST_OBJECTS);
    FTDN_ASSERT_OK(ftdn_augment_check(desc, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_augment(desc, image, SIZE, seed, draw, &f->arena, ret_view->pixels, ret_view->object,
                                &ret_view->n_objects, &f->err),
                   f->err);
}

static void assert_box(const ftdn_object *object, double x0, double y0, double x1, double y1, double tolerance)
{
    bool is_near = fabs(object->x0 - x0) <= tolerance && fabs(object->y0 - y0) <= tolerance &&
                   fabs(object->x1 - x1) <= tolerance && fabs(object->y1 - y1) <= tolerance;
    if (!is_near) {
        fail_msg("(%g, %g, %g, %g), not (%g, %g, %g, %g)", (double)object->x0, (double)object->y0, (double)object->x1,
                 (double)object->y1, x0, y0, x1, y1);
    }
}

static bool are_equal_objects(const view *a, const view *b)
{
    if (a->n_objects != b->n_objects) return false;
    for (int i = 0; i < a->n_objects; i++) {
        const ftdn_object *left = &a->object[i], *right = &b->object[i];
        if (left->class_index != right->class_index || left->x0 != right->x0 || left->y0 != right->y0 ||
            left->x1 != right->x1 || left->y1 != right->y1)
            return false;
    }
    return true;
}

static const ftdn_augment_desc everything = {
    .photometric = 1, .expand = 0.5, .max_expand = 4, .fill = {DARK, DARK, DARK}, .crop = true, .mirror = true};

static void without_augmentation_the_view_is_the_image(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        const ftdn_image *image = &f->scenes->image[i];
        augment(f, &(ftdn_augment_desc){0}, image, 1, (uint64_t)i, &f->view);
        assert_memory_equal(f->view.pixels, image->pixels, N_BYTES);
        assert_int_equal(f->view.n_objects, image->n_objects);
        for (int k = 0; k < image->n_objects; k++) {
            const ftdn_object *object = &image->object[k];
            assert_int_equal(f->view.object[k].class_index, object->class_index);
            /* The scenes are 300 pixels wide and high. */
            assert_box(&f->view.object[k], object->x0 * 0.4, object->y0 * 0.4, object->x1 * 0.4, object->y1 * 0.4,
                       1e-4);
        }
    }
}

/* The smallest box around bright pixels; false where there are none. */
static bool find_bright(const uint8_t *pixels, int box[4])
{
    box[0] = box[1] = SIZE;
    box[2] = box[3] = 0;
    for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
            if (pixels[(y * SIZE + x) * 3] <= (DARK + BRIGHT) / 2) continue;
            if (x < box[0]) box[0] = x;
            if (y < box[1]) box[1] = y;
            if (x + 1 > box[2]) box[2] = x + 1;
            if (y + 1 > box[3]) box[3] = y + 1;
        }
    }
    return box[2] > box[0];
}

/* A pixel is bright where its centre lies in the object, so that the boxes differ by less than a pixel. */
static void boxes_follow_the_pixels(void **state)
{
    fixture *f = *state;
    ftdn_augment_desc desc = everything;
    desc.photometric = 0;
    int n_expanded = 0, n_cut = 0;
    for (uint64_t draw = 0; draw < 1000; draw++) {
        int bright[4];
        augment(f, &desc, &f->image, 0, draw, &f->view);
        assert_int_equal(f->view.n_objects, 1); /* each patch holds the middle of an object, and there is but one */
        const ftdn_object *object = &f->view.object[0];
        assert_true(find_bright(f->view.pixels, bright));
        assert_box(object, bright[0], bright[1], bright[2], bright[3], 1);
        assert_true(object->x0 >= 0 && object->y0 >= 0 && object->x1 <= SIZE && object->y1 <= SIZE);
        assert_true(object->class_index == 3 && object->difficult);
        n_expanded += object->x1 - object->x0 < 39;
        n_cut += object->x0 == 0 || object->x1 == SIZE || object->y0 == 0 || object->y1 == SIZE;
    }
    assert_true(n_expanded > 100 && n_cut > 100);
}

/* Limits: sides of 0.3 ... 1 of the image, of which one is at most twice the other. The object is small and in the
 * middle, so that it is seen whole in many views. */
static void patches_have_their_sides_and_aspects(void **state)
{
    fixture *f = *state;
    f->object = (ftdn_object){.x0 = 58, .y0 = 58, .x1 = 62, .y1 = 62};
    double smallest = SIZE, largest = 0;
    for (uint64_t draw = 0; draw < 1000; draw++) {
        augment(f, &(ftdn_augment_desc){.crop = true}, &f->image, 2, draw, &f->view);
        assert_int_equal(f->view.n_objects, 1);
        const ftdn_object *object = &f->view.object[0];
        if (object->x0 <= 0 || object->y0 <= 0 || object->x1 >= SIZE || object->y1 >= SIZE) continue;
        double width = object->x1 - object->x0, height = object->y1 - object->y0;
        assert_true(width <= 2.0001 * height && height <= 2.0001 * width);
        smallest = fmin(smallest, fmin(width, height));
        largest = fmax(largest, fmax(width, height));
    }
    assert_true(fabs(smallest - 4) < 1e-4);            /* the whole is a view, too */
    assert_true(largest > 9 && largest < 4.0001 / 0.3); /* zoomed in far, but no farther */
}

/* Of an object that fills the image, the IoU with a patch is the patch's share of the image. Seven kinds of crop: the
 * whole, a share of 0 (any), 0.1, 0.3, 0.5, 0.7, 0.9 at least. Of all patches 1.05 % have 0.9 and 10.3 % have 0.7, so
 * that 50 patches hold one of 0.9 in 41 % of cases; otherwise another kind is drawn. That makes 15.6 % for each kind
 * and 6.4 % for that of 0.9; patches of the others may be that large, too. Bounds are four standard deviations wide. */
static void patches_overlap_an_object_as_much_as_was_drawn(void **state)
{
    fixture *f = *state;
    ftdn_object objects[2] = {{.x1 = SIZE, .y1 = SIZE}, {.x0 = 55, .y0 = 55, .x1 = 65, .y1 = 65}};
    f->image.object = objects;
    f->image.n_objects = 2;
    const int n_draws = 7000;
    int n_whole = 0, n_of_nine_tenths = 0, n_of_seven_tenths = 0;
    for (int draw = 0; draw < n_draws; draw++) {
        augment(f, &(ftdn_augment_desc){.crop = true}, &f->image, 3, (uint64_t)draw, &f->view);
        if (f->view.n_objects < 2) continue;
        const ftdn_object *small = &f->view.object[1];
        if (small->x0 <= 0 || small->y0 <= 0 || small->x1 >= SIZE || small->y1 >= SIZE) continue;
        double share = 100.0 / ((small->x1 - small->x0) * (small->y1 - small->y0));
        n_whole += share > 0.9999;
        n_of_nine_tenths += share > 0.8999;
        n_of_seven_tenths += share > 0.6999;
    }
    assert_in_range(n_whole, 1092 - 121, 1092 + 121);
    assert_in_range(n_of_nine_tenths, 1092 + 448 + 190 - 144, 1092 + 448 + 190 + 144);
    assert_in_range(n_of_seven_tenths, 2 * 1092 + 448 + 800 - 168, 2 * 1092 + 448 + 800 + 168);
}

static void an_image_without_objects_is_cut_too(void **state)
{
    fixture *f = *state;
    f->image.n_objects = 0;
    int n_cut = 0;
    for (uint64_t draw = 0; draw < 70; draw++) {
        augment(f, &(ftdn_augment_desc){.crop = true}, &f->image, 0, draw, &f->view);
        assert_int_equal(f->view.n_objects, 0);
        n_cut += memcmp(f->view.pixels, f->pixels, N_BYTES) != 0;
    }
    assert_true(n_cut > 40);
}

static void the_canvas_is_as_often_and_as_large_as_asked_for(void **state)
{
    fixture *f = *state;
    const ftdn_augment_desc desc = {.expand = 0.25, .max_expand = 3};
    int n_expanded = 0;
    double smallest = 1;
    for (uint64_t draw = 0; draw < 1600; draw++) {
        augment(f, &desc, &f->image, 4, draw, &f->view);
        assert_int_equal(f->view.n_objects, 1);
        double zoom = (f->view.object[0].x1 - f->view.object[0].x0) / 40;
        n_expanded += zoom < 1;
        smallest = fmin(smallest, zoom);
    }
    assert_in_range(n_expanded, 400 - 70, 400 + 70); /* four standard deviations of 17.3 */
    assert_true(smallest > 0.3333 && smallest < 0.34);
}

static void half_of_the_views_are_mirrored_and_a_second_time_gives_the_image(void **state)
{
    fixture *f = *state;
    const ftdn_augment_desc desc = {.mirror = true};
    const ftdn_image *scene = &f->scenes->image[0];
    ftdn_image seen = *scene;
    seen.width = seen.height = SIZE;
    seen.pixels = f->view.pixels;
    seen.object = f->view.object;
    int n_mirrored = 0;
    for (uint64_t draw = 0; draw < 400; draw++) {
        augment(f, &desc, scene, 0, draw, &f->view);
        if (memcmp(f->view.pixels, scene->pixels, N_BYTES) == 0) continue;
        n_mirrored++;
        augment(f, &desc, &seen, 0, draw, &f->other);
        assert_memory_equal(f->other.pixels, scene->pixels, N_BYTES);
        augment(f, &(ftdn_augment_desc){0}, scene, 0, draw, &f->view);
        for (int k = 0; k < scene->n_objects; k++) {
            const ftdn_object *wanted = &f->view.object[k];
            assert_box(&f->other.object[k], wanted->x0, wanted->y0, wanted->x1, wanted->y1, 1e-4);
        }
    }
    assert_in_range(n_mirrored, 200 - 40, 200 + 40); /* four standard deviations of 10 */
}

static void a_view_is_a_function_of_seed_draw_and_image(void **state)
{
    fixture *f = *state;
    ftdn_image scene = f->scenes->image[0];
    augment(f, &everything, &scene, 1, 2, &f->view);
    augment(f, &everything, &scene, 1, 2, &f->other);
    assert_memory_equal(f->view.pixels, f->other.pixels, N_BYTES);
    assert_true(are_equal_objects(&f->view, &f->other));
    static const uint64_t seeds[] = {2, UINT64_C(1) + (UINT64_C(1) << 32), 1, 1, 1, 1};
    static const uint64_t draws[] = {2, 2, 3, UINT64_C(2) + (UINT64_C(1) << 32), 2, 2};
    static const uint64_t id_changes[] = {0, 0, 0, 0, 1, UINT64_C(1) << 63};
    for (int i = 0; i < 6; i++) {
        scene.id = f->scenes->image[0].id ^ id_changes[i];
        augment(f, &everything, &scene, seeds[i], draws[i], &f->other);
        assert_memory_not_equal(f->view.pixels, f->other.pixels, N_BYTES);
    }
}

/* 64 views with their boxes. They change only with the sampling, which a resumed training must find unchanged. */
static void views_are_pinned(void **state)
{
    fixture *f = *state;
    char hex[FTDN_SHA256_HEX];
    ftdn_sha256 *hash;
    FTDN_ASSERT_OK(ftdn_sha256_create(&hash, &f->err), f->err);
    for (uint64_t draw = 0; draw < 64; draw++) {
        augment(f, &everything, &f->scenes->image[draw % 4], 0, draw, &f->view);
        ftdn_sha256_add(hash, f->view.pixels, N_BYTES);
        for (int k = 0; k < f->view.n_objects; k++) {
            const ftdn_object *object = &f->view.object[k];
            const float corners[4] = {object->x0, object->y0, object->x1, object->y1};
            ftdn_sha256_add(hash, corners, sizeof corners);
        }
    }
    ftdn_sha256_finish(hash, hex);
    ftdn_sha256_free(hash);
    assert_string_equal(hex, "1e8195918f80e4dd3d6c9bfad5ba254c217ecfc2d5198597553a2c66f4fd03fc");
}

/* Each part draws numbers of its own. */
static void light_moves_no_box_and_a_mirror_no_patch(void **state)
{
    fixture *f = *state;
    ftdn_augment_desc dull = everything, straight = everything;
    dull.photometric = 0;
    straight.mirror = false;
    for (uint64_t draw = 0; draw < 100; draw++) {
        const ftdn_image *scene = &f->scenes->image[draw % 4];
        augment(f, &everything, scene, 0, draw, &f->view);
        augment(f, &dull, scene, 0, draw, &f->other);
        assert_true(are_equal_objects(&f->view, &f->other));
        augment(f, &straight, scene, 0, draw, &f->other);
        assert_int_equal(f->view.n_objects, f->other.n_objects);
        for (int k = 0; k < f->view.n_objects; k++) assert_true(f->view.object[k].y0 == f->other.object[k].y0);
    }
}

static void equal_channels_stay_equal_in_changing_light(void **state)
{
    fixture *f = *state;
    int n_changed = 0;
    for (uint64_t draw = 0; draw < 100; draw++) {
        augment(f, &everything, &f->image, 0, draw, &f->view);
        for (int i = 0; i < N_BYTES; i += 3) {
            assert_int_equal(f->view.pixels[i], f->view.pixels[i + 1]);
            assert_int_equal(f->view.pixels[i], f->view.pixels[i + 2]);
        }
        augment(f, &(ftdn_augment_desc){.photometric = 0.5}, &f->image, 0, draw, &f->view);
        int dark = f->view.pixels[0], bright = f->view.pixels[(60 * SIZE + 40) * 3];
        /* Brightness up to 16, contrast 0.75 ... 1.25. */
        assert_in_range(dark, (DARK - 16) * 3 / 4, (DARK + 16) * 5 / 4);
        assert_in_range(bright, (BRIGHT - 16) * 3 / 4, 255);
        n_changed += dark != DARK;
    }
    assert_in_range(n_changed, 75 - 18, 75 + 18); /* three quarters; four standard deviations of 4.3 */
}

static void a_box_without_area_is_dropped_and_one_that_hangs_out_is_cut(void **state)
{
    fixture *f = *state;
    const ftdn_object objects[] = {{.x0 = 20, .y0 = 20, .x1 = 20, .y1 = 90},
                                   {.class_index = 1, .x0 = -30, .y0 = 100, .x1 = 50, .y1 = 130},
                                   {.x0 = 130, .y0 = 20, .x1 = 140, .y1 = 90}};
    f->image.object = objects;
    f->image.n_objects = 3;
    augment(f, &(ftdn_augment_desc){0}, &f->image, 0, 0, &f->view);
    assert_int_equal(f->view.n_objects, 1);
    assert_int_equal(f->view.object[0].class_index, 1);
    assert_box(&f->view.object[0], 0, 100, 50, SIZE, 0);
}

static void the_boxes_of_an_image_of_other_sides_are_scaled(void **state)
{
    fixture *f = *state;
    f->image.width = 2 * SIZE;
    f->image.height = SIZE / 2;
    f->object = (ftdn_object){.x0 = 70, .y0 = 25, .x1 = 150, .y1 = 55};
    augment(f, &(ftdn_augment_desc){0}, &f->image, 0, 0, &f->view);
    assert_box(&f->view.object[0], 35, 50, 75, 110, 0);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        ftdn_augment_desc desc;
        const char *message;
    } cases[] = {
        {{.photometric = 1.5}, "augmentation: photometric 1.5 is outside [0, 1]"},
        {{.photometric = NAN}, "augmentation: photometric nan is outside [0, 1]"},
        {{.expand = -0.5}, "augmentation: expand -0.5 is outside [0, 1]"},
        {{.expand = 0.5, .max_expand = 0.5}, "augmentation: max_expand 0.5 is below 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        FTDN_ASSERT_FAILS(ftdn_augment_check(&cases[i].desc, &f->err), FTDN_ERR_ARG, cases[i].message, f->err);
}

static void a_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    int n_objects = -1;
    ftdn_arena_fail_after(&f->arena, 2);
    assert_int_equal(ftdn_augment(&everything, &f->image, SIZE, 0, 0, &f->arena, f->view.pixels, f->view.object,
                                  &n_objects, &f->err),
                     FTDN_ERR_MEMORY);
    assert_int_equal(n_objects, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_augmentation_the_view_is_the_image),
        TEST(boxes_follow_the_pixels),
        TEST(patches_have_their_sides_and_aspects),
        TEST(patches_overlap_an_object_as_much_as_was_drawn),
        TEST(an_image_without_objects_is_cut_too),
        TEST(the_canvas_is_as_often_and_as_large_as_asked_for),
        TEST(half_of_the_views_are_mirrored_and_a_second_time_gives_the_image),
        TEST(a_view_is_a_function_of_seed_draw_and_image),
        TEST(views_are_pinned),
        TEST(light_moves_no_box_and_a_mirror_no_patch),
        TEST(equal_channels_stay_equal_in_changing_light),
        TEST(a_box_without_area_is_dropped_and_one_that_hangs_out_is_cut),
        TEST(the_boxes_of_an_image_of_other_sides_are_scaled),
        TEST(numbers_outside_their_range_are_refused),
        TEST(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
