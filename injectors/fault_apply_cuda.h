/* fault_apply_cuda.h - device code: what becomes of a hit element, and counts on their way to memory. */
#ifndef FTDN_INJECTORS_FAULT_APPLY_CUDA_H
#define FTDN_INJECTORS_FAULT_APPLY_CUDA_H

#include <cuda_runtime.h>

#include "injectors/fault_count_cuda.h"
#include "injectors/fault_hd.h"
#include "injectors/site_search_cuda.h"

/* What a block counts, of at most 65,535 elements: n_faults, n_changed and n_nonfinite in 16 bits each, so that one sum
 * over the lanes of a warp is enough. */
typedef unsigned long long ftdn_cuda_packed_count;
#define FTDN_CUDA_COUNT_CHANGED (1ull << 16)
#define FTDN_CUDA_COUNT_NONFINITE (1ull << 32)

/* Element e of the stream's tensor, whose value is `before`: its new value. As ftdn_fault_apply. */
__device__ static inline float ftdn_cuda_hit_value(const ftdn_fault_model *model, ftdn_site_stream stream, uint64_t e,
                                                   float before, ftdn_cuda_packed_count *count)
{
    if (model->type == FTDN_FAULT_ZERO) {
        *count += 1 + (before != 0.0f ? FTDN_CUDA_COUNT_CHANGED : 0);
        return 0.0f;
    }
    uint32_t old_bits = ftdn_float_bits(before);
    uint32_t new_bits = ftdn_fault_value(model, old_bits, ftdn_fault_random(stream, e));
    *count += 1 + (new_bits != old_bits ? FTDN_CUDA_COUNT_CHANGED : 0);
    if (ftdn_bits_are_nonfinite(new_bits) && !ftdn_bits_are_nonfinite(old_bits)) *count += FTDN_CUDA_COUNT_NONFINITE;
    float after;
    memcpy(&after, &new_bits, sizeof after);
    return after;
}

/* Add what the lanes of all warps counted. Called by all threads of a block, once. */
__device__ static inline void ftdn_cuda_add_counts(ftdn_cuda_packed_count own, ftdn_cuda_count *total)
{
    __shared__ ftdn_cuda_packed_count of_block;
    if (threadIdx.x == 0) of_block = 0;
    __syncthreads();
    for (int distance = FTDN_CUDA_WARP / 2; distance > 0; distance /= 2) {
        own += __shfl_down_sync(FTDN_CUDA_ALL_LANES, own, distance);
    }
    if (threadIdx.x % FTDN_CUDA_WARP == 0 && own != 0) atomicAdd(&of_block, own);
    __syncthreads();
    if (threadIdx.x != 0 || of_block == 0) return;
    unsigned long long n_changed = of_block >> 16 & 0xffff, n_nonfinite = of_block >> 32 & 0xffff;
    atomicAdd(&total->n_faults, of_block & 0xffff);
    if (n_changed) atomicAdd(&total->n_changed, n_changed);
    if (n_nonfinite) atomicAdd(&total->n_nonfinite, n_nonfinite);
}

#endif
