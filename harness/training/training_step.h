/* training_step.h - one step of a training, in this order:
 *
 *     views        of the batch's images                                   (harness/training/training_batch.h)
 *     forward      batch norms with the statistics of the batch            (engine/training.h)
 *     loss         objects matched to priors, multibox loss, its gradient  (harness/rankings/image_loss.h)
 *     backward     gradients of all parameters
 *     update       optimiser, running statistics, average of the weights   (harness/training/training_state.h)
 *
 * A step is a function of state, images and its number: threads share images and parameters, and no float is added up
 * across them. On a device all but views and matches is computed there (harness/training/device_trainer.h). */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_STEP_H
#define FTDN_HARNESS_TRAINING_TRAINING_STEP_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/training.h"
#include "harness/rankings/image_loss.h"
#include "harness/training/device_trainer.h"
#include "harness/training/training_batch.h"
#include "harness/training/training_state.h"

typedef struct ftdn_trainer {
    ftdn_training_state *state; /* borrowed */
    ftdn_learning_rate_desc learning_rate;
    int n_threads;
    ftdn_training_batch batch;
    ftdn_training *passes;
    ftdn_device_trainer device; /* zeros where the training is on the host */
    ftdn_image_loss *loss;  /* [batch] */
    ftdn_loss_value *value; /* [batch] */
    int *n_positives;       /* [batch] */
    long n_batch_positives;
} ftdn_trainer;

typedef struct ftdn_step_result {
    double learning_rate;
    ftdn_loss_value loss; /* of the batch, before the step */
    double gradient_norm; /* before it was bounded */
} ftdn_step_result;

/* dataset: decoded in the network's size. ftdn_trainer_done must follow, after a failure too. */
FTDN_NODISCARD ftdn_status ftdn_trainer_init(ftdn_trainer *trainer, ftdn_training_state *state,
                                             const ftdn_training_manifest *manifest, const ftdn_dataset *dataset,
                                             int n_threads, ftdn_arena *arena, ftdn_error *err);
void ftdn_trainer_done(ftdn_trainer *trainer);

/* FTDN_ERR_INPUT: loss or gradients are not finite any more; what to change. The state is then of no use. */
FTDN_NODISCARD ftdn_status ftdn_trainer_step(ftdn_trainer *trainer, ftdn_step_result *ret_result, ftdn_error *err);

/* Before the state is read behind steps: bring it to host memory, where it is not there. */
FTDN_NODISCARD ftdn_status ftdn_trainer_fetch(ftdn_trainer *trainer, ftdn_error *err);

#endif
