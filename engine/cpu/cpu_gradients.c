#include "engine/cpu/cpu_gradients.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_packed.h"
#include "engine/cpu/cpu_pool.h"
#include "engine/cpu/cpu_program.h"
#include "engine/host_memory.h"
#include "engine/ref/ref_backward.h"

/* A scratch buffer is described once for each convolution that uses it; maps are described without a place, which is
 * given at each step. */
typedef struct conv_memory {
    dnnl_memory_t source, source_gradient, target_gradient; /* nhwc */
    dnnl_memory_t weight_gradient;                          /* as the params primitive writes it, in blocked_weight */
    dnnl_memory_t plain_gradient;                           /* the file's layout, in weight_sum */
    dnnl_memory_t bias_gradient;                            /* in bias_sum */
    dnnl_memory_t map_scratchpad, params_scratchpad;
} conv_memory;

typedef struct cpu_gradients {
    dnnl_stream_t stream;
    conv_memory *memory;          /* [n_steps]; empty where the step is no convolution */
    float *map_sum;               /* the largest map of a micro-batch */
    float *weight_sum, *bias_sum; /* the largest convolution's */
    void *blocked_weight, *scratchpad;
} cpu_gradients;

void ftdn_cpu_gradients_done(ftdn_gradients *gradients)
{
    cpu_gradients *state = gradients->state;
    if (!state) return;
    for (int s = 0; state->memory && s < gradients->program->schedule.n_steps; s++) {
        conv_memory *memory = &state->memory[s];
        ftdn_onednn_destroy_memory(memory->source);
        ftdn_onednn_destroy_memory(memory->source_gradient);
        ftdn_onednn_destroy_memory(memory->target_gradient);
        ftdn_onednn_destroy_memory(memory->weight_gradient);
        ftdn_onednn_destroy_memory(memory->plain_gradient);
        ftdn_onednn_destroy_memory(memory->bias_gradient);
        ftdn_onednn_destroy_memory(memory->map_scratchpad);
        ftdn_onednn_destroy_memory(memory->params_scratchpad);
    }
    if (state->stream) dnnl_stream_destroy(state->stream);
    free(state->memory);
    free(state->map_sum);
    free(state->weight_sum);
    free(state->bias_sum);
    free(state->blocked_weight);
    free(state->scratchpad);
    free(state);
}

static void raise(size_t *most, const dnnl_memory_desc_t *desc)
{
    size_t n_bytes = dnnl_memory_desc_get_size(desc);
    if (n_bytes > *most) *most = n_bytes;
}

/* The largest that any step needs, in bytes. */
typedef struct buffer_sizes {
    size_t map, weight, bias, blocked_weight, scratchpad;
} buffer_sizes;

static buffer_sizes measure_buffers(const ftdn_program *program)
{
    const ftdn_cpu_program *state = program->state;
    buffer_sizes most = {0};
    for (int s = 0; s < program->schedule.n_steps; s++) {
        if (program->schedule.step[s].op != FTDN_OP_CONV) continue;
        const ftdn_onednn_backward *backward = &state->backward[s];
        raise(&most.map, &backward->source);
        raise(&most.weight, &backward->weight_plain);
        raise(&most.bias, &backward->bias);
        raise(&most.blocked_weight, dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_diff_weights_md, 0));
        raise(&most.scratchpad, dnnl_primitive_desc_query_md(backward->map_desc, dnnl_query_scratchpad_md, 0));
        raise(&most.scratchpad, dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_scratchpad_md, 0));
    }
    return most;
}

static ftdn_status describe_memory(const ftdn_program *program, int index, cpu_gradients *state, ftdn_error *err)
{
    const ftdn_cpu_program *primitives = program->state;
    const char *what = program->graph->node[program->schedule.step[index].node].name;
    const ftdn_onednn_backward *backward = &primitives->backward[index];
    conv_memory *memory = &state->memory[index];
    const struct {
        dnnl_memory_t *memory;
        const dnnl_memory_desc_t *desc;
        void *values;
    } wanted[] = {
        {&memory->source, &backward->source, DNNL_MEMORY_NONE},
        {&memory->source_gradient, &backward->source, DNNL_MEMORY_NONE},
        {&memory->target_gradient, &backward->target, DNNL_MEMORY_NONE},
        {&memory->weight_gradient, dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_diff_weights_md, 0),
         state->blocked_weight},
        {&memory->plain_gradient, &backward->weight_plain, state->weight_sum},
        {&memory->bias_gradient, &backward->bias, state->bias_sum},
        {&memory->map_scratchpad, dnnl_primitive_desc_query_md(backward->map_desc, dnnl_query_scratchpad_md, 0),
         state->scratchpad},
        {&memory->params_scratchpad, dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_scratchpad_md, 0),
         state->scratchpad},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        FTDN_DNNL(dnnl_memory_create(wanted[i].memory, wanted[i].desc, primitives->engine, wanted[i].values), what,
                  err);
    }
    return FTDN_OK;
}

static ftdn_status make_gradients(const ftdn_program *program, cpu_gradients *state, ftdn_error *err)
{
    size_t n_steps = (size_t)program->schedule.n_steps;
    dnnl_engine_t engine = ((const ftdn_cpu_program *)program->state)->engine;
    buffer_sizes most = measure_buffers(program);
    state->memory = ftdn_host_alloc(n_steps * sizeof *state->memory, err);
    state->map_sum = ftdn_host_alloc(most.map, err);
    state->weight_sum = ftdn_host_alloc(most.weight, err);
    state->bias_sum = ftdn_host_alloc(most.bias, err);
    state->blocked_weight = ftdn_host_alloc(most.blocked_weight, err);
    state->scratchpad = ftdn_host_alloc(most.scratchpad, err);
    bool complete = state->memory && state->map_sum && state->weight_sum && state->bias_sum && state->blocked_weight &&
                    state->scratchpad;
    if (!complete) return FTDN_ERR_MEMORY;
    FTDN_DNNL(dnnl_stream_create(&state->stream, engine, dnnl_stream_default_flags), "cpu", err);
    for (size_t s = 0; s < n_steps; s++) {
        if (program->schedule.step[s].op == FTDN_OP_CONV) FTDN_TRY(describe_memory(program, (int)s, state, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_cpu_gradients_init(ftdn_gradients *gradients, ftdn_error *err)
{
    cpu_gradients *state = gradients->state = calloc(1, sizeof *state);
    ftdn_status status = state ? make_gradients(gradients->program, state, err)
                               : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    if (status != FTDN_OK) ftdn_cpu_gradients_done(gradients);
    return status;
}

static void add(size_t n_elements, const float *from, float *to)
{
    for (size_t i = 0; i < n_elements; i++) to[i] += from[i];
}

static ftdn_status conv_backward_map(const ftdn_gradients *gradients, const ftdn_cpu_packed_step *params, int index,
                                     const char *what, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    const ftdn_cpu_program *primitives = program->state;
    const cpu_gradients *state = gradients->state;
    const conv_memory *memory = &state->memory[index];
    int source = program->schedule.step[index].source;
    bool adds = program->gradient_layout.adds[index];
    float *dx = ftdn_gradients_values(gradients, source);
    if (!dx) return FTDN_OK;
    FTDN_DNNL(dnnl_memory_set_data_handle(memory->source_gradient, adds ? state->map_sum : dx), what, err);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, memory->target_gradient},
        {DNNL_ARG_WEIGHTS, params->backward_weight},
        {DNNL_ARG_DIFF_SRC, memory->source_gradient},
        {DNNL_ARG_SCRATCHPAD, memory->map_scratchpad},
    };
    FTDN_TRY(ftdn_onednn_execute(primitives->backward[index].map_primitive, state->stream, args, 4, what, err));
    size_t n_elements = ftdn_shape_elements(program->graph->node[source].shape) * (size_t)program->schedule.micro_batch;
    if (adds) add(n_elements, state->map_sum, dx);
    return FTDN_OK;
}

static ftdn_status conv_backward_params(const ftdn_gradients *gradients, const ftdn_context *context,
                                        const ftdn_node *node, int index, float *const *param_gradients,
                                        ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    const ftdn_onednn_backward *backward = ((const ftdn_cpu_program *)program->state)->backward + index;
    const cpu_gradients *state = gradients->state;
    const conv_memory *memory = &state->memory[index];
    float *dw = param_gradients[node->weight], *db = node->bias >= 0 ? param_gradients[node->bias] : NULL;
    if (!dw && !db) return FTDN_OK;
    float *x = ftdn_context_values(context, program->schedule.step[index].source);
    FTDN_DNNL(dnnl_memory_set_data_handle(memory->source, x), node->name, err);
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, memory->source},
        {DNNL_ARG_DIFF_DST, memory->target_gradient},
        {DNNL_ARG_DIFF_WEIGHTS, memory->weight_gradient},
        {DNNL_ARG_DIFF_BIAS, memory->bias_gradient},
        {DNNL_ARG_SCRATCHPAD, memory->params_scratchpad},
    };
    const dnnl_exec_arg_t to_plain[] = {{DNNL_ARG_FROM, memory->weight_gradient},
                                        {DNNL_ARG_TO, memory->plain_gradient}};
    FTDN_TRY(ftdn_onednn_execute(backward->params_primitive, state->stream, args, 5, node->name, err));
    FTDN_TRY(ftdn_onednn_execute(backward->gradient_reorder, state->stream, to_plain, 2, node->name, err));
    if (dw) add(program->graph->param[node->weight].n_elements, state->weight_sum, dw);
    if (db) add((size_t)node->shape.c, state->bias_sum, db);
    return FTDN_OK;
}

static ftdn_status backward_conv(const ftdn_gradients *gradients, const ftdn_context *context,
                                 const ftdn_packed *packed, int index, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const ftdn_node *node = &gradients->program->graph->node[step->node];
    const conv_memory *memory = ((const cpu_gradients *)gradients->state)->memory + index;
    float *dy = ftdn_gradients_values(gradients, step->target);
    FTDN_DNNL(dnnl_memory_set_data_handle(memory->target_gradient, dy), node->name, err);
    FTDN_TRY(conv_backward_map(gradients, ftdn_cpu_packed_step_of(packed, index), index, node->name, err));
    if (!param_gradients) return FTDN_OK;
    return conv_backward_params(gradients, context, node, index, param_gradients, err);
}

ftdn_status ftdn_cpu_backward_step(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                   int index, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_graph *graph = gradients->program->graph;
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const ftdn_node *node = &graph->node[step->node];
    const ftdn_cpu_packed_step *params = ftdn_cpu_packed_step_of(packed, index);
    if (step->op == FTDN_OP_CONV) return backward_conv(gradients, context, packed, index, param_gradients, err);

    const float *x = ftdn_context_values(context, step->source), *y = ftdn_context_values(context, step->target);
    const float *dy = ftdn_gradients_values(gradients, step->target);
    float *dx = ftdn_gradients_values(gradients, step->source);
    if (!dx) return FTDN_OK; /* in training; parameters other than a convolution's are dealt with elsewhere */
    if (!gradients->program->gradient_layout.adds[index])
        memset(dx, 0, ftdn_shape_elements(graph->node[step->source].shape) * (size_t)context->n_images * sizeof *dx);
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    if (step->op == FTDN_OP_ACTIVATION) {
        ftdn_ref_activation_backward(step->activation, n_pixels * (size_t)node->shape.c, y, dy, dx);
    } else if (step->op == FTDN_OP_MAX_POOL) {
        ftdn_cpu_max_pool_backward(node, graph->node[step->source].shape, context->n_images, x, dy, dx);
    } else if (step->op == FTDN_OP_MERGE) {
        const float *copy[FTDN_MAX_COPIES];
        float *dcopy[FTDN_MAX_COPIES];
        ftdn_context_copies(context, node, copy);
        ftdn_gradients_copies(gradients, node, dcopy);
        ftdn_ref_merge_backward(node, n_pixels, x, copy, dy, dx, dcopy);
    } else if (step->op == FTDN_OP_CLIP) {
        ftdn_ref_clip_backward(node, n_pixels * (size_t)node->shape.c, x, dy, dx);
    } else {
        ftdn_cpu_batch_norm_backward_map(n_pixels, node->shape.c, dy, params->slope, dx);
        if (!param_gradients) return FTDN_OK;
        ftdn_ref_batch_norm_backward_params(node, n_pixels, x, dy, params->mean, params->var,
                                            param_gradients[node->bn_scale], param_gradients[node->bn_shift]);
    }
    return FTDN_OK;
}
