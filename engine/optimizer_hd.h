/* optimizer_hd.h - one element in one step of training, for host and device (optimizer.h).
 *
 * Float arithmetic in one order: the same numbers give the same bits on both. */
#ifndef FTDN_ENGINE_OPTIMIZER_HD_H
#define FTDN_ENGINE_OPTIMIZER_HD_H

#include <math.h>

#include "base/philox_hd.h" /* FTDN_HD */

/* The numbers of one step, as they are used: in float. */
typedef struct ftdn_step_factors {
    float momentum;
    float beta1, beta2, one_less_beta1, one_less_beta2, epsilon;
    float rate;         /* ADAM: divided by 1 - beta1^t */
    float second_scale; /* ADAM: 1 / sqrt(1 - beta2^t) */
    float weight_decay; /* SGD: added to gradients, times the weight */
    float weights_kept; /* ADAM: 1 - rate weight_decay */
} ftdn_step_factors;

/* What gradients of this norm are multiplied with. max_gradient_norm: 0 is unbounded. */
FTDN_HD static inline float ftdn_gradient_scale(double max_gradient_norm, double norm)
{
    return max_gradient_norm > 0 && norm > max_gradient_norm ? (float)(max_gradient_norm / norm) : 1.0f;
}

/* decay: by->weight_decay, or 0. */
FTDN_HD static inline void ftdn_step_sgd(const ftdn_step_factors *by, float gradient_scale, float decay, float g,
                                         float *v, float *w)
{
    *v = by->momentum * *v + (gradient_scale * g + decay * *w);
    *w -= by->rate * *v;
}

/* kept: by->weights_kept, or 1. */
FTDN_HD static inline void ftdn_step_adam(const ftdn_step_factors *by, float gradient_scale, float kept, float g,
                                          float *m, float *s, float *w)
{
    float gradient = gradient_scale * g;
    *m = by->beta1 * *m + by->one_less_beta1 * gradient;
    *s = by->beta2 * *s + by->one_less_beta2 * (gradient * gradient);
    *w = kept * *w - by->rate * (*m / (sqrtf(*s) * by->second_scale + by->epsilon));
}

/* A running statistic takes in a part of that of a batch. */
FTDN_HD static inline float ftdn_running_statistic(float part, float running, float of_batch)
{
    return (1 - part) * running + part * of_batch;
}

/* A moving average moves by a part of the way to the value. */
FTDN_HD static inline float ftdn_moving_average(float part, float average, float value)
{
    return average + part * (value - average);
}

#endif
