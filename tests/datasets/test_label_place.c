#include "datasets/label_place.h"

#include "tests/support/support.h"

enum { WIDTH = 400, HEIGHT = 300, LABEL_WIDTH = 60, LABEL_HEIGHT = 18 };

static ftdn_area place(ftdn_area box, const ftdn_area *boxes, int n_boxes, const ftdn_area *labels, int n_labels)
{
    const ftdn_label_scene scene = {WIDTH, HEIGHT, boxes, labels, n_boxes, n_labels};
    return ftdn_label_place(&scene, box, LABEL_WIDTH, LABEL_HEIGHT);
}

static void assert_at(ftdn_area label, int x, int y)
{
    assert_int_equal(label.x0, x);
    assert_int_equal(label.y0, y);
    assert_int_equal(label.x1 - label.x0, LABEL_WIDTH);
    assert_int_equal(label.y1 - label.y0, LABEL_HEIGHT);
}

static bool meet(ftdn_area a, ftdn_area b)
{
    return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

static void a_lone_label_stands_above_else_below_else_inside(void **state)
{
    (void)state;
    const ftdn_area middle = {100, 100, 200, 160}, top = {100, 10, 200, 160}, whole = {0, 0, WIDTH, HEIGHT};
    assert_at(place(middle, &middle, 1, NULL, 0), 100, 100 - LABEL_HEIGHT);
    assert_at(place(top, &top, 1, NULL, 0), 100, 160);
    assert_at(place(whole, &whole, 1, NULL, 0), 0, 0);
}

static void a_label_moves_sideways_into_the_picture(void **state)
{
    (void)state;
    const ftdn_area right = {380, 100, 399, 160}, left = {-2, 100, 20, 160};
    assert_at(place(right, &right, 1, NULL, 0), WIDTH - LABEL_WIDTH, 100 - LABEL_HEIGHT);
    assert_at(place(left, &left, 1, NULL, 0), 0, 100 - LABEL_HEIGHT);
    const ftdn_label_scene tiny = {.width = 10, .height = 10};
    const ftdn_area label = ftdn_label_place(&tiny, (ftdn_area){2, 2, 8, 8}, LABEL_WIDTH, LABEL_HEIGHT);
    assert_at(label, 0, 0);
}

static void a_taken_place_is_left_for_the_next_one(void **state)
{
    (void)state;
    const ftdn_area box = {100, 100, 200, 160};
    ftdn_area labels[3];
    labels[0] = (ftdn_area){90, 80, 120, 98};
    assert_at(place(box, &box, 1, labels, 1), 200 - LABEL_WIDTH, 100 - LABEL_HEIGHT); /* above, at the right */
    labels[1] = (ftdn_area){120, 80, 240, 98};
    assert_at(place(box, &box, 1, labels, 2), 100, 160); /* below */
    labels[2] = (ftdn_area){0, 160, 400, 178};
    assert_at(place(box, &box, 1, labels, 3), 200, 100); /* at the right: inside would cover the object */
}

static void a_label_leaves_other_objects_free_where_it_can(void **state)
{
    (void)state;
    const ftdn_area boxes[2] = {{100, 100, 200, 160}, {90, 60, 210, 98}};
    assert_at(place(boxes[0], boxes, 2, NULL, 0), 100, 160);
}

/* Twelve objects side by side, each narrower than its label. */
static void labels_of_a_crowd_are_apart(void **state)
{
    (void)state;
    ftdn_area boxes[12], labels[12];
    for (int i = 0; i < 12; i++) boxes[i] = (ftdn_area){100 + 15 * i, 140 + 3 * i, 112 + 15 * i, 165 + 3 * i};
    for (int i = 0; i < 12; i++) {
        labels[i] = place(boxes[i], boxes, 12, labels, i);
        assert_true(labels[i].x0 >= 0 && labels[i].x1 <= WIDTH && labels[i].y0 >= 0 && labels[i].y1 <= HEIGHT);
        for (int k = 0; k < i; k++) assert_false(meet(labels[i], labels[k]));
    }
}

static void without_room_the_least_is_covered(void **state)
{
    (void)state;
    const ftdn_area box = {100, 100, 200, 160};
    const ftdn_area labels[2] = {{0, 0, WIDTH, 150}, {0, 155, WIDTH, HEIGHT}};
    const ftdn_area label = place(box, &box, 1, labels, 2);
    assert_true(label.y0 < 155 && label.y1 > 150); /* over the gap */
    assert_true(meet(label, labels[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_label_stands_above_else_below_else_inside),
        cmocka_unit_test(a_label_moves_sideways_into_the_picture),
        cmocka_unit_test(a_taken_place_is_left_for_the_next_one),
        cmocka_unit_test(a_label_leaves_other_objects_free_where_it_can),
        cmocka_unit_test(labels_of_a_crowd_are_apart),
        cmocka_unit_test(without_room_the_least_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
