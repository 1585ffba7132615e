/* png_picture.h - PNG pictures in (libpng): grey of 1 to 16 bits, RGB of 8 or 16, palettes, interlaced or not.
 *
 * Grey becomes three equal channels, 16 bits of it as grey.h says; 16 bits of RGB are rounded to 8. Transparency is
 * left out, and no colour profile or gamma is applied. */
#ifndef FTDN_DATASETS_PNG_PICTURE_H
#define FTDN_DATASETS_PNG_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/image.h"

/* Does the file begin as a PNG does? */
bool ftdn_is_png(const void *bytes, size_t n_bytes);

/* Width and height from the header. FTDN_ERR_INPUT names path and cause: a broken header, a side over
 * FTDN_PICTURE_MAX_SIDE. */
FTDN_NODISCARD ftdn_status ftdn_png_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width,
                                              int *ret_height, ftdn_error *err);

/* Decode. FTDN_ERR_INPUT as above, and where the data are truncated or corrupt. */
FTDN_NODISCARD ftdn_status ftdn_png_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                                           ftdn_picture *ret_picture, ftdn_error *err);

#endif
