/* average_precision.h - the VOC measure of one class: 11-point and area.
 *
 * Detections are ranked by (score descending, then their given order: image, prior), a total order.
 * A detection is right where its IoU with the best-overlapping object of its image exceeds the
 * threshold and that object is not yet taken; a difficult object makes it neither right nor wrong.
 * golden/average_precision.json (shared data) pins the arithmetic, which is in double. */
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

/* detections: [n_detections] of one class, in (image, prior) order, scores finite. truths: [n_truths], any order.
 * arena: scratch, given back before the return. */
FTDN_NODISCARD ftdn_status ftdn_average_precision(const ftdn_scored_box *detections, int n_detections,
                                                  const ftdn_truth_box *truths, int n_truths, double iou_threshold,
                                                  ftdn_arena *arena, ftdn_class_ap *ret_ap, ftdn_error *err);

#endif
