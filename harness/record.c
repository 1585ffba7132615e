#include "harness/record.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "protectors/duplication.h"

/* 0 where the ranking is no measured one. */
static int count_measured(const ftdn_planned_trial *trial)
{
    if (!ftdn_settings_measure(&trial->settings.protection)) return 0;
    return ftdn_settings_measured_images(&trial->settings, trial->calibration->n_images);
}

/* What a label says. */
static ftdn_trial_params label_params(const ftdn_planned_trial *trial)
{
    const ftdn_fault_settings *faults = &trial->settings.faults;
    const ftdn_protection_settings *protection = &trial->settings.protection;
    return (ftdn_trial_params){
        .weight_rate = faults->weight_rate,
        .feature_map_rate = faults->feature_map_rate,
        .weight_count = faults->weight_count,
        .feature_map_count = faults->feature_map_count,
        .feature_map_point = faults->feature_map_point,
        .method = protection->method,
        .ranking = protection->ranking,
        .direction = protection->direction,
        .allocation = protection->allocation,
        .merge = protection->merge,
        .merge_point = protection->merge_point,
        .combine = protection->combine,
        .ratio = protection->ratio,
        .seed = (int64_t)trial->settings.seed,
    };
}

static ftdn_status fill_params(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_trial_params *params,
                               ftdn_error *err)
{
    const ftdn_trial_settings *settings = &trial->settings;
    const ftdn_fault_settings *faults = &settings->faults;
    *params = label_params(trial);
    params->model = settings->model.name;
    params->width = trial->model->network.width;
    params->weights = settings->model.weights;
    params->weights_digest = trial->model->weights_digest;
    params->dataset = trial->dataset->description;
    params->dataset_digest = trial->dataset->digest;
    params->backend = settings->engine.backend;
    params->arithmetic = trial->arithmetic;
    params->score_threshold = settings->evaluate.score_threshold;
    params->nms_iou = settings->evaluate.nms_iou;
    params->candidates = settings->evaluate.candidates;
    params->iou = settings->evaluate.iou;
    params->type = faults->type;
    params->bit = faults->bit;
    params->bits = faults->bits;
    params->range_low = faults->has_range ? (double)faults->low : (double)NAN;
    params->range_high = faults->has_range ? (double)faults->high : (double)NAN;
    params->weight_scope = ftdn_scope_text(&faults->weight_scope, arena, err);
    params->feature_map_scope = ftdn_scope_text(&faults->feature_map_scope, arena, err);
    params->redraw = faults->redraw;
    params->copies = faults->copies;
    params->calibration = trial->calibration ? trial->calibration->description : NULL;
    params->calibration_digest = trial->calibration ? trial->calibration->digest : NULL;
    params->measured_images = count_measured(trial);
    return params->weight_scope && params->feature_map_scope ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_class_row *class_rows(const ftdn_dataset *dataset, const ftdn_trial_result *result, ftdn_arena *arena,
                                  ftdn_error *err)
{
    ftdn_class_row *row = FTDN_NEW(arena, (size_t)result->n_classes, ftdn_class_row, err);
    for (int c = 0; row && c < result->n_classes; c++) {
        row[c] = (ftdn_class_row){
            .class_name = dataset->class_name[c],
            .ap_voc07 = result->class_ap[c].ap_voc07,
            .ap_area = result->class_ap[c].ap_area,
            .n_objects = result->class_ap[c].n_objects,
        };
    }
    return row;
}

/* The stages that were measured apart. */
static ftdn_timing_row *timing_rows(const ftdn_trial_result *result, ftdn_arena *arena, int *ret_n, ftdn_error *err)
{
    const ftdn_timing_row all[] = {
        {"weights", result->weights_s},
        {"forward", result->forward_s},
        {"injection", result->injection_s},
        {"detection", result->detection_s},
        {"average_precision", result->average_precision_s},
        {"total", result->total_s},
    };
    enum { N_STAGES = sizeof all / sizeof *all };
    ftdn_timing_row *row = FTDN_NEW(arena, N_STAGES, ftdn_timing_row, err);
    int n = 0;
    for (int i = 0; row && i < N_STAGES; i++)
        if (!isnan(all[i].seconds)) row[n++] = all[i];
    *ret_n = n;
    return row;
}

/* The rows of one trial under way. */
typedef struct fault_rows {
    const ftdn_graph *graph;
    ftdn_fault_row *row; /* [capacity] */
    int n_rows, capacity;
} fault_rows;

static void add_fault_row(fault_rows *rows, int layer, const char *location, int copy, double requested_rate,
                          const ftdn_fault_count *count)
{
    assert(rows->n_rows < rows->capacity);
    rows->row[rows->n_rows++] = (ftdn_fault_row){
        .layer = rows->graph->layer[layer].name,
        .location = location,
        .copy = copy,
        .n_elements = count->n_elements,
        .requested_rate = requested_rate,
        .n_faults = count->n_faults,
        .n_changed = count->n_changed,
    };
}

/* The chance of one element to be hit: the rate, or a count over all elements of originals that it is drawn from. */
static double requested_rate(double rate, int count, int64_t n_draws, const ftdn_fault_count *drawn, int n)
{
    if (count == 0) return rate;
    int64_t n_elements = 0;
    for (int i = 0; i < n; i++) n_elements += drawn[i].n_elements;
    double expected = (double)count * (double)n_draws / (double)n_elements;
    return expected < 1 ? expected : 1;
}

static void add_weight_rows(const ftdn_fault_settings *faults, const ftdn_rig *rig, const ftdn_trial_result *result,
                            fault_rows *rows)
{
    if (!ftdn_settings_hit_weights(faults)) return;
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(rig);
    int64_t n_draws = rig->redraws_weights ? result->n_images : 1;
    double rate = requested_rate(faults->weight_rate, faults->weight_count, n_draws, result->weight_count,
                                 weights->layers.n_layers);
    for (int i = 0; i < weights->layers.n_layers; i++)
        add_fault_row(rows, weights->layers.layer[i], "weights", 0, rate, &result->weight_count[i]);
    for (int c = 0; c < weights->copies.n_copies; c++) {
        for (int i = 0; i < weights->copies.n_layers; i++) {
            const ftdn_fault_count *count = &result->weight_copy_count[c][i];
            if (count->n_elements > 0)
                add_fault_row(rows, weights->copies.layer[i].layer, "weights", c + 1, rate, count);
        }
    }
}

static void add_map_rows(const ftdn_fault_settings *faults, const ftdn_rig *rig, const ftdn_trial_result *result,
                         fault_rows *rows)
{
    if (!ftdn_settings_hit_maps(faults)) return;
    const ftdn_map_faults *maps = &rig->map_faults;
    double rate = requested_rate(faults->feature_map_rate, faults->feature_map_count, result->n_images,
                                 result->map_count, maps->layers.n_layers);
    for (int t = 0; t < maps->n_targets; t++) {
        const ftdn_map_target *target = &maps->target[t];
        if (target->copy == 0 || result->map_count[t].n_elements > 0)
            add_fault_row(rows, maps->layers.layer[target->scope_layer], "feature_map", target->copy, rate,
                          &result->map_count[t]);
    }
}

/* One row per layer, copy and location where faults were asked for. */
static ftdn_fault_row *make_fault_rows(const ftdn_planned_trial *trial, const ftdn_rig *rig,
                                       const ftdn_trial_result *result, ftdn_arena *arena, int *ret_n, ftdn_error *err)
{
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(rig);
    int n_most =
        weights->layers.n_layers + weights->copies.n_copies * weights->copies.n_layers + rig->map_faults.n_targets;
    fault_rows rows = {
        .graph = &rig->model->network.graph,
        .row = FTDN_NEW(arena, (size_t)n_most, ftdn_fault_row, err),
        .capacity = n_most,
    };
    if (!rows.row) return NULL;
    add_weight_rows(&trial->settings.faults, rig, result, &rows);
    add_map_rows(&trial->settings.faults, rig, result, &rows);
    *ret_n = rows.n_rows;
    return rows.row;
}

static int64_t sum_nonfinite(const ftdn_fault_count *count, int n)
{
    int64_t n_nonfinite = 0;
    for (int i = 0; i < n; i++) n_nonfinite += count[i].n_nonfinite;
    return n_nonfinite;
}

/* Counts of locations without faults are 0. */
static int64_t count_nonfinite_faults(const ftdn_rig *rig, const ftdn_trial_result *result)
{
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(rig);
    int64_t n_nonfinite = sum_nonfinite(result->weight_count, weights->layers.n_layers) +
                          sum_nonfinite(result->map_count, rig->map_faults.n_targets);
    for (int c = 0; c < weights->copies.n_copies; c++)
        n_nonfinite += sum_nonfinite(result->weight_copy_count[c], weights->copies.n_layers);
    return n_nonfinite;
}

static ftdn_overhead_row make_overhead(const ftdn_rig *rig)
{
    const ftdn_account account = ftdn_protection_account(&rig->protection);
    const ftdn_graph *graph = &rig->model->network.graph;
    uint64_t network_macs = 0;
    for (int i = 0; i < graph->n_nodes; i++) network_macs += ftdn_node_macs(graph, i);
    return (ftdn_overhead_row){
        .weight_bytes = (int64_t)account.weight_bytes,
        .feature_map_bytes = (int64_t)account.feature_map_bytes,
        .map_bytes = (int64_t)account.map_bytes,
        .macs = (int64_t)account.macs,
        .merge_values = (int64_t)account.merge_values,
        .network_macs = (int64_t)network_macs,
    };
}

ftdn_status ftdn_record_make(const ftdn_planned_trial *trial, const ftdn_rig *rig, const ftdn_trial_result *result,
                             ftdn_arena *arena, ftdn_trial_record *ret_record, ftdn_error *err)
{
    ftdn_trial_record record = {
        .map_voc07 = result->map_voc07,
        .map_area = result->map_area,
        .n_images = result->n_images,
        .n_nonfinite_outputs = result->n_nonfinite,
        .n_nonfinite_faults = count_nonfinite_faults(rig, result),
        .seconds = result->total_s,
        .overhead = make_overhead(rig),
        .n_classes = result->n_classes,
        .class_row = class_rows(trial->dataset, result, arena, err),
    };
    record.timing_row = timing_rows(result, arena, &record.n_timings, err);
    record.fault_row = make_fault_rows(trial, rig, result, arena, &record.n_faults, err);
    if (!record.class_row || !record.timing_row || !record.fault_row) return FTDN_ERR_MEMORY;
    *ret_record = record;
    return FTDN_OK;
}

ftdn_status ftdn_record_identify(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_trial_record *record,
                                 ftdn_error *err)
{
    record->spec = ftdn_trial_spec_text(&trial->spec, arena, err);
    if (!record->spec) return FTDN_ERR_MEMORY;
    memcpy(record->id, trial->spec.id, sizeof record->id);
    memcpy(record->cell, trial->spec.cell->digest, sizeof record->cell);
    return fill_params(trial, arena, &record->params, err);
}

static void write_faults(const char *location, double rate, int count, ftdn_text *text)
{
    if (count > 0) ftdn_text_append(text, "%s_count %d, ", location, count);
    else ftdn_text_append(text, "%s_rate %g, ", location, rate);
}

/* A word where there is one, and it is not the usual one. */
static void write_unusual(const char *word, const char *usual, const char *before, ftdn_text *text)
{
    if (word && strcmp(word, usual)) ftdn_text_append(text, " %s%s", before, word);
}

/* "weight_rate 0.01, feature_map_rate 0, kr weight_sum 0.5 mean, seed 1" */
static void write_label(const ftdn_trial_params *params, ftdn_text *text)
{
    write_faults("weight", params->weight_rate, params->weight_count, text);
    write_faults("feature_map", params->feature_map_rate, params->feature_map_count, text);
    ftdn_text_append(text, "%s", params->method);
    if (params->ranking) ftdn_text_append(text, " %s", params->ranking);
    write_unusual(params->direction, "outgoing", "", text);
    if (!isnan(params->ratio)) ftdn_text_append(text, " %g", params->ratio);
    write_unusual(params->allocation, "uniform", "", text);
    if (params->merge) ftdn_text_append(text, " %s", params->merge);
    write_unusual(params->merge_point, params->feature_map_point, "at ", text);
    write_unusual(params->combine, "scores", "", text);
    ftdn_text_append(text, ", seed %" PRIu64, (uint64_t)params->seed);
}

/* Without what a label does not say: it is asked for very often. */
const char *ftdn_record_label(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_trial_params params = label_params(trial);
    ftdn_text text;
    ftdn_text_init(&text);
    write_label(&params, &text);
    return ftdn_text_keep(&text, arena, err);
}

void ftdn_record_write_words(const ftdn_trial_params *params, ftdn_text *text)
{
    if (!params->model || !params->type || !params->method || !params->feature_map_point) return;
    ftdn_text_append(text, "%s", params->model);
    if (params->width != 1) ftdn_text_append(text, " width %g", params->width);
    ftdn_text_append(text, ", %s, ", params->type);
    write_label(params, text);
}
