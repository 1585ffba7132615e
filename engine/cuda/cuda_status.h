/* cuda_status.h - CUDA's errors as the program's: the call's words, what it was for. */
#ifndef FTDN_ENGINE_CUDA_CUDA_STATUS_H
#define FTDN_ENGINE_CUDA_CUDA_STATUS_H

#include <cuda_runtime_api.h>

#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "cudaMalloc: out of memory (conv4_3)"; FTDN_ERR_MEMORY where memory is short, else FTDN_ERR_BACKEND. what: may be
 * NULL. Clears an error that is not final, so that the next launch does not report it again. */
ftdn_status ftdn_cuda_fail(cudaError_t error, const char *call, const char *what, ftdn_error *err);

/* The error of launches since the last look. */
ftdn_status ftdn_cuda_check_launch(const char *kernel, ftdn_error *err);

#ifdef __cplusplus
}
#endif

/* Call CUDA or return its failure. */
#define FTDN_CUDA(call, what, err)                                                                                     \
    do {                                                                                                               \
        cudaError_t ftdn_cuda_error = (call);                                                                          \
        if (ftdn_cuda_error != cudaSuccess) return ftdn_cuda_fail(ftdn_cuda_error, #call, (what), (err));              \
    } while (0)

#endif
