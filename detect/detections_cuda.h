/* detections_cuda.h - the kernels behind detector_device.h: from the maps of the heads to the boxes of each class.
 *
 *     scores       of every prior, written class by class: [n_images, n_classes, score_stride]
 *     selection    a block for each class of each image: its best candidates in order (rank_pivot_cuda.h), their boxes,
 *                  suppression
 *     packing      the classes of an image one after the other, written by the device into host memory: no more bytes
 *                  travel than there are boxes, and nobody waits to learn how many there are
 *
 * Of 64 images, 8,732 priors and 20 classes the scores are 45 MB, written once; each block reads its 35 KB twice, or,
 * where a damaged network lets too many priors pass, a few times more. Boxes are at most 7.2 MB, 28 bytes each. All
 * arithmetic is the CPU's, bit for bit. */
#ifndef FTDN_DETECT_DETECTIONS_CUDA_H
#define FTDN_DETECT_DETECTIONS_CUDA_H

#include "detect/heads_cuda.h"

#ifdef __cplusplus
extern "C" {
#endif

#include "detect/detections.h"

/* What is detected, and the memory that it takes on the way. All pointers are device memory. */
typedef struct ftdn_cuda_detections {
    int n_images, n_classes, n_priors, n_best;
    float threshold, limit; /* of scores; of overlap */
    float centre_variance, size_variance;
    ftdn_score_kind score_kind;
    int n_answers; /* 2: the answers of two networks are averaged */
    int n_tiles;
    size_t tile_bytes;
    const ftdn_cuda_heads *heads; /* [n_answers] */
    const float *priors;          /* [n_priors,4] */
    float *scores;                /* [n_images, n_classes, score_stride], without the background */
    int score_stride;
    unsigned long long *scratch; /* as many bytes as ftdn_cuda_detections_scratch_bytes says; NULL where that is 0 */
} ftdn_cuda_detections;

/* The boxes of each class, before they are packed. Device memory. */
typedef struct ftdn_cuda_boxes {
    ftdn_detection *detection; /* [n_images, n_classes, n_best] */
    int *n_detections;         /* [n_images, n_classes] */
    int *n_nonfinite;          /* [n_images] */
} ftdn_cuda_boxes;

/* What leaves the device. Host memory that it writes to. */
typedef struct ftdn_cuda_packed_boxes {
    ftdn_detection *detection; /* [n_images, n_classes * n_best] */
    int *n_detections;         /* [n_images] */
    int *n_nonfinite;          /* [n_images] */
} ftdn_cuda_packed_boxes;

/* Device memory that the selection needs where a class has more candidates than shared memory holds. */
size_t ftdn_cuda_detections_scratch_bytes(int n_images, int n_classes, int n_best);

/* Enqueue scores and selection. */
FTDN_NODISCARD ftdn_status ftdn_cuda_detections_find(const ftdn_cuda_detections *detections,
                                                     const ftdn_cuda_boxes *boxes, cudaStream_t stream,
                                                     ftdn_error *err);

/* Enqueue the packing. */
FTDN_NODISCARD ftdn_status ftdn_cuda_detections_pack(const ftdn_cuda_detections *detections,
                                                     const ftdn_cuda_boxes *boxes, const ftdn_cuda_packed_boxes *packed,
                                                     cudaStream_t stream, ftdn_error *err);

#ifdef __cplusplus
}
#endif

#endif
