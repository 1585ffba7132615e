#include "tests/support/support.h"

#include <stdlib.h>

#include "base/file.h"
#include "datasets/image.h"
#include "harness/figures/truth_sheet.h"

typedef struct place {
    ftdn_arena arena;
    char *folder;
    ftdn_dataset *dataset;
} place;

static int set_up(void **state)
{
    static place here; /* of one test at a time */
    ftdn_error err = {0};
    ftdn_arena_init(&here.arena);
    here.folder = ftdn_test_create_folder(&here.arena);
    FTDN_ASSERT_OK(ftdn_dataset_open_road("test", 0, 2, &here.dataset, &err), err);
    *state = &here;
    return 0;
}

static int tear_down(void **state)
{
    place *here = *state;
    ftdn_dataset_close(here->dataset);
    ftdn_test_remove_folder(here->folder);
    ftdn_arena_done(&here->arena);
    return 0;
}

static char *path_in(place *here, const char *name)
{
    char *path = ftdn_arena_format(&here->arena, NULL, "%s/%s", here->folder, name);
    assert_non_null(path);
    return path;
}

static ftdn_picture load(place *here, const char *path)
{
    ftdn_error err = {0};
    ftdn_picture picture;
    char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_file_load(path, (size_t)1 << 24, &here->arena, &bytes, &n_bytes, &err), err);
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg(path, bytes, n_bytes, &here->arena, &picture, &err), err);
    return picture;
}

/* The sheet without boxes holds the images; what JPEG does to noise is a few grey levels. */
static void cells_are_the_images(void **state)
{
    place *here = *state;
    ftdn_error err = {0};
    char *path = path_in(here, "sheet.jpg");
    FTDN_ASSERT_OK(ftdn_truth_sheet_write(path, here->dataset, false, 2, &here->arena, &err), err);
    ftdn_picture sheet = load(here, path);
    assert_true(sheet.width == 618 && sheet.height == 312);
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int y = 0; y < 300; y++) {
            for (int x = 0; x < 900; x++) {
                int shown = sheet.pixels[(6 + y) * sheet.width * 3 + (6 + i * 306) * 3 + x];
                sum += abs(shown - here->dataset->image[i].pixels[y * 900 + x]);
            }
        }
        assert_true(sum / (300 * 900) < 4);
    }
}

static void every_failed_allocation_is_an_error(void **state)
{
    place *here = *state;
    char *path = path_in(here, "sheet.jpg");
    ftdn_status status = FTDN_ERR_MEMORY;
    long n_good = 0;
    for (; status != FTDN_OK; n_good++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_truth_sheet_write(path, here->dataset, true, 1, &arena, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_true((status == FTDN_OK) == ftdn_file_exists(path));
        ftdn_arena_done(&arena);
    }
    /* Sheet, cell, and the boxes of two images at the least. */
    assert_true(n_good > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells_are_the_images, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_failed_allocation_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
