/* cuda_convolution.h - one convolution of all channels with all, on the device: forward, and its two gradients.
 *
 * Maps are [N,H,W,C], weights [K,R,S,C]. A plan is chosen once and then fixed, so that the same operation has the same
 * bits whenever it runs in this version of the library on this kind of device; it never uses an algorithm whose sums
 * have no fixed order. Depthwise convolutions are elsewhere (cuda_depthwise.h). cuDNN computes (cudnn_*.c). */
#ifndef FTDN_ENGINE_CUDA_CUDA_CONVOLUTION_H
#define FTDN_ENGINE_CUDA_CUDA_CONVOLUTION_H

#include <cuda_runtime_api.h>

#include "base/status.h"
#include "engine/engine.h"

typedef enum ftdn_cuda_convolution_kind {
    FTDN_CUDA_CONVOLUTION_FORWARD,         /* (x, w, bias) -> y = activation(x * w + bias) */
    FTDN_CUDA_CONVOLUTION_MAP_GRADIENT,    /* (dy, w) -> dx */
    FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT, /* (dy, x) -> dw */
} ftdn_cuda_convolution_kind;

typedef struct ftdn_cuda_convolution_desc {
    ftdn_cuda_convolution_kind kind;
    const char *name; /* of the node, for messages; borrowed during the call */
    int n_images;
    ftdn_shape in, out; /* of one image */
    int kernel_h, kernel_w, stride, dilation;
    int pad_top, pad_left, pad_bottom, pad_right;
    ftdn_activation activation; /* FORWARD; NaN becomes 0 in both rectifiers */
    bool tf32;                  /* else f32 with plain multiply-adds */
} ftdn_cuda_convolution_desc;

/* That of a node of a graph; activation: what follows it, FORWARD only. The name is borrowed from the graph. */
ftdn_cuda_convolution_desc ftdn_cuda_convolution_describe(const ftdn_graph *graph, int index,
                                                          ftdn_cuda_convolution_kind kind, int n_images,
                                                          ftdn_activation activation, bool tf32);

/* Of the calling thread's device: plans and handles that are given back serve those who come next. For one thread at a
 * time. */
FTDN_NODISCARD ftdn_status ftdn_cuda_cache_create(ftdn_device_cache **ret_cache, ftdn_error *err);
void ftdn_cuda_cache_free(ftdn_device_cache *cache); /* all has been given back; NULL is fine */

/* The library's handle, of one context; its work goes to the stream. */
typedef struct ftdn_cuda_library ftdn_cuda_library;
typedef struct ftdn_cuda_convolution ftdn_cuda_convolution; /* read-only once made; any handle may run it */

/* Given back to the cache when it is freed. */
FTDN_NODISCARD ftdn_status ftdn_cuda_library_create(ftdn_device_cache *cache, cudaStream_t stream,
                                                    ftdn_cuda_library **ret_library, ftdn_error *err);
void ftdn_cuda_library_free(ftdn_cuda_library *library);
const char *ftdn_cuda_library_version(void); /* "cuDNN 9.19.0"; static text; touches no device */

/* Its plan is the cache's: made for the first of those that are the same but for their name. FTDN_ERR_BACKEND: no
 * deterministic plan computes it (which operation, which shapes, what the library said). FTDN_ERR_MEMORY: too little of
 * the device for its first run. */
FTDN_NODISCARD ftdn_status ftdn_cuda_convolution_create(ftdn_device_cache *cache,
                                                        const ftdn_cuda_convolution_desc *desc,
                                                        ftdn_cuda_convolution **ret_convolution, ftdn_error *err);
void ftdn_cuda_convolution_free(ftdn_cuda_convolution *convolution);
size_t ftdn_cuda_convolution_workspace_bytes(const ftdn_cuda_convolution *convolution);

/* How it is computed, in the library's words: engine and knobs. Lives in the convolution. */
const char *ftdn_cuda_convolution_plan(const ftdn_cuda_convolution *convolution);

/* Enqueue it. a, b, out: as in ftdn_cuda_convolution_kind, device memory, 16-byte aligned; bias: [K], FORWARD only,
 * else NULL. out is written whole. workspace: as large as the convolution says, of the context. It may be recorded, but
 * not the first time that it runs: the library loads its kernels then. */
FTDN_NODISCARD ftdn_status ftdn_cuda_convolution_run(const ftdn_cuda_convolution *convolution,
                                                     ftdn_cuda_library *library, const float *a, const float *b,
                                                     const float *bias, float *out, void *workspace, ftdn_error *err);

#endif
