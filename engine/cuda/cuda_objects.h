/* cuda_objects.h - what the CUDA backend hangs on a program, on packed weights, on a context and on gradients.
 *
 * A context has one stream; all that is enqueued for it goes there, in the order of the calls, and nothing waits
 * between the input and the last map. */
#ifndef FTDN_ENGINE_CUDA_CUDA_OBJECTS_H
#define FTDN_ENGINE_CUDA_CUDA_OBJECTS_H

#include <cuda_runtime_api.h>
#include <pthread.h>

#include "engine/backend.h"
#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_convolution.h"
#include "engine/device.h"

/* What is fixed of a step when its program is made. */
typedef struct ftdn_cuda_step {
    ftdn_cuda_convolution *forward;                        /* of a convolution with one group; else NULL */
    ftdn_cuda_convolution *map_gradient, *filter_gradient; /* the same where gradients are wanted */
    int *merged_place; /* of a merge: [C] in device memory: place of the channel in its copies; -1: it has none */
} ftdn_cuda_step;

typedef struct ftdn_cuda_program {
    int device;
    ftdn_device_cache *cache;
    ftdn_device_cache *own_cache;                             /* the same, or NULL where it is not the program's */
    ftdn_cuda_step *step;                                     /* [n_steps] */
    size_t forward_workspace_bytes, gradient_workspace_bytes; /* the largest of any convolution */
} ftdn_cuda_program;

/* Device memory; NULL where a step has no such parameter. */
typedef struct ftdn_cuda_packed_step {
    float *weight;         /* [K,R,S,C] of a convolution, [R,S,C] where it is depthwise */
    float *bias;           /* [K] of every convolution */
    float *slope, *offset; /* [C] of a batch norm: y = x slope + offset; behind a convolution offset is its bias */
    float *mean, *var;     /* [C] of a batch norm as stored, where gradients are wanted */
} ftdn_cuda_packed_step;

typedef struct ftdn_cuda_packed {
    ftdn_cuda_packed_step *step; /* [n_steps] */
    float *memory;               /* of all steps */
    float *staged;               /* parameters of one step that come from the host */
    cudaStream_t stream;
    bool follows_context;  /* whose stream it is: updates wait for nothing */
    pthread_mutex_t mutex; /* of stream and staged: steps are packed by several threads at once */
} ftdn_cuda_packed;

typedef struct ftdn_cuda_context_state {
    cudaStream_t stream;
    ftdn_cuda_library *library;
    void *workspace;               /* forward_workspace_bytes */
    ftdn_cuda_batch *batch;        /* [2] in device memory: of set_batch, of the bytes in `pixels` */
    uint8_t *host_pixels, *pixels; /* [micro_batch,H,W,3] on their way, pinned and on the device; NULL: none came yet */
    cudaEvent_t pixels_sent;       /* host_pixels may be written again */
    cudaEvent_t mark[FTDN_DEVICE_MARKS];
    double *norm_slice_sums; /* of batch norms in training mode (cuda_batch_norm.h); NULL of other programs */
    bool records; /* between record_begin and record_end */
} ftdn_cuda_context_state;

/* Scratch of a backward pass: each as large as the step that needs most of it. */
typedef struct ftdn_cuda_gradients_state {
    void *workspace;             /* gradient_workspace_bytes of the program */
    float *map;                  /* the gradient of a map on its way to a sum */
    float *weight;               /* the gradient of weights, [K,R,S,C] */
    double *slice_sums, *totals; /* cuda_sums.h */
} ftdn_cuda_gradients_state;

/* Make the program's device the calling thread's: CUDA keeps one for each thread. */
ftdn_status ftdn_cuda_enter(const ftdn_program *program, ftdn_error *err);

#endif
