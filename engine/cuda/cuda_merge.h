/* cuda_merge.h - a map merged with the maps of its copies on the device, by the functions of merge_hd.h. */
#ifndef FTDN_ENGINE_CUDA_CUDA_MERGE_H
#define FTDN_ENGINE_CUDA_CUDA_MERGE_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/graph.h"

/* Maps of a merge node in device memory. */
typedef struct ftdn_cuda_merge_maps {
    const float *x;                     /* [n_images,H,W,C] */
    const float *copy[FTDN_MAX_COPIES]; /* [n_images,H,W,n_merged]; NULL beyond the copies */
    const int *place;                   /* [C] channel of the copies that repeats this one; -1: none does */
} ftdn_cuda_merge_maps;

/* y = activation(merge); y may be x. */
void ftdn_cuda_merge_forward(cudaStream_t stream, const ftdn_node *node, int n_images, const ftdn_cuda_merge_maps *maps,
                             ftdn_activation activation, float *y);

/* What dE/dy shares out is added to dx and dcopy. */
void ftdn_cuda_merge_backward(cudaStream_t stream, const ftdn_node *node, int n_images,
                              const ftdn_cuda_merge_maps *maps, const float *dy, float *dx,
                              float *const dcopy[FTDN_MAX_COPIES]);

#ifdef __cplusplus
}
#endif

#endif
