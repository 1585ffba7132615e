#include "datasets/jpeg_orientation.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/arena_per_test.h"

/* Of EXIF data: an entry before the orientation, then the orientation. */
typedef struct made_exif {
    bool is_big_endian;
    int tag, type, orientation;
} made_exif;

static size_t put(uint8_t *to, size_t at, uint32_t value, size_t size, bool is_big_endian)
{
    for (size_t i = 0; i < size; i++) to[at + (is_big_endian ? size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
    return at + size;
}

/* A JPEG's bytes with an APP1 segment behind the start: SOI, a comment, APP1, then `rest`. */
static size_t make_jpeg(const made_exif *exif, const uint8_t *rest, size_t n_rest, uint8_t *to)
{
    static const uint8_t start[] = {0xff, 0xd8, 0xff, 0xfe, 0, 5, 'a', 'b', 'c', 0xff, 0xff, 0xe1, 0, 42};
    bool big = exif->is_big_endian;
    size_t at = sizeof start;
    memcpy(to, start, at);
    memcpy(to + at, "Exif\0", 6);
    at += 6;
    memcpy(to + at, big ? "MM\0*" : "II*\0", 4);
    at = put(to, at + 4, 8, 4, big);
    at = put(to, at, 2, 2, big);
    at = put(to, at, 0x010f, 2, big); /* the maker, a text of another type */
    at = put(to, at, 2, 2, big);
    at = put(to, at, 4, 4, big);
    at = put(to, at, 0x01020304, 4, big);
    at = put(to, at, (uint32_t)exif->tag, 2, big);
    at = put(to, at, (uint32_t)exif->type, 2, big);
    at = put(to, at, 1, 4, big);
    at = put(to, at, (uint32_t)exif->orientation, 2, big);
    at = put(to, at, 0, 2, big);
    memcpy(to + at, rest, n_rest);
    return at + n_rest;
}

/* From a heap copy of n_bytes, so that a sanitizer sees every byte read behind them. */
static int orientation_of(const uint8_t *bytes, size_t n_bytes)
{
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, n_bytes);
    int orientation = ftdn_jpeg_orientation(exact, n_bytes);
    free(exact);
    return orientation;
}

static const uint8_t scan[] = {0xff, 0xda, 0, 2};

static void the_orientation_is_found_in_both_byte_orders(void **state)
{
    (void)state;
    uint8_t bytes[128];
    for (int big = 0; big < 2; big++) {
        for (int orientation = 1; orientation <= 8; orientation++) {
            const made_exif exif = {big, 0x0112, 3, orientation};
            assert_int_equal(orientation_of(bytes, make_jpeg(&exif, scan, sizeof scan, bytes)), orientation);
        }
        const made_exif none[] = {{big, 0x0112, 3, 0}, {big, 0x0112, 3, 9}, {big, 0x0113, 3, 6}, {big, 0x0112, 4, 6}};
        for (size_t i = 0; i < sizeof none / sizeof *none; i++)
            assert_int_equal(orientation_of(bytes, make_jpeg(&none[i], scan, sizeof scan, bytes)), 1);
    }
    assert_int_equal(orientation_of((const uint8_t *)"\x89PNG", 4), 1);
    assert_int_equal(orientation_of(scan, 0), 1);
}

static void cut_and_changed_data_do_no_harm(void **state)
{
    (void)state;
    uint8_t bytes[128], changed[128];
    const made_exif exif = {false, 0x0112, 3, 6};
    size_t n_bytes = make_jpeg(&exif, scan, sizeof scan, bytes);
    for (size_t n = 0; n < n_bytes; n++) assert_in_range(orientation_of(bytes, n), 1, 8);
    uint32_t random = 1;
    for (int i = 0; i < 100000; i++) {
        memcpy(changed, bytes, n_bytes);
        for (int k = 0; k < 3; k++) {
            random = random * 1664525u + 1013904223u;
            changed[random / 256 % n_bytes] = (uint8_t)(random >> 16);
        }
        assert_in_range(orientation_of(changed, n_bytes), 1, 8);
    }
}

/* A picture of 3 x 2 pixels, numbered in the file's order:   0 1 2
 *                                                            3 4 5 */
static void pixels_move_as_the_orientation_says(void **state)
{
    (void)state;
    static const struct {
        int width;
        uint8_t seen[6];
    } wanted[9] = {
        [1] = {3, {0, 1, 2, 3, 4, 5}}, [2] = {3, {2, 1, 0, 5, 4, 3}}, [3] = {3, {5, 4, 3, 2, 1, 0}},
        [4] = {3, {3, 4, 5, 0, 1, 2}}, [5] = {2, {0, 3, 1, 4, 2, 5}}, [6] = {2, {3, 0, 4, 1, 5, 2}},
        [7] = {2, {5, 2, 4, 1, 3, 0}}, [8] = {2, {2, 5, 1, 4, 0, 3}},
    };
    uint8_t pixels[18];
    for (int i = 0; i < 18; i++) pixels[i] = (uint8_t)(i / 3 * 10 + i % 3);
    const ftdn_picture picture = {3, 2, pixels};
    for (int orientation = 1; orientation <= 8; orientation++) {
        ftdn_picture upright;
        FTDN_ASSERT_OK(ftdn_picture_turn_upright(&picture, orientation, &arena, &upright, &err), err);
        assert_int_equal(upright.width, wanted[orientation].width);
        assert_int_equal(upright.width * upright.height, 6);
        for (int i = 0; i < 18; i++) assert_int_equal(upright.pixels[i], wanted[orientation].seen[i / 3] * 10 + i % 3);
    }
}

/* A camera that was held upright saves rows as columns: dark on the left in the file is dark on top. */
static void a_jpeg_is_read_as_it_is_to_be_seen(void **state)
{
    (void)state;
    enum { WIDTH = 48, HEIGHT = 16 };
    static uint8_t pixels[WIDTH * HEIGHT * 3];
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) pixels[i] = i / 3 % WIDTH < WIDTH / 2 ? 20 : 220;
    const ftdn_picture lying = {WIDTH, HEIGHT, pixels};
    unsigned char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_picture_encode_jpeg(&lying, &arena, &bytes, &n_bytes, &err), err);
    uint8_t *turned = FTDN_NEW(&arena, n_bytes + 128, uint8_t, &err);
    const made_exif exif = {true, 0x0112, 3, 6};
    size_t n_turned = make_jpeg(&exif, bytes + 2, n_bytes - 2, turned);
    int width, height;
    ftdn_picture upright;
    FTDN_ASSERT_OK(ftdn_picture_read_jpeg_size("a.jpg", turned, n_turned, &width, &height, &err), err);
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg("a.jpg", turned, n_turned, &arena, &upright, &err), err);
    assert_true(width == HEIGHT && height == WIDTH && upright.width == HEIGHT && upright.height == WIDTH);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        int row = i / 3 / HEIGHT;
        assert_true(row < WIDTH / 2 ? upright.pixels[i] < 60 : upright.pixels[i] > 180);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_orientation_is_found_in_both_byte_orders),
        FTDN_ARENA_TEST(cut_and_changed_data_do_no_harm),
        FTDN_ARENA_TEST(pixels_move_as_the_orientation_says),
        FTDN_ARENA_TEST(a_jpeg_is_read_as_it_is_to_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
