/* picture_formats.h - pictures of any format that is read: JPEG, PNG and TIFF, told apart by their first bytes. */
#ifndef FTDN_DATASETS_PICTURE_FORMATS_H
#define FTDN_DATASETS_PICTURE_FORMATS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/image.h"

#define FTDN_PICTURE_MAX_BYTES ((size_t)256 << 20) /* of a file */

/* As ftdn_picture_read_jpeg_size and ftdn_picture_decode_jpeg. A file of none of these formats is called no JPEG. */
FTDN_NODISCARD ftdn_status ftdn_picture_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width,
                                                  int *ret_height, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_picture_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                                               ftdn_picture *ret_picture, ftdn_error *err);

#endif
