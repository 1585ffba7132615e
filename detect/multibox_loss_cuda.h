/* multibox_loss_cuda.h - the kernels behind loss_device.h.
 *
 *     hardness    ce(x, 0) of every prior
 *     loss        a block for each image: the hardest negatives (rank_pivot_cuda.h), then the losses of positives and
 *                 negatives with their gradients; a thread adds up its own in the order of priors, and the sums of
 *                 threads are added up as a tree
 *
 * What matching gives comes from the host, as a list of positives; their targets are the CPU's bits. */
#ifndef FTDN_DETECT_MULTIBOX_LOSS_CUDA_H
#define FTDN_DETECT_MULTIBOX_LOSS_CUDA_H

#include "detect/heads_cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

#include "detect/multibox_loss.h"

/* A prior that answers for an object. */
typedef struct ftdn_cuda_positive {
    int prior, label; /* 1 + class_index */
    float target[4];
} ftdn_cuda_positive;

typedef struct ftdn_cuda_loss_image {
    int first_positive, n_positives; /* in the list */
    int n_negatives;                 /* that are mined */
} ftdn_cuda_loss_image;

/* All pointers are device memory. */
typedef struct ftdn_cuda_loss {
    int n_priors;
    int n_tiles;
    size_t tile_bytes;
    ftdn_score_kind score_kind;
    const ftdn_cuda_heads *heads, *gradients; /* one each */
    float *hardness;                          /* [n_images, n_priors] */
    const ftdn_cuda_loss_image *image;        /* [n_images] */
    const ftdn_cuda_positive *positive;       /* of all images, each image's by prior */
    ftdn_loss_value *value;                   /* [n_images] */
} ftdn_cuda_loss;

/* Enqueue the loss of n_images images. The gradients at the heads are 0 before. */
FTDN_NODISCARD ftdn_status ftdn_cuda_loss_compute(const ftdn_cuda_loss *loss, int n_images, int n_batch_positives,
                                                  cudaStream_t stream, ftdn_error *err);

#ifdef __cplusplus
}
#endif

#endif
