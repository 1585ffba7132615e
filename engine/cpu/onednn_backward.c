#include "engine/cpu/onednn_backward.h"

#include <omp.h>

typedef struct conv_geometry {
    dnnl_dims_t strides, dilates, pad_before, pad_after;
} conv_geometry;

static conv_geometry geometry_of(const ftdn_node *node)
{
    return (conv_geometry){
        .strides = {node->stride, node->stride},
        .dilates = {node->dilation - 1, node->dilation - 1},
        .pad_before = {node->pad_top, node->pad_left},
        .pad_after = {node->pad_bottom, node->pad_right},
    };
}

static ftdn_status make_map_primitive(ftdn_onednn_backward *backward, const dnnl_memory_desc_t *any_weight,
                                      const dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                                      const ftdn_node *node, ftdn_error *err)
{
    conv_geometry g = geometry_of(node);
    dnnl_convolution_desc_t desc;
    FTDN_DNNL(dnnl_dilated_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, &backward->source,
                                                               any_weight, &backward->target, g.strides, g.dilates,
                                                               g.pad_before, g.pad_after),
              node->name, err);
    FTDN_DNNL(dnnl_primitive_desc_create(&backward->map_desc, &desc, attributes, engine, NULL), node->name, err);
    FTDN_DNNL(dnnl_primitive_create(&backward->map_primitive, backward->map_desc), node->name, err);
    const dnnl_memory_desc_t *weight = dnnl_primitive_desc_query_md(backward->map_desc, dnnl_query_weights_md, 0);
    return ftdn_onednn_make_reorder(&backward->weight_reorder, engine, &backward->weight_plain, weight, node->name,
                                    err);
}

static ftdn_status make_params_primitive(ftdn_onednn_backward *backward, const dnnl_memory_desc_t *any_weight,
                                         const dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                                         const ftdn_node *node, ftdn_error *err)
{
    conv_geometry g = geometry_of(node);
    dnnl_convolution_desc_t desc;
    FTDN_DNNL(dnnl_dilated_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct, &backward->source,
                                                                  any_weight, &backward->bias, &backward->target,
                                                                  g.strides, g.dilates, g.pad_before, g.pad_after),
              node->name, err);
    FTDN_DNNL(dnnl_primitive_desc_create(&backward->params_desc, &desc, attributes, engine, NULL), node->name, err);
    FTDN_DNNL(dnnl_primitive_create(&backward->params_primitive, backward->params_desc), node->name, err);
    const dnnl_memory_desc_t *gradient =
        dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_diff_weights_md, 0);
    return ftdn_onednn_make_reorder(&backward->gradient_reorder, engine, gradient, &backward->weight_plain, node->name,
                                    err);
}

static ftdn_status make_backward(ftdn_onednn_backward *backward, const ftdn_onednn_step *forward, dnnl_engine_t engine,
                                 const ftdn_node *node, ftdn_error *err)
{
    backward->source = forward->source_nhwc;
    backward->target = forward->target_nhwc;
    backward->weight_plain = forward->weight_plain;
    dnnl_dims_t bias_dims = {node->shape.c};
    FTDN_DNNL(dnnl_memory_desc_init_by_tag(&backward->bias, 1, bias_dims, dnnl_f32, dnnl_a), node->name, err);
    dnnl_memory_desc_t any_weight;
    FTDN_DNNL(dnnl_memory_desc_init_by_tag(&any_weight, forward->weight_plain.ndims, forward->weight_plain.dims,
                                           dnnl_f32, dnnl_format_tag_any),
              node->name, err);
    dnnl_primitive_attr_t attributes;
    FTDN_DNNL(dnnl_primitive_attr_create(&attributes), node->name, err);
    dnnl_status_t result = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    ftdn_status status = FTDN_OK;
    if (result != dnnl_success)
        status = ftdn_onednn_fail("dnnl_primitive_attr_set_scratchpad_mode", result, node->name, err);
    if (status == FTDN_OK) status = make_map_primitive(backward, &any_weight, attributes, engine, node, err);
    if (status == FTDN_OK) status = make_params_primitive(backward, &any_weight, attributes, engine, node, err);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

ftdn_status ftdn_onednn_backward_init(ftdn_onednn_backward *backward, const ftdn_onednn_step *forward,
                                      dnnl_engine_t engine, const ftdn_node *node, ftdn_error *err)
{
    int n_threads = omp_get_max_threads();
    omp_set_num_threads(1);
    ftdn_status status = make_backward(backward, forward, engine, node, err);
    omp_set_num_threads(n_threads);
    return status;
}

void ftdn_onednn_backward_done(ftdn_onednn_backward *backward)
{
    if (backward->weight_reorder) dnnl_primitive_destroy(backward->weight_reorder);
    if (backward->gradient_reorder) dnnl_primitive_destroy(backward->gradient_reorder);
    if (backward->map_primitive) dnnl_primitive_destroy(backward->map_primitive);
    if (backward->params_primitive) dnnl_primitive_destroy(backward->params_primitive);
    if (backward->map_desc) dnnl_primitive_desc_destroy(backward->map_desc);
    if (backward->params_desc) dnnl_primitive_desc_destroy(backward->params_desc);
    *backward = (ftdn_onednn_backward){0};
}
