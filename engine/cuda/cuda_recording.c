#include "engine/cuda/cuda_recording.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_status.h"

struct ftdn_device_recording {
    cudaGraphExec_t graph;
};

ftdn_status ftdn_cuda_record_begin(ftdn_context *context, ftdn_error *err)
{
    ftdn_cuda_context_state *state = context->state;
    assert(!state->records);
    /* Code is loaded when it is first launched, which the stricter modes forbid in between. */
    FTDN_CUDA(cudaStreamBeginCapture(state->stream, cudaStreamCaptureModeRelaxed), NULL, err);
    state->records = true;
    return FTDN_OK;
}

ftdn_status ftdn_cuda_record_end(ftdn_context *context, ftdn_device_recording **ret_recording, ftdn_error *err)
{
    ftdn_cuda_context_state *state = context->state;
    cudaGraph_t graph = NULL;
    assert(state->records);
    state->records = false;
    FTDN_CUDA(cudaStreamEndCapture(state->stream, &graph), NULL, err);
    ftdn_device_recording *recording = calloc(1, sizeof *recording);
    cudaError_t error = recording ? cudaGraphInstantiate(&recording->graph, graph, 0) : cudaSuccess;
    (void)cudaGraphDestroy(graph);
    if (!recording) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a recording");
    if (error != cudaSuccess) {
        free(recording);
        return ftdn_cuda_fail(error, "cudaGraphInstantiate", NULL, err);
    }
    *ret_recording = recording;
    return FTDN_OK;
}

ftdn_status ftdn_cuda_replay(const ftdn_device_recording *recording, ftdn_context *context, ftdn_error *err)
{
    const ftdn_cuda_context_state *state = context->state;
    FTDN_CUDA(cudaGraphLaunch(recording->graph, state->stream), NULL, err);
    return FTDN_OK;
}

void ftdn_cuda_recording_free(ftdn_device_recording *recording)
{
    if (!recording) return;
    (void)cudaGraphExecDestroy(recording->graph);
    free(recording);
}

ftdn_status ftdn_cuda_mark(ftdn_context *context, int mark, ftdn_error *err)
{
    const ftdn_cuda_context_state *state = context->state;
    assert(mark >= 0 && mark < FTDN_DEVICE_MARKS);
    /* Without the flag a recorded event would order the recording's nodes and take no time. */
    unsigned flags = state->records ? cudaEventRecordExternal : cudaEventRecordDefault;
    FTDN_CUDA(cudaEventRecordWithFlags(state->mark[mark], state->stream, flags), NULL, err);
    return FTDN_OK;
}

ftdn_status ftdn_cuda_elapsed(const ftdn_context *context, int from_mark, int to_mark, double *ret_s, ftdn_error *err)
{
    const ftdn_cuda_context_state *state = context->state;
    float elapsed_ms;
    assert(from_mark >= 0 && from_mark < FTDN_DEVICE_MARKS && to_mark >= 0 && to_mark < FTDN_DEVICE_MARKS);
    FTDN_CUDA(cudaEventSynchronize(state->mark[to_mark]), NULL, err);
    FTDN_CUDA(cudaEventElapsedTime(&elapsed_ms, state->mark[from_mark], state->mark[to_mark]), NULL, err);
    *ret_s = (double)elapsed_ms / 1e3;
    return FTDN_OK;
}
