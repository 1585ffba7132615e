/* cudnn_device.h - the device that plans are made for: one of this machine, or one that is only described.
 *
 * Both are the same to cuDNN, a descriptor of properties, so that everything up to the finished plan can be tried on
 * machines without a device. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_DEVICE_H
#define FTDN_ENGINE_CUDA_CUDNN_DEVICE_H

#include "engine/cuda/cudnn_descriptor.h"

typedef struct ftdn_cudnn_device {
    ftdn_cudnn_set set;
    cudnnBackendDescriptor_t properties; /* of the set */
} ftdn_cudnn_device;

/* index: as in cudaSetDevice. On failure nothing is left behind. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_device_init(ftdn_cudnn_device *device, int index, ftdn_error *err);

/* A device in the library's own JSON: {"deviceName": "NVIDIA H200", "deviceVer": 900, ...}. Touches no device. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_device_describe(ftdn_cudnn_device *device, const char *json, ftdn_error *err);

void ftdn_cudnn_device_done(ftdn_cudnn_device *device);

#endif
