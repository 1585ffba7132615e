/* test_coco_files.c - COCO files as other programs write them, and pictures that are missing, renamed or turned. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "datasets/dataset.h"
#include "datasets/image.h"
#include "tests/support/folder_per_test.h"

#define A_IMAGES "\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": \"b.jpg\"}]"
#define A_CATEGORIES "\"categories\": [{\"id\": 7, \"name\": \"car\"}]"
#define AN_ANNOTATION(rest) "{\"id\": 1, \"image_id\": 2, \"category_id\": 7, \"bbox\": [1, 2, 10, 10]" rest "}"
#define ALL_ANNOTATIONS "\"annotations\": [" AN_ANNOTATION("") "]"

static void write_picture(const char *relative, int width, int height)
{
    ftdn_picture picture = {width, height, ftdn_arena_alloc(&arena, (size_t)width * (size_t)height, 3, &err)};
    assert_non_null(picture.pixels);
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path_of(relative), &picture, &err), err);
}

static int set_up_pictures(void **state)
{
    int result = set_up_folder(state);
    write_picture("a.jpg", 32, 24);
    write_picture("b.jpg", 32, 24);
    return result;
}

static ftdn_status open_text(const char *text, ftdn_dataset **ret_dataset)
{
    const ftdn_coco_desc desc = {.root = folder, .split = "val"};
    ftdn_test_write_file(path_of("val.json"), text, strlen(text));
    return ftdn_dataset_open_coco(&desc, ret_dataset, &err);
}

static void assert_refused(const char *text, const char *message)
{
    ftdn_dataset *dataset = NULL;
    FTDN_ASSERT_FAILS(open_text(text, &dataset), FTDN_ERR_INPUT, message, err);
    assert_null(dataset);
}

static void the_lists_may_stand_in_any_order(void **state)
{
    (void)state;
    static const char *const lists[3] = {A_IMAGES, A_CATEGORIES, ALL_ANNOTATIONS};
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    char digest[FTDN_SHA256_HEX] = "";
    for (int i = 0; i < 6; i++) {
        ftdn_dataset *dataset;
        const int *order = orders[i];
        const char *text =
            ftdn_arena_format(&arena, &err, "%s{\"x\": {\"annotations\": [7]}, %s, %s,\n%s}\n",
                              i == 5 ? "\xef\xbb\xbf" : "", lists[order[0]], lists[order[1]], lists[order[2]]);
        FTDN_ASSERT_OK(open_text(text, &dataset), err);
        assert_int_equal(dataset->image[0].n_objects, 0);
        assert_int_equal(dataset->image[1].n_objects, 1);
        assert_true(dataset->image[1].object[0].x1 == 11);
        if (i == 0) memcpy(digest, dataset->digest, sizeof digest);
        assert_string_equal(dataset->digest, digest);
        ftdn_dataset_close(dataset);
    }
}

static void what_the_parser_alone_would_let_pass_is_refused(void **state)
{
    (void)state;
    assert_refused("{" A_IMAGES ",\n " A_IMAGES "," A_CATEGORIES "," ALL_ANNOTATIONS "}",
                   "val.json:2:2: \"images\" stands in line 1 already");
    assert_refused("{" A_IMAGES "," ALL_ANNOTATIONS ",\n" A_CATEGORIES ",\n \"annotations\": []}",
                   "val.json:3:2: \"annotations\" stands in line 1 already");
    assert_refused("{" A_IMAGES "," A_CATEGORIES ",\"annotations\": [\n" AN_ANNOTATION(", \"area\": NaN") "]}",
                   "val.json:2:76: expected a value; JSON has neither NaN nor Infinity");
    assert_refused("{" A_IMAGES "," A_CATEGORIES ",\"annotations\": [\n" AN_ANNOTATION("") "\n,,7]}",
                   "val.json:3:2: expected a value");
    assert_refused("{" A_IMAGES "," A_CATEGORIES "," ALL_ANNOTATIONS "}}", ": unexpected text behind the value");
}

/* A picture in a folder: dots in its path are none of its suffix. */
#define LISTED(name) "{\"images\": [{\"id\": 1, \"file_name\": \"" name "\"}]," A_CATEGORIES ", \"annotations\": []}"

static void a_picture_may_have_another_suffix(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"JPG", "jpeg", "TIFF", "png"};
    FTDN_ASSERT_OK(ftdn_folder_create(path_of("sub.d"), &err), err);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *path = ftdn_arena_format(&arena, &err, "sub.d/c.%s", suffixes[i]);
        static const char *const texts[] = {LISTED("sub.d/c.jpg"), LISTED("sub.d/c")};
        write_picture(path, 8, 8); /* the format is told by the bytes */
        for (int k = 0; k < 2; k++) {
            ftdn_dataset *dataset;
            FTDN_ASSERT_OK(open_text(texts[k], &dataset), err);
            assert_string_equal(dataset->image[0].name, "sub.d_c");
            assert_non_null(strstr(dataset->description, ", 1 image, 1 picture with another suffix"));
            ftdn_dataset_close(dataset);
        }
        assert_int_equal(unlink(path_of(path)), 0);
    }
    assert_refused(LISTED("sub.d/c.jpg"), "val.json:1:13: image id 1: sub.d/c.jpg: no such file; looked at\n  ");
}

/* One picture that is there, then n_missing that are not: x1.jpg, ... in lines of their own. */
static const char *list_missing(int n_missing)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\"images\": [{\"id\": 0, \"file_name\": \"a.jpg\"}");
    for (int i = 1; i <= n_missing; i++) ftdn_text_append(&text, ",\n{\"id\": %d, \"file_name\": \"x%d.jpg\"}", i, i);
    ftdn_text_append(&text, "]," A_CATEGORIES ", \"annotations\": []}");
    return ftdn_test_keep_text(&text, &arena);
}

static void missing_pictures_are_counted_and_the_first_are_named(void **state)
{
    (void)state;
    static const struct {
        int n_missing;
        const char *message;
    } cases[] = {
        {1, "/val.json:2:1: image id 1: "},
        {1, "/x1.jpg: No such file or directory"},
        {2, "2 of 3 files are missing:\n  "},
        {2, "/val.json:3:1: image id 2: "},
        {2, "/x2.jpg: No such file or directory"},
        {7, "7 of 8 files are missing:\n  "},
        {7, "/x5.jpg: No such file or directory\n  and 2 more"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(list_missing(cases[i].n_missing), cases[i].message);
}

/* The same file with EXIF data behind its start that say how the camera was held. */
static void write_turned(const char *from, const char *to, int orientation)
{
    uint8_t exif[] = {0xff, 0xe1, 0, 34,  'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                      0,    1,    1, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
    char *bytes;
    size_t n_bytes;
    exif[29] = (uint8_t)orientation;
    FTDN_ASSERT_OK(ftdn_file_load(path_of(from), 1 << 20, &arena, &bytes, &n_bytes, &err), err);
    char *turned = ftdn_arena_alloc(&arena, n_bytes + sizeof exif, 1, &err);
    assert_non_null(turned);
    memcpy(turned, bytes, 2);
    memcpy(turned + 2, exif, sizeof exif);
    memcpy(turned + 2 + sizeof exif, bytes + 2, n_bytes - 2);
    ftdn_test_write_file(path_of(to), turned, n_bytes + sizeof exif);
}

static void sizes_are_those_of_the_picture_as_it_is_seen(void **state)
{
    (void)state;
    ftdn_dataset *dataset;
    write_turned("a.jpg", "t.jpg", 6);
    FTDN_ASSERT_OK(open_text(LISTED("t.jpg\", \"width\": 24, \"height\": 32, \"x\": \""), &dataset), err);
    assert_true(dataset->image[0].width == 24 && dataset->image[0].height == 32);
    ftdn_dataset_close(dataset);
    assert_refused(LISTED("t.jpg\", \"width\": 32, \"height\": 24, \"x\": \""),
                   "t.jpg has 24 x 32 pixels (turned by its EXIF orientation), not 32 x 24");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_pictures, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_lists_may_stand_in_any_order),
        TEST(what_the_parser_alone_would_let_pass_is_refused),
        TEST(a_picture_may_have_another_suffix),
        TEST(missing_pictures_are_counted_and_the_first_are_named),
        TEST(sizes_are_those_of_the_picture_as_it_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
