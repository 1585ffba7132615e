#define _GNU_SOURCE /* dladdr */
#include "engine/cuda/cudnn_device.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A library in one of the folders, relative to the one of cuDNN, where cuDNN itself looks. */
static bool open_beside_cudnn(const char *name)
{
    static const char *const folders[] = {"", "../../cublas/lib/", "../../cu13/lib/"};
    union {
        size_t (*function)(void);
        const void *address;
    } place = {.function = cudnnGetVersion};
    Dl_info cudnn;
    bool is_open = false;
    if (!dladdr(place.address, &cudnn)) return false;
    const char *slash = strrchr(cudnn.dli_fname, '/');
    int n_folder = slash ? (int)(slash - cudnn.dli_fname) + 1 : 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !is_open; i++) {
        char path[4096];
        int n = snprintf(path, sizeof path, "%.*s%s%s", n_folder, cudnn.dli_fname, folders[i], name);
        is_open = n < (int)sizeof path && dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    }
    return is_open;
}

/* The heuristics ask cuBLAS too, whichever engine is taken in the end, and end the process where it is missing. It is
 * never closed, as whatever has kernels (engine/device.c). */
static ftdn_status open_cublas(ftdn_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "libcublasLt.so.%zu", cudnnGetCudartVersion() / 1000);
    if (dlopen(name, RTLD_LAZY | RTLD_LOCAL) || open_beside_cudnn(name)) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                     "cuDNN makes no plans without %s, which is neither beside it nor known to the "
                     "loader (LD_LIBRARY_PATH)",
                     name);
}

static ftdn_status make(ftdn_cudnn_device *device, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                        int64_t n, const void *values, ftdn_error *err)
{
    ftdn_cudnn_set_init(&device->set, "properties of the device");
    FTDN_TRY(open_cublas(err));
    device->properties = ftdn_cudnn_add(&device->set, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    ftdn_cudnn_put(&device->set, device->properties, name, type, n, values);
    ftdn_cudnn_finalize(&device->set, device->properties);
    ftdn_status status = ftdn_cudnn_set_check(&device->set, err);
    if (status != FTDN_OK) ftdn_cudnn_device_done(device);
    return status;
}

ftdn_status ftdn_cudnn_device_init(ftdn_cudnn_device *device, int index, ftdn_error *err)
{
    const int32_t id = index;
    return make(device, CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1, &id, err);
}

ftdn_status ftdn_cudnn_device_describe(ftdn_cudnn_device *device, const char *json, ftdn_error *err)
{
    return make(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, (int64_t)strlen(json), json, err);
}

void ftdn_cudnn_device_done(ftdn_cudnn_device *device)
{
    ftdn_cudnn_set_done(&device->set);
    device->properties = NULL;
}
