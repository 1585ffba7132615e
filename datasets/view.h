/* view.h - what a window onto a square picture shows, at the picture's size. */
#ifndef FTDN_DATASETS_VIEW_H
#define FTDN_DATASETS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/light.h"

typedef struct ftdn_view {
    double x0, y0, width, height; /* the window, in pixels of the picture; it may reach beyond */
    bool is_mirrored;             /* left to right */
    const ftdn_light *light;      /* for the picture's pixels; NULL: as they are */
    uint8_t fill[3];              /* where the window shows none of them */
} ftdn_view;

/* Bilinear, pixel centres aligned (x' = x0 + (x + 0.5) width / size - 0.5), in 7-bit fixed point; a pixel whose centre
 * lies outside of the picture is filled. The window of the whole picture gives its bytes.
 * picture, pixels: [size,size,3], apart. scratch is left as it was. */
FTDN_NODISCARD ftdn_status ftdn_view_render(const ftdn_view *view, const uint8_t *picture, int size,
                                            ftdn_arena *scratch, uint8_t *pixels, ftdn_error *err);

#endif
