/* cudnn_convolution.c - cuda_convolution.h by plans of cuDNN. */
#include "engine/cuda/cuda_convolution.h"

#include <stdlib.h>

#include "engine/cuda/cuda_bias.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cudnn_cache.h"
#include "engine/cuda/cudnn_run.h"

struct ftdn_cuda_convolution {
    ftdn_cudnn_kept_plan *kept;
    const ftdn_cudnn_plan *plan;      /* of it */
    char what[FTDN_CUDNN_WHAT_CHARS]; /* with the name of this node; others may have the same plan */
    size_t n_pixels;                  /* of the result, all images */
    int n_channels;
    ftdn_activation activation;
    bool has_bias; /* a forward convolution */
};

ftdn_status ftdn_cuda_convolution_create(ftdn_device_cache *cache, const ftdn_cuda_convolution_desc *desc,
                                         ftdn_cuda_convolution **ret_convolution, ftdn_error *err)
{
    ftdn_cuda_convolution *convolution = calloc(1, sizeof *convolution);
    if (!convolution) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for convolution %s", desc->name);
    ftdn_status status = ftdn_cudnn_plans_take(&cache->plans, desc, &convolution->kept, err);
    if (status != FTDN_OK) {
        free(convolution);
        return status;
    }
    convolution->plan = ftdn_cudnn_kept_plan_get(convolution->kept);
    ftdn_cudnn_describe_convolution(desc, convolution->what);
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
    ftdn_cudnn_kept_plan_give_back(convolution->kept);
    free(convolution);
}

size_t ftdn_cuda_convolution_workspace_bytes(const ftdn_cuda_convolution *convolution)
{
    return convolution->plan->workspace_bytes;
}

const char *ftdn_cuda_convolution_plan(const ftdn_cuda_convolution *convolution)
{
    return convolution->plan->text.chars;
}

ftdn_status ftdn_cuda_convolution_run(const ftdn_cuda_convolution *convolution, ftdn_cuda_library *library,
                                      const float *a, const float *b, const float *bias, float *out, void *workspace,
                                      ftdn_error *err)
{
    const ftdn_cudnn_memory memory = {.a = a, .b = b, .bias = bias, .out = out, .workspace = workspace};
    FTDN_TRY(ftdn_cudnn_run(convolution->plan, library->handle, &memory, convolution->what, err));
    if (!convolution->has_bias || convolution->plan->is_fused) return FTDN_OK;
    ftdn_cuda_bias_activation(library->stream, convolution->n_pixels, convolution->n_channels, bias,
                              convolution->activation, out);
    return ftdn_cuda_check_launch("bias_activation", err);
}
