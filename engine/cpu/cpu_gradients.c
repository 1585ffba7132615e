#include "engine/cpu/cpu_gradients.h"

#include <stdlib.h>

#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_program.h"
#include "engine/cpu/onednn_backward.h"
#include "engine/host_memory.h"
#include "engine/ref/ref_backward.h"

typedef struct conv_memory {
    dnnl_memory_t target_gradient;    /* dy, in the slab */
    dnnl_memory_t source_gradient;    /* dx before it is added, in map_sum */
    dnnl_memory_t weight;             /* as the map primitive reads it */
    dnnl_memory_t weight_gradient;    /* as the params primitive writes it, in blocked_weight */
    dnnl_memory_t plain_gradient;     /* the file's layout, in weight_sum */
    dnnl_memory_t bias_gradient;      /* in bias_sum */
    dnnl_memory_t map_scratchpad, params_scratchpad;
    float *weight_values;
} conv_memory;

typedef struct cpu_gradients {
    dnnl_stream_t stream;
    ftdn_onednn_backward *backward; /* [n_steps]; empty where the step is no convolution */
    conv_memory *memory;            /* [n_steps] */
    float **bn_slope;               /* [n_steps] twice [C]: slope, then offset; NULL where the step is no batch norm */
    const float **value;            /* [n_params], borrowed */
    float *map_sum;                 /* the largest map of a micro-batch */
    float *weight_sum, *bias_sum;   /* the largest convolution's */
    void *blocked_weight, *scratchpad;
} cpu_gradients;

static void destroy_memory(dnnl_memory_t memory)
{
    if (memory) dnnl_memory_destroy(memory);
}

void ftdn_cpu_gradients_done(ftdn_gradients *gradients)
{
    cpu_gradients *state = gradients->state;
    free(gradients->slab);
    if (!state) return;
    for (int s = 0; state->backward && s < gradients->program->schedule.n_steps; s++) {
        ftdn_onednn_backward_done(&state->backward[s]);
    }
    for (int s = 0; state->memory && s < gradients->program->schedule.n_steps; s++) {
        conv_memory *memory = &state->memory[s];
        destroy_memory(memory->target_gradient);
        destroy_memory(memory->source_gradient);
        destroy_memory(memory->weight);
        destroy_memory(memory->weight_gradient);
        destroy_memory(memory->plain_gradient);
        destroy_memory(memory->bias_gradient);
        destroy_memory(memory->map_scratchpad);
        destroy_memory(memory->params_scratchpad);
        free(memory->weight_values);
    }
    if (state->stream) dnnl_stream_destroy(state->stream);
    free(state->backward);
    for (int s = 0; state->bn_slope && s < gradients->program->schedule.n_steps; s++) free(state->bn_slope[s]);
    free(state->bn_slope);
    free(state->memory);
    free(state->value);
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

static ftdn_status make_primitives(ftdn_gradients *gradients, buffer_sizes *most, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    const ftdn_cpu_program *forward = program->state;
    cpu_gradients *state = gradients->state;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        const ftdn_node *node = &program->graph->node[program->schedule.step[s].node];
        if (node->op != FTDN_OP_CONV) continue;
        ftdn_onednn_backward *backward = &state->backward[s];
        FTDN_TRY(ftdn_onednn_backward_init(backward, &forward->step[s], forward->engine, node, err));
        raise(&most->map, &backward->source);
        raise(&most->weight, &backward->weight_plain);
        raise(&most->bias, &backward->bias);
        raise(&most->blocked_weight,
              dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_diff_weights_md, 0));
        raise(&most->scratchpad, dnnl_primitive_desc_query_md(backward->map_desc, dnnl_query_scratchpad_md, 0));
        raise(&most->scratchpad, dnnl_primitive_desc_query_md(backward->params_desc, dnnl_query_scratchpad_md, 0));
    }
    return FTDN_OK;
}

static ftdn_status make_memory(ftdn_gradients *gradients, int index, ftdn_error *err)
{
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const char *what = gradients->program->graph->node[step->node].name;
    dnnl_engine_t engine = ((const ftdn_cpu_program *)gradients->program->state)->engine;
    cpu_gradients *state = gradients->state;
    const ftdn_onednn_backward *backward = &state->backward[index];
    conv_memory *memory = &state->memory[index];
    const dnnl_memory_desc_t *weight = dnnl_primitive_desc_query_md(backward->map_desc, dnnl_query_weights_md, 0);
    memory->weight_values = ftdn_host_alloc(dnnl_memory_desc_get_size(weight), err);
    if (!memory->weight_values) return FTDN_ERR_MEMORY;
    const struct {
        dnnl_memory_t *memory;
        const dnnl_memory_desc_t *desc;
        void *values;
    } wanted[] = {
        {&memory->target_gradient, &backward->target, ftdn_gradients_values(gradients, step->target)},
        {&memory->source_gradient, &backward->source, state->map_sum},
        {&memory->weight, weight, memory->weight_values},
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
        FTDN_DNNL(dnnl_memory_create(wanted[i].memory, wanted[i].desc, engine, wanted[i].values), what, err);
    }
    return FTDN_OK;
}

static ftdn_status make_gradients(ftdn_gradients *gradients, cpu_gradients *state, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    size_t n_steps = (size_t)program->schedule.n_steps;
    buffer_sizes most = {0};
    gradients->slab = ftdn_host_alloc(gradients->slab_bytes, err);
    state->backward = ftdn_host_alloc(n_steps * sizeof *state->backward, err);
    state->memory = ftdn_host_alloc(n_steps * sizeof *state->memory, err);
    state->value = ftdn_host_alloc((size_t)program->graph->n_params * sizeof *state->value, err);
    state->bn_slope = ftdn_host_alloc(n_steps * sizeof *state->bn_slope, err);
    if (!gradients->slab || !state->backward || !state->memory || !state->value || !state->bn_slope)
        return FTDN_ERR_MEMORY;
    FTDN_TRY(make_primitives(gradients, &most, err));
    state->map_sum = ftdn_host_alloc(most.map, err);
    state->weight_sum = ftdn_host_alloc(most.weight, err);
    state->bias_sum = ftdn_host_alloc(most.bias, err);
    state->blocked_weight = ftdn_host_alloc(most.blocked_weight, err);
    state->scratchpad = ftdn_host_alloc(most.scratchpad, err);
    bool complete =
        state->map_sum && state->weight_sum && state->bias_sum && state->blocked_weight && state->scratchpad;
    if (!complete) return FTDN_ERR_MEMORY;
    dnnl_engine_t engine = ((const ftdn_cpu_program *)program->state)->engine;
    FTDN_DNNL(dnnl_stream_create(&state->stream, engine, dnnl_stream_default_flags), "cpu", err);
    for (size_t s = 0; s < n_steps; s++) {
        const ftdn_node *node = &program->graph->node[program->schedule.step[s].node];
        if (node->op == FTDN_OP_CONV) FTDN_TRY(make_memory(gradients, (int)s, err));
        if (node->op != FTDN_OP_BATCH_NORM) continue;
        state->bn_slope[s] = ftdn_host_alloc(2 * (size_t)node->shape.c * sizeof(float), err);
        if (!state->bn_slope[s]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

ftdn_status ftdn_cpu_gradients_init(ftdn_gradients *gradients, ftdn_error *err)
{
    cpu_gradients *state = gradients->state = calloc(1, sizeof *state);
    ftdn_status status =
        state ? make_gradients(gradients, state, err) : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    if (status != FTDN_OK) ftdn_cpu_gradients_done(gradients);
    return status;
}

/* oneDNN describes memory that it only reads with a pointer to something it might write. */
static void *readable(const float *values)
{
    union {
        const float *given;
        void *wanted;
    } pointer = {.given = values};
    return pointer.wanted;
}

ftdn_status ftdn_cpu_gradients_pack_step(ftdn_gradients *gradients, int index, const ftdn_weights *weights,
                                         ftdn_error *err)
{
    const ftdn_graph *graph = gradients->program->graph;
    const ftdn_node *node = &graph->node[gradients->program->schedule.step[index].node];
    dnnl_engine_t engine = ((const ftdn_cpu_program *)gradients->program->state)->engine;
    cpu_gradients *state = gradients->state;
    for (int i = 0; i < graph->n_params; i++) state->value[i] = weights->value[i];
    if (node->op == FTDN_OP_BATCH_NORM) {
        float *slope = state->bn_slope[index];
        ftdn_cpu_batch_norm_fold(node->shape.c, node->epsilon, state->value[node->bn_scale],
                                 state->value[node->bn_shift], state->value[node->bn_mean], state->value[node->bn_var],
                                 NULL, slope, slope + node->shape.c);
    }
    if (node->op != FTDN_OP_CONV) return FTDN_OK;
    const ftdn_onednn_backward *backward = &state->backward[index];
    dnnl_memory_t plain;
    FTDN_DNNL(dnnl_memory_create(&plain, &backward->weight_plain, engine, readable(weights->value[node->weight])),
              node->name, err);
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, state->memory[index].weight}};
    ftdn_status status = ftdn_onednn_execute(backward->weight_reorder, state->stream, args, 2, node->name, err);
    dnnl_memory_destroy(plain);
    return status;
}

static void add(size_t n_elements, const float *from, float *to)
{
    for (size_t i = 0; i < n_elements; i++) to[i] += from[i];
}

static ftdn_status conv_backward_map(const cpu_gradients *state, int index, size_t n_elements, const char *what,
                                     float *dx, ftdn_error *err)
{
    const conv_memory *memory = &state->memory[index];
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_DIFF_DST, memory->target_gradient},
        {DNNL_ARG_WEIGHTS, memory->weight},
        {DNNL_ARG_DIFF_SRC, memory->source_gradient},
        {DNNL_ARG_SCRATCHPAD, memory->map_scratchpad},
    };
    FTDN_TRY(ftdn_onednn_execute(state->backward[index].map_primitive, state->stream, args, 4, what, err));
    add(n_elements, state->map_sum, dx);
    return FTDN_OK;
}

static ftdn_status conv_backward_params(const cpu_gradients *state, const ftdn_graph *graph, const ftdn_node *node,
                                        int index, dnnl_memory_t source, float *const *param_gradients, ftdn_error *err)
{
    const conv_memory *memory = &state->memory[index];
    float *dw = param_gradients[node->weight], *db = node->bias >= 0 ? param_gradients[node->bias] : NULL;
    if (!dw && !db) return FTDN_OK;
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_DIFF_DST, memory->target_gradient},
        {DNNL_ARG_DIFF_WEIGHTS, memory->weight_gradient},
        {DNNL_ARG_DIFF_BIAS, memory->bias_gradient},
        {DNNL_ARG_SCRATCHPAD, memory->params_scratchpad},
    };
    const dnnl_exec_arg_t to_plain[] = {{DNNL_ARG_FROM, memory->weight_gradient},
                                        {DNNL_ARG_TO, memory->plain_gradient}};
    const ftdn_onednn_backward *backward = &state->backward[index];
    FTDN_TRY(ftdn_onednn_execute(backward->params_primitive, state->stream, args, 5, node->name, err));
    FTDN_TRY(ftdn_onednn_execute(backward->gradient_reorder, state->stream, to_plain, 2, node->name, err));
    if (dw) add(graph->param[node->weight].n_elements, state->weight_sum, dw);
    if (db) add((size_t)node->shape.c, state->bias_sum, db);
    return FTDN_OK;
}

static ftdn_status backward_conv(ftdn_gradients *gradients, const ftdn_context *context, int index,
                                 float *const *param_gradients, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    const ftdn_step *step = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[step->node];
    const cpu_gradients *state = gradients->state;
    size_t n_elements =
        ftdn_shape_elements(program->graph->node[step->source].shape) * (size_t)program->schedule.micro_batch;
    FTDN_TRY(
        conv_backward_map(state, index, n_elements, node->name, ftdn_gradients_values(gradients, step->source), err));
    if (!param_gradients) return FTDN_OK;
    dnnl_engine_t engine = ((const ftdn_cpu_program *)program->state)->engine;
    dnnl_memory_t source;
    FTDN_DNNL(
        dnnl_memory_create(&source, &state->backward[index].source, engine, ftdn_context_values(context, step->source)),
        node->name, err);
    ftdn_status status = conv_backward_params(state, program->graph, node, index, source, param_gradients, err);
    dnnl_memory_destroy(source);
    return status;
}

ftdn_status ftdn_cpu_backward_step(ftdn_gradients *gradients, const ftdn_context *context, int index,
                                   float *const *param_gradients, ftdn_error *err)
{
    const ftdn_graph *graph = gradients->program->graph;
    const ftdn_step *step = &gradients->program->schedule.step[index];
    const ftdn_node *node = &graph->node[step->node];
    const cpu_gradients *state = gradients->state;
    if (step->op == FTDN_OP_CONV) return backward_conv(gradients, context, index, param_gradients, err);

    const float *x = ftdn_context_values(context, step->source), *y = ftdn_context_values(context, step->target);
    const float *dy = ftdn_gradients_values(gradients, step->target);
    float *dx = ftdn_gradients_values(gradients, step->source);
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    if (step->op == FTDN_OP_ACTIVATION) {
        ftdn_ref_activation_backward(step->activation, n_pixels * (size_t)node->shape.c, y, dy, dx);
    } else if (step->op == FTDN_OP_MAX_POOL) {
        ftdn_ref_max_pool_backward(node, graph->node[step->source].shape, context->n_images, x, dy, dx);
    } else if (step->op == FTDN_OP_MERGE) {
        const float *copy[FTDN_MAX_COPIES];
        float *dcopy[FTDN_MAX_COPIES];
        ftdn_context_copies(context, node, copy);
        ftdn_gradients_copies(gradients, node, dcopy);
        ftdn_ref_merge_backward(node, n_pixels, x, copy, dy, dx, dcopy);
    } else if (step->op == FTDN_OP_CLIP) {
        ftdn_ref_clip_backward(node, n_pixels * (size_t)node->shape.c, x, dy, dx);
    } else {
        ftdn_cpu_batch_norm_backward_map(n_pixels, node->shape.c, dy, state->bn_slope[index], dx);
        if (!param_gradients) return FTDN_OK;
        ftdn_ref_batch_norm_backward_params(node, n_pixels, x, dy, state->value[node->bn_mean],
                                            state->value[node->bn_var], param_gradients[node->bn_scale],
                                            param_gradients[node->bn_shift]);
    }
    return FTDN_OK;
}
