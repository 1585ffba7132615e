/* weight_faults_device.h - faults in stored weights on a device: the same sites and values as weight_faults.h, bit for
 * bit. The clean weights are uploaded once; no weight travels for a draw. */
#ifndef FTDN_INJECTORS_WEIGHT_FAULTS_DEVICE_H
#define FTDN_INJECTORS_WEIGHT_FAULTS_DEVICE_H

#include "engine/engine.h"
#include "injectors/weight_faults.h"

typedef struct ftdn_device_weight_faults ftdn_device_weight_faults;

typedef struct ftdn_weight_faults_device_table {
    /* faults: layers, copies and clean weights, borrowed; its own buffers are not used. context: on whose stream the
     * work is done, borrowed. */
    ftdn_status (*create)(ftdn_weight_faults *faults, ftdn_context *context, ftdn_device_weight_faults **ret_device,
                          ftdn_error *err);
    void (*free)(ftdn_device_weight_faults *device);

    /* As ftdn_weight_faults_draw. Enqueued. */
    ftdn_status (*draw)(ftdn_device_weight_faults *device, const ftdn_fault_draw *draw, uint64_t image,
                        ftdn_error *err);

    /* What memory holds after the last draw: device memory for layers in scope and their copies, the very pointers of
     * faults->clean (host memory) and NULL for their copies elsewhere, where nothing is ever faulty. The pointers are
     * the same after every draw. */
    ftdn_stored_weights (*stored)(const ftdn_device_weight_faults *device);

    /* The last draw's counts into faults->count and faults->copy_count. Waits. */
    ftdn_status (*read_counts)(ftdn_device_weight_faults *device, ftdn_error *err);
} ftdn_weight_faults_device_table;

#endif
