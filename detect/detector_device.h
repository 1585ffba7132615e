/* detector_device.h - from the maps of the heads to lists of boxes on a device: the lists of detections.h, bit for bit.
 *
 * Two slots hold the answers of two micro-batches: while the host reads one, the device fills the other. */
#ifndef FTDN_DETECT_DETECTOR_DEVICE_H
#define FTDN_DETECT_DETECTOR_DEVICE_H

#include "detect/combine.h"
#include "detect/detections.h"

#define FTDN_DEVICE_DETECTOR_SLOTS 2

typedef struct ftdn_device_detector ftdn_device_detector;

typedef struct ftdn_device_detector_desc {
    const ftdn_network *network; /* [n_networks] of nodes of the context's graph; borrowed */
    int n_networks;              /* 1, or 2 for D2NN */
    bool averages;               /* of two networks: their answers are averaged (combine.h), and one list is made;
                                    else each has a list of its own */
    const float *priors;         /* [n_priors,4] in host memory; copied */
    ftdn_detect_rule rule;
    ftdn_context *context; /* borrowed */
} ftdn_device_detector_desc;

/* One image's answer. */
typedef struct ftdn_device_detections {
    const ftdn_detection *detection; /* by class, then score; host memory, until the slot is used again */
    int n_detections;
    int n_nonfinite; /* logits and locations that are NaN or infinite; of an average where answers are averaged */
} ftdn_device_detections;

typedef struct ftdn_detector_device_table {
    ftdn_status (*create)(const ftdn_device_detector_desc *desc, ftdn_device_detector **ret_detector, ftdn_error *err);
    void (*free)(ftdn_device_detector *detector);

    /* Enqueue the detections of the micro-batch that the context has just computed, into device memory of the slot.
     * Can be recorded. */
    ftdn_status (*detect)(ftdn_device_detector *detector, int slot, ftdn_error *err);

    /* Enqueue the slot's way to the host. Cannot be recorded. */
    ftdn_status (*send)(ftdn_device_detector *detector, int slot, ftdn_error *err);

    /* Wait for the last send of the slot. ret_detections: [n_lists, n_images], n_lists 2 where each of two networks
     * has its own; n_images: those of the batch. */
    ftdn_status (*receive)(ftdn_device_detector *detector, int slot, int n_images,
                           ftdn_device_detections *ret_detections, ftdn_error *err);

    /* Seen from outside a trial (dumps, tests): the gathered answers of one image of the last micro-batch, in host
     * memory: logits [n_priors, n_classes+1], locations [n_priors,4]. Waits. */
    ftdn_status (*read_answer)(ftdn_device_detector *detector, int network, int image, float *logits, float *locations,
                               ftdn_error *err);
} ftdn_detector_device_table;

#endif
