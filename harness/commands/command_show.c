#include "harness/terminal/command.h"

#include <string.h>

#include "base/json_members.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/query.h"
#include "results/query_rows.h"

typedef struct show_options {
    const char *where;
    bool wants_json;
} show_options;

/* Append the answer to a question as a table. */
static ftdn_status append_answer(ftdn_store *store, const char *question, ftdn_text *text, ftdn_error *err)
{
    const ftdn_question asked = {.text = question, .most_width = ftdn_terminal_width()};
    return ftdn_query_answer(store, &asked, FTDN_FORMAT_TEXT, NULL, text, err);
}

static ftdn_status append_section(ftdn_store *store, const char *title, const char *question, ftdn_text *text,
                                  ftdn_error *err)
{
    ftdn_text_append(text, "\n%s\n\n", title);
    return append_answer(store, question, text, err);
}

/* The same, and nothing where the answer has no row. */
static ftdn_status append_section_of_some(ftdn_store *store, const char *title, const char *question, ftdn_arena *arena,
                                          ftdn_text *text, ftdn_error *err)
{
    ftdn_rows rows;
    FTDN_TRY(ftdn_query_load(store, &(ftdn_question){.text = question}, 1, arena, &rows, err));
    return rows.n_rows > 0 ? append_section(store, title, question, text, err) : FTDN_OK;
}

/* "key":[{...},...] */
static ftdn_status append_member(ftdn_store *store, const char *key, const char *question, ftdn_text *text,
                                 ftdn_error *err)
{
    ftdn_json_put_key(text, key);
    return ftdn_query_answer(store, &(ftdn_question){.text = question}, FTDN_FORMAT_JSON, NULL, text, err);
}

/* A question for the finished trials in the order in which they are listed, all of them or those of a condition (NULL:
 * all). NULL: FTDN_ERR_MEMORY. */
static const char *ask_for_trials(const char *columns, const char *where, ftdn_arena *arena, ftdn_error *err)
{
    return ftdn_arena_format(arena, err,
                             "SELECT %s FROM v_trials WHERE (\n%s\n) ORDER BY manifest, model, width, type, method, "
                             "ranking, merge, ratio, " FTDN_QUERY_VARIANT ", v_trials.weight_rate, "
                             "v_trials.feature_map_rate, weight_count, feature_map_count, seed, id",
                             columns, where ? where : "1");
}

/* How many trials there are, and what else is to be known of them. */
static const char *ask_for_counts(const char *where, ftdn_arena *arena, ftdn_error *err)
{
    if (where)
        return ftdn_arena_format(arena, err,
                                 "SELECT count(*) AS finished_trials, count(*) FILTER (WHERE (\n%s\n)) AS "
                                 "chosen_trials FROM v_trials",
                                 where);
    return "SELECT (SELECT count(*) FROM results) AS finished_trials, count(*) AS failed_attempts, "
           "count(DISTINCT iif(finished, NULL, id)) AS unfinished_trials FROM v_failures";
}

/* The counts are printed at once: to sort a long list takes a second. */
static ftdn_status show_store(ftdn_store *store, const char *where, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    size_t n_written = 0;
    const char *counts = ask_for_counts(where, arena, err);
    const char *trials = ask_for_trials(
        "substr(id, 1, 10) AS trial, manifest, model, type, "
        "CASE WHEN weight_count > 0 THEN 'count ' || weight_count ELSE weight_rate END AS weight_rate, "
        "CASE WHEN feature_map_count > 0 THEN 'count ' || feature_map_count ELSE feature_map_rate END AS "
        "feature_map_rate, method, ranking, merge, ratio, " FTDN_QUERY_VARIANT
        " AS variant, seed, map_voc07, map_area, "
        "images, seconds",
        where, arena, err);
    if (!counts || !trials) return FTDN_ERR_MEMORY;
    FTDN_TRY(append_answer(store, counts, text, err));
    FTDN_TRY(ftdn_print_ahead(text, &n_written, err));
    ftdn_text_drop(text, n_written);
    FTDN_TRY(append_section(store, "finished trials", trials, text, err));
    return where ? FTDN_OK : append_section_of_some(store, "failed attempts", "failures", arena, text, err);
}

static ftdn_status show_store_as_json(ftdn_store *store, const char *where, ftdn_arena *arena, ftdn_text *text,
                                      ftdn_error *err)
{
    const char *trials = ask_for_trials("*", where, arena, err);
    if (!trials) return FTDN_ERR_MEMORY;
    ftdn_text_append(text, "{");
    FTDN_TRY(append_member(store, "trials", trials, text, err));
    if (!where) FTDN_TRY(append_member(store, "failed_attempts", "v_failures", text, err));
    ftdn_text_append(text, "}\n");
    return FTDN_OK;
}

/* The trial of an id of 64 hex digits, as table t: v_trials, and what of the spec has no column there. */
#define TABLE_OF_TRIAL                                                                                                 \
    "WITH t AS (SELECT v.*, s.spec ->> '$.engine.micro_batch' AS micro_batch FROM v_trials v "                         \
    "JOIN trials s ON s.id = v.id WHERE v.id = '%s')"

/* A question whose answer has one row per parameter of the trial: that table lying on its side. */
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
        "micro_batch",
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
    ftdn_text_append(sql, TABLE_OF_TRIAL, id);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        ftdn_text_append(sql, "%s SELECT '%s' AS name, %s AS value FROM t", i ? " UNION ALL" : "", columns[i],
                         columns[i]);
}

static ftdn_status append_parameters(ftdn_store *store, const char *id, ftdn_text *text, ftdn_error *err)
{
    ftdn_text sql;
    ftdn_text_init(&sql);
    append_parameter_question(&sql, id);
    ftdn_status status = ftdn_text_check(&sql, err);
    if (status == FTDN_OK) status = append_answer(store, sql.chars, text, err);
    ftdn_text_done(&sql);
    return status;
}

/* The same as the first members of an object that is still open: the answer's one row. */
static ftdn_status begin_trial(ftdn_store *store, const char *id, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    static const char before[] = "[\n", behind[] = "}\n]\n";
    const char *question = ftdn_arena_format(arena, err, TABLE_OF_TRIAL " SELECT * FROM t", id);
    if (!question) return FTDN_ERR_MEMORY;
    ftdn_text rows;
    ftdn_text_init(&rows);
    ftdn_status status =
        ftdn_query_answer(store, &(ftdn_question){.text = question}, FTDN_FORMAT_JSON, NULL, &rows, err);
    if (status == FTDN_OK)
        ftdn_text_append_bytes(text, rows.chars + strlen(before), rows.n_chars - strlen(before) - strlen(behind));
    ftdn_text_done(&rows);
    return status;
}

static ftdn_status show_trial(ftdn_store *store, const char *prefix, bool as_json, ftdn_arena *arena, ftdn_text *text,
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
    if (as_json) {
        FTDN_TRY(begin_trial(store, id, arena, text, err));
        FTDN_TRY(append_member(store, "average_precision", ap, text, err));
        FTDN_TRY(append_member(store, "timings", timings, text, err));
        FTDN_TRY(append_member(store, "faults", faults, text, err));
        ftdn_text_append(text, "}\n");
        return FTDN_OK;
    }
    FTDN_TRY(append_parameters(store, id, text, err));
    FTDN_TRY(append_section(store, "average precision", ap, text, err));
    FTDN_TRY(append_section(store, "seconds by stage, summed over threads (total: by the clock)", timings, text, err));
    return append_section_of_some(store, "faults by layer", faults, arena, text, err);
}

static ftdn_status show_from(ftdn_store *store, const ftdn_arguments *arguments, const show_options *options,
                             ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    if (arguments->n_arguments == 2)
        return show_trial(store, arguments->argument[1], options->wants_json, arena, text, err);
    if (options->where) {
        ftdn_status status = ftdn_query_check_condition(store, options->where, err);
        if (status != FTDN_OK) ftdn_error_context(err, "--where");
        FTDN_TRY(status);
    }
    return (options->wants_json ? show_store_as_json : show_store)(store, options->where, arena, text, err);
}

static ftdn_status show(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                        ftdn_error *err)
{
    const show_options *options = user;
    if (arguments->n_arguments == 2 && options->where)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "a trial and --where exclude each other");
    ftdn_store *store = NULL;
    FTDN_TRY(ftdn_store_open(arguments->argument[0], FTDN_STORE_READ, &store, err));
    ftdn_status status = show_from(store, arguments, options, arena, text, err);
    ftdn_store_close(store);
    return status;
}

ftdn_status ftdn_command_show(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    show_options values = {0};
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("where", 0, "CONDITION", &values.where,
                         "the finished trials that it is true of, in SQL over the columns of v_trials"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "one JSON object, with all columns"),
    };
    const ftdn_command command = {
        .name = "ftdn show",
        .arguments = "DB [ID]",
        .summary = "Show what a results file holds: one line for each trial; or all that is known of trial ID.",
        .example = "ftdn show results/smoke.db --where \"weight_rate = 0.01 AND method = 'none'\"",
        .details = "ID is the beginning of a trial's id, at least 4 digits: ftdn show results/smoke.db 1a2b.\n"
                   "'ftdn query --explain v_trials' tells the columns; 'ftdn query' asks anything else.",
        .min_arguments = 1,
        .max_arguments = 2,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, show, &values, err);
}
