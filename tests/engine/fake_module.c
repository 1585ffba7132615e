/* fake_module.c - a module without CUDA, which does what $FTDN_FAKE_MODULE says: what may be wrong with a module and
 * its devices. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/code_version.h"
#include "engine/backend.h"
#include "engine/device.h"

static bool is_to(const char *what)
{
    const char *wanted = getenv("FTDN_FAKE_MODULE");
    return wanted && strcmp(wanted, what) == 0;
}

static ftdn_status count(int *ret_n_devices, ftdn_error *err)
{
    if (is_to("have no device"))
        return ftdn_error_set(err, FTDN_ERR_BACKEND, __FILE__, __LINE__, "cudaGetDeviceCount: no device");
    if (is_to("crash")) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(SIGSEGV);
    }
    *ret_n_devices = 2;
    return FTDN_OK;
}

static ftdn_status describe(int device, ftdn_device_info *ret_info, ftdn_error *err)
{
    if (is_to("have a broken device") && device == 1)
        return ftdn_error_set(err, FTDN_ERR_BACKEND, __FILE__, __LINE__, "cudaMemGetInfo: out of order");
    ftdn_device_info info = {.major = 9, .minor = device, .total_bytes = 1000, .free_bytes = (size_t)getpid()};
    snprintf(info.name, sizeof info.name, "device %d", device);
    *ret_info = info;
    return FTDN_OK;
}

static const char *library_version(void)
{
    return "fake 1.0";
}

static const ftdn_backend backend = {.name = "cuda", .micro_batch = 1, .version = library_version};
static const ftdn_device_table table = {.count = count, .describe = describe};

#define MODULE(interface, version)                                                                                     \
    {                                                                                                                  \
        .interface_version = (interface), .code_version = (version), .backend = &backend, .device = &table             \
    }

static const ftdn_device_module fit = MODULE(FTDN_DEVICE_INTERFACE, FTDN_CODE_VERSION);
static const ftdn_device_module other_interface = MODULE(FTDN_DEVICE_INTERFACE + 1, FTDN_CODE_VERSION);
static const ftdn_device_module other_version = MODULE(FTDN_DEVICE_INTERFACE, "0.0.1+g1234567");

__attribute__((visibility("default"))) ftdn_device_module_function ftdn_device_module_of_cuda;

const ftdn_device_module *ftdn_device_module_of_cuda(void)
{
    if (is_to("be of another interface")) return &other_interface;
    return is_to("be of another version") ? &other_version : &fit;
}
