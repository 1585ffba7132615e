/* graph.h - a convolutional network as a list of nodes, each of which makes one feature map.
 *
 * A graph says what is computed and nothing of how: no memory, no backend, no fusing. Nodes stand in
 * the order of computation and refer to earlier nodes by index. A *layer* is what a reader of the
 * paper calls one: a convolution with the batch norm and the activation behind it, named by the
 * convolution's parameters ("base_net.1.3"). Faults, rankings and protections speak of layers.
 *
 * Maps are [N,H,W,C] in memory (NHWC); shapes here are those of one image. Weights are [K,C/groups,R,S]
 * as in PyTorch's files. The graph lives in the arena given at its creation. */
#ifndef FTDN_ENGINE_GRAPH_H
#define FTDN_ENGINE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/copies.h"
#include "engine/merge_hd.h"

typedef struct ftdn_shape {
    int h, w, c; /* rows, columns, channels of one image's map */
} ftdn_shape;

typedef enum ftdn_op {
    FTDN_OP_INPUT,      /* the image, normalised by the caller or from bytes (see ftdn_input in engine.h) */
    FTDN_OP_CONV,       /* y[p,q,k] = b[k] + sum_{c,r,s} w[k,c,r,s] x[p*stride+r*dilation-pad, ..., c] */
    FTDN_OP_BATCH_NORM, /* y = (x - mean[c]) / sqrt(var[c] + epsilon) * scale[c] + shift[c] */
    FTDN_OP_ACTIVATION, /* y = max(x, 0), or min(max(x, 0), 6); NaN becomes 0 */
    FTDN_OP_MAX_POOL,   /* padding and NaN never win */
    FTDN_OP_MERGE,      /* y[k] = x[k] merged with the copies of channel k that other maps hold (merge_hd.h) */
    FTDN_OP_CLIP,       /* y = min(max(x, low), high); NaN becomes low */
} ftdn_op;

typedef enum ftdn_activation {
    FTDN_ACTIVATION_NONE,
    FTDN_ACTIVATION_RELU,
    FTDN_ACTIVATION_RELU6,
} ftdn_activation;

typedef enum ftdn_param_kind {
    FTDN_PARAM_CONV_WEIGHT, /* [K,C/groups,R,S] */
    FTDN_PARAM_CONV_BIAS,   /* [K] */
    FTDN_PARAM_BN_SCALE,    /* [C]; "weight" in PyTorch's files */
    FTDN_PARAM_BN_SHIFT,    /* [C]; "bias" */
    FTDN_PARAM_BN_MEAN,     /* [C]; "running_mean", not counted as a trained parameter */
    FTDN_PARAM_BN_VAR,      /* [C]; "running_var", not counted either */
    FTDN_PARAM_CONSTANT,    /* any; read by code outside the graph (priors), not counted */
} ftdn_param_kind;

typedef struct ftdn_param {
    const char *name; /* as in the weight file: "base_net.1.0.weight" */
    ftdn_param_kind kind;
    int n_dims;
    int64_t dims[4];
    size_t n_elements;
    int node; /* that reads it; -1 for FTDN_PARAM_CONSTANT */
} ftdn_param;

/* Which part of a network a layer is; a scope (injectors/scope.h) is a predicate over these. */
enum {
    FTDN_ROLE_FEATURE_WEIGHTS = 1 << 0, /* its weights belong to the feature-extraction layers */
    FTDN_ROLE_FEATURE_MAP = 1 << 1,     /* its output is a feature map of the paper (a block's output) */
    FTDN_ROLE_BLOCK_CONV = 1 << 2,      /* any convolution inside the feature-extraction layers */
    FTDN_ROLE_SOURCE = 1 << 3,          /* its output feeds the detection heads */
    FTDN_ROLE_BASE = 1 << 4,            /* any convolution of the base network (stem, conv6 and conv7 too) */
    FTDN_ROLE_EXTRA = 1 << 5,
    FTDN_ROLE_HEAD = 1 << 6,
};

typedef struct ftdn_node {
    ftdn_op op;
    const char *name;
    int input; /* node index; -1 for the input node */
    ftdn_shape shape;
    int layer;                                /* the layer this node is part of; -1: none */
    int kernel_h, kernel_w, stride, dilation; /* CONV, MAX_POOL */
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;                              /* CONV: 1, or the number of channels (depthwise) */
    ftdn_activation activation;              /* ACTIVATION */
    double epsilon;                          /* BATCH_NORM */
    int weight, bias;                        /* CONV: parameter indices; bias -1: none */
    int bn_scale, bn_shift, bn_mean, bn_var; /* BATCH_NORM: parameter indices */
    float low, high;                         /* CLIP: low <= high */
    ftdn_merge merge;                        /* MERGE: how */
    int n_copies;                            /* MERGE: 1 ... FTDN_MAX_COPIES maps beside `input` */
    int copy[FTDN_MAX_COPIES];               /* MERGE: nodes whose channel j repeats channel merged[j] of `input` */
    int n_merged;                            /* MERGE: channels of each copy; the other channels are passed on */
    const int *merged;                       /* MERGE: [n_merged], ascending */
} ftdn_node;

/* A layer of a protected graph may repeat channels of another one, which is then its original. */
typedef struct ftdn_layer {
    const char *name;    /* of the convolution */
    int conv;            /* node of the convolution: its output is the map at point "conv" */
    int last;            /* node that hands the layer's map on: the map at point "activation"; -1: it has none, because
                            it is merged into its original at the convolution */
    unsigned roles;      /* FTDN_ROLE_ bits */
    int original;        /* the layer whose channels this one repeats; its own index where it is an original */
    const int *channel;  /* [K of this layer] channel of the original that each channel repeats; NULL: the same one */
    const uint8_t *copy; /* [K of this layer] stored copy of its filter that makes each channel, 0: the original;
                            NULL: all 0 */
} ftdn_layer;

typedef struct ftdn_graph {
    ftdn_arena *arena; /* borrowed */
    int n_nodes, n_params, n_layers;
    ftdn_node *node;
    ftdn_param *param;
    ftdn_layer *layer;
    int node_capacity, param_capacity, layer_capacity;
    ftdn_status status; /* the first failure of a builder call; later calls do nothing */
    ftdn_error error;
} ftdn_graph;

/* One layer: a convolution, its batch norm and its activation (each one node). */
typedef struct ftdn_conv_layer_desc {
    const char *name;  /* parameters are NAME.weight and NAME.bias */
    int n_outputs;     /* K */
    int kernel;        /* R = S */
    int stride;        /* 0 means 1 */
    int dilation;      /* 0 means 1 */
    int pad;           /* on all four sides; ignored with same_padding */
    bool same_padding; /* TensorFlow's SAME: output = ceil(input / stride), the odd pixel bottom/right */
    bool depthwise;    /* groups = C; n_outputs must equal C */
    bool has_bias;
    const char *batch_norm; /* parameters BN.weight, .bias, .running_mean, .running_var; NULL: none */
    double epsilon;         /* of the batch norm; 0 means 1e-5 */
    ftdn_activation activation;
    unsigned roles;
} ftdn_conv_layer_desc;

/* Builders never fail on the spot: the first mistake is kept in the graph and given back by
 * ftdn_graph_finish, so that a network reads as a list of layers. They return the new node's index
 * (for a conv layer: of its last node), or -1 after a mistake. Names must be unique. */
void ftdn_graph_init(ftdn_graph *graph, ftdn_arena *arena);
int ftdn_graph_add_input(ftdn_graph *graph, ftdn_shape shape);
int ftdn_graph_add_conv_layer(ftdn_graph *graph, int input, const ftdn_conv_layer_desc *desc);
int ftdn_graph_add_batch_norm(ftdn_graph *graph, int input, const char *name, double epsilon); /* outside any layer */
int ftdn_graph_add_max_pool(ftdn_graph *graph, int input, const char *name, int kernel, int stride, int pad,
                            bool ceil_mode);
int ftdn_graph_add_constant(ftdn_graph *graph, const char *name, int n_dims, const int64_t *dims); /* parameter index */

/* A name for the builders above, in the graph's arena. NULL after a mistake, and where memory is refused, which the
 * graph keeps: the builders then read no name. */
const char *ftdn_graph_format_name(ftdn_graph *graph, const char *format, ...) FTDN_PRINTF(2, 3);

/* FTDN_ERR_ARG with the node's name where a builder call broke a rule (a kernel larger than its
 * padded input, a repeated name, an overflow). */
FTDN_NODISCARD ftdn_status ftdn_graph_finish(ftdn_graph *graph, ftdn_error *err);

int ftdn_graph_find_layer(const ftdn_graph *graph, const char *name); /* -1 if absent */
int ftdn_graph_find_param(const ftdn_graph *graph, const char *name); /* -1 if absent */

/* The weight parameter of a layer's convolution. */
int ftdn_layer_weight_param(const ftdn_graph *graph, int layer);

/* Elements of one row of a parameter: of one filter, or 1 where there is one value per channel. */
size_t ftdn_param_row_size(const ftdn_param *param);

size_t ftdn_shape_elements(ftdn_shape shape);

/* Multiply-accumulates of one image in a convolution node, 0 for other nodes. */
uint64_t ftdn_node_macs(const ftdn_graph *graph, int node);

/* Is it changed by training: no running statistics and no constant? */
bool ftdn_param_is_trained(const ftdn_param *param);

/* Trained parameters (weights, biases, batch-norm scale and shift), as PyTorch counts them. */
size_t ftdn_graph_n_trained(const ftdn_graph *graph);

#endif
