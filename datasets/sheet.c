#include "datasets/sheet.h"

#include <stdbool.h>
#include <string.h>

#include "datasets/font.h"

enum {
    GAP = 8,
    TITLE_SCALE = 3,
    COLUMN_SCALE = 3,
    SMALL_SCALE = 2,
    TITLE_HEIGHT = FTDN_FONT_HEIGHT * TITLE_SCALE + 3 * GAP,
    COLUMN_HEIGHT = FTDN_FONT_HEIGHT * COLUMN_SCALE + GAP,
    SMALL_HEIGHT = FTDN_FONT_HEIGHT * SMALL_SCALE + GAP,
};

static const uint8_t ground[3] = {255, 255, 255}, ink[3] = {20, 20, 20}, pale[3] = {110, 110, 110};

/* Draw what fits into the width, at a smaller scale where the whole does not fit. */
static void draw_fitting(ftdn_picture *sheet, int x, int y, int width, int scale, const char *text,
                         const uint8_t colour[3])
{
    char shown[256];
    while (scale > 1 && ftdn_picture_text_width(text, scale) > width) scale--;
    size_t n = strnlen(text, sizeof shown - 1);
    memcpy(shown, text, n);
    shown[n] = '\0';
    while (n > 0 && ftdn_picture_text_width(shown, scale) > width) shown[--n] = '\0';
    ftdn_picture_draw_text(sheet, x, y, scale, shown, colour);
}

static bool has_subtitles(const ftdn_sheet_desc *desc)
{
    for (int c = 0; c < desc->n_columns; c++)
        if (desc->column[c].subtitle) return true;
    return false;
}

static int row_height(const ftdn_sheet_desc *desc, int row)
{
    return desc->cell[row * desc->n_columns].height;
}

static void draw_headings(const ftdn_sheet_desc *desc, ftdn_picture *sheet, int width)
{
    draw_fitting(sheet, GAP, GAP, sheet->width - 2 * GAP, TITLE_SCALE, desc->title, ink);
    for (int c = 0; c < desc->n_columns; c++) {
        int x = GAP + c * (width + GAP);
        draw_fitting(sheet, x, TITLE_HEIGHT, width, COLUMN_SCALE, desc->column[c].title, ink);
        if (!desc->column[c].subtitle) continue;
        draw_fitting(sheet, x, TITLE_HEIGHT + COLUMN_HEIGHT, width, SMALL_SCALE, desc->column[c].subtitle, pale);
    }
}

ftdn_status ftdn_sheet_make(const ftdn_sheet_desc *desc, ftdn_arena *arena, ftdn_picture *ret_sheet, ftdn_error *err)
{
    long long width = desc->cell[0].width, height = TITLE_HEIGHT + COLUMN_HEIGHT;
    if (has_subtitles(desc)) height += SMALL_HEIGHT;
    int top = (int)height;
    for (int r = 0; r < desc->n_rows; r++) height += row_height(desc, r) + GAP + SMALL_HEIGHT;
    long long whole = GAP + desc->n_columns * (width + GAP);
    if (whole > FTDN_PICTURE_MAX_SIDE || height > FTDN_PICTURE_MAX_SIDE)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "a sheet of %lld x %lld pixels: no side may exceed %d", whole, height,
                         FTDN_PICTURE_MAX_SIDE);
    ftdn_picture sheet = {.width = (int)whole, .height = (int)height};
    sheet.pixels = ftdn_arena_alloc(arena, (size_t)sheet.width * (size_t)sheet.height, 3, err);
    if (!sheet.pixels) return FTDN_ERR_MEMORY;
    ftdn_picture_fill(&sheet, 0, 0, sheet.width, sheet.height, ground);
    draw_headings(desc, &sheet, (int)width);
    for (int r = 0, y = top; r < desc->n_rows; r++) {
        for (int c = 0; c < desc->n_columns; c++)
            ftdn_picture_paste(&sheet, GAP + c * ((int)width + GAP), y, &desc->cell[r * desc->n_columns + c]);
        y += row_height(desc, r) + GAP;
        draw_fitting(&sheet, GAP, y, (int)width, SMALL_SCALE, desc->row_title[r], pale);
        y += SMALL_HEIGHT;
    }
    *ret_sheet = sheet;
    return FTDN_OK;
}
