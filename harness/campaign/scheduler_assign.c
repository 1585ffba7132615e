#include "harness/campaign/canary.h"
#include "harness/campaign/scheduler_parts.h"

static void begin_job(ftdn_scheduler *s, int place, ftdn_job job, int trial)
{
    ftdn_seat *seat = &s->seat[place];
    seat->job = job;
    seat->trial = trial;
    seat->age_s = seat->fraction = 0;
    ftdn_message_end(&s->message);
    ftdn_crew_send(&s->crew, place, &s->message);
}

static void send_canary(ftdn_scheduler *s, int place, int trial)
{
    ftdn_message_begin(&s->message, FTDN_MESSAGE_CANARY, trial);
    begin_job(s, place, FTDN_JOB_CANARY, trial);
}

static void join_group(ftdn_scheduler *s, ftdn_seat *seat, int group)
{
    if (seat->group == group) return;
    if (seat->group >= 0) s->queue.group[seat->group].n_workers--;
    s->queue.group[group].n_workers++;
    seat->group = group;
}

/* What choosing a group asks; a failure on the way is kept. */
typedef struct permission {
    ftdn_scheduler *s;
    ftdn_status status;
    ftdn_error *err;
} permission;

/* Not the trials whose scores are being computed by somebody. */
static bool may_run(void *user, int group)
{
    permission *p = user;
    ftdn_kept_ranking *ranking = NULL;
    if (p->status == FTDN_OK) p->status = ftdn_kept_scores_get(&p->s->scores, group, &ranking, p->err);
    return p->status == FTDN_OK && (!ranking || ranking->state != FTDN_KEPT_ASKED);
}

static void send_trial(ftdn_scheduler *s, int place, int trial, const ftdn_kept_ranking *ranking)
{
    ftdn_message_begin(&s->message, FTDN_MESSAGE_RUN, trial);
    ftdn_message_put_scores(&s->message, ranking ? ranking->layer : NULL, ranking ? ranking->n_layers : 0);
    begin_job(s, place, FTDN_JOB_TRIAL, trial);
}

static void send_ranking(ftdn_scheduler *s, int place, int trial, ftdn_kept_ranking *ranking)
{
    ranking->state = FTDN_KEPT_ASKED;
    ranking->n_tries++;
    ftdn_progress_tell_ranking(&s->progress, s->plan->trial[trial].settings.protection.ranking, 0, 0);
    ftdn_message_begin(&s->message, FTDN_MESSAGE_RANK, trial);
    begin_job(s, place, FTDN_JOB_RANKING, trial);
}

/* The trials of a group whose scores cannot be had. */
static ftdn_status give_up_group(ftdn_scheduler *s, int place, int group, const char *cause, ftdn_error *err)
{
    while (s->queue.group[group].n_waiting > 0) {
        int trial = ftdn_trial_queue_take(&s->queue, group);
        FTDN_TRY(ftdn_scheduler_give_up(s, place, trial, "failed", cause, err));
    }
    return FTDN_OK;
}

/* A trial of the group for an idle worker, or what has to come before it. */
static ftdn_status assign_group(ftdn_scheduler *s, int place, int group, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    const ftdn_planned_trial *plan = s->plan->trial;
    int next = s->queue.group[group].first;
    join_group(s, seat, group);
    if (seat->family < 0 || !ftdn_canary_fits(&plan[seat->family], &plan[next])) {
        send_canary(s, place, seat->n_unconfirmed > 0 ? seat->family : next);
        return FTDN_OK;
    }
    ftdn_kept_ranking *ranking;
    FTDN_TRY(ftdn_kept_scores_get(&s->scores, group, &ranking, err));
    if (ranking && ranking->state == FTDN_KEPT_MISSING) send_ranking(s, place, next, ranking);
    else if (ranking && ranking->state == FTDN_KEPT_FAILED) return give_up_group(s, place, group, ranking->cause, err);
    else send_trial(s, place, ftdn_trial_queue_take(&s->queue, group), ranking);
    return FTDN_OK;
}

static bool is_confirmation_due(const ftdn_scheduler *s, const ftdn_seat *seat)
{
    bool nothing_is_left = s->is_ending || (s->queue.n_waiting == 0 && s->queue.n_running == 0);
    return seat->n_unconfirmed >= s->options->canary_every || (nothing_is_left && seat->n_unconfirmed > 0);
}

/* Is there time for one more trial of the group? */
static bool fits_budget(const ftdn_scheduler *s, int group)
{
    if (s->options->budget_s <= 0) return true;
    const ftdn_planned_trial *trial = &s->plan->trial[s->queue.group[group].leader];
    double expected_s = ftdn_pace_expect(&s->pace, group, trial->dataset->n_images);
    return s->elapsed_s + (expected_s > 0 ? expected_s : 0) < s->options->budget_s;
}

static ftdn_status assign_place(ftdn_scheduler *s, int place, ftdn_error *err)
{
    ftdn_seat *seat = &s->seat[place];
    while (seat->job == FTDN_JOB_NONE) {
        if (is_confirmation_due(s, seat)) {
            send_canary(s, place, seat->family);
            return FTDN_OK;
        }
        if (s->is_ending) return FTDN_OK;
        permission p = {.s = s, .status = FTDN_OK, .err = err};
        int group = ftdn_trial_queue_choose(&s->queue, seat->group, may_run, &p);
        FTDN_TRY(p.status);
        if (group < 0) return FTDN_OK;
        if (!fits_budget(s, group)) {
            ftdn_scheduler_end(s, FTDN_END_OUT_OF_TIME, -1);
            continue;
        }
        if (s->crew.place[place].pid == 0) FTDN_TRY(ftdn_crew_hire(&s->crew, place, err));
        FTDN_TRY(assign_group(s, place, group, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_scheduler_assign(ftdn_scheduler *s, ftdn_error *err)
{
    for (int i = 0; i < s->crew.n_places; i++) FTDN_TRY(assign_place(s, i, err));
    return FTDN_OK;
}
