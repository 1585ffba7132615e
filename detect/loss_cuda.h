/* loss_cuda.h - the loss of the CUDA module (loss_device.h). */
#ifndef FTDN_DETECT_LOSS_CUDA_H
#define FTDN_DETECT_LOSS_CUDA_H

#include "detect/loss_device.h"

extern const ftdn_loss_device_table ftdn_cuda_loss_table;

#endif
