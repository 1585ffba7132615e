/* paint.h - boxes with class and score in a picture. */
#ifndef FTDN_HARNESS_FIGURES_PAINT_H
#define FTDN_HARNESS_FIGURES_PAINT_H

#include "base/status.h"
#include "datasets/image.h"

/* In pixels of the picture. */
typedef struct ftdn_painted_box {
    int class_index; /* determines the colour */
    const char *class_name;
    float score; /* NaN: none is written */
    float x0, y0, x1, y1;
} ftdn_painted_box;

/* Draw the boxes from the last to the first, so that the first lie on top, each class in a colour of its own. */
FTDN_NODISCARD ftdn_status ftdn_paint_boxes(ftdn_picture *picture, const ftdn_painted_box *box, int n_boxes,
                                            ftdn_error *err);

#endif
