#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>

#include "datasets/road_camera.h"

#define SIDE FTDN_ROAD_SIDE

typedef struct fixture {
    ftdn_arena arena;
    ftdn_road_canvas canvas;
} fixture;

static int set_up(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    ftdn_error err = {0};
    assert_non_null(made);
    ftdn_arena_init(&made->arena);
    FTDN_ASSERT_OK(ftdn_road_canvas_init(&made->canvas, true, &made->arena, &err), err);
    ftdn_road_canvas_begin(&made->canvas, 1);
    *state = made;
    return 0;
}

static int tear_down(void **state)
{
    fixture *made = *state;
    ftdn_arena_done(&made->arena);
    free(made);
    return 0;
}

/* The canvas is 0 everywhere: painted with 1, its sum is the area. */
static double sum_of(const ftdn_road_canvas *canvas)
{
    double sum = 0;
    for (int at = 0; at < FTDN_ROAD_PIXELS; at++) sum += (double)canvas->heat[at];
    return sum;
}

static float heat_at(const ftdn_road_canvas *canvas, int x, int y)
{
    return canvas->heat[y * SIDE + x];
}

static ftdn_road_path rectangle(float x0, float y0, float x1, float y1)
{
    return (ftdn_road_path){4, 4, {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}};
}

static void a_pixel_takes_the_share_that_is_covered(void **state)
{
    fixture *here = *state;
    ftdn_road_path path = rectangle(10.25f, 20.5f, 13.75f, 22.25f);
    ftdn_road_fill(&here->canvas, &path, ftdn_road_plain(8));
    /* Quarters of rows and any part of a column are exact. */
    assert_true(heat_at(&here->canvas, 10, 20) == 8 * 0.75f * 0.5f);
    assert_true(heat_at(&here->canvas, 11, 20) == 8 * 0.5f);
    assert_true(heat_at(&here->canvas, 11, 21) == 8);
    assert_true(heat_at(&here->canvas, 13, 22) == 8 * 0.75f * 0.25f);
    assert_true(heat_at(&here->canvas, 14, 21) == 0 && heat_at(&here->canvas, 9, 21) == 0);
    assert_true(fabs(sum_of(&here->canvas) - 8 * 3.5 * 1.75) < 1e-4);
}

static void shapes_have_their_areas(void **state)
{
    fixture *here = *state;
    const ftdn_road_ink one = ftdn_road_plain(1);
    const double pi = 3.14159265358979;
    double before = 0;
    ftdn_road_path triangle = {3, 3, {{20.3f, 80}, {60.1f, 20.7f}, {90, 95.2f}}};
    ftdn_road_fill(&here->canvas, &triangle, one);
    double area = 0.5 * fabs((60.1 - 20.3) * (95.2 - 80) - (90 - 20.3) * (20.7 - 80));
    /* Four scan lines to a row: within a hundredth. */
    assert_true(fabs(sum_of(&here->canvas) / area - 1) < 0.01);

    before = sum_of(&here->canvas);
    ftdn_road_fill_ellipse(&here->canvas, (ftdn_road_point){200, 60}, 40, 25, one);
    /* A polygon of 24 corners has 0.9886 of the ellipse's area. */
    assert_true(fabs((sum_of(&here->canvas) - before) / (pi * 40 * 25) - 0.9886) < 0.01);

    before = sum_of(&here->canvas);
    ftdn_road_fill_limb(&here->canvas, (ftdn_road_point){40, 200}, 6, (ftdn_road_point){120, 260}, 6, one);
    assert_true(fabs((sum_of(&here->canvas) - before) / (100 * 12 + pi * 36) - 1) < 0.01);

    before = sum_of(&here->canvas);
    ftdn_road_path frame = {
        8, 4, {{200, 200}, {260, 200}, {260, 260}, {200, 260}, {210, 215}, {250, 215}, {250, 240}, {210, 240}}};
    ftdn_road_fill(&here->canvas, &frame, one);
    assert_true(fabs(sum_of(&here->canvas) - before - (3600 - 1000)) < 0.01);
    assert_true(heat_at(&here->canvas, 230, 230) == 0);
}

static void what_leaves_the_picture_is_cut_and_remembered(void **state)
{
    fixture *here = *state;
    ftdn_road_path path = rectangle(-1000, -20, 30, 5000);
    ftdn_road_fill(&here->canvas, &path, ftdn_road_plain(1));
    assert_true(fabs(sum_of(&here->canvas) - 30 * SIDE) < 1e-3);
    ftdn_road_extent extent = here->canvas.extent;
    assert_true(extent.x0 == 0 && extent.y0 == 0 && extent.x1 == 30 && extent.y1 == SIDE);
    assert_true(extent.left == -1000 && extent.top == -20 && extent.right == 30 && extent.bottom == 5000);
    /* Wholly outside: nothing is painted, the extent of the shapes grows. */
    path = rectangle(400, 400, 500, 500);
    ftdn_road_fill(&here->canvas, &path, ftdn_road_plain(1));
    assert_true(fabs(sum_of(&here->canvas) - 30 * SIDE) < 1e-3);
    assert_true(here->canvas.extent.x1 == 30 && here->canvas.extent.right == 500);
}

static void ink_is_shaded_from_top_to_bottom_and_may_be_thin(void **state)
{
    fixture *here = *state;
    ftdn_road_path path = rectangle(0, 100, 10, 200);
    ftdn_road_fill(&here->canvas, &path, ftdn_road_shaded(0, 100));
    for (int y = 100; y < 200; y++) {
        assert_true(fabsf(heat_at(&here->canvas, 5, y) - ((float)(y - 100) + 0.5f)) < 1e-3f);
    }
    path = rectangle(20, 20, 30, 30);
    ftdn_road_fill(&here->canvas, &path, ftdn_road_glaze(10, 0.25f));
    assert_true(heat_at(&here->canvas, 25, 25) == 2.5f);
}

static void pixels_belong_to_what_was_painted_last(void **state)
{
    fixture *here = *state;
    ftdn_road_canvas *canvas = &here->canvas;
    ftdn_road_path far = rectangle(50, 50, 150, 100), near = rectangle(100, 50, 200, 100);
    ftdn_road_fill(canvas, &far, ftdn_road_plain(1));
    ftdn_road_extent extent = canvas->extent;
    assert_int_equal(ftdn_road_canvas_count(canvas, 1, &extent), 100 * 50);
    ftdn_road_canvas_begin(canvas, 2);
    assert_true(canvas->extent.x1 <= canvas->extent.x0);
    ftdn_road_fill(canvas, &near, ftdn_road_plain(2));
    assert_int_equal(ftdn_road_canvas_count(canvas, 1, &extent), 50 * 50);
    /* Neither a shadow nor thin ink takes pixels away. */
    ftdn_road_fill(canvas, &far, ftdn_road_glaze(3, 0.4f));
    ftdn_road_canvas_begin(canvas, 0);
    ftdn_road_fill(canvas, &far, ftdn_road_plain(3));
    assert_int_equal(ftdn_road_canvas_count(canvas, 1, &extent), 50 * 50);
}

static void without_heat_the_same_pixels_are_marked(void **state)
{
    fixture *here = *state;
    ftdn_error err = {0};
    ftdn_road_canvas bare;
    FTDN_ASSERT_OK(ftdn_road_canvas_init(&bare, false, &here->arena, &err), err);
    assert_null(bare.heat);
    ftdn_road_canvas_begin(&bare, 1);
    ftdn_road_canvas *both[2] = {&here->canvas, &bare};
    for (int i = 0; i < 2; i++) {
        ftdn_road_fill_ellipse(both[i], (ftdn_road_point){100.3f, 99.1f}, 60.2f, 31.7f, ftdn_road_plain(1));
        ftdn_road_fill_limb(both[i], (ftdn_road_point){-5, 20}, 3, (ftdn_road_point){310, 220}, 1, ftdn_road_plain(1));
    }
    assert_memory_equal(bare.owner, here->canvas.owner, FTDN_ROAD_PIXELS);
    assert_memory_equal(&bare.extent, &here->canvas.extent, sizeof bare.extent);
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    for (long n_good = 0; n_good < 2; n_good++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_road_canvas canvas;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        assert_int_equal(ftdn_road_canvas_init(&canvas, true, &arena, &err), FTDN_ERR_MEMORY);
        ftdn_arena_done(&arena);
    }
}

static void turns_are_cosine_and_sine(void **state)
{
    (void)state;
    for (int i = -3000; i <= 3000; i++) {
        float turns = (float)i / 997;
        ftdn_road_point turn = ftdn_road_turn(turns);
        assert_true(fabs((double)turn.x - cos(2 * 3.14159265358979 * (double)turns)) < 1e-5);
        assert_true(fabs((double)turn.y - sin(2 * 3.14159265358979 * (double)turns)) < 1e-5);
    }
}

static void the_camera_shows_things_by_their_distance(void **state)
{
    (void)state;
    const ftdn_road_camera camera = {.focal = 400, .height = 1.5f, .vanishing_x = 140, .horizon = 110};
    for (float z = 2; z < 100; z *= 2) {
        ftdn_road_point level = ftdn_road_project(&camera, (ftdn_road_place){0, 1.5f, z});
        assert_true(level.x == 140 && level.y == 110);
        ftdn_road_point foot = ftdn_road_project(&camera, (ftdn_road_place){1, 0, z});
        assert_true(fabsf(foot.x - (140 + 400 / z)) < 1e-3f && fabsf(foot.y - (110 + 600 / z)) < 1e-3f);
        assert_true(ftdn_road_scale(&camera, z) == 400 / z);
    }
    /* A tilted camera turns the picture around the vanishing point: what is level stays on the horizon. */
    ftdn_road_camera tilted = camera;
    tilted.tilt = 0.05f;
    ftdn_road_point far_right = ftdn_road_project(&tilted, (ftdn_road_place){3, 1.5f, 10});
    assert_true(fabsf(far_right.y - ftdn_road_horizon(&tilted, far_right.x)) < 1e-3f);
    assert_true(far_right.y > 110);
}

static void places_are_given_from_a_thing_ahead_right_and_up(void **state)
{
    (void)state;
    ftdn_road_stand away = {2, 10, {0, 1}}, towards_right = {2, 10, {1, 0}};
    ftdn_road_place place = ftdn_road_place_at(&away, 3, 1, 0.5f);
    assert_true(place.x == 3 && place.y == 0.5f && place.z == 13);
    place = ftdn_road_place_at(&towards_right, 3, 1, 0.5f);
    assert_true(place.x == 5 && place.y == 0.5f && place.z == 9);
}

static void the_road_reaches_below_the_camera(void **state)
{
    fixture *here = *state;
    const ftdn_road_view view = {&here->canvas, {.focal = 400, .height = 1.5f, .vanishing_x = 150, .horizon = 100}};
    ftdn_road_paint_ground(&view, -2000, 2000, -20, 1000, ftdn_road_plain(1));
    for (int x = 0; x < SIDE; x += 7) {
        assert_true(heat_at(&here->canvas, x, 99) == 0);
        for (int y = 102; y < SIDE; y++) assert_true(heat_at(&here->canvas, x, y) == 1);
    }
    /* All behind the camera: nothing. */
    double before = sum_of(&here->canvas);
    ftdn_road_paint_ground(&view, -50, 50, -20, -1, ftdn_road_plain(7));
    assert_true(sum_of(&here->canvas) == before);
}

static void only_outsides_face_the_camera(void **state)
{
    (void)state;
    const ftdn_road_camera camera = {.focal = 400, .height = 1.5f, .vanishing_x = 150, .horizon = 100};
    /* A wall across the road, clockwise as the camera sees it; then as one behind it would see it. */
    const ftdn_road_place wall[3] = {{-1, 0, 10}, {-1, 2, 10}, {1, 2, 10}},
                          back[3] = {{1, 2, 10}, {-1, 2, 10}, {-1, 0, 10}};
    assert_true(ftdn_road_faces_camera(&camera, wall));
    assert_false(ftdn_road_faces_camera(&camera, back));
    /* A roof is seen from above it only. */
    const ftdn_road_place low[3] = {{-1, 1, 8}, {-1, 1, 12}, {1, 1, 12}},
                          high[3] = {{-1, 3, 8}, {-1, 3, 12}, {1, 3, 12}};
    assert_true(ftdn_road_faces_camera(&camera, low));
    assert_false(ftdn_road_faces_camera(&camera, high));
}

#define CANVAS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CANVAS_TEST(a_pixel_takes_the_share_that_is_covered),
        CANVAS_TEST(shapes_have_their_areas),
        CANVAS_TEST(what_leaves_the_picture_is_cut_and_remembered),
        CANVAS_TEST(ink_is_shaded_from_top_to_bottom_and_may_be_thin),
        CANVAS_TEST(pixels_belong_to_what_was_painted_last),
        CANVAS_TEST(without_heat_the_same_pixels_are_marked),
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(turns_are_cosine_and_sine),
        cmocka_unit_test(the_camera_shows_things_by_their_distance),
        cmocka_unit_test(places_are_given_from_a_thing_ahead_right_and_up),
        CANVAS_TEST(the_road_reaches_below_the_camera),
        cmocka_unit_test(only_outsides_face_the_camera),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
