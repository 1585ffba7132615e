/* cuda_optimizer.h - the table of engine/optimizer_device.h. */
#ifndef FTDN_ENGINE_CUDA_CUDA_OPTIMIZER_H
#define FTDN_ENGINE_CUDA_CUDA_OPTIMIZER_H

#include "engine/optimizer_device.h"

extern const ftdn_optimizer_device_table ftdn_cuda_optimizer_table;

#endif
