#include <string.h>

#include "harness/campaign_files.h"
#include "harness/command.h"
#include "harness/null_trial.h"
#include "harness/options.h"
#include "harness/print.h"
#include "harness/record.h"
#include "harness/trial.h"
#include "results/record_difference.h"

typedef struct replay_options {
    const char *manifest;
    long long n_threads;
    bool verify, wants_json;
} replay_options;

/* What the store has of the trial, and the manifest that asks for it. */
static ftdn_status read_trial(const char *db, const char *prefix, ftdn_arena *arena, ftdn_trial_record *ret_stored,
                              const char **ret_manifest, ftdn_error *err)
{
    char id[FTDN_SHA256_HEX];
    ftdn_store *store;
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_store_find_trial(store, prefix, id, err);
    if (status == FTDN_OK) status = ftdn_store_read_record(store, id, arena, ret_stored, err);
    if (status == FTDN_OK) status = ftdn_store_find_manifest(store, id, arena, ret_manifest, err);
    ftdn_store_close(store);
    return status;
}

/* Plan the manifest: the one that is named, or the one of the store, in which all paths are absolute. */
static ftdn_status make_plan(ftdn_campaign_files *files, const char *path, const char *stored, const char *db,
                             ftdn_error *err)
{
    if (path) return ftdn_campaign_files_open(files, path, db, err);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &files->arena);
    ftdn_status status =
        ftdn_manifest_parse(stored, strlen(stored), "manifest", &files->arena, &mistakes, &files->manifest, err);
    if (status == FTDN_OK) status = ftdn_plan_make(&files->manifest, &files->inputs, &files->arena, &files->plan, err);
    if (status != FTDN_OK) ftdn_error_context(err, "store '%s', the manifest it keeps (--manifest names another)", db);
    return status;
}

static const ftdn_planned_trial *find_planned(const ftdn_plan *plan, const char *id)
{
    for (int i = 0; i < plan->n_trials; i++)
        if (!strcmp(plan->trial[i].spec.id, id)) return &plan->trial[i];
    return NULL;
}

/* The trial's manifest gives other trials here than it gave where it ran. */
static ftdn_status fail_other_plan(const ftdn_plan *plan, const ftdn_trial_record *stored, ftdn_error *err)
{
    const char *arithmetic = "";
    int micro_batch;
    if (plan->n_trials > 0)
        FTDN_TRY(ftdn_find_arithmetic(&plan->trial[0].settings.engine, &arithmetic, &micro_batch, err));
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "the manifest does not give trial %.12s here: it was made with %s (%s), this machine has %s; or "
                     "weights or images have changed since",
                     stored->id, stored->params.backend, stored->params.arithmetic, arithmetic);
}

static ftdn_status run_on_rig(const ftdn_planned_trial *trial, int n_threads, ftdn_arena *arena,
                              ftdn_trial_record *ret_record, ftdn_error *err)
{
    const ftdn_score_source scores = {.n_threads = n_threads};
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = n_threads};
    const ftdn_trial_control control = {.batch = 8};
    ftdn_rig rig;
    ftdn_trial_result result;
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, trial->model->network.input_size, n_threads, err));
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status = ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, arena, &result, err);
    if (status == FTDN_OK) status = ftdn_record_make(trial, &rig, &result, arena, ret_record, err);
    ftdn_rig_done(&rig);
    return status;
}

static ftdn_status run_again(const ftdn_planned_trial *trial, int n_threads, ftdn_arena *arena,
                             ftdn_trial_record *ret_record, ftdn_error *err)
{
    if (ftdn_is_null_trial(&trial->settings)) FTDN_TRY(ftdn_null_trial_run(trial, arena, ret_record, err));
    else FTDN_TRY(run_on_rig(trial, n_threads, arena, ret_record, err));
    return ftdn_record_identify(trial, arena, ret_record, err);
}

/* What is written: the mAP of both, and every value that differs. */
static ftdn_status report(const replay_options *options, const ftdn_trial_record *stored, const ftdn_trial_record *now,
                          ftdn_exit_code *ret_exit, ftdn_error *err)
{
    ftdn_text text, differences;
    ftdn_text_init(&text);
    ftdn_text_init(&differences);
    ftdn_text_append_bytes(&differences, "", 0);
    const ftdn_record_comparison compared = ftdn_record_compare(stored, now, &differences);
    if (options->wants_json) {
        ftdn_text_append(&text, "{\"id\":\"%s\",\"map_voc07\":", now->id);
        ftdn_text_append_json_number(&text, now->map_voc07);
        ftdn_text_append(&text, ",\"stored_map_voc07\":");
        ftdn_text_append_json_number(&text, stored->map_voc07);
        ftdn_text_append(&text, ",\"compared\":%d,\"different\":%d,\"differences\":", compared.n_compared,
                         compared.n_different);
        ftdn_append_json(&text, differences.failed ? "" : differences.chars);
        ftdn_text_append(&text, ",\"seconds\":");
        ftdn_text_append_json_number(&text, now->seconds);
        ftdn_text_append(&text, "}\n");
    } else {
        ftdn_text_append(&text, "trial %.12s: mAP %.6f in %.1f s; in the store %.6f\n", now->id, now->map_voc07,
                         now->seconds, stored->map_voc07);
        if (compared.n_different == 0)
            ftdn_text_append(&text, "all %d values are equal, bit for bit\n", compared.n_compared);
        else
            ftdn_text_append(&text, "%d of %d values differ (in the store, and now):\n%s", compared.n_different,
                             compared.n_compared, differences.failed ? "" : differences.chars);
    }
    if (differences.failed) text.failed = true;
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    ftdn_text_done(&differences);
    if (options->verify && compared.n_different > 0) *ret_exit = FTDN_EXIT_FAILED_TRIALS;
    return status;
}

static ftdn_status replay(const replay_options *options, const char *db, const char *prefix, ftdn_campaign_files *files,
                          ftdn_exit_code *ret_exit, ftdn_error *err)
{
    ftdn_trial_record stored, now;
    const char *manifest;
    FTDN_TRY(read_trial(db, prefix, &files->arena, &stored, &manifest, err));
    FTDN_TRY(make_plan(files, options->manifest, manifest, db, err));
    const ftdn_planned_trial *trial = find_planned(&files->plan, stored.id);
    if (!trial) return fail_other_plan(&files->plan, &stored, err);
    FTDN_TRY(run_again(trial, (int)options->n_threads, &files->arena, &now, err));
    return report(options, &stored, &now, ret_exit, err);
}

ftdn_status ftdn_command_replay(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    replay_options options = {.n_threads = ftdn_default_threads()};
    const ftdn_option option[] = {
        FTDN_FLAG_OPTION("verify", 0, &options.verify, "exit with 10 where any value differs from the store's"),
        FTDN_TEXT_OPTION("manifest", 0, "FILE", &options.manifest,
                         "the manifest to take the trial from (default: the one that the store keeps)"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024,
                            "threads (default: the processor's cores); results do not depend on them"),
        FTDN_FLAG_OPTION("json", 0, &options.wants_json, "an object instead of text"),
    };
    const ftdn_command command = {
        .name = "ftdn replay",
        .arguments = "DB ID",
        .summary = "Run a trial of a store again, and compare every value of its result with the store's, bit for bit.",
        .example = "ftdn replay results/smoke.db 1a2b --verify",
        .details =
            "ID is the beginning of a trial's id, at least 4 digits. Channel scores are computed anew, not read from "
            "the\n"
            "store. Nothing is written. A trial can be replayed where processor (its vector instructions), weights "
            "and\n"
            "images are those it was made with; where files have moved, --manifest names a manifest that finds them.",
        .min_arguments = 2,
        .max_arguments = 2,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_arguments arguments;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &files.arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help)
        status = replay(&options, arguments.argument[0], arguments.argument[1], &files, ret_exit, err);
    ftdn_campaign_files_done(&files);
    return status;
}
