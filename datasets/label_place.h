/* label_place.h - where the labels of boxes stand so that they do not cover one another. */
#ifndef FTDN_DATASETS_LABEL_PLACE_H
#define FTDN_DATASETS_LABEL_PLACE_H

typedef struct ftdn_area {
    int x0, y0, x1, y1; /* pixels; x1 and y1 are not part of it */
} ftdn_area;

/* What is in the picture. */
typedef struct ftdn_label_scene {
    int width, height; /* of the picture */
    const ftdn_area *box, *label; /* [n_boxes]; [n_labels], those that have their places */
    int n_boxes, n_labels;
} ftdn_label_scene;

/* The place of a label of this width and height that belongs to `box`. Looked at are places above the box, below it,
 * inside it at its corners, right and left of it, then farther and farther above and below, of which one is taken that
 * lies in the picture and covers least: labels count most, then pixels of boxes and the way from the box; the first of
 * equals. A label that is larger than the picture begins at its left or upper edge. */
ftdn_area ftdn_label_place(const ftdn_label_scene *scene, ftdn_area box, int width, int height);

#endif
