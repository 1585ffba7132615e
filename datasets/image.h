/* image.h - single pictures: JPEG in and out (libturbojpeg), bilinear resizing, drawn boxes. */
#ifndef FTDN_DATASETS_IMAGE_H
#define FTDN_DATASETS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define FTDN_PICTURE_MAX_SIDE 16384 /* pixels */

typedef struct ftdn_picture {
    int width, height;
    uint8_t *pixels; /* [height,width,3] RGB; lives in the caller's arena */
} ftdn_picture;

/* Width and height from the header of a JPEG, as it is to be seen: turned by its EXIF orientation. FTDN_ERR_INPUT names
 * path and cause: no JPEG, broken header, a side over FTDN_PICTURE_MAX_SIDE, CMYK colours. */
FTDN_NODISCARD ftdn_status ftdn_picture_read_jpeg_size(const char *path, const void *bytes, size_t n_bytes,
                                                       int *ret_width, int *ret_height, ftdn_error *err);

/* Decode a JPEG (slow-integer DCT, smooth chroma upsampling) and turn it upright (jpeg_orientation.h). FTDN_ERR_INPUT
 * as above, and where the data are truncated or corrupt: libjpeg's warnings are errors. Grey images become three equal
 * channels. */
FTDN_NODISCARD ftdn_status ftdn_picture_decode_jpeg(const char *path, const void *bytes, size_t n_bytes,
                                                    ftdn_arena *arena, ftdn_picture *ret_picture, ftdn_error *err);

/* Bilinear, pixel centres aligned (x' = (x + 0.5) * w / w' - 0.5, edges clamped), in 11-bit fixed point:
 * the same bytes on every machine, and those of OpenCV's INTER_LINEAR. resized: [size,size,3], caller's. */
void ftdn_picture_resize(const ftdn_picture *picture, int size, uint8_t *resized);

/* The same to any width and height. scaled: [height,width,3], caller's. */
void ftdn_picture_scale(const ftdn_picture *picture, int width, int height, uint8_t *scaled);

typedef struct ftdn_drawn_box {
    float x0, y0, x1, y1; /* corners in pixels of the picture, by which the box is clipped */
    const char *label;    /* ASCII; NULL or "": none */
    uint8_t colour[3];
} ftdn_drawn_box;

/* Draw outlines of boxes with their labels. Earlier boxes lie on top, and their labels choose their places first
 * (label_place.h); a label that finds none near its box is led to it by a line. A box that is not finite, is inverted
 * or misses the picture is left out. Lines and letters grow with pictures over 1000 pixels; a label that would be more
 * than twice as wide as its box has letters of half the size. scratch is left as it was; only a refused allocation
 * fails. */
FTDN_NODISCARD ftdn_status ftdn_picture_draw_boxes(ftdn_picture *picture, const ftdn_drawn_box *box, int n_boxes,
                                                   ftdn_arena *scratch, ftdn_error *err);

/* Fill the corners' rectangle (x1 and y1 are not part of it), clipped to the picture. */
void ftdn_picture_fill(ftdn_picture *picture, int x0, int y0, int x1, int y1, const uint8_t colour[3]);

/* Draw one line of ASCII letters with its upper left dot at (x, y); a dot is a square of `scale` pixels. */
void ftdn_picture_draw_text(ftdn_picture *picture, int x, int y, int scale, const char *text, const uint8_t colour[3]);

/* The pixels that a line takes. */
int ftdn_picture_text_width(const char *text, int scale);

/* Copy a picture into another one, its upper left corner at (x, y); it must fit. */
void ftdn_picture_paste(ftdn_picture *picture, int x, int y, const ftdn_picture *pasted);

/* As JPEG (quality 92, full chroma); the bytes live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_picture_encode_jpeg(const ftdn_picture *picture, ftdn_arena *arena,
                                                    unsigned char **ret_bytes, size_t *ret_n_bytes, ftdn_error *err);

/* FTDN_ERR_ARG: a name for a JPEG that a user gave ends neither in .jpg nor in .jpeg. */
FTDN_NODISCARD ftdn_status ftdn_jpeg_name_check(const char *path, ftdn_error *err);

/* Write as such a JPEG, atomically. FTDN_ERR_INPUT names the path. */
FTDN_NODISCARD ftdn_status ftdn_picture_write_jpeg(const char *path, const ftdn_picture *picture, ftdn_error *err);

#endif
