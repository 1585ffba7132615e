#include "injectors/map_faults.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

ftdn_status ftdn_map_faults_init(ftdn_map_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                 ftdn_map_point point, ftdn_arena *arena, ftdn_error *err)
{
    *faults = (ftdn_map_faults){
        .layers = layers,
        .tap = FTDN_NEW(arena, (size_t)layers.n_layers, int, err),
        .layer_of_node = FTDN_NEW(arena, (size_t)graph->n_nodes, int, err),
        .layer_id = FTDN_NEW(arena, (size_t)layers.n_layers, uint32_t, err),
        .scan = ftdn_site_scan_choose(),
    };
    if (!faults->tap || !faults->layer_of_node || !faults->layer_id) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_nodes; i++) faults->layer_of_node[i] = -1;
    for (int i = 0; i < layers.n_layers; i++) {
        const ftdn_layer *layer = &graph->layer[layers.layer[i]];
        faults->tap[i] = point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last;
        faults->layer_of_node[faults->tap[i]] = i;
        faults->layer_id[i] = ftdn_layer_id(layer->name);
    }
    return FTDN_OK;
}

void ftdn_map_faults_set(ftdn_map_faults *faults, const ftdn_fault_model *model, double rate, uint64_t seed)
{
    faults->model = *model;
    faults->threshold = ftdn_site_threshold_of(rate);
    faults->seed = seed;
}

ftdn_status ftdn_map_injector_init(ftdn_map_injector *injector, const ftdn_map_faults *faults, ftdn_arena *arena,
                                   ftdn_error *err)
{
    *injector = (ftdn_map_injector){
        .faults = faults,
        .count = FTDN_NEW(arena, (size_t)faults->layers.n_layers, ftdn_fault_count, err),
    };
    return injector->count ? FTDN_OK : FTDN_ERR_MEMORY;
}

void ftdn_map_injector_reset(ftdn_map_injector *injector)
{
    memset(injector->count, 0, (size_t)injector->faults->layers.n_layers * sizeof *injector->count);
    injector->elapsed_ns = 0;
}

static void hit_image(const ftdn_map_faults *faults, int layer, uint64_t image_id, size_t n_elements, float *values,
                      ftdn_fault_count *count)
{
    ftdn_site_stream stream =
        ftdn_site_stream_make(faults->seed, faults->layer_id[layer], FTDN_LOCATION_FEATURE_MAP, 0, image_id);
    const ftdn_fault_model model = ftdn_fault_model_for(&faults->model, values, n_elements);
    uint32_t offset[FTDN_SITE_CHUNK];
    for (size_t first = 0; first < n_elements; first += FTDN_SITE_CHUNK) {
        size_t n_left = n_elements - first;
        int n_chunk = n_left < FTDN_SITE_CHUNK ? (int)n_left : FTDN_SITE_CHUNK;
        int n_hits = ftdn_site_find(faults->scan, stream, faults->threshold, first, n_chunk, offset);
        ftdn_fault_apply(&model, stream, first, values + first, offset, n_hits, count);
    }
    count->n_elements += (int64_t)n_elements;
}

void ftdn_map_injector_hook(void *user, const ftdn_map *map)
{
    ftdn_map_injector *injector = user;
    int64_t start_ns = ftdn_clock_ns();
    int layer = injector->faults->layer_of_node[map->node];
    assert(layer >= 0 && injector->image_id);
    size_t n_elements = ftdn_shape_elements(map->shape);
    for (int n = 0; n < map->n_images; n++) {
        hit_image(injector->faults, layer, injector->image_id[n], n_elements, map->values + (size_t)n * n_elements,
                  &injector->count[layer]);
    }
    injector->elapsed_ns += ftdn_clock_ns() - start_ns;
}
