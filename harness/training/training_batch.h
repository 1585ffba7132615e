/* training_batch.h - which images a training step reads, and the views of them that the network sees.
 *
 * Images are taken epoch after epoch, in each in an order of its own, and a batch may hold the last images of one epoch
 * and the first of the next. Order and views are pure functions of (seed, place in the training), so that a
 * training goes on anywhere as if it had never stopped. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_BATCH_H
#define FTDN_HARNESS_TRAINING_TRAINING_BATCH_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/augment.h"
#include "datasets/dataset.h"

typedef struct ftdn_training_order {
    uint64_t seed;
    int n_images;
    long long epoch[2]; /* whose orders are held; -1: none */
    int *image[2];      /* [n_images] */
} ftdn_training_order;

/* The image at place `at` of the training (0, 1, ...), which is place at % n_images of epoch at / n_images. */
FTDN_NODISCARD ftdn_status ftdn_training_order_init(ftdn_training_order *order, int n_images, uint64_t seed,
                                                    ftdn_arena *arena, ftdn_error *err);
int ftdn_training_order_get(ftdn_training_order *order, long long at);

typedef struct ftdn_training_batch {
    const ftdn_dataset *dataset; /* borrowed, decoded */
    ftdn_augment_desc augmentation;
    ftdn_training_order order;
    int n_images, n_threads;
    ftdn_arena *scratch;   /* [n_threads] */
    int *source;           /* [n_images] index of the image in the dataset */
    long long first;       /* place of the first image */
    uint8_t **pixels;      /* [n_images] [size,size,3] */
    ftdn_object **objects; /* [n_images] room for those of any image */
    ftdn_image *view;      /* [n_images] what the step sees; as large as its pixels */
} ftdn_training_batch;

/* augmentation: has passed ftdn_augment_check. ftdn_training_batch_done must follow, after a failure too. */
FTDN_NODISCARD ftdn_status ftdn_training_batch_init(ftdn_training_batch *batch, const ftdn_dataset *dataset,
                                                    const ftdn_augment_desc *augmentation, int n_images, uint64_t seed,
                                                    int n_threads, ftdn_arena *arena, ftdn_error *err);
void ftdn_training_batch_done(ftdn_training_batch *batch);

/* Make the views of step `step` (from 0). */
FTDN_NODISCARD ftdn_status ftdn_training_batch_make(ftdn_training_batch *batch, long long step, ftdn_error *err);

#endif
