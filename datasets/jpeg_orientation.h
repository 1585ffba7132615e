/* jpeg_orientation.h - how a camera was held, as the EXIF data of a JPEG say, and a picture turned upright. */
#ifndef FTDN_DATASETS_JPEG_ORIENTATION_H
#define FTDN_DATASETS_JPEG_ORIENTATION_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/image.h"

/* The orientation, 1 ... 8 as in EXIF; 1, upright, where the file says nothing or nothing that can be read. */
int ftdn_jpeg_orientation(const void *bytes, size_t n_bytes);

/* Orientations from 5 on exchange width and height. */
#define FTDN_ORIENTATION_IS_ACROSS(orientation) ((orientation) >= 5)

/* The picture as it is to be seen; the pixels live in the arena. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_picture_turn_upright(const ftdn_picture *picture, int orientation, ftdn_arena *arena,
                                                     ftdn_picture *ret_upright, ftdn_error *err);

#endif
