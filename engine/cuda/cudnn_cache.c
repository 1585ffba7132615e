#include "engine/cuda/cudnn_cache.h"

#include <stdlib.h>

#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cudnn_tryout.h"

enum { MAX_IDLE_PLANS = 256 }; /* some networks under some protections each: 30 MB */

static ftdn_status try_out(ftdn_device_cache *cache, const ftdn_cuda_convolution_desc *desc,
                           const ftdn_cudnn_plan *plan, bool *ret_passes, ftdn_error *err)
{
    ftdn_cuda_library *library;
    FTDN_TRY(ftdn_cuda_library_create(cache, cache->stream, &library, err));
    ftdn_status status = ftdn_cudnn_tryout(plan, desc, library, ret_passes, err);
    ftdn_cuda_library_free(library);
    return status;
}

/* user: ftdn_device_cache * */
static ftdn_status make_plan(void *user, const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_plan *plan, ftdn_error *err)
{
    ftdn_device_cache *cache = user;
    bool passes = true;
    FTDN_TRY(ftdn_cudnn_plan_init(plan, desc, &cache->device, true, err));
    ftdn_status status = plan->is_fused ? try_out(cache, desc, plan, &passes, err) : FTDN_OK;
    if (status == FTDN_OK && passes) return FTDN_OK;
    ftdn_cudnn_plan_done(plan);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_cudnn_plan_init(plan, desc, &cache->device, false, err));
    ftdn_text_append(&plan->text, ", as the fused one fails its tryout");
    status = ftdn_text_check(&plan->text, err);
    if (status != FTDN_OK) ftdn_cudnn_plan_done(plan);
    return status;
}

static ftdn_status make_cache(ftdn_device_cache *cache, ftdn_error *err)
{
    int index = 0;
    FTDN_CUDA(cudaGetDevice(&index), "the device of cuDNN", err);
    FTDN_CUDA(cudaStreamCreateWithFlags(&cache->stream, cudaStreamNonBlocking), "tryouts", err);
    return ftdn_cudnn_device_init(&cache->device, index, err);
}

ftdn_status ftdn_cuda_cache_create(ftdn_device_cache **ret_cache, ftdn_error *err)
{
    ftdn_device_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for the plans of a device");
    ftdn_cudnn_plans_init(&cache->plans, make_plan, cache, MAX_IDLE_PLANS);
    ftdn_status status = make_cache(cache, err);
    if (status == FTDN_OK) *ret_cache = cache;
    else ftdn_cuda_cache_free(cache);
    return status;
}

void ftdn_cuda_cache_free(ftdn_device_cache *cache)
{
    if (!cache) return;
    while (cache->first_idle) {
        ftdn_cuda_library *library = cache->first_idle;
        cache->first_idle = library->next;
        ftdn_cudnn_library_destroy(library);
    }
    ftdn_cudnn_plans_done(&cache->plans);
    ftdn_cudnn_device_done(&cache->device);
    if (cache->stream) (void)cudaStreamDestroy(cache->stream);
    free(cache);
}
