#include "engine/cuda/cudnn_library.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#include "engine/cuda/cuda_status.h"

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

/* Guarded by the mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ftdn_cuda_library *first_idle;
static int n_idle;

/* NULL: there is none of the device. */
static ftdn_cuda_library *take_idle(int device)
{
    ftdn_cuda_library *library = NULL;
    (void)pthread_mutex_lock(&mutex);
    for (ftdn_cuda_library **link = &first_idle; *link; link = &(*link)->next) {
        if ((*link)->device != device) continue;
        library = *link;
        *link = library->next;
        n_idle--;
        break;
    }
    (void)pthread_mutex_unlock(&mutex);
    return library;
}

/* False: there are enough of them. */
static bool keep_idle(ftdn_cuda_library *library)
{
    (void)pthread_mutex_lock(&mutex);
    bool is_kept = n_idle < MAX_IDLE;
    if (is_kept) {
        library->next = first_idle;
        first_idle = library;
        n_idle++;
    }
    (void)pthread_mutex_unlock(&mutex);
    return is_kept;
}

static void destroy(ftdn_cuda_library *library)
{
    if (library->handle) cudnnDestroy(library->handle);
    free(library);
}

static ftdn_status make(int device, ftdn_cuda_library **ret_library, ftdn_error *err)
{
    ftdn_cuda_library *library = calloc(1, sizeof *library);
    if (!library) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for cuDNN's handle");
    library->device = device;
    cudnnStatus_t result = cudnnCreate(&library->handle);
    if (result != CUDNN_STATUS_SUCCESS) {
        free(library);
        return ftdn_cudnn_fail(result, "cudnnCreate", "a handle", err);
    }
    *ret_library = library;
    return FTDN_OK;
}

ftdn_status ftdn_cuda_library_create(cudaStream_t stream, ftdn_cuda_library **ret_library, ftdn_error *err)
{
    int device = 0;
    FTDN_CUDA(cudaGetDevice(&device), "the device of cuDNN", err);
    ftdn_cuda_library *library = take_idle(device);
    if (!library) FTDN_TRY(make(device, &library, err));
    cudnnStatus_t result = cudnnSetStream(library->handle, stream);
    if (result != CUDNN_STATUS_SUCCESS) {
        destroy(library);
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
    library->stream = NULL;
    bool works = cudnnSetStream(library->handle, NULL) == CUDNN_STATUS_SUCCESS;
    if (!works || !keep_idle(library)) destroy(library);
}
