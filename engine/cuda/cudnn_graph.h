/* cudnn_graph.h - a convolution as cuDNN's operation graph: tensors, the operation, what is fused behind it.
 *
 * cuDNN names dimensions in the order N, C, H, W and K, C, R, S whatever the memory looks like; strides say that
 * maps are [N,H,W,C] and weights [K,R,S,C]. Needs no device. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_GRAPH_H
#define FTDN_ENGINE_CUDA_CUDNN_GRAPH_H

#include <stdbool.h>

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cudnn_descriptor.h"

/* Names of the tensors that are given at each run: a and b of ftdn_cuda_convolution_run, its bias, its result. */
enum {
    FTDN_CUDNN_A = 1,
    FTDN_CUDNN_B,
    FTDN_CUDNN_BIAS, /* of fused graphs only */
    FTDN_CUDNN_OUT,
};

#define FTDN_CUDNN_WHAT_CHARS 192

/* "conv4_3 forward, x [64,38,38,512], w [512,3,3,512], y [64,38,38,512]": what messages are about.
 * ret_what: [FTDN_CUDNN_WHAT_CHARS]. */
void ftdn_cudnn_describe_convolution(const ftdn_cuda_convolution_desc *desc, char *ret_what);

/* Not to be moved in memory once made: the set borrows `what`. */
typedef struct ftdn_cudnn_graph {
    char what[FTDN_CUDNN_WHAT_CHARS];
    ftdn_cudnn_set set;
    cudnnBackendDescriptor_t operations; /* the finalized operation graph; of the set */
} ftdn_cudnn_graph;

/* is_fused: FORWARD with bias and activation; else the bare convolution. FTDN_ERR_BACKEND: the library refuses it.
 * On failure nothing is left behind. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_graph_init(ftdn_cudnn_graph *graph, const ftdn_cuda_convolution_desc *desc,
                                                 bool is_fused, ftdn_error *err);
void ftdn_cudnn_graph_done(ftdn_cudnn_graph *graph);

#endif
