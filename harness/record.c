#include "harness/record.h"

#include <math.h>
#include <string.h>

static ftdn_status fill_params(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_trial_params *params,
                               ftdn_error *err)
{
    const ftdn_trial_settings *settings = &trial->settings;
    const ftdn_fault_settings *faults = &settings->faults;
    const ftdn_backend *backend = ftdn_backend_find(settings->engine.backend);
    *params = (ftdn_trial_params){
        .model = settings->model.name,
        .width = trial->model->network.width,
        .weights = settings->model.weights,
        .weights_digest = trial->model->weights_digest,
        .dataset = trial->dataset->description,
        .dataset_digest = trial->dataset->digest,
        .backend = settings->engine.backend,
        .arithmetic = ftdn_backend_arithmetic(backend, settings->engine.conv_algorithm),
        .score_threshold = settings->evaluate.score_threshold,
        .nms_iou = settings->evaluate.nms_iou,
        .candidates = settings->evaluate.candidates,
        .iou = settings->evaluate.iou,
        .type = faults->type,
        .weight_rate = faults->weight_rate,
        .feature_map_rate = faults->feature_map_rate,
        .weight_scope = ftdn_scope_text(&faults->weight_scope, arena, err),
        .feature_map_scope = ftdn_scope_text(&faults->feature_map_scope, arena, err),
        .feature_map_point = faults->feature_map_point,
        .redraw = faults->redraw,
        .copies = faults->copies,
        .method = settings->protection.method,
        .ratio = (double)NAN,
        .seed = (int64_t)settings->seed,
    };
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
    ftdn_timing_row *row = ftdn_arena_alloc(arena, 1, sizeof all, err);
    if (row) memcpy(row, all, sizeof all);
    *ret_n = (int)(sizeof all / sizeof *all);
    return row;
}

/* One row per layer and location where faults were asked for. */
static ftdn_fault_row *fault_rows(const ftdn_planned_trial *trial, const ftdn_rig *rig, const ftdn_trial_result *result,
                                  ftdn_arena *arena, int *ret_n, ftdn_error *err)
{
    const ftdn_fault_settings *faults = &trial->settings.faults;
    const struct {
        const char *location;
        double rate;
        const ftdn_layer_set *layers;
        const ftdn_fault_count *count;
    } part[2] = {
        {"weights", faults->weight_rate, &rig->weight_faults.layers, result->weight_count},
        {"feature_map", faults->feature_map_rate, &rig->map_faults.layers, result->map_count},
    };
    size_t n_most = (size_t)part[0].layers->n_layers + (size_t)part[1].layers->n_layers;
    ftdn_fault_row *row = FTDN_NEW(arena, n_most, ftdn_fault_row, err);
    int n_rows = 0;
    for (int p = 0; row && p < 2; p++) {
        for (int l = 0; part[p].rate > 0 && l < part[p].layers->n_layers; l++) {
            row[n_rows++] = (ftdn_fault_row){
                .layer = rig->model->network.graph.layer[part[p].layers->layer[l]].name,
                .location = part[p].location,
                .n_elements = part[p].count[l].n_elements,
                .requested_rate = part[p].rate,
                .n_faults = part[p].count[l].n_faults,
                .n_changed = part[p].count[l].n_changed,
            };
        }
    }
    *ret_n = n_rows;
    return row;
}

ftdn_status ftdn_record_make(const ftdn_plan *plan, const ftdn_planned_trial *trial, const ftdn_rig *rig,
                             const ftdn_trial_result *result, ftdn_arena *arena, ftdn_trial_record *ret_record,
                             ftdn_error *err)
{
    ftdn_trial_record record = {
        .manifest = plan->manifest->name,
        .spec = trial->spec.text,
        .map_voc07 = result->map_voc07,
        .map_area = result->map_area,
        .n_images = result->n_images,
        .n_nonfinite_outputs = result->n_nonfinite,
        .seconds = result->total_s,
        .n_classes = result->n_classes,
        .class_row = class_rows(trial->dataset, result, arena, err),
    };
    memcpy(record.id, trial->spec.id, sizeof record.id);
    record.timing_row = timing_rows(result, arena, &record.n_timings, err);
    record.fault_row = fault_rows(trial, rig, result, arena, &record.n_faults, err);
    if (!record.class_row || !record.timing_row || !record.fault_row) return FTDN_ERR_MEMORY;
    FTDN_TRY(fill_params(trial, arena, &record.params, err));
    *ret_record = record;
    return FTDN_OK;
}

const char *ftdn_record_label(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_fault_settings *faults = &trial->settings.faults;
    return ftdn_arena_format(arena, err, "weight_rate %g, feature_map_rate %g, %s, seed %llu", faults->weight_rate,
                             faults->feature_map_rate, trial->settings.protection.method,
                             (unsigned long long)trial->settings.seed);
}
