/* tiff_picture.h - TIFF pictures in (libtiff): grey or RGB, 8 or 16 bits, in strips, the first page.
 *
 * Uncompressed, PackBits, LZW and deflate. Grey becomes three equal channels, 16 bits of it as grey.h says; 16 bits of
 * RGB are rounded to 8. Everything else (tiles, planes, palettes, floating point, white as 0) is refused. */
#ifndef FTDN_DATASETS_TIFF_PICTURE_H
#define FTDN_DATASETS_TIFF_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/image.h"

/* Does the file begin as a TIFF does? */
bool ftdn_is_tiff(const void *bytes, size_t n_bytes);

/* Width and height from the header. FTDN_ERR_INPUT names path and cause: a broken header, a side over
 * FTDN_PICTURE_MAX_SIDE, a kind of TIFF that is not read. */
FTDN_NODISCARD ftdn_status ftdn_tiff_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width,
                                               int *ret_height, ftdn_error *err);

/* Decode. FTDN_ERR_INPUT as above, and where the data are truncated or corrupt. */
FTDN_NODISCARD ftdn_status ftdn_tiff_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                                            ftdn_picture *ret_picture, ftdn_error *err);

#endif
