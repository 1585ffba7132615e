/* average_precision.h - the VOC measure of one class: 11-point and area.
 *
 * Detections are ranked by (score descending, then their given order: image, prior), a total order.
 * A detection is right where its IoU with the best-overlapping object of its image exceeds the
 * threshold and that object is not yet taken; a difficult object makes it neither right nor wrong.
 * golden/average_precision.json (shared data) pins the arithmetic, which is in double.
 *
 * Which detections are right depends on their own image alone. So they are ranked and judged once, and then measured
 * for any choice of the images: the resamples of a bootstrap. */
#ifndef FTDN_DETECT_AVERAGE_PRECISION_H
#define FTDN_DETECT_AVERAGE_PRECISION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_truth_box {
    bool difficult;
    double box[4]; /* x0, y0, x1, y1, in any unit */
} ftdn_truth_box;

/* What was found of one class in one image, best first, and what there is of it. */
typedef struct ftdn_class_image {
    int image; /* index */
    int n_boxes, n_truths;
    const float *score;          /* [n_boxes], finite, not negative, none larger than the one before */
    const double *box;           /* [n_boxes, 4], in the unit of truths; not read where there are none */
    const ftdn_truth_box *truth; /* [n_truths] */
} ftdn_class_image;

typedef struct ftdn_class_ap {
    double ap_voc07; /* mean of the best precision at recall >= 0, 0.1, ..., 1 */
    double ap_area;  /* area under the monotone precision envelope */
    int n_objects;   /* not difficult; 0 makes both APs NaN: the class does not count in a mean */
} ftdn_class_ap;

/* A detection that is right or wrong; those of difficult objects are neither and left out. */
typedef struct ftdn_judged_box {
    int image;
    bool is_right;
} ftdn_judged_box;

typedef struct ftdn_judged_class {
    int n_boxes, n_right;
    const ftdn_judged_box *box; /* [n_boxes], by rank */
    int n_objects;              /* not difficult; 0: the class is not judged, and has no boxes */
    const int *object_image;    /* [n_objects] */
} ftdn_judged_class;

/* image: [n_images], by ascending index; those where nothing was found and nothing is may be left out. The result lives
 * in the arena. */
FTDN_NODISCARD ftdn_status ftdn_detections_judge(const ftdn_class_image *image, int n_images, double iou_threshold,
                                                 ftdn_arena *arena, ftdn_judged_class *ret_judged, ftdn_error *err);

/* n_times: how often each image counts, by its index; NULL: all of them once. The copies of a detection are neighbours
 * in the ranking. arena: scratch, given back before the return. */
FTDN_NODISCARD ftdn_status ftdn_judged_measure(const ftdn_judged_class *judged, const int *n_times, ftdn_arena *arena,
                                               ftdn_class_ap *ret_ap, ftdn_error *err);

#endif
