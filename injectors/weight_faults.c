#include "injectors/weight_faults.h"

#include <assert.h>
#include <string.h>

#include "injectors/fault_hits.h"

static const ftdn_param *layer_weight(const ftdn_weight_faults *faults, int layer)
{
    return &faults->graph->param[ftdn_layer_weight_param(faults->graph, layer)];
}

static int find_in_scope(const ftdn_layer_set *layers, int layer)
{
    for (int i = 0; i < layers->n_layers; i++) {
        if (layers->layer[i] == layer) return i;
    }
    return -1;
}

static ftdn_status init_copies(ftdn_weight_faults *faults, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_copies *copies = &faults->copies;
    assert(copies->n_copies >= 0 && copies->n_copies <= FTDN_MAX_COPIES);
    faults->copied_in_scope = FTDN_NEW(arena, (size_t)copies->n_layers, int, err);
    if (!faults->copied_in_scope) return FTDN_ERR_MEMORY;
    for (int i = 0; i < copies->n_layers; i++) {
        faults->copied_in_scope[i] = find_in_scope(&faults->layers, copies->layer[i].layer);
    }
    for (int c = 0; c < copies->n_copies; c++) {
        faults->copy_buffer[c] = FTDN_NEW(arena, (size_t)copies->n_layers, float *, err);
        faults->copy_count[c] = FTDN_NEW(arena, (size_t)copies->n_layers, ftdn_fault_count, err);
        if (!faults->copy_buffer[c] || !faults->copy_count[c]) return FTDN_ERR_MEMORY;
        for (int i = 0; i < copies->n_layers; i++) {
            const ftdn_layer_copies *copied = &copies->layer[i];
            const ftdn_param *param = layer_weight(faults, copied->layer);
            assert(copied->n_channels >= 1 && copied->channel[copied->n_channels - 1] < param->dims[0]);
            size_t n_elements = ftdn_param_row_size(param) * (size_t)copied->n_channels;
            faults->copy_buffer[c][i] = FTDN_NEW(arena, n_elements, float, err);
            if (!faults->copy_buffer[c][i]) return FTDN_ERR_MEMORY;
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_weight_faults_init(ftdn_weight_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                    const ftdn_copies *copies, const ftdn_weights *clean, ftdn_arena *arena,
                                    ftdn_error *err)
{
    *faults = (ftdn_weight_faults){
        .graph = graph,
        .layers = layers,
        .copies = *copies,
        .clean = clean,
        .faulty = {.n_params = clean->n_params, .value = FTDN_NEW(arena, (size_t)clean->n_params, const float *, err)},
        .buffer = FTDN_NEW(arena, (size_t)layers.n_layers, float *, err),
        .count = FTDN_NEW(arena, (size_t)layers.n_layers, ftdn_fault_count, err),
        .model = FTDN_NEW(arena, (size_t)layers.n_layers, ftdn_fault_model, err),
        .base = FTDN_NEW(arena, (size_t)layers.n_layers, uint64_t, err),
        .scan = ftdn_site_scan_choose(),
    };
    if (!faults->faulty.value || !faults->buffer || !faults->count || !faults->model || !faults->base) {
        return FTDN_ERR_MEMORY;
    }
    memcpy(faults->faulty.value, clean->value, (size_t)clean->n_params * sizeof *clean->value);
    for (int i = 0; i < layers.n_layers; i++) {
        const ftdn_param *param = layer_weight(faults, layers.layer[i]);
        faults->buffer[i] = FTDN_NEW(arena, param->n_elements, float, err);
        if (!faults->buffer[i]) return FTDN_ERR_MEMORY;
        faults->faulty.value[param - graph->param] = faults->buffer[i];
        faults->base[i] = faults->n_elements;
        faults->n_elements += param->n_elements;
    }
    return init_copies(faults, arena, err);
}

/* What one draw holds for all layers. */
typedef struct weight_draw {
    const ftdn_fault_draw *draw;
    uint64_t image;
    const ftdn_fault_picks *picks; /* NULL: by rate */
} weight_draw;

/* Where a layer in scope is hit, in the copy whose sites these are. */
static ftdn_fault_hits hits_of(const ftdn_weight_faults *faults, const weight_draw *draw, int in_scope, int copy)
{
    const char *name = faults->graph->layer[faults->layers.layer[in_scope]].name;
    return (ftdn_fault_hits){
        .stream = ftdn_site_stream_make(draw->draw->seed, ftdn_layer_id(name), FTDN_LOCATION_WEIGHTS, (uint32_t)copy,
                                        draw->image),
        .scan = faults->scan,
        .threshold = ftdn_site_threshold_of(draw->draw->rate),
        .picks = draw->picks,
        .base = faults->base[in_scope],
    };
}

/* Copy the clean elements [first, first + n_elements) to `values` and hit them, chunk by chunk while they are in the
 * cache. */
static void fill(const ftdn_fault_hits *hits, const ftdn_fault_model *model, const float *clean, uint64_t first,
                 uint64_t n_elements, float *values, ftdn_fault_count *count)
{
    uint32_t offset[FTDN_SITE_CHUNK];
    for (uint64_t e = first; e < first + n_elements;) {
        uint64_t n_left = first + n_elements - e;
        int n_room = ftdn_fault_hits_room(e), n_chunk = n_left < (uint64_t)n_room ? (int)n_left : n_room;
        memcpy(values, clean + e, (size_t)n_chunk * sizeof *values);
        int n_hits = ftdn_fault_hits_find(hits, e, n_chunk, offset);
        ftdn_fault_apply(model, hits->stream, e, offset, values, offset, n_hits, count);
        values += n_chunk;
        e += (uint64_t)n_chunk;
    }
    count->n_elements += (int64_t)n_elements;
}

static void draw_layer(ftdn_weight_faults *faults, const weight_draw *draw, int i)
{
    const ftdn_param *param = layer_weight(faults, faults->layers.layer[i]);
    const float *clean = faults->clean->value[param - faults->graph->param];
    ftdn_fault_hits hits = hits_of(faults, draw, i, 0);
    faults->count[i] = (ftdn_fault_count){0};
    fill(&hits, &faults->model[i], clean, 0, param->n_elements, faults->buffer[i], &faults->count[i]);
}

/* Copy `copy` of the filters of copied layer i: adjacent channels are adjacent in the original and in the copy. */
static void draw_copy(ftdn_weight_faults *faults, const weight_draw *draw, int copy, int i)
{
    const ftdn_layer_copies *copied = &faults->copies.layer[i];
    const ftdn_param *param = layer_weight(faults, copied->layer);
    const float *clean = faults->clean->value[param - faults->graph->param];
    size_t filter_size = ftdn_param_row_size(param);
    int in_scope = faults->copied_in_scope[i];
    int sites_of = in_scope >= 0 ? ftdn_fault_draw_sites_of(draw->draw, copy) : -1;
    float *values = faults->copy_buffer[copy - 1][i];
    ftdn_fault_count *count = &faults->copy_count[copy - 1][i];
    *count = (ftdn_fault_count){0};
    ftdn_fault_hits hits = {.picks = NULL};
    if (sites_of >= 0) hits = hits_of(faults, draw, in_scope, sites_of);
    for (int j = 0, n_adjacent; j < copied->n_channels; j += n_adjacent) {
        n_adjacent = 1;
        while (j + n_adjacent < copied->n_channels &&
               copied->channel[j + n_adjacent] == copied->channel[j] + n_adjacent) {
            n_adjacent++;
        }
        uint64_t first = (uint64_t)copied->channel[j] * filter_size, n_elements = (uint64_t)n_adjacent * filter_size;
        float *run = values + (size_t)j * filter_size;
        if (sites_of >= 0) fill(&hits, &faults->model[in_scope], clean, first, n_elements, run, count);
        else memcpy(run, clean + first, n_elements * sizeof *run);
    }
}

void ftdn_weight_faults_draw(ftdn_weight_faults *faults, const ftdn_fault_draw *draw, uint64_t image, int n_threads)
{
    ftdn_fault_picks picks;
    weight_draw of_all = {.draw = draw, .image = image};
    if (draw->count > 0) {
        ftdn_fault_picks_make(&picks, draw->seed, FTDN_LOCATION_WEIGHTS, image, faults->n_elements, draw->count);
        of_all.picks = &picks;
    }
    int n_layers = faults->layers.n_layers, n_copied = faults->copies.n_layers;
    int n_buffers = n_layers + n_copied * faults->copies.n_copies;
#pragma omp parallel num_threads(n_threads)
    {
#pragma omp for schedule(dynamic)
        for (int i = 0; i < n_layers; i++) {
            const ftdn_param *param = layer_weight(faults, faults->layers.layer[i]);
            const float *clean = faults->clean->value[param - faults->graph->param];
            faults->model[i] = ftdn_fault_model_for(&draw->model, clean, param->n_elements);
        }
#pragma omp for schedule(dynamic)
        for (int i = 0; i < n_buffers; i++) {
            if (i < n_layers) draw_layer(faults, &of_all, i);
            else draw_copy(faults, &of_all, 1 + (i - n_layers) / n_copied, (i - n_layers) % n_copied);
        }
    }
}

ftdn_stored_weights ftdn_weight_faults_stored(const ftdn_weight_faults *faults)
{
    ftdn_stored_weights stored = {.original = &faults->faulty};
    for (int c = 0; c < faults->copies.n_copies; c++) stored.copy[c] = (const float *const *)faults->copy_buffer[c];
    return stored;
}
