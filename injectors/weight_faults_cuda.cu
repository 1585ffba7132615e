extern "C" {
#include "injectors/weight_faults_cuda.h"
}

#include "engine/cuda/launch.h"
#include "injectors/fault_apply_cuda.h"
#include "injectors/fault_picks_cuda.h"
#include "injectors/site_search_cuda.h"

enum {
    DRAW_THREADS = 256,
    DRAW_WARPS = DRAW_THREADS / FTDN_CUDA_WARP, /* a block's warps draw one tile each */
    PICKED_THREADS = 128,
};
static_assert(DRAW_WARPS * FTDN_CUDA_TILE <= 65535, "a block's counts are packed");

/* Where a buffer holds element e of the layer; NULL: nowhere. */
__device__ static float *find_place(const ftdn_cuda_weight_buffer *buffer, uint32_t e)
{
    if (!buffer->place) return buffer->values + e;
    uint32_t filter = e / buffer->filter_size;
    int held_at = buffer->place[filter];
    if (held_at < 0) return NULL;
    return buffer->values + ((uint32_t)held_at * buffer->filter_size + (e - filter * buffer->filter_size));
}

/* A warp copies the clean elements [first, end) to where the buffer holds them; first is a multiple of 4. */
__device__ static void fill(const ftdn_cuda_weight_buffer *buffer, uint32_t first, uint32_t end)
{
    const uint32_t lane = threadIdx.x % FTDN_CUDA_WARP;
    uint32_t e = first;
    if (!buffer->place) {
        const float4 *clean = (const float4 *)(buffer->clean + first);
        float4 *values = (float4 *)(buffer->values + first);
        const uint32_t n_fours = (end - first) / 4;
        for (uint32_t i = lane; i < n_fours; i += FTDN_CUDA_WARP) values[i] = clean[i];
        e += 4 * n_fours;
    }
    for (e += lane; e < end; e += FTDN_CUDA_WARP) {
        float *place = find_place(buffer, e);
        if (place) *place = buffer->clean[e];
    }
}

__device__ static ftdn_fault_model model_of(const ftdn_cuda_weight_buffer *buffer, const ftdn_fault_draw *draw)
{
    ftdn_fault_model model = draw->model;
    if (ftdn_fault_wants_range(&model)) {
        model.low = buffer->low;
        model.high = buffer->high;
    }
    return model;
}

__device__ static ftdn_site_stream stream_of(const ftdn_cuda_weight_buffer *buffer, const ftdn_cuda_weight_draw *of_all,
                                             int sites_of)
{
    return ftdn_site_stream_make(of_all->draw.seed, buffer->layer_id, FTDN_LOCATION_WEIGHTS, (uint32_t)sites_of,
                                 of_all->image);
}

__device__ static void hit(const ftdn_cuda_weight_buffer *buffer, const ftdn_fault_model *model,
                           ftdn_site_stream stream, uint32_t e, ftdn_cuda_packed_count *count)
{
    float *place = find_place(buffer, e);
    if (place) *place = ftdn_cuda_hit_value(model, stream, e, buffer->clean[e], count);
}

/* blockIdx.y is the buffer. Copies and hits; under a draw with a count it copies alone. */
__global__ void __launch_bounds__(DRAW_THREADS) draw_weights(ftdn_cuda_weight_draw of_all)
{
    __shared__ uint16_t queues[DRAW_WARPS][FTDN_CUDA_TILE];
    const ftdn_cuda_weight_buffer buffer = of_all.buffer[blockIdx.y];
    const uint32_t lane = threadIdx.x % FTDN_CUDA_WARP, warp = threadIdx.x / FTDN_CUDA_WARP;
    const uint32_t first = (blockIdx.x * DRAW_WARPS + warp) * FTDN_CUDA_TILE;
    const int sites_of = of_all.draw.count > 0 ? -1 : ftdn_fault_draw_sites_of(&of_all.draw, buffer.copy);
    ftdn_cuda_packed_count count = 0;
    if (first < buffer.n_elements) {
        uint32_t end = first + FTDN_CUDA_TILE;
        fill(&buffer, first, end < buffer.n_elements ? end : buffer.n_elements);
        __syncwarp();
    }
    if (first < buffer.n_elements && sites_of >= 0) {
        const ftdn_fault_model model = model_of(&buffer, &of_all.draw);
        const ftdn_site_stream stream = stream_of(&buffer, &of_all, sites_of);
        int n_hits = ftdn_cuda_search_tile(stream, of_all.threshold, first, buffer.n_elements, queues[warp]);
        for (int i = (int)lane; i < n_hits; i += FTDN_CUDA_WARP) {
            hit(&buffer, &model, stream, first + queues[warp][i], &count);
        }
    }
    ftdn_cuda_add_counts(count, buffer.count);
}

__global__ void __launch_bounds__(FTDN_CUDA_PICK_THREADS) pick_weights(ftdn_cuda_weight_draw of_all)
{
    ftdn_cuda_make_picks(of_all.draw.seed, FTDN_LOCATION_WEIGHTS, of_all.image, of_all.n_elements, of_all.draw.count,
                         of_all.picks);
}

/* One block for each buffer, which holds clean values. */
__global__ void __launch_bounds__(PICKED_THREADS) hit_picked_weights(ftdn_cuda_weight_draw of_all)
{
    const ftdn_cuda_weight_buffer buffer = of_all.buffer[blockIdx.x];
    const int sites_of = ftdn_fault_draw_sites_of(&of_all.draw, buffer.copy);
    if (sites_of < 0) return;
    const ftdn_fault_model model = model_of(&buffer, &of_all.draw);
    const ftdn_site_stream stream = stream_of(&buffer, &of_all, sites_of);
    ftdn_cuda_packed_count count = 0;
    for (int i = (int)threadIdx.x; i < of_all.picks->n_picks; i += PICKED_THREADS) {
        uint64_t e = of_all.picks->element[i] - buffer.base; /* huge where the element is of a layer before */
        if (e < buffer.n_elements) hit(&buffer, &model, stream, (uint32_t)e, &count);
    }
    ftdn_cuda_add_counts(count, buffer.count);
}

void ftdn_cuda_draw_weights(const ftdn_cuda_weight_draw *of_all, cudaStream_t stream)
{
    const uint32_t n_of_block = DRAW_WARPS * FTDN_CUDA_TILE;
    dim3 blocks((of_all->max_elements + n_of_block - 1) / n_of_block, (unsigned)of_all->n_buffers);
    FTDN_LAUNCH(draw_weights, blocks, DRAW_THREADS, 0, stream, *of_all);
    if (of_all->draw.count == 0) return;
    FTDN_LAUNCH(pick_weights, 1, FTDN_CUDA_PICK_THREADS, 0, stream, *of_all);
    FTDN_LAUNCH(hit_picked_weights, of_all->n_buffers, PICKED_THREADS, 0, stream, *of_all);
}
