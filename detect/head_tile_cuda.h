/* head_tile_cuda.h - a tile of priors in a block's shared memory, in kernels only. */
#ifndef FTDN_DETECT_HEAD_TILE_CUDA_H
#define FTDN_DETECT_HEAD_TILE_CUDA_H

#include "engine/cuda/launch.h"

#include "detect/heads_cuda.h"
extern "C" {
#include "detect/detections_hd.h"
#include "engine/merge_hd.h"
}

typedef struct ftdn_head_tile {
    int head;
    int first, n_priors; /* priors of the head */
    int row_floats;      /* from a row of the tile in shared memory to the next */
} ftdn_head_tile;

__device__ static inline ftdn_head_tile ftdn_head_tile_find(const ftdn_cuda_heads *heads, int tile)
{
    ftdn_head_tile at;
    at.head = 0;
    while (at.head + 1 < heads->n_heads && tile >= heads->head[at.head + 1].first_tile) at.head++;
    const ftdn_cuda_head *head = &heads->head[at.head];
    at.first = (tile - head->first_tile) * heads->tile_priors;
    int n_left = head->n_priors - at.first;
    at.n_priors = n_left < heads->tile_priors ? n_left : heads->tile_priors;
    at.row_floats = heads->n_columns | 1;
    return at;
}

/* A value of the answer, or the mean of it and the second network's. */
__device__ static inline float ftdn_answer_value(const float *first, const float *second, size_t i)
{
    return second ? ftdn_merge_mean(first[i], second[i]) : first[i];
}

/* Bring the logits of a tile into shared memory; the block must meet before they are read. heads: [n_answers], the
 * second one averaged with the first. Returns how many of the values that this thread saw are not finite. */
__device__ static inline int ftdn_head_tile_load(const ftdn_cuda_heads *heads, int n_answers, ftdn_head_tile at,
                                                 int image, float *tile)
{
    int n_columns = heads->n_columns, n_values = at.n_priors * n_columns, n_nonfinite = 0;
    size_t start = ((size_t)image * heads->head[at.head].n_priors + at.first) * n_columns;
    const float *first = heads[0].head[at.head].logits + start;
    const float *second = n_answers == 2 ? heads[1].head[at.head].logits + start : NULL;
    for (int i = threadIdx.x; i < n_values; i += blockDim.x) {
        float value = ftdn_answer_value(first, second, i);
        int row = i / n_columns;
        tile[row * at.row_floats + (i - row * n_columns)] = value;
        n_nonfinite += ftdn_is_nonfinite(value);
    }
    return n_nonfinite;
}

#endif
