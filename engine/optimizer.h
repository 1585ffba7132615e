/* optimizer.h - one training step: gradients change weights.
 *
 * SGD with momentum, in PyTorch's convention:
 *     g += weight_decay w;  v = momentum v + g;  w -= rate v
 * AdamW, where t counts steps from 1:
 *     w -= rate weight_decay w;  m = beta1 m + (1 - beta1) g;  s = beta2 s + (1 - beta2) g^2;
 *     w -= rate / (1 - beta1^t) m / (sqrt(s) / sqrt(1 - beta2^t) + epsilon)
 * Weight decay is for the weights of convolutions alone: biases, scales and shifts of batch norms have none. Running
 * means and variances and constants have no gradient and are not touched. Before all that, gradients whose common
 * norm is above max_gradient_norm are shortened to it. */
#ifndef FTDN_ENGINE_OPTIMIZER_H
#define FTDN_ENGINE_OPTIMIZER_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/graph.h"
#include "engine/tensor_file.h"

typedef enum ftdn_optimizer_kind { FTDN_OPTIMIZER_SGD, FTDN_OPTIMIZER_ADAM } ftdn_optimizer_kind;

typedef struct ftdn_optimizer_desc {
    ftdn_optimizer_kind kind;
    double momentum;              /* SGD: in [0, 1) */
    double beta1, beta2, epsilon; /* ADAM: betas in [0, 1), epsilon above 0 */
    double weight_decay;          /* 0 or more */
    double max_gradient_norm;     /* of all gradients together; 0: unbounded */
} ftdn_optimizer_desc;

typedef struct ftdn_optimizer {
    const ftdn_graph *graph;
    ftdn_optimizer_desc desc;
    long long n_steps;              /* taken so far */
    float **first;                  /* [n_params]: v or m above; NULL where the parameter is not trained */
    float **second;                 /* [n_params]: s above; all NULL for SGD */
    int n_pieces;                   /* parameters are cut into pieces, so that threads share them evenly */
    struct ftdn_param_piece *piece; /* [n_pieces] */
} ftdn_optimizer;

/* Moments of 0 for every trained parameter, in the arena, which the graph must outlive. FTDN_ERR_ARG names the value
 * of desc that breaks its rule. */
FTDN_NODISCARD ftdn_status ftdn_optimizer_init(ftdn_optimizer *optimizer, const ftdn_graph *graph,
                                               const ftdn_optimizer_desc *desc, ftdn_arena *arena, ftdn_error *err);

/* One step. values, gradients: [n_params]; a parameter without gradient (NULL) stays as it is. Gradients are read only.
 * *ret_norm: the norm of all gradients together, before it is bounded; may be NULL. No bit depends on n_threads.
 * FTDN_ERR_INPUT names the parameter whose gradient is not finite; nothing is changed then. */
FTDN_NODISCARD ftdn_status ftdn_optimizer_step(ftdn_optimizer *optimizer, double learning_rate, float *const *values,
                                               float *const *gradients, int n_threads, double *ret_norm,
                                               ftdn_error *err);

/* The moments as tensors for a checkpoint, called "optimizer.first.NAME" and "optimizer.second.NAME" of parameter NAME.
 * The list lives in the arena, the values in the optimizer. n_steps is for the caller to keep. */
FTDN_NODISCARD ftdn_status ftdn_optimizer_list_moments(const ftdn_optimizer *optimizer, ftdn_arena *arena,
                                                       ftdn_named_tensor **ret_tensors, int *ret_n_tensors,
                                                       ftdn_error *err);

/* Take over the moments of such a file after n_steps steps; its other tensors are left alone. FTDN_ERR_INPUT names the
 * tensor that is missing or has another shape; the optimizer is as it was then, scratch always. */
FTDN_NODISCARD ftdn_status ftdn_optimizer_restore(ftdn_optimizer *optimizer, const ftdn_tensor_file *file,
                                                  long long n_steps, ftdn_arena *scratch, ftdn_error *err);

#endif
