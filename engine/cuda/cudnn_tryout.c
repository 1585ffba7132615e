#include "engine/cuda/cudnn_tryout.h"

#include <math.h>
#include <stdlib.h>

#include "engine/cuda/cuda_bias.h"
#include "engine/cuda/cuda_layout.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cudnn_cache.h"
#include "engine/cuda/cudnn_run.h"

/* Channel k has number k mod N_NUMBERS as its bias. */
enum { N_NUMBERS = 7 };

static float bias_of(int channel)
{
    static const float numbers[N_NUMBERS] = {NAN, 1.5f, INFINITY, -1.0f, -INFINITY, 7.25f, -NAN};
    return numbers[channel % N_NUMBERS];
}

/* The definition (engine/graph.h). */
static float activate(ftdn_activation activation, float x)
{
    if (activation == FTDN_ACTIVATION_NONE) return x;
    float positive = x > 0 ? x : 0;
    return activation == FTDN_ACTIVATION_RELU6 && positive > 6 ? 6 : positive;
}

/* Device memory of one tryout. */
typedef struct tryout {
    const ftdn_cudnn_plan *plan;
    const ftdn_cuda_convolution_desc *desc;
    const ftdn_cuda_library *library;
    void *memory;        /* of all that follows */
    float *zeros;        /* x and w */
    float *y;            /* NaN before, which no rectifier leaves behind */
    float *bias, *wanted; /* [K] */
    int *is_wrong;
    void *workspace;
    size_t n_zeros, n_results, n_channels;
} tryout;

static void take_memory(tryout *t, ftdn_cuda_piece *piece)
{
    t->zeros = ftdn_cuda_take(piece, t->n_zeros, sizeof *t->zeros);
    t->y = ftdn_cuda_take(piece, t->n_results, sizeof *t->y);
    t->bias = ftdn_cuda_take(piece, 2 * t->n_channels, sizeof *t->bias);
    t->wanted = piece->memory ? t->bias + t->n_channels : NULL;
    t->is_wrong = ftdn_cuda_take(piece, 1, sizeof *t->is_wrong);
    t->workspace = ftdn_cuda_take(piece, t->plan->workspace_bytes, 1);
}

static ftdn_status upload_biases(const tryout *t, ftdn_error *err)
{
    float *numbers = calloc(2 * t->n_channels, sizeof *numbers);
    if (!numbers) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for %zu biases", t->n_channels);
    for (size_t k = 0; k < t->n_channels; k++) {
        numbers[k] = bias_of((int)k);
        numbers[t->n_channels + k] = activate(t->desc->activation, numbers[k]);
    }
    ftdn_status status = ftdn_cuda_copy(t->bias, numbers, 2 * t->n_channels * sizeof *numbers, err);
    free(numbers);
    return status;
}

static ftdn_status run(const tryout *t, bool *ret_passes, ftdn_error *err)
{
    const char *what = t->plan->graph.what;
    cudaStream_t stream = t->library->stream;
    const ftdn_cudnn_memory memory = {
        .a = t->zeros, .b = t->zeros, .bias = t->bias, .out = t->y, .workspace = t->workspace};
    int is_wrong;
    FTDN_TRY(upload_biases(t, err));
    FTDN_CUDA(cudaMemsetAsync(t->zeros, 0, t->n_zeros * sizeof *t->zeros, stream), what, err);
    FTDN_CUDA(cudaMemsetAsync(t->y, 0xff, t->n_results * sizeof *t->y, stream), what, err);
    FTDN_CUDA(cudaMemsetAsync(t->is_wrong, 0, sizeof *t->is_wrong, stream), what, err);
    FTDN_TRY(ftdn_cudnn_run(t->plan, t->library->handle, &memory, what, err));
    ftdn_cuda_find_wrong(stream, t->n_results, (int)t->n_channels, t->wanted, t->y, t->is_wrong);
    FTDN_TRY(ftdn_cuda_check_launch("find_wrong", err));
    FTDN_CUDA(cudaMemcpyAsync(&is_wrong, t->is_wrong, sizeof is_wrong, cudaMemcpyDeviceToHost, stream), what, err);
    FTDN_CUDA(cudaStreamSynchronize(stream), what, err);
    *ret_passes = !is_wrong;
    return FTDN_OK;
}

ftdn_status ftdn_cudnn_tryout(const ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                              ftdn_cuda_library *library, bool *ret_passes, ftdn_error *err)
{
    size_t n_images = (size_t)desc->n_images, n_in = (size_t)desc->in.c;
    size_t n_cells = (size_t)desc->kernel_h * (size_t)desc->kernel_w;
    tryout t = {
        .plan = plan,
        .desc = desc,
        .library = library,
        .n_zeros = n_images * ftdn_shape_elements(desc->in),
        .n_results = n_images * ftdn_shape_elements(desc->out),
        .n_channels = (size_t)desc->out.c,
    };
    if (t.n_zeros < t.n_channels * n_cells * n_in) t.n_zeros = t.n_channels * n_cells * n_in;
    ftdn_cuda_piece measured = {NULL, 0}, piece = {NULL, 0};
    take_memory(&t, &measured);
    FTDN_TRY(ftdn_cuda_alloc(measured.n_bytes, "the first run of a convolution (engine.micro_batch makes it smaller)",
                             &t.memory, err));
    piece.memory = t.memory;
    take_memory(&t, &piece);
    ftdn_status status = run(&t, ret_passes, err);
    ftdn_cuda_free(t.memory);
    return status;
}
