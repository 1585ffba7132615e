/* ranking_cuda.h - the sums of rankings of the CUDA module (ranking_device.h). */
#ifndef FTDN_RANKERS_RANKING_CUDA_H
#define FTDN_RANKERS_RANKING_CUDA_H

#include "rankers/ranking_device.h"

extern const ftdn_ranking_device_table ftdn_cuda_ranking_table;

#endif
