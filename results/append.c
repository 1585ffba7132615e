#include "results/store.h"

#include <assert.h>
#include <math.h>

#include "results/statement.h"

static void bind_environment(ftdn_statement *row, const ftdn_environment *environment)
{
    ftdn_statement_bind_text(row, environment->code_version);
    ftdn_statement_bind_text(row, environment->compiler);
    ftdn_statement_bind_text(row, environment->machine);
    ftdn_statement_bind_text(row, environment->system);
    ftdn_statement_bind_text(row, environment->cpu);
    ftdn_statement_bind_text(row, environment->device);
    ftdn_statement_bind_text(row, environment->libraries);
}

/* The key of an environment that is there; 0 where there is none. */
static ftdn_status find_environment(ftdn_store *store, const ftdn_environment *environment, int64_t *ret_key,
                                    ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "SELECT id FROM environments WHERE (code_version, compiler, machine, system, cpu, device, libraries) "
        "= (?, ?, ?, ?, ?, ?, ?)");
    bind_environment(&row, environment);
    int64_t key = 0;
    if (ftdn_statement_next(&row)) key = sqlite3_column_int64(row.handle, 0);
    FTDN_TRY(ftdn_statement_finish(&row, "looking for an environment", err));
    *ret_key = key;
    return FTDN_OK;
}

static ftdn_status insert_environment(ftdn_store *store, const ftdn_environment *environment, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO environments (code_version, compiler, machine, system, cpu, device, libraries) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_environment(&row, environment);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, "writing an environment", err);
}

ftdn_status ftdn_store_add_environment(ftdn_store *store, const ftdn_environment *environment, int64_t *ret_environment,
                                       ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    int64_t key;
    FTDN_TRY(find_environment(store, environment, &key, err));
    if (key == 0) {
        FTDN_TRY(insert_environment(store, environment, err));
        FTDN_TRY(find_environment(store, environment, &key, err));
    }
    *ret_environment = key;
    return FTDN_OK;
}

static ftdn_status insert_trial(ftdn_store *store, const ftdn_trial_record *record, const char *doing,
                                int64_t *ret_trial, ftdn_error *err)
{
    const ftdn_trial_params *params = &record->params;
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "INSERT INTO trials (id, spec, model, width, weights, weights_digest, dataset, dataset_digest, backend, "
        "arithmetic, score_threshold, nms_iou, candidates, iou, type, bit, bits, "
        "range_low, range_high, weight_rate, feature_map_rate, weight_count, feature_map_count, weight_scope, "
        "feature_map_scope, feature_map_point, redraw, copies, method, ranking, direction, allocation, merge, "
        "merge_point, combine, ratio, calibration, calibration_digest, measured_images, seed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?)");
    ftdn_statement_bind_text(&row, record->id);
    ftdn_statement_bind_text(&row, record->spec);
    ftdn_statement_bind_text(&row, params->model);
    ftdn_statement_bind_real(&row, params->width);
    ftdn_statement_bind_text(&row, params->weights);
    ftdn_statement_bind_text(&row, params->weights_digest);
    ftdn_statement_bind_text(&row, params->dataset);
    ftdn_statement_bind_text(&row, params->dataset_digest);
    ftdn_statement_bind_text(&row, params->backend);
    ftdn_statement_bind_text(&row, params->arithmetic);
    ftdn_statement_bind_real(&row, params->score_threshold);
    ftdn_statement_bind_real(&row, params->nms_iou);
    ftdn_statement_bind_integer(&row, params->candidates);
    ftdn_statement_bind_real(&row, params->iou);
    ftdn_statement_bind_text(&row, params->type);
    if (params->bit >= 0) ftdn_statement_bind_integer(&row, params->bit);
    else ftdn_statement_bind_text(&row, NULL);
    ftdn_statement_bind_text(&row, params->bits);
    ftdn_statement_bind_real(&row, params->range_low);
    ftdn_statement_bind_real(&row, params->range_high);
    ftdn_statement_bind_real(&row, params->weight_rate);
    ftdn_statement_bind_real(&row, params->feature_map_rate);
    ftdn_statement_bind_integer(&row, params->weight_count);
    ftdn_statement_bind_integer(&row, params->feature_map_count);
    ftdn_statement_bind_text(&row, params->weight_scope);
    ftdn_statement_bind_text(&row, params->feature_map_scope);
    ftdn_statement_bind_text(&row, params->feature_map_point);
    ftdn_statement_bind_text(&row, params->redraw);
    ftdn_statement_bind_text(&row, params->copies);
    ftdn_statement_bind_text(&row, params->method);
    ftdn_statement_bind_text(&row, params->ranking);
    ftdn_statement_bind_text(&row, params->direction);
    ftdn_statement_bind_text(&row, params->allocation);
    ftdn_statement_bind_text(&row, params->merge);
    ftdn_statement_bind_text(&row, params->merge_point);
    ftdn_statement_bind_text(&row, params->combine);
    ftdn_statement_bind_real(&row, params->ratio);
    ftdn_statement_bind_text(&row, params->calibration);
    ftdn_statement_bind_text(&row, params->calibration_digest);
    if (params->measured_images > 0) ftdn_statement_bind_integer(&row, params->measured_images);
    else ftdn_statement_bind_text(&row, NULL);
    ftdn_statement_bind_integer(&row, params->seed);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_trial = sqlite3_last_insert_rowid(store->db);
    return FTDN_OK;
}

/* What an attempt has to say of itself. A failed one has a cause and a spec, a finished one its seconds. */
typedef struct attempt {
    const char *trial_id, *manifest;
    int64_t environment;
    const char *cause, *spec; /* NULL: it finished */
    double seconds;           /* NaN: not known */
} attempt;

static ftdn_status insert_attempt(ftdn_store *store, const attempt *tried, const char *doing, int64_t *ret_attempt,
                                  ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "INSERT INTO attempts (trial_id, manifest, environment, outcome, finished_at, seconds, cause, spec) "
        "VALUES (?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?, ?, ?)");
    ftdn_statement_bind_text(&row, tried->trial_id);
    ftdn_statement_bind_text(&row, tried->manifest);
    ftdn_statement_bind_integer(&row, tried->environment);
    ftdn_statement_bind_text(&row, tried->cause ? "failed" : "done");
    ftdn_statement_bind_real(&row, tried->seconds);
    ftdn_statement_bind_text(&row, tried->cause);
    ftdn_statement_bind_text(&row, tried->spec);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_attempt = sqlite3_last_insert_rowid(store->db);
    return FTDN_OK;
}

static ftdn_status insert_result(ftdn_store *store, const ftdn_trial_record *record, int64_t trial, int64_t attempt_id,
                                 const char *doing, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO results (trial, attempt, map_voc07, map_area, images, n_nonfinite_outputs, "
                           "n_nonfinite_faults) VALUES (?, ?, ?, ?, ?, ?, ?)");
    ftdn_statement_bind_integer(&row, trial);
    ftdn_statement_bind_integer(&row, attempt_id);
    ftdn_statement_bind_real(&row, record->map_voc07);
    ftdn_statement_bind_real(&row, record->map_area);
    ftdn_statement_bind_integer(&row, record->n_images);
    ftdn_statement_bind_integer(&row, record->n_nonfinite_outputs);
    ftdn_statement_bind_integer(&row, record->n_nonfinite_faults);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status insert_overhead(ftdn_store *store, const ftdn_trial_record *record, int64_t trial, const char *doing,
                                   ftdn_error *err)
{
    const ftdn_overhead_row *overhead = &record->overhead;
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "INSERT INTO overheads (trial, weight_bytes, feature_map_bytes, map_bytes, macs, merge_values, "
        "network_macs) VALUES (?, ?, ?, ?, ?, ?, ?)");
    ftdn_statement_bind_integer(&row, trial);
    ftdn_statement_bind_integer(&row, overhead->weight_bytes);
    ftdn_statement_bind_integer(&row, overhead->feature_map_bytes);
    ftdn_statement_bind_integer(&row, overhead->map_bytes);
    ftdn_statement_bind_integer(&row, overhead->macs);
    ftdn_statement_bind_integer(&row, overhead->merge_values);
    ftdn_statement_bind_integer(&row, overhead->network_macs);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status insert_class_ap(ftdn_store *store, const ftdn_trial_record *record, int64_t trial, const char *doing,
                                   ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO class_ap (trial, class, ap_voc07, ap_area, objects) VALUES (?, ?, ?, ?, ?)");
    for (int i = 0; i < record->n_classes; i++) {
        const ftdn_class_row *class_row = &record->class_row[i];
        ftdn_statement_bind_integer(&row, trial);
        ftdn_statement_bind_text(&row, class_row->class_name);
        ftdn_statement_bind_real(&row, class_row->ap_voc07);
        ftdn_statement_bind_real(&row, class_row->ap_area);
        ftdn_statement_bind_integer(&row, class_row->n_objects);
        ftdn_statement_run(&row);
    }
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status insert_layer_faults(ftdn_store *store, const ftdn_trial_record *record, int64_t trial,
                                       const char *doing, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "INSERT INTO layer_faults (trial, layer, location, copy, position, elements, requested_rate, faults, "
        "changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (int i = 0; i < record->n_faults; i++) {
        const ftdn_fault_row *fault_row = &record->fault_row[i];
        ftdn_statement_bind_integer(&row, trial);
        ftdn_statement_bind_text(&row, fault_row->layer);
        ftdn_statement_bind_text(&row, fault_row->location);
        ftdn_statement_bind_integer(&row, fault_row->copy);
        ftdn_statement_bind_integer(&row, i);
        ftdn_statement_bind_integer(&row, fault_row->n_elements);
        ftdn_statement_bind_real(&row, fault_row->requested_rate);
        ftdn_statement_bind_integer(&row, fault_row->n_faults);
        ftdn_statement_bind_integer(&row, fault_row->n_changed);
        ftdn_statement_run(&row);
    }
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status insert_timings(ftdn_store *store, const ftdn_trial_record *record, int64_t attempt_id,
                                  const char *doing, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, "INSERT INTO timings (attempt, stage, seconds) VALUES (?, ?, ?)");
    for (int i = 0; i < record->n_timings; i++) {
        ftdn_statement_bind_integer(&row, attempt_id);
        ftdn_statement_bind_text(&row, record->timing_row[i].stage);
        ftdn_statement_bind_real(&row, record->timing_row[i].seconds);
        ftdn_statement_run(&row);
    }
    return ftdn_statement_finish(&row, doing, err);
}

/* All rows of a trial, inside an open transaction. */
static ftdn_status insert_record(ftdn_store *store, const ftdn_trial_record *record, int64_t environment,
                                 const char *doing, ftdn_error *err)
{
    bool is_present;
    FTDN_TRY(ftdn_store_has_trial(store, record->id, &is_present, err));
    if (is_present) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' already has trial %s", store->name, record->id);
    const attempt tried = {
        .trial_id = record->id, .manifest = record->manifest, .environment = environment, .seconds = record->seconds};
    int64_t trial, attempt_id;
    FTDN_TRY(insert_trial(store, record, doing, &trial, err));
    FTDN_TRY(insert_attempt(store, &tried, doing, &attempt_id, err));
    FTDN_TRY(insert_result(store, record, trial, attempt_id, doing, err));
    FTDN_TRY(insert_overhead(store, record, trial, doing, err));
    FTDN_TRY(insert_class_ap(store, record, trial, doing, err));
    FTDN_TRY(insert_layer_faults(store, record, trial, doing, err));
    return insert_timings(store, record, attempt_id, doing, err);
}

ftdn_status ftdn_store_append(ftdn_store *store, const ftdn_trial_record *record, int64_t environment, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    char doing[32];
    sqlite3_snprintf(sizeof doing, doing, "writing trial %.12s", record->id);
    FTDN_TRY(ftdn_store_execute(store, "BEGIN IMMEDIATE", doing, err));
    ftdn_status status = insert_record(store, record, environment, doing, err);
    if (status == FTDN_OK) status = ftdn_store_execute(store, "COMMIT", doing, err);
    if (status != FTDN_OK) ftdn_store_roll_back(store);
    return status;
}

ftdn_status ftdn_store_append_failure(ftdn_store *store, const char *id, const char *manifest, const char *spec,
                                      const char *cause, int64_t environment, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE && cause);
    const attempt tried = {
        .trial_id = id,
        .manifest = manifest,
        .environment = environment,
        .cause = cause,
        .spec = spec,
        .seconds = NAN,
    };
    char doing[64];
    int64_t attempt_id;
    sqlite3_snprintf(sizeof doing, doing, "writing the failure of trial %.12s", id);
    return insert_attempt(store, &tried, doing, &attempt_id, err);
}
