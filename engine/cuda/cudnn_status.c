#include "engine/cuda/cudnn_status.h"

#include <string.h>

ftdn_status ftdn_cudnn_fail(cudnnStatus_t result, const char *call, const char *what, ftdn_error *err)
{
    char reason[512] = "";
    cudnnGetLastErrorString(reason, sizeof reason);
    reason[strcspn(reason, "\n")] = '\0';
    bool short_of_memory = result == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
                           result == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    ftdn_status status = short_of_memory ? FTDN_ERR_MEMORY : FTDN_ERR_BACKEND;
    return FTDN_FAIL(err, status, "%.*s: %s (%s)%s%s", (int)strcspn(call, "("), call, cudnnGetErrorString(result), what,
                     reason[0] ? ": " : "", reason);
}

bool ftdn_cudnn_is_refusal(cudnnStatus_t result)
{
    switch ((int)result) {
    case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER:
    case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART:
    case CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING:
    case CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE: return false;
    default: return CUDNN_STATUS_CATEGORY((int)result) == CUDNN_STATUS_NOT_SUPPORTED;
    }
}
