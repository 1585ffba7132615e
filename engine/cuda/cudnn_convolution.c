#include "engine/cuda/cuda_convolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#include "engine/cuda/cuda_bias.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cudnn_plan.h"

struct ftdn_cuda_library {
    cudnnHandle_t handle;
    cudaStream_t stream; /* borrowed */
    ftdn_cudnn_device device;
};

struct ftdn_cuda_convolution {
    ftdn_cudnn_plan plan;
    size_t n_pixels; /* of the result, all images */
    int n_channels;
    ftdn_activation activation;
    bool has_bias; /* a forward convolution */
};

static char version_text[32];
static once_flag version_is_written = ONCE_FLAG_INIT;

static void write_version(void)
{
    size_t version = cudnnGetVersion();
    snprintf(version_text, sizeof version_text, "cuDNN %zu.%zu.%zu", version / 10000, version / 100 % 100,
             version % 100);
}

const char *ftdn_cuda_library_version(void)
{
    call_once(&version_is_written, write_version);
    return version_text;
}

static ftdn_status library_init(ftdn_cuda_library *library, cudaStream_t stream, ftdn_error *err)
{
    int index = 0;
    FTDN_CUDA(cudaGetDevice(&index), "the device of cuDNN", err);
    FTDN_CUDNN(cudnnCreate(&library->handle), "a handle", err);
    FTDN_CUDNN(cudnnSetStream(library->handle, stream), "the stream of a handle", err);
    library->stream = stream;
    return ftdn_cudnn_device_init(&library->device, index, err);
}

ftdn_status ftdn_cuda_library_create(cudaStream_t stream, ftdn_cuda_library **ret_library, ftdn_error *err)
{
    ftdn_cuda_library *library = calloc(1, sizeof *library);
    if (!library) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for cuDNN's handle");
    ftdn_status status = library_init(library, stream, err);
    if (status == FTDN_OK) *ret_library = library;
    else ftdn_cuda_library_free(library);
    return status;
}

void ftdn_cuda_library_free(ftdn_cuda_library *library)
{
    if (!library) return;
    ftdn_cudnn_device_done(&library->device);
    if (library->handle) cudnnDestroy(library->handle);
    free(library);
}

ftdn_status ftdn_cuda_convolution_create(ftdn_cuda_library *library, const ftdn_cuda_convolution_desc *desc,
                                         ftdn_cuda_convolution **ret_convolution, ftdn_error *err)
{
    ftdn_cuda_convolution *convolution = calloc(1, sizeof *convolution);
    if (!convolution) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for the plan of %s", desc->name);
    ftdn_status status = ftdn_cudnn_plan_init(&convolution->plan, desc, &library->device, err);
    if (status != FTDN_OK) {
        free(convolution);
        return status;
    }
    convolution->n_pixels = (size_t)desc->n_images * (size_t)desc->out.h * (size_t)desc->out.w;
    convolution->n_channels = desc->out.c;
    convolution->activation = desc->activation;
    convolution->has_bias = desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD;
    *ret_convolution = convolution;
    return FTDN_OK;
}

void ftdn_cuda_convolution_free(ftdn_cuda_convolution *convolution)
{
    if (!convolution) return;
    ftdn_cudnn_plan_done(&convolution->plan);
    free(convolution);
}

size_t ftdn_cuda_convolution_workspace_bytes(const ftdn_cuda_convolution *convolution)
{
    return convolution->plan.workspace_bytes;
}

const char *ftdn_cuda_convolution_plan(const ftdn_cuda_convolution *convolution)
{
    return convolution->plan.text.chars;
}

/* cuDNN takes all memory as writable. */
static void *readable(const float *values)
{
    union {
        const float *given;
        void *wanted;
    } pointer = {.given = values};
    return pointer.wanted;
}

/* What memory each tensor has in one run. A finalized descriptor cannot be filled again, and addresses differ from run
 * to run: so there is a small one on the host for each, which recorded sequences do without. */
static ftdn_status execute(const ftdn_cudnn_plan *plan, cudnnHandle_t handle, void *const memory[4], void *workspace,
                           ftdn_error *err)
{
    static const int64_t id[] = {FTDN_CUDNN_A, FTDN_CUDNN_B, FTDN_CUDNN_OUT, FTDN_CUDNN_BIAS};
    const int64_t n_tensors = plan->is_fused ? 4 : 3;
    ftdn_cudnn_set set;
    ftdn_cudnn_set_init(&set, plan->graph.what);
    cudnnBackendDescriptor_t pack = ftdn_cudnn_add(&set, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    ftdn_cudnn_put_integers(&set, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, n_tensors, id);
    ftdn_cudnn_put(&set, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n_tensors, memory);
    ftdn_cudnn_put(&set, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    ftdn_cudnn_finalize(&set, pack);
    ftdn_status status = ftdn_cudnn_set_check(&set, err);
    if (status == FTDN_OK) {
        cudnnStatus_t result = cudnnBackendExecute(handle, plan->execution, pack);
        if (result != CUDNN_STATUS_SUCCESS) {
            status = ftdn_cudnn_fail(result, "cudnnBackendExecute", plan->graph.what, err);
        }
    }
    ftdn_cudnn_set_done(&set);
    return status;
}

ftdn_status ftdn_cuda_convolution_run(const ftdn_cuda_convolution *convolution, ftdn_cuda_library *library,
                                      const float *a, const float *b, const float *bias, float *out, void *workspace,
                                      ftdn_error *err)
{
    void *const memory[] = {readable(a), readable(b), out, readable(bias)};
    FTDN_TRY(execute(&convolution->plan, library->handle, memory, workspace, err));
    if (!convolution->has_bias || convolution->plan.is_fused) return FTDN_OK;
    ftdn_cuda_bias_activation(library->stream, convolution->n_pixels, convolution->n_channels, bias,
                              convolution->activation, out);
    return ftdn_cuda_check_launch("bias_activation", err);
}
