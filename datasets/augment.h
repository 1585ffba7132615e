/* augment.h - training views of an image: other light, other place, other side, as SSD was trained with.
 *
 * A view is made in this order (Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, sections 2.2 and 3.6):
 * light and colour; zoom out onto a larger canvas; a patch cut out; mirrored. The geometry is one window into the
 * decoded pixels, so that pixels are resampled once, bilinearly and in fixed point. */
#ifndef FTDN_DATASETS_AUGMENT_H
#define FTDN_DATASETS_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"

/* All zero: the view is the image. */
typedef struct ftdn_augment_desc {
    double photometric; /* strength, 0 ... 1. At 1 as published: brightness up to 32 of 255 up or down, contrast and
                           saturation times 0.5 ... 1.5, hue turned by up to 18 degrees, each in half of the views.
                           These are linear maps of RGB (light.h) in place of HSV, and channels are not swapped:
                           where they are equal they stay equal. */
    double expand;      /* chance of zooming out, 0 ... 1; 0.5 as published */
    double max_expand;  /* the canvas has up to so many times the image's side, 1 or more (4 as published); read
                           where expand is above 0 */
    uint8_t fill[3];    /* RGB of the canvas; as published, the mean that the network's input is shifted by */
    bool crop;          /* the whole, any patch, or one whose IoU with an object is at least 0.1, 0.3, 0.5, 0.7 or 0.9:
                           one of these seven, at random, and another one where no such patch is found. A patch has
                           sides of 0.3 ... 1 of the canvas, at most 2 : 1, and holds the middle of that object. */
    bool mirror;        /* half of the views */
} ftdn_augment_desc;

/* FTDN_ERR_ARG names the value that breaks its rule. */
FTDN_NODISCARD ftdn_status ftdn_augment_check(const ftdn_augment_desc *desc, ftdn_error *err);

/* View number `draw` of a decoded image: a pure function of desc, seed, draw, image id, pixels and objects, the same
 * bytes on every machine. desc has passed ftdn_augment_check.
 * pixels: [size,size,3]; not the image's own. objects: [image->n_objects]; *ret_n_objects of them are filled, in the
 * image's order: those whose middle is seen, clipped, with corners in pixels of the view (0 ... size).
 * scratch is left as it was. */
FTDN_NODISCARD ftdn_status ftdn_augment(const ftdn_augment_desc *desc, const ftdn_image *image, int size, uint64_t seed,
                                        uint64_t draw, ftdn_arena *scratch, uint8_t *pixels, ftdn_object *objects,
                                        int *ret_n_objects, ftdn_error *err);

#endif
