/* cudnn_status.h - cuDNN's errors as the program's: the call's words, what it was for, the library's own reason. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_STATUS_H
#define FTDN_ENGINE_CUDA_CUDNN_STATUS_H

#include <stdbool.h>

#include <cudnn_graph.h>

#include "base/status.h"

#if CUDNN_VERSION < 90800
#error                                                                                                                 \
    "cuDNN 9.8 or newer is needed: plans are made for the properties of a device (CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR)"
#endif

/* "cudnnBackendFinalize: CUDNN_STATUS_NOT_SUPPORTED_SHAPE (conv4_3, ...): the library's reason";
 * FTDN_ERR_MEMORY where memory is short, else FTDN_ERR_BACKEND. call: up to its "(" only the name is shown. */
ftdn_status ftdn_cudnn_fail(cudnnStatus_t result, const char *call, const char *what, ftdn_error *err);

/* The library says that it has no such computation, which another engine may have. That a library beside it is missing,
 * or that driver and library do not fit, is no such answer: another engine would be another result. */
bool ftdn_cudnn_is_refusal(cudnnStatus_t result);

/* Call cuDNN or return its failure. */
#define FTDN_CUDNN(call, what, err)                                                                                    \
    do {                                                                                                               \
        cudnnStatus_t ftdn_cudnn_result = (call);                                                                      \
        if (ftdn_cudnn_result != CUDNN_STATUS_SUCCESS) {                                                               \
            return ftdn_cudnn_fail(ftdn_cudnn_result, #call, (what), (err));                                           \
        }                                                                                                              \
    } while (0)

#endif
