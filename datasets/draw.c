#include "datasets/image.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "datasets/font.h"
#include "datasets/label_place.h"

#define LONGEST_LABEL 1000 /* letters drawn; no picture is wide enough for more */
#define WIDEST_LABEL 2     /* widths of its box; one that would be wider has letters of half the size */

/* Fill the part of an area that lies in the picture. */
static void fill_area(ftdn_picture *picture, ftdn_area wanted, const uint8_t colour[3])
{
    int x0 = wanted.x0 > 0 ? wanted.x0 : 0, x1 = wanted.x1 < picture->width ? wanted.x1 : picture->width;
    int y0 = wanted.y0 > 0 ? wanted.y0 : 0, y1 = wanted.y1 < picture->height ? wanted.y1 : picture->height;
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            memcpy(picture->pixels + ((size_t)y * (size_t)picture->width + (size_t)x) * 3, colour, 3);
        }
    }
}

/* One letter with its upper left dot at (x, y); a dot is a square of `scale` pixels. */
static void draw_letter(ftdn_picture *picture, int x, int y, int scale, char letter, const uint8_t colour[3])
{
    if (letter < ' ' || letter > '~') letter = '?';
    const unsigned char *rows = ftdn_font_rows[letter - ' '];
    for (int row = 0; row < FTDN_FONT_HEIGHT; row++) {
        for (int column = 0; column < FTDN_FONT_WIDTH; column++) {
            if (!(rows[row] >> (FTDN_FONT_WIDTH - 1 - column) & 1)) continue;
            int left = x + column * scale, top = y + row * scale;
            fill_area(picture, (ftdn_area){left, top, left + scale, top + scale}, colour);
        }
    }
}

void ftdn_picture_fill(ftdn_picture *picture, int x0, int y0, int x1, int y1, const uint8_t colour[3])
{
    fill_area(picture, (ftdn_area){x0, y0, x1, y1}, colour);
}

int ftdn_picture_text_width(const char *text, int scale)
{
    int n_letters = (int)strnlen(text, LONGEST_LABEL);
    return n_letters ? (n_letters * (FTDN_FONT_WIDTH + 1) - 1) * scale : 0;
}

void ftdn_picture_draw_text(ftdn_picture *picture, int x, int y, int scale, const char *text, const uint8_t colour[3])
{
    int n_letters = (int)strnlen(text, LONGEST_LABEL);
    for (int i = 0; i < n_letters; i++)
        draw_letter(picture, x + i * (FTDN_FONT_WIDTH + 1) * scale, y, scale, text[i], colour);
}

void ftdn_picture_paste(ftdn_picture *picture, int x, int y, const ftdn_picture *pasted)
{
    assert(x >= 0 && y >= 0 && x + pasted->width <= picture->width && y + pasted->height <= picture->height);
    size_t row = (size_t)pasted->width * 3;
    for (int i = 0; i < pasted->height; i++)
        memcpy(picture->pixels + ((size_t)(y + i) * (size_t)picture->width + (size_t)x) * 3,
               pasted->pixels + row * (size_t)i, row);
}

/* Black or white, whichever is easier to read on the colour (luminance of ITU-R BT.601, in thousandths). */
static const uint8_t *readable_on(const uint8_t colour[3])
{
    static const uint8_t black[3] = {0, 0, 0}, white[3] = {255, 255, 255};
    return 299 * colour[0] + 587 * colour[1] + 114 * colour[2] > 128000 ? black : white;
}

/* The nearest pixel, at most one box line outside of 0 ... side. */
static int to_pixel(float position, int side, int thickness)
{
    if (position < (float)-thickness) return -thickness;
    if (position > (float)(side + thickness)) return side + thickness;
    return (int)lrintf(position);
}

/* Pixels of a line of a box, and of a dot of its letters. */
static int find_scale(const ftdn_picture *picture)
{
    return 2 + (picture->width > picture->height ? picture->width : picture->height) / 1000;
}

/* The pixels of a box; false for one that is none, or of which nothing lies in the picture. */
static bool find_area(const ftdn_picture *picture, const ftdn_drawn_box *box, ftdn_area *ret_area)
{
    int width = picture->width, height = picture->height, scale = find_scale(picture);
    if (!isfinite(box->x0) || !isfinite(box->y0) || !isfinite(box->x1) || !isfinite(box->y1)) return false;
    if (box->x1 < box->x0 || box->y1 < box->y0) return false;
    if (box->x1 < 0 || box->y1 < 0 || box->x0 >= (float)width || box->y0 >= (float)height) return false;
    *ret_area = (ftdn_area){to_pixel(box->x0, width, scale), to_pixel(box->y0, height, scale),
                            to_pixel(box->x1, width, scale), to_pixel(box->y1, height, scale)};
    return true;
}

static void draw_outline(ftdn_picture *picture, ftdn_area box, int scale, const uint8_t colour[3])
{
    fill_area(picture, (ftdn_area){box.x0, box.y0, box.x1, box.y0 + scale}, colour);
    fill_area(picture, (ftdn_area){box.x0, box.y1 - scale, box.x1, box.y1}, colour);
    fill_area(picture, (ftdn_area){box.x0, box.y0, box.x0 + scale, box.y1}, colour);
    fill_area(picture, (ftdn_area){box.x1 - scale, box.y0, box.x1, box.y1}, colour);
}

/* From a label that stands above or below its box, away from it, down or up to the box. */
static void draw_leader(ftdn_picture *picture, ftdn_area box, ftdn_area label, const uint8_t colour[3])
{
    int x = box.x0 < label.x0 ? label.x0 : box.x0;
    if (label.y1 < box.y0) fill_area(picture, (ftdn_area){x, label.y1, x + 1, box.y0}, colour);
    if (label.y0 > box.y1) fill_area(picture, (ftdn_area){x, box.y1, x + 1, label.y0}, colour);
}

/* Black or white on a ground of the box's colour. */
static void draw_label(ftdn_picture *picture, ftdn_area label, int scale, const char *text, const uint8_t colour[3])
{
    fill_area(picture, label, colour);
    ftdn_picture_draw_text(picture, label.x0 + scale, label.y0 + scale, scale, text, readable_on(colour));
}

static int label_width(const char *text, int scale)
{
    return ftdn_picture_text_width(text, scale) + 3 * scale;
}

static int label_height(int scale)
{
    return (FTDN_FONT_HEIGHT + 2) * scale;
}

/* What is drawn of a box. */
typedef struct placed_box {
    const ftdn_drawn_box *box;
    ftdn_area area, label; /* label: of no width where there is none */
    int letter_scale;
} placed_box;

/* placed: [n_boxes], the boxes that are to be seen, whose areas are box[0 ... n - 1]; label: [n_boxes]. Returns n. */
static int place_all(const ftdn_picture *picture, const ftdn_drawn_box *from, int n_boxes, placed_box *placed,
                     ftdn_area *box, ftdn_area *label)
{
    int n_placed = 0, scale = find_scale(picture);
    for (int i = 0; i < n_boxes; i++) {
        placed_box *to = &placed[n_placed];
        if (!find_area(picture, &from[i], &to->area)) continue;
        to->box = &from[i];
        box[n_placed++] = to->area;
    }
    ftdn_label_scene scene = {.width = picture->width, .height = picture->height, .box = box, .label = label};
    scene.n_boxes = n_placed;
    for (int i = 0; i < n_placed; i++) {
        placed_box *to = &placed[i];
        if (!to->box->label || !*to->box->label) continue;
        int box_width = to->area.x1 - to->area.x0;
        to->letter_scale = label_width(to->box->label, scale) > WIDEST_LABEL * box_width ? (scale + 1) / 2 : scale;
        to->label = ftdn_label_place(&scene, to->area, label_width(to->box->label, to->letter_scale),
                                     label_height(to->letter_scale));
        label[scene.n_labels++] = to->label;
    }
    return n_placed;
}

ftdn_status ftdn_picture_draw_boxes(ftdn_picture *picture, const ftdn_drawn_box *box, int n_boxes, ftdn_arena *scratch,
                                    ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
    placed_box *all = FTDN_NEW(scratch, (size_t)n_boxes, placed_box, err);
    ftdn_area *areas = all ? FTDN_NEW(scratch, (size_t)n_boxes, ftdn_area, err) : NULL;
    ftdn_area *labels = areas ? FTDN_NEW(scratch, (size_t)n_boxes, ftdn_area, err) : NULL;
    if (!labels) return FTDN_ERR_MEMORY;
    int n_drawn = place_all(picture, box, n_boxes, all, areas, labels), scale = find_scale(picture);
    for (int i = n_drawn - 1; i >= 0; i--) draw_outline(picture, all[i].area, scale, all[i].box->colour);
    for (int i = n_drawn - 1; i >= 0; i--)
        if (all[i].label.x1) draw_leader(picture, all[i].area, all[i].label, all[i].box->colour);
    for (int i = n_drawn - 1; i >= 0; i--)
        if (all[i].label.x1)
            draw_label(picture, all[i].label, all[i].letter_scale, all[i].box->label, all[i].box->colour);
    ftdn_arena_reset(scratch, mark);
    return FTDN_OK;
}
