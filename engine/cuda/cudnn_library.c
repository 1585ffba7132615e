/* cudnn_library.c - the library: its version, and its handles. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#include "engine/cuda/cudnn_cache.h"

static char version_text[32];
static once_flag version_is_written = ONCE_FLAG_INIT;

static void write_version(void)
{
    size_t version = cudnnGetVersion();
    snprintf(version_text, sizeof version_text, "cuDNN %zu.%zu.%zu", version / 10000, version / 100 % 100,
             version % 100);
}

const char *ftdn_cuda_library_version(void)
{
    call_once(&version_is_written, write_version);
    return version_text;
}

enum { MAX_IDLE = 2 }; /* a rig's context, and one beside it */

void ftdn_cudnn_library_destroy(ftdn_cuda_library *library)
{
    if (library->handle) (void)cudnnDestroy(library->handle);
    free(library);
}

static ftdn_status make(ftdn_device_cache *cache, ftdn_cuda_library **ret_library, ftdn_error *err)
{
    ftdn_cuda_library *library = calloc(1, sizeof *library);
    if (!library) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for cuDNN's handle");
    library->cache = cache;
    cudnnStatus_t result = cudnnCreate(&library->handle);
    if (result != CUDNN_STATUS_SUCCESS) {
        free(library);
        return ftdn_cudnn_fail(result, "cudnnCreate", "a handle", err);
    }
    *ret_library = library;
    return FTDN_OK;
}

static ftdn_cuda_library *take_idle(ftdn_device_cache *cache)
{
    ftdn_cuda_library *library = cache->first_idle;
    cache->first_idle = library->next;
    cache->n_idle--;
    return library;
}

ftdn_status ftdn_cuda_library_create(ftdn_device_cache *cache, cudaStream_t stream, ftdn_cuda_library **ret_library,
                                     ftdn_error *err)
{
    ftdn_cuda_library *library = NULL;
    if (cache->first_idle) library = take_idle(cache);
    else FTDN_TRY(make(cache, &library, err));
    cudnnStatus_t result = cudnnSetStream(library->handle, stream);
    if (result != CUDNN_STATUS_SUCCESS) {
        ftdn_cudnn_library_destroy(library);
        return ftdn_cudnn_fail(result, "cudnnSetStream", "the stream of a handle", err);
    }
    library->stream = stream;
    *ret_library = library;
    return FTDN_OK;
}

/* An idle handle does not know a stream that may be gone. */
void ftdn_cuda_library_free(ftdn_cuda_library *library)
{
    if (!library) return;
    ftdn_device_cache *cache = library->cache;
    bool works = cudnnSetStream(library->handle, NULL) == CUDNN_STATUS_SUCCESS;
    if (!works || cache->n_idle == MAX_IDLE) {
        ftdn_cudnn_library_destroy(library);
        return;
    }
    library->stream = NULL;
    library->next = cache->first_idle;
    cache->first_idle = library;
    cache->n_idle++;
}
