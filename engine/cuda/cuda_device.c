/* cuda_device.c - the table of engine/device.h. */
#include <stdio.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_recording.h"
#include "engine/cuda/cuda_status.h"

static ftdn_status device_count(int *ret_n_devices, ftdn_error *err)
{
    int n_devices = 0;
    FTDN_CUDA(cudaGetDeviceCount(&n_devices), NULL, err);
    if (n_devices < 1) return FTDN_FAIL(err, FTDN_ERR_BACKEND, "CUDA sees no device");
    *ret_n_devices = n_devices;
    return FTDN_OK;
}

/* CUDA counts versions in thousands and tens: 13020 is 13.2. */
static void write_version(char text[FTDN_DEVICE_TEXT_BYTES], int version, const char *library)
{
    snprintf(text, FTDN_DEVICE_TEXT_BYTES, "CUDA %d.%d%s%s", version / 1000, version % 1000 / 10, library ? ", " : "",
             library ? library : "");
}

static ftdn_status measure_memory(int device, ftdn_device_info *info, ftdn_error *err)
{
    int current;
    FTDN_CUDA(cudaGetDevice(&current), NULL, err);
    FTDN_CUDA(cudaSetDevice(device), NULL, err);
    cudaError_t error = cudaMemGetInfo(&info->free_bytes, &info->total_bytes);
    FTDN_CUDA(cudaSetDevice(current), NULL, err);
    return error == cudaSuccess ? FTDN_OK : ftdn_cuda_fail(error, "cudaMemGetInfo", info->name, err);
}

static ftdn_status device_describe(int device, ftdn_device_info *ret_info, ftdn_error *err)
{
    struct cudaDeviceProp properties;
    int driver, runtime;
    FTDN_CUDA(cudaGetDeviceProperties(&properties, device), NULL, err);
    FTDN_CUDA(cudaDriverGetVersion(&driver), NULL, err);
    FTDN_CUDA(cudaRuntimeGetVersion(&runtime), NULL, err);
    ftdn_device_info info = {
        .major = properties.major,
        .minor = properties.minor,
        .n_multiprocessors = properties.multiProcessorCount,
    };
    snprintf(info.name, sizeof info.name, "%.*s", FTDN_DEVICE_TEXT_BYTES - 1, properties.name);
    write_version(info.driver, driver, NULL);
    write_version(info.libraries, runtime, ftdn_cuda_library_version());
    FTDN_TRY(measure_memory(device, &info, err));
    *ret_info = info;
    return FTDN_OK;
}

static ftdn_status device_select(int device, ftdn_error *err)
{
    FTDN_CUDA(cudaSetDevice(device), NULL, err);
    return FTDN_OK;
}

static ftdn_status device_alloc(size_t n_bytes, void **ret_memory, ftdn_error *err)
{
    return ftdn_cuda_alloc(n_bytes, "values", ret_memory, err);
}

static ftdn_status copy_after(const ftdn_context *context, void *to, const void *from, size_t n_bytes, ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(context);
    FTDN_CUDA(cudaMemcpyAsync(to, from, n_bytes, cudaMemcpyDefault, stream), NULL, err);
    FTDN_CUDA(cudaStreamSynchronize(stream), "copy", err);
    return FTDN_OK;
}

static ftdn_status synchronize(const ftdn_context *context, ftdn_error *err)
{
    FTDN_CUDA(cudaStreamSynchronize(ftdn_cuda_context_stream(context)), NULL, err);
    return FTDN_OK;
}

const ftdn_device_table ftdn_cuda_device_table = {
    .count = device_count,
    .describe = device_describe,
    .select = device_select,
    .cache_create = ftdn_cuda_cache_create,
    .cache_free = ftdn_cuda_cache_free,
    .alloc = device_alloc,
    .free = ftdn_cuda_free,
    .copy = ftdn_cuda_copy,
    .copy_after = copy_after,
    .synchronize = synchronize,
    .set_batch = ftdn_cuda_set_batch,
    .record_begin = ftdn_cuda_record_begin,
    .record_end = ftdn_cuda_record_end,
    .replay = ftdn_cuda_replay,
    .recording_free = ftdn_cuda_recording_free,
    .mark = ftdn_cuda_mark,
    .elapsed = ftdn_cuda_elapsed,
};
