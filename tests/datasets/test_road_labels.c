#include "tests/support/arena_per_test.h"

#include <math.h>

#include "datasets/road_labels.h"

#define SIDE FTDN_ROAD_SIDE

/* A world of nothing but what a test puts there: a night, a camera that looks straight ahead. */
static ftdn_road_world empty_world(void)
{
    return (ftdn_road_world){
        .dice = ftdn_road_dice_of("labels", 1, 0),
        .climate = {.air = 10, .road = 13, .verge = 11, .wall = 12, .sky = -15},
        .camera = {.focal = 400, .height = 1.5f, .vanishing_x = 150, .horizon = 130},
    };
}

/* Add a thing behind all that is nearer; item: its looks. */
static void put(ftdn_road_world *world, ftdn_road_kind kind, float x, float z, float turns, int item)
{
    ftdn_road_point turn = ftdn_road_turn(turns);
    world->thing[world->n_things++] = (ftdn_road_thing){
        .kind = kind,
        .stand = {x, z, {turn.y, turn.x}},
        .is_running = true,
        .dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_THING, item),
    };
}

/* Paint over a background of one temperature; without one, nothing but marks. Returns the number of labels. */
static int paint(const ftdn_road_world *world, const float *background, ftdn_road_canvas *ret_canvas,
                 ftdn_object *object)
{
    FTDN_ASSERT_OK(ftdn_road_canvas_init(ret_canvas, background != NULL, &arena, &err), err);
    for (int at = 0; background && at < FTDN_ROAD_PIXELS; at++) ret_canvas->heat[at] = *background;
    const ftdn_road_view view = {ret_canvas, world->camera};
    return ftdn_road_paint_things(&view, world, object);
}

static int label(const ftdn_road_world *world, ftdn_object *object)
{
    ftdn_road_canvas canvas;
    return paint(world, NULL, &canvas, object);
}

/* The temperature of what a thing of this class puts on the road beneath it: on a road as warm as that it is not
 * seen. */
static float shadow_heat(const ftdn_road_world *world, ftdn_road_kind kind)
{
    switch (kind) {
    case FTDN_ROAD_PEDESTRIAN:
    case FTDN_ROAD_CYCLIST: return world->climate.road + 1;
    case FTDN_ROAD_TRAFFIC_CONE:
    case FTDN_ROAD_CHANNELIZER: return world->climate.road - 2;
    default: return world->climate.road + 2;
    }
}

/* The pixels that a thing changes, and its box: a pixel counts to the box from 0.4 of its area on, and is changed by
 * any part, so that the box has the same sides or lies one pixel further in (two where a foot or hand thins out). */
static void boxes_are_those_of_the_painted_pixels(void **state)
{
    (void)state;
    int n_boxes = 0;
    for (int kind = 0; kind < FTDN_ROAD_N_CLASSES; kind++) {
        for (int i = 0; i < 12; i++) {
            ftdn_road_world world = empty_world();
            put(&world, (ftdn_road_kind)kind, (float)(i % 3 - 1) * 1.5f, kind == FTDN_ROAD_BUS ? 24 : 14, (float)i / 12,
                i);
            ftdn_road_canvas canvas;
            ftdn_object object[FTDN_ROAD_MAX_THINGS];
            float background = shadow_heat(&world, (ftdn_road_kind)kind);
            int n_objects = paint(&world, &background, &canvas, object);
            assert_int_equal(n_objects, 1);
            assert_int_equal(object[0].class_index, kind);
            assert_false(object[0].difficult && kind != FTDN_ROAD_TRAFFIC_CONE);
            int x0 = SIDE, y0 = SIDE, x1 = 0, y1 = 0;
            for (int at = 0; at < FTDN_ROAD_PIXELS; at++) {
                if (fabsf(canvas.heat[at] - background) < 1e-3f) continue;
                int x = at % SIDE, y = at / SIDE;
                if (x < x0) x0 = x;
                if (x >= x1) x1 = x + 1;
                if (y < y0) y0 = y;
                if (y >= y1) y1 = y + 1;
            }
            assert_in_range((int)object[0].x0 - x0, 0, 2);
            assert_in_range((int)object[0].y0 - y0, 0, 2);
            assert_in_range(x1 - (int)object[0].x1, 0, 2);
            assert_in_range(y1 - (int)object[0].y1, 0, 2);
            n_boxes++;
        }
    }
    assert_int_equal(n_boxes, 12 * FTDN_ROAD_N_CLASSES);
}

static void twice_as_far_is_half_as_large(void **state)
{
    (void)state;
    for (int kind = 0; kind < FTDN_ROAD_N_CLASSES; kind++) {
        ftdn_object near[FTDN_ROAD_MAX_THINGS], far[FTDN_ROAD_MAX_THINGS];
        ftdn_road_world world = empty_world();
        float z = kind == FTDN_ROAD_BUS || kind == FTDN_ROAD_TRUCK ? 22 : kind <= FTDN_ROAD_VAN ? 9 : 6;
        put(&world, (ftdn_road_kind)kind, 0, z, 0, 5);
        assert_int_equal(label(&world, near), 1);
        world.thing[0].stand.z = 2 * z;
        assert_int_equal(label(&world, far), 1);
        /* What is long is not at one distance: its back, half a length nearer, decides. */
        ftdn_road_size size = ftdn_road_size_of((ftdn_road_kind)kind, &world.thing[0].dice);
        float half = kind == FTDN_ROAD_PEDESTRIAN || kind >= FTDN_ROAD_TRAFFIC_CONE ? 0 : size.length * 0.5f;
        float expected = (z - half) / (2 * z - half);
        float near_width = near[0].x1 - near[0].x0, far_width = far[0].x1 - far[0].x0;
        assert_true(fabsf(far_width - expected * near_width) < 2.5f);
    }
}

/* 0: not labelled, 1: difficult, 2: wanted. */
static int worth_of(const ftdn_road_world *world, ftdn_road_kind kind)
{
    ftdn_object object[FTDN_ROAD_MAX_THINGS];
    int n_objects = label(world, object);
    for (int i = 0; i < n_objects; i++) {
        if (object[i].class_index == (int)kind) return object[i].difficult ? 1 : 2;
    }
    return 0;
}

/* A van moves before a car from the right: the car is wanted, then difficult, then gone, and never comes back. */
static void what_is_hidden_is_difficult_and_then_not_wanted(void **state)
{
    (void)state;
    int n_of_worth[3] = {0}, before = 2;
    ftdn_object alone[FTDN_ROAD_MAX_THINGS], object[FTDN_ROAD_MAX_THINGS];
    for (int step = 0; step < 60; step++) {
        ftdn_road_world world = empty_world();
        put(&world, FTDN_ROAD_CAR, 0, 22, 0, 1);
        assert_int_equal(label(&world, alone), 1);
        put(&world, FTDN_ROAD_VAN, 3 - 0.05f * (float)step, 14, 0, 2);
        int worth = worth_of(&world, FTDN_ROAD_CAR);
        assert_true(worth <= before);
        assert_int_equal(worth_of(&world, FTDN_ROAD_VAN), 2);
        before = worth;
        n_of_worth[worth]++;
        /* The box is that of the whole car, whatever is seen of it. */
        assert_int_equal(label(&world, object), worth ? 2 : 1);
        if (worth) assert_true(object[0].x0 == alone[0].x0 && object[0].x1 == alone[0].x1);
    }
    for (int worth = 0; worth < 3; worth++) assert_true(n_of_worth[worth] > 0);
}

static void what_leaves_the_picture_is_clipped_then_difficult_then_not_wanted(void **state)
{
    (void)state;
    int n_of_worth[3] = {0}, before = 2;
    for (int step = 0; step < 60; step++) {
        ftdn_road_world world = empty_world();
        ftdn_object object[FTDN_ROAD_MAX_THINGS];
        put(&world, FTDN_ROAD_CAR, -2.2f - 0.05f * (float)step, 12, 0, 1);
        int n_objects = label(&world, object), worth = worth_of(&world, FTDN_ROAD_CAR);
        assert_true(worth <= before);
        before = worth;
        n_of_worth[worth]++;
        assert_int_equal(n_objects, worth > 0);
        if (worth == 1) assert_true(object[0].x0 == 0);
    }
    for (int worth = 0; worth < 3; worth++) assert_true(n_of_worth[worth] > 0);
}

static void what_is_tiny_is_not_wanted(void **state)
{
    (void)state;
    ftdn_road_world world = empty_world();
    put(&world, FTDN_ROAD_TRAFFIC_CONE, 0, 60, 0, 3);
    assert_int_equal(worth_of(&world, FTDN_ROAD_TRAFFIC_CONE), 0);
    world.thing[0].stand.z = 17;
    assert_int_equal(worth_of(&world, FTDN_ROAD_TRAFFIC_CONE), 1);
    world.thing[0].stand.z = 8;
    assert_int_equal(worth_of(&world, FTDN_ROAD_TRAFFIC_CONE), 2);
}

static void lamps_signs_bins_and_trees_have_no_label(void **state)
{
    (void)state;
    ftdn_road_world world = empty_world();
    ftdn_object object[FTDN_ROAD_MAX_THINGS];
    for (int kind = FTDN_ROAD_N_CLASSES; kind < FTDN_ROAD_N_KINDS; kind++) {
        put(&world, (ftdn_road_kind)kind, (float)(kind - 10), 20, 0, kind);
    }
    assert_int_equal(label(&world, object), 0);
}

/* The truth is made without heat, the picture with it. */
static void labels_do_not_depend_on_heat(void **state)
{
    (void)state;
    for (int scene = 0; scene < 40; scene++) {
        ftdn_road_world world;
        ftdn_road_world_make(&world, "labels", 7, scene);
        ftdn_road_canvas bare, warm;
        ftdn_object a[FTDN_ROAD_MAX_THINGS] = {{0}}, b[FTDN_ROAD_MAX_THINGS] = {{0}};
        const float background = 10;
        int n_objects = paint(&world, NULL, &bare, a);
        assert_int_equal(paint(&world, &background, &warm, b), n_objects);
        assert_memory_equal(bare.owner, warm.owner, FTDN_ROAD_PIXELS);
        for (int i = 0; i < n_objects; i++) {
            assert_true(a[i].class_index == b[i].class_index && a[i].difficult == b[i].difficult);
            assert_true(a[i].x0 == b[i].x0 && a[i].y0 == b[i].y0 && a[i].x1 == b[i].x1 && a[i].y1 == b[i].y1);
        }
    }
}

static bool is_vehicle(ftdn_road_kind kind)
{
    return kind == FTDN_ROAD_CAR || kind == FTDN_ROAD_VAN || kind == FTDN_ROAD_TRUCK || kind == FTDN_ROAD_BUS;
}

/* Far things come first, vehicles neither stand in one another nor where the camera is, every layout and both day and
 * night come, and things are within the sizes of their kinds. */
static void worlds_are_in_order(void **state)
{
    (void)state;
    enum { N_WORLDS = 1000 };
    int n_of_layout[FTDN_ROAD_N_LAYOUTS] = {0}, n_nights = 0, n_warm = 0;
    for (int scene = 0; scene < N_WORLDS; scene++) {
        ftdn_road_world world;
        ftdn_road_world_make(&world, "labels", 8, scene);
        n_of_layout[world.layout]++;
        n_nights += world.climate.sun == 0;
        n_warm += world.climate.air > 15;
        assert_true(world.left < -1 && world.right > 1 && world.middle > world.left && world.middle < world.right);
        assert_true(world.climate.sky < world.climate.air && world.climate.road > world.climate.air);
        for (int i = 0; i < world.n_things; i++) {
            const ftdn_road_thing *a = &world.thing[i];
            if (i > 0) assert_true(world.thing[i - 1].stand.z >= a->stand.z);
            assert_true(a->stand.z > 2.5f);
            if (!is_vehicle(a->kind)) continue;
            ftdn_road_size size = ftdn_road_size_of(a->kind, &a->dice);
            assert_true(size.length > size.width && size.height > 1.3f && size.length <= 12);
            for (int k = 0; k < i; k++) {
                const ftdn_road_thing *b = &world.thing[k];
                float dx = a->stand.x - b->stand.x, dz = a->stand.z - b->stand.z;
                if (is_vehicle(b->kind)) assert_true(dx * dx + dz * dz > 1.6f * 1.6f);
            }
        }
    }
    for (int l = 0; l < FTDN_ROAD_N_LAYOUTS; l++) assert_true(n_of_layout[l] > N_WORLDS / 10);
    assert_in_range(n_nights, 400, 500);
    assert_in_range(n_warm, 300, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(boxes_are_those_of_the_painted_pixels),
        FTDN_ARENA_TEST(twice_as_far_is_half_as_large),
        FTDN_ARENA_TEST(what_is_hidden_is_difficult_and_then_not_wanted),
        FTDN_ARENA_TEST(what_leaves_the_picture_is_clipped_then_difficult_then_not_wanted),
        FTDN_ARENA_TEST(what_is_tiny_is_not_wanted),
        FTDN_ARENA_TEST(lamps_signs_bins_and_trees_have_no_label),
        FTDN_ARENA_TEST(labels_do_not_depend_on_heat),
        cmocka_unit_test(worlds_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
