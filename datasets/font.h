/* font.h - the letters on drawn boxes: printable ASCII, 5 x 7 dots. */
#ifndef FTDN_DATASETS_FONT_H
#define FTDN_DATASETS_FONT_H

#define FTDN_FONT_WIDTH 5
#define FTDN_FONT_HEIGHT 7
#define FTDN_FONT_GLYPHS 95 /* from ' ' to '~' */

/* Rows from above; bit 4 is the leftmost dot. */
extern const unsigned char ftdn_font_rows[FTDN_FONT_GLYPHS][FTDN_FONT_HEIGHT];

#endif
