/* device_trainer.h - a step of training on a device (training_step.h), behind the forward pass: loss, backward pass and
 * update are enqueued one behind the other, and the host waits once, for loss and norm.
 *
 * Parameters, moments and average stay on the device; the state in host memory is behind them until it is fetched. */
#ifndef FTDN_HARNESS_TRAINING_DEVICE_TRAINER_H
#define FTDN_HARNESS_TRAINING_DEVICE_TRAINER_H

#include "detect/loss_device.h"
#include "engine/device.h"
#include "engine/optimizer_device.h"
#include "engine/training.h"
#include "harness/rankings/image_loss.h"
#include "harness/training/training_state.h"

typedef struct ftdn_device_trainer {
    const ftdn_device_module *device; /* NULL: the training is on the host */
    ftdn_training *passes;            /* borrowed */
    ftdn_device_loss *loss;
    ftdn_device_optimizer *optimizer;
    int n_images;
    ftdn_loss_image *image; /* [n_images] */
    bool is_ahead;          /* of the state in host memory */
} ftdn_device_trainer;

/* state: borrowed; taken over as it is. loss: [n_images], borrowed: they match the images of each batch.
 * ftdn_device_trainer_done must follow, after a failure too. */
FTDN_NODISCARD ftdn_status ftdn_device_trainer_init(ftdn_device_trainer *trainer, const ftdn_device_module *device,
                                                    ftdn_training *passes, ftdn_training_state *state,
                                                    const ftdn_image_loss *loss, int n_images, ftdn_arena *arena,
                                                    ftdn_error *err);
void ftdn_device_trainer_done(ftdn_device_trainer *trainer); /* accepts zeros */

/* The parameters, in device memory. */
ftdn_weights ftdn_device_trainer_weights(const ftdn_device_trainer *trainer);

/* Enqueue all that is behind the forward pass of a batch whose images are matched. average_part: of the way to the
 * weights (ftdn_training_state_average). */
FTDN_NODISCARD ftdn_status ftdn_device_trainer_send(ftdn_device_trainer *trainer, long n_batch_positives,
                                                    double learning_rate, float average_part, ftdn_error *err);

/* Wait for the losses of the images: [n_images]. */
FTDN_NODISCARD ftdn_status ftdn_device_trainer_read_losses(ftdn_device_trainer *trainer, ftdn_loss_value *ret_value,
                                                           ftdn_error *err);

/* Wait for the update. *ret_norm: of the gradients, before it was bounded. FTDN_ERR_INPUT: one is not finite. */
FTDN_NODISCARD ftdn_status ftdn_device_trainer_finish(ftdn_device_trainer *trainer, double *ret_norm, ftdn_error *err);

/* Bring the state in host memory to where the device is. */
FTDN_NODISCARD ftdn_status ftdn_device_trainer_fetch(ftdn_device_trainer *trainer, ftdn_error *err);

#endif
