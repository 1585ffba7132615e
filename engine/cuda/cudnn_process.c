#include "engine/cuda/cudnn_process.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cudnn_tryout.h"

enum { MAX_IDLE = 256 }; /* some networks under some protections each: 30 MB */

/* One device that the process has met. */
typedef struct met_device {
    int index;
    ftdn_cudnn_device device;
    cudaStream_t stream; /* of tryouts; NULL: there was none yet */
    ftdn_cudnn_plans plans;
    struct met_device *next;
} met_device;

/* Guarded by the mutex. Devices live as long as the process. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static met_device *first_device;

static ftdn_status try_out(met_device *met, const ftdn_cuda_convolution_desc *desc, const ftdn_cudnn_plan *plan,
                           bool *ret_passes, ftdn_error *err)
{
    ftdn_cuda_library *library;
    if (!met->stream) FTDN_CUDA(cudaStreamCreateWithFlags(&met->stream, cudaStreamNonBlocking), "tryouts", err);
    FTDN_TRY(ftdn_cuda_library_create(met->stream, &library, err));
    ftdn_status status = ftdn_cudnn_tryout(plan, desc, library, ret_passes, err);
    ftdn_cuda_library_free(library);
    return status;
}

/* user: met_device * */
static ftdn_status make_plan(void *user, const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_plan *plan, ftdn_error *err)
{
    met_device *met = user;
    bool passes = true;
    FTDN_TRY(ftdn_cudnn_plan_init(plan, desc, &met->device, true, err));
    ftdn_status status = plan->is_fused ? try_out(met, desc, plan, &passes, err) : FTDN_OK;
    if (status == FTDN_OK && passes) return FTDN_OK;
    ftdn_cudnn_plan_done(plan);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_cudnn_plan_init(plan, desc, &met->device, false, err));
    ftdn_text_append(&plan->text, ", as the fused one fails its tryout");
    status = ftdn_text_check(&plan->text, err);
    if (status != FTDN_OK) ftdn_cudnn_plan_done(plan);
    return status;
}

static ftdn_status meet_device(int index, met_device **ret_met, ftdn_error *err)
{
    for (met_device *met = first_device; met; met = met->next) {
        if (met->index != index) continue;
        *ret_met = met;
        return FTDN_OK;
    }
    met_device *met = calloc(1, sizeof *met);
    if (!met) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for the plans of device %d", index);
    ftdn_status status = ftdn_cudnn_device_init(&met->device, index, err);
    if (status != FTDN_OK) {
        free(met);
        return status;
    }
    met->index = index;
    ftdn_cudnn_plans_init(&met->plans, make_plan, met, MAX_IDLE);
    met->next = first_device;
    first_device = met;
    *ret_met = met;
    return FTDN_OK;
}

static ftdn_status take(int index, const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_kept_plan **ret_kept,
                        ftdn_error *err)
{
    met_device *met = NULL;
    FTDN_TRY(meet_device(index, &met, err));
    return ftdn_cudnn_plans_take(&met->plans, desc, ret_kept, err);
}

ftdn_status ftdn_cudnn_process_take(const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_kept_plan **ret_kept,
                                    ftdn_error *err)
{
    int index = 0;
    FTDN_CUDA(cudaGetDevice(&index), "the device of cuDNN", err);
    (void)pthread_mutex_lock(&mutex);
    ftdn_status status = take(index, desc, ret_kept, err);
    (void)pthread_mutex_unlock(&mutex);
    return status;
}

void ftdn_cudnn_process_give_back(ftdn_cudnn_kept_plan *kept)
{
    if (!kept) return;
    (void)pthread_mutex_lock(&mutex);
    ftdn_cudnn_kept_plan_give_back(kept);
    (void)pthread_mutex_unlock(&mutex);
}
