/* trial_queue.h - which trial is next: what is still to run, in groups that share a set-up.
 *
 * A trial is held by the store already, dormant (of a cell that adds seeds until its interval is narrow, and not
 * known to be needed), withheld (needed, but more than may be run now), waiting, running, done, or failed. A group
 * holds the trials of one rig; a worker stays with its group as long as that has waiting trials.
 *
 * A cell with `ci95` begins with its first n_min seeds. When those it has asked for are through, the 95 % half width of
 * their mean mAP (Student) decides whether the next seed is asked for. Only the results of the cell's earlier seeds
 * decide, never what happens to be finished: which trials run is a function of the manifest. */
#ifndef FTDN_HARNESS_CAMPAIGN_TRIAL_QUEUE_H
#define FTDN_HARNESS_CAMPAIGN_TRIAL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan/plan.h"
#include "results/store.h"

typedef enum ftdn_trial_state {
    FTDN_TRIAL_HELD,
    FTDN_TRIAL_DORMANT,
    FTDN_TRIAL_WITHHELD,
    FTDN_TRIAL_WAITING,
    FTDN_TRIAL_RUNNING,
    FTDN_TRIAL_DONE,
    FTDN_TRIAL_FAILED,
} ftdn_trial_state;

typedef struct ftdn_trial_group {
    int leader;              /* a trial of the group */
    int first, last;         /* of the waiting ones; -1: none */
    int n_waiting, n_workers; /* that are at it */
    uint64_t hash;
} ftdn_trial_group;

typedef struct ftdn_queued_trial {
    ftdn_trial_state state;
    int group;
    int next;  /* waiting in the same group; -1: the last */
    int n_tries;
    double map; /* mAP where held or done; NaN else */
} ftdn_queued_trial;

typedef struct ftdn_trial_queue {
    const ftdn_plan *plan; /* borrowed */
    ftdn_queued_trial *trial; /* [n_trials] of the plan */
    int n_groups;
    ftdn_trial_group *group; /* [n_groups] */
    int first_open;          /* no earlier group has waiting trials */
    int *n_asked;            /* [n_cells]: seeds of the cell that are needed as far as is known */
    const int *cells_of;     /* the cells that trial i is in: cell_list[cells_of[i] ... cells_of[i+1]-1] */
    const int *cell_list;
    int most;                /* trials that may be run */
    int n_held, n_withheld, n_waiting, n_running, n_done, n_failed; /* trials in each state; the rest is dormant */
} ftdn_trial_queue;

/* What the store holds: [n_held], by ascending id. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_trial_queue_init(ftdn_trial_queue *queue, const ftdn_plan *plan,
                                                 const ftdn_held_trial *held, int n_held, ftdn_arena *arena,
                                                 ftdn_error *err);

/* Run the first `most` of the waiting trials only, in the order of the plan, and withhold the others; before the first
 * one is taken. A cell that asks for more seeds gets them as long as there is room. */
void ftdn_trial_queue_limit(ftdn_trial_queue *queue, int most);

/* Trials to run by this call, as far as is known. */
int ftdn_trial_queue_wanted(const ftdn_trial_queue *queue);

/* The group that a worker should turn to, of those that `may` allows (may be NULL): `now` while it has waiting
 * trials, else the first that nobody is at, else the one with the most of them for each worker that would be at it.
 * -1: none. */
int ftdn_trial_queue_choose(ftdn_trial_queue *queue, int now, bool (*may)(void *user, int group), void *user);

/* The next waiting trial of a group becomes a running one. */
int ftdn_trial_queue_take(ftdn_trial_queue *queue, int group);

/* A running trial: finished; to be tried again; given up. */
void ftdn_trial_queue_finish(ftdn_trial_queue *queue, int trial, double map);
void ftdn_trial_queue_retry(ftdn_trial_queue *queue, int trial);
void ftdn_trial_queue_give_up(ftdn_trial_queue *queue, int trial);

/* A finished trial whose result was taken back waits again. */
void ftdn_trial_queue_redo(ftdn_trial_queue *queue, int trial);

#endif
