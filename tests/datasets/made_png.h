/* made_png.h - PNG files for tests, of given samples. */
#ifndef FTDN_TESTS_DATASETS_MADE_PNG_H
#define FTDN_TESTS_DATASETS_MADE_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct ftdn_made_png {
    int width, height;
    int bits;      /* of a sample: 1, 2, 4, 8, 16 */
    int channels;  /* 1: grey, 2: grey and alpha, 3: RGB, 4: RGB and alpha */
    bool has_palette; /* of 1 channel: sample s stands for the colour (s, 255 - s, 7) */
    bool is_interlaced;
    const uint16_t *samples; /* [height,width,channels] */
} ftdn_made_png;

/* The file's bytes, in the arena. A refusal fails the test. */
uint8_t *ftdn_made_png_encode(const ftdn_made_png *picture, ftdn_arena *arena, size_t *ret_n_bytes);

#endif
