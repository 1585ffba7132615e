#include "datasets/sheet.h"

#include "tests/support/arena_per_test.h"

/* A picture of one colour that no heading has. */
static ftdn_picture flat(int width, int height, uint8_t value)
{
    ftdn_picture picture = {width, height, ftdn_arena_alloc(&arena, (size_t)width * (size_t)height, 3, NULL)};
    assert_non_null(picture.pixels);
    memset(picture.pixels, 0, (size_t)width * (size_t)height * 3);
    for (int i = 0; i < width * height; i++) picture.pixels[3 * i + 1] = value;
    return picture;
}

static bool is_cell(const uint8_t *pixel, uint8_t value)
{
    return pixel[0] == 0 && pixel[1] == value && pixel[2] == 0;
}

/* The corners of the pixels with this value; fails where they are no whole rectangle. */
static void find_cell(const ftdn_picture *sheet, uint8_t value, int *ret_x, int *ret_y, int width, int height)
{
    int n = 0, x0 = sheet->width, y0 = sheet->height, x1 = -1, y1 = -1;
    for (int y = 0; y < sheet->height; y++) {
        for (int x = 0; x < sheet->width; x++) {
            if (!is_cell(sheet->pixels + 3 * (y * sheet->width + x), value)) continue;
            n++;
            if (x < x0) x0 = x;
            if (x > x1) x1 = x;
            if (y < y0) y0 = y;
            if (y > y1) y1 = y;
        }
    }
    assert_int_equal(n, width * height);
    assert_int_equal(x1 - x0 + 1, width);
    assert_int_equal(y1 - y0 + 1, height);
    *ret_x = x0;
    *ret_y = y0;
}

static ftdn_sheet_desc describe(const ftdn_picture *cell)
{
    static const ftdn_sheet_column columns[] = {{"truth", NULL},
                                                {"a title that is too long for its column", "mAP 0.5"}};
    static const char *const rows[] = {"first", "second"};
    return (ftdn_sheet_desc){.title = "sheet", .n_rows = 2, .n_columns = 2, .column = columns, .row_title = rows,
                             .cell = cell};
}

static void pictures_stand_whole_in_rows_and_columns(void **state)
{
    (void)state;
    const ftdn_picture cell[] = {flat(80, 40, 90), flat(80, 40, 91), flat(80, 60, 92), flat(80, 60, 93)};
    const ftdn_sheet_desc desc = describe(cell);
    ftdn_picture sheet;
    int x[4], y[4];
    FTDN_ASSERT_OK(ftdn_sheet_make(&desc, &arena, &sheet, &err), err);
    for (int i = 0; i < 4; i++) find_cell(&sheet, (uint8_t)(90 + i), &x[i], &y[i], 80, i < 2 ? 40 : 60);
    assert_true(x[0] == x[2] && x[1] == x[3] && x[1] > x[0] + 80);
    assert_true(y[0] == y[1] && y[2] == y[3] && y[2] > y[0] + 40);
}

static void texts_stay_over_their_column(void **state)
{
    (void)state;
    const ftdn_picture cell[] = {flat(80, 40, 90), flat(80, 40, 91), flat(80, 60, 92), flat(80, 60, 93)};
    ftdn_sheet_desc desc = describe(cell);
    desc.title = "";
    ftdn_picture sheet;
    int x, y, n_dark = 0;
    FTDN_ASSERT_OK(ftdn_sheet_make(&desc, &arena, &sheet, &err), err);
    find_cell(&sheet, 91, &x, &y, 80, 40);
    for (int row = 0; row < sheet.height; row++) {
        for (int column = x - 8; column < sheet.width; column++) {
            bool is_white = sheet.pixels[3 * (row * sheet.width + column)] == 255;
            if (column >= x && column < x + 80) n_dark += !is_white && row < y;
            else assert_true(is_white); /* the gaps left and right of the last column */
        }
    }
    assert_true(n_dark > 100);
}

static void a_sheet_that_no_file_could_hold_is_an_error(void **state)
{
    (void)state;
    ftdn_picture cell[4], sheet;
    for (int i = 0; i < 4; i++) cell[i] = (ftdn_picture){FTDN_PICTURE_MAX_SIDE, 10, NULL};
    const ftdn_sheet_desc desc = describe(cell);
    FTDN_ASSERT_FAILS(ftdn_sheet_make(&desc, &arena, &sheet, &err), FTDN_ERR_ARG, "no side may exceed 16384", err);
    cell[0].width = 10;
    ftdn_arena_fail_after(&arena, 0);
    FTDN_ASSERT_FAILS(ftdn_sheet_make(&desc, &arena, &sheet, &err), FTDN_ERR_MEMORY, "", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(pictures_stand_whole_in_rows_and_columns),
        FTDN_ARENA_TEST(texts_stay_over_their_column),
        FTDN_ARENA_TEST(a_sheet_that_no_file_could_hold_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
