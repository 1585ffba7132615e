/* cuda_optimizer.c - the memory of all that a training changes, and its steps. */
#include "engine/cuda/cuda_optimizer.h"

#include <math.h>
#include <stdlib.h>

#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cuda_step.h"
#include "engine/optimizer_parts.h"

struct ftdn_device_optimizer {
    ftdn_device_optimizer_desc desc;
    ftdn_arena arena;
    cudaStream_t stream;
    size_t *begin;                /* [n_params] of the elements of all parameters, those that are trained first */
    size_t n_elements, n_trained; /* of all, of the trained ones */
    const float **value;          /* [n_params] device memory */
    float **gradient;             /* [n_params] device memory */
    int *param_of_piece;          /* [n_trained_pieces] */
    float *memory;                /* of all arrays of floats of the state */
    ftdn_cuda_param_piece *piece;       /* the state's, as they are made: in host memory */
    double *host_norm;            /* page-locked */
    ftdn_cuda_step_state state;
};

static const ftdn_graph *graph_of(const ftdn_device_optimizer *optimizer)
{
    return optimizer->desc.optimizer->graph;
}

static void optimizer_free(ftdn_device_optimizer *optimizer)
{
    if (!optimizer) return;
    (void)cudaStreamSynchronize(optimizer->stream);
    ftdn_cuda_free(optimizer->memory);
    ftdn_cuda_free(optimizer->state.piece);
    ftdn_cuda_free(optimizer->state.sum_of_squares);
    ftdn_cuda_free(optimizer->state.norm);
    (void)cudaFreeHost(optimizer->host_norm);
    ftdn_arena_done(&optimizer->arena);
    free(optimizer);
}

/* Give each parameter its place: one behind the other, so that what follows from it needs no table on the device. */
static ftdn_status place_params(ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    const ftdn_graph *graph = graph_of(optimizer);
    optimizer->begin = FTDN_NEW(&optimizer->arena, (size_t)graph->n_params, size_t, err);
    if (!optimizer->begin) return FTDN_ERR_MEMORY;
    for (int turn = 0; turn < 2; turn++) {
        for (int p = 0; p < graph->n_params; p++) {
            if (ftdn_param_is_trained(&graph->param[p]) != (turn == 0)) continue;
            optimizer->begin[p] = optimizer->n_elements;
            optimizer->n_elements += graph->param[p].n_elements;
        }
        if (turn == 0) optimizer->n_trained = optimizer->n_elements;
    }
    return FTDN_OK;
}

/* Cut the parameters that are trained, or the others, into pieces behind those there are; without room, only count. */
static void cut_params(ftdn_device_optimizer *optimizer, bool are_trained)
{
    const ftdn_graph *graph = graph_of(optimizer);
    for (int p = 0; p < graph->n_params; p++) {
        const ftdn_param *param = &graph->param[p];
        if (ftdn_param_is_trained(param) != are_trained) continue;
        for (size_t at = 0; at < param->n_elements; at += FTDN_CUDA_PIECE_ELEMENTS) {
            size_t left = param->n_elements - at;
            const float *of_batch = optimizer->desc.of_batch[p];
            int index = optimizer->state.n_pieces++;
            if (!optimizer->piece) continue;
            optimizer->param_of_piece[index] = p;
            optimizer->piece[index] = (ftdn_cuda_param_piece){
                .begin = optimizer->begin[p] + at,
                .n_elements = (int)(left < FTDN_CUDA_PIECE_ELEMENTS ? left : FTDN_CUDA_PIECE_ELEMENTS),
                .decays = param->kind == FTDN_PARAM_CONV_WEIGHT,
                .of_batch = of_batch ? of_batch + at : NULL,
            };
        }
    }
    if (are_trained) optimizer->state.n_trained_pieces = optimizer->state.n_pieces;
}

static ftdn_status make_pieces(ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    ftdn_cuda_step_state *state = &optimizer->state;
    for (int turn = 0; turn < 2; turn++) {
        state->n_pieces = 0;
        cut_params(optimizer, true);
        cut_params(optimizer, false);
        if (turn == 1) break;
        optimizer->param_of_piece = FTDN_NEW(&optimizer->arena, (size_t)state->n_pieces, int, err);
        optimizer->piece = FTDN_NEW(&optimizer->arena, (size_t)state->n_pieces, ftdn_cuda_param_piece, err);
        if (!optimizer->param_of_piece || !optimizer->piece) return FTDN_ERR_MEMORY;
    }
    size_t n_bytes = (size_t)state->n_pieces * sizeof *state->piece;
    size_t sums_bytes = (size_t)state->n_trained_pieces * sizeof *state->sum_of_squares;
    FTDN_TRY(ftdn_cuda_alloc(n_bytes, "an optimizer", (void **)&state->piece, err));
    FTDN_TRY(ftdn_cuda_alloc(sums_bytes, "an optimizer", (void **)&state->sum_of_squares, err));
    FTDN_TRY(ftdn_cuda_alloc(sizeof *state->norm, "an optimizer", (void **)&state->norm, err));
    FTDN_CUDA(cudaMallocHost((void **)&optimizer->host_norm, sizeof *state->norm), "an optimizer", err);
    return ftdn_cuda_copy(state->piece, optimizer->piece, n_bytes, err);
}

/* One piece of memory: values and average of all parameters; gradients and moments of the trained ones. */
static ftdn_status make_memory(ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    const ftdn_graph *graph = graph_of(optimizer);
    ftdn_cuda_step_state *state = &optimizer->state;
    bool has_second = optimizer->desc.optimizer->desc.kind == FTDN_OPTIMIZER_ADAM;
    size_t n_whole = optimizer->desc.average ? 2 : 1, n_trained = has_second ? 3 : 2;
    size_t n_floats = n_whole * optimizer->n_elements + n_trained * optimizer->n_trained; /* as on the host: fits */
    FTDN_TRY(ftdn_cuda_alloc(n_floats * sizeof(float), "parameters and moments", (void **)&optimizer->memory, err));
    FTDN_CUDA(cudaMemsetAsync(optimizer->memory, 0, n_floats * sizeof(float), optimizer->stream), "parameters", err);
    float *gradient = optimizer->memory;
    state->gradient = gradient;
    state->first = gradient + optimizer->n_trained;
    state->second = has_second ? state->first + optimizer->n_trained : NULL;
    state->value = gradient + n_trained * optimizer->n_trained;
    state->average = optimizer->desc.average ? state->value + optimizer->n_elements : NULL;
    optimizer->value = FTDN_NEW(&optimizer->arena, (size_t)graph->n_params, const float *, err);
    optimizer->gradient = FTDN_NEW(&optimizer->arena, (size_t)graph->n_params, float *, err);
    if (!optimizer->value || !optimizer->gradient) return FTDN_ERR_MEMORY;
    for (int p = 0; p < graph->n_params; p++) {
        optimizer->value[p] = state->value + optimizer->begin[p];
        if (ftdn_param_is_trained(&graph->param[p])) optimizer->gradient[p] = gradient + optimizer->begin[p];
    }
    return FTDN_OK;
}

/* Between a parameter's part of an array of the state and a buffer in host memory; either may be NULL: nothing. */
static ftdn_status copy_param(const ftdn_device_optimizer *optimizer, int param, float *on_device, float *on_host,
                              enum cudaMemcpyKind direction, ftdn_error *err)
{
    const ftdn_param *about = &graph_of(optimizer)->param[param];
    if (!on_device || !on_host) return FTDN_OK;
    bool fetches = direction == cudaMemcpyDeviceToHost;
    float *there = on_device + optimizer->begin[param];
    FTDN_CUDA(cudaMemcpyAsync(fetches ? on_host : there, fetches ? there : on_host, about->n_elements * sizeof(float),
                              direction, optimizer->stream),
              about->name, err);
    return FTDN_OK;
}

static ftdn_status copy_params(const ftdn_device_optimizer *optimizer, enum cudaMemcpyKind direction, ftdn_error *err)
{
    const ftdn_device_optimizer_desc *desc = &optimizer->desc;
    const ftdn_cuda_step_state *state = &optimizer->state;
    for (int p = 0; p < graph_of(optimizer)->n_params; p++) {
        float *average = desc->average ? desc->average[p] : NULL;
        FTDN_TRY(copy_param(optimizer, p, state->value, desc->value[p], direction, err));
        FTDN_TRY(copy_param(optimizer, p, state->first, desc->optimizer->first[p], direction, err));
        FTDN_TRY(copy_param(optimizer, p, state->second, desc->optimizer->second[p], direction, err));
        FTDN_TRY(copy_param(optimizer, p, state->average, average, direction, err));
    }
    FTDN_CUDA(cudaStreamSynchronize(optimizer->stream), "parameters", err);
    return FTDN_OK;
}

static ftdn_status make_optimizer(ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    FTDN_TRY(place_params(optimizer, err));
    FTDN_TRY(make_pieces(optimizer, err));
    FTDN_TRY(make_memory(optimizer, err));
    return copy_params(optimizer, cudaMemcpyHostToDevice, err);
}

static ftdn_status optimizer_create(const ftdn_device_optimizer_desc *desc, ftdn_device_optimizer **ret_optimizer,
                                    ftdn_error *err)
{
    ftdn_device_optimizer *optimizer = calloc(1, sizeof *optimizer);
    if (!optimizer) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for an optimizer");
    ftdn_arena_init(&optimizer->arena);
    optimizer->desc = *desc;
    optimizer->stream = ftdn_cuda_context_stream(desc->context);
    optimizer->state.max_gradient_norm = desc->optimizer->desc.max_gradient_norm;
    optimizer->state.statistics_part = desc->statistics_part;
    ftdn_status status = make_optimizer(optimizer, err);
    if (status != FTDN_OK) {
        optimizer_free(optimizer);
        return status;
    }
    *ret_optimizer = optimizer;
    return FTDN_OK;
}

static ftdn_weights optimizer_values(const ftdn_device_optimizer *optimizer)
{
    return (ftdn_weights){.n_params = graph_of(optimizer)->n_params, .value = optimizer->value};
}

static float *const *optimizer_gradients(const ftdn_device_optimizer *optimizer)
{
    return optimizer->gradient;
}

static ftdn_status optimizer_step(ftdn_device_optimizer *optimizer, double learning_rate, float average_part,
                                  ftdn_error *err)
{
    const ftdn_step_factors factors = ftdn_optimizer_make_factors(optimizer->desc.optimizer, learning_rate);
    ftdn_cuda_gradient_norm(optimizer->stream, &optimizer->state);
    ftdn_cuda_step_take(optimizer->stream, &optimizer->state, &factors, average_part);
    FTDN_TRY(ftdn_cuda_check_launch("a step of training", err));
    FTDN_CUDA(cudaMemcpyAsync(optimizer->host_norm, optimizer->state.norm, sizeof *optimizer->host_norm,
                              cudaMemcpyDeviceToHost, optimizer->stream),
              "norm of gradients", err);
    return FTDN_OK;
}

/* Find the gradient that is not finite. The buffers live in the optimizer, whose training is over. */
static ftdn_status fail_not_finite(ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    const ftdn_cuda_step_state *state = &optimizer->state;
    size_t n_pieces = (size_t)state->n_trained_pieces;
    double *sum = FTDN_NEW(&optimizer->arena, n_pieces, double, err);
    if (!sum) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_cuda_copy(sum, state->sum_of_squares, n_pieces * sizeof *sum, err));
    int piece = 0;
    while (isfinite(sum[piece])) piece++;
    int p = optimizer->param_of_piece[piece];
    const ftdn_param *param = &graph_of(optimizer)->param[p];
    float *gradient = FTDN_NEW(&optimizer->arena, param->n_elements, float, err);
    if (!gradient) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_cuda_copy(gradient, optimizer->gradient[p], param->n_elements * sizeof *gradient, err));
    return ftdn_optimizer_fail_not_finite(param, gradient, err);
}

static ftdn_status optimizer_finish(ftdn_device_optimizer *optimizer, double *ret_norm, ftdn_error *err)
{
    FTDN_CUDA(cudaStreamSynchronize(optimizer->stream), "a step of training", err);
    if (!isfinite(*optimizer->host_norm)) return fail_not_finite(optimizer, err);
    optimizer->desc.optimizer->n_steps++;
    *ret_norm = *optimizer->host_norm;
    return FTDN_OK;
}

static ftdn_status optimizer_fetch(const ftdn_device_optimizer *optimizer, ftdn_error *err)
{
    return copy_params(optimizer, cudaMemcpyDeviceToHost, err);
}

const ftdn_optimizer_device_table ftdn_cuda_optimizer_table = {
    .create = optimizer_create,
    .free = optimizer_free,
    .values = optimizer_values,
    .gradients = optimizer_gradients,
    .step = optimizer_step,
    .finish = optimizer_finish,
    .fetch = optimizer_fetch,
};
