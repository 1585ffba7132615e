/* cpu_backend.c - the backend for CPUs: oneDNN for convolutions and pooling, plain loops for the rest.
 *
 * Batch norms behind a convolution are folded into its weights and bias, activations are post-ops.
 * One image per micro-batch: nothing is padded, activations stay in a core's cache, and measured
 * against 2, 4 and 8 images it is the fastest. */
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/cpu/cpu_batch_norm.h"
#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_gradients.h"
#include "engine/cpu/cpu_merge.h"
#include "engine/cpu/cpu_packed.h"
#include "engine/cpu/cpu_program.h"
#include "engine/cpu/onednn.h"
#include "engine/host_memory.h"

typedef struct cpu_context_step {
    dnnl_memory_t source, target;                 /* nhwc; where in the slab is said at each run */
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
    for (int s = 0; s < program->schedule.n_steps; s++) {
        if (state->step) ftdn_onednn_step_done(&state->step[s]);
        if (state->backward) ftdn_onednn_backward_done(&state->backward[s]);
    }
    if (state->engine) dnnl_engine_destroy(state->engine);
    free(state->step);
    free(state->backward);
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
        if (!state->backward || op != FTDN_OP_CONV) continue;
        const ftdn_node *node = &program->graph->node[program->schedule.step[s].node];
        FTDN_TRY(ftdn_onednn_backward_init(&state->backward[s], step, state->engine, node, err));
    }
    return FTDN_OK;
}

static ftdn_status cpu_program_init(ftdn_program *program, ftdn_error *err)
{
    if (program->conv_algorithm == FTDN_CONV_TF32)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "backend cpu has no convolutions with TF32");
    size_t n_steps = (size_t)program->schedule.n_steps;
    bool has_backward = program->for_gradients || program->for_training;
    ftdn_cpu_program *state = program->state = calloc(1, sizeof *state);
    if (state) state->step = calloc(n_steps, sizeof *state->step);
    if (state && has_backward) state->backward = calloc(n_steps, sizeof *state->backward);
    bool complete = state && state->step && (state->backward || !has_backward);
    ftdn_status status =
        complete ? make_steps(program, state, err) : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a program");
    if (status != FTDN_OK) cpu_program_done(program);
    return status;
}

static void cpu_context_done(ftdn_context *context)
{
    cpu_context *state = context->state;
    if (!state) return;
    for (int s = 0; state->step && s < context->program->schedule.n_steps; s++) {
        ftdn_onednn_destroy_memory(state->step[s].source);
        ftdn_onednn_destroy_memory(state->step[s].target);
        ftdn_onednn_destroy_memory(state->step[s].blocked_source);
        ftdn_onednn_destroy_memory(state->step[s].blocked_target);
        ftdn_onednn_destroy_memory(state->step[s].scratchpad);
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
    FTDN_DNNL(dnnl_memory_create(&step->source, &primitive->source_nhwc, program->engine, DNNL_MEMORY_NONE), what, err);
    FTDN_DNNL(dnnl_memory_create(&step->target, &primitive->target_nhwc, program->engine, DNNL_MEMORY_NONE), what, err);
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
    state->step = ftdn_host_alloc((size_t)context->program->schedule.n_steps * sizeof *state->step, err);
    state->scratchpad = ftdn_host_alloc(program->scratchpad_bytes, err);
    state->blocked_source = ftdn_host_alloc(program->blocked_bytes, err);
    state->blocked_target = ftdn_host_alloc(program->blocked_bytes, err);
    bool complete = state->step && state->scratchpad && state->blocked_source && state->blocked_target;
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

static ftdn_status run_primitive(const ftdn_context *context, const ftdn_cpu_packed_step *params, int index,
                                 const char *what, ftdn_error *err)
{
    const cpu_context *state = context->state;
    const cpu_context_step *step = &state->step[index];
    const ftdn_step *plan = &context->program->schedule.step[index];
    const ftdn_onednn_step *primitive = ((const ftdn_cpu_program *)context->program->state)->step + index;
    FTDN_DNNL(dnnl_memory_set_data_handle(step->source, ftdn_context_values(context, plan->source)), what, err);
    FTDN_DNNL(dnnl_memory_set_data_handle(step->target, ftdn_context_values(context, plan->target)), what, err);
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
    const ftdn_cpu_packed_step *params = ftdn_cpu_packed_step_of(packed, index);
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
    .packed_init = ftdn_cpu_packed_init,
    .packed_done = ftdn_cpu_packed_done,
    .pack_step = ftdn_cpu_pack_step,
    .slab_create = ftdn_host_slab_create,
    .slab_free = ftdn_host_slab_free,
    .context_init = cpu_context_init,
    .context_done = cpu_context_done,
    .load_input = ftdn_host_load_input,
    .run_step = cpu_run_step,
    .gradients_init = ftdn_cpu_gradients_init,
    .gradients_done = ftdn_cpu_gradients_done,
    .backward_step = ftdn_cpu_backward_step,
    .batch_norm = {.sum = ftdn_cpu_batch_norm_sum,
                   .forward = ftdn_cpu_batch_norm_train,
                   .sum_gradients = ftdn_cpu_batch_norm_sum_gradients,
                   .backward = ftdn_cpu_batch_norm_backward},
};
