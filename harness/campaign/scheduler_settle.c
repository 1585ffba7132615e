#include <assert.h>
#include <math.h>
#include <string.h>

#include "harness/campaign/canary.h"
#include "harness/campaign/scheduler_parts.h"
#include "harness/rankings/scores.h"
#include "harness/record.h"

#define MOST_BAD_CANARIES 3 /* in a row, before the machine is not believed any more */
#define MOST_LOSSES 20      /* workers in a row that end without having finished anything */

static ftdn_attempt_origin origin_of(const ftdn_scheduler *s, int place)
{
    ftdn_attempt_origin origin = s->origin;
    origin.worker = s->crew.place[place].worker;
    return origin;
}

static void count_cause(ftdn_campaign_summary *summary, const char *outcome, const char *cause)
{
    char text[sizeof summary->cause[0].text];
    snprintf(text, sizeof text, "%s: %s", outcome, cause);
    text[strcspn(text, "\n")] = 0;
    int i = 0;
    while (i < summary->n_causes && strcmp(summary->cause[i].text, text)) i++;
    if (i == FTDN_MOST_CAUSES) i--; /* the last one stands for all others */
    if (i == summary->n_causes) {
        memcpy(summary->cause[i].text, text, sizeof text);
        summary->n_causes++;
    }
    summary->cause[i].n_attempts++;
}

static ftdn_status record_failure(ftdn_scheduler *s, int place, int trial, const char *outcome, const char *cause,
                                  ftdn_error *err)
{
    const ftdn_trial_spec *spec = &s->plan->trial[trial].spec;
    const ftdn_attempt_origin origin = origin_of(s, place);
    const char *text = ftdn_trial_spec_text(spec, &s->scratch, err);
    if (!text) return FTDN_ERR_MEMORY;
    const ftdn_failure_row row = {
        .id = spec->id, .spec = text, .outcome = outcome, .cause = cause, .seconds = s->seat[place].age_s};
    count_cause(s->summary, outcome, cause);
    return ftdn_store_append_failure(s->store, &row, &origin, err);
}

/* Nothing more is tried: the failure stands. The trial counts as running until here. */
static void drop_trial(ftdn_scheduler *s, int trial, const char *cause)
{
    ftdn_campaign_summary *summary = s->summary;
    if (summary->n_failed++ == 0)
        snprintf(summary->first_failure, sizeof summary->first_failure, "%.400s (trial %.12s)", cause,
                 s->plan->trial[trial].spec.id);
    ftdn_trial_queue_give_up(&s->queue, trial);
    if (s->options->fail_fast) ftdn_scheduler_end(s, FTDN_END_FAIL_FAST, 0);
}

ftdn_status ftdn_scheduler_give_up(ftdn_scheduler *s, int place, int trial, const char *outcome, const char *cause,
                                   ftdn_error *err)
{
    FTDN_TRY(record_failure(s, place, trial, outcome, cause, err));
    drop_trial(s, trial, cause);
    return FTDN_OK;
}

static void tell_loss(ftdn_scheduler *s, int place, int trial, const char *cause, const char *what_next)
{
    char line[320];
    snprintf(line, sizeof line, "worker %d: %.160s (trial %.12s); %s", s->crew.place[place].worker, cause,
             s->plan->trial[trial].spec.id, what_next);
    ftdn_progress_tell(&s->progress, line);
}

static void empty_seat(ftdn_scheduler *s, ftdn_seat *seat)
{
    if (seat->group >= 0) s->queue.group[seat->group].n_workers--;
    seat->group = seat->family = -1;
    seat->job = FTDN_JOB_NONE;
    seat->n_unconfirmed = 0;
}

/* A trial of which an attempt failed together with its worker. */
static ftdn_status retry_trial(ftdn_scheduler *s, int place, int trial, const char *outcome, const char *cause,
                               ftdn_error *err)
{
    FTDN_TRY(record_failure(s, place, trial, outcome, cause, err));
    bool is_over = s->queue.trial[trial].n_tries >= FTDN_MOST_TRIES;
    tell_loss(s, place, trial, cause, is_over ? "given up" : "tried again");
    if (is_over) drop_trial(s, trial, cause);
    else ftdn_trial_queue_retry(&s->queue, trial);
    return FTDN_OK;
}

static void fail_ranking(ftdn_kept_ranking *ranking, bool is_final, const char *cause)
{
    ranking->state = is_final ? FTDN_KEPT_FAILED : FTDN_KEPT_MISSING;
    snprintf(ranking->cause, sizeof ranking->cause, "%.500s", cause);
}

/* The trial that a canary was to be the first word of: one more attempt at it has failed. */
static ftdn_status fail_canary(ftdn_scheduler *s, int place, bool is_final, const char *outcome, const char *cause,
                               ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    int group = s->queue.trial[seat->trial].group;
    if (seat->n_unconfirmed > 0 || s->queue.group[group].n_waiting == 0) {
        count_cause(s->summary, outcome, cause);
        tell_loss(s, place, seat->trial, cause, "its results since the last canary stay unconfirmed");
        return FTDN_OK;
    }
    int trial = ftdn_trial_queue_take(&s->queue, group);
    return is_final ? ftdn_scheduler_give_up(s, place, trial, outcome, cause, err)
                    : retry_trial(s, place, trial, outcome, cause, err);
}

ftdn_status ftdn_scheduler_lose(ftdn_scheduler *s, int place, const char *outcome, const char *cause, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    ftdn_status status = FTDN_OK;
    ftdn_crew_dismiss(&s->crew, place);
    switch (seat->job) {
    case FTDN_JOB_NONE: break;
    case FTDN_JOB_TRIAL: status = retry_trial(s, place, seat->trial, outcome, cause, err); break;
    case FTDN_JOB_CANARY: status = fail_canary(s, place, false, outcome, cause, err); break;
    case FTDN_JOB_RANKING: {
        ftdn_kept_ranking *ranking = s->scores.of_group[seat->group];
        bool is_over = ranking->n_tries >= FTDN_MOST_TRIES;
        fail_ranking(ranking, is_over, cause);
        tell_loss(s, place, seat->trial, cause, is_over ? "its ranking is given up" : "its ranking is tried again");
        break;
    }
    }
    empty_seat(s, seat);
    if (status == FTDN_OK && ++s->n_losses >= MOST_LOSSES)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "%d worker processes in a row were lost without a result; the last: %s",
                         s->n_losses, cause);
    return status;
}

/* Trials that a cell has asked for since it was last looked at are planned ones from now on. */
static ftdn_status plan_more_seeds(ftdn_scheduler *s, int trial, ftdn_error *err)
{
    for (int i = s->queue.cells_of[trial]; i < s->queue.cells_of[trial + 1]; i++) {
        int c = s->queue.cell_list[i];
        const ftdn_plan_cell *cell = &s->plan->cell[c];
        for (; s->n_planned[c] < s->queue.n_asked[c]; s->n_planned[c]++) {
            const ftdn_planned_trial *planned = &s->plan->trial[cell->trial[s->n_planned[c]]];
            const char *label = ftdn_record_label(planned, &s->scratch, err);
            if (!label) return FTDN_ERR_MEMORY;
            const ftdn_planned_row row = {
                .sweep = s->plan->sweep_name[cell->sweep], .trial_id = planned->spec.id, .label = label};
            FTDN_TRY(ftdn_store_add_planned(s->store, s->origin.campaign, &row, 1, err));
        }
    }
    return FTDN_OK;
}

static ftdn_status tell_finished(ftdn_scheduler *s, int trial, double map, double seconds, ftdn_error *err)
{
    ftdn_standing standing;
    int n_through = s->queue.n_done + s->queue.n_failed;
    if (!ftdn_progress_wants_trial(&s->progress, n_through, ftdn_trial_queue_wanted(&s->queue))) return FTDN_OK;
    const char *label = ftdn_record_label(&s->plan->trial[trial], &s->scratch, err);
    if (!label) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_scheduler_stand(s, &standing, err));
    ftdn_progress_finish_trial(&s->progress, &standing, label, map, seconds);
    return FTDN_OK;
}

/* A worker whose messages cannot be read is not the one that was hired. */
static ftdn_status lose_babbler(ftdn_scheduler *s, int place, ftdn_error *err)
{
    return ftdn_scheduler_lose(s, place, "crashed", "sent a message that cannot be read", err);
}

/* What the scheduler knows of a result before it stands in the store. */
static void take_result(ftdn_scheduler *s, int place, const ftdn_trial_record *record, size_t n_rig_bytes)
{
    ftdn_seat *seat = &s->seat[place];
    if (n_rig_bytes > s->summary->memory_bytes) s->summary->memory_bytes = n_rig_bytes;
    s->summary->n_run++;
    s->n_losses = 0;
    s->least_map = fmin(s->least_map, record->map_voc07); /* fmin and fmax pass over NaN */
    s->greatest_map = fmax(s->greatest_map, record->map_voc07);
    assert(seat->n_unconfirmed < s->options->canary_every);
    seat->unconfirmed[seat->n_unconfirmed++] = seat->trial;
    ftdn_pace_add(&s->pace, seat->group, s->plan->trial[seat->trial].dataset->n_images, seat->age_s);
    ftdn_trial_queue_finish(&s->queue, seat->trial, record->map_voc07);
    seat->job = FTDN_JOB_NONE;
}

/* The worker goes on before its result is in the store: a sync to disk may take as long as a trial on a device. */
static ftdn_status settle_result(ftdn_scheduler *s, int place, ftdn_message_reader *body, ftdn_error *err)
{
    int trial = s->seat[place].trial;
    const ftdn_attempt_origin origin = origin_of(s, place);
    ftdn_trial_record record;
    ftdn_error cause = {0};
    size_t n_rig_bytes = (size_t)ftdn_message_get_integer(body);
    ftdn_status status = ftdn_message_get_record(body, &s->scratch, &record, err);
    if (status == FTDN_ERR_BACKEND) return lose_babbler(s, place, err);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_record_identify(&s->plan->trial[trial], &s->scratch, &record, err));
    take_result(s, place, &record, n_rig_bytes);
    ftdn_status assigned = ftdn_scheduler_assign_place(s, place, &cause);
    FTDN_TRY(ftdn_store_append(s->store, &record, &origin, err));
    FTDN_TRY(plan_more_seeds(s, trial, err));
    FTDN_TRY(tell_finished(s, trial, record.map_voc07, record.seconds, err));
    if (assigned != FTDN_OK && err) *err = cause;
    return assigned;
}

static ftdn_status settle_scores(ftdn_scheduler *s, int place, ftdn_message_reader *body, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    double seconds = ftdn_message_get_real(body);
    ftdn_layer_scores *layer;
    int n_layers;
    ftdn_status status = ftdn_message_get_scores(body, s->arena, &layer, &n_layers, err);
    if (status == FTDN_ERR_BACKEND) return lose_babbler(s, place, err);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_kept_scores_put(&s->scores, seat->group, layer, n_layers, seconds, err));
    seat->job = FTDN_JOB_NONE;
    return FTDN_OK;
}

/* What a worker did since its last good canary is taken back, and the worker replaced. */
static ftdn_status distrust(ftdn_scheduler *s, int place, ftdn_error *err)
{
    static const char cause[] = "the golden canary after it differed";
    ftdn_seat *seat = &s->seat[place];
    char line[200];
    int worker = s->crew.place[place].worker, n_withdrawn = 0;
    if (seat->n_unconfirmed > 0)
        FTDN_TRY(ftdn_store_withdraw(s->store, s->origin.run, worker, cause, &n_withdrawn, err));
    for (int i = 0; i < seat->n_unconfirmed; i++) ftdn_trial_queue_redo(&s->queue, seat->unconfirmed[i]);
    s->summary->n_run -= n_withdrawn;
    s->summary->n_withdrawn += n_withdrawn;
    snprintf(line, sizeof line, "worker %d: its golden canary differs; %d trial%s since its last good one %s run again",
             worker, n_withdrawn, n_withdrawn == 1 ? "" : "s", n_withdrawn == 1 ? "is" : "are");
    ftdn_progress_tell(&s->progress, line);
    ftdn_crew_dismiss(&s->crew, place);
    empty_seat(s, seat);
    if (++s->n_bad_canaries >= MOST_BAD_CANARIES)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                         "the network without faults does not give the bits any more that it gave when this store was "
                         "begun (%d workers in a row): memory or processor of this machine are not to be trusted, or a "
                         "library has changed; another store (--db) starts anew",
                         s->n_bad_canaries);
    return FTDN_OK;
}

static ftdn_status settle_canary(ftdn_scheduler *s, int place, ftdn_message_reader *body, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    const char *digest = ftdn_message_get_text(body);
    char key[FTDN_SHA256_HEX];
    bool matches = false;
    FTDN_TRY(ftdn_canary_key(&s->plan->trial[seat->trial], key, err));
    if (digest) FTDN_TRY(ftdn_store_check_canary(s->store, key, digest, s->origin.environment, &matches, err));
    if (!matches) return distrust(s, place, err);
    if (seat->n_unconfirmed > 0)
        FTDN_TRY(ftdn_store_confirm(s->store, s->origin.run, s->crew.place[place].worker, err));
    seat->n_unconfirmed = 0;
    seat->family = seat->trial;
    seat->job = FTDN_JOB_NONE;
    s->n_bad_canaries = 0;
    return FTDN_OK;
}

/* A worker that says itself that it failed. A broken device is a broken worker; anything else is the job's. */
static ftdn_status settle_failure(ftdn_scheduler *s, int place, ftdn_message_reader *body, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    ftdn_status status = (ftdn_status)ftdn_message_get_integer(body);
    const char *text = ftdn_message_get_text(body), *cause = text ? text : "no cause is given";
    if (status == FTDN_ERR_BACKEND) return ftdn_scheduler_lose(s, place, "device", cause, err);
    ftdn_job job = seat->job;
    seat->job = FTDN_JOB_NONE;
    switch (job) {
    case FTDN_JOB_TRIAL: return ftdn_scheduler_give_up(s, place, seat->trial, "failed", cause, err);
    case FTDN_JOB_CANARY: {
        ftdn_status answer = fail_canary(s, place, true, "failed", cause, err);
        seat->n_unconfirmed = 0; /* they stay what they are: results that nothing has confirmed */
        return answer;
    }
    case FTDN_JOB_RANKING: fail_ranking(s->scores.of_group[seat->group], true, cause); break;
    case FTDN_JOB_NONE: break;
    }
    return FTDN_OK;
}

static void settle_progress(ftdn_scheduler *s, int place, ftdn_message_reader *body)
{
    ftdn_seat *seat = &s->seat[place];
    const char *what = ftdn_message_get_text(body);
    int n_done = (int)ftdn_message_get_integer(body), n_all = (int)ftdn_message_get_integer(body);
    seat->silent_s = 0;
    if (what) {
        ftdn_progress_tell_ranking(&s->progress, what, n_done, n_all);
    } else if (n_all > 0) {
        seat->fraction = (double)n_done / n_all;
    }
}

ftdn_status ftdn_scheduler_settle(ftdn_scheduler *s, ftdn_crew_event *event, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    if (event->kind == FTDN_CREW_QUIET) return FTDN_OK;
    if (event->kind == FTDN_CREW_GONE) {
        if (s->seat[event->place].job == FTDN_JOB_NONE) empty_seat(s, &s->seat[event->place]);
        else status = ftdn_scheduler_lose(s, event->place, "crashed", event->cause, err);
    } else {
        switch (event->header.kind) {
        case FTDN_MESSAGE_RESULT: status = settle_result(s, event->place, &event->body, err); break;
        case FTDN_MESSAGE_SCORES: status = settle_scores(s, event->place, &event->body, err); break;
        case FTDN_MESSAGE_DIGEST: status = settle_canary(s, event->place, &event->body, err); break;
        case FTDN_MESSAGE_FAILED: status = settle_failure(s, event->place, &event->body, err); break;
        case FTDN_MESSAGE_PROGRESS: settle_progress(s, event->place, &event->body); break;
        default: status = lose_babbler(s, event->place, err);
        }
    }
    ftdn_arena_done(&s->scratch);
    return status;
}
