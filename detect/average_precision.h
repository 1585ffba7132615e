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

/* Corners in any unit, the same for both. */
typedef struct ftdn_scored_box {
    int image; /* index */
    double score;
    double box[4]; /* x0, y0, x1, y1 */
} ftdn_scored_box;

typedef struct ftdn_truth_box {
    int image;
    bool difficult;
    double box[4];
} ftdn_truth_box;

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

/* detections: [n_detections] of one class, in (image, prior) order, scores finite. truths: [n_truths], any order. The
 * result lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_detections_judge(const ftdn_scored_box *detections, int n_detections,
                                                 const ftdn_truth_box *truths, int n_truths, double iou_threshold,
                                                 ftdn_arena *arena, ftdn_judged_class *ret_judged, ftdn_error *err);

/* n_times: how often each image counts, by its index; NULL: all of them once. The copies of a detection are neighbours
 * in the ranking. arena: scratch, given back before the return. */
FTDN_NODISCARD ftdn_status ftdn_judged_measure(const ftdn_judged_class *judged, const int *n_times, ftdn_arena *arena,
                                               ftdn_class_ap *ret_ap, ftdn_error *err);

#endif
