/* detections.h - from logits and locations of one image to its list of boxes.
 *
 * Scores; per class the candidates above the threshold, the best `candidates_per_class` of them in
 * the total order (score descending, prior ascending); the box code; greedy non-maximum suppression.
 * The work is bounded whatever the input: a damaged network lets all priors pass, and the best are
 * then found by partial selection. NaN scores are no candidates (a softmax over a NaN or an infinity
 * is NaN in every column); candidates whose box is not finite are dropped.
 *
 * All arithmetic is float, in the order written here, with an exponential of its own (exp_hd.h): an
 * image's list has the same bits on every machine. Overlap is measured between clipped boxes:
 *
 *     shared = max(0, min(x1,x1') - max(x0,x0')) * max(0, min(y1,y1') - max(y0,y0'))
 *     a box is dropped where shared > nms_iou * ((area + area') - shared) for a better box that stands */
#ifndef FTDN_DETECT_DETECTIONS_H
#define FTDN_DETECT_DETECTIONS_H

#include "base/arena.h"
#include "base/status.h"
#include "detect/network.h"
#include "detect/order.h"

typedef struct ftdn_detection {
    int class_index; /* 0 ... n_classes-1, without the background */
    int prior;
    float score;
    float x0, y0, x1, y1; /* corners in fractions of the image, clipped to [0, 1] */
} ftdn_detection;

typedef struct ftdn_detect_rule {
    double score_threshold;   /* candidates score above this; 0.01 */
    double nms_iou;           /* in [0, 1]; a box that overlaps a better one by more is dropped; 0.45 */
    int candidates_per_class; /* the best that reach NMS, at least 1; 200 */
} ftdn_detect_rule;

/* Is the rule within its ranges (FTDN_ERR_ARG), and what does it ask for: *ret_n_best candidates of a class,
 * *ret_capacity detections of an image. */
FTDN_NODISCARD ftdn_status ftdn_detect_rule_check(const ftdn_detect_rule *rule, const ftdn_network *network,
                                                  int *ret_n_best, int *ret_capacity, ftdn_error *err);

/* The threshold in float: no float lies between, so that comparing with either is the same. */
float ftdn_detect_rule_threshold(const ftdn_detect_rule *rule);

/* One worker's scratch memory and result list, allocated once. */
typedef struct ftdn_detector {
    const ftdn_network *network; /* borrowed */
    ftdn_detect_rule rule;
    int capacity;              /* n_classes * n_best */
    ftdn_detection *detection; /* [capacity] of the last image, by class, then score order */
    int n_detections;
    int n_nonfinite;             /* logits and locations of the last image that are NaN or infinite */
    float *scores;               /* [n_classes+1, score_stride] of the last image, one class after the other */
    int score_stride;            /* n_priors, padded */
    int n_best;                  /* candidates_per_class, or n_priors where that is less */
    int *candidate;              /* scratch, [n_priors] */
    ftdn_ranked *best, *scratch; /* scratch, [n_best] */
    float *kept;                 /* scratch, [5, n_best]: x0, y0, x1, y1, area of the boxes that stand */
} ftdn_detector;

/* FTDN_ERR_ARG where the rule is outside its ranges. */
FTDN_NODISCARD ftdn_status ftdn_detector_init(ftdn_detector *detector, const ftdn_network *network,
                                              const ftdn_detect_rule *rule, ftdn_arena *arena, ftdn_error *err);

/* logits: [n_priors, n_classes+1]; locations, priors: [n_priors,4]. The result stands in the detector. */
void ftdn_detect(ftdn_detector *detector, const float *logits, const float *locations, const float *priors);

/* One row of the box code: corners (not clipped) of prior + location.
 *     cx = l0 cv w + px, w' = exp(l2 sv) w, ... ; x0 = cx - w'/2 */
void ftdn_box_decode(const ftdn_network *network, const float location[4], const float prior[4], float ret_corners[4]);

#endif
