#include "harness/campaign/campaign.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "harness/campaign/scheduler.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/environment.h"
#include "harness/record.h"

/* wanted: which trials may run; NULL for all. Null trials look at no pixel. */
static ftdn_status decode_images(const ftdn_plan *plan, const ftdn_trial_queue *wanted, int n_threads, ftdn_error *err)
{
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_planned_trial *trial = &plan->trial[i];
        int size = trial->model->network.input_size;
        ftdn_trial_state state = wanted ? wanted->trial[i].state : FTDN_TRIAL_WAITING;
        if (state == FTDN_TRIAL_HELD || state == FTDN_TRIAL_WITHHELD || trial->dataset->size == size ||
            ftdn_is_null_trial(&trial->settings))
            continue;
        FTDN_TRY(ftdn_dataset_decode(trial->dataset, size, n_threads, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_campaign_decode(const ftdn_plan *plan, int n_threads, ftdn_error *err)
{
    return decode_images(plan, NULL, n_threads, err);
}

/* The manifest as it was resolved, and the trials that it asks for as far as is known. */
static ftdn_status record_plan(ftdn_scheduler *s, ftdn_error *err)
{
    const ftdn_plan *plan = s->plan;
    const ftdn_manifest *manifest = plan->manifest;
    ftdn_text resolved;
    ftdn_text_init(&resolved);
    ftdn_manifest_write_resolved(manifest, &resolved);
    ftdn_status status = ftdn_text_check(&resolved, err);
    const ftdn_campaign_row campaign = {
        .name = manifest->name,
        .description = manifest->description,
        .path = manifest->path,
        .manifest = resolved.chars,
    };
    if (status == FTDN_OK) status = ftdn_store_add_campaign(s->store, &campaign, &s->origin.campaign, err);
    ftdn_text_done(&resolved);
    FTDN_TRY(status);

    size_t n_rows = 0;
    for (int c = 0; c < plan->n_cells; c++) n_rows += (size_t)s->queue.n_asked[c];
    ftdn_planned_row *row = FTDN_NEW(&s->scratch, n_rows, ftdn_planned_row, err);
    if (!row) return FTDN_ERR_MEMORY;
    n_rows = 0;
    for (int c = 0; c < plan->n_cells; c++) {
        const ftdn_plan_cell *cell = &plan->cell[c];
        for (int i = 0; i < s->queue.n_asked[c]; i++) {
            const ftdn_planned_trial *trial = &plan->trial[cell->trial[i]];
            const char *label = ftdn_record_label(trial, &s->scratch, err);
            if (!label) return FTDN_ERR_MEMORY;
            row[n_rows++] = (ftdn_planned_row){
                .sweep = plan->sweep_name[cell->sweep], .trial_id = trial->spec.id, .label = label};
        }
        s->n_planned[c] = s->queue.n_asked[c];
    }
    status = ftdn_store_add_planned(s->store, s->origin.campaign, row, (int)n_rows, err);
    ftdn_arena_done(&s->scratch);
    return status;
}

static ftdn_status begin_run(ftdn_scheduler *s, ftdn_error *err)
{
    const ftdn_run_row run = {
        .campaign = s->origin.campaign,
        .environment = s->origin.environment,
        .n_workers = s->crew.n_places,
        .n_threads = s->crew.duties->n_threads * s->crew.n_places,
        .n_wanted = ftdn_trial_queue_wanted(&s->queue),
        .shard = s->options->shard,
        .seconds_estimated = (double)NAN,
    };
    return ftdn_store_begin_run(s->store, &run, &s->origin.run, err);
}

static ftdn_status prepare_seats(ftdn_scheduler *s, const ftdn_duties *duties, int n_places, ftdn_error *err)
{
    FTDN_TRY(ftdn_crew_init(&s->crew, duties, n_places, err));
    s->seat = FTDN_NEW(s->arena, (size_t)n_places, ftdn_seat, err);
    if (!s->seat) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_places; i++) {
        s->seat[i].group = s->seat[i].family = -1;
        s->seat[i].unconfirmed = FTDN_NEW(s->arena, (size_t)s->options->canary_every, int, err);
        if (!s->seat[i].unconfirmed) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

static const char *outcome_of(ftdn_status status, ftdn_campaign_end end)
{
    if (status != FTDN_OK || end == FTDN_END_FAIL_FAST) return "failed";
    if (end == FTDN_END_INTERRUPTED) return "interrupted";
    return end == FTDN_END_OUT_OF_TIME ? "out of time" : "finished";
}

int ftdn_campaign_n_workers(const ftdn_campaign_options *options, const ftdn_campaign_devices *devices, int n_wanted)
{
    int n_workers = options->n_workers > 0 ? options->n_workers : devices->n_devices;
    if (n_workers == 0) n_workers = options->n_threads > 0 ? options->n_cores / options->n_threads : options->n_cores;
    if (n_workers > n_wanted) n_workers = n_wanted;
    return n_workers > 0 ? n_workers : 1;
}

int ftdn_campaign_n_threads(const ftdn_campaign_options *options, int n_workers)
{
    int n_threads = options->n_threads > 0 ? options->n_threads : options->n_cores / n_workers;
    return n_threads > 0 ? n_threads : 1;
}

static ftdn_status run_missing(ftdn_scheduler *s, ftdn_error *err)
{
    const ftdn_campaign_options *options = s->options;
    ftdn_campaign_devices devices;
    FTDN_TRY(ftdn_campaign_devices_find(s->plan, &devices, err));
    int n_wanted = ftdn_trial_queue_wanted(&s->queue), n_workers = ftdn_campaign_n_workers(options, &devices, n_wanted);
    const ftdn_duties duties = {
        .plan = s->plan,
        .n_threads = ftdn_campaign_n_threads(options, n_workers),
        .batch = options->batch,
        .n_devices = devices.n_devices,
    };
    FTDN_TRY(decode_images(s->plan, &s->queue, options->n_cores, err));
    FTDN_TRY(
        ftdn_environment_record(s->store, devices.n_devices > 0 ? &devices.first : NULL, &s->origin.environment, err));
    FTDN_TRY(record_plan(s, err));
    if (n_wanted == 0) return FTDN_OK;
    FTDN_TRY(ftdn_kept_scores_init(&s->scores, s->store, &s->queue, s->arena, err));
    FTDN_TRY(ftdn_pace_init(&s->pace, s->queue.n_groups, s->arena, err));
    FTDN_TRY(prepare_seats(s, &duties, n_workers, err));
    FTDN_TRY(begin_run(s, err));
    s->summary->n_workers = n_workers;
    ftdn_status status = ftdn_scheduler_run(s, err);
    ftdn_progress_clear(&s->progress);
    /* A store that fails now has said so already, or says it with the next command. */
    ftdn_status ended = ftdn_store_end_run(s->store, s->origin.run, outcome_of(status, s->summary->end),
                                           status == FTDN_OK ? err : NULL);
    return status == FTDN_OK ? ended : status;
}

static ftdn_status run(ftdn_scheduler *s, ftdn_error *err)
{
    ftdn_held_trial *held;
    int n_held;
    FTDN_TRY(ftdn_store_list_trials(s->store, s->arena, &held, &n_held, err));
    FTDN_TRY(ftdn_trial_queue_init(&s->queue, s->plan, held, n_held, s->arena, err));
    if (s->options->most_trials > 0) ftdn_trial_queue_limit(&s->queue, s->options->most_trials);
    s->n_planned = FTDN_NEW(s->arena, (size_t)s->plan->n_cells, int, err);
    if (!s->n_planned) return FTDN_ERR_MEMORY;
    s->summary->n_held = s->queue.n_held;
    return run_missing(s, err);
}

ftdn_status ftdn_campaign_run(const ftdn_plan *plan, ftdn_store *store, const ftdn_campaign_options *options,
                              ftdn_campaign_summary *ret_summary, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    *ret_summary = (ftdn_campaign_summary){0};
    ftdn_scheduler s = {
        .plan = plan,
        .store = store,
        .options = options,
        .summary = ret_summary,
        .arena = &arena,
        .start_ns = ftdn_clock_ns(),
        .least_map = (double)NAN,
        .greatest_map = (double)NAN,
    };
    ftdn_arena_init(&s.scratch);
    ftdn_text_init(&s.message);
    ftdn_progress_init(&s.progress, options->progress);
    ftdn_status status = run(&s, err);
    ftdn_crew_done(&s.crew);
    ftdn_text_done(&s.message);
    ftdn_arena_done(&s.scratch);
    ftdn_arena_done(&arena);
    ret_summary->seconds = (double)(ftdn_clock_ns() - s.start_ns) * 1e-9;
    return status;
}
