#include "tests/support/arena_per_test.h"

#include <math.h>
#include <string.h>

#include "datasets/image.h"

#define GUARD 64 /* bytes around the pixels that no drawing may touch */

static const uint8_t red[3] = {255, 0, 0}, white[3] = {255, 255, 255};

/* A grey picture in guarded storage of the arena. */
static ftdn_picture grey_picture(int width, int height)
{
    size_t n_bytes = (size_t)width * (size_t)height * 3;
    uint8_t *storage = ftdn_arena_alloc(&arena, n_bytes + 2 * GUARD, 1, NULL);
    assert_non_null(storage);
    memset(storage, 0xA5, n_bytes + 2 * GUARD);
    memset(storage + GUARD, 100, n_bytes);
    return (ftdn_picture){width, height, storage + GUARD};
}

static void assert_guards_are_whole(const ftdn_picture *picture)
{
    size_t n_bytes = (size_t)picture->width * (size_t)picture->height * 3;
    for (int i = 1; i <= GUARD; i++) {
        assert_int_equal(picture->pixels[-i], 0xA5);
        assert_int_equal(picture->pixels[n_bytes + (size_t)i - 1], 0xA5);
    }
}

static const uint8_t *pixel(const ftdn_picture *picture, int x, int y)
{
    return picture->pixels + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
}

static int count(const ftdn_picture *picture, const uint8_t colour[3])
{
    int n_pixels = 0;
    for (int y = 0; y < picture->height; y++) {
        for (int x = 0; x < picture->width; x++) n_pixels += memcmp(pixel(picture, x, y), colour, 3) == 0;
    }
    return n_pixels;
}

static void draw_box(ftdn_picture *picture, float x0, float y0, float x1, float y1, const char *label,
                     const uint8_t colour[3])
{
    const ftdn_drawn_box box = {x0, y0, x1, y1, label, {colour[0], colour[1], colour[2]}};
    size_t n_bytes = arena.n_bytes;
    FTDN_ASSERT_OK(ftdn_picture_draw_boxes(picture, &box, 1, &arena, &err), err);
    assert_int_equal(arena.n_bytes, n_bytes);
}

static void a_box_is_an_outline_of_two_pixels(void **state)
{
    (void)state;
    ftdn_picture picture = grey_picture(60, 50);
    draw_box(&picture, 10, 20, 40, 45, NULL, red);
    for (int y = 0; y < 50; y++) {
        for (int x = 0; x < 60; x++) {
            int inside = x >= 10 && x < 40 && y >= 20 && y < 45, core = x >= 12 && x < 38 && y >= 22 && y < 43;
            const uint8_t *found = pixel(&picture, x, y);
            assert_int_equal(found[0], inside && !core ? 255 : 100);
            assert_int_equal(found[1], inside && !core ? 0 : 100);
        }
    }
    assert_guards_are_whole(&picture);
}

static void lines_grow_with_the_picture(void **state)
{
    (void)state;
    ftdn_picture picture = grey_picture(2000, 100);
    draw_box(&picture, 100, 10, 200, 90, "", red);
    assert_int_equal(count(&picture, red), 100 * 80 - 92 * 72); /* lines of 4 pixels */
}

/* The label "I" of a box at (20, 30): a ground of 16 x 18 pixels above it, the letter of 5 x 7 dots of 2 pixels
 * each at (22, 14). */
static void a_label_stands_above_its_box(void **state)
{
    (void)state;
    static const char *const letter[7] = {".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."};
    ftdn_picture picture = grey_picture(80, 60);
    draw_box(&picture, 20, 30, 70, 55, "I", red);
    for (int y = 0; y < 30; y++) {
        for (int x = 0; x < 80; x++) {
            int column = x - 22, row = y - 14;
            int ground = x >= 20 && x < 36 && y >= 12;
            int ink = column >= 0 && column < 10 && row >= 0 && row < 14 && letter[row / 2][column / 2] == '#';
            const uint8_t *found = pixel(&picture, x, y);
            assert_int_equal(found[0], ink ? 255 : ground ? 255 : 100); /* white ink on red */
            assert_int_equal(found[1], ink ? 255 : ground ? 0 : 100);
        }
    }
}

static void a_label_moves_into_the_picture(void **state)
{
    (void)state;
    static const uint8_t ink[3] = {0, 0, 0};
    /* No room above: inside. No room on the right: further left. Black ink on white. */
    ftdn_picture top = grey_picture(80, 60), right = grey_picture(80, 60);
    ftdn_picture middle = grey_picture(80, 60);
    draw_box(&top, 20, 4, 70, 55, "dog", white);
    draw_box(&right, 55, 30, 78, 55, "dog", white);
    draw_box(&middle, 20, 30, 70, 55, "dog", white);
    int n_ink = count(&middle, ink);
    assert_int_equal(n_ink, 44 * 4); /* d, o and g have 16, 12 and 16 dots of 4 pixels */
    assert_int_equal(count(&top, ink), n_ink);
    assert_int_equal(count(&right, ink), n_ink);
    assert_memory_equal(pixel(&top, 20, 3), "ddd", 3);
    assert_memory_equal(pixel(&right, 79, 20), white, 3);
}

static void drawing_stays_in_the_picture(void **state)
{
    (void)state;
    static const float corners[][4] = {
        {-20, -20, 10, 10}, {30, 20, 90, 90}, {-1e9f, -1e9f, 1e9f, 1e9f}, {-3e38f, 5, 3e38f, 5}, {39, 29, 39, 29},
        {-1, -1, 0, 0},     {0, 0, 0, 0},     {39.9f, 29.9f, 100, 100},   {5, -1e30f, 6, 1e30f}, {-0.4f, -0.4f, 40, 30},
    };
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
        ftdn_picture picture = grey_picture(40, 30);
        draw_box(&picture, corners[i][0], corners[i][1], corners[i][2], corners[i][3],
                 "a label that is longer than the picture is wide", red);
        assert_guards_are_whole(&picture);
        assert_true(count(&picture, red) > 0);
    }
    ftdn_picture tiny = grey_picture(1, 1);
    draw_box(&tiny, 0, 0, 1, 1, "x", red);
    assert_guards_are_whole(&tiny);
}

static void boxes_that_are_none_draw_nothing(void **state)
{
    (void)state;
    ftdn_picture picture = grey_picture(40, 30);
    const float corners[][4] = {
        {NAN, 1, 5, 5}, {1, 1, INFINITY, 5}, {1, -INFINITY, 5, 5}, {9, 1, 5, 5},      {1, 9, 5, 5},
        {-9, 1, -1, 5}, {40, 1, 50, 5},      {1, 30, 5, 40},       {1, -9, 5, -0.5f},
    };
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++) {
        draw_box(&picture, corners[i][0], corners[i][1], corners[i][2], corners[i][3], "none", red);
    }
    for (int i = 0; i < 40 * 30 * 3; i++) assert_int_equal(picture.pixels[i], 100);
}

/* Count the dots of each letter; letters outside printable ASCII are drawn as '?'. */
static void every_letter_differs_and_others_become_question_marks(void **state)
{
    (void)state;
    uint8_t *drawn[96];
    for (int i = 0; i < 96; i++) {
        ftdn_picture picture = grey_picture(30, 40);
        char label[2] = {(char)(i < 95 ? ' ' + i : 0xE9), 0};
        draw_box(&picture, 2, 25, 28, 38, label, white);
        drawn[i] = picture.pixels;
        for (int k = 0; k < i; k++) {
            int equal = memcmp(drawn[i], drawn[k], 30 * 40 * 3) == 0;
            assert_int_equal(equal, i == 95 && k == '?' - ' ');
        }
    }
}

static void areas_are_clipped_and_pictures_are_copied(void **state)
{
    (void)state;
    ftdn_picture picture = grey_picture(20, 10), patch = grey_picture(4, 3);
    ftdn_picture_fill(&picture, -5, 8, 3, 99, red);
    assert_int_equal(count(&picture, red), 3 * 2);
    ftdn_picture_fill(&patch, 0, 0, 4, 3, white);
    ftdn_picture_fill(&patch, 3, 2, 4, 3, red);
    ftdn_picture_paste(&picture, 16, 7, &patch);
    assert_int_equal(count(&picture, white), 4 * 3 - 1);
    assert_memory_equal(pixel(&picture, 19, 9), red, 3);
    assert_memory_equal(pixel(&picture, 16, 7), white, 3);
    assert_guards_are_whole(&picture);
}

/* 'I' has 11 dots in the font, and letters stand 6 dots apart. */
static void a_text_takes_the_width_that_is_told(void **state)
{
    (void)state;
    ftdn_picture picture = grey_picture(60, 20);
    assert_int_equal(ftdn_picture_text_width("II", 2), 22);
    assert_int_equal(ftdn_picture_text_width("", 2), 0);
    ftdn_picture_draw_text(&picture, 10, 2, 2, "II", red);
    assert_int_equal(count(&picture, red), 2 * 11 * 4);
    for (int y = 0; y < 20; y++) {
        for (int x = 0; x < 60; x++) {
            bool is_in_text = x >= 10 && x < 32 && y >= 2 && y < 16;
            if (!is_in_text) assert_memory_not_equal(pixel(&picture, x, y), red, 3);
        }
    }
    ftdn_picture_draw_text(&picture, 50, 15, 3, "cut off", red);
    assert_guards_are_whole(&picture);
}

/* The 44 dots of "dog" in a label of 40 pixels: of a box of 20 pixels it is at most twice as wide, of 19 it is not. */
static void a_label_that_is_much_wider_than_its_box_has_smaller_letters(void **state)
{
    (void)state;
    static const uint8_t ink[3] = {0, 0, 0};
    ftdn_picture wide = grey_picture(80, 60), narrow = grey_picture(80, 60);
    draw_box(&wide, 20, 30, 40, 55, "dog", white);
    draw_box(&narrow, 20, 30, 39, 55, "dog", white);
    assert_int_equal(count(&wide, ink), 44 * 4);
    assert_int_equal(count(&narrow, ink), 44);
}

/* Two boxes whose labels, "car" of 40 pixels each, would stand on one another: both are whole, ink and ground. */
static void labels_of_boxes_that_lie_close_do_not_cover_one_another(void **state)
{
    (void)state;
    static const uint8_t ink[3] = {0, 0, 0}, yellow[3] = {255, 255, 0};
    const ftdn_drawn_box boxes[2] = {{40, 40, 90, 80, "dog", {255, 255, 255}}, {46, 42, 96, 84, "dog", {255, 255, 0}}};
    ftdn_picture both = grey_picture(160, 120), turned = grey_picture(160, 120);
    FTDN_ASSERT_OK(ftdn_picture_draw_boxes(&both, boxes, 2, &arena, &err), err);
    assert_int_equal(count(&both, ink), 2 * 44 * 4);
    assert_memory_equal(pixel(&both, 40, 23), white, 3); /* the first chose first */
    const ftdn_drawn_box reversed[2] = {boxes[1], boxes[0]};
    FTDN_ASSERT_OK(ftdn_picture_draw_boxes(&turned, reversed, 2, &arena, &err), err);
    assert_int_equal(count(&turned, ink), 2 * 44 * 4);
    assert_memory_equal(pixel(&turned, 46, 85), yellow, 3); /* below: above it would cover the other box */
    ftdn_arena_fail_after(&arena, 1);
    assert_int_equal(ftdn_picture_draw_boxes(&both, boxes, 2, &arena, &err), FTDN_ERR_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(areas_are_clipped_and_pictures_are_copied),
        FTDN_ARENA_TEST(a_text_takes_the_width_that_is_told),
        FTDN_ARENA_TEST(a_box_is_an_outline_of_two_pixels),
        FTDN_ARENA_TEST(lines_grow_with_the_picture),
        FTDN_ARENA_TEST(a_label_stands_above_its_box),
        FTDN_ARENA_TEST(a_label_moves_into_the_picture),
        FTDN_ARENA_TEST(drawing_stays_in_the_picture),
        FTDN_ARENA_TEST(boxes_that_are_none_draw_nothing),
        FTDN_ARENA_TEST(a_label_that_is_much_wider_than_its_box_has_smaller_letters),
        FTDN_ARENA_TEST(labels_of_boxes_that_lie_close_do_not_cover_one_another),
        FTDN_ARENA_TEST(every_letter_differs_and_others_become_question_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
