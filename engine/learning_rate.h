/* learning_rate.h - the learning rate of each training step: up in a line, down along half a cosine. */
#ifndef FTDN_ENGINE_LEARNING_RATE_H
#define FTDN_ENGINE_LEARNING_RATE_H

typedef struct ftdn_learning_rate_desc {
    double peak;            /* the largest rate, that of step warmup_steps - 1 */
    long long warmup_steps; /* 0: none */
    long long n_steps;      /* of the whole training */
    double final_fraction;  /* the last step has final_fraction * peak; in [0, 1] */
} ftdn_learning_rate_desc;

/* The rate of step 0 ... n_steps - 1: peak (step + 1) / warmup_steps during the warm-up, then
 * peak (f + (1 - f) (1 + cos(pi t)) / 2) with f = final_fraction and t from 0 at the last step of the warm-up (without
 * one, at step 0) to 1 at the last step of all. Later steps have the rate of the last. */
double ftdn_learning_rate(const ftdn_learning_rate_desc *desc, long long step);

#endif
