#include "results/read_record.h"

#include <string.h>

#include "results/cells.h"

static const char doing[] = "reading a trial";

/* A list that grows while rows are read; the arena keeps what it has outgrown. */
typedef struct row_list {
    char *row; /* [n_rows] of row_bytes each */
    int n_rows, capacity;
    size_t row_bytes;
} row_list;

/* The place of the next row, zeroed; NULL where memory is refused. */
static void *add_row(row_list *list, ftdn_arena *arena)
{
    char *row = ftdn_arena_grow(arena, list->row, list->n_rows, &list->capacity, list->row_bytes, NULL);
    if (!row) return NULL;
    list->row = row;
    return row + (size_t)list->n_rows++ * list->row_bytes;
}

static void copy_hex(char digest[FTDN_SHA256_HEX], const char *text)
{
    if (text && strlen(text) == FTDN_SHA256_HEX - 1) memcpy(digest, text, FTDN_SHA256_HEX);
}

static ftdn_status read_trial(ftdn_store *store, int64_t trial, ftdn_arena *arena, ftdn_trial_record *record,
                              ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT t.id, t.spec, t.seed, c.id, " FTDN_CELL_COLUMNS
                           " FROM trials t JOIN cells c ON c.key = t.cell WHERE t.key = ?");
    ftdn_statement_bind_integer(&row, trial);
    if (ftdn_statement_next(&row)) {
        copy_hex(record->id, ftdn_statement_text(&row, 0, arena));
        record->spec = ftdn_statement_text(&row, 1, arena);
        copy_hex(record->cell, ftdn_statement_text(&row, 3, arena));
        ftdn_cell_read(&row, 4, arena, &record->params);
        record->params.seed = ftdn_statement_integer(&row, 2);
    }
    return ftdn_statement_finish(&row, doing, err);
}

/* The result with the seconds of its attempt, and the overhead. */
static ftdn_status read_result(ftdn_store *store, int64_t trial, ftdn_trial_record *record, bool *ret_found,
                               ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT map_voc07, map_area, images, n_nonfinite_outputs, n_nonfinite_faults, a.seconds, "
                           "weight_bytes, feature_map_bytes, map_bytes, macs, merge_values, network_macs "
                           "FROM results r JOIN attempts a ON a.id = r.attempt JOIN overheads o ON o.trial = r.trial "
                           "WHERE r.trial = ?");
    ftdn_statement_bind_integer(&row, trial);
    bool found = ftdn_statement_next(&row);
    if (found) {
        record->map_voc07 = ftdn_statement_real(&row, 0);
        record->map_area = ftdn_statement_real(&row, 1);
        record->n_images = (int)ftdn_statement_integer(&row, 2);
        record->n_nonfinite_outputs = ftdn_statement_integer(&row, 3);
        record->n_nonfinite_faults = ftdn_statement_integer(&row, 4);
        record->seconds = ftdn_statement_real(&row, 5);
        record->overhead = (ftdn_overhead_row){
            .weight_bytes = ftdn_statement_integer(&row, 6),
            .feature_map_bytes = ftdn_statement_integer(&row, 7),
            .map_bytes = ftdn_statement_integer(&row, 8),
            .macs = ftdn_statement_integer(&row, 9),
            .merge_values = ftdn_statement_integer(&row, 10),
            .network_macs = ftdn_statement_integer(&row, 11),
        };
    }
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_found = found;
    return FTDN_OK;
}

static ftdn_status read_classes(ftdn_store *store, int64_t trial, ftdn_arena *arena, ftdn_trial_record *record,
                                ftdn_error *err)
{
    row_list list = {.row_bytes = sizeof(ftdn_class_row)};
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, FTDN_CLASSES_OF_TRIAL);
    ftdn_statement_bind_integer(&row, trial);
    while (ftdn_statement_next(&row)) {
        ftdn_class_row *class_row = add_row(&list, arena);
        if (!class_row) row.code = SQLITE_NOMEM;
        else
            *class_row = (ftdn_class_row){
                .class_name = ftdn_statement_text(&row, 0, arena),
                .ap_voc07 = ftdn_statement_real(&row, 1),
                .ap_area = ftdn_statement_real(&row, 2),
                .n_objects = (int)ftdn_statement_integer(&row, 3),
            };
    }
    record->class_row = (const ftdn_class_row *)(const void *)list.row;
    record->n_classes = list.n_rows;
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status read_faults(ftdn_store *store, int64_t trial, ftdn_arena *arena, ftdn_trial_record *record,
                               ftdn_error *err)
{
    row_list list = {.row_bytes = sizeof(ftdn_fault_row)};
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT layer, location, copy, elements, requested_rate, faults, changed "
                           "FROM layer_faults WHERE trial = ? ORDER BY position");
    ftdn_statement_bind_integer(&row, trial);
    while (ftdn_statement_next(&row)) {
        ftdn_fault_row *fault_row = add_row(&list, arena);
        if (!fault_row) row.code = SQLITE_NOMEM;
        else
            *fault_row = (ftdn_fault_row){
                .layer = ftdn_statement_text(&row, 0, arena),
                .location = ftdn_statement_text(&row, 1, arena),
                .copy = (int)ftdn_statement_integer(&row, 2),
                .n_elements = ftdn_statement_integer(&row, 3),
                .requested_rate = ftdn_statement_real(&row, 4),
                .n_faults = ftdn_statement_integer(&row, 5),
                .n_changed = ftdn_statement_integer(&row, 6),
            };
    }
    record->fault_row = (const ftdn_fault_row *)(const void *)list.row;
    record->n_faults = list.n_rows;
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status read_timings(ftdn_store *store, int64_t trial, ftdn_arena *arena, ftdn_trial_record *record,
                                ftdn_error *err)
{
    row_list list = {.row_bytes = sizeof(ftdn_timing_row)};
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT stage, s.seconds FROM results r JOIN timings s ON s.attempt = r.attempt "
                           "WHERE r.trial = ? ORDER BY stage");
    ftdn_statement_bind_integer(&row, trial);
    while (ftdn_statement_next(&row)) {
        ftdn_timing_row *timing_row = add_row(&list, arena);
        if (!timing_row) row.code = SQLITE_NOMEM;
        else
            *timing_row = (ftdn_timing_row){
                .stage = ftdn_statement_text(&row, 0, arena),
                .seconds = ftdn_statement_real(&row, 1),
            };
    }
    record->timing_row = (const ftdn_timing_row *)(const void *)list.row;
    record->n_timings = list.n_rows;
    return ftdn_statement_finish(&row, doing, err);
}

ftdn_status ftdn_record_read(ftdn_store *store, int64_t trial, ftdn_arena *arena, ftdn_trial_record *ret_record,
                             ftdn_error *err)
{
    ftdn_trial_record record = {0};
    bool found;
    FTDN_TRY(read_trial(store, trial, arena, &record, err));
    FTDN_TRY(read_result(store, trial, &record, &found, err));
    if (!found || !record.spec)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (rows of trial %.12s are missing)", store->name,
                         record.id);
    FTDN_TRY(read_classes(store, trial, arena, &record, err));
    FTDN_TRY(read_faults(store, trial, arena, &record, err));
    FTDN_TRY(read_timings(store, trial, arena, &record, err));
    *ret_record = record;
    return FTDN_OK;
}

ftdn_status ftdn_store_read_record(ftdn_store *store, const char *id, ftdn_arena *arena, ftdn_trial_record *ret_record,
                                   ftdn_error *err)
{
    ftdn_statement row;
    int64_t trial;
    ftdn_statement_prepare(&row, store, "SELECT key FROM trials WHERE id = ?");
    ftdn_statement_bind_text(&row, id);
    FTDN_TRY(ftdn_statement_finish_integer(&row, doing, &trial, err));
    if (trial == 0) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' has no trial %.12s", store->name, id);
    return ftdn_record_read(store, trial, arena, ret_record, err);
}
