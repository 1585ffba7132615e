/* detector_cuda.h - the detector of the CUDA module (detector_device.h). */
#ifndef FTDN_DETECT_DETECTOR_CUDA_H
#define FTDN_DETECT_DETECTOR_CUDA_H

#include "detect/detector_device.h"

extern const ftdn_detector_device_table ftdn_cuda_detector_table;

#endif
