/* assembly_device.h - the weights that a protected graph runs with, made on a device from what is stored there. */
#ifndef FTDN_PROTECTORS_ASSEMBLY_DEVICE_H
#define FTDN_PROTECTORS_ASSEMBLY_DEVICE_H

#include "engine/engine.h"
#include "protectors/protector.h"

typedef struct ftdn_device_assembly ftdn_device_assembly;

typedef struct ftdn_assembly_device_table {
    /* protection, context: borrowed; the work is done on the context's stream. */
    ftdn_status (*create)(const ftdn_protection *protection, ftdn_context *context, ftdn_device_assembly **ret_assembly,
                          ftdn_error *err);
    void (*free)(ftdn_device_assembly *assembly);

    /* As ftdn_assembly_make; the same bits. Enqueued. stored: device memory for the original of a copied layer and all
     * its copies, or the clean weights for all of them, as weight_faults_device.h gives it. *ret_weights: of the
     * protected graph: device memory where a value may be faulty, the very pointer of protection->clean (host memory)
     * elsewhere; lives in the assembly. */
    ftdn_status (*make)(ftdn_device_assembly *assembly, const ftdn_stored_weights *stored,
                        const ftdn_weights **ret_weights, ftdn_error *err);
} ftdn_assembly_device_table;

#endif
