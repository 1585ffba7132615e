/* fault_picks_cuda.h - device code: the elements that a draw with a count hits. */
#ifndef FTDN_INJECTORS_FAULT_PICKS_CUDA_H
#define FTDN_INJECTORS_FAULT_PICKS_CUDA_H

#include <cuda_runtime.h>

extern "C" {
#include "injectors/fault_hits.h"
}

enum { FTDN_CUDA_PICK_THREADS = 256 };

/* The set that ftdn_fault_picks_make makes, in no order. Called by all FTDN_CUDA_PICK_THREADS threads of a block, once.
 *
 * The picks are looked at in rounds of as many as are still wanted (or as there are threads), so that a round never
 * goes beyond the last one that the definition takes: all that differ from earlier ones are kept. */
__device__ static inline void ftdn_cuda_make_picks(uint64_t seed, ftdn_location location, uint64_t image,
                                                   uint64_t total, int count, ftdn_fault_picks *picks)
{
    __shared__ uint64_t kept[FTDN_MAX_FAULT_COUNT], candidate[FTDN_CUDA_PICK_THREADS];
    __shared__ int n_kept;
    const int thread = (int)threadIdx.x;
    const bool takes_all = total <= (uint64_t)count;
    const int n_picks = takes_all ? (int)total : count;
    const ftdn_site_stream stream = ftdn_site_pick_stream(seed, location, image);
    if (thread == 0) n_kept = 0;
    __syncthreads();
    uint64_t next = 0;
    for (int n_before = 0; !takes_all && n_before < n_picks;) {
        int n_round = n_picks - n_before < FTDN_CUDA_PICK_THREADS ? n_picks - n_before : FTDN_CUDA_PICK_THREADS;
        uint64_t own = ftdn_site_pick(stream, next + (uint64_t)thread, total);
        candidate[thread] = own;
        __syncthreads();
        bool is_new = thread < n_round;
        for (int i = 0; is_new && i < n_before; i++) is_new = kept[i] != own;
        for (int i = 0; is_new && i < thread; i++) is_new = candidate[i] != own;
        __syncthreads();
        if (is_new) kept[atomicAdd(&n_kept, 1)] = own;
        __syncthreads();
        n_before = n_kept;
        next += (uint64_t)n_round;
    }
    for (int i = thread; i < n_picks; i += FTDN_CUDA_PICK_THREADS)
        picks->element[i] = takes_all ? (uint64_t)i : kept[i];
    if (thread == 0) picks->n_picks = n_picks;
}

#endif
