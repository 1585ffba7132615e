/* training_state.h - what a training changes, in host memory: the network's parameters, their moments, their average.
 *
 * All of it is a function of the training's spec and of the number of steps taken, and all of it stands in a
 * checkpoint. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_STATE_H
#define FTDN_HARNESS_TRAINING_TRAINING_STATE_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/optimizer.h"
#include "harness/plan/model.h"
#include "harness/training/training_manifest.h"

#define FTDN_STATISTICS_PART 0.1f /* of a batch in the running mean and variance, as in PyTorch */

typedef struct ftdn_training_state {
    ftdn_model model;  /* of the weights being trained; its digest is that of the initial ones */
    float **value;     /* [n_params] what model.weights points at */
    float **gradient;  /* [n_params], scratch; NULL where the parameter is not trained */
    float **average;   /* [n_params] moving average of `value`; NULL where there is none */
    ftdn_weights best; /* what is validated and shipped: the average, or where there is none the weights */
    double decay;      /* of the average */
    ftdn_network shipped; /* the network without the batch norms that only learn */
    ftdn_optimizer optimizer;
    int n_steps;             /* taken */
    int n_taken;             /* parameters whose initial values are those of the file */
    const char *taken_from;  /* the file; NULL: none */
    const char *const *left; /* [n_left] names of parameters that the file lacks or has in another shape */
    int n_left;
} ftdn_training_state;

/* Build both networks, the one that learns with its initial weights: of the manifest's file, where name and shape are
 * those of a parameter of the network; else weights of convolutions are drawn from the seed, evenly in
 * +-sqrt(6 / (C/groups R S)) (He) or, in heads, +-sqrt(6 / ((C + K) R S)) (Glorot), scales and variances are 1, all
 * else 0. Everything lives in the arena, whose address the graphs keep. FTDN_ERR_INPUT: the file; nothing of it fits;
 * or a constant of the network that it lacks. */
FTDN_NODISCARD ftdn_status ftdn_training_state_init(ftdn_training_state *state, const ftdn_training_manifest *manifest,
                                                    ftdn_arena *arena, ftdn_error *err);

/* What of the way to the weights the average moves after step n (1, 2, ...): 1 - min(decay, (1 + n) / (10 + n)), so
 * that it forgets the first ones soon. */
float ftdn_training_state_average_part(const ftdn_training_state *state, int n);

/* Draw the average nearer to the weights, after a step. */
void ftdn_training_state_average(ftdn_training_state *state);

#endif
