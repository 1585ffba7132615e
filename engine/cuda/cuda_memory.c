#include "engine/cuda/cuda_memory.h"

#include "engine/cuda/cuda_status.h"

/* Told in units that a reader compares with the size of a device. */
static ftdn_status out_of_memory(size_t n_bytes, const char *what, ftdn_error *err)
{
    size_t free_bytes = 0, total_bytes = 0;
    (void)cudaGetLastError();
    (void)cudaMemGetInfo(&free_bytes, &total_bytes);
    return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%.1f MB of device memory wanted for %s; %.1f MB of %.1f MB are free",
                     (double)n_bytes / 1e6, what, (double)free_bytes / 1e6, (double)total_bytes / 1e6);
}

ftdn_status ftdn_cuda_alloc(size_t n_bytes, const char *what, void **ret_memory, ftdn_error *err)
{
    void *memory = NULL;
    cudaError_t error = cudaMalloc(&memory, n_bytes ? n_bytes : 1);
    if (error == cudaErrorMemoryAllocation) return out_of_memory(n_bytes, what, err);
    if (error != cudaSuccess) return ftdn_cuda_fail(error, "cudaMalloc", what, err);
    *ret_memory = memory;
    return FTDN_OK;
}

void ftdn_cuda_free(void *memory)
{
    (void)cudaFree(memory);
}

/* A copy from pageable memory may return while its last part is on its way, and one on the device before it begins:
 * both are behind each other on CUDA's own stream. */
ftdn_status ftdn_cuda_copy(void *to, const void *from, size_t n_bytes, ftdn_error *err)
{
    FTDN_CUDA(cudaMemcpy(to, from, n_bytes, cudaMemcpyDefault), NULL, err);
    FTDN_CUDA(cudaStreamSynchronize(NULL), "copy", err);
    return FTDN_OK;
}

ftdn_status ftdn_cuda_slab_create(size_t n_bytes, float **ret_slab, ftdn_error *err)
{
    void *slab = NULL;
    FTDN_TRY(ftdn_cuda_alloc(n_bytes, "the maps of a micro-batch (engine.micro_batch makes it smaller)", &slab, err));
    cudaError_t error = cudaMemset(slab, 0, n_bytes);
    if (error == cudaSuccess) error = cudaDeviceSynchronize();
    if (error != cudaSuccess) {
        ftdn_cuda_free(slab);
        return ftdn_cuda_fail(error, "cudaMemset", "maps", err);
    }
    *ret_slab = slab;
    return FTDN_OK;
}

void ftdn_cuda_slab_free(float *slab)
{
    ftdn_cuda_free(slab);
}

/* The streams of contexts do not wait for CUDA's own, which clears: hence on both sides. An error is final and seen by
 * the next call of the context. */
void ftdn_cuda_slab_clear(float *slab, size_t n_bytes)
{
    (void)cudaDeviceSynchronize();
    (void)cudaMemset(slab, 0, n_bytes);
    (void)cudaDeviceSynchronize();
}
