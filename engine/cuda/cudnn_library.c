#include "engine/cuda/cudnn_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

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

static ftdn_status library_init(ftdn_cuda_library *library, cudaStream_t stream, ftdn_error *err)
{
    FTDN_CUDNN(cudnnCreate(&library->handle), "a handle", err);
    FTDN_CUDNN(cudnnSetStream(library->handle, stream), "the stream of a handle", err);
    library->stream = stream;
    return FTDN_OK;
}

ftdn_status ftdn_cuda_library_create(cudaStream_t stream, ftdn_cuda_library **ret_library, ftdn_error *err)
{
    ftdn_cuda_library *library = calloc(1, sizeof *library);
    if (!library) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for cuDNN's handle");
    ftdn_status status = library_init(library, stream, err);
    if (status == FTDN_OK) *ret_library = library;
    else ftdn_cuda_library_free(library);
    return status;
}

void ftdn_cuda_library_free(ftdn_cuda_library *library)
{
    if (!library) return;
    if (library->handle) cudnnDestroy(library->handle);
    free(library);
}
