/* cudnn_descriptor.h - descriptors of cuDNN's graph API, made and filled as one reads them.
 *
 * A set owns descriptors that live and die together. Its calls never fail on the spot: the first failure is kept, later
 * calls do nothing, and ftdn_cudnn_set_check gives it back, so that a graph reads as a list of its parts. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_DESCRIPTOR_H
#define FTDN_ENGINE_CUDA_CUDNN_DESCRIPTOR_H

#include "engine/cuda/cudnn_status.h"

#define FTDN_CUDNN_MAX_DESCRIPTORS 16

typedef struct ftdn_cudnn_set {
    const char *what; /* for messages; borrowed */
    int n_descriptors;
    cudnnBackendDescriptor_t descriptor[FTDN_CUDNN_MAX_DESCRIPTORS];
    ftdn_status status; /* the first failure */
    ftdn_error error;
} ftdn_cudnn_set;

void ftdn_cudnn_set_init(ftdn_cudnn_set *set, const char *what);
void ftdn_cudnn_set_done(ftdn_cudnn_set *set); /* the youngest first */

/* A new descriptor, which the set owns; NULL after a failure. */
cudnnBackendDescriptor_t ftdn_cudnn_add(ftdn_cudnn_set *set, cudnnBackendDescriptorType_t type);

/* values: [n] of the C type that belongs to `type`. */
void ftdn_cudnn_put(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                    cudnnBackendAttributeType_t type, int64_t n, const void *values);

/* The common cases of it. */
void ftdn_cudnn_put_integers(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                             int64_t n, const int64_t *values);
void ftdn_cudnn_put_descriptor(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor,
                               cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t value);

/* From now on it is read, not filled. Answers the same descriptor. */
cudnnBackendDescriptor_t ftdn_cudnn_finalize(ftdn_cudnn_set *set, cudnnBackendDescriptor_t descriptor);

ftdn_status ftdn_cudnn_set_check(const ftdn_cudnn_set *set, ftdn_error *err);

#endif
