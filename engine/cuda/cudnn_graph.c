#include "engine/cuda/cudnn_graph.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* Tensors between fused operations have names too, but no memory. */
enum { SUM = FTDN_CUDNN_OUT + 1, BIASED };

static const cudnnDataType_t f32 = CUDNN_DATA_FLOAT;

void ftdn_cudnn_describe_convolution(const ftdn_cuda_convolution_desc *desc, char *ret_what)
{
    static const char *const operation[] = {"forward", "gradient of x", "gradient of w"};
    snprintf(ret_what, FTDN_CUDNN_WHAT_CHARS, "%s %s, x [%d,%d,%d,%d], w [%d,%d,%d,%d], y [%d,%d,%d,%d]", desc->name,
             operation[desc->kind], desc->n_images, desc->in.h, desc->in.w, desc->in.c, desc->out.c, desc->kernel_h,
             desc->kernel_w, desc->in.c, desc->n_images, desc->out.h, desc->out.w, desc->out.c);
}

/* n blocks of [h,w,c] in memory, c fastest: images of a map, filters of a weight, and (1,1) a bias. */
static cudnnBackendDescriptor_t add_tensor(ftdn_cudnn_set *set, int64_t id, int n, ftdn_shape shape, bool is_virtual)
{
    const int64_t c = shape.c, h = shape.h, w = shape.w, alignment = 16;
    const int64_t dimensions[] = {n, c, h, w}, strides[] = {h * w * c, 1, w * c, c};
    cudnnBackendDescriptor_t tensor = ftdn_cudnn_add(set, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    ftdn_cudnn_put(set, tensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &f32);
    ftdn_cudnn_put_integers(set, tensor, CUDNN_ATTR_TENSOR_DIMENSIONS, 4, dimensions);
    ftdn_cudnn_put_integers(set, tensor, CUDNN_ATTR_TENSOR_STRIDES, 4, strides);
    ftdn_cudnn_put_integers(set, tensor, CUDNN_ATTR_TENSOR_UNIQUE_ID, 1, &id);
    ftdn_cudnn_put_integers(set, tensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 1, &alignment);
    ftdn_cudnn_put(set, tensor, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &is_virtual);
    return ftdn_cudnn_finalize(set, tensor);
}

static cudnnBackendDescriptor_t add_window(ftdn_cudnn_set *set, const ftdn_cuda_convolution_desc *desc)
{
    static const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const int64_t n_dimensions = 2, before[] = {desc->pad_top, desc->pad_left},
                  after[] = {desc->pad_bottom, desc->pad_right}, stride[] = {desc->stride, desc->stride},
                  dilation[] = {desc->dilation, desc->dilation};
    cudnnBackendDescriptor_t window = ftdn_cudnn_add(set, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    ftdn_cudnn_put(set, window, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &f32);
    ftdn_cudnn_put(set, window, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    ftdn_cudnn_put_integers(set, window, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 1, &n_dimensions);
    ftdn_cudnn_put_integers(set, window, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 2, before);
    ftdn_cudnn_put_integers(set, window, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 2, after);
    ftdn_cudnn_put_integers(set, window, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 2, stride);
    ftdn_cudnn_put_integers(set, window, CUDNN_ATTR_CONVOLUTION_DILATIONS, 2, dilation);
    return ftdn_cudnn_finalize(set, window);
}

/* Each direction of a convolution has attributes of its own for the same things. */
typedef struct convolution_names {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t alpha, beta, window, x, w, y;
} convolution_names;

static const convolution_names names_of[] = {
    [FTDN_CUDA_CONVOLUTION_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                                       CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y},
    [FTDN_CUDA_CONVOLUTION_MAP_GRADIENT] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                                            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY},
    [FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                                               CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY},
};

static cudnnBackendDescriptor_t add_convolution(ftdn_cudnn_set *set, const ftdn_cuda_convolution_desc *desc,
                                                cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t w,
                                                cudnnBackendDescriptor_t y)
{
    static const float one = 1, zero = 0;
    const convolution_names *name = &names_of[desc->kind];
    cudnnBackendDescriptor_t window = add_window(set, desc);
    cudnnBackendDescriptor_t operation = ftdn_cudnn_add(set, name->type);
    ftdn_cudnn_put(set, operation, name->alpha, CUDNN_TYPE_FLOAT, 1, &one);
    ftdn_cudnn_put(set, operation, name->beta, CUDNN_TYPE_FLOAT, 1, &zero);
    ftdn_cudnn_put_descriptor(set, operation, name->window, window);
    ftdn_cudnn_put_descriptor(set, operation, name->x, x);
    ftdn_cudnn_put_descriptor(set, operation, name->w, w);
    ftdn_cudnn_put_descriptor(set, operation, name->y, y);
    return ftdn_cudnn_finalize(set, operation);
}

/* y = f(x, b), element by element. ceiling: of a rectifier; infinite: none, and said so, lest it be the largest finite
 * number. b: NULL where f has one operand. */
static cudnnBackendDescriptor_t add_pointwise(ftdn_cudnn_set *set, cudnnPointwiseMode_t mode, double ceiling,
                                              cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t b,
                                              cudnnBackendDescriptor_t y)
{
    cudnnBackendDescriptor_t function = ftdn_cudnn_add(set, CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    ftdn_cudnn_put(set, function, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    ftdn_cudnn_put(set, function, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &f32);
    if (mode == CUDNN_POINTWISE_RELU_FWD) {
        ftdn_cudnn_put(set, function, CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, CUDNN_TYPE_DOUBLE, 1, &ceiling);
    }
    ftdn_cudnn_finalize(set, function);
    cudnnBackendDescriptor_t operation = ftdn_cudnn_add(set, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    ftdn_cudnn_put_descriptor(set, operation, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function);
    ftdn_cudnn_put_descriptor(set, operation, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b) ftdn_cudnn_put_descriptor(set, operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    ftdn_cudnn_put_descriptor(set, operation, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    return ftdn_cudnn_finalize(set, operation);
}

/* The name of each of the convolution's tensors: which is read first, which second, which is written. */
static void name_tensors(ftdn_cuda_convolution_kind kind, bool is_fused, int64_t *ret_x, int64_t *ret_w, int64_t *ret_y)
{
    switch (kind) {
    case FTDN_CUDA_CONVOLUTION_FORWARD:
        *ret_x = FTDN_CUDNN_A, *ret_w = FTDN_CUDNN_B, *ret_y = is_fused ? SUM : FTDN_CUDNN_OUT;
        break;
    case FTDN_CUDA_CONVOLUTION_MAP_GRADIENT:
        *ret_x = FTDN_CUDNN_OUT, *ret_w = FTDN_CUDNN_B, *ret_y = FTDN_CUDNN_A;
        break;
    case FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT:
        *ret_x = FTDN_CUDNN_B, *ret_w = FTDN_CUDNN_OUT, *ret_y = FTDN_CUDNN_A;
        break;
    }
}

ftdn_status ftdn_cudnn_graph_init(ftdn_cudnn_graph *graph, const ftdn_cuda_convolution_desc *desc, bool is_fused,
                                  ftdn_error *err)
{
    assert(!is_fused || desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD);
    ftdn_cudnn_describe_convolution(desc, graph->what);
    ftdn_cudnn_set *set = &graph->set;
    ftdn_cudnn_set_init(set, graph->what);

    int64_t x_id = 0, w_id = 0, y_id = 0;
    name_tensors(desc->kind, is_fused, &x_id, &w_id, &y_id);
    const ftdn_shape filter = {desc->kernel_h, desc->kernel_w, desc->in.c};
    cudnnBackendDescriptor_t x = add_tensor(set, x_id, desc->n_images, desc->in, false);
    cudnnBackendDescriptor_t w = add_tensor(set, w_id, desc->out.c, filter, false);
    cudnnBackendDescriptor_t y = add_tensor(set, y_id, desc->n_images, desc->out, is_fused);
    cudnnBackendDescriptor_t operation[3];
    int n_operations = 0;
    operation[n_operations++] = add_convolution(set, desc, x, w, y);
    if (is_fused) {
        bool has_activation = desc->activation != FTDN_ACTIVATION_NONE;
        const ftdn_shape one_pixel = {1, 1, desc->out.c};
        cudnnBackendDescriptor_t bias = add_tensor(set, FTDN_CUDNN_BIAS, 1, one_pixel, false);
        cudnnBackendDescriptor_t biased =
            add_tensor(set, has_activation ? BIASED : FTDN_CUDNN_OUT, desc->n_images, desc->out, has_activation);
        operation[n_operations++] = add_pointwise(set, CUDNN_POINTWISE_ADD, 0, y, bias, biased);
        if (has_activation) {
            cudnnBackendDescriptor_t result = add_tensor(set, FTDN_CUDNN_OUT, desc->n_images, desc->out, false);
            double ceiling = desc->activation == FTDN_ACTIVATION_RELU6 ? 6 : (double)INFINITY;
            operation[n_operations++] = add_pointwise(set, CUDNN_POINTWISE_RELU_FWD, ceiling, biased, NULL, result);
        }
    }
    graph->operations = ftdn_cudnn_add(set, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    ftdn_cudnn_put(set, graph->operations, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n_operations,
                   operation);
    ftdn_cudnn_finalize(set, graph->operations);
    ftdn_status status = ftdn_cudnn_set_check(set, err);
    if (status != FTDN_OK) ftdn_cudnn_graph_done(graph);
    return status;
}

void ftdn_cudnn_graph_done(ftdn_cudnn_graph *graph)
{
    ftdn_cudnn_set_done(&graph->set);
    graph->operations = NULL;
}
