/* site_search_cuda.h - device code: the elements of a tile that are hit, found by one warp.
 *
 * A lane makes whole Philox blocks, each of which answers for eight elements: 16 lanes cover a group of 128 elements,
 * and each half of a warp one half of the tile, group by group. Hits go to a queue in shared memory which the warp then
 * walks together, so that what is done with a hit is done side by side however rare hits are. What the definition
 * computes again for every element is shared here: one stream for a tile, and of the numbers only the first 16 bits,
 * all but the ties. */
#ifndef FTDN_INJECTORS_SITE_SEARCH_CUDA_H
#define FTDN_INJECTORS_SITE_SEARCH_CUDA_H

#include "engine/cuda/launch.h"
#include "injectors/site_hd.h"

enum {
    FTDN_CUDA_WARP = 32,
    FTDN_CUDA_TILE_STEPS = 4,
    FTDN_CUDA_TILE = FTDN_CUDA_TILE_STEPS * 2 * 128, /* elements */
};
#define FTDN_CUDA_ALL_LANES 0xffffffffu

/* A lane has 32 of a tile's elements, a bit each: bit 16 h + 4 step + w is half h of word w of the step's block
 * (site_hd.h). From one w to the next, and from the last one of a step to the first of the next, it is 32 elements. */
__device__ static inline uint32_t ftdn_cuda_tile_offset(uint32_t lane, uint32_t bit)
{
    return (lane >> 4) * (FTDN_CUDA_TILE / 2) + (lane & 15) * 2 + (bit & 15) * 32 + (bit >> 4);
}

/* Of a lane's elements those whose first 16 bits do not exceed the threshold's. first: the tile's element 0. *ret_tied:
 * not 0 where those of any are equal to the threshold's. Both halves of a word are compared at once. */
__device__ static inline uint32_t ftdn_cuda_find_candidates(ftdn_site_stream stream, uint32_t first16, uint32_t first,
                                                            uint32_t lane, uint32_t *ret_tied)
{
    const uint32_t top = 0x80008000u, limit = first16 << 16 | first16;
    uint32_t candidates = 0, ties = 0, block = first / 8 + (lane >> 4) * (FTDN_CUDA_TILE / 16) + (lane & 15);
    for (uint32_t step = 0; step < FTDN_CUDA_TILE_STEPS; step++, block += 16) {
        ftdn_philox_block bits = ftdn_site_block(stream, FTDN_PURPOSE_SELECT, block);
        FTDN_UNROLL
        for (uint32_t w = 0; w < 4; w++) {
            /* The lower 15 bits of each half are subtracted; the top bits keep the halves from borrowing. */
            uint32_t word = bits.word[w], rest = (limit | top) - (word & ~top), differs = word ^ limit;
            uint32_t is_at_most = (limit & ~word) | (~differs & rest);
            candidates = candidates >> 1 | (is_at_most & top);
            ties |= (differs - 0x00010001u) & ~differs; /* the top bit of a half that is 0, or beside one */
        }
    }
    *ret_tied = ties & top;
    return candidates;
}

/* A lane's hits. */
__device__ static inline uint32_t ftdn_cuda_find_hits(ftdn_site_stream stream, ftdn_site_threshold threshold,
                                                      uint32_t first, uint32_t lane)
{
    if (threshold.all) return 0xffffffffu;
    uint32_t tied, hits = 0;
    uint32_t candidates = ftdn_cuda_find_candidates(stream, (uint32_t)(threshold.below >> 48), first, lane, &tied);
    if (!tied) return candidates;
    for (uint32_t left = candidates; left; left &= left - 1) {
        uint32_t bit = (uint32_t)__ffs((int)left) - 1;
        if (ftdn_site_is_hit(stream, first + ftdn_cuda_tile_offset(lane, bit), threshold)) hits |= 1u << bit;
    }
    return hits;
}

/* Find the hits among the tile's elements [first, n_elements), first a multiple of FTDN_CUDA_TILE. Called by all lanes
 * of a warp together. queue: [FTDN_CUDA_TILE] in shared memory, of this warp: offsets from `first`, in no order.
 * Returns their number, to all lanes; the queue can be read at once, and written again behind a __syncwarp. */
__device__ static inline int ftdn_cuda_search_tile(ftdn_site_stream stream, ftdn_site_threshold threshold,
                                                   uint32_t first, uint32_t n_elements, uint16_t *queue)
{
    const uint32_t lane = threadIdx.x % FTDN_CUDA_WARP, n_left = n_elements - first;
    uint32_t hits = ftdn_cuda_find_hits(stream, threshold, first, lane);
    if (n_left < FTDN_CUDA_TILE) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            if (ftdn_cuda_tile_offset(lane, bit) >= n_left) hits &= ~(1u << bit);
        }
    }
    int n_own = __popc(hits), n_until = n_own;
    for (uint32_t distance = 1; distance < FTDN_CUDA_WARP; distance *= 2) {
        int n_before = __shfl_up_sync(FTDN_CUDA_ALL_LANES, n_until, distance);
        if (lane >= distance) n_until += n_before;
    }
    uint16_t *own = queue + (n_until - n_own);
    for (; hits; hits &= hits - 1) {
        uint32_t bit = (uint32_t)__ffs((int)hits) - 1;
        *own++ = (uint16_t)ftdn_cuda_tile_offset(lane, bit);
    }
    int n_hits = __shfl_sync(FTDN_CUDA_ALL_LANES, n_until, FTDN_CUDA_WARP - 1);
    __syncwarp();
    return n_hits;
}

#endif
