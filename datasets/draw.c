#include "datasets/image.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "datasets/font.h"

#define LONGEST_LABEL 1000 /* letters drawn; no picture is wide enough for more */

typedef struct area {
    int x0, y0, x1, y1; /* x1 and y1 are not part of it */
} area;

/* Fill the part of an area that lies in the picture. */
static void fill_area(ftdn_picture *picture, area wanted, const uint8_t colour[3])
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
            fill_area(picture, (area){left, top, left + scale, top + scale}, colour);
        }
    }
}

void ftdn_picture_fill(ftdn_picture *picture, int x0, int y0, int x1, int y1, const uint8_t colour[3])
{
    fill_area(picture, (area){x0, y0, x1, y1}, colour);
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

/* The label on a ground of the box's colour: above the box where there is room, else inside; moved left where
 * it would leave the picture on the right. */
static void draw_label(ftdn_picture *picture, area box, int scale, const char *label, const uint8_t colour[3])
{
    int padding = scale;
    int width = ftdn_picture_text_width(label, scale) + 2 * padding + scale, height = (FTDN_FONT_HEIGHT + 2) * scale;
    int x = box.x0, y = box.y0 - height;
    if (x + width > picture->width) x = picture->width - width;
    if (x < 0) x = 0;
    if (y < 0) y = box.y0 < 0 ? 0 : box.y0;
    fill_area(picture, (area){x, y, x + width, y + height}, colour);
    ftdn_picture_draw_text(picture, x + padding, y + padding, scale, label, readable_on(colour));
}

/* The nearest pixel, at most one box line outside of 0 ... side. */
static int to_pixel(float position, int side, int thickness)
{
    if (position < (float)-thickness) return -thickness;
    if (position > (float)(side + thickness)) return side + thickness;
    return (int)lrintf(position);
}

void ftdn_picture_draw_box(ftdn_picture *picture, float x0, float y0, float x1, float y1, const char *label,
                           const uint8_t colour[3])
{
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1) || x1 < x0 || y1 < y0) return;
    if (x1 < 0 || y1 < 0 || x0 >= (float)picture->width || y0 >= (float)picture->height) return;
    int longest = picture->width > picture->height ? picture->width : picture->height;
    int scale = 2 + longest / 1000;
    area box = {to_pixel(x0, picture->width, scale), to_pixel(y0, picture->height, scale),
                to_pixel(x1, picture->width, scale), to_pixel(y1, picture->height, scale)};
    fill_area(picture, (area){box.x0, box.y0, box.x1, box.y0 + scale}, colour);
    fill_area(picture, (area){box.x0, box.y1 - scale, box.x1, box.y1}, colour);
    fill_area(picture, (area){box.x0, box.y0, box.x0 + scale, box.y1}, colour);
    fill_area(picture, (area){box.x1 - scale, box.y0, box.x1, box.y1}, colour);
    if (label && *label) draw_label(picture, box, scale, label, colour);
}
