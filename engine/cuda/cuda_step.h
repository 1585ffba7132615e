/* cuda_step.h - the kernels of one step of training: the norm of all gradients, then every element once. */
#ifndef FTDN_ENGINE_CUDA_CUDA_STEP_H
#define FTDN_ENGINE_CUDA_CUDA_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "engine/optimizer_hd.h"

#define FTDN_CUDA_PIECE_ELEMENTS 4096

/* Some elements of one parameter, for one block. */
typedef struct ftdn_cuda_param_piece {
    size_t begin; /* of the elements of all parameters */
    int n_elements;
    bool decays;           /* by weight decay */
    const float *of_batch; /* of a running statistic: [n_elements] that it takes in */
} ftdn_cuda_param_piece;

/* All pointers are device memory; of parameters [n_elements], those that are trained first. */
typedef struct ftdn_cuda_step_state {
    float *value, *first, *average; /* average: NULL where there is none */
    float *second;                  /* NULL for SGD */
    const float *gradient;          /* of those that are trained */
    ftdn_cuda_param_piece *piece;         /* [n_pieces], those that are trained first */
    int n_pieces, n_trained_pieces;
    double *sum_of_squares; /* [n_trained_pieces] of gradients */
    double *norm;           /* the root of their sum, in their order; not finite where a gradient is not */
    double max_gradient_norm;
    float statistics_part;
} ftdn_cuda_step_state;

void ftdn_cuda_gradient_norm(cudaStream_t stream, const ftdn_cuda_step_state *state);

/* Nothing is changed where the norm is not finite. */
void ftdn_cuda_step_take(cudaStream_t stream, const ftdn_cuda_step_state *state, const ftdn_step_factors *factors,
                         float average_part);

#ifdef __cplusplus
}
#endif

#endif
