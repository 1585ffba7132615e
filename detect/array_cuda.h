/* array_cuda.h - arrays in device memory, and in host memory that the device reads and writes. */
#ifndef FTDN_DETECT_ARRAY_CUDA_H
#define FTDN_DETECT_ARRAY_CUDA_H

#include <stddef.h>

#include "base/status.h"

/* n_items items of item_bytes, not zeroed; no item is a valid address of nothing. what: for messages. ftdn_cuda_free
 * (engine/cuda/cuda_memory.h) gives it back. */
FTDN_NODISCARD ftdn_status ftdn_device_array_create(size_t n_items, size_t item_bytes, const char *what,
                                                    void **ret_array, ftdn_error *err);

/* Likewise, but page-locked host memory at one address for both sides; cudaFreeHost gives it back. */
FTDN_NODISCARD ftdn_status ftdn_pinned_array_create(size_t n_items, size_t item_bytes, const char *what,
                                                    void **ret_array, ftdn_error *err);

/* A device array that holds what the items hold. */
FTDN_NODISCARD ftdn_status ftdn_device_array_upload(const void *items, size_t n_items, size_t item_bytes,
                                                    const char *what, void **ret_array, ftdn_error *err);

#endif
