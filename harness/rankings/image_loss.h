/* image_loss.h - the multibox loss of one image as a context holds the network's answer to it.
 *
 * In the order of use: the image's objects are matched once, then the loss of any number of answers is
 * computed. The loss is the image's share of that of a batch of images, whose positives matching alone gives. */
#ifndef FTDN_HARNESS_RANKINGS_IMAGE_LOSS_H
#define FTDN_HARNESS_RANKINGS_IMAGE_LOSS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "engine/engine.h"
#include "harness/plan/model.h"

/* One worker's memory, allocated once. */
typedef struct ftdn_image_loss {
    const ftdn_network *network; /* borrowed */
    ftdn_matcher matcher;
    ftdn_multibox_loss loss;
    float *logits, *dlogits;       /* [n_priors, n_classes+1]; gradients NULL where they are not wanted */
    float *locations, *dlocations; /* [n_priors, 4] */
    ftdn_labelled_box *objects;    /* of the matched image; room for those of any image */
    int *object;                   /* [n_priors], of the matched image */
} ftdn_image_loss;

/* model: borrowed. dataset: with all images that will be matched. FTDN_ERR_INPUT: the model's priors are no boxes. */
FTDN_NODISCARD ftdn_status ftdn_image_loss_init(ftdn_image_loss *loss, const ftdn_model *model,
                                                const ftdn_dataset *dataset, bool wants_gradients, ftdn_arena *arena,
                                                ftdn_error *err);

/* Take an image: its objects, and which of them each prior answers for. FTDN_ERR_INPUT: objects that the network
 * cannot have (the image's name). */
FTDN_NODISCARD ftdn_status ftdn_image_loss_match(ftdn_image_loss *loss, const ftdn_image *image, int *ret_n_positives,
                                                 ftdn_error *err);

/* The positives of the first n_images images together. FTDN_ERR_INPUT: there are none. */
FTDN_NODISCARD ftdn_status ftdn_image_loss_count_positives(ftdn_image_loss *loss, const ftdn_dataset *dataset,
                                                           int n_images, long *ret_n_positives, ftdn_error *err);

/* The loss of the only image of the context's last forward, which is the matched one; its gradients are written where
 * they are wanted. */
ftdn_loss_value ftdn_image_loss_compute(ftdn_image_loss *loss, const ftdn_context *context, long n_batch_positives);

/* The same of the answer that stands in loss->logits and loss->locations. */
ftdn_loss_value ftdn_image_loss_of_answer(ftdn_image_loss *loss, long n_batch_positives);

/* The same of the heads' maps of the matched image: [2*n_heads], as ftdn_network_gather_maps takes them. */
ftdn_loss_value ftdn_image_loss_compute_maps(ftdn_image_loss *loss, const ftdn_map *map, long n_batch_positives);

#endif
