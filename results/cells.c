#include "results/cells.h"

/* Binds ?1 ... ?37. */
static void bind_params(ftdn_statement *row, const ftdn_trial_params *params)
{
    ftdn_statement_bind_text(row, params->model);
    ftdn_statement_bind_real(row, params->width);
    ftdn_statement_bind_text(row, params->weights);
    ftdn_statement_bind_text(row, params->weights_digest);
    ftdn_statement_bind_text(row, params->dataset);
    ftdn_statement_bind_text(row, params->dataset_digest);
    ftdn_statement_bind_text(row, params->backend);
    ftdn_statement_bind_text(row, params->arithmetic);
    ftdn_statement_bind_real(row, params->score_threshold);
    ftdn_statement_bind_real(row, params->nms_iou);
    ftdn_statement_bind_integer(row, params->candidates);
    ftdn_statement_bind_real(row, params->iou);
    ftdn_statement_bind_text(row, params->type);
    if (params->bit >= 0) ftdn_statement_bind_integer(row, params->bit);
    else ftdn_statement_bind_null(row);
    ftdn_statement_bind_text(row, params->bits);
    ftdn_statement_bind_real(row, params->range_low);
    ftdn_statement_bind_real(row, params->range_high);
    ftdn_statement_bind_real(row, params->weight_rate);
    ftdn_statement_bind_real(row, params->feature_map_rate);
    ftdn_statement_bind_integer(row, params->weight_count);
    ftdn_statement_bind_integer(row, params->feature_map_count);
    ftdn_statement_bind_text(row, params->weight_scope);
    ftdn_statement_bind_text(row, params->feature_map_scope);
    ftdn_statement_bind_text(row, params->feature_map_point);
    ftdn_statement_bind_text(row, params->redraw);
    ftdn_statement_bind_text(row, params->copies);
    ftdn_statement_bind_text(row, params->method);
    ftdn_statement_bind_text(row, params->ranking);
    ftdn_statement_bind_text(row, params->direction);
    ftdn_statement_bind_text(row, params->allocation);
    ftdn_statement_bind_text(row, params->merge);
    ftdn_statement_bind_text(row, params->merge_point);
    ftdn_statement_bind_text(row, params->combine);
    ftdn_statement_bind_real(row, params->ratio);
    ftdn_statement_bind_text(row, params->calibration);
    ftdn_statement_bind_text(row, params->calibration_digest);
    if (params->measured_images > 0) ftdn_statement_bind_integer(row, params->measured_images);
    else ftdn_statement_bind_null(row);
}

/* The key of a cell that is there; 0 where there is none. */
static ftdn_status find_cell(ftdn_store *store, const ftdn_trial_record *record, const char *doing, int64_t *ret_cell,
                             bool *ret_is_equal, ftdn_error *err)
{
    ftdn_statement row;
    int64_t cell = 0;
    ftdn_statement_prepare(&row, store,
                           "SELECT key, (" FTDN_CELL_SPEC_COLUMNS ") IS (?1, ?2, ?4, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                           "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, "
                           "?31, ?32, ?33, ?34, ?36, ?37) FROM cells WHERE id = ?38");
    bind_params(&row, &record->params);
    ftdn_statement_bind_text(&row, record->cell);
    if (ftdn_statement_next(&row)) {
        cell = ftdn_statement_integer(&row, 0);
        *ret_is_equal = ftdn_statement_integer(&row, 1) == 1;
    }
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_cell = cell;
    return FTDN_OK;
}

ftdn_status ftdn_cell_add(ftdn_store *store, const ftdn_trial_record *record, const char *doing, int64_t *ret_cell,
                          ftdn_error *err)
{
    int64_t cell;
    bool is_equal = true;
    FTDN_TRY(find_cell(store, record, doing, &cell, &is_equal, err));
    if (!is_equal)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': %s: other trials of its cell %.12s have other parameters",
                         store->name, doing, record->cell);
    if (cell == 0) {
        ftdn_statement row;
        ftdn_statement_prepare(&row, store,
                               "INSERT INTO cells (" FTDN_CELL_COLUMNS ", id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                               "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        bind_params(&row, &record->params);
        ftdn_statement_bind_text(&row, record->cell);
        ftdn_statement_run(&row);
        FTDN_TRY(ftdn_statement_finish(&row, doing, err));
        cell = sqlite3_last_insert_rowid(store->db);
    }
    *ret_cell = cell;
    return FTDN_OK;
}

void ftdn_cell_read(ftdn_statement *row, int first_column, ftdn_arena *arena, ftdn_trial_params *params)
{
    int c = first_column;
    params->model = ftdn_statement_text(row, c++, arena);
    params->width = ftdn_statement_real(row, c++);
    params->weights = ftdn_statement_text(row, c++, arena);
    params->weights_digest = ftdn_statement_text(row, c++, arena);
    params->dataset = ftdn_statement_text(row, c++, arena);
    params->dataset_digest = ftdn_statement_text(row, c++, arena);
    params->backend = ftdn_statement_text(row, c++, arena);
    params->arithmetic = ftdn_statement_text(row, c++, arena);
    params->score_threshold = ftdn_statement_real(row, c++);
    params->nms_iou = ftdn_statement_real(row, c++);
    params->candidates = (int)ftdn_statement_integer(row, c++);
    params->iou = ftdn_statement_real(row, c++);
    params->type = ftdn_statement_text(row, c++, arena);
    params->bit = sqlite3_column_type(row->handle, c) == SQLITE_NULL ? -1 : (int)ftdn_statement_integer(row, c);
    c++;
    params->bits = ftdn_statement_text(row, c++, arena);
    params->range_low = ftdn_statement_real(row, c++);
    params->range_high = ftdn_statement_real(row, c++);
    params->weight_rate = ftdn_statement_real(row, c++);
    params->feature_map_rate = ftdn_statement_real(row, c++);
    params->weight_count = (int)ftdn_statement_integer(row, c++);
    params->feature_map_count = (int)ftdn_statement_integer(row, c++);
    params->weight_scope = ftdn_statement_text(row, c++, arena);
    params->feature_map_scope = ftdn_statement_text(row, c++, arena);
    params->feature_map_point = ftdn_statement_text(row, c++, arena);
    params->redraw = ftdn_statement_text(row, c++, arena);
    params->copies = ftdn_statement_text(row, c++, arena);
    params->method = ftdn_statement_text(row, c++, arena);
    params->ranking = ftdn_statement_text(row, c++, arena);
    params->direction = ftdn_statement_text(row, c++, arena);
    params->allocation = ftdn_statement_text(row, c++, arena);
    params->merge = ftdn_statement_text(row, c++, arena);
    params->merge_point = ftdn_statement_text(row, c++, arena);
    params->combine = ftdn_statement_text(row, c++, arena);
    params->ratio = ftdn_statement_real(row, c++);
    params->calibration = ftdn_statement_text(row, c++, arena);
    params->calibration_digest = ftdn_statement_text(row, c++, arena);
    params->measured_images = (int)ftdn_statement_integer(row, c++); /* 0 where it is NULL */
}
