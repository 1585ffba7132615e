/* sites.c - sites are seen by what they do: a draw that turns over the lowest bit changes every element that is hit,
 * and no other, whatever the copies, counts and scopes of the trial. */
#include "harness/sites.h"

#include <string.h>

static const ftdn_fault_model marker = {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 0, .n_bits = 1};

static bool same_bits(float a, float b)
{
    return ftdn_float_bits(a) == ftdn_float_bits(b);
}

static const float *copy_values(const float *values, size_t n, ftdn_arena *arena, ftdn_error *err)
{
    float *copy = FTDN_NEW(arena, n, float, err);
    if (copy) memcpy(copy, values, n * sizeof *copy);
    return copy;
}

/* A layer's stored weights, or one of its stored copies. */
typedef struct stored_filters {
    const float *clean;  /* [K, filter_size] of the original */
    const float *drawn;  /* [n_channels, filter_size] of the last draw */
    const int *channel;  /* [n_channels] of the original; NULL: all */
    size_t n_channels, filter_size;
} stored_filters;

static void visit_filters(const stored_filters *filters, const float *after, ftdn_fault_site *site,
                          const ftdn_site_visitor *visitor)
{
    for (size_t j = 0; j < filters->n_channels; j++) {
        size_t first = (filters->channel ? (size_t)filters->channel[j] : j) * filters->filter_size;
        for (size_t i = 0; i < filters->filter_size; i++) {
            size_t at = j * filters->filter_size + i;
            site->index = first + i;
            site->before = filters->clean[site->index];
            site->after = after[at];
            if (!same_bits(filters->drawn[at], site->before)) visitor->call(visitor->user, site);
        }
    }
}

/* The original (copy 0) and the copies of the layer's filters that memory holds. */
static int find_filters(const ftdn_weight_faults *faults, int layer, stored_filters ret_filters[1 + FTDN_MAX_COPIES])
{
    const ftdn_graph *graph = faults->graph;
    int weight = graph->node[graph->layer[layer].conv].weight, n_found = 0;
    const ftdn_param *param = &graph->param[weight];
    size_t n_channels = (size_t)param->dims[0];
    const stored_filters original = {
        .clean = faults->clean->value[weight],
        .drawn = faults->faulty.value[weight],
        .n_channels = n_channels,
        .filter_size = param->n_elements / n_channels,
    };
    ret_filters[n_found++] = original;
    for (int i = 0; i < faults->copies.n_layers; i++) {
        const ftdn_layer_copies *copied = &faults->copies.layer[i];
        for (int c = 0; copied->layer == layer && c < faults->copies.n_copies; c++) {
            stored_filters copy = original;
            copy.drawn = faults->copy_buffer[c][i];
            copy.channel = copied->channel;
            copy.n_channels = (size_t)copied->n_channels;
            ret_filters[n_found++] = copy;
        }
    }
    return n_found;
}

static ftdn_status visit_weights(ftdn_weight_faults *faults, const ftdn_fault_draw *draw, int layer, uint64_t image_id,
                                 const ftdn_site_visitor *visitor, ftdn_arena *arena, ftdn_error *err)
{
    stored_filters filters[1 + FTDN_MAX_COPIES];
    const float *after[1 + FTDN_MAX_COPIES];
    int n_stored = find_filters(faults, layer, filters);
    ftdn_weight_faults_draw(faults, draw, image_id, 1);
    for (int c = 0; c < n_stored; c++) {
        after[c] = copy_values(filters[c].drawn, filters[c].n_channels * filters[c].filter_size, arena, err);
        if (!after[c]) return FTDN_ERR_MEMORY;
    }
    ftdn_fault_draw marking = *draw;
    marking.model = marker;
    ftdn_weight_faults_draw(faults, &marking, image_id, 1);
    const ftdn_graph *graph = faults->graph;
    const ftdn_param *param = &graph->param[graph->node[graph->layer[layer].conv].weight];
    int shape[4];
    for (int axis = 0; axis < 4; axis++) shape[axis] = (int)param->dims[axis];
    for (int c = 0; c < n_stored; c++) {
        ftdn_fault_site site = {.location = "weights", .copy = c, .shape = shape, .n_axes = 4};
        visit_filters(&filters[c], after[c], &site, visitor);
    }
    return FTDN_OK;
}

/* What the hook keeps of one map: as it came, marked, and as the trial leaves it. */
typedef struct captured_map {
    int node;
    size_t n_elements;
    float *before, *marked, *after; /* [n_elements] */
} captured_map;

typedef struct map_capture {
    const ftdn_rig *rig;
    ftdn_map_hook trial; /* hits the map as the trial does */
    ftdn_map_injector marking;
    captured_map *map; /* [n_maps] */
    int n_maps;
    ftdn_status status; /* the first failure to read a map, kept for the end */
    ftdn_error err;
} map_capture;

static void read_map(map_capture *capture, const ftdn_map *map, float *ret_values)
{
    if (capture->status == FTDN_OK) capture->status = ftdn_rig_read_map(capture->rig, map, ret_values, &capture->err);
}

static void capture_map(void *user, const ftdn_map *map)
{
    map_capture *capture = user;
    captured_map *captured = NULL;
    for (int i = 0; i < capture->n_maps; i++)
        if (capture->map[i].node == map->node) captured = &capture->map[i];
    if (captured) {
        read_map(capture, map, captured->before);
        memcpy(captured->marked, captured->before, captured->n_elements * sizeof *captured->marked);
        const ftdn_map marked = {.node = map->node, .n_images = 1, .shape = map->shape, .values = captured->marked};
        ftdn_map_injector_hook(&capture->marking, &marked);
    }
    capture->trial.call(capture->trial.user, map);
    if (captured) read_map(capture, map, captured->after);
}

static void visit_map(const ftdn_graph *graph, const ftdn_map_target *target, const captured_map *map,
                      const ftdn_site_visitor *visitor)
{
    const ftdn_layer *layer = &graph->layer[target->layer];
    ftdn_shape mine = graph->node[target->node].shape;
    ftdn_shape original = graph->node[graph->layer[layer->original].conv].shape;
    const int shape[3] = {original.h, original.w, original.c};
    for (size_t i = 0; i < map->n_elements; i++) {
        if (same_bits(map->marked[i], map->before[i])) continue;
        size_t j = i % (size_t)mine.c, k = layer->channel ? (size_t)layer->channel[j] : j;
        const ftdn_fault_site site = {
            .location = "feature_map",
            .copy = target->copy,
            .index = i / (size_t)mine.c * (size_t)original.c + k,
            .shape = shape,
            .n_axes = 3,
            .before = map->before[i],
            .after = map->after[i],
        };
        visitor->call(visitor->user, &site);
    }
}

static ftdn_status capture_maps(ftdn_rig *rig, const ftdn_planned_trial *trial, map_capture *capture, int image,
                                ftdn_error *err)
{
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, trial->model->network.input_size, 1, err));
    const ftdn_map_hook hook = {.call = capture_map, .user = capture};
    FTDN_TRY(ftdn_rig_forward(rig, trial->dataset, image, &hook, err));
    if (capture->status != FTDN_OK && err) *err = capture->err;
    return capture->status;
}

static ftdn_status visit_maps(ftdn_rig *rig, const ftdn_planned_trial *trial, int layer, int image,
                              const ftdn_site_visitor *visitor, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_map_faults *faults = &rig->map_faults;
    ftdn_map_faults marking = *faults;
    marking.draw.model = marker;
    map_capture capture = {
        .rig = rig,
        .trial = ftdn_rig_map_hook(rig),
        .status = FTDN_OK,
        .map = FTDN_NEW(arena, (size_t)faults->n_targets, captured_map, err),
    };
    const ftdn_map_target **target = FTDN_NEW(arena, (size_t)faults->n_targets, const ftdn_map_target *, err);
    if (!capture.map || !target) return FTDN_ERR_MEMORY;
    for (int t = 0; t < faults->n_targets; t++) {
        if (faults->graph->layer[faults->target[t].layer].original != layer) continue;
        size_t n = ftdn_shape_elements(faults->graph->node[faults->target[t].node].shape);
        captured_map *map = &capture.map[capture.n_maps];
        *map = (captured_map){
            .node = faults->target[t].node,
            .n_elements = n,
            .before = FTDN_NEW(arena, n, float, err),
            .marked = FTDN_NEW(arena, n, float, err),
            .after = FTDN_NEW(arena, n, float, err),
        };
        if (!map->before || !map->marked || !map->after) return FTDN_ERR_MEMORY;
        target[capture.n_maps++] = &faults->target[t];
    }
    FTDN_TRY(ftdn_map_injector_init(&capture.marking, &marking, arena, err));
    capture.marking.image_id = &trial->dataset->image[image].id;
    FTDN_TRY(capture_maps(rig, trial, &capture, image, err));
    for (int m = 0; m < capture.n_maps; m++) visit_map(faults->graph, target[m], &capture.map[m], visitor);
    return FTDN_OK;
}

ftdn_status ftdn_sites_visit(ftdn_rig *rig, const ftdn_planned_trial *trial, int layer, int image,
                             const ftdn_site_visitor *visitor, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_fault_draw draw = ftdn_settings_fault_draw(&trial->settings, FTDN_LOCATION_WEIGHTS);
    if (rig->redraws_weights && image == FTDN_NO_IMAGE)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "this trial draws weight faults for each image; name one with --image");
    uint64_t image_id = rig->redraws_weights ? trial->dataset->image[image].id : 0;
    if (ftdn_fault_draw_hits(&draw))
        FTDN_TRY(visit_weights(rig->device ? &rig->bank.faults : &rig->worker[0].bank->faults, &draw, layer, image_id,
                               visitor, arena, err));
    if (image == FTDN_NO_IMAGE || !ftdn_fault_draw_hits(&rig->map_faults.draw)) return FTDN_OK;
    return visit_maps(rig, trial, layer, image, visitor, arena, err);
}
