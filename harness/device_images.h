/* device_images.h - images of a dataset as bytes in the memory of a device. */
#ifndef FTDN_HARNESS_DEVICE_IMAGES_H
#define FTDN_HARNESS_DEVICE_IMAGES_H

#include "base/status.h"
#include "datasets/dataset.h"
#include "engine/device.h"

typedef struct ftdn_device_images {
    const ftdn_device_module *device; /* borrowed */
    ftdn_resident_images resident;    /* images first ... of the dataset */
    char digest[FTDN_SHA256_HEX];     /* of the dataset; "" while there are none */
    int first, size;                  /* size: side of their pixels */
    uint8_t *pixels;                  /* what `resident` points at */
    uint64_t *image_id;
} ftdn_device_images;

void ftdn_device_images_init(ftdn_device_images *images, const ftdn_device_module *device);
void ftdn_device_images_done(ftdn_device_images *images);

/* Have images first ... first + n_images - 1 of a decoded dataset there: they stay where they are if they are there
 * already, else they take the place of those that were. No work that reads these may be under way. */
FTDN_NODISCARD ftdn_status ftdn_device_images_load(ftdn_device_images *images, const ftdn_dataset *dataset, int first,
                                                   int n_images, ftdn_error *err);

size_t ftdn_device_images_bytes(const ftdn_device_images *images);

#endif
