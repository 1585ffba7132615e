/* loss_device.h - the multibox loss of the images of a micro-batch on a device, and its gradient (multibox_loss.h). */
#ifndef FTDN_DETECT_LOSS_DEVICE_H
#define FTDN_DETECT_LOSS_DEVICE_H

#include "detect/multibox_loss.h"
#include "engine/gradients.h"

typedef struct ftdn_device_loss ftdn_device_loss;

typedef struct ftdn_loss_device_table {
    /* network, context, gradients: borrowed. priors: [n_priors,4] in host memory; copied. */
    ftdn_status (*create)(const ftdn_network *network, const float *priors, ftdn_context *context,
                          ftdn_gradients *gradients, ftdn_device_loss **ret_loss, ftdn_error *err);
    void (*free)(ftdn_device_loss *loss);

    /* The loss of each image of the last forward, and its gradient written to the heads' maps of `gradients`: images
     * beyond n_images get 0. Equal to ftdn_multibox_loss_compute within the rounding of sums of doubles and of the
     * device's exp and log. The hard negatives are the same ones, for hardness is compared in float (where rounding
     * decides between two neighbouring floats, another prior may take the last place). object, objects: per image, as
     * in ftdn_loss_image, in host memory. ret_value: [n_images]; NULL where not wanted (then nothing waits). */
    ftdn_status (*compute)(ftdn_device_loss *loss, const ftdn_loss_image *image, int n_images, int n_batch_positives,
                           ftdn_loss_value *ret_value, ftdn_error *err);
    /* Wait for the losses of the last compute. ret_value: [n_images], of the first ones. */
    ftdn_status (*read)(ftdn_device_loss *loss, int n_images, ftdn_loss_value *ret_value, ftdn_error *err);
} ftdn_loss_device_table;

#endif
