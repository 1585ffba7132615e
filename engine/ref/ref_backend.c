/* ref_backend.c - the backend of plain loops: each node computed as the graph defines it, nothing folded. */
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/host_memory.h"
#include "engine/ref/ref_backward.h"
#include "engine/ref/ref_batch_norm.h"
#include "engine/ref/ref_ops.h"

typedef struct ref_packed_step {
    float *weight;     /* [R,S,C/groups,K]; NULL where the step has no convolution */
    float *plain;      /* [K,C/groups,R,S], the file's layout, for gradients; NULL: none are wanted */
    float *bias;       /* [K]; NULL: none */
    float *batch_norm; /* [4,C]: scale, shift, mean, var; NULL: none */
} ref_packed_step;

static const char *ref_arithmetic(ftdn_conv_algorithm algorithm)
{
    (void)algorithm; /* plain loops whatever is asked for */
    return "f32 plain loops, sums in f64";
}

static const char *ref_version(void)
{
    return "plain loops";
}

static ftdn_status ref_program_init(ftdn_program *program, ftdn_error *err)
{
    if (program->conv_algorithm == FTDN_CONV_TF32)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "backend ref has no convolutions with TF32");
    return FTDN_OK;
}

static void ref_program_done(ftdn_program *program)
{
    (void)program;
}

static ftdn_status ref_packed_init(ftdn_packed *packed, ftdn_error *err)
{
    packed->state = calloc((size_t)packed->program->schedule.n_steps, sizeof(ref_packed_step));
    if (!packed->state) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    return FTDN_OK;
}

static void ref_packed_done(ftdn_packed *packed)
{
    ref_packed_step *steps = packed->state;
    for (int s = 0; s < packed->program->schedule.n_steps; s++) {
        free(steps[s].weight);
        free(steps[s].plain);
        free(steps[s].bias);
        free(steps[s].batch_norm);
    }
    free(steps);
}

/* *target becomes room for n_elements floats, made on first use. */
static ftdn_status make_room(ftdn_packed *packed, size_t n_elements, float **target, ftdn_error *err)
{
    if (*target) return FTDN_OK;
    *target = ftdn_host_alloc(n_elements * sizeof **target, err);
    if (!*target) return FTDN_ERR_MEMORY;
#pragma omp atomic
    packed->n_bytes += n_elements * sizeof **target;
    return FTDN_OK;
}

static ftdn_status pack_conv(ftdn_packed *packed, const ftdn_node *node, const ftdn_weights *weights,
                             ref_packed_step *target, ftdn_error *err)
{
    const ftdn_graph *graph = packed->program->graph;
    int n_inputs = graph->node[node->input].shape.c / node->groups;
    size_t n_outputs = (size_t)node->shape.c;
    FTDN_TRY(make_room(packed, graph->param[node->weight].n_elements, &target->weight, err));
    ftdn_ref_transpose_weights(node, n_inputs, weights->value[node->weight], target->weight);
    if (packed->program->for_gradients || packed->program->for_training) {
        size_t n_elements = graph->param[node->weight].n_elements;
        FTDN_TRY(make_room(packed, n_elements, &target->plain, err));
        memcpy(target->plain, weights->value[node->weight], n_elements * sizeof *target->plain);
    }
    if (node->bias < 0) return FTDN_OK;
    FTDN_TRY(make_room(packed, n_outputs, &target->bias, err));
    memcpy(target->bias, weights->value[node->bias], n_outputs * sizeof *target->bias);
    return FTDN_OK;
}

static ftdn_status ref_pack_step(ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err)
{
    const ftdn_graph *graph = packed->program->graph;
    const ftdn_step *step = &packed->program->schedule.step[index];
    ref_packed_step *target = (ref_packed_step *)packed->state + index;
    if (step->op == FTDN_OP_CONV) FTDN_TRY(pack_conv(packed, &graph->node[step->node], weights, target, err));
    if (step->batch_norm < 0) return FTDN_OK;
    const ftdn_node *bn = &graph->node[step->batch_norm];
    const int param[4] = {bn->bn_scale, bn->bn_shift, bn->bn_mean, bn->bn_var};
    size_t n_channels = (size_t)bn->shape.c;
    FTDN_TRY(make_room(packed, 4 * n_channels, &target->batch_norm, err));
    for (size_t i = 0; i < 4; i++) {
        memcpy(target->batch_norm + i * n_channels, weights->value[param[i]], n_channels * sizeof *target->batch_norm);
    }
    return FTDN_OK;
}

static void ref_context_done(ftdn_context *context)
{
    free(context->state);
}

static int most_channels(const ftdn_graph *graph)
{
    int most = 1;
    for (int i = 0; i < graph->n_nodes; i++) {
        if (graph->node[i].shape.c > most) most = graph->node[i].shape.c;
    }
    return most;
}

/* A convolution's accumulators, forward and backward. */
static double *make_accumulators(const ftdn_graph *graph, ftdn_error *err)
{
    return ftdn_host_alloc((size_t)most_channels(graph) * sizeof(double), err);
}

static ftdn_status ref_context_init(ftdn_context *context, ftdn_error *err)
{
    context->state = make_accumulators(context->program->graph, err);
    return context->state ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status ref_run_step(ftdn_context *context, const ftdn_packed *packed, int index, ftdn_error *err)
{
    (void)err;
    const ftdn_graph *graph = context->program->graph;
    const ftdn_step *step = &context->program->schedule.step[index];
    const ftdn_node *node = &graph->node[step->node];
    const ref_packed_step *params = (const ref_packed_step *)packed->state + index;
    ftdn_shape in = graph->node[step->source].shape;
    const float *x = ftdn_context_values(context, step->source);
    float *y = ftdn_context_values(context, step->target);
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    switch (step->op) {
    case FTDN_OP_CONV:
        ftdn_ref_conv_forward(node, in, context->n_images, x, params->weight, params->bias, context->state, y);
        x = y;
        break;
    case FTDN_OP_MAX_POOL:
        ftdn_ref_max_pool_forward(node, in, context->n_images, x, y);
        x = y;
        break;
    case FTDN_OP_MERGE: {
        const float *copy[FTDN_MAX_COPIES];
        ftdn_context_copies(context, node, copy);
        ftdn_ref_merge_forward(node, n_pixels, x, copy, y);
        x = y;
        break;
    }
    case FTDN_OP_CLIP:
        ftdn_ref_clip_forward(node, n_pixels * (size_t)node->shape.c, x, y);
        x = y;
        break;
    case FTDN_OP_BATCH_NORM:
    case FTDN_OP_ACTIVATION:
    case FTDN_OP_INPUT: break;
    }
    if (step->batch_norm >= 0) {
        const float *bn = params->batch_norm;
        size_t n_channels = (size_t)node->shape.c;
        ftdn_ref_batch_norm_forward(&graph->node[step->batch_norm], n_pixels, x, bn, bn + n_channels,
                                    bn + 2 * n_channels, bn + 3 * n_channels, y);
        x = y;
    }
    if (step->activation != FTDN_ACTIVATION_NONE) {
        ftdn_ref_activation_forward(step->activation, n_pixels * (size_t)node->shape.c, x, y);
    }
    return FTDN_OK;
}

static ftdn_status ref_gradients_init(ftdn_gradients *gradients, ftdn_error *err)
{
    gradients->state = make_accumulators(gradients->program->graph, err);
    return gradients->state ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void ref_gradients_done(ftdn_gradients *gradients)
{
    free(gradients->state);
}

static void backward_conv(const ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                          int index, float *const *param_gradients)
{
    const ftdn_graph *graph = gradients->program->graph;
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const ftdn_node *node = &graph->node[step->node];
    const float *weight = ((const ref_packed_step *)packed->state)[index].plain;
    const float *dy = ftdn_gradients_values(gradients, step->target);
    float *dx = ftdn_gradients_values(gradients, step->source);
    ftdn_shape in = graph->node[step->source].shape;
    if (dx) ftdn_ref_conv_backward_map(node, in, context->n_images, dy, weight, gradients->state, dx);
    if (!param_gradients) return;
    ftdn_ref_conv_backward_params(node, in, context->n_images, ftdn_context_values(context, step->source), dy,
                                  gradients->state, param_gradients[node->weight],
                                  node->bias >= 0 ? param_gradients[node->bias] : NULL);
}

/* The plain loops add: what is to be written is cleared first. */
static void clear_unless_adding(const ftdn_gradients *gradients, const ftdn_context *context, int index)
{
    int source = gradients->program->schedule.step[index].source;
    float *dx = ftdn_gradients_values(gradients, source);
    if (!dx || gradients->program->gradient_layout.adds[index]) return;
    size_t n_elements = ftdn_shape_elements(gradients->program->graph->node[source].shape);
    memset(dx, 0, n_elements * (size_t)context->n_images * sizeof *dx);
}

static ftdn_status ref_backward_step(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                     int index, float *const *param_gradients, ftdn_error *err)
{
    (void)err;
    const ftdn_graph *graph = gradients->program->graph;
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const ftdn_node *node = &graph->node[step->node];
    const ref_packed_step *params = (const ref_packed_step *)packed->state + index;
    const float *x = ftdn_context_values(context, step->source), *y = ftdn_context_values(context, step->target);
    const float *dy = ftdn_gradients_values(gradients, step->target);
    float *dx = ftdn_gradients_values(gradients, step->source);
    size_t n_channels = (size_t)node->shape.c;
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    clear_unless_adding(gradients, context, index);
    if (step->op == FTDN_OP_CONV) backward_conv(gradients, context, packed, index, param_gradients);
    if (!dx) return FTDN_OK;
    switch (step->op) {
    case FTDN_OP_BATCH_NORM: {
        const float *scale = params->batch_norm, *mean = scale + 2 * n_channels, *var = scale + 3 * n_channels;
        ftdn_ref_batch_norm_backward_map(node, n_pixels, dy, scale, var, dx);
        if (!param_gradients) break;
        ftdn_ref_batch_norm_backward_params(node, n_pixels, x, dy, mean, var, param_gradients[node->bn_scale],
                                            param_gradients[node->bn_shift]);
        break;
    }
    case FTDN_OP_ACTIVATION: ftdn_ref_activation_backward(step->activation, n_pixels * n_channels, y, dy, dx); break;
    case FTDN_OP_MAX_POOL:
        ftdn_ref_max_pool_backward(node, graph->node[step->source].shape, context->n_images, x, dy, dx);
        break;
    case FTDN_OP_MERGE: {
        const float *copy[FTDN_MAX_COPIES];
        float *dcopy[FTDN_MAX_COPIES];
        ftdn_context_copies(context, node, copy);
        ftdn_gradients_copies(gradients, node, dcopy);
        ftdn_ref_merge_backward(node, n_pixels, x, copy, dy, dx, dcopy);
        break;
    }
    case FTDN_OP_CLIP: ftdn_ref_clip_backward(node, n_pixels * n_channels, x, dy, dx); break;
    case FTDN_OP_CONV:
    case FTDN_OP_INPUT: break;
    }
    return FTDN_OK;
}

const ftdn_backend ftdn_backend_ref = {
    .name = "ref",
    .micro_batch = 1,
    .arithmetic = ref_arithmetic,
    .version = ref_version,
    .program_init = ref_program_init,
    .program_done = ref_program_done,
    .packed_init = ref_packed_init,
    .packed_done = ref_packed_done,
    .pack_step = ref_pack_step,
    .slab_create = ftdn_host_slab_create,
    .slab_free = ftdn_host_slab_free,
    .context_init = ref_context_init,
    .context_done = ref_context_done,
    .load_input = ftdn_host_load_input,
    .run_step = ref_run_step,
    .gradients_init = ref_gradients_init,
    .gradients_done = ref_gradients_done,
    .backward_step = ref_backward_step,
    .batch_norm = {.sum = ftdn_ref_batch_norm_sum,
                   .forward = ftdn_ref_batch_norm_train,
                   .sum_gradients = ftdn_ref_batch_norm_sum_gradients,
                   .backward = ftdn_ref_batch_norm_backward},
};
