#include "injectors/map_faults.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

void ftdn_map_faults_set(ftdn_map_faults *faults, const ftdn_fault_draw *draw)
{
    faults->draw = *draw;
}

ftdn_status ftdn_map_injector_init(ftdn_map_injector *injector, const ftdn_map_faults *faults, ftdn_arena *arena,
                                   ftdn_error *err)
{
    *injector = (ftdn_map_injector){
        .faults = faults,
        .count = FTDN_NEW(arena, (size_t)faults->n_targets, ftdn_fault_count, err),
        .kept = FTDN_NEW(arena, FTDN_MAP_PICK_SLOTS, ftdn_map_picks, err),
    };
    return injector->count && injector->kept ? FTDN_OK : FTDN_ERR_MEMORY;
}

void ftdn_map_injector_reset(ftdn_map_injector *injector)
{
    memset(injector->count, 0, (size_t)injector->faults->n_targets * sizeof *injector->count);
    injector->elapsed_ns = 0;
}

/* The picks of image n of the micro-batch; NULL where the draw has a rate. */
static const ftdn_fault_picks *picks_of(ftdn_map_injector *injector, int n)
{
    const ftdn_fault_draw *draw = &injector->faults->draw;
    if (draw->count == 0) return NULL;
    ftdn_map_picks *kept = &injector->kept[n % FTDN_MAP_PICK_SLOTS];
    uint64_t image_id = injector->image_id[n];
    if (kept->count != draw->count || kept->seed != draw->seed || kept->image_id != image_id) {
        *kept = (ftdn_map_picks){.image_id = image_id, .seed = draw->seed, .count = draw->count};
        ftdn_fault_picks_make(&kept->picks, draw->seed, FTDN_LOCATION_FEATURE_MAP, image_id,
                              injector->faults->n_elements, draw->count);
    }
    return &kept->picks;
}

static int chunk_length(uint64_t first, uint64_t n_elements)
{
    return n_elements - first < FTDN_SITE_CHUNK ? (int)(n_elements - first) : FTDN_SITE_CHUNK;
}

/* A map with all channels of the original in their places. */
static void hit_all(const ftdn_fault_hits *hits, const ftdn_fault_model *model, uint64_t n_elements, float *values,
                    ftdn_fault_count *count)
{
    uint32_t offset[FTDN_SITE_CHUNK];
    for (uint64_t first = 0; first < n_elements; first += FTDN_SITE_CHUNK) {
        int n_hits = ftdn_fault_hits_find(hits, first, chunk_length(first, n_elements), offset);
        ftdn_fault_apply(model, hits->stream, first, offset, values + first, offset, n_hits, count);
    }
}

/* A map with n_held channels per cell, of which some are channels of the original: the hits of the original's index
 * space whose channel is there. */
static void hit_some(const ftdn_fault_hits *hits, const ftdn_fault_model *model, const ftdn_map_target *target,
                     const int *place_of, int n_held, float *values, ftdn_fault_count *count)
{
    /* x / K as a product with 2^48 / K rounded up: exact where x times the rounding, which is below K, is below 2^48,
     * as it is for x < 4096 + K and K < 2^23. */
    const uint64_t n_channels = (uint64_t)target->n_channels;
    const uint64_t reciprocal = ((UINT64_C(1) << 48) + n_channels - 1) / n_channels;
    const uint64_t n_elements = (uint64_t)target->n_elements;
    uint32_t offset[FTDN_SITE_CHUNK], place[FTDN_SITE_CHUNK];
    for (uint64_t first = 0; first < n_elements; first += FTDN_SITE_CHUNK) {
        int n_hits = ftdn_fault_hits_find(hits, first, chunk_length(first, n_elements), offset);
        uint64_t first_cell = first / n_channels, first_channel = first % n_channels;
        int n_kept = 0;
        for (int i = 0; i < n_hits; i++) {
            uint64_t x = first_channel + offset[i], cell = x * reciprocal >> 48;
            int held_at = place_of[x - cell * n_channels];
            offset[n_kept] = offset[i];
            place[n_kept] = (uint32_t)cell * (uint32_t)n_held + (uint32_t)held_at;
            n_kept += held_at >= 0;
        }
        ftdn_fault_apply(model, hits->stream, first, offset, values + first_cell * (uint64_t)n_held, place, n_kept,
                         count);
    }
}

/* One image's map with n_held channels. */
static void hit_image(const ftdn_map_faults *faults, const ftdn_map_target *target, uint64_t image_id,
                      const ftdn_fault_picks *picks, int n_held, float *values, ftdn_fault_count *count)
{
    const int64_t n_cells = target->n_elements / target->n_channels;
    const ftdn_fault_draw *draw = &faults->draw;
    const bool is_hit = !picks || ftdn_fault_picks_any(picks, target->base, (uint64_t)target->n_elements);
    ftdn_fault_model model = draw->model;
    if (is_hit) model = ftdn_fault_model_for(&draw->model, values, (size_t)n_cells * (size_t)n_held);
    for (int copy = 0; copy <= FTDN_MAX_COPIES; copy++) {
        const ftdn_map_channels *channels = &target->made_of[copy];
        int sites_of = ftdn_fault_draw_sites_of(draw, copy);
        if (channels->n_channels == 0 || sites_of < 0) continue;
        count->n_elements += n_cells * channels->n_channels;
        if (!is_hit) continue;
        const ftdn_fault_hits hits = {
            .stream = ftdn_site_stream_make(draw->seed, target->layer_id, FTDN_LOCATION_FEATURE_MAP,
                                            (uint32_t)sites_of, image_id),
            .scan = faults->scan,
            .threshold = ftdn_site_threshold_of(draw->rate),
            .picks = picks,
            .base = target->base,
        };
        if (channels->place) hit_some(&hits, &model, target, channels->place, n_held, values, count);
        else hit_all(&hits, &model, (uint64_t)target->n_elements, values, count);
    }
}

void ftdn_map_injector_hook(void *user, const ftdn_map *map)
{
    ftdn_map_injector *injector = user;
    int64_t start_ns = ftdn_clock_ns();
    int index = injector->faults->target_of_node[map->node];
    assert(index >= 0 && injector->image_id);
    const ftdn_map_target *target = &injector->faults->target[index];
    size_t n_elements = ftdn_shape_elements(map->shape);
    for (int n = 0; n < map->n_images; n++) {
        hit_image(injector->faults, target, injector->image_id[n], picks_of(injector, n), map->shape.c,
                  map->values + (size_t)n * n_elements, &injector->count[index]);
    }
    injector->elapsed_ns += ftdn_clock_ns() - start_ns;
}
