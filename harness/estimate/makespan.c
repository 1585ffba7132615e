#include "harness/estimate/makespan.h"

#include <math.h>

#include "harness/campaign/canary.h"

#define ANY_MAP 0.5 /* of a played trial: equal ones have no spread, and an interval of no width */

typedef struct worker {
    double free_s; /* when its job is through */
    int trial;     /* that it is at; -1: none */
    int group, family, n_unconfirmed;
    bool has_rig, is_busy; /* busy: at a trial or at scores */
} worker;

typedef struct game {
    ftdn_trial_queue *queue;
    const ftdn_makespan_desc *desc;
    worker *worker;
    double *ready_s; /* [n_rankings]: when the scores are there; negative: nobody was asked yet */
    double now_s;
} game;

static bool may_run(void *user, int group)
{
    const game *g = user;
    int ranking = g->desc->ranking_of[group];
    return ranking < 0 || g->ready_s[ranking] < 0 || g->ready_s[ranking] <= g->now_s;
}

/* The worker who is free first. */
static worker *find_next(game *g)
{
    worker *next = &g->worker[0];
    for (int i = 1; i < g->desc->n_workers; i++)
        if (g->worker[i].free_s < next->free_s) next = &g->worker[i];
    return next;
}

static double canary_s(game *g, worker *w, int trial)
{
    const ftdn_planned_trial *planned = g->queue->plan->trial;
    bool fits = w->family >= 0 && ftdn_canary_fits(&planned[w->family], &planned[trial]);
    if (fits && w->n_unconfirmed < g->desc->canary_every) return 0;
    w->family = trial;
    w->n_unconfirmed = 0;
    return g->desc->canary_s;
}

static void begin_trial(game *g, worker *w, int group)
{
    int ranking = g->desc->ranking_of[group];
    w->is_busy = true;
    if (w->group != group) {
        if (w->group >= 0) g->queue->group[w->group].n_workers--;
        g->queue->group[group].n_workers++;
        w->group = group;
        w->has_rig = false;
    }
    if (ranking >= 0 && g->ready_s[ranking] < 0) {
        g->ready_s[ranking] = w->free_s = g->now_s + g->desc->ranking_s[ranking];
        w->has_rig = false;
        return;
    }
    w->trial = ftdn_trial_queue_take(g->queue, group);
    w->free_s = g->now_s + canary_s(g, w, w->trial) + g->desc->trial_s[w->trial];
    if (!w->has_rig) w->free_s += g->desc->set_up_s[w->trial];
    w->has_rig = true;
    w->n_unconfirmed++;
}

/* Nothing to do for now: look again when the next one of the others is through. False: nobody is at anything. */
static bool wait_for_others(game *g, worker *w)
{
    double until_s = (double)INFINITY;
    for (int i = 0; i < g->desc->n_workers; i++) {
        const worker *other = &g->worker[i];
        if (other->is_busy && other->free_s < until_s) until_s = other->free_s;
    }
    if (isinf(until_s)) return false;
    /* Behind the one that is waited for. */
    w->free_s = nextafter(until_s, (double)INFINITY);
    return true;
}

static void play(game *g)
{
    for (;;) {
        worker *w = find_next(g);
        g->now_s = w->free_s;
        if (w->trial >= 0) ftdn_trial_queue_finish(g->queue, w->trial, g->desc->all_seeds ? (double)NAN : ANY_MAP);
        w->trial = -1;
        w->is_busy = false;
        int group = ftdn_trial_queue_choose(g->queue, w->group, may_run, g);
        if (group >= 0) begin_trial(g, w, group);
        else if (!wait_for_others(g, w)) return;
    }
}

ftdn_status ftdn_makespan(ftdn_trial_queue *queue, const ftdn_makespan_desc *desc, ftdn_arena *arena,
                          double *ret_seconds, ftdn_error *err)
{
    game g = {
        .queue = queue,
        .desc = desc,
        .worker = FTDN_NEW(arena, (size_t)desc->n_workers, worker, err),
        .ready_s = FTDN_NEW(arena, (size_t)desc->n_rankings, double, err),
    };
    if (!g.worker || !g.ready_s) return FTDN_ERR_MEMORY;
    for (int i = 0; i < desc->n_workers; i++) g.worker[i] = (worker){.trial = -1, .group = -1, .family = -1};
    for (int r = 0; r < desc->n_rankings; r++) g.ready_s[r] = -1;
    bool has_trials = queue->n_waiting > 0;
    play(&g);
    *ret_seconds = has_trials ? g.now_s + desc->canary_s : 0; /* the last ones, side by side */
    return FTDN_OK;
}
