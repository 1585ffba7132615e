#include "engine/cuda/cuda_context.h"

#include <stdlib.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_batch_norm.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_status.h"

cudaStream_t ftdn_cuda_context_stream(const ftdn_context *context)
{
    return ((const ftdn_cuda_context_state *)context->state)->stream;
}

const ftdn_cuda_batch *ftdn_cuda_context_batch(const ftdn_context *context)
{
    return ((const ftdn_cuda_context_state *)context->state)->batch;
}

ftdn_status ftdn_cuda_enter(const ftdn_program *program, ftdn_error *err)
{
    FTDN_CUDA(cudaSetDevice(((const ftdn_cuda_program *)program->state)->device), NULL, err);
    return FTDN_OK;
}

static ftdn_status make_context(const ftdn_program *program, ftdn_cuda_context_state *state, ftdn_error *err)
{
    const ftdn_cuda_program *plan = program->state;
    FTDN_TRY(ftdn_cuda_enter(program, err));
    FTDN_CUDA(cudaStreamCreateWithFlags(&state->stream, cudaStreamNonBlocking), NULL, err);
    FTDN_TRY(ftdn_cuda_library_create(plan->cache, state->stream, &state->library, err));
    FTDN_TRY(ftdn_cuda_alloc(plan->forward_workspace_bytes, "convolutions", &state->workspace, err));
    FTDN_TRY(ftdn_cuda_alloc(2 * sizeof *state->batch, "a batch", (void **)&state->batch, err));
    FTDN_CUDA(cudaMemsetAsync(state->batch, 0, 2 * sizeof *state->batch, state->stream), "batch", err);
    for (int i = 0; i < FTDN_DEVICE_MARKS; i++) {
        FTDN_CUDA(cudaEventCreateWithFlags(&state->mark[i], cudaEventDefault), NULL, err);
    }
    if (program->for_training) FTDN_TRY(ftdn_cuda_norm_scratch_create(program, &state->norm_slice_sums, err));
    return FTDN_OK;
}

ftdn_status ftdn_cuda_clear_after(const ftdn_context *context, void *values, size_t n_bytes, ftdn_error *err)
{
    FTDN_CUDA(cudaMemsetAsync(values, 0, n_bytes, ftdn_cuda_context_stream(context)), "values", err);
    return FTDN_OK;
}

void ftdn_cuda_context_done(ftdn_context *context)
{
    ftdn_cuda_context_state *state = context->state;
    if (!state) return;
    if (state->stream) (void)cudaStreamSynchronize(state->stream);
    for (int i = 0; i < FTDN_DEVICE_MARKS; i++) {
        if (state->mark[i]) (void)cudaEventDestroy(state->mark[i]);
    }
    if (state->pixels_sent) (void)cudaEventDestroy(state->pixels_sent);
    (void)cudaFreeHost(state->host_pixels);
    ftdn_cuda_free(state->pixels);
    ftdn_cuda_free(state->batch);
    ftdn_cuda_free(state->norm_slice_sums);
    ftdn_cuda_free(state->workspace);
    ftdn_cuda_library_free(state->library);
    if (state->stream) (void)cudaStreamDestroy(state->stream);
    free(state);
    context->state = NULL;
}

ftdn_status ftdn_cuda_context_init(ftdn_context *context, ftdn_error *err)
{
    context->state = calloc(1, sizeof(ftdn_cuda_context_state));
    if (!context->state) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a context");
    ftdn_status status = make_context(context->program, context->state, err);
    if (status != FTDN_OK) ftdn_cuda_context_done(context);
    return status;
}
