#include "engine/cuda/cudnn_run.h"

/* cuDNN takes all memory as writable. */
static void *readable(const float *values)
{
    union {
        const float *given;
        void *wanted;
    } pointer = {.given = values};
    return pointer.wanted;
}

/* A finalized descriptor cannot be filled again, and addresses differ from run to run: so there is a small one on the
 * host for each, which recorded sequences do without. */
ftdn_status ftdn_cudnn_run(const ftdn_cudnn_plan *plan, cudnnHandle_t handle, const ftdn_cudnn_memory *memory,
                           const char *what, ftdn_error *err)
{
    static const int64_t id[] = {FTDN_CUDNN_A, FTDN_CUDNN_B, FTDN_CUDNN_OUT, FTDN_CUDNN_BIAS};
    void *const tensor[] = {readable(memory->a), readable(memory->b), memory->out, readable(memory->bias)};
    const int64_t n_tensors = plan->is_fused ? 4 : 3;
    ftdn_cudnn_set set;
    ftdn_cudnn_set_init(&set, what);
    cudnnBackendDescriptor_t pack = ftdn_cudnn_add(&set, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    ftdn_cudnn_put_integers(&set, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, n_tensors, id);
    ftdn_cudnn_put(&set, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n_tensors, tensor);
    ftdn_cudnn_put(&set, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &memory->workspace);
    ftdn_cudnn_finalize(&set, pack);
    ftdn_status status = ftdn_cudnn_set_check(&set, err);
    if (status == FTDN_OK) {
        cudnnStatus_t result = cudnnBackendExecute(handle, plan->execution, pack);
        if (result != CUDNN_STATUS_SUCCESS) status = ftdn_cudnn_fail(result, "cudnnBackendExecute", what, err);
    }
    ftdn_cudnn_set_done(&set);
    return status;
}
