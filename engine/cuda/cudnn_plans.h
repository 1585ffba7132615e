/* cudnn_plans.h - plans of one device, kept for the next program that has the same convolution.
 *
 * A campaign makes a program for each protection, and most of their convolutions are the same. A plan takes the host
 * some milliseconds to make and 0.1 MB to keep. Of those that nobody uses the latest are kept, up to a number. For one
 * thread at a time. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_PLANS_H
#define FTDN_ENGINE_CUDA_CUDNN_PLANS_H

#include "engine/cuda/cudnn_plan.h"

/* Makes a plan that is not there yet. On failure nothing is left behind. */
typedef ftdn_status ftdn_cudnn_plan_maker(void *user, const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_plan *plan,
                                          ftdn_error *err);

typedef struct ftdn_cudnn_kept_plan ftdn_cudnn_kept_plan;

typedef struct ftdn_cudnn_plans {
    ftdn_cudnn_plan_maker *make;
    void *user; /* for `make`, borrowed */
    int max_idle, n_idle;
    ftdn_cudnn_kept_plan *newest; /* the one that was asked for last, then the others in that order; owned */
} ftdn_cudnn_plans;

void ftdn_cudnn_plans_init(ftdn_cudnn_plans *plans, ftdn_cudnn_plan_maker *make, void *user, int max_idle);
void ftdn_cudnn_plans_done(ftdn_cudnn_plans *plans); /* all have been given back */

/* The plan of a convolution that is the same but for its name; to be given back. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_plans_take(ftdn_cudnn_plans *plans, const ftdn_cuda_convolution_desc *desc,
                                                 ftdn_cudnn_kept_plan **ret_kept, ftdn_error *err);
const ftdn_cudnn_plan *ftdn_cudnn_kept_plan_get(const ftdn_cudnn_kept_plan *kept);
void ftdn_cudnn_kept_plan_give_back(ftdn_cudnn_kept_plan *kept);

#endif
