#include "results/trial_rows.h"

#include "results/cells.h"
#include "results/digests.h"

ftdn_status ftdn_attempt_insert(ftdn_store *store, const ftdn_attempt_row *attempt, const char *doing,
                                int64_t *ret_attempt, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO attempts (trial_id, campaign, run, worker, environment, outcome, confirmed, "
                           "finished_at, seconds, cause, spec) VALUES (?, ?, ?, ?, ?, ?, ?, "
                           "ifnull(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), ?, ?, ?)");
    ftdn_statement_bind_text(&row, attempt->trial_id);
    ftdn_statement_bind_integer(&row, attempt->origin.campaign);
    ftdn_statement_bind_integer(&row, attempt->origin.run);
    ftdn_statement_bind_integer(&row, attempt->origin.worker);
    ftdn_statement_bind_integer(&row, attempt->origin.environment);
    ftdn_statement_bind_text(&row, attempt->outcome);
    ftdn_statement_bind_text(&row, attempt->is_confirmed ? "yes" : "no");
    ftdn_statement_bind_text(&row, attempt->finished_at);
    ftdn_statement_bind_real(&row, attempt->seconds);
    ftdn_statement_bind_text(&row, attempt->cause);
    ftdn_statement_bind_text(&row, attempt->spec);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_attempt = sqlite3_last_insert_rowid(store->db);
    return FTDN_OK;
}

static ftdn_status insert_trial(ftdn_store *store, const ftdn_trial_record *record, int64_t cell, const char *doing,
                                int64_t *ret_trial, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, "INSERT INTO trials (id, cell, seed, spec) VALUES (?, ?, ?, ?)");
    ftdn_statement_bind_text(&row, record->id);
    ftdn_statement_bind_integer(&row, cell);
    ftdn_statement_bind_integer(&row, record->params.seed);
    ftdn_statement_bind_text(&row, record->spec);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_trial = sqlite3_last_insert_rowid(store->db);
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

static ftdn_status insert_class_ap(ftdn_store *store, const ftdn_trial_record *record, int64_t cell, const char *doing,
                                   ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO class_ap (cell, class, seed, ap_voc07, ap_area, objects) "
                           "VALUES (?, ?, ?, ?, ?, ?)");
    for (int i = 0; i < record->n_classes; i++) {
        const ftdn_class_row *class_row = &record->class_row[i];
        ftdn_statement_bind_integer(&row, cell);
        ftdn_statement_bind_text(&row, class_row->class_name);
        ftdn_statement_bind_integer(&row, record->params.seed);
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

ftdn_status ftdn_trial_insert(ftdn_store *store, const ftdn_trial_record *record, const ftdn_attempt_row *attempt,
                              const char *doing, ftdn_error *err)
{
    bool is_present;
    FTDN_TRY(ftdn_store_has_trial(store, record->id, &is_present, err));
    if (is_present) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' already has trial %s", store->name, record->id);
    int64_t cell, trial, attempt_id;
    FTDN_TRY(ftdn_cell_add(store, record, doing, &cell, err));
    FTDN_TRY(insert_trial(store, record, cell, doing, &trial, err));
    FTDN_TRY(ftdn_attempt_insert(store, attempt, doing, &attempt_id, err));
    FTDN_TRY(insert_result(store, record, trial, attempt_id, doing, err));
    FTDN_TRY(insert_overhead(store, record, trial, doing, err));
    FTDN_TRY(insert_class_ap(store, record, cell, doing, err));
    FTDN_TRY(insert_layer_faults(store, record, trial, doing, err));
    FTDN_TRY(insert_timings(store, record, attempt_id, doing, err));
    return ftdn_trial_digests_write(store, trial, doing, err);
}
