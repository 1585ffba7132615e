#include "harness/campaign/scheduler.h"

#include <math.h>

#include "base/clock.h"
#include "harness/campaign/scheduler_parts.h"

#define WAIT_MS 100
#define LONGEST_TICK_S 1.0    /* a longer pause between two looks was the machine's or the scheduler's own sleep */
#define GRACE_S 4.0           /* for running trials, when the user wants to stop */
#define LONGEST_SILENCE_S 900.0 /* of a job of which nobody knows how long it takes */

void ftdn_scheduler_end(ftdn_scheduler *s, ftdn_campaign_end end, double grace_s)
{
    if (s->is_ending && s->grace_s >= 0) return;
    if (!s->is_ending || end == FTDN_END_INTERRUPTED) s->summary->end = end;
    s->is_ending = true;
    s->grace_s = grace_s;
}

/* What is still to do, group by group, with what runs counted as begun. */
static ftdn_status list_work(const ftdn_scheduler *s, ftdn_arena *arena, ftdn_pace_work **ret_work, int *ret_n,
                             ftdn_error *err)
{
    const ftdn_trial_queue *queue = &s->queue;
    ftdn_pace_work *work = FTDN_NEW(arena, (size_t)(queue->n_groups + s->crew.n_places), ftdn_pace_work, err);
    if (!work) return FTDN_ERR_MEMORY;
    int n = 0;
    for (int g = queue->first_open; g < queue->n_groups; g++) {
        if (queue->group[g].n_waiting == 0) continue;
        const ftdn_planned_trial *leader = &s->plan->trial[queue->group[g].leader];
        work[n++] = (ftdn_pace_work){g, queue->group[g].n_waiting, leader->dataset->n_images};
    }
    for (int i = 0; i < s->crew.n_places; i++) {
        const ftdn_seat *seat = &s->seat[i];
        if (seat->job != FTDN_JOB_TRIAL) continue;
        double n_images = s->plan->trial[seat->trial].dataset->n_images * (1 - seat->fraction);
        work[n++] = (ftdn_pace_work){seat->group, 1, n_images};
    }
    *ret_work = work;
    *ret_n = n;
    return FTDN_OK;
}

/* May a cell whose interval decides still ask for more? */
static bool has_open_cells(const ftdn_scheduler *s)
{
    const ftdn_trial_queue *queue = &s->queue;
    int n_wanted = ftdn_trial_queue_wanted(queue);
    return queue->n_waiting + queue->n_running > 0 && n_wanted < queue->most &&
           queue->n_held + n_wanted < s->plan->n_trials;
}

ftdn_status ftdn_scheduler_stand(ftdn_scheduler *s, ftdn_standing *ret_standing, ftdn_error *err)
{
    const ftdn_trial_queue *queue = &s->queue;
    int n_through = queue->n_done + queue->n_failed;
    ftdn_standing standing = {
        .n_wanted = ftdn_trial_queue_wanted(queue),
        .n_done = queue->n_done,
        .n_failed = queue->n_failed,
        .may_grow = has_open_cells(s),
        .trials_per_s = n_through > 0 && s->elapsed_s > 0 ? n_through / s->elapsed_s : -1,
        .least_map = s->least_map,
        .greatest_map = s->greatest_map,
    };
    for (int i = 0; i < s->crew.n_places; i++)
        if (s->seat[i].job == FTDN_JOB_TRIAL) standing.under_way += s->seat[i].fraction;
    ftdn_pace_work *work;
    int n_works;
    ftdn_arena_mark mark = ftdn_arena_get_mark(&s->scratch);
    FTDN_TRY(list_work(s, &s->scratch, &work, &n_works, err));
    standing.left = ftdn_pace_remaining(&s->pace, work, n_works, s->crew.n_places);
    ftdn_arena_reset(&s->scratch, mark);
    *ret_standing = standing;
    return FTDN_OK;
}

/* Has a job taken so long that it is hung? One that still says how far it is may take any time, where neither the user
 * nor earlier trials say how long that is. */
static bool is_hung(const ftdn_scheduler *s, const ftdn_seat *seat, double *ret_deadline_s)
{
    double deadline_s = s->options->deadline_s;
    bool is_trial = seat->job == FTDN_JOB_TRIAL;
    if (deadline_s <= 0 && is_trial)
        deadline_s = ftdn_pace_deadline(&s->pace, seat->group, s->plan->trial[seat->trial].dataset->n_images);
    bool is_limited = deadline_s > 0;
    *ret_deadline_s = is_limited ? deadline_s : LONGEST_SILENCE_S;
    return (is_limited && is_trial ? seat->age_s : seat->silent_s) > *ret_deadline_s;
}

/* At the speed so far, will the running trial be through in this time? */
static bool ends_within(const ftdn_scheduler *s, const ftdn_seat *seat, double time_s)
{
    double left_s =
        ftdn_pace_expect(&s->pace, seat->group, s->plan->trial[seat->trial].dataset->n_images) - seat->age_s;
    if (seat->fraction > 0.05) left_s = seat->age_s * (1 - seat->fraction) / seat->fraction;
    return left_s < time_s;
}

/* Let a job go for which there is no time left; it is as if it had not been begun. */
static void drop_job(ftdn_scheduler *s, int place)
{
    ftdn_seat *seat = &s->seat[place];
    ftdn_crew_dismiss(&s->crew, place);
    if (seat->job == FTDN_JOB_TRIAL) ftdn_trial_queue_retry(&s->queue, seat->trial);
    if (seat->job == FTDN_JOB_RANKING) s->scores.of_group[seat->group]->state = FTDN_KEPT_MISSING;
    seat->job = FTDN_JOB_NONE;
    seat->n_unconfirmed = 0;
}

/* Jobs that are too old are hung; when the campaign ends early, jobs that cannot be waited for are dropped. */
static ftdn_status watch_jobs(ftdn_scheduler *s, ftdn_error *err)
{
    for (int i = 0; i < s->crew.n_places; i++) {
        const ftdn_seat *seat = &s->seat[i];
        if (seat->job == FTDN_JOB_NONE) continue;
        bool has_no_time = s->is_ending && s->grace_s >= 0 &&
                           (s->grace_s <= 0 || seat->job == FTDN_JOB_RANKING ||
                            (seat->job == FTDN_JOB_TRIAL && !ends_within(s, seat, s->grace_s)));
        double deadline_s;
        if (has_no_time) {
            drop_job(s, i);
        } else if (is_hung(s, seat, &deadline_s)) {
            char cause[96];
            snprintf(cause, sizeof cause, "no answer within %.3g s", deadline_s);
            FTDN_TRY(ftdn_scheduler_lose(s, i, "hung", cause, err));
        }
    }
    return FTDN_OK;
}

/* Time that passed while the scheduler itself was looking; a machine that slept has not kept anybody waiting. */
static void tick(ftdn_scheduler *s)
{
    int64_t now_ns = ftdn_clock_ns();
    double passed_s = (double)(now_ns - s->last_tick_ns) * 1e-9;
    s->last_tick_ns = now_ns;
    if (passed_s > LONGEST_TICK_S) passed_s = LONGEST_TICK_S;
    s->elapsed_s += passed_s;
    if (s->is_ending && s->grace_s > 0) s->grace_s = fmax(0, s->grace_s - passed_s);
    for (int i = 0; i < s->crew.n_places; i++) {
        ftdn_seat *seat = &s->seat[i];
        if (seat->job == FTDN_JOB_NONE) continue;
        seat->age_s += passed_s;
        seat->silent_s += passed_s;
    }
}

static bool is_idle(const ftdn_scheduler *s)
{
    for (int i = 0; i < s->crew.n_places; i++)
        if (s->seat[i].job != FTDN_JOB_NONE) return false;
    return true;
}

static ftdn_status draw(ftdn_scheduler *s, ftdn_error *err)
{
    ftdn_standing standing;
    if (!s->progress.is_terminal || !ftdn_progress_is_due(&s->progress)) return FTDN_OK;
    FTDN_TRY(ftdn_scheduler_stand(s, &standing, err));
    ftdn_progress_draw(&s->progress, &standing);
    return FTDN_OK;
}

ftdn_status ftdn_scheduler_run(ftdn_scheduler *s, ftdn_error *err)
{
    s->last_tick_ns = ftdn_clock_ns();
    s->summary->end = FTDN_END_FINISHED;
    for (;;) {
        ftdn_crew_event event;
        if (s->options->stop && *s->options->stop) ftdn_scheduler_end(s, FTDN_END_INTERRUPTED, GRACE_S);
        FTDN_TRY(ftdn_scheduler_assign(s, err));
        if (is_idle(s)) break;
        FTDN_TRY(ftdn_crew_wait(&s->crew, WAIT_MS, &event, err));
        tick(s);
        FTDN_TRY(ftdn_scheduler_settle(s, &event, err));
        FTDN_TRY(watch_jobs(s, err));
        FTDN_TRY(draw(s, err));
    }
    s->summary->n_left = s->queue.n_waiting + s->queue.n_withheld;
    if (s->summary->n_left == 0 && s->summary->end == FTDN_END_OUT_OF_TIME) s->summary->end = FTDN_END_FINISHED;
    if (s->queue.n_withheld > 0 && s->summary->end == FTDN_END_FINISHED) s->summary->end = FTDN_END_LIMIT;
    return FTDN_OK;
}
