#include "engine/graph.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/size.h"
#include "engine/graph_edit.h"

void ftdn_graph_init(ftdn_graph *graph, ftdn_arena *arena)
{
    *graph = (ftdn_graph){.arena = arena};
}

/* Room for one more item in a growing array of the arena. Returns the array, or NULL with the
 * failure kept in the graph. Abandoned arrays stay in the arena; doubling bounds them by the final one. */
static void *grow(ftdn_graph *graph, void *items, int n_items, int *capacity, size_t item_size)
{
    if (n_items < *capacity) return items;
    int larger = *capacity ? *capacity * 2 : 64;
    void *fresh = ftdn_arena_alloc(graph->arena, (size_t)larger, item_size, &graph->error);
    if (!fresh) {
        graph->status = FTDN_ERR_MEMORY;
        return NULL;
    }
    if (n_items) memcpy(fresh, items, (size_t)n_items * item_size);
    *capacity = larger;
    return fresh;
}

#define FAIL_GRAPH(graph, ...) ((graph)->status = FTDN_FAIL(&(graph)->error, FTDN_ERR_ARG, __VA_ARGS__))

const char *ftdn_graph_format_name(ftdn_graph *graph, const char *format, ...)
{
    if (graph->status != FTDN_OK) return NULL;
    va_list args;
    va_start(args, format);
    const char *name = ftdn_arena_format_list(graph->arena, &graph->error, format, args);
    va_end(args);
    if (!name) graph->status = FTDN_ERR_MEMORY;
    return name;
}

int ftdn_graph_append_node(ftdn_graph *graph, const ftdn_node *node)
{
    if (graph->status != FTDN_OK) return -1;
    for (int i = 0; i < graph->n_nodes; i++) {
        if (!strcmp(graph->node[i].name, node->name)) {
            FAIL_GRAPH(graph, "graph: two nodes are called '%s'", node->name);
            return -1;
        }
    }
    ftdn_node *nodes = grow(graph, graph->node, graph->n_nodes, &graph->node_capacity, sizeof *nodes);
    if (!nodes) return -1;
    graph->node = nodes;
    graph->node[graph->n_nodes] = *node;
    return graph->n_nodes++;
}

int ftdn_graph_append_param(ftdn_graph *graph, const ftdn_param *param)
{
    if (graph->status != FTDN_OK) return -1;
    if (ftdn_graph_find_param(graph, param->name) >= 0) {
        FAIL_GRAPH(graph, "graph: two parameters are called '%s'", param->name);
        return -1;
    }
    ftdn_param *params = grow(graph, graph->param, graph->n_params, &graph->param_capacity, sizeof *params);
    if (!params) return -1;
    graph->param = params;
    graph->param[graph->n_params] = *param;
    return graph->n_params++;
}

static int add_param(ftdn_graph *graph, const char *name, ftdn_param_kind kind, int node, int n_dims,
                     const int64_t *dims)
{
    if (graph->status != FTDN_OK) return -1;
    ftdn_param param = {.name = name, .kind = kind, .node = node, .n_dims = n_dims, .n_elements = 1};
    assert(n_dims >= 1 && n_dims <= 4);
    for (int i = 0; i < n_dims; i++) {
        assert(dims[i] > 0);
        param.dims[i] = dims[i];
        if (!ftdn_size_mul(param.n_elements, (size_t)dims[i], &param.n_elements)) {
            FAIL_GRAPH(graph, "graph: parameter '%s' is too large", name);
            return -1;
        }
    }
    return ftdn_graph_append_param(graph, &param);
}

int ftdn_graph_append_layer(ftdn_graph *graph, const ftdn_layer *layer)
{
    if (graph->status != FTDN_OK) return -1;
    ftdn_layer *layers = grow(graph, graph->layer, graph->n_layers, &graph->layer_capacity, sizeof *layers);
    if (!layers) return -1;
    graph->layer = layers;
    graph->layer[graph->n_layers] = *layer;
    return graph->n_layers++;
}

int ftdn_graph_add_input(ftdn_graph *graph, ftdn_shape shape)
{
    assert(graph->n_nodes == 0 && "the input is the first node");
    return ftdn_graph_append_node(
        graph, &(ftdn_node){.op = FTDN_OP_INPUT, .name = "input", .input = -1, .shape = shape, .layer = -1});
}

/* Output length of a window of `reach` cells moved by `stride` over n cells and `pad` cells around them. */
static int window_outputs(int n, int pad, int reach, int stride, bool ceil_mode)
{
    int room = n + pad - reach;
    if (room < 0) return 0;
    return (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
}

static bool place_window(ftdn_graph *graph, ftdn_node *node, ftdn_shape in, bool same_padding)
{
    int reach_h = (node->kernel_h - 1) * node->dilation + 1;
    int reach_w = (node->kernel_w - 1) * node->dilation + 1;
    if (same_padding) {
        int out_h = (in.h + node->stride - 1) / node->stride;
        int out_w = (in.w + node->stride - 1) / node->stride;
        int total_h = (out_h - 1) * node->stride + reach_h - in.h;
        int total_w = (out_w - 1) * node->stride + reach_w - in.w;
        if (total_h < 0) total_h = 0;
        if (total_w < 0) total_w = 0;
        node->pad_top = total_h / 2;
        node->pad_bottom = total_h - node->pad_top;
        node->pad_left = total_w / 2;
        node->pad_right = total_w - node->pad_left;
    }
    node->shape.h = window_outputs(in.h, node->pad_top + node->pad_bottom, reach_h, node->stride, false);
    node->shape.w = window_outputs(in.w, node->pad_left + node->pad_right, reach_w, node->stride, false);
    if (node->shape.h > 0 && node->shape.w > 0) return true;
    FAIL_GRAPH(graph, "graph: '%s': a window of %dx%d does not fit into a map of %dx%d", node->name, reach_h, reach_w,
               in.h, in.w);
    return false;
}

static int add_conv(ftdn_graph *graph, int input, const ftdn_conv_layer_desc *desc, int layer)
{
    ftdn_shape in = graph->node[input].shape;
    ftdn_node node = {
        .op = FTDN_OP_CONV,
        .name = desc->name,
        .input = input,
        .shape = {.c = desc->n_outputs},
        .layer = layer,
        .kernel_h = desc->kernel,
        .kernel_w = desc->kernel,
        .stride = desc->stride ? desc->stride : 1,
        .dilation = desc->dilation ? desc->dilation : 1,
        .pad_top = desc->pad,
        .pad_left = desc->pad,
        .pad_bottom = desc->pad,
        .pad_right = desc->pad,
        .groups = desc->depthwise ? in.c : 1,
        .weight = -1,
        .bias = -1,
    };
    if (desc->depthwise && desc->n_outputs != in.c) {
        FAIL_GRAPH(graph, "graph: '%s': a depthwise convolution of %d channels makes %d, not %d", desc->name, in.c,
                   in.c, desc->n_outputs);
        return -1;
    }
    if (!place_window(graph, &node, in, desc->same_padding)) return -1;
    int index = ftdn_graph_append_node(graph, &node);
    if (index < 0) return -1;
    const char *weight_name = ftdn_graph_format_name(graph, "%s.weight", desc->name);
    const char *bias_name = ftdn_graph_format_name(graph, "%s.bias", desc->name);
    if (!weight_name || !bias_name) return -1;
    int64_t weight_dims[4] = {desc->n_outputs, in.c / node.groups, desc->kernel, desc->kernel};
    int64_t bias_dims[1] = {desc->n_outputs};
    int weight = add_param(graph, weight_name, FTDN_PARAM_CONV_WEIGHT, index, 4, weight_dims);
    int bias = desc->has_bias ? add_param(graph, bias_name, FTDN_PARAM_CONV_BIAS, index, 1, bias_dims) : -1;
    graph->node[index].weight = weight;
    graph->node[index].bias = bias;
    return index;
}

static int add_batch_norm(ftdn_graph *graph, int input, const char *name, double epsilon, int layer)
{
    ftdn_shape shape = graph->node[input].shape;
    int index = ftdn_graph_append_node(graph, &(ftdn_node){
                                                  .op = FTDN_OP_BATCH_NORM,
                                                  .name = name,
                                                  .input = input,
                                                  .shape = shape,
                                                  .layer = layer,
                                                  .epsilon = epsilon > 0 ? epsilon : 1e-5,
                                              });
    if (index < 0) return -1;
    static const struct {
        const char *suffix;
        ftdn_param_kind kind;
    } part[4] = {
        {".weight", FTDN_PARAM_BN_SCALE},
        {".bias", FTDN_PARAM_BN_SHIFT},
        {".running_mean", FTDN_PARAM_BN_MEAN},
        {".running_var", FTDN_PARAM_BN_VAR},
    };
    int param[4];
    int64_t dims[1] = {shape.c};
    for (int i = 0; i < 4; i++) {
        const char *param_name = ftdn_graph_format_name(graph, "%s%s", name, part[i].suffix);
        if (!param_name) return -1;
        param[i] = add_param(graph, param_name, part[i].kind, index, 1, dims);
    }
    graph->node[index].bn_scale = param[0];
    graph->node[index].bn_shift = param[1];
    graph->node[index].bn_mean = param[2];
    graph->node[index].bn_var = param[3];
    return index;
}

static int add_activation(ftdn_graph *graph, int input, const char *layer_name, ftdn_activation activation, int layer)
{
    const char *suffix = activation == FTDN_ACTIVATION_RELU6 ? "relu6" : "relu";
    const char *name = ftdn_graph_format_name(graph, "%s:%s", layer_name, suffix);
    if (!name) return -1;
    return ftdn_graph_append_node(graph, &(ftdn_node){
                                             .op = FTDN_OP_ACTIVATION,
                                             .name = name,
                                             .input = input,
                                             .shape = graph->node[input].shape,
                                             .layer = layer,
                                             .activation = activation,
                                         });
}

int ftdn_graph_add_conv_layer(ftdn_graph *graph, int input, const ftdn_conv_layer_desc *desc)
{
    if (graph->status != FTDN_OK) return -1;
    assert(input >= 0 && input < graph->n_nodes && desc->n_outputs > 0 && desc->kernel > 0);
    int layer = graph->n_layers;
    int conv = add_conv(graph, input, desc, layer);
    int last = conv;
    if (last >= 0 && desc->batch_norm) last = add_batch_norm(graph, last, desc->batch_norm, desc->epsilon, layer);
    if (last >= 0 && desc->activation != FTDN_ACTIVATION_NONE) {
        last = add_activation(graph, last, desc->name, desc->activation, layer);
    }
    if (graph->status != FTDN_OK) return -1;
    ftdn_graph_append_layer(
        graph, &(ftdn_layer){.name = desc->name, .conv = conv, .last = last, .roles = desc->roles, .original = layer});
    return graph->status == FTDN_OK ? last : -1;
}

int ftdn_graph_add_batch_norm(ftdn_graph *graph, int input, const char *name, double epsilon)
{
    if (graph->status != FTDN_OK) return -1;
    assert(input >= 0 && input < graph->n_nodes);
    return add_batch_norm(graph, input, name, epsilon, -1);
}

int ftdn_graph_add_max_pool(ftdn_graph *graph, int input, const char *name, int kernel, int stride, int pad,
                            bool ceil_mode)
{
    if (graph->status != FTDN_OK) return -1;
    assert(input >= 0 && input < graph->n_nodes && kernel > 0 && stride > 0 && pad >= 0);
    ftdn_shape in = graph->node[input].shape;
    ftdn_node node = {
        .op = FTDN_OP_MAX_POOL,
        .name = name,
        .input = input,
        .layer = -1,
        .kernel_h = kernel,
        .kernel_w = kernel,
        .stride = stride,
        .dilation = 1,
        .pad_top = pad,
        .pad_left = pad,
        .shape = {window_outputs(in.h, 2 * pad, kernel, stride, ceil_mode),
                  window_outputs(in.w, 2 * pad, kernel, stride, ceil_mode), in.c},
    };
    /* Ceil mode lets the last window hang over the edge; it must still begin inside. */
    if (ceil_mode && (node.shape.h - 1) * stride >= in.h + pad) node.shape.h--;
    if (ceil_mode && (node.shape.w - 1) * stride >= in.w + pad) node.shape.w--;
    if (node.shape.h <= 0 || node.shape.w <= 0) {
        FAIL_GRAPH(graph, "graph: '%s': a window of %dx%d does not fit into a map of %dx%d", name, kernel, kernel, in.h,
                   in.w);
        return -1;
    }
    int overhang_h = (node.shape.h - 1) * stride + kernel - in.h - pad;
    int overhang_w = (node.shape.w - 1) * stride + kernel - in.w - pad;
    node.pad_bottom = overhang_h > 0 ? overhang_h : 0;
    node.pad_right = overhang_w > 0 ? overhang_w : 0;
    return ftdn_graph_append_node(graph, &node);
}

int ftdn_graph_add_constant(ftdn_graph *graph, const char *name, int n_dims, const int64_t *dims)
{
    return add_param(graph, name, FTDN_PARAM_CONSTANT, -1, n_dims, dims);
}

ftdn_status ftdn_graph_finish(ftdn_graph *graph, ftdn_error *err)
{
    if (graph->status == FTDN_OK) return FTDN_OK;
    if (err) *err = graph->error;
    return graph->status;
}

int ftdn_graph_find_layer(const ftdn_graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_layers; i++) {
        if (!strcmp(graph->layer[i].name, name)) return i;
    }
    return -1;
}

int ftdn_graph_find_param(const ftdn_graph *graph, const char *name)
{
    for (int i = 0; i < graph->n_params; i++) {
        if (!strcmp(graph->param[i].name, name)) return i;
    }
    return -1;
}

int ftdn_layer_weight_param(const ftdn_graph *graph, int layer)
{
    return graph->node[graph->layer[layer].conv].weight;
}

size_t ftdn_param_row_size(const ftdn_param *param)
{
    return param->n_elements / (size_t)param->dims[0];
}

size_t ftdn_shape_elements(ftdn_shape shape)
{
    return (size_t)shape.h * (size_t)shape.w * (size_t)shape.c;
}

uint64_t ftdn_node_macs(const ftdn_graph *graph, int node)
{
    const ftdn_node *n = &graph->node[node];
    if (n->op != FTDN_OP_CONV) return 0;
    int inputs_per_group = graph->node[n->input].shape.c / n->groups;
    return (uint64_t)ftdn_shape_elements(n->shape) * (uint64_t)(inputs_per_group * n->kernel_h * n->kernel_w);
}

bool ftdn_param_is_trained(const ftdn_param *param)
{
    return param->kind != FTDN_PARAM_BN_MEAN && param->kind != FTDN_PARAM_BN_VAR && param->kind != FTDN_PARAM_CONSTANT;
}

size_t ftdn_graph_n_trained(const ftdn_graph *graph)
{
    size_t n_trained = 0;
    for (int i = 0; i < graph->n_params; i++) {
        if (ftdn_param_is_trained(&graph->param[i])) n_trained += graph->param[i].n_elements;
    }
    return n_trained;
}
