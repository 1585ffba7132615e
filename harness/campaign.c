#include "harness/campaign.h"

#include <stdlib.h>

#include "base/clock.h"
#include "harness/environment.h"
#include "harness/progress.h"
#include "harness/record.h"
#include "harness/trial.h"

typedef struct campaign {
    const ftdn_plan *plan;
    ftdn_store *store;
    const ftdn_campaign_options *options;
    ftdn_campaign_summary *summary;
    ftdn_progress progress;
    int64_t environment;
} campaign;

/* The trials that the store lacks, in the plan's order. */
static ftdn_status find_missing(campaign *c, bool *missing, int *ret_n_missing, ftdn_error *err)
{
    int n_missing = 0;
    for (int i = 0; i < c->plan->n_trials; i++) {
        bool held;
        FTDN_TRY(ftdn_store_has_trial(c->store, c->plan->trial[i].spec.id, &held, err));
        missing[i] = !held;
        n_missing += missing[i];
    }
    c->summary->n_held = c->plan->n_trials - n_missing;
    *ret_n_missing = n_missing;
    return FTDN_OK;
}

/* Keep what happened to a trial that could not be finished; the campaign goes on unless the store fails. */
static ftdn_status note_failure(campaign *c, const ftdn_planned_trial *trial, const ftdn_error *cause, ftdn_error *err)
{
    ftdn_campaign_summary *summary = c->summary;
    if (summary->n_failed++ == 0) {
        snprintf(summary->first_failure, sizeof summary->first_failure, "%.400s (trial %.12s)", cause->message,
                 trial->spec.id);
    }
    return ftdn_store_append_failure(c->store, trial->spec.id, c->plan->manifest->name, trial->spec.text,
                                     cause->message, c->environment, err);
}

static ftdn_status run_and_store(campaign *c, const ftdn_planned_trial *trial, ftdn_rig *rig, ftdn_arena *arena,
                                 ftdn_error *err)
{
    const ftdn_trial_control control = {
        .batch = c->options->batch,
        .stop = c->options->stop,
        .on_image = ftdn_progress_on_image,
        .user = &c->progress,
    };
    ftdn_trial_result result;
    ftdn_trial_record record;
    ftdn_progress_start_trial(&c->progress, trial->dataset->n_images);
    FTDN_TRY(ftdn_trial_run(rig, trial->dataset, &trial->settings, &control, arena, &result, err));
    FTDN_TRY(ftdn_record_make(c->plan, trial, rig, &result, arena, &record, err));
    const char *label = ftdn_record_label(trial, arena, err);
    if (!label) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_store_append(c->store, &record, c->environment, err));
    c->summary->n_run++;
    ftdn_progress_finish_trial(&c->progress, label, result.map_voc07, result.total_s);
    return FTDN_OK;
}

static bool ends_campaign(ftdn_status status)
{
    return status == FTDN_ERR_INTERRUPTED || status == FTDN_ERR_STORE;
}

/* Run all missing trials that can share a rig with trial `first`. */
static ftdn_status run_group(campaign *c, int first, bool *missing, ftdn_error *err)
{
    const ftdn_planned_trial *leader = &c->plan->trial[first];
    ftdn_rig rig;
    ftdn_error cause = {0};
    const ftdn_score_source scores = {
        .store = c->store,
        .n_threads = c->options->n_threads,
        .stop = c->options->stop,
        .on_progress = ftdn_progress_on_ranking,
        .user = &c->progress,
    };
    const ftdn_rig_desc desc = {.trial = leader, .scores = &scores, .n_threads = c->options->n_threads};
    ftdn_status rig_status = ftdn_rig_init(&rig, &desc, &cause);
    ftdn_status status = FTDN_OK;
    if (ends_campaign(rig_status)) {
        if (err) *err = cause;
        return rig_status;
    }
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    for (int i = first; i < c->plan->n_trials && status == FTDN_OK; i++) {
        const ftdn_planned_trial *trial = &c->plan->trial[i];
        if (!missing[i] || trial->model != leader->model || !ftdn_rig_fits(&trial->settings, &leader->settings))
            continue;
        missing[i] = false;
        ftdn_status trial_status = rig_status;
        if (rig_status == FTDN_OK) trial_status = run_and_store(c, trial, &rig, &arena, &cause);
        if (ends_campaign(trial_status)) {
            if (err) *err = cause;
            status = trial_status;
        } else if (trial_status != FTDN_OK) {
            status = note_failure(c, trial, &cause, err);
        }
        ftdn_arena_done(&arena);
    }
    if (rig_status == FTDN_OK) {
        size_t n_bytes = ftdn_rig_bytes(&rig);
        if (n_bytes > c->summary->memory_bytes) c->summary->memory_bytes = n_bytes;
        ftdn_rig_done(&rig);
    }
    return status;
}

/* missing: NULL for all trials. */
static ftdn_status decode_images(const ftdn_plan *plan, const bool *missing, int n_threads, ftdn_error *err)
{
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_planned_trial *trial = &plan->trial[i];
        int size = trial->model->network.input_size;
        if ((missing && !missing[i]) || trial->dataset->size == size) continue;
        FTDN_TRY(ftdn_dataset_decode(trial->dataset, size, n_threads, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_campaign_decode(const ftdn_plan *plan, int n_threads, ftdn_error *err)
{
    return decode_images(plan, NULL, n_threads, err);
}

static ftdn_status run_missing(campaign *c, bool *missing, ftdn_error *err)
{
    int n_missing;
    FTDN_TRY(find_missing(c, missing, &n_missing, err));
    if (n_missing == 0) return FTDN_OK;
    FTDN_TRY(decode_images(c->plan, missing, c->options->n_threads, err));
    FTDN_TRY(ftdn_environment_record(c->store, &c->environment, err));
    ftdn_progress_init(&c->progress, c->options->progress, n_missing);
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < c->plan->n_trials && status == FTDN_OK; i++) {
        if (missing[i]) status = run_group(c, i, missing, err);
    }
    ftdn_progress_clear(&c->progress);
    return status;
}

ftdn_status ftdn_campaign_run(const ftdn_plan *plan, ftdn_store *store, const ftdn_campaign_options *options,
                              ftdn_campaign_summary *ret_summary, ftdn_error *err)
{
    *ret_summary = (ftdn_campaign_summary){0};
    campaign c = {.plan = plan, .store = store, .options = options, .summary = ret_summary};
    int64_t start_ns = ftdn_clock_ns();
    bool *missing = calloc((size_t)plan->n_trials, sizeof *missing);
    ftdn_status status = missing ? run_missing(&c, missing, err)
                                 : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d trials", plan->n_trials);
    free(missing);
    ret_summary->seconds = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    return status;
}
