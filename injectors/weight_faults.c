#include "injectors/weight_faults.h"

#include <string.h>

static const ftdn_param *layer_weight(const ftdn_weight_faults *faults, int i)
{
    const ftdn_graph *graph = faults->graph;
    return &graph->param[graph->node[graph->layer[faults->layers.layer[i]].conv].weight];
}

ftdn_status ftdn_weight_faults_init(ftdn_weight_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                    const ftdn_weights *clean, ftdn_arena *arena, ftdn_error *err)
{
    *faults = (ftdn_weight_faults){
        .graph = graph,
        .layers = layers,
        .clean = clean,
        .faulty = {.n_params = clean->n_params, .value = FTDN_NEW(arena, (size_t)clean->n_params, const float *, err)},
        .buffer = FTDN_NEW(arena, (size_t)layers.n_layers, float *, err),
        .count = FTDN_NEW(arena, (size_t)layers.n_layers, ftdn_fault_count, err),
        .scan = ftdn_site_scan_choose(),
    };
    if (!faults->faulty.value || !faults->buffer || !faults->count) return FTDN_ERR_MEMORY;
    memcpy(faults->faulty.value, clean->value, (size_t)clean->n_params * sizeof *clean->value);
    for (int i = 0; i < layers.n_layers; i++) {
        const ftdn_param *param = layer_weight(faults, i);
        faults->buffer[i] = FTDN_NEW(arena, param->n_elements, float, err);
        if (!faults->buffer[i]) return FTDN_ERR_MEMORY;
        faults->faulty.value[param - graph->param] = faults->buffer[i];
    }
    return FTDN_OK;
}

/* Copy one layer's clean weights and hit them, chunk by chunk while they are in the cache. */
static ftdn_fault_count draw_layer(const ftdn_weight_faults *faults, int i, const ftdn_fault_model *any_layer,
                                   double rate, uint64_t seed)
{
    const ftdn_param *param = layer_weight(faults, i);
    const char *layer_name = faults->graph->layer[faults->layers.layer[i]].name;
    const float *clean = faults->clean->value[param - faults->graph->param];
    ftdn_site_stream stream = ftdn_site_stream_make(seed, ftdn_layer_id(layer_name), FTDN_LOCATION_WEIGHTS, 0, 0);
    ftdn_site_threshold threshold = ftdn_site_threshold_of(rate);
    ftdn_fault_count count = {.n_elements = (int64_t)param->n_elements};
    const ftdn_fault_model model = ftdn_fault_model_for(any_layer, clean, param->n_elements);
    uint32_t offset[FTDN_SITE_CHUNK];
    for (size_t first = 0; first < param->n_elements; first += FTDN_SITE_CHUNK) {
        size_t n_left = param->n_elements - first;
        int n_elements = n_left < FTDN_SITE_CHUNK ? (int)n_left : FTDN_SITE_CHUNK;
        float *values = faults->buffer[i] + first;
        memcpy(values, clean + first, (size_t)n_elements * sizeof *values);
        int n_hits = ftdn_site_find(faults->scan, stream, threshold, first, n_elements, offset);
        ftdn_fault_apply(&model, stream, first, values, offset, n_hits, &count);
    }
    return count;
}

void ftdn_weight_faults_draw(ftdn_weight_faults *faults, const ftdn_fault_model *model, double rate, uint64_t seed,
                             int n_threads)
{
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (int i = 0; i < faults->layers.n_layers; i++) faults->count[i] = draw_layer(faults, i, model, rate, seed);
}
