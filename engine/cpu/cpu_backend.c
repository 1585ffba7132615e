/* cpu_backend.c - the backend for CPUs: oneDNN for convolutions and pooling, plain loops for the rest.
 *
 * Batch norms behind a convolution are folded into its weights and bias, activations are post-ops.
 * One image per micro-batch: nothing is padded, activations stay in a core's cache, and measured
 * against 2, 4 and 8 images it is the fastest. */
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "engine/backend.h"
#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_gradients.h"
#include "engine/cpu/cpu_merge.h"
#include "engine/cpu/cpu_program.h"
#include "engine/cpu/onednn.h"
#include "engine/host_memory.h"

typedef struct cpu_packed_step {
    dnnl_memory_t weight, bias; /* of a convolution */
    float *weight_values, *bias_values;
    float *slope, *offset; /* [C] of a batch norm that stands alone */
} cpu_packed_step;

typedef struct cpu_packed {
    dnnl_stream_t *stream; /* [n_steps]: steps are packed by several threads at once */
    cpu_packed_step *step; /* [n_steps] */
} cpu_packed;

typedef struct cpu_context_step {
    dnnl_memory_t source, target;                 /* in the slab, nhwc */
    dnnl_memory_t blocked_source, blocked_target; /* in the buffers below; NULL: as in the slab */
    dnnl_memory_t scratchpad;
} cpu_context_step;

typedef struct cpu_context {
    dnnl_stream_t stream;
    cpu_context_step *step; /* [n_steps] */
    void *scratchpad, *blocked_source, *blocked_target;
} cpu_context;

static const char *cpu_arithmetic(ftdn_conv_algorithm algorithm)
{
    static const char *const words[2][3] = {
        {"f32 direct avx512", "f32 direct avx2", "f32 direct sse41"},
        {"f32 winograd avx512", "f32 winograd avx2", "f32 winograd sse41"},
    };
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    int level = (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? 0
                : (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2             ? 1
                                                                             : 2;
    return words[algorithm == FTDN_CONV_WINOGRAD][level];
}

#define STRING_OF(number) #number
#define VERSION_TEXT(major, minor, patch) "oneDNN " STRING_OF(major) "." STRING_OF(minor) "." STRING_OF(patch)

static const char *cpu_version(void)
{
    return VERSION_TEXT(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);
}

static void cpu_program_done(ftdn_program *program)
{
    ftdn_cpu_program *state = program->state;
    if (!state) return;
    for (int s = 0; state->step && s < program->schedule.n_steps; s++) ftdn_onednn_step_done(&state->step[s]);
    if (state->engine) dnnl_engine_destroy(state->engine);
    free(state->step);
    free(state);
    program->state = NULL;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static ftdn_status make_steps(ftdn_program *program, ftdn_cpu_program *state, ftdn_error *err)
{
    FTDN_DNNL(dnnl_engine_create(&state->engine, dnnl_cpu, 0), "cpu", err);
    for (int s = 0; s < program->schedule.n_steps; s++) {
        ftdn_op op = program->schedule.step[s].op;
        if (op != FTDN_OP_CONV && op != FTDN_OP_MAX_POOL) continue;
        ftdn_onednn_step *step = &state->step[s];
        FTDN_TRY(ftdn_onednn_step_init(step, state->engine, program, s, err));
        state->scratchpad_bytes = larger(state->scratchpad_bytes, dnnl_memory_desc_get_size(step->scratchpad));
        if (step->source_reorder)
            state->blocked_bytes = larger(state->blocked_bytes, dnnl_memory_desc_get_size(step->source));
        if (step->target_reorder)
            state->blocked_bytes = larger(state->blocked_bytes, dnnl_memory_desc_get_size(step->target));
    }
    return FTDN_OK;
}

static ftdn_status cpu_program_init(ftdn_program *program, ftdn_error *err)
{
    ftdn_cpu_program *state = program->state = calloc(1, sizeof *state);
    if (state) state->step = calloc((size_t)program->schedule.n_steps, sizeof *state->step);
    ftdn_status status = state && state->step ? make_steps(program, state, err)
                                              : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a program");
    if (status != FTDN_OK) cpu_program_done(program);
    return status;
}

static void destroy_memory(dnnl_memory_t memory)
{
    if (memory) dnnl_memory_destroy(memory);
}

static void cpu_packed_done(ftdn_packed *packed)
{
    cpu_packed *state = packed->state;
    if (!state) return;
    for (int s = 0; s < packed->program->schedule.n_steps; s++) {
        if (state->stream && state->stream[s]) dnnl_stream_destroy(state->stream[s]);
        if (!state->step) continue;
        destroy_memory(state->step[s].weight);
        destroy_memory(state->step[s].bias);
        free(state->step[s].weight_values);
        free(state->step[s].bias_values);
        free(state->step[s].slope);
        free(state->step[s].offset);
    }
    free(state->stream);
    free(state->step);
    free(state);
    packed->state = NULL;
}

/* Room for one parameter in the primitive's layout. */
static ftdn_status make_param(ftdn_packed *packed, const dnnl_memory_desc_t *desc, dnnl_memory_t *memory,
                              float **values, const char *what, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    size_t n_bytes = dnnl_memory_desc_get_size(desc);
    *values = ftdn_host_alloc(n_bytes, err);
    if (!*values) return FTDN_ERR_MEMORY;
    packed->n_bytes += n_bytes;
    FTDN_DNNL(dnnl_memory_create(memory, desc, program->engine, *values), what, err);
    return FTDN_OK;
}

static ftdn_status make_packed_step(ftdn_packed *packed, int index, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    const ftdn_step *plan = &packed->program->schedule.step[index];
    const ftdn_node *node = &packed->program->graph->node[plan->node];
    cpu_packed *state = packed->state;
    cpu_packed_step *step = &state->step[index];
    if (plan->op == FTDN_OP_CONV) {
        const ftdn_onednn_step *primitive = &program->step[index];
        FTDN_TRY(make_param(packed, primitive->weight, &step->weight, &step->weight_values, node->name, err));
        FTDN_TRY(make_param(packed, primitive->bias, &step->bias, &step->bias_values, node->name, err));
        FTDN_DNNL(dnnl_stream_create(&state->stream[index], program->engine, dnnl_stream_default_flags), node->name,
                  err);
    }
    if (plan->batch_norm < 0) return FTDN_OK;
    size_t n_bytes = (size_t)node->shape.c * sizeof(float);
    step->slope = ftdn_host_alloc(n_bytes, err);
    step->offset = ftdn_host_alloc(n_bytes, err);
    if (!step->slope || !step->offset) return FTDN_ERR_MEMORY;
    packed->n_bytes += 2 * n_bytes;
    return FTDN_OK;
}

static ftdn_status cpu_packed_init(ftdn_packed *packed, ftdn_error *err)
{
    size_t n_steps = (size_t)packed->program->schedule.n_steps;
    cpu_packed *state = packed->state = calloc(1, sizeof *state);
    if (state) {
        state->stream = calloc(n_steps, sizeof *state->stream);
        state->step = calloc(n_steps, sizeof *state->step);
    }
    ftdn_status status = FTDN_OK;
    if (!state || !state->stream || !state->step)
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    for (size_t s = 0; s < n_steps && status == FTDN_OK; s++) status = make_packed_step(packed, (int)s, err);
    if (status != FTDN_OK) cpu_packed_done(packed);
    return status;
}

/* Write the weights of a convolution in the primitive's layout, each filter times slope[k] (NULL: 1). */
static ftdn_status pack_weight(ftdn_packed *packed, int index, const float *weight, size_t n_elements,
                               const float *slope, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    const ftdn_node *node = &packed->program->graph->node[packed->program->schedule.step[index].node];
    cpu_packed *state = packed->state;
    float *folded = ftdn_host_alloc(n_elements * sizeof *folded, err);
    if (!folded) return FTDN_ERR_MEMORY;
    size_t n_per_filter = n_elements / (size_t)node->shape.c;
    for (size_t k = 0; k < (size_t)node->shape.c; k++) {
        float factor = slope ? slope[k] : 1.0f;
        for (size_t i = 0; i < n_per_filter; i++) folded[k * n_per_filter + i] = weight[k * n_per_filter + i] * factor;
    }
    dnnl_memory_t plain = NULL;
    dnnl_status_t result = dnnl_memory_create(&plain, &program->step[index].weight_plain, program->engine, folded);
    ftdn_status status = FTDN_OK;
    if (result != dnnl_success) status = ftdn_onednn_fail("dnnl_memory_create", result, node->name, err);
    if (status == FTDN_OK) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, state->step[index].weight}};
        status =
            ftdn_onednn_execute(program->step[index].weight_reorder, state->stream[index], args, 2, node->name, err);
    }
    destroy_memory(plain);
    free(folded);
    return status;
}

static ftdn_status cpu_pack_step(ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err)
{
    const ftdn_graph *graph = packed->program->graph;
    const ftdn_step *plan = &packed->program->schedule.step[index];
    const ftdn_node *node = &graph->node[plan->node];
    cpu_packed_step *step = (((cpu_packed *)packed->state)->step) + index;
    bool is_conv = plan->op == FTDN_OP_CONV;
    const float *bias = is_conv && node->bias >= 0 ? weights->value[node->bias] : NULL;
    if (plan->batch_norm >= 0) {
        const ftdn_node *bn = &graph->node[plan->batch_norm];
        ftdn_cpu_batch_norm_fold(bn->shape.c, bn->epsilon, weights->value[bn->bn_scale], weights->value[bn->bn_shift],
                                 weights->value[bn->bn_mean], weights->value[bn->bn_var], bias, step->slope,
                                 step->offset);
        bias = step->offset;
    }
    if (!is_conv) return FTDN_OK;
    if (bias) memcpy(step->bias_values, bias, (size_t)node->shape.c * sizeof *bias);
    return pack_weight(packed, index, weights->value[node->weight], graph->param[node->weight].n_elements, step->slope,
                       err);
}

static void cpu_context_done(ftdn_context *context)
{
    cpu_context *state = context->state;
    free(context->slab);
    if (!state) return;
    for (int s = 0; state->step && s < context->program->schedule.n_steps; s++) {
        destroy_memory(state->step[s].source);
        destroy_memory(state->step[s].target);
        destroy_memory(state->step[s].blocked_source);
        destroy_memory(state->step[s].blocked_target);
        destroy_memory(state->step[s].scratchpad);
    }
    if (state->stream) dnnl_stream_destroy(state->stream);
    free(state->step);
    free(state->scratchpad);
    free(state->blocked_source);
    free(state->blocked_target);
    free(state);
}

static ftdn_status make_context_step(ftdn_context *context, int index, ftdn_error *err)
{
    const ftdn_cpu_program *program = context->program->state;
    const ftdn_onednn_step *primitive = &program->step[index];
    const ftdn_step *plan = &context->program->schedule.step[index];
    const char *what = context->program->graph->node[plan->node].name;
    cpu_context *state = context->state;
    cpu_context_step *step = &state->step[index];
    if (!primitive->primitive) return FTDN_OK;
    FTDN_DNNL(dnnl_memory_create(&step->source, &primitive->source_nhwc, program->engine,
                                 ftdn_context_values(context, plan->source)),
              what, err);
    FTDN_DNNL(dnnl_memory_create(&step->target, &primitive->target_nhwc, program->engine,
                                 ftdn_context_values(context, plan->target)),
              what, err);
    FTDN_DNNL(dnnl_memory_create(&step->scratchpad, primitive->scratchpad, program->engine, state->scratchpad), what,
              err);
    if (primitive->source_reorder) {
        FTDN_DNNL(dnnl_memory_create(&step->blocked_source, primitive->source, program->engine, state->blocked_source),
                  what, err);
    }
    if (primitive->target_reorder) {
        FTDN_DNNL(dnnl_memory_create(&step->blocked_target, primitive->target, program->engine, state->blocked_target),
                  what, err);
    }
    return FTDN_OK;
}

static ftdn_status make_context(ftdn_context *context, ftdn_error *err)
{
    const ftdn_cpu_program *program = context->program->state;
    cpu_context *state = context->state;
    context->slab = ftdn_host_alloc(context->program->schedule.slab_bytes, err);
    state->step = ftdn_host_alloc((size_t)context->program->schedule.n_steps * sizeof *state->step, err);
    state->scratchpad = ftdn_host_alloc(program->scratchpad_bytes, err);
    state->blocked_source = ftdn_host_alloc(program->blocked_bytes, err);
    state->blocked_target = ftdn_host_alloc(program->blocked_bytes, err);
    bool complete = context->slab && state->step && state->scratchpad && state->blocked_source && state->blocked_target;
    if (!complete) return FTDN_ERR_MEMORY;
    FTDN_DNNL(dnnl_stream_create(&state->stream, program->engine, dnnl_stream_default_flags), "cpu", err);
    for (int s = 0; s < context->program->schedule.n_steps; s++) FTDN_TRY(make_context_step(context, s, err));
    return FTDN_OK;
}

static ftdn_status cpu_context_init(ftdn_context *context, ftdn_error *err)
{
    context->state = calloc(1, sizeof(cpu_context));
    if (!context->state) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a context");
    ftdn_status status = make_context(context, err);
    if (status != FTDN_OK) cpu_context_done(context);
    return status;
}

static ftdn_status reorder(dnnl_primitive_t primitive, dnnl_stream_t stream, dnnl_memory_t from, dnnl_memory_t to,
                           const char *what, ftdn_error *err)
{
    if (!primitive) return FTDN_OK;
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    return ftdn_onednn_execute(primitive, stream, args, 2, what, err);
}

static ftdn_status run_primitive(const ftdn_context *context, const cpu_packed_step *params, int index,
                                 const char *what, ftdn_error *err)
{
    const cpu_context *state = context->state;
    const cpu_context_step *step = &state->step[index];
    const ftdn_onednn_step *primitive = ((const ftdn_cpu_program *)context->program->state)->step + index;
    FTDN_TRY(reorder(primitive->source_reorder, state->stream, step->source, step->blocked_source, what, err));
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, step->blocked_source ? step->blocked_source : step->source},
        {DNNL_ARG_DST, step->blocked_target ? step->blocked_target : step->target},
        {DNNL_ARG_SCRATCHPAD, step->scratchpad},
        {DNNL_ARG_WEIGHTS, params->weight},
        {DNNL_ARG_BIAS, params->bias},
    };
    int n_args = params->weight ? 5 : 3;
    FTDN_TRY(ftdn_onednn_execute(primitive->primitive, state->stream, args, n_args, what, err));
    return reorder(primitive->target_reorder, state->stream, step->blocked_target, step->target, what, err);
}

static ftdn_status cpu_run_step(ftdn_context *context, const ftdn_packed *packed, int index, ftdn_error *err)
{
    const ftdn_graph *graph = context->program->graph;
    const ftdn_step *plan = &context->program->schedule.step[index];
    const ftdn_node *node = &graph->node[plan->node];
    const cpu_packed_step *params = ((const cpu_packed *)packed->state)->step + index;
    if (plan->op == FTDN_OP_CONV || plan->op == FTDN_OP_MAX_POOL) {
        return run_primitive(context, params, index, node->name, err);
    }
    const float *x = ftdn_context_values(context, plan->source);
    float *y = ftdn_context_values(context, plan->target);
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    size_t n_elements = n_pixels * (size_t)node->shape.c;
    if (plan->op == FTDN_OP_BATCH_NORM) {
        ftdn_cpu_batch_norm_forward(n_pixels, node->shape.c, x, params->slope, params->offset, plan->activation, y);
    } else if (plan->op == FTDN_OP_MERGE) {
        const float *copy[FTDN_MAX_COPIES];
        ftdn_context_copies(context, node, copy);
        ftdn_cpu_merge_forward(node, n_pixels, x, copy, plan->activation, y);
    } else if (plan->op == FTDN_OP_CLIP) {
        ftdn_cpu_clip_forward(n_elements, x, node->low, node->high, y);
        if (plan->activation != FTDN_ACTIVATION_NONE) ftdn_cpu_activation_forward(n_elements, y, plan->activation, y);
    } else {
        ftdn_cpu_activation_forward(n_elements, x, plan->activation, y);
    }
    return FTDN_OK;
}

const ftdn_backend ftdn_backend_cpu = {
    .name = "cpu",
    .micro_batch = 1,
    .arithmetic = cpu_arithmetic,
    .version = cpu_version,
    .program_init = cpu_program_init,
    .program_done = cpu_program_done,
    .packed_init = cpu_packed_init,
    .packed_done = cpu_packed_done,
    .pack_step = cpu_pack_step,
    .context_init = cpu_context_init,
    .context_done = cpu_context_done,
    .load_input = ftdn_host_load_input,
    .run_step = cpu_run_step,
    .gradients_init = ftdn_cpu_gradients_init,
    .gradients_done = ftdn_cpu_gradients_done,
    .gradients_pack_step = ftdn_cpu_gradients_pack_step,
    .backward_step = ftdn_cpu_backward_step,
};
