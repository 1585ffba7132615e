#include "harness/terminal/command.h"

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/query.h"

/* Append the answer to a question as a table. */
static ftdn_status append_answer(ftdn_store *store, const char *question, ftdn_text *text, ftdn_error *err)
{
    return ftdn_query_answer(store, &(ftdn_question){.text = question}, FTDN_QUERY_TABLE, NULL, text, err);
}

static ftdn_status append_section(ftdn_store *store, const char *title, const char *question, ftdn_text *text,
                                  ftdn_error *err)
{
    ftdn_text_append(text, "\n%s\n\n", title);
    return append_answer(store, question, text, err);
}

/* The counts are printed at once: to sort a long list takes a second. */
static ftdn_status show_store(ftdn_store *store, ftdn_text *text, ftdn_error *err)
{
    size_t n_written = 0;
    FTDN_TRY(append_answer(store,
                           "SELECT (SELECT count(*) FROM results) AS finished_trials, "
                           "count(*) AS failed_attempts, count(DISTINCT iif(finished, NULL, id)) AS unfinished_trials "
                           "FROM v_failures",
                           text, err));
    FTDN_TRY(ftdn_print_ahead(text, &n_written, err));
    ftdn_text_drop(text, n_written);
    FTDN_TRY(append_section(
        store, "finished trials",
        "SELECT substr(id, 1, 10) AS trial, manifest, model, type, "
        "CASE WHEN weight_count > 0 THEN 'count ' || weight_count ELSE weight_rate END AS weight_rate, "
        "CASE WHEN feature_map_count > 0 THEN 'count ' || feature_map_count ELSE feature_map_rate END AS "
        "feature_map_rate, method, ranking, merge, ratio, " FTDN_QUERY_VARIANT
        " AS variant, seed, map_voc07, map_area, "
        "images, seconds FROM v_trials "
        "ORDER BY manifest, model, width, type, method, ranking, merge, ratio, variant, v_trials.weight_rate, "
        "v_trials.feature_map_rate, weight_count, feature_map_count, seed, id",
        text, err));
    return append_section(store, "failed attempts", "failures", text, err);
}

/* A question whose answer has one row per parameter of the trial: v_trials lying on its side. id: 64 hex digits. */
static void append_parameter_question(ftdn_text *sql, const char *id)
{
    static const char *const columns[] = {
        "id",
        "manifest",
        "model",
        "width",
        "weights",
        "weights_digest",
        "dataset",
        "dataset_digest",
        "backend",
        "arithmetic",
        "score_threshold",
        "nms_iou",
        "candidates",
        "iou",
        "type",
        "bit",
        "bits",
        "range_low",
        "range_high",
        "weight_rate",
        "feature_map_rate",
        "weight_count",
        "feature_map_count",
        "weight_scope",
        "feature_map_scope",
        "feature_map_point",
        "redraw",
        "copies",
        "method",
        "ranking",
        "direction",
        "allocation",
        "merge",
        "merge_point",
        "combine",
        "ratio",
        "calibration",
        "calibration_digest",
        "measured_images",
        "seed",
        "map_voc07",
        "map_area",
        "images",
        "seconds",
        "n_nonfinite_outputs",
        "n_nonfinite_faults",
        "copied_weight_bytes",
        "copied_feature_map_bytes",
        "copied_map_bytes",
        "added_macs",
        "network_macs",
        "finished_at",
        "code_version",
    };
    ftdn_text_append(sql, "WITH t AS (SELECT * FROM v_trials WHERE id = '%s')", id);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        ftdn_text_append(sql, "%s SELECT '%s' AS name, %s AS value FROM t", i ? " UNION ALL" : "", columns[i],
                         columns[i]);
}

static ftdn_status show_trial(ftdn_store *store, const char *prefix, ftdn_arena *arena, ftdn_text *text,
                              ftdn_error *err)
{
    char id[FTDN_SHA256_HEX];
    FTDN_TRY(ftdn_store_find_trial(store, prefix, id, err));
    const char *ap = ftdn_arena_format(
        arena, err, "SELECT class, ap_voc07, ap_area, objects FROM v_ap WHERE id = '%s' ORDER BY class", id);
    const char *timings = ftdn_arena_format(
        arena, err, "SELECT stage, seconds FROM v_timings WHERE id = '%s' ORDER BY seconds DESC, stage", id);
    const char *faults =
        ftdn_arena_format(arena, err,
                          "SELECT location, layer, copy, elements, requested_rate, observed_rate, faults, "
                          "changed FROM v_faults WHERE id = '%s' "
                          "ORDER BY location DESC, copy, position",
                          id);
    if (!ap || !timings || !faults) return FTDN_ERR_MEMORY;

    ftdn_text sql;
    ftdn_text_init(&sql);
    append_parameter_question(&sql, id);
    ftdn_status status = ftdn_text_check(&sql, err);
    if (status == FTDN_OK) status = append_answer(store, sql.chars, text, err);
    ftdn_text_done(&sql);
    if (status != FTDN_OK) return status;
    FTDN_TRY(append_section(store, "average precision", ap, text, err));
    FTDN_TRY(append_section(store, "seconds by stage, summed over threads (total: by the clock)", timings, text, err));
    return append_section(store, "faults by layer", faults, text, err);
}

static ftdn_status show(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                        ftdn_error *err)
{
    (void)user;
    ftdn_store *store = NULL;
    FTDN_TRY(ftdn_store_open(arguments->argument[0], FTDN_STORE_READ, &store, err));
    ftdn_status status = arguments->n_arguments == 1 ? show_store(store, text, err)
                                                     : show_trial(store, arguments->argument[1], arena, text, err);
    ftdn_store_close(store);
    return status;
}

ftdn_status ftdn_command_show(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const ftdn_command command = {
        .name = "ftdn show",
        .arguments = "DB [ID]",
        .summary = "Show what a results file holds: one line for each trial; or all that is known of trial ID.",
        .example = "ftdn show results/smoke.db",
        .details = "ID is the beginning of a trial's id, at least 4 digits: ftdn show results/smoke.db 1a2b.",
        .min_arguments = 1,
        .max_arguments = 2,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, show, NULL, err);
}
