/* host_memory.h - what the backends on the host share: slabs and the input map. */
#ifndef FTDN_ENGINE_HOST_MEMORY_H
#define FTDN_ENGINE_HOST_MEMORY_H

#include "engine/backend.h"

/* n_bytes of zeroed memory aligned to 64 bytes; NULL with FTDN_ERR_MEMORY. Released with free(). */
FTDN_NODISCARD void *ftdn_host_alloc(size_t n_bytes, ftdn_error *err);

/* Slabs are such memory. */
FTDN_NODISCARD ftdn_status ftdn_host_slab_create(size_t n_bytes, float **ret_slab, ftdn_error *err);
void ftdn_host_slab_free(float *slab); /* NULL is fine */

/* Write the images of a micro-batch into the input node's map: x = (byte - mean[c]) / scale[c] for
 * bytes. Images missing to a full micro-batch are zeros. */
ftdn_status ftdn_host_load_input(ftdn_context *context, const ftdn_input *input, ftdn_error *err);

#endif
