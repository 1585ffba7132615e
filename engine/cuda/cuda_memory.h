/* cuda_memory.h - device memory: allocated with words for what it was for, and the slabs of maps. */
#ifndef FTDN_ENGINE_CUDA_CUDA_MEMORY_H
#define FTDN_ENGINE_CUDA_CUDA_MEMORY_H

#include <stddef.h>

#include "base/status.h"

/* Not zeroed, aligned to 256 bytes. FTDN_ERR_MEMORY says how much was wanted for `what` and how much is free. */
FTDN_NODISCARD ftdn_status ftdn_cuda_alloc(size_t n_bytes, const char *what, void **ret_memory, ftdn_error *err);
void ftdn_cuda_free(void *memory); /* NULL is fine */

/* Copy between host and device, or on the device; returns when it is done. */
FTDN_NODISCARD ftdn_status ftdn_cuda_copy(void *to, const void *from, size_t n_bytes, ftdn_error *err);

/* The backend's slabs (engine/backend.h). */
ftdn_status ftdn_cuda_slab_create(size_t n_bytes, float **ret_slab, ftdn_error *err);
void ftdn_cuda_slab_free(float *slab);
void ftdn_cuda_slab_clear(float *slab, size_t n_bytes);

#endif
