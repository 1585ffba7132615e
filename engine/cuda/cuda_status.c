#include "engine/cuda/cuda_status.h"

#include <string.h>

ftdn_status ftdn_cuda_fail(cudaError_t error, const char *call, const char *what, ftdn_error *err)
{
    ftdn_status status = error == cudaErrorMemoryAllocation ? FTDN_ERR_MEMORY : FTDN_ERR_BACKEND;
    int n_chars = (int)strcspn(call, "("); /* the function's name without its arguments */
    (void)cudaGetLastError();
    if (!what) return FTDN_FAIL(err, status, "%.*s: %s", n_chars, call, cudaGetErrorString(error));
    return FTDN_FAIL(err, status, "%.*s: %s (%s)", n_chars, call, cudaGetErrorString(error), what);
}

ftdn_status ftdn_cuda_check_launch(const char *kernel, ftdn_error *err)
{
    cudaError_t error = cudaGetLastError();
    return error == cudaSuccess ? FTDN_OK : ftdn_cuda_fail(error, "kernel", kernel, err);
}
