/* cuda_packed.c - the parameters of all steps in one piece of device memory. */
#include <stdlib.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_pack.h"
#include "engine/cuda/cuda_status.h"

enum { ALIGNMENT = 64 }; /* floats: 256 bytes, as fresh memory has */

/* A context's stream is done when its context is. */
static void leave_stream(ftdn_cuda_packed *state)
{
    if (!state->stream || state->follows_context) return;
    (void)cudaStreamSynchronize(state->stream);
    (void)cudaStreamDestroy(state->stream);
}

void ftdn_cuda_packed_done(ftdn_packed *packed)
{
    ftdn_cuda_packed *state = packed->state;
    if (!state) return;
    leave_stream(state);
    ftdn_cuda_free(state->memory);
    ftdn_cuda_free(state->staged);
    (void)pthread_mutex_destroy(&state->mutex);
    free(state->step);
    free(state);
    packed->state = NULL;
}

/* The next n floats of the memory, or, while there is none yet, only their number. */
static float *take(float *memory, size_t *n_taken, size_t n)
{
    float *taken = memory ? memory + *n_taken : NULL;
    *n_taken += (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return taken;
}

/* A batch norm that is trained takes those of the batch (engine/training.c). */
static bool takes_statistics(const ftdn_program *program, const ftdn_step *plan)
{
    return program->for_training && plan->op == FTDN_OP_BATCH_NORM;
}

/* Lay out all steps in the memory; returns how many floats they take. */
static size_t lay_out(const ftdn_program *program, float *memory, ftdn_cuda_packed_step *steps)
{
    bool has_gradients = program->for_gradients || program->for_training;
    size_t n_taken = 0;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        const ftdn_step *plan = &program->schedule.step[s];
        const ftdn_node *node = &program->graph->node[plan->node];
        size_t n_channels = (size_t)node->shape.c;
        ftdn_cuda_packed_step *step = &steps[s];
        if (plan->op == FTDN_OP_CONV) {
            step->weight = take(memory, &n_taken, program->graph->param[node->weight].n_elements);
            step->bias = take(memory, &n_taken, n_channels);
        }
        if (plan->batch_norm < 0 || takes_statistics(program, plan)) continue;
        step->slope = take(memory, &n_taken, n_channels);
        step->offset = plan->op == FTDN_OP_CONV ? step->bias : take(memory, &n_taken, n_channels);
        if (!has_gradients) continue;
        step->mean = take(memory, &n_taken, n_channels);
        step->var = take(memory, &n_taken, n_channels);
    }
    return n_taken;
}

/* The parameters that a step reads. Returns their number. */
static int list_params(const ftdn_program *program, int index, int param[6])
{
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    int n_params = 0;
    if (plan->op == FTDN_OP_CONV) param[n_params++] = node->weight;
    if (plan->op == FTDN_OP_CONV && node->bias >= 0) param[n_params++] = node->bias;
    if (plan->batch_norm < 0 || takes_statistics(program, plan)) return n_params;
    const ftdn_node *bn = &program->graph->node[plan->batch_norm];
    param[n_params++] = bn->bn_scale;
    param[n_params++] = bn->bn_shift;
    param[n_params++] = bn->bn_mean;
    param[n_params++] = bn->bn_var;
    return n_params;
}

static size_t most_staged(const ftdn_program *program)
{
    size_t most = 0;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        int param[6], n_params = list_params(program, s, param);
        size_t n_staged = 0;
        for (int i = 0; i < n_params; i++) (void)take(NULL, &n_staged, program->graph->param[param[i]].n_elements);
        if (n_staged > most) most = n_staged;
    }
    return most;
}

static ftdn_status make_packed(ftdn_packed *packed, ftdn_error *err)
{
    const ftdn_program *program = packed->program;
    ftdn_cuda_packed *state = packed->state;
    size_t n_bytes = lay_out(program, NULL, state->step) * sizeof(float);
    FTDN_TRY(ftdn_cuda_enter(program, err));
    FTDN_CUDA(cudaStreamCreateWithFlags(&state->stream, cudaStreamNonBlocking), NULL, err);
    FTDN_TRY(ftdn_cuda_alloc(n_bytes, "weights", (void **)&state->memory, err));
    FTDN_TRY(ftdn_cuda_alloc(most_staged(program) * sizeof(float), "weights", (void **)&state->staged, err));
    FTDN_CUDA(cudaMemsetAsync(state->memory, 0, n_bytes, state->stream), "weights", err);
    (void)lay_out(program, state->memory, state->step);
    packed->n_bytes = n_bytes;
    return FTDN_OK;
}

ftdn_status ftdn_cuda_packed_init(ftdn_packed *packed, ftdn_error *err)
{
    ftdn_cuda_packed *state = calloc(1, sizeof *state);
    if (!state) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    if (pthread_mutex_init(&state->mutex, NULL) != 0) {
        free(state);
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    }
    packed->state = state;
    state->step = calloc((size_t)packed->program->schedule.n_steps, sizeof *state->step);
    ftdn_status status =
        state->step ? make_packed(packed, err) : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    if (status != FTDN_OK) ftdn_cuda_packed_done(packed);
    return status;
}

ftdn_status ftdn_cuda_pack_behind(ftdn_packed *packed, const ftdn_context *context, ftdn_error *err)
{
    ftdn_cuda_packed *state = packed->state;
    FTDN_TRY(ftdn_cuda_enter(packed->program, err));
    leave_stream(state);
    state->stream = ftdn_cuda_context_stream(context);
    state->follows_context = true;
    return FTDN_OK;
}

/* Weights may be on their way in any stream. */
ftdn_status ftdn_cuda_pack_begin(ftdn_packed *packed, ftdn_error *err)
{
    FTDN_TRY(ftdn_cuda_enter(packed->program, err));
    if (((const ftdn_cuda_packed *)packed->state)->follows_context) return FTDN_OK;
    FTDN_CUDA(cudaDeviceSynchronize(), "weights", err);
    return FTDN_OK;
}

ftdn_status ftdn_cuda_pack_end(ftdn_packed *packed, ftdn_error *err)
{
    const ftdn_cuda_packed *state = packed->state;
    if (!state->follows_context) FTDN_CUDA(cudaStreamSynchronize(state->stream), "weights", err);
    return FTDN_OK;
}

/* A parameter where kernels can read it: where it is, or, from the host, staged. */
static ftdn_status stage_param(const ftdn_packed *packed, const ftdn_weights *weights, int param, size_t *n_staged,
                               const float **ret_values, ftdn_error *err)
{
    const ftdn_cuda_packed *state = packed->state;
    const ftdn_param *about = &packed->program->graph->param[param];
    const float *values = weights->value[param];
    struct cudaPointerAttributes place;
    FTDN_CUDA(cudaPointerGetAttributes(&place, values), about->name, err);
    if (place.type == cudaMemoryTypeDevice) {
        *ret_values = values;
        return FTDN_OK;
    }
    float *staged = take(state->staged, n_staged, about->n_elements);
    FTDN_CUDA(
        cudaMemcpyAsync(staged, values, about->n_elements * sizeof *staged, cudaMemcpyHostToDevice, state->stream),
        about->name, err);
    *ret_values = staged;
    return FTDN_OK;
}

static ftdn_status copy_channels(const ftdn_packed *packed, const ftdn_weights *weights, int param, float *to,
                                 ftdn_error *err)
{
    const ftdn_param *about = &packed->program->graph->param[param];
    cudaStream_t stream = ((const ftdn_cuda_packed *)packed->state)->stream;
    size_t n_bytes = about->n_elements * sizeof *to;
    FTDN_CUDA(cudaMemcpyAsync(to, weights->value[param], n_bytes, cudaMemcpyDefault, stream), about->name, err);
    return FTDN_OK;
}

static ftdn_status pack_batch_norm(const ftdn_packed *packed, int index, const ftdn_weights *weights, size_t *n_staged,
                                   ftdn_error *err)
{
    const ftdn_cuda_packed *state = packed->state;
    const ftdn_step *plan = &packed->program->schedule.step[index];
    const ftdn_node *node = &packed->program->graph->node[plan->node];
    const ftdn_node *bn = &packed->program->graph->node[plan->batch_norm];
    const ftdn_cuda_packed_step *step = &state->step[index];
    const float *scale, *shift, *mean, *var, *bias = NULL;
    FTDN_TRY(stage_param(packed, weights, bn->bn_scale, n_staged, &scale, err));
    FTDN_TRY(stage_param(packed, weights, bn->bn_shift, n_staged, &shift, err));
    FTDN_TRY(stage_param(packed, weights, bn->bn_mean, n_staged, &mean, err));
    FTDN_TRY(stage_param(packed, weights, bn->bn_var, n_staged, &var, err));
    if (plan->op == FTDN_OP_CONV && node->bias >= 0)
        FTDN_TRY(stage_param(packed, weights, node->bias, n_staged, &bias, err));
    ftdn_cuda_batch_norm_fold(state->stream, bn->shape.c, bn->epsilon, scale, shift, mean, var, bias, step->slope,
                              step->offset);
    if (!step->mean) return FTDN_OK;
    FTDN_TRY(copy_channels(packed, weights, bn->bn_mean, step->mean, err));
    return copy_channels(packed, weights, bn->bn_var, step->var, err);
}

/* Of one step, by one thread at a time. */
static ftdn_status pack_alone(const ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err)
{
    const ftdn_cuda_packed *state = packed->state;
    const ftdn_program *program = packed->program;
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    const ftdn_cuda_packed_step *step = &state->step[index];
    size_t n_staged = 0;
    FTDN_TRY(ftdn_cuda_enter(program, err));
    if (plan->batch_norm >= 0 && !takes_statistics(program, plan))
        FTDN_TRY(pack_batch_norm(packed, index, weights, &n_staged, err));
    if (plan->op == FTDN_OP_CONV) {
        const float *weight;
        int n_inputs = program->graph->node[plan->source].shape.c / node->groups;
        if (plan->batch_norm < 0 && node->bias >= 0)
            FTDN_TRY(copy_channels(packed, weights, node->bias, step->bias, err));
        FTDN_TRY(stage_param(packed, weights, node->weight, &n_staged, &weight, err));
        ftdn_cuda_weight_pack(state->stream, ftdn_cuda_filters_of(node, n_inputs), weight, step->slope, step->weight);
    }
    return ftdn_cuda_check_launch(node->name, err);
}

ftdn_status ftdn_cuda_pack_step(ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err)
{
    ftdn_cuda_packed *state = packed->state;
    (void)pthread_mutex_lock(&state->mutex);
    ftdn_status status = pack_alone(packed, index, weights, err);
    (void)pthread_mutex_unlock(&state->mutex);
    return status;
}
