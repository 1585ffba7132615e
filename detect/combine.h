/* combine.h - D2NN: the answers of two networks become one.
 *
 * Either the numbers are averaged that each network gives for each prior (logits, and locations before the box code),
 * and detections are made of the averages; or each network has detections of its own, and those are combined:
 *
 *     per class, best first: score descending, then the first network before the second, then prior ascending
 *     a box that no better one has taken stands, and takes the boxes of the other network that are not yet taken and
 *     overlap with it by more than nms_iou (detections.h); boxes of its own network do not, after their suppression
 *     the boxes that meet so become one detection: mean score, mean corners, class and prior of the best
 *
 * A box also takes its twin, the box of the other network with the same prior and the same corners, whatever the limit
 * and even where they have no area. Two equal lists thus give that list again, bit for bit. */
#ifndef FTDN_DETECT_COMBINE_H
#define FTDN_DETECT_COMBINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "detect/detections.h"

/* out[i] = (a[i] + b[i]) / 2, computed in double and rounded once: equal numbers give that number again, nothing
 * overflows, NaN and infinities are passed on. a, b, out: [n_values]; out may be a or b. */
void ftdn_combine_answers(const float *a, const float *b, size_t n_values, float *out);

/* One worker's scratch memory and result list, allocated once. */
typedef struct ftdn_box_combiner {
    float limit;               /* of overlap */
    int list_capacity;         /* detections that a network's list holds at most */
    int n_best;                /* of one class */
    ftdn_detection *detection; /* [2 * list_capacity] of the last image: by class, score descending, order of boxes */
    int n_detections;
    bool *taken[2];              /* scratch, [n_best] */
    ftdn_detection *combined;    /* scratch, [2 * n_best] */
    ftdn_ranked *rank, *scratch; /* scratch, [2 * n_best] */
} ftdn_box_combiner;

/* For the lists of two detectors like this one. */
FTDN_NODISCARD ftdn_status ftdn_box_combiner_init(ftdn_box_combiner *combiner, const ftdn_detector *detector,
                                                  ftdn_arena *arena, ftdn_error *err);

/* Combine the lists that stand in the detectors of the first and of the second network. The result stands in the
 * combiner. At most n_best^2 comparisons of boxes per class. */
void ftdn_combine_boxes(ftdn_box_combiner *combiner, const ftdn_detector *first, const ftdn_detector *second);

#endif
