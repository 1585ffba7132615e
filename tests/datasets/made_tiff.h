/* made_tiff.h - TIFF files for tests, written by libtiff. */
#ifndef FTDN_TESTS_DATASETS_MADE_TIFF_H
#define FTDN_TESTS_DATASETS_MADE_TIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { FTDN_MADE_TIFF_WIDTH = 13, FTDN_MADE_TIFF_HEIGHT = 9, FTDN_MADE_TIFF_PIXELS = 13 * 9, FTDN_MADE_TIFF_KINDS = 5 };

typedef struct ftdn_made_tiff {
    int bits, channels;
    uint16_t compression, colours;
    bool is_big_endian;
    int rows_per_strip;
} ftdn_made_tiff;

/* One of each kind that is read. */
extern const ftdn_made_tiff ftdn_made_tiff_kind[FTDN_MADE_TIFF_KINDS];

/* The file's bytes, in the arena. samples: in the machine's order; of 8 bits in the low byte. A refusal fails the
 * test. */
char *ftdn_made_tiff_encode(const ftdn_made_tiff *made, const uint16_t *samples, ftdn_arena *arena,
                            size_t *ret_n_bytes);

#endif
