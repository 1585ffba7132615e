#include "engine/cpu/onednn.h"

#include <omp.h>
#include <string.h>

ftdn_status ftdn_onednn_fail(const char *call, dnnl_status_t result, const char *what, ftdn_error *err)
{
    static const char *const word[] = {"success",       "out of memory", "invalid arguments", "unimplemented",
                                       "iterator ends", "runtime error", "not required"};
    int n_name = (int)strcspn(call, "(");
    const char *cause = (size_t)result < sizeof word / sizeof *word ? word[result] : "unknown status";
    ftdn_status status = result == dnnl_out_of_memory ? FTDN_ERR_MEMORY : FTDN_ERR_BACKEND;
    return FTDN_FAIL(err, status, "%.*s: %s (%s)", n_name, call, cause, what);
}

void ftdn_onednn_destroy_memory(dnnl_memory_t memory)
{
    if (memory) dnnl_memory_destroy(memory);
}

void *ftdn_onednn_readable(const float *values)
{
    union {
        const float *given;
        void *wanted;
    } pointer = {.given = values};
    return pointer.wanted;
}

ftdn_status ftdn_onednn_execute(dnnl_primitive_t primitive, dnnl_stream_t stream, const dnnl_exec_arg_t *args,
                                int n_args, const char *what, ftdn_error *err)
{
    int n_threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t result = dnnl_primitive_execute(primitive, stream, n_args, args);
    omp_set_num_threads(n_threads);
    if (result != dnnl_success) return ftdn_onednn_fail("dnnl_primitive_execute", result, what, err);
    return FTDN_OK;
}

static ftdn_status describe_map(dnnl_memory_desc_t *desc, int n_images, ftdn_shape shape, dnnl_format_tag_t tag,
                                const char *what, ftdn_error *err)
{
    dnnl_dims_t dims = {n_images, shape.c, shape.h, shape.w};
    FTDN_DNNL(dnnl_memory_desc_init_by_tag(desc, 4, dims, dnnl_f32, tag), what, err);
    return FTDN_OK;
}

static ftdn_status describe_weight(dnnl_memory_desc_t *desc, const ftdn_node *node, int n_inputs, bool any_layout,
                                   ftdn_error *err)
{
    dnnl_dims_t dense = {node->shape.c, n_inputs, node->kernel_h, node->kernel_w};
    dnnl_dims_t grouped = {node->groups, node->shape.c / node->groups, n_inputs / node->groups, node->kernel_h,
                           node->kernel_w};
    bool depthwise = node->groups > 1;
    dnnl_format_tag_t tag = any_layout ? dnnl_format_tag_any : depthwise ? dnnl_goihw : dnnl_oihw;
    FTDN_DNNL(dnnl_memory_desc_init_by_tag(desc, depthwise ? 5 : 4, depthwise ? grouped : dense, dnnl_f32, tag),
              node->name, err);
    return FTDN_OK;
}

/* User scratchpads (several threads share a primitive) and the activation as a post-op. */
static ftdn_status make_attributes(dnnl_primitive_attr_t *attributes, ftdn_activation activation, const char *what,
                                   ftdn_error *err)
{
    FTDN_DNNL(dnnl_primitive_attr_create(attributes), what, err);
    FTDN_DNNL(dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user), what, err);
    if (activation == FTDN_ACTIVATION_NONE) return FTDN_OK;
    dnnl_alg_kind_t kind = activation == FTDN_ACTIVATION_RELU6 ? dnnl_eltwise_bounded_relu : dnnl_eltwise_relu;
    float alpha = activation == FTDN_ACTIVATION_RELU6 ? 6.0f : 0.0f;
    dnnl_post_ops_t post_ops;
    FTDN_DNNL(dnnl_post_ops_create(&post_ops), what, err);
    dnnl_status_t result = dnnl_post_ops_append_eltwise(post_ops, 1.0f, kind, alpha, 0.0f);
    if (result == dnnl_success) result = dnnl_primitive_attr_set_post_ops(*attributes, post_ops);
    dnnl_post_ops_destroy(post_ops);
    FTDN_DNNL(result, what, err);
    return FTDN_OK;
}

/* The convolution with one algorithm; dnnl_unimplemented is for the caller to judge. */
static ftdn_status describe_conv(ftdn_onednn_step *step, const ftdn_node *node, dnnl_engine_t engine,
                                 const dnnl_primitive_attr_t attributes, bool winograd, dnnl_status_t *ret_result,
                                 ftdn_error *err)
{
    dnnl_memory_desc_t source = step->source_nhwc, target = step->target_nhwc, weight, bias;
    FTDN_TRY(describe_weight(&weight, node, (int)step->source_nhwc.dims[1], true, err));
    if (winograd) {
        FTDN_DNNL(dnnl_memory_desc_init_by_tag(&source, 4, source.dims, dnnl_f32, dnnl_format_tag_any), node->name,
                  err);
        FTDN_DNNL(dnnl_memory_desc_init_by_tag(&target, 4, target.dims, dnnl_f32, dnnl_format_tag_any), node->name,
                  err);
    }
    dnnl_dims_t bias_dims = {node->shape.c}, strides = {node->stride, node->stride};
    dnnl_dims_t dilates = {node->dilation - 1, node->dilation - 1};
    dnnl_dims_t pad_before = {node->pad_top, node->pad_left}, pad_after = {node->pad_bottom, node->pad_right};
    FTDN_DNNL(dnnl_memory_desc_init_by_tag(&bias, 1, bias_dims, dnnl_f32, dnnl_a), node->name, err);
    dnnl_convolution_desc_t desc;
    FTDN_DNNL(dnnl_dilated_convolution_forward_desc_init(
                  &desc, dnnl_forward_inference, winograd ? dnnl_convolution_winograd : dnnl_convolution_direct,
                  &source, &weight, &bias, &target, strides, dilates, pad_before, pad_after),
              node->name, err);
    *ret_result = dnnl_primitive_desc_create(&step->desc, &desc, attributes, engine, NULL);
    return FTDN_OK;
}

static ftdn_status make_conv(ftdn_onednn_step *step, const ftdn_node *node, ftdn_activation activation,
                             dnnl_engine_t engine, ftdn_conv_algorithm algorithm, ftdn_error *err)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t result = dnnl_unimplemented;
    ftdn_status status = make_attributes(&attributes, activation, node->name, err);
    bool fits_winograd = node->kernel_h == 3 && node->stride == 1 && node->dilation == 1 && node->groups == 1;
    if (status == FTDN_OK && algorithm == FTDN_CONV_WINOGRAD && fits_winograd) {
        status = describe_conv(step, node, engine, attributes, true, &result, err);
    }
    if (status == FTDN_OK && result == dnnl_unimplemented) {
        status = describe_conv(step, node, engine, attributes, false, &result, err);
    }
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    FTDN_TRY(status);
    FTDN_DNNL(result, node->name, err);
    step->weight = dnnl_primitive_desc_query_md(step->desc, dnnl_query_weights_md, 0);
    step->bias = dnnl_primitive_desc_query_md(step->desc, dnnl_query_weights_md, 1);
    return describe_weight(&step->weight_plain, node, (int)step->source_nhwc.dims[1], false, err);
}

static ftdn_status make_pool(ftdn_onednn_step *step, const ftdn_node *node, dnnl_engine_t engine, ftdn_error *err)
{
    dnnl_dims_t strides = {node->stride, node->stride}, kernel = {node->kernel_h, node->kernel_w};
    dnnl_dims_t pad_before = {node->pad_top, node->pad_left}, pad_after = {node->pad_bottom, node->pad_right};
    dnnl_pooling_desc_t desc;
    FTDN_DNNL(dnnl_pooling_forward_desc_init(&desc, dnnl_forward_inference, dnnl_pooling_max, &step->source_nhwc,
                                             &step->target_nhwc, strides, kernel, pad_before, pad_after),
              node->name, err);
    dnnl_primitive_attr_t attributes = NULL;
    FTDN_TRY(make_attributes(&attributes, FTDN_ACTIVATION_NONE, node->name, err));
    dnnl_status_t result = dnnl_primitive_desc_create(&step->desc, &desc, attributes, engine, NULL);
    dnnl_primitive_attr_destroy(attributes);
    FTDN_DNNL(result, node->name, err);
    return FTDN_OK;
}

ftdn_status ftdn_onednn_make_reorder(dnnl_primitive_t *ret_reorder, dnnl_engine_t engine,
                                     const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, const char *what,
                                     ftdn_error *err)
{
    dnnl_primitive_desc_t desc;
    FTDN_DNNL(dnnl_reorder_primitive_desc_create(&desc, from, engine, to, engine, NULL), what, err);
    dnnl_status_t result = dnnl_primitive_create(ret_reorder, desc);
    dnnl_primitive_desc_destroy(desc);
    FTDN_DNNL(result, what, err);
    return FTDN_OK;
}

/* A reorder where the two layouts differ; *ret_reorder stays NULL where they are the same. */
static ftdn_status reorder_if_needed(dnnl_primitive_t *ret_reorder, dnnl_engine_t engine,
                                     const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, const char *what,
                                     ftdn_error *err)
{
    if (dnnl_memory_desc_equal(from, to)) return FTDN_OK;
    return ftdn_onednn_make_reorder(ret_reorder, engine, from, to, what, err);
}

static ftdn_status make_step(ftdn_onednn_step *step, dnnl_engine_t engine, const ftdn_program *program, int index,
                             ftdn_error *err)
{
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    int n_images = program->schedule.micro_batch;
    ftdn_shape in = program->graph->node[plan->source].shape;
    FTDN_TRY(describe_map(&step->source_nhwc, n_images, in, dnnl_nhwc, node->name, err));
    FTDN_TRY(describe_map(&step->target_nhwc, n_images, node->shape, dnnl_nhwc, node->name, err));
    if (plan->op == FTDN_OP_CONV) {
        FTDN_TRY(make_conv(step, node, plan->activation, engine, program->conv_algorithm, err));
    } else {
        FTDN_TRY(make_pool(step, node, engine, err));
    }
    FTDN_DNNL(dnnl_primitive_create(&step->primitive, step->desc), node->name, err);
    step->source = dnnl_primitive_desc_query_md(step->desc, dnnl_query_src_md, 0);
    step->target = dnnl_primitive_desc_query_md(step->desc, dnnl_query_dst_md, 0);
    step->scratchpad = dnnl_primitive_desc_query_md(step->desc, dnnl_query_scratchpad_md, 0);
    FTDN_TRY(reorder_if_needed(&step->source_reorder, engine, &step->source_nhwc, step->source, node->name, err));
    FTDN_TRY(reorder_if_needed(&step->target_reorder, engine, step->target, &step->target_nhwc, node->name, err));
    if (plan->op != FTDN_OP_CONV) return FTDN_OK;
    return ftdn_onednn_make_reorder(&step->weight_reorder, engine, &step->weight_plain, step->weight, node->name, err);
}

ftdn_status ftdn_onednn_step_init(ftdn_onednn_step *step, dnnl_engine_t engine, const ftdn_program *program, int index,
                                  ftdn_error *err)
{
    int n_threads = omp_get_max_threads();
    omp_set_num_threads(1);
    ftdn_status status = make_step(step, engine, program, index, err);
    omp_set_num_threads(n_threads);
    return status;
}

void ftdn_onednn_step_done(ftdn_onednn_step *step)
{
    if (step->source_reorder) dnnl_primitive_destroy(step->source_reorder);
    if (step->target_reorder) dnnl_primitive_destroy(step->target_reorder);
    if (step->weight_reorder) dnnl_primitive_destroy(step->weight_reorder);
    if (step->primitive) dnnl_primitive_destroy(step->primitive);
    if (step->desc) dnnl_primitive_desc_destroy(step->desc);
    *step = (ftdn_onednn_step){0};
}
