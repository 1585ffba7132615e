/* cuda_input.c - the images of a micro-batch into the input map. */
#include <assert.h>
#include <string.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_pixels.h"
#include "engine/cuda/cuda_status.h"

ftdn_status ftdn_cuda_set_batch(ftdn_context *context, const ftdn_resident_images *images, int first, int n_images,
                                ftdn_error *err)
{
    const ftdn_cuda_context_state *state = context->state;
    assert(!state->records && n_images >= 1 && n_images <= context->program->schedule.micro_batch);
    assert(first >= 0 && first + n_images <= images->n_images);
    FTDN_TRY(ftdn_cuda_enter(context->program, err));
    const ftdn_cuda_batch value = {
        .first = first,
        .n_images = n_images,
        .pixels = images->pixels,
        .image_id = images->image_id,
    };
    ftdn_cuda_batch_write(state->stream, &state->batch[0], value);
    return ftdn_cuda_check_launch("batch", err);
}

/* Host memory that is pinned must stay as it is until the copy is done; any other may be written again at once. */
static ftdn_status load_values(const ftdn_context *context, const ftdn_input *input, size_t n_elements, float *x,
                               ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(context);
    size_t n_given = (size_t)input->n_images * n_elements;
    size_t n_missing = (size_t)(context->program->schedule.micro_batch - input->n_images) * n_elements;
    FTDN_CUDA(cudaMemcpyAsync(x, input->values, n_given * sizeof *x, cudaMemcpyDefault, stream), "input", err);
    if (n_missing) FTDN_CUDA(cudaMemsetAsync(x + n_given, 0, n_missing * sizeof *x, stream), "input", err);
    return FTDN_OK;
}

/* Room for byte images on their way: pinned memory is slow to make, and trials have their images on the device. What
 * was made of it when an allocation fails stays the context's, and is made no second time. */
static ftdn_status make_pixels(ftdn_cuda_context_state *state, size_t n_bytes, ftdn_error *err)
{
    if (!state->host_pixels) FTDN_CUDA(cudaMallocHost((void **)&state->host_pixels, n_bytes), "images", err);
    if (!state->pixels_sent)
        FTDN_CUDA(cudaEventCreateWithFlags(&state->pixels_sent, cudaEventDisableTiming), "images", err);
    return ftdn_cuda_alloc(n_bytes, "the images of a micro-batch", (void **)&state->pixels, err);
}

/* The bytes of the images through pinned memory to the device, as a batch of their own. */
static ftdn_status send_pixels(const ftdn_context *context, const ftdn_input *input, size_t n_elements, ftdn_error *err)
{
    ftdn_cuda_context_state *state = context->state;
    assert(!state->records);
    if (!state->pixels) FTDN_TRY(make_pixels(state, n_elements * (size_t)context->program->schedule.micro_batch, err));
    FTDN_CUDA(cudaEventSynchronize(state->pixels_sent), "images", err);
    for (int n = 0; n < input->n_images; n++) {
        memcpy(state->host_pixels + (size_t)n * n_elements, input->pixels[n], n_elements);
    }
    size_t n_bytes = (size_t)input->n_images * n_elements;
    FTDN_CUDA(cudaMemcpyAsync(state->pixels, state->host_pixels, n_bytes, cudaMemcpyHostToDevice, state->stream),
              "images", err);
    FTDN_CUDA(cudaEventRecord(state->pixels_sent, state->stream), "images", err);
    const ftdn_cuda_batch value = {.n_images = input->n_images, .pixels = state->pixels};
    ftdn_cuda_batch_write(state->stream, &state->batch[1], value);
    return ftdn_cuda_check_launch("batch", err);
}

ftdn_status ftdn_cuda_load_input(ftdn_context *context, const ftdn_input *input, ftdn_error *err)
{
    const ftdn_cuda_context_state *state = context->state;
    ftdn_shape shape = context->program->graph->node[0].shape;
    size_t n_elements = ftdn_shape_elements(shape);
    float *x = ftdn_context_values(context, 0);
    FTDN_TRY(ftdn_cuda_enter(context->program, err));
    if (input->values) return load_values(context, input, n_elements, x, err);
    if (shape.c != 3)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "byte images have 3 channels, the graph's input has %d", shape.c);
    if (input->pixels) FTDN_TRY(send_pixels(context, input, n_elements, err));
    const ftdn_cuda_batch *batch = &state->batch[input->pixels ? 1 : 0];
    ftdn_cuda_pixels_normalise(state->stream, batch, context->program->schedule.micro_batch, n_elements, input->mean,
                               input->scale, x);
    return ftdn_cuda_check_launch("input", err);
}
