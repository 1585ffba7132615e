/* matching.h - which object each prior box answers for, and what its four numbers ought to be.
 *
 * The rule of the published PyTorch networks' training. With the overlap of an object a and a prior b, corners,
 *
 *     iou = shared / (area + area' - shared + 1e-5)
 *
 * each prior belongs to the object that it overlaps most, the first of equals, and is background where that
 * iou is below 0.5. But the prior that overlaps an object most, the first of equals, belongs to that object
 * whatever the iou (prior 0 where nothing overlaps it); a prior claimed so by several goes to the last of them. An
 * image with objects therefore has at least one positive prior, one without objects has none.
 *
 * All arithmetic is float, in the order written here. */
#ifndef FTDN_DETECT_MATCHING_H
#define FTDN_DETECT_MATCHING_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "detect/network.h"

#define FTDN_MATCH_MIN_IOU 0.5f
#define FTDN_MATCH_BACKGROUND -1 /* instead of an object's index */

typedef struct ftdn_labelled_box {
    int class_index; /* 0 ... n_classes-1, without the background */
    float box[4];    /* corners x0, y0, x1, y1 in fractions of the image */
} ftdn_labelled_box;

/* One worker's priors and scratch memory, allocated once. */
typedef struct ftdn_matcher {
    const ftdn_network *network; /* borrowed */
    float *corners;              /* [n_priors,4] of the priors: x0, y0, x1, y1 */
    float *best_iou;             /* scratch, [n_priors] */
} ftdn_matcher;

/* priors: [n_priors,4], read here only. FTDN_ERR_INPUT: a prior that is not finite or has no area (its index). */
FTDN_NODISCARD ftdn_status ftdn_matcher_init(ftdn_matcher *matcher, const ftdn_network *network, const float *priors,
                                             ftdn_arena *arena, ftdn_error *err);

/* Assign an object of one image, or the background, to each prior.
 * ret_object: [n_priors], indices into objects or FTDN_MATCH_BACKGROUND; *ret_n_positives counts the indices.
 * FTDN_ERR_INPUT: an object whose class the network lacks, whose box is not finite or has no area (its index);
 * then nothing is written. */
FTDN_NODISCARD ftdn_status ftdn_matcher_assign(ftdn_matcher *matcher, const ftdn_labelled_box *objects, int n_objects,
                                               int *ret_object, int *ret_n_positives, ftdn_error *err);

/* The numbers of the box code that turn the prior (cx,cy,w,h) into the box (corners): the inverse of ftdn_box_decode.
 *     l0 = (cx - px) / pw / cv, l2 = ln(w / pw) / sv, ... */
void ftdn_box_encode(const ftdn_network *network, const float corners[4], const float prior[4], float ret_location[4]);

/* The objects that a loss counts: all but the difficult ones, which the published training leaves out too.
 * ret_boxes: [image->n_objects]; returns how many were written. */
int ftdn_labelled_boxes_from_image(const ftdn_image *image, ftdn_labelled_box *ret_boxes);

#endif
