/* cuda_convolution.c - what the convolution of a node is. */
#include "engine/cuda/cuda_convolution.h"

ftdn_cuda_convolution_desc ftdn_cuda_convolution_describe(const ftdn_graph *graph, int index,
                                                          ftdn_cuda_convolution_kind kind, int n_images,
                                                          ftdn_activation activation, bool tf32)
{
    const ftdn_node *node = &graph->node[index];
    return (ftdn_cuda_convolution_desc){
        .kind = kind,
        .name = node->name,
        .n_images = n_images,
        .in = graph->node[node->input].shape,
        .out = node->shape,
        .kernel_h = node->kernel_h,
        .kernel_w = node->kernel_w,
        .stride = node->stride,
        .dilation = node->dilation,
        .pad_top = node->pad_top,
        .pad_left = node->pad_left,
        .pad_bottom = node->pad_bottom,
        .pad_right = node->pad_right,
        .activation = kind == FTDN_CUDA_CONVOLUTION_FORWARD ? activation : FTDN_ACTIVATION_NONE,
        .tf32 = tf32,
    };
}
