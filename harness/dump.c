#include "harness/dump.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/npy.h"
#include "harness/rig.h"
#include "harness/terminal/print.h"

#define INDEX "index.json"

typedef struct dump {
    const ftdn_planned_trial *trial;
    ftdn_rig *rig;
    const char *folder;
    ftdn_arena *arena;
    ftdn_text index;
    int n_files;
} dump;

/* One file: what it holds and what the index says of it. */
typedef struct tensor {
    const char *kind;   /* "input", "map", "merged", "clipped", "weight", "copy", "logits", "locations" */
    const char *name;   /* of the file, before ':' is replaced and ".npy" is added */
    const char *layer;  /* NULL: of none */
    unsigned roles;     /* of the layer */
    const int *channel; /* [dims[0]] of "copy": the channels of the original; else NULL */
    const float *values;
    int n_dims;
    int64_t dims[4];
} tensor;

typedef struct value_range {
    double least, greatest; /* of the finite values; NaN where there are none */
    size_t n_nan, n_infinite;
} value_range;

static size_t count_elements(const tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->n_dims; i++) n *= (size_t)t->dims[i];
    return n;
}

static value_range find_range(const float *values, size_t n_values)
{
    value_range range = {.least = (double)NAN, .greatest = (double)NAN};
    for (size_t i = 0; i < n_values; i++) {
        double value = (double)values[i];
        range.n_nan += isnan(value) != 0;
        range.n_infinite += isinf(value) != 0;
        if (!isfinite(value)) continue;
        if (!(range.least <= value)) range.least = value;
        if (!(range.greatest >= value)) range.greatest = value;
    }
    return range;
}

static void append_number(ftdn_text *text, const char *key, double number)
{
    ftdn_text_append(text, ",\"%s\":", key);
    ftdn_text_append_json_number(text, number);
}

static void append_to_index(dump *d, const tensor *t, const char *file)
{
    ftdn_text *text = &d->index;
    const value_range range = find_range(t->values, count_elements(t));
    ftdn_text_append(text, "%s\n{\"file\":", d->n_files ? "," : "");
    ftdn_append_json(text, file);
    ftdn_text_append(text, ",\"kind\":\"%s\",\"layer\":", t->kind);
    if (t->layer) ftdn_append_json(text, t->layer);
    else ftdn_text_append(text, "null");
    ftdn_text_append(text, ",");
    ftdn_append_json_roles(text, t->roles);
    ftdn_text_append(text, ",\"shape\":[");
    for (int i = 0; i < t->n_dims; i++) ftdn_text_append(text, "%s%lld", i ? "," : "", (long long)t->dims[i]);
    ftdn_text_append(text, "],\"channels\":%s", t->channel ? "[" : "null");
    for (int i = 0; t->channel && i < t->dims[0]; i++) ftdn_text_append(text, "%s%d", i ? "," : "", t->channel[i]);
    if (t->channel) ftdn_text_append(text, "]");
    append_number(text, "min", range.least);
    append_number(text, "max", range.greatest);
    append_number(text, "nan", (double)range.n_nan);
    append_number(text, "infinite", (double)range.n_infinite);
    ftdn_text_append(text, "}");
}

static ftdn_status write_tensor(dump *d, const tensor *t, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(d->arena);
    ftdn_status status = FTDN_ERR_MEMORY;
    char *file = ftdn_arena_format(d->arena, err, "%s.npy", t->name), *path = NULL;
    for (char *c = file; c && *c; c++)
        if (*c == ':' || *c == '/') *c = '.';
    if (file) path = ftdn_path_join(d->arena, d->folder, file, err);
    if (!path) goto done;
    status = ftdn_npy_write(path, t->values, t->n_dims, t->dims, err);
    if (status != FTDN_OK) goto done;
    append_to_index(d, t, file);
    d->n_files++;
done:
    ftdn_arena_reset(d->arena, mark);
    return status;
}

/* The map of a node after the forward. */
static ftdn_status write_map(dump *d, const char *kind, const char *name, int layer, int node, ftdn_error *err)
{
    const ftdn_graph *graph = d->rig->protection.graph;
    const ftdn_map map = ftdn_context_map(ftdn_rig_context(d->rig), node);
    ftdn_arena_mark mark = ftdn_arena_get_mark(d->arena);
    float *values = FTDN_NEW(d->arena, ftdn_shape_elements(map.shape), float, err);
    if (!values) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_rig_read_map(d->rig, &map, values, err));
    const tensor t = {
        .kind = kind,
        .name = name,
        .layer = layer >= 0 ? graph->layer[layer].name : NULL,
        .roles = layer >= 0 ? graph->layer[layer].roles : 0,
        .values = values,
        .n_dims = 3,
        .dims = {map.shape.h, map.shape.w, map.shape.c},
    };
    ftdn_status status = write_tensor(d, &t, err);
    ftdn_arena_reset(d->arena, mark);
    return status;
}

static ftdn_status write_maps(dump *d, ftdn_error *err)
{
    const ftdn_graph *graph = d->rig->protection.graph;
    FTDN_TRY(write_map(d, "input", "input", -1, 0, err));
    for (int l = 0; l < graph->n_layers; l++) {
        const ftdn_layer *layer = &graph->layer[l];
        FTDN_TRY(write_map(d, "map", layer->name, l, layer->last >= 0 ? layer->last : layer->conv, err));
    }
    for (int n = 0; n < graph->n_nodes; n++) {
        const ftdn_node *node = &graph->node[n];
        if (node->op == FTDN_OP_MERGE) FTDN_TRY(write_map(d, "merged", node->name, node->layer, n, err));
        if (node->op == FTDN_OP_CLIP) FTDN_TRY(write_map(d, "clipped", node->name, node->layer, n, err));
    }
    return FTDN_OK;
}

/* copy: 0 for the stored original, else the number of the copy, of the given channels. */
static ftdn_status write_filters(dump *d, int layer, int copy, const float *values, const int *channel, int n_channels,
                                 ftdn_error *err)
{
    const ftdn_graph *graph = &d->trial->model->network.graph;
    const ftdn_param *param = &graph->param[graph->node[graph->layer[layer].conv].weight];
    char suffix[24] = "";
    if (copy) snprintf(suffix, sizeof suffix, ".copy%d", copy);
    tensor t = {
        .kind = copy ? "copy" : "weight",
        .name = ftdn_arena_format(d->arena, err, "%s.weight%s", graph->layer[layer].name, suffix),
        .layer = graph->layer[layer].name,
        .roles = graph->layer[layer].roles,
        .channel = channel,
        .values = values,
        .n_dims = param->n_dims,
    };
    if (!t.name) return FTDN_ERR_MEMORY;
    memcpy(t.dims, param->dims, sizeof t.dims);
    t.dims[0] = n_channels;
    return write_tensor(d, &t, err);
}

/* What memory held when the image was run. A device keeps what it drew; the host draws the same. */
static ftdn_status write_weights(dump *d, int image, ftdn_error *err)
{
    const ftdn_fault_draw draw = ftdn_settings_fault_draw(&d->trial->settings, FTDN_LOCATION_WEIGHTS);
    const ftdn_weight_faults *faults = ftdn_rig_weight_faults(d->rig);
    uint64_t image_id = d->rig->redraws_weights ? d->trial->dataset->image[image].id : 0;
    const ftdn_graph *graph = &d->trial->model->network.graph;
    if (!ftdn_fault_draw_hits(&draw)) return FTDN_OK;
    if (d->rig->device) ftdn_weight_faults_draw(&d->rig->bank.faults, &draw, image_id, 1);
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(faults);
    for (int i = 0; i < faults->layers.n_layers; i++) {
        int layer = faults->layers.layer[i], conv = graph->layer[layer].conv;
        FTDN_TRY(write_filters(d, layer, 0, stored.original->value[graph->node[conv].weight], NULL,
                               graph->node[conv].shape.c, err));
    }
    for (int i = 0; i < faults->copies.n_layers; i++) {
        const ftdn_layer_copies *copied = &faults->copies.layer[i];
        for (int c = 0; c < faults->copies.n_copies; c++)
            FTDN_TRY(
                write_filters(d, copied->layer, c + 1, stored.copy[c][i], copied->channel, copied->n_channels, err));
    }
    return FTDN_OK;
}

static ftdn_status write_answers(dump *d, ftdn_error *err)
{
    static const char *const names[2][2] = {{"logits", "locations"}, {"secondary.logits", "secondary.locations"}};
    for (int n = 0; n < d->rig->n_networks; n++) {
        const ftdn_network *network = &d->rig->network[n];
        size_t n_priors = (size_t)network->n_priors, n_columns = (size_t)network->n_classes + 1;
        float *logits = FTDN_NEW(d->arena, n_priors * n_columns, float, err);
        float *locations = FTDN_NEW(d->arena, n_priors * 4, float, err);
        if (!logits || !locations) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_rig_read_answer(d->rig, n, logits, locations, err));
        const tensor t[2] = {
            {.kind = "logits", .name = names[n][0], .values = logits, .n_dims = 2,
             .dims = {network->n_priors, network->n_classes + 1}},
            {.kind = "locations", .name = names[n][1], .values = locations, .n_dims = 2,
             .dims = {network->n_priors, 4}},
        };
        for (int i = 0; i < 2; i++) FTDN_TRY(write_tensor(d, &t[i], err));
    }
    return FTDN_OK;
}

static ftdn_status write_files(dump *d, int image, ftdn_error *err)
{
    char *index_path = ftdn_path_join(d->arena, d->folder, INDEX, err);
    if (!index_path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_folder_create(d->folder, err));
    if (unlink(index_path) != 0 && errno != ENOENT)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be replaced: %s", index_path, strerror(errno));
    ftdn_text_append(&d->index, "{\"trial\":\"%s\",\"image\":", d->trial->spec.id);
    ftdn_append_json(&d->index, d->trial->dataset->image[image].name);
    ftdn_text_append(&d->index, ",\"files\":[");
    FTDN_TRY(write_maps(d, err));
    FTDN_TRY(write_weights(d, image, err));
    FTDN_TRY(write_answers(d, err));
    ftdn_text_append(&d->index, "\n]}\n");
    FTDN_TRY(ftdn_text_check(&d->index, err));
    return ftdn_file_write_atomic(index_path, d->index.chars, d->index.n_chars, err);
}

ftdn_status ftdn_dump(const ftdn_planned_trial *trial, const ftdn_score_source *scores, int image, const char *folder,
                      ftdn_arena *arena, ftdn_dump_summary *ret_summary, ftdn_error *err)
{
    ftdn_rig rig;
    dump d = {
        .trial = trial,
        .rig = &rig,
        .folder = ftdn_path_join(arena, folder, trial->dataset->image[image].name, err),
        .arena = arena,
    };
    if (!d.folder) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, trial->model->network.input_size, scores->n_threads, err));
    const ftdn_rig_desc desc = {.trial = trial, .scores = scores, .n_threads = 1, .keep_maps = true};
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_text_init(&d.index);
    ftdn_status status = ftdn_rig_prepare(&rig, &trial->settings, err);
    if (status == FTDN_OK) status = ftdn_rig_forward(&rig, trial->dataset, image, NULL, err);
    if (status == FTDN_OK) status = write_files(&d, image, err);
    ftdn_text_done(&d.index);
    ftdn_rig_done(&rig);
    if (status == FTDN_OK) *ret_summary = (ftdn_dump_summary){.folder = d.folder, .n_files = d.n_files};
    return status;
}
