extern "C" {
#include "injectors/map_faults_cuda.h"
}

#include "engine/cuda/launch.h"
#include "injectors/fault_apply_cuda.h"
#include "injectors/fault_picks_cuda.h"
#include "injectors/site_search_cuda.h"

#define RANGE_BLOCKS 32u /* of an image, at most */

enum {
    HIT_THREADS = 256,
    HIT_WARPS = HIT_THREADS / FTDN_CUDA_WARP,
    HIT_TILES = 2 * HIT_WARPS, /* of a block */
    PICKED_THREADS = 128,
    RANGE_THREADS = 256,
};
static_assert(HIT_TILES * FTDN_CUDA_TILE <= 65535, "a block's counts are packed");
static_assert(FTDN_MAX_FAULT_COUNT <= 65535, "a block's counts are packed");

/* Numbers in the order of the finite values that they stand for; none is 0 or all ones. -0 stands below 0, which makes
 * no difference: what is drawn is a sum, and that of -0 and 0 is 0. */
__device__ static unsigned order_of(float value)
{
    uint32_t bits = ftdn_float_bits(value);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ static float value_of(unsigned order)
{
    uint32_t bits = order & 0x80000000u ? order & 0x7fffffffu : ~order;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

__global__ void __launch_bounds__(FTDN_CUDA_PICK_THREADS)
    pick_maps(const ftdn_cuda_map_draw *of_trial, const ftdn_cuda_batch *batch, uint64_t total, ftdn_fault_picks *picks)
{
    const ftdn_fault_draw *draw = &of_trial->draw;
    const int image = (int)blockIdx.x;
    if (image >= batch->n_images) return;
    ftdn_cuda_make_picks(draw->seed, FTDN_LOCATION_FEATURE_MAP, batch->image_id[batch->first + image], total,
                         draw->count, &picks[image]);
}

__global__ void __launch_bounds__(RANGE_THREADS) measure_map(ftdn_cuda_map map)
{
    const int image = (int)blockIdx.y;
    if (image >= map.batch->n_images) return;
    const float *values = map.values + (size_t)image * map.n_values;
    unsigned highest = 0, lowest_complement = 0;
    for (uint32_t i = blockIdx.x * RANGE_THREADS + threadIdx.x; i < map.n_values; i += gridDim.x * RANGE_THREADS) {
        float value = values[i];
        if (ftdn_bits_are_nonfinite(ftdn_float_bits(value))) continue;
        unsigned order = order_of(value);
        highest = order > highest ? order : highest;
        lowest_complement = ~order > lowest_complement ? ~order : lowest_complement;
    }
    for (int distance = FTDN_CUDA_WARP / 2; distance > 0; distance /= 2) {
        unsigned high = __shfl_down_sync(FTDN_CUDA_ALL_LANES, highest, distance);
        unsigned low = __shfl_down_sync(FTDN_CUDA_ALL_LANES, lowest_complement, distance);
        highest = high > highest ? high : highest;
        lowest_complement = low > lowest_complement ? low : lowest_complement;
    }
    if (threadIdx.x % FTDN_CUDA_WARP != 0 || highest == 0) return;
    atomicMax(&map.range[image].highest, highest);
    atomicMax(&map.range[image].lowest_complement, lowest_complement);
}

/* What a block works on: one image's map, and the channels in it that are made of one copy. */
typedef struct block_of_map {
    float *values;
    ftdn_fault_model model;
    ftdn_site_stream stream;
    const int *place;
    bool is_hit;
} block_of_map;

/* blockIdx.y tells image and part. The block that is the first of them counts their elements. */
__device__ static block_of_map look_at_block(const ftdn_cuda_map *map)
{
    __shared__ ftdn_site_stream stream; /* made once, by one thread */
    const ftdn_fault_draw *draw = &map->draw->draw;
    const int image = (int)blockIdx.y / map->n_parts;
    const ftdn_cuda_map_part *part = &map->part[(int)blockIdx.y % map->n_parts];
    const int sites_of = ftdn_fault_draw_sites_of(draw, part->copy);
    block_of_map block;
    block.is_hit = image < map->batch->n_images && sites_of >= 0;
    if (!block.is_hit) return block;
    if (threadIdx.x == 0) {
        stream = ftdn_site_stream_make(draw->seed, map->layer_id, FTDN_LOCATION_FEATURE_MAP, (uint32_t)sites_of,
                                       map->batch->image_id[map->batch->first + image]);
        unsigned long long n_cells = map->n_elements / map->n_channels;
        if (blockIdx.x == 0) atomicAdd(map->n_counted, n_cells * (unsigned)part->n_channels);
    }
    block.values = map->values + (size_t)image * map->n_values;
    block.place = part->place;
    block.model = draw->model;
    if (ftdn_fault_wants_range(&block.model)) {
        ftdn_cuda_range range = map->range[image];
        block.model.low = range.highest ? value_of(~range.lowest_complement) : 0.0f;
        block.model.high = range.highest ? value_of(range.highest) : 0.0f;
    }
    __syncthreads();
    block.stream = stream;
    return block;
}

/* Hit element e of the original's map, where this map holds it. */
__device__ static void hit(const ftdn_cuda_map *map, const block_of_map *block, uint32_t e,
                           ftdn_cuda_packed_count *count)
{
    float *value = block->values + e;
    if (block->place) {
        uint32_t cell = e / map->n_channels;
        int held_at = block->place[e - cell * map->n_channels];
        if (held_at < 0) return;
        value = block->values + (cell * map->n_held + (uint32_t)held_at);
    }
    *value = ftdn_cuda_hit_value(&block->model, block->stream, e, *value, count);
}

/* A block searches HIT_TILES tiles of one image. */
__global__ void __launch_bounds__(HIT_THREADS) hit_map(ftdn_cuda_map map)
{
    __shared__ uint16_t queues[HIT_WARPS][FTDN_CUDA_TILE];
    const uint32_t lane = threadIdx.x % FTDN_CUDA_WARP, warp = threadIdx.x / FTDN_CUDA_WARP;
    const block_of_map block = look_at_block(&map);
    if (!block.is_hit) return;
    const ftdn_site_threshold threshold = map.draw->threshold;
    uint16_t *queue = queues[warp];
    ftdn_cuda_packed_count count = 0;
    for (uint32_t tile = warp; tile < HIT_TILES; tile += HIT_WARPS) {
        uint32_t first = (blockIdx.x * HIT_TILES + tile) * FTDN_CUDA_TILE;
        if (first >= map.n_elements) break;
        int n_hits = ftdn_cuda_search_tile(block.stream, threshold, first, map.n_elements, queue);
        for (int i = (int)lane; i < n_hits; i += FTDN_CUDA_WARP) hit(&map, &block, first + queue[i], &count);
        __syncwarp();
    }
    ftdn_cuda_add_counts(count, map.count);
}

/* One block for an image and a part. */
__global__ void __launch_bounds__(PICKED_THREADS) hit_picked_map(ftdn_cuda_map map)
{
    const block_of_map block = look_at_block(&map);
    if (!block.is_hit) return;
    const ftdn_fault_picks *picks = &map.picks[(int)blockIdx.y / map.n_parts];
    ftdn_cuda_packed_count count = 0;
    for (int i = (int)threadIdx.x; i < picks->n_picks; i += PICKED_THREADS) {
        uint64_t e = picks->element[i] - map.base; /* huge where the element is of a layer before */
        if (e < map.n_elements) hit(&map, &block, (uint32_t)e, &count);
    }
    ftdn_cuda_add_counts(count, map.count);
}

void ftdn_cuda_pick_maps(const ftdn_cuda_map_draw *draw, const ftdn_cuda_batch *batch, int n_images, uint64_t total,
                         ftdn_fault_picks *picks, cudaStream_t stream)
{
    FTDN_LAUNCH(pick_maps, n_images, FTDN_CUDA_PICK_THREADS, 0, stream, draw, batch, total, picks);
}

void ftdn_cuda_measure_map(const ftdn_cuda_map *map, cudaStream_t stream)
{
    uint32_t n_wanted = (map->n_values + RANGE_THREADS - 1) / RANGE_THREADS;
    dim3 blocks(n_wanted < RANGE_BLOCKS ? n_wanted : RANGE_BLOCKS, (unsigned)map->n_images);
    FTDN_LAUNCH(measure_map, blocks, RANGE_THREADS, 0, stream, *map);
}

void ftdn_cuda_hit_map(const ftdn_cuda_map *map, cudaStream_t stream)
{
    const uint32_t n_of_block = HIT_TILES * FTDN_CUDA_TILE;
    dim3 blocks((map->n_elements + n_of_block - 1) / n_of_block, (unsigned)(map->n_images * map->n_parts));
    FTDN_LAUNCH(hit_map, blocks, HIT_THREADS, 0, stream, *map);
}

void ftdn_cuda_hit_picked_map(const ftdn_cuda_map *map, cudaStream_t stream)
{
    dim3 blocks(1, (unsigned)(map->n_images * map->n_parts));
    FTDN_LAUNCH(hit_picked_map, blocks, PICKED_THREADS, 0, stream, *map);
}
