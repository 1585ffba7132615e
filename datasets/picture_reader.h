/* picture_reader.h - the steps of reading a picture, whatever its format: open, allocate, read, close.
 *
 * A format's reader has this one as its first member. */
#ifndef FTDN_DATASETS_PICTURE_READER_H
#define FTDN_DATASETS_PICTURE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/image.h"

typedef struct ftdn_picture_reader ftdn_picture_reader;

typedef struct ftdn_picture_format {
    /* Read the header: width and height, at least 1 and at most FTDN_PICTURE_MAX_SIDE. */
    ftdn_status (*open)(ftdn_picture_reader *reader, ftdn_error *err);
    /* pixels: [height,width,3]. What is taken from the arena is given back by the caller. */
    ftdn_status (*read_pixels)(ftdn_picture_reader *reader, ftdn_arena *arena, uint8_t *pixels, ftdn_error *err);
    /* Always called, after an open that failed, too. */
    void (*close)(ftdn_picture_reader *reader);
} ftdn_picture_format;

struct ftdn_picture_reader {
    const char *path;
    const uint8_t *bytes; /* of the whole file; borrowed */
    size_t n_bytes;
    int width, height; /* set by open */
};

FTDN_NODISCARD ftdn_status ftdn_picture_reader_size(ftdn_picture_reader *reader, const ftdn_picture_format *format,
                                                    int *ret_width, int *ret_height, ftdn_error *err);

/* The pixels live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_picture_reader_decode(ftdn_picture_reader *reader, const ftdn_picture_format *format,
                                                      ftdn_arena *arena, ftdn_picture *ret_picture, ftdn_error *err);

/* Set the size, or refuse a side over FTDN_PICTURE_MAX_SIDE. */
FTDN_NODISCARD ftdn_status ftdn_picture_reader_set_size(ftdn_picture_reader *reader, uint32_t width, uint32_t height,
                                                        ftdn_error *err);

#endif
