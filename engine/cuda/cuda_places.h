/* cuda_places.h - where each channel lies among those that were copied, as kernels look it up. */
#ifndef FTDN_ENGINE_CUDA_CUDA_PLACES_H
#define FTDN_ENGINE_CUDA_CUDA_PLACES_H

#include <stddef.h>

#include "base/status.h"

/* place[channel[j]] = j, and -1 for channels without a copy. place: [n_channels] in device memory; channel: [n_copied],
 * below n_channels. Returns when it is there. */
FTDN_NODISCARD ftdn_status ftdn_cuda_upload_places(const int *channel, int n_copied, size_t n_channels, int *place,
                                                   ftdn_error *err);

#endif
