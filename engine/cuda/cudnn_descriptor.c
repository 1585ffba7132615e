#include "engine/cuda/cudnn_descriptor.h"

#include <assert.h>

void ftdn_cudnn_set_init(ftdn_cudnn_set *set, const char *what)
{
    *set = (ftdn_cudnn_set){.what = what};
}

void ftdn_cudnn_set_done(ftdn_cudnn_set *set)
{
    while (set->n_descriptors > 0) cudnnBackendDestroyDescriptor(set->descriptor[--set->n_descriptors]);
}

/* Keeps the first failure only. */
static void note(ftdn_cudnn_set *set, cudnnStatus_t result, const char *call)
{
    if (result != CUDNN_STATUS_SUCCESS) set->status = ftdn_cudnn_fail(result, call, set->what, &set->error);
}

cudnnBackendDescriptor_t ftdn_cudnn_add(ftdn_cudnn_set *set, cudnnBackendDescriptorType_t type)
{
    if (set->status != FTDN_OK) return NULL;
    assert(set->n_descriptors < FTDN_CUDNN_MAX_DESCRIPTORS);
    cudnnBackendDescriptor_t descriptor = NULL;
    note(set, cudnnBackendCreateDescriptor(type, &descriptor), "cudnnBackendCreateDescriptor");
    if (set->status == FTDN_OK) set->descriptor[set->n_descriptors++] = descriptor;
    return set->status == FTDN_OK ? descriptor : NULL;
}

void ftdn_cudnn_put(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                    cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
    if (set->status != FTDN_OK) return;
    note(set, cudnnBackendSetAttribute(descriptor, name, type, n, values), "cudnnBackendSetAttribute");
}

void ftdn_cudnn_put_integers(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                             int64_t n, const int64_t *values)
{
    ftdn_cudnn_put(set, descriptor, name, CUDNN_TYPE_INT64, n, values);
}

void ftdn_cudnn_put_descriptor(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor,
                               cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t value)
{
    ftdn_cudnn_put(set, descriptor, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

cudnnBackendDescriptor_t ftdn_cudnn_finalize(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor)
{
    if (set->status == FTDN_OK) note(set, cudnnBackendFinalize(descriptor), "cudnnBackendFinalize");
    return descriptor;
}

ftdn_status ftdn_cudnn_set_check(const ftdn_cudnn_set *set, ftdn_error *err)
{
    if (set->status != FTDN_OK && err) *err = set->error;
    return set->status;
}
