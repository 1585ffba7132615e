/* ranges.c - each image runs once; the engine's hook looks at the maps of the layers, thread by thread, or as they come
 * from a device. Least and greatest do not depend on the order of images. */
#include "harness/rankings/ranges.h"

#include <assert.h>
#include <math.h>

#include "base/share.h"
#include "engine/device.h"

typedef struct surveyor {
    ftdn_context *context;
    const int *layer_of_node;  /* [n_nodes] index into the layers; -1: not asked for */
    ftdn_layer_range *range;   /* [n_layers] of the images so far */
    int nonfinite;             /* index of a layer with a value that is not finite; -1: none so far */
    const ftdn_device_module *device; /* NULL: maps are host memory */
    float *values;                    /* [elements of the largest map], where they are not */
    ftdn_status status;               /* the first failure to read one */
    ftdn_error err;
} surveyor;

typedef struct survey {
    const ftdn_score_source *source;
    const ftdn_planned_trial *trial;
    ftdn_layer_set layers;
    ftdn_program *program;
    ftdn_packed *packed;
    int n_surveyors;
    surveyor *surveyor; /* [n_surveyors] */
    int n_images_done;
} survey;

/* The values of a map in host memory; NULL where they cannot be had. */
static const float *read_values(surveyor *s, const ftdn_map *map)
{
    if (!s->device) return map->values;
    size_t n_bytes = ftdn_shape_elements(map->shape) * sizeof *map->values;
    if (s->status == FTDN_OK)
        s->status = s->device->device->copy_after(s->context, s->values, map->values, n_bytes, &s->err);
    return s->status == FTDN_OK ? s->values : NULL;
}

static void look(void *user, const ftdn_map *map)
{
    surveyor *s = user;
    const float *values = read_values(s, map);
    if (!values) return;
    int l = s->layer_of_node[map->node];
    ftdn_layer_range *range = &s->range[l];
    size_t n_values = ftdn_shape_elements(map->shape);
    float low = range->low, high = range->high;
    for (size_t i = 0; i < n_values; i++) {
        float value = values[i];
        if (!isfinite(value)) s->nonfinite = l;
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    range->low = low;
    range->high = high;
}

static ftdn_status make_surveyor(const survey *run, const int *layer_of_node, ftdn_arena *arena, surveyor *s,
                                 ftdn_error *err)
{
    const ftdn_graph *graph = &run->trial->model->network.graph;
    size_t n_layers = (size_t)run->layers.n_layers, n_most = 0;
    *s = (surveyor){
        .layer_of_node = layer_of_node,
        .nonfinite = -1,
        .device = ftdn_backend_device(ftdn_program_backend(run->program)),
        .status = FTDN_OK,
        .range = FTDN_NEW(arena, n_layers, ftdn_layer_range, err),
    };
    if (!s->range) return FTDN_ERR_MEMORY;
    for (size_t l = 0; l < n_layers; l++) {
        int layer = run->layers.layer[l];
        size_t n_elements = ftdn_shape_elements(graph->node[graph->layer[layer].last].shape);
        s->range[l] = (ftdn_layer_range){.layer = layer, .low = INFINITY, .high = -INFINITY};
        if (n_elements > n_most) n_most = n_elements;
    }
    if (s->device) {
        s->values = FTDN_NEW(arena, n_most, float, err);
        if (!s->values) return FTDN_ERR_MEMORY;
    }
    return ftdn_context_create(run->program, &s->context, err);
}

static ftdn_status set_up(survey *run, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_model *model = run->trial->model;
    const ftdn_graph *graph = &model->network.graph;
    const ftdn_engine_settings *engine = &run->trial->settings.engine;
    size_t n_layers = (size_t)run->layers.n_layers;
    int *tap = FTDN_NEW(arena, n_layers, int, err), *layer_of_node = FTDN_NEW(arena, (size_t)graph->n_nodes, int, err);
    run->surveyor = FTDN_NEW(arena, (size_t)run->source->n_threads, surveyor, err);
    if (!tap || !layer_of_node || !run->surveyor) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_nodes; i++) layer_of_node[i] = -1;
    for (size_t l = 0; l < n_layers; l++) {
        tap[l] = graph->layer[run->layers.layer[l]].last;
        layer_of_node[tap[l]] = (int)l;
    }
    const ftdn_compile_desc compile = {
        .taps = tap,
        .n_taps = (int)n_layers,
        .micro_batch = 1,
        .conv_algorithm = engine->conv_algorithm,
        .cache = run->source->cache,
    };
    const ftdn_backend *backend = ftdn_backend_find(engine->backend);
    int n_surveyors = ftdn_backend_device(backend) ? 1 : run->source->n_threads;
    FTDN_TRY(ftdn_program_create(backend, graph, &compile, &run->program, err));
    FTDN_TRY(ftdn_packed_create(run->program, &model->weights, run->source->n_threads, &run->packed, err));
    while (run->n_surveyors < n_surveyors)
        FTDN_TRY(make_surveyor(run, layer_of_node, arena, &run->surveyor[run->n_surveyors++], err));
    return FTDN_OK;
}

static void tear_down(survey *run)
{
    for (int i = 0; i < run->n_surveyors; i++) ftdn_context_free(run->surveyor[i].context);
    ftdn_packed_free(run->packed);
    ftdn_program_free(run->program);
}

static ftdn_status survey_image(const survey *run, surveyor *s, const ftdn_image *image, ftdn_error *err)
{
    const ftdn_network *network = &run->trial->model->network;
    if (run->source->stop && *run->source->stop)
        return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "stopped while ranges of maps were taken");
    const ftdn_input input = ftdn_network_input(network, 1, &image->pixels);
    const ftdn_map_hook hook = {.call = look, .user = s};
    FTDN_TRY(ftdn_forward(s->context, run->packed, &input, &hook, err));
    if (s->status != FTDN_OK && err) *err = s->err;
    if (s->status != FTDN_OK) return s->status;
    if (s->nonfinite < 0) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "calibration image '%s': the map of layer '%s' has a value that is not finite, without faults",
                     image->name, network->graph.layer[run->layers.layer[s->nonfinite]].name);
}

/* user: survey * */
static ftdn_status survey_item(void *user, int image, int thread, ftdn_error *err)
{
    survey *run = user;
    const ftdn_dataset *dataset = run->trial->calibration;
    FTDN_TRY(survey_image(run, &run->surveyor[thread], &dataset->image[image], err));
    int n_done = ftdn_share_add(&run->n_images_done, 1);
    if (run->source->on_progress && thread == 0)
        run->source->on_progress(run->source->user, "ranges", n_done, dataset->n_images);
    return FTDN_OK;
}

static ftdn_status survey_all(survey *run, ftdn_error *err)
{
    const ftdn_shared_work work = {
        .n_items = run->trial->calibration->n_images,
        .n_threads = run->n_surveyors,
        .run = survey_item,
        .user = run,
    };
    return ftdn_share(&work, err);
}

/* Adding 0 makes a negative zero positive: which zero a thread saw first must not matter. */
static void join(const survey *run, ftdn_layer_range *ret_range)
{
    for (int l = 0; l < run->layers.n_layers; l++) {
        ftdn_layer_range range = run->surveyor[0].range[l];
        for (int i = 1; i < run->n_surveyors; i++) {
            const ftdn_layer_range *other = &run->surveyor[i].range[l];
            range.low = other->low < range.low ? other->low : range.low;
            range.high = other->high > range.high ? other->high : range.high;
        }
        range.low += 0.0f;
        range.high += 0.0f;
        ret_range[l] = range;
    }
}

ftdn_status ftdn_ranges_profile(const ftdn_score_source *source, const ftdn_planned_trial *trial, ftdn_layer_set layers,
                                ftdn_arena *arena, ftdn_layer_range *ret_range, ftdn_error *err)
{
    assert(trial->calibration && source->n_threads >= 1);
    int size = trial->model->network.input_size;
    if (trial->calibration->size != size)
        FTDN_TRY(ftdn_dataset_decode(trial->calibration, size, source->n_threads, err));
    survey run = {.source = source, .trial = trial, .layers = layers};
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = set_up(&run, arena, err);
    if (status == FTDN_OK) status = survey_all(&run, err);
    if (status == FTDN_OK) join(&run, ret_range);
    tear_down(&run);
    ftdn_arena_reset(arena, mark);
    return status;
}
