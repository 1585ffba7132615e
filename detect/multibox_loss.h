/* multibox_loss.h - how wrong a network's answer for one image is, and in which direction.
 *
 * The loss of the SSD networks, E = classification + regression, image by image. With m the positives of
 * the whole batch, which matching alone gives, the losses of a batch's images sum to the batch's:
 *
 *     classification = 1/m sum over the image's positives and hard negatives of ce(x[prior], label)
 *     regression     = 1/m sum over the image's positives of sum_i smooth_l1(l[i] - target[i])
 *     smooth_l1(d)   = d^2 / 2 where |d| < 1, |d| - 1/2 elsewhere
 *
 * label: 0 background, 1 + class_index of the prior's object; target: the box code of that object's box.
 * Networks with softmax scores: ce = -ln softmax(x)[label]. Networks with sigmoid scores: the columns are
 * independent and column 0, which no detection reads, has no part in the loss:
 *     ce = sum over columns c > 0 of -ln sigmoid(c == label ? x[c] : -x[c])
 * Hard negatives: of the n priors without object the min(3 * positives, n) with the largest ce(x, 0),
 * rounded to float; equal ones by prior index. An image without positives has no negatives either: its loss is 0.
 *
 * Damaged answers are neither hidden nor repaired: a prior whose ce is NaN (a NaN logit; with softmax +inf
 * too) or +inf is among the hardest negatives, so that an image with positives then has a loss that is not
 * finite. In the gradients, NaN stands in the rows of the priors that caused it only. */
#ifndef FTDN_DETECT_MULTIBOX_LOSS_H
#define FTDN_DETECT_MULTIBOX_LOSS_H

#include "base/arena.h"
#include "base/status.h"
#include "detect/matching.h"
#include "detect/network.h"
#include "detect/order.h"

#define FTDN_LOSS_NEGATIVES_PER_POSITIVE 3

/* One worker's scratch memory, allocated once. */
typedef struct ftdn_multibox_loss {
    const ftdn_network *network;    /* borrowed */
    const float *priors;            /* borrowed, [n_priors,4] */
    float *hardness;                /* scratch, [n_priors]: ce(x, 0); NaN for positives, which are not mined */
    int *candidate;                 /* scratch, [n_priors] */
    ftdn_ranked *hardest, *scratch; /* scratch, [n_priors] */
} ftdn_multibox_loss;

/* One image: what the network answered, and what is there. */
typedef struct ftdn_loss_image {
    const float *logits;              /* [n_priors, n_classes+1] */
    const float *locations;           /* [n_priors,4] */
    const ftdn_labelled_box *objects; /* of the image */
    const int *object;                /* [n_priors], from ftdn_matcher_assign of these objects */
} ftdn_loss_image;

typedef struct ftdn_loss_value {
    double classification, regression;
} ftdn_loss_value;

/* Hard negatives of an image with so many positives: min(3 * positives, priors without object). */
int ftdn_multibox_n_negatives(int n_priors, int n_positives);

/* priors: those that ftdn_matcher_init accepted. */
FTDN_NODISCARD ftdn_status ftdn_multibox_loss_init(ftdn_multibox_loss *loss, const ftdn_network *network,
                                                   const float *priors, ftdn_arena *arena, ftdn_error *err);

/* The image's share of the batch's loss, and the gradient of that share. Computed in double, sums in prior
 * order with the hard negatives, hardest first, behind the positives.
 * n_batch_positives: positives of all images of the batch, not less than this image's; 0 where no image has any.
 * dlogits: [n_priors, n_classes+1], dE/dlogits; dlocations: [n_priors,4], dE/dlocations; written whole; either may be
 * NULL where it is not wanted. */
ftdn_loss_value ftdn_multibox_loss_compute(ftdn_multibox_loss *loss, const ftdn_loss_image *image,
                                           long n_batch_positives, float *dlogits, float *dlocations);

#endif
