#include "injectors/map_faults_cuda.h"

#include <stdlib.h>

#include "engine/cuda/cuda_layout.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"
#include "injectors/fault_count_cuda.h"

/* What is counted of one target. */
typedef struct map_count {
    ftdn_cuda_count hits;
    unsigned long long n_elements;
} map_count;

struct ftdn_device_map_injector {
    const ftdn_map_faults *faults; /* borrowed */
    ftdn_context *context;         /* borrowed */
    int n_images;                  /* of a micro-batch */
    int first_tap;                 /* the target that is hit first */
    ftdn_fault_draw draw;          /* of the last set */
    ftdn_cuda_map *map;            /* [n_targets] all but what the hook is told */
    map_count *read;               /* [n_targets] counts on their way to the caller */
    void *memory;                  /* on the device; what follows lies in it */
    ftdn_cuda_map_draw *trial;
    map_count *count;        /* [n_targets] */
    ftdn_cuda_range *range;  /* [n_images], of the map under way */
    ftdn_fault_picks *picks; /* [n_images] */
    ftdn_status status;      /* the first failure of the hook */
    ftdn_error error;
};

static void injector_free(ftdn_device_map_injector *injector)
{
    if (!injector) return;
    ftdn_cuda_free(injector->memory);
    free(injector->map);
    free(injector->read);
    free(injector);
}

/* A target as kernels see it, but for what lies in device memory. */
static ftdn_status describe(const ftdn_device_map_injector *injector, int t, ftdn_error *err)
{
    const ftdn_map_target *target = &injector->faults->target[t];
    ftdn_cuda_map *map = &injector->map[t];
    if (target->n_elements > UINT32_MAX / 2) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "layer '%s': a map of %lld elements is more than the device's kernels take",
                         injector->faults->graph->layer[target->layer].name, (long long)target->n_elements);
    }
    *map = (ftdn_cuda_map){
        .n_elements = (uint32_t)target->n_elements,
        .n_channels = (uint32_t)target->n_channels,
        .layer_id = target->layer_id,
        .base = target->base,
        .batch = ftdn_cuda_context_batch(injector->context),
    };
    for (int copy = 0; copy <= FTDN_MAX_COPIES; copy++) {
        int n_channels = target->made_of[copy].n_channels;
        if (n_channels > 0) map->part[map->n_parts++] = (ftdn_cuda_map_part){.copy = copy, .n_channels = n_channels};
    }
    return FTDN_OK;
}

/* The places that the host holds for a part. */
static const int *places_of(const ftdn_device_map_injector *injector, int t, int part)
{
    return injector->faults->target[t].made_of[injector->map[t].part[part].copy].place;
}

/* Set all pointers to device memory. */
static void take_memory(ftdn_device_map_injector *injector, ftdn_cuda_piece *piece)
{
    size_t n_targets = (size_t)injector->faults->n_targets, n_images = (size_t)injector->n_images;
    injector->trial = ftdn_cuda_take(piece, 1, sizeof *injector->trial);
    injector->count = ftdn_cuda_take(piece, n_targets, sizeof *injector->count);
    injector->range = ftdn_cuda_take(piece, n_images, sizeof *injector->range);
    injector->picks = ftdn_cuda_take(piece, n_images, sizeof *injector->picks);
    for (int t = 0; t < injector->faults->n_targets; t++) {
        ftdn_cuda_map *map = &injector->map[t];
        map->draw = injector->trial;
        map->range = injector->range;
        map->picks = injector->picks;
        for (int i = 0; i < map->n_parts; i++) {
            if (places_of(injector, t, i)) map->part[i].place = ftdn_cuda_take(piece, map->n_channels, sizeof(int));
        }
        if (!piece->memory) continue;
        map->count = &injector->count[t].hits;
        map->n_counted = &injector->count[t].n_elements;
    }
}

static ftdn_status upload_places(const ftdn_device_map_injector *injector, ftdn_error *err)
{
    for (int t = 0; t < injector->faults->n_targets; t++) {
        const ftdn_cuda_map *map = &injector->map[t];
        for (int i = 0; i < map->n_parts; i++) {
            if (!map->part[i].place) continue;
            FTDN_TRY(ftdn_cuda_copy(map->part[i].place, places_of(injector, t, i), map->n_channels * sizeof(int), err));
        }
    }
    return FTDN_OK;
}

static ftdn_status init(ftdn_device_map_injector *injector, ftdn_error *err)
{
    const ftdn_map_faults *faults = injector->faults;
    ftdn_cuda_piece measured = {NULL, 0}, piece = {NULL, 0};
    for (int t = 0; t < faults->n_targets; t++) {
        FTDN_TRY(describe(injector, t, err));
        if (faults->target[t].node < faults->target[injector->first_tap].node) injector->first_tap = t;
    }
    take_memory(injector, &measured);
    FTDN_TRY(ftdn_cuda_alloc(measured.n_bytes, "faults in maps", &injector->memory, err));
    piece.memory = injector->memory;
    take_memory(injector, &piece);
    return upload_places(injector, err);
}

static ftdn_status injector_set(ftdn_device_map_injector *injector, ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(injector->context);
    const ftdn_fault_draw *draw = &injector->faults->draw;
    const ftdn_cuda_map_draw trial = {.draw = *draw, .threshold = ftdn_site_threshold_of(draw->rate)};
    size_t count_bytes = (size_t)injector->faults->n_targets * sizeof *injector->count;
    FTDN_CUDA(cudaStreamSynchronize(stream), "faults in maps", err);
    FTDN_CUDA(cudaMemcpyAsync(injector->trial, &trial, sizeof trial, cudaMemcpyHostToDevice, stream), NULL, err);
    FTDN_CUDA(cudaMemsetAsync(injector->count, 0, count_bytes, stream), NULL, err);
    FTDN_CUDA(cudaStreamSynchronize(stream), "faults in maps", err);
    injector->draw = *draw;
    injector->status = FTDN_OK;
    return FTDN_OK;
}

static ftdn_status injector_create(const ftdn_map_faults *faults, ftdn_context *context,
                                   ftdn_device_map_injector **ret_injector, ftdn_error *err)
{
    size_t n_targets = faults->n_targets > 0 ? (size_t)faults->n_targets : 1;
    ftdn_device_map_injector *injector = calloc(1, sizeof *injector);
    if (injector) {
        injector->faults = faults;
        injector->context = context;
        injector->n_images = ftdn_program_micro_batch(ftdn_context_program(context));
        injector->map = calloc(n_targets, sizeof *injector->map);
        injector->read = calloc(n_targets, sizeof *injector->read);
    }
    ftdn_status status = FTDN_OK;
    if (!injector || !injector->map || !injector->read) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "memory for the faults in %d maps is refused", faults->n_targets);
    }
    if (status == FTDN_OK) status = init(injector, err);
    if (status == FTDN_OK) status = injector_set(injector, err);
    if (status == FTDN_OK) *ret_injector = injector;
    else injector_free(injector);
    return status;
}

static ftdn_status enqueue(ftdn_device_map_injector *injector, const ftdn_map *map, ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(injector->context);
    const ftdn_fault_draw *draw = &injector->draw;
    int t = injector->faults->target_of_node[map->node];
    ftdn_cuda_map hit = injector->map[t];
    hit.values = map->values;
    hit.n_images = map->n_images;
    hit.n_held = (uint32_t)map->shape.c;
    hit.n_values = (uint32_t)ftdn_shape_elements(map->shape);
    if (draw->count > 0 && t == injector->first_tap) {
        ftdn_cuda_pick_maps(hit.draw, hit.batch, hit.n_images, injector->faults->n_elements, injector->picks, stream);
    }
    if (ftdn_fault_wants_range(&draw->model)) {
        FTDN_CUDA(cudaMemsetAsync(hit.range, 0, (size_t)hit.n_images * sizeof *hit.range, stream), NULL, err);
        ftdn_cuda_measure_map(&hit, stream);
    }
    if (draw->count > 0) ftdn_cuda_hit_picked_map(&hit, stream);
    else ftdn_cuda_hit_map(&hit, stream);
    return ftdn_cuda_check_launch("faults in maps", err);
}

static void injector_hook(void *user, const ftdn_map *map)
{
    ftdn_device_map_injector *injector = user;
    if (injector->status == FTDN_OK) injector->status = enqueue(injector, map, &injector->error);
}

static ftdn_status injector_read_counts(ftdn_device_map_injector *injector, ftdn_fault_count *ret_count,
                                        ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(injector->context);
    size_t n_bytes = (size_t)injector->faults->n_targets * sizeof *injector->count;
    if (injector->status != FTDN_OK) {
        if (err) *err = injector->error;
        return injector->status;
    }
    FTDN_CUDA(cudaMemcpyAsync(injector->read, injector->count, n_bytes, cudaMemcpyDeviceToHost, stream), NULL, err);
    FTDN_CUDA(cudaStreamSynchronize(stream), "faults in maps", err);
    for (int t = 0; t < injector->faults->n_targets; t++) {
        const map_count *count = &injector->read[t];
        ret_count[t] = (ftdn_fault_count){
            .n_elements = (int64_t)count->n_elements,
            .n_faults = (int64_t)count->hits.n_faults,
            .n_changed = (int64_t)count->hits.n_changed,
            .n_nonfinite = (int64_t)count->hits.n_nonfinite,
        };
    }
    return FTDN_OK;
}

const ftdn_map_faults_device_table ftdn_map_faults_cuda = {
    .create = injector_create,
    .free = injector_free,
    .set = injector_set,
    .hook = injector_hook,
    .read_counts = injector_read_counts,
};
