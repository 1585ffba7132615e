#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "harness/campaign_files.h"
#include "harness/command.h"
#include "harness/options.h"
#include "harness/print.h"
#include "harness/rig.h"

typedef enum sites_format { SITES_TABLE, SITES_CSV, SITES_JSON } sites_format;

/* One tensor that was hit: a layer's weights, or its map for one image. */
typedef struct hit_tensor {
    const char *location; /* as v_faults has it */
    int shape[4];         /* [n_axes] */
    int n_axes;
    size_t n_elements;
    const float *before, *after; /* [n_elements] */
    ftdn_site_stream stream;
    double rate;
} hit_tensor;

/* The answer under way. */
typedef struct sites_writer {
    sites_format format;
    ftdn_table table; /* of TABLE */
    ftdn_text text;   /* of CSV and JSON */
    size_t n_sites;
} sites_writer;

static void append_coordinates(const hit_tensor *tensor, size_t e, const char *separator, ftdn_text *text)
{
    size_t n_inside = tensor->n_elements;
    for (int axis = 0; axis < tensor->n_axes; axis++) {
        n_inside /= (size_t)tensor->shape[axis];
        ftdn_text_append(text, "%s%zu", axis ? separator : "", e / n_inside % (size_t)tensor->shape[axis]);
    }
}

/* The shortest decimals that tell all floats apart; "nan" and "inf" are strings in JSON. */
static void append_value(float value, bool quote_words, ftdn_text *text)
{
    const char *quote = quote_words && !isfinite(value) ? "\"" : "";
    ftdn_text_append(text, "%s%.9g%s", quote, (double)value, quote);
}

static void add_row(sites_writer *w, const hit_tensor *tensor, size_t e)
{
    ftdn_table *table = &w->table;
    ftdn_text *text = &w->text;
    switch (w->format) {
    case SITES_TABLE:
        ftdn_table_add(table, FTDN_CELL_TEXT, "%s", tensor->location);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "0");
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%zu", e);
        append_coordinates(tensor, e, " ", text);
        ftdn_table_add(table, FTDN_CELL_TEXT, "%s", text->failed ? "" : text->chars);
        ftdn_text_done(text);
        ftdn_text_init(text);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)tensor->before[e]);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.9g", (double)tensor->after[e]);
        break;
    case SITES_CSV:
        ftdn_text_append(text, "%s,0,%zu,", tensor->location, e);
        append_coordinates(tensor, e, " ", text);
        ftdn_text_append(text, ",%.9g,%.9g\n", (double)tensor->before[e], (double)tensor->after[e]);
        break;
    case SITES_JSON:
        ftdn_text_append(text, "%s\n{\"location\":\"%s\",\"copy\":0,\"index\":%zu,\"coordinates\":[",
                         w->n_sites ? "," : "", tensor->location, e);
        append_coordinates(tensor, e, ",", text);
        ftdn_text_append(text, "],\"before\":");
        append_value(tensor->before[e], true, text);
        ftdn_text_append(text, ",\"after\":");
        append_value(tensor->after[e], true, text);
        ftdn_text_append(text, "}");
        break;
    }
    w->n_sites++;
}

static void add_tensor(sites_writer *w, const hit_tensor *tensor)
{
    ftdn_site_threshold threshold = ftdn_site_threshold_of(tensor->rate);
    for (size_t e = 0; e < tensor->n_elements; e++)
        if (ftdn_site_is_hit(tensor->stream, e, threshold)) add_row(w, tensor, e);
}

/* What the hook keeps of the layer's map, before and after it is hit. */
typedef struct map_capture {
    ftdn_map_injector *injector;
    int node;
    float *before, *after; /* [elements of the map] */
} map_capture;

static void capture_map(void *user, const ftdn_map *map)
{
    map_capture *capture = user;
    size_t n_bytes = ftdn_shape_elements(map->shape) * sizeof *map->values;
    if (map->node == capture->node) memcpy(capture->before, map->values, n_bytes);
    ftdn_map_injector_hook(capture->injector, map);
    if (map->node == capture->node) memcpy(capture->after, map->values, n_bytes);
}

/* The place of a layer in a set; -1 where it is not hit. */
static int find_in_set(const ftdn_layer_set *set, int layer)
{
    for (int i = 0; i < set->n_layers; i++)
        if (set->layer[i] == layer) return i;
    return -1;
}

static void add_weights(sites_writer *w, const ftdn_planned_trial *trial, const ftdn_rig *rig, int layer)
{
    const ftdn_graph *graph = &trial->model->network.graph;
    double rate = trial->settings.faults.weight_rate;
    int at = find_in_set(&rig->weight_faults.layers, layer);
    if (rate <= 0 || at < 0) return;
    int weight = graph->node[graph->layer[layer].conv].weight;
    const ftdn_param *param = &graph->param[weight];
    hit_tensor tensor = {
        .location = "weights",
        .n_axes = 4,
        .n_elements = param->n_elements,
        .before = trial->model->weights.value[weight],
        .after = rig->weight_faults.buffer[at],
        .stream = ftdn_site_stream_make(trial->settings.seed, ftdn_layer_id(graph->layer[layer].name),
                                        FTDN_LOCATION_WEIGHTS, 0, 0),
        .rate = rate,
    };
    for (int axis = 0; axis < 4; axis++) tensor.shape[axis] = (int)param->dims[axis];
    add_tensor(w, &tensor);
}

static ftdn_status find_image(const ftdn_dataset *dataset, const char *name, int *ret_image, ftdn_error *err)
{
    for (int i = 0; i < dataset->n_images; i++) {
        if (strcmp(dataset->image[i].name, name)) continue;
        *ret_image = i;
        return FTDN_OK;
    }
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the trial has no image '%s'; the first one is '%s'", name,
                     dataset->image[0].name);
}

/* Run one image as the trial does, and list what happened to its map. */
static ftdn_status add_map(sites_writer *w, const ftdn_planned_trial *trial, ftdn_rig *rig, int layer, int image,
                           ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_network *network = &trial->model->network;
    double rate = trial->settings.faults.feature_map_rate;
    int at = find_in_set(&rig->map_faults.layers, layer);
    if (rate <= 0 || at < 0) return FTDN_OK;
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, network->input_size, ftdn_default_threads(), err));
    ftdn_worker *worker = &rig->worker[0];
    int node = rig->map_faults.tap[at];
    ftdn_shape shape = network->graph.node[node].shape;
    size_t n_elements = ftdn_shape_elements(shape);
    map_capture capture = {
        .injector = &worker->injector,
        .node = node,
        .before = FTDN_NEW(arena, n_elements, float, err),
        .after = FTDN_NEW(arena, n_elements, float, err),
    };
    if (!capture.before || !capture.after) return FTDN_ERR_MEMORY;
    worker->pixels[0] = trial->dataset->image[image].pixels;
    worker->image_id[0] = trial->dataset->image[image].id;
    ftdn_input input = {.n_images = 1, .pixels = worker->pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    const ftdn_map_hook hook = {.call = capture_map, .user = &capture};
    FTDN_TRY(ftdn_forward(worker->context, rig->packed, &input, &hook, err));
    const hit_tensor tensor = {
        .location = "feature_map",
        .shape = {shape.h, shape.w, shape.c},
        .n_axes = 3,
        .n_elements = n_elements,
        .before = capture.before,
        .after = capture.after,
        .stream = ftdn_site_stream_make(trial->settings.seed, rig->map_faults.layer_id[at], FTDN_LOCATION_FEATURE_MAP,
                                        0, worker->image_id[0]),
        .rate = rate,
    };
    add_tensor(w, &tensor);
    return FTDN_OK;
}

static ftdn_status find_trial(const ftdn_plan *plan, const char *prefix, const ftdn_planned_trial **ret_trial,
                              ftdn_error *err)
{
    const ftdn_planned_trial *found = NULL;
    for (int i = 0; i < plan->n_trials; i++) {
        if (strncmp(plan->trial[i].spec.id, prefix, strlen(prefix))) continue;
        if (found) return FTDN_FAIL(err, FTDN_ERR_ARG, "several trials have ids that begin with '%s'", prefix);
        found = &plan->trial[i];
    }
    if (!found) return FTDN_FAIL(err, FTDN_ERR_ARG, "no trial of the manifest has an id that begins with '%s'", prefix);
    *ret_trial = found;
    return FTDN_OK;
}

static ftdn_status find_layer(const ftdn_graph *graph, const char *name, ftdn_arena *arena, int *ret_layer,
                              ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)graph->n_layers, const char *, err);
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_layers; i++) {
        names[i] = graph->layer[i].name;
        if (strcmp(name, names[i])) continue;
        *ret_layer = i;
        return FTDN_OK;
    }
    const char *nearest = ftdn_suggest(name, names, graph->n_layers);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the network has no layer '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

typedef struct sites_options {
    const char *trial, *layer, *image;
    bool csv, json;
} sites_options;

static ftdn_status list_sites(const sites_options *options, const ftdn_planned_trial *trial, sites_writer *w,
                              ftdn_arena *arena, ftdn_error *err)
{
    int layer = 0, image = 0;
    FTDN_TRY(find_layer(&trial->model->network.graph, options->layer, arena, &layer, err));
    if (options->image) FTDN_TRY(find_image(trial->dataset, options->image, &image, err));
    ftdn_rig rig;
    FTDN_TRY(ftdn_rig_init(&rig, trial->model, &trial->settings, 1, err));
    const ftdn_fault_settings *faults = &trial->settings.faults;
    const ftdn_fault_model model = ftdn_settings_fault_model(faults);
    ftdn_status status = ftdn_rig_set_weights(&rig, &model, faults->weight_rate, trial->settings.seed, err);
    ftdn_map_faults_set(&rig.map_faults, &model, faults->feature_map_rate, trial->settings.seed);
    if (status == FTDN_OK) add_weights(w, trial, &rig, layer);
    if (status == FTDN_OK && options->image) status = add_map(w, trial, &rig, layer, image, arena, err);
    ftdn_rig_done(&rig);
    return status;
}

static ftdn_status answer(const sites_options *options, const ftdn_planned_trial *trial, ftdn_arena *arena,
                          ftdn_error *err)
{
    static const char *const columns[] = {"location", "copy", "index", "coordinates", "before", "after"};
    sites_writer w = {.format = options->json ? SITES_JSON : options->csv ? SITES_CSV : SITES_TABLE};
    ftdn_table_init(&w.table, 6);
    ftdn_text_init(&w.text);
    for (int i = 0; i < 6; i++) ftdn_table_add(&w.table, FTDN_CELL_TEXT, "%s", columns[i]);
    if (w.format == SITES_CSV) ftdn_text_append(&w.text, "location,copy,index,coordinates,before,after\n");
    if (w.format == SITES_JSON) ftdn_text_append(&w.text, "[");
    ftdn_status status = list_sites(options, trial, &w, arena, err);
    if (w.format == SITES_JSON) ftdn_text_append(&w.text, "\n]\n");
    if (w.format == SITES_TABLE) ftdn_table_write(&w.table, &w.text);
    if (status == FTDN_OK) status = ftdn_print(&w.text, err);
    ftdn_table_done(&w.table);
    ftdn_text_done(&w.text);
    return status;
}

ftdn_status ftdn_command_sites(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    sites_options options = {0};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("trial", 0, "ID", &options.trial, "the trial: the beginning of its id ('ftdn plan' tells)"),
        FTDN_TEXT_OPTION("layer", 0, "NAME", &options.layer, "the layer ('ftdn inspect graph' lists them)"),
        FTDN_TEXT_OPTION("image", 0, "NAME", &options.image, "list the faults in this image's map too"),
        FTDN_FLAG_OPTION("csv", 0, &options.csv, "print CSV"),
        FTDN_FLAG_OPTION("json", 0, &options.json, "print JSON"),
    };
    const ftdn_command command = {
        .name = "ftdn sites",
        .arguments = "MANIFEST",
        .summary = "List the elements of one layer that one trial hits, with their values before and after.",
        .example = "ftdn sites experiments/quickstart.json --trial 1a2b --layer base_net.1.0",
        .details = "Coordinates: of weights [K,C,R,S], of a map [H,W,C]. docs/fault-sites.md states the rule.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_arguments arguments;
    const ftdn_planned_trial *trial = NULL;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &files.arena, &arguments, err);
    if (status != FTDN_OK || arguments.wants_help) goto done;
    if (!options.trial || !options.layer)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "sites needs --trial ID and --layer NAME");
    if (status == FTDN_OK) status = ftdn_campaign_files_open(&files, arguments.argument[0], NULL, err);
    if (status == FTDN_OK) status = find_trial(&files.plan, options.trial, &trial, err);
    if (status == FTDN_OK) status = answer(&options, trial, &files.arena, err);
done:
    ftdn_campaign_files_done(&files);
    return status;
}
