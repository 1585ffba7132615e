#include "harness/campaign/replay.h"

#include <string.h>

#include "harness/null_trial.h"
#include "harness/record.h"
#include "harness/trial.h"

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

static const ftdn_planned_trial *find_planned(const ftdn_plan *plan, const char *id)
{
    for (int i = 0; i < plan->n_trials; i++)
        if (!strcmp(plan->trial[i].spec.id, id)) return &plan->trial[i];
    return NULL;
}

/* The trial's manifest gives other trials here than it gave where it ran. */
static ftdn_status fail_other_plan(const ftdn_plan *plan, const ftdn_trial_record *stored, ftdn_error *err)
{
    const char *arithmetic = plan->n_trials > 0 ? plan->trial[0].arithmetic : "";
    if (strcmp(arithmetic, stored->params.arithmetic) == 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "the manifest does not give trial %.12s: it asks for other trials, or weights or images have "
                         "changed since",
                         stored->id);
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "the manifest does not give trial %.12s here: it was made with %s (%s), this machine has %s; or "
                     "weights or images have changed since",
                     stored->id, stored->params.backend, stored->params.arithmetic, arithmetic);
}

static ftdn_status run_on_rig(const ftdn_planned_trial *trial, const ftdn_replay_desc *desc, ftdn_arena *arena,
                              ftdn_replay *replay, ftdn_error *err)
{
    const ftdn_score_source scores = {.n_threads = desc->n_threads};
    const ftdn_rig_desc rig_desc = {.trial = trial, .scores = &scores, .n_threads = desc->n_threads};
    const ftdn_trial_control control = {.batch = 8};
    ftdn_rig rig;
    ftdn_trial_result result;
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, trial->model->network.input_size, desc->n_threads, err));
    FTDN_TRY(ftdn_rig_init(&rig, &rig_desc, err));
    ftdn_status status = ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, arena, &result, err);
    if (status == FTDN_OK) status = ftdn_record_make(trial, &rig, &result, arena, &replay->now, err);
    if (status == FTDN_OK && desc->wants_judged)
        status =
            ftdn_trial_judge(trial->dataset, result.found, trial->settings.evaluate.iou, arena, &replay->judged, err);
    ftdn_rig_done(&rig);
    return status;
}

static ftdn_status run_again(const ftdn_planned_trial *trial, const ftdn_replay_desc *desc, ftdn_arena *arena,
                             ftdn_replay *replay, ftdn_error *err)
{
    bool is_null = ftdn_is_null_trial(&trial->settings);
    if (is_null && desc->wants_judged)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "trial %.12s is of the backend null: it looks at no images to resample",
                         replay->stored.id);
    if (is_null) FTDN_TRY(ftdn_null_trial_run(trial, arena, &replay->now, err));
    else FTDN_TRY(run_on_rig(trial, desc, arena, replay, err));
    return ftdn_record_identify(trial, arena, &replay->now, err);
}

void ftdn_replay_init(ftdn_replay *replay)
{
    *replay = (ftdn_replay){0};
    ftdn_campaign_files_init(&replay->files);
}

void ftdn_replay_done(ftdn_replay *replay)
{
    ftdn_campaign_files_done(&replay->files);
}

ftdn_status ftdn_replay_run(ftdn_replay *replay, const ftdn_replay_desc *desc, ftdn_error *err)
{
    ftdn_campaign_files *files = &replay->files;
    const char *manifest;
    FTDN_TRY(read_trial(desc->db, desc->prefix, &files->arena, &replay->stored, &manifest, err));
    if (desc->manifest) FTDN_TRY(ftdn_campaign_files_open(files, desc->manifest, desc->db, err));
    else FTDN_TRY(ftdn_campaign_files_open_stored(files, manifest, desc->db, err));
    const ftdn_planned_trial *trial = find_planned(&files->plan, replay->stored.id);
    if (!trial) return fail_other_plan(&files->plan, &replay->stored, err);
    return run_again(trial, desc, &files->arena, replay, err);
}
