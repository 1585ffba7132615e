/* rank_pivot_cuda.h - the best of many scores, found by a block, in kernels only.
 *
 * A score that is not negative and its index make a key: the larger key comes first in the total order (order.h), and
 * no two are equal. The best n_wanted scores are then those whose key is not less than a pivot, which radix selection
 * finds digit by digit, from the top, until a digit parts the wanted keys from the others: where scores differ, in two
 * or three rounds over them, where all are equal, in at most six. */
#ifndef FTDN_DETECT_RANK_PIVOT_CUDA_H
#define FTDN_DETECT_RANK_PIVOT_CUDA_H

#include "engine/cuda/launch.h"

extern "C" {
#include "detect/detections_hd.h"
}

#define FTDN_RANK_THREADS 256 /* of the block */

#define FTDN_RANK_DIGIT_BITS 11
#define FTDN_RANK_BINS (1 << FTDN_RANK_DIGIT_BITS)
#define FTDN_RANK_BINS_PER_THREAD (FTDN_RANK_BINS / FTDN_RANK_THREADS)

typedef unsigned long long ftdn_rank_key;

__device__ static inline ftdn_rank_key ftdn_rank_key_make(float score, int index)
{
    return (ftdn_rank_key)ftdn_score_bits(score) << 32 | ~(uint32_t)index;
}

__device__ static inline float ftdn_rank_key_score(ftdn_rank_key key)
{
    uint32_t bits = (uint32_t)(key >> 32);
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

__device__ static inline int ftdn_rank_key_index(ftdn_rank_key key)
{
    return (int)~(uint32_t)key;
}

#define FTDN_WHOLE_WARP 0xffffffffu

/* Count a key in its bin; -1: none. A destroyed network gives one score to all priors: keys that lie in the bin of the
 * warp's first one are counted together, because an address takes one atomic operation at a time. All threads of the
 * warp. */
__device__ static inline void ftdn_rank_count(unsigned *count, int bin)
{
    unsigned counted = __ballot_sync(FTDN_WHOLE_WARP, bin >= 0);
    if (!counted) return;
    int first_lane = __ffs(counted) - 1, lane = threadIdx.x % 32;
    int first_bin = __shfl_sync(FTDN_WHOLE_WARP, bin, first_lane);
    unsigned together = __ballot_sync(FTDN_WHOLE_WARP, bin == first_bin);
    if (lane == first_lane) atomicAdd(&count[bin], (unsigned)__popc(together));
    else if (bin >= 0 && bin != first_bin) atomicAdd(&count[bin], 1u);
}

/* Where the last wanted key lies: in which bin, how many keys of that bin are wanted, how many there are. */
typedef struct ftdn_rank_bin {
    unsigned bin, n_wanted, n_keys;
} ftdn_rank_bin;

/* Of bins that have been counted, the one that holds the n_wanted-th largest key. All threads of the block. */
__device__ static inline ftdn_rank_bin ftdn_rank_find_bin(const unsigned *count, unsigned n_wanted)
{
    __shared__ unsigned n_from[FTDN_RANK_THREADS]; /* keys in the bins of this thread and of those behind it */
    __shared__ ftdn_rank_bin found;
    int own_first = threadIdx.x * FTDN_RANK_BINS_PER_THREAD;
    unsigned n_own = 0;
    for (int i = 0; i < FTDN_RANK_BINS_PER_THREAD; i++) n_own += count[own_first + i];
    n_from[threadIdx.x] = n_own;
    __syncthreads();
    for (int step = 1; step < FTDN_RANK_THREADS; step *= 2) {
        unsigned n_behind = threadIdx.x + step < FTDN_RANK_THREADS ? n_from[threadIdx.x + step] : 0;
        __syncthreads();
        n_from[threadIdx.x] += n_behind;
        __syncthreads();
    }
    unsigned n_above = n_from[threadIdx.x] - n_own;
    if (n_above < n_wanted && n_wanted <= n_above + n_own) {
        int bin = own_first + FTDN_RANK_BINS_PER_THREAD - 1;
        for (; n_above + count[bin] < n_wanted; bin--) n_above += count[bin];
        found.bin = bin;
        found.n_wanted = n_wanted - n_above;
        found.n_keys = count[bin];
    }
    __syncthreads();
    return found;
}

/* The pivot of the best n_wanted scores above the threshold, of which there are at least so many; n_wanted > 0. All
 * threads of the block. */
__device__ static inline ftdn_rank_key ftdn_rank_pivot(const float *scores, int n_scores, float threshold,
                                                       unsigned n_wanted)
{
    __shared__ unsigned count[FTDN_RANK_BINS];
    ftdn_rank_key pivot = 0;
    int top = 63; /* of a key's bits, those not yet known; the sign of a score is 0 */
    for (;;) {
        int shift = top > FTDN_RANK_DIGIT_BITS ? top - FTDN_RANK_DIGIT_BITS : 0;
        unsigned mask = (1u << (top - shift)) - 1;
        for (int i = threadIdx.x; i < FTDN_RANK_BINS; i += FTDN_RANK_THREADS) count[i] = 0;
        __syncthreads();
        for (int start = 0; start < n_scores; start += FTDN_RANK_THREADS) {
            int i = start + threadIdx.x, bin = -1;
            if (i < n_scores && scores[i] > threshold) {
                ftdn_rank_key key = ftdn_rank_key_make(scores[i], i);
                if ((key ^ pivot) >> top == 0) bin = (int)((unsigned)(key >> shift) & mask);
            }
            ftdn_rank_count(count, bin);
        }
        __syncthreads();
        ftdn_rank_bin last = ftdn_rank_find_bin(count, n_wanted);
        pivot |= (ftdn_rank_key)last.bin << shift;
        if (last.n_keys == last.n_wanted) return pivot;
        n_wanted = last.n_wanted;
        top = shift;
    }
}

#endif
