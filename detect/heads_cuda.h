/* heads_cuda.h - where the maps of a network's heads lie in device memory.
 *
 * A map [N,P,Q,boxes*columns] is already, image by image, a list of [columns] by cell and box. Kernels read it there:
 * nothing is gathered. They go through the priors in tiles, none of which reaches into another head. */
#ifndef FTDN_DETECT_HEADS_CUDA_H
#define FTDN_DETECT_HEADS_CUDA_H

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "detect/network.h"

#define FTDN_TILE_THREADS 128 /* of the blocks that work on tiles: one for each prior */

typedef struct ftdn_cuda_head {
    float *logits;             /* [n_images, n_priors, n_columns] */
    float *locations;          /* [n_images, n_priors, 4] */
    int first_prior, n_priors; /* of one image */
    int first_tile;
} ftdn_cuda_head;

typedef struct ftdn_cuda_heads {
    int n_heads, n_columns;
    int tile_priors; /* priors of a tile, at most FTDN_TILE_THREADS */
    int n_tiles;     /* of one image */
    ftdn_cuda_head head[FTDN_NETWORK_MAX_HEADS];
} ftdn_cuda_heads;

/* map: [2*n_heads], in the order of ftdn_network_output_nodes. */
ftdn_cuda_heads ftdn_cuda_heads_make(const ftdn_network *network, const ftdn_map *map);

/* Of the maps that a context computes. */
ftdn_cuda_heads ftdn_cuda_heads_of_context(const ftdn_network *network, const ftdn_context *context);

/* Shared memory that the logits of a tile take. */
size_t ftdn_cuda_tile_bytes(const ftdn_cuda_heads *heads);

#ifdef __cplusplus
}
#endif

#endif
