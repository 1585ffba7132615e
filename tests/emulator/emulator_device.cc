/* The device itself: how many there are, what they say of themselves, and the errors of calls. */
#include "tests/emulator/emulator.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unistd.h>

namespace emulator
{
namespace
{

const size_t total_bytes = size_t(16) << 30;
const size_t shared_bytes = 48 << 10, largest_shared_bytes = 64 << 10; /* of the smallest device that is built for */

std::recursive_mutex device_mutex;
/* Of all threads: the leak detector fails where a module that is opened has variables of threads. */
cudaError_t last_error = cudaSuccess;
cudaError_t lost = cudaSuccess;
pid_t user; /* the process that touched the device first; 0: none */
int device_now;
std::map<const void *, int> dynamic_shared;

/* Those that are alike, and all. */
struct device_counts {
    int alike, all;
};

device_counts count_devices()
{
    const char *text = std::getenv("FTDN_EMULATOR_DEVICES");
    if (!text) return {1, 1};
    char *end;
    int alike = int(std::strtol(text, &end, 10));
    return {alike, *end == '+' ? alike + std::atoi(end + 1) : alike};
}

int n_devices()
{
    return count_devices().all;
}

struct error_words {
    cudaError_t error;
    const char *name, *text;
};

const error_words errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
     "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched",
     "capture was not ended in the same stream as it began"},
    {cudaErrorStreamCaptureImplicit, "cudaErrorStreamCaptureImplicit",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
};

const error_words &find_words(cudaError_t error)
{
    static const error_words unknown = {cudaSuccess, "cudaErrorUnknown", "unknown error"};
    for (const error_words &words : errors)
        if (words.error == error) return words;
    return unknown;
}

} // namespace

order current_order()
{
    const char *text = std::getenv("FTDN_EMULATOR_ORDER");
    if (!text || !*text) return order::forward;
    if (!std::strcmp(text, "reverse")) return order::reverse;
    if (!std::strcmp(text, "shuffle")) return order::shuffle;
    if (!std::strcmp(text, "lazy")) return order::lazy;
    refuse("FTDN_EMULATOR_ORDER is '%s', neither reverse, shuffle nor lazy", text);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::fputs("CUDA emulator: ", stderr);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
    std::abort();
}

/* A process that was forked from a user of the device has no device. */
call::call(kind kind) : error(cudaSuccess), lock(device_mutex)
{
    if (kind == harmless) return;
    if (n_devices() < 1) error = answer(cudaErrorNoDevice);
    else if (user && user != getpid()) error = answer(cudaErrorInitializationError);
    else if (lost) error = answer(lost);
    else user = getpid();
}

cudaError_t answer(cudaError_t error)
{
    if (error != cudaSuccess) last_error = error;
    return error;
}

void lose_device(cudaError_t error)
{
    lost = error;
}

cudaError_t lost_error()
{
    return lost;
}

bool is_next_failure(failure_plan *plan)
{
    const char *text = std::getenv(plan->variable);
    unsigned long long k = text ? std::strtoull(text, nullptr, 10) : 0;
    if (k != plan->k) plan->n_seen = 0;
    plan->k = k;
    return ++plan->n_seen == k;
}

size_t largest_dynamic_shared(const void *kernel)
{
    auto found = dynamic_shared.find(kernel);
    return found == dynamic_shared.end() ? shared_bytes : size_t(found->second);
}

} // namespace emulator

using namespace emulator;

cudaError_t cudaGetDeviceCount(int *count)
{
    call call;
    *count = call.error == cudaErrorNoDevice ? 0 : n_devices();
    return call.error;
}

cudaError_t cudaSetDevice(int device)
{
    call call;
    if (call.error) return call.error;
    if (device < 0 || device >= n_devices()) return answer(cudaErrorInvalidDevice);
    device_now = device;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device)
{
    call call;
    *device = device_now;
    return call.error;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
    call call;
    if (call.error) return call.error;
    if (device < 0 || device >= n_devices()) return answer(cudaErrorInvalidDevice);
    *properties = {};
    std::snprintf(properties->name, sizeof properties->name, "emulated device %d", device);
    properties->totalGlobalMem = total_bytes;
    properties->sharedMemPerBlock = shared_bytes;
    properties->sharedMemPerBlockOptin = properties->sharedMemPerMultiprocessor = largest_shared_bytes;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = properties->maxThreadsPerMultiProcessor = 1024;
    properties->regsPerBlock = 65536;
    const int grid[3] = {2147483647, 65535, 65535}, threads[3] = {1024, 1024, 64};
    std::memcpy(properties->maxGridSize, grid, sizeof grid);
    std::memcpy(properties->maxThreadsDim, threads, sizeof threads);
    properties->major = 8; /* the first that computes with TF32 */
    properties->minor = 0;
    properties->multiProcessorCount = device < count_devices().alike ? 4 : 3;
    properties->l2CacheSize = 4 << 20;
    properties->memoryBusWidth = 256;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
    cudaDeviceProp properties;
    cudaError_t error = cudaGetDeviceProperties(&properties, device);
    if (error) return error;
    switch (attribute) {
    case cudaDevAttrMultiProcessorCount: *value = properties.multiProcessorCount; return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor: *value = properties.major; return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor: *value = properties.minor; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = int(largest_shared_bytes); return cudaSuccess;
    }
    return answer(cudaErrorInvalidValue);
}

cudaError_t cudaDriverGetVersion(int *version)
{
    call call(call::harmless);
    *version = n_devices() < 1 ? 0 : CUDART_VERSION; /* 0: no driver is installed */
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaGetLastError(void)
{
    call call(call::harmless);
    cudaError_t error = lost ? lost : last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    call call(call::harmless);
    return lost ? lost : last_error;
}

const char *cudaGetErrorName(cudaError_t error)
{
    return find_words(error).name;
}

const char *cudaGetErrorString(cudaError_t error)
{
    return find_words(error).text;
}

cudaError_t cudaFuncSetAttribute(const void *function, cudaFuncAttribute attribute, int value)
{
    call call;
    if (call.error) return call.error;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || size_t(value) > largest_shared_bytes) return answer(cudaErrorInvalidValue);
    dynamic_shared[function] = value;
    return cudaSuccess;
}
