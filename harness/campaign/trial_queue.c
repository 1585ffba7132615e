#include "harness/campaign/trial_queue.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/fnv.h"
#include "base/moments.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/same_settings.h"

/* Equal for trials that can share a rig. */
static uint64_t hash_of(const ftdn_planned_trial *trial)
{
    const ftdn_protection_settings *protection = &trial->settings.protection;
    uint64_t hash = ftdn_fnv1a64(protection->method) ^ (uint64_t)(uintptr_t)trial->model;
    if (!protection->ranking) return hash;
    uint64_t ratio;
    memcpy(&ratio, &protection->ratio, sizeof ratio);
    hash ^= ratio * UINT64_C(0x9E3779B97F4A7C15);
    if (!strcmp(protection->ranking, "random")) hash ^= (trial->settings.seed + 1) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash;
}

static bool fits(const ftdn_planned_trial *a, const ftdn_planned_trial *b)
{
    if (ftdn_is_null_trial(&a->settings) && ftdn_is_null_trial(&b->settings)) return true;
    return a->model == b->model && ftdn_same_rig(&a->settings, &b->settings);
}

/* Groups by hash: open addressing over n_slots, a power of two. */
typedef struct group_table {
    int *slot; /* [n_slots] group + 1; 0: free */
    size_t n_slots;
} group_table;

static int find_or_add_group(ftdn_trial_queue *queue, const group_table *table, int trial)
{
    const ftdn_planned_trial *planned = &queue->plan->trial[trial];
    uint64_t hash = ftdn_is_null_trial(&planned->settings) ? 0 : hash_of(planned);
    size_t at = (size_t)(hash ^ hash >> 32) & (table->n_slots - 1);
    for (; table->slot[at]; at = (at + 1) & (table->n_slots - 1)) {
        int g = table->slot[at] - 1;
        if (queue->group[g].hash == hash && fits(&queue->plan->trial[queue->group[g].leader], planned)) return g;
    }
    table->slot[at] = queue->n_groups + 1;
    queue->group[queue->n_groups] = (ftdn_trial_group){.leader = trial, .first = -1, .last = -1, .hash = hash};
    return queue->n_groups++;
}

/* Behind the others of its group, or before them; withheld where enough are to run. */
static void enqueue(ftdn_trial_queue *queue, int trial, bool at_head)
{
    ftdn_queued_trial *own = &queue->trial[trial];
    ftdn_trial_group *group = &queue->group[own->group];
    if (ftdn_trial_queue_wanted(queue) >= queue->most) {
        own->state = FTDN_TRIAL_WITHHELD;
        queue->n_withheld++;
        return;
    }
    own->state = FTDN_TRIAL_WAITING;
    own->next = at_head ? group->first : -1;
    if (group->first < 0) group->first = group->last = trial;
    else if (at_head) group->first = trial;
    else {
        queue->trial[group->last].next = trial;
        group->last = trial;
    }
    group->n_waiting++;
    queue->n_waiting++;
    if (own->group < queue->first_open) queue->first_open = own->group;
}

/* 95 % half width of the mean mAP of the first n seeds of a cell; infinite where fewer than two have one. */
static double half_width(const ftdn_trial_queue *queue, const ftdn_plan_cell *cell, int n)
{
    ftdn_moments moments = {0};
    for (int i = 0; i < n; i++) {
        double map = queue->trial[cell->trial[i]].map;
        if (!isnan(map)) ftdn_moments_add(&moments, map);
    }
    return moments.n < 2 ? (double)INFINITY : ftdn_moments_half_width(&moments);
}

static bool is_through(ftdn_trial_state state)
{
    return state == FTDN_TRIAL_HELD || state == FTDN_TRIAL_DONE || state == FTDN_TRIAL_FAILED;
}

/* Ask for as many seeds of a cell as are needed by what is known now. */
static void ask_for_seeds(ftdn_trial_queue *queue, int c)
{
    const ftdn_plan_cell *cell = &queue->plan->cell[c];
    int *n_asked = &queue->n_asked[c];
    while (*n_asked < cell->n_seeds) {
        for (int i = 0; i < *n_asked; i++)
            if (!is_through(queue->trial[cell->trial[i]].state)) return;
        if (half_width(queue, cell, *n_asked) <= cell->ci95) return;
        int trial = cell->trial[(*n_asked)++];
        if (queue->trial[trial].state == FTDN_TRIAL_DORMANT) enqueue(queue, trial, false);
    }
}

static void begin_cell(ftdn_trial_queue *queue, int c)
{
    const ftdn_plan_cell *cell = &queue->plan->cell[c];
    bool is_open = cell->ci95 > 0 && cell->n_min < cell->n_seeds;
    queue->n_asked[c] = is_open ? cell->n_min : cell->n_seeds;
    for (int i = 0; i < queue->n_asked[c]; i++)
        if (queue->trial[cell->trial[i]].state == FTDN_TRIAL_DORMANT) enqueue(queue, cell->trial[i], false);
}

static ftdn_status index_cells(ftdn_trial_queue *queue, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_plan *plan = queue->plan;
    size_t n_members = 0;
    for (int c = 0; c < plan->n_cells; c++) n_members += (size_t)plan->cell[c].n_seeds;
    int *start = FTDN_NEW(arena, (size_t)plan->n_trials + 2, int, err);
    int *list = FTDN_NEW(arena, n_members, int, err);
    if (!start || !list) return FTDN_ERR_MEMORY;
    /* start[i + 1] counts, then holds where the next cell of trial i goes, then where those of trial i + 1 begin. */
    for (int c = 0; c < plan->n_cells; c++)
        for (int i = 0; i < plan->cell[c].n_seeds; i++) start[plan->cell[c].trial[i] + 2]++;
    for (int i = 0; i < plan->n_trials; i++) start[i + 2] += start[i + 1];
    for (int c = 0; c < plan->n_cells; c++)
        for (int i = 0; i < plan->cell[c].n_seeds; i++) list[start[plan->cell[c].trial[i] + 1]++] = c;
    queue->cells_of = start;
    queue->cell_list = list;
    return FTDN_OK;
}

static ftdn_status make_groups(ftdn_trial_queue *queue, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_trials = (size_t)queue->plan->n_trials;
    group_table table = {.n_slots = 64};
    while (table.n_slots < 2 * n_trials) table.n_slots *= 2;
    queue->group = FTDN_NEW(arena, n_trials, ftdn_trial_group, err);
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    table.slot = FTDN_NEW(arena, table.n_slots, int, err);
    if (!queue->group || !table.slot) return FTDN_ERR_MEMORY;
    for (int i = 0; i < queue->plan->n_trials; i++) queue->trial[i].group = find_or_add_group(queue, &table, i);
    ftdn_arena_reset(arena, mark);
    return FTDN_OK;
}

ftdn_status ftdn_trial_queue_init(ftdn_trial_queue *queue, const ftdn_plan *plan, const ftdn_held_trial *held,
                                  int n_held, ftdn_arena *arena, ftdn_error *err)
{
    *queue = (ftdn_trial_queue){
        .plan = plan,
        .most = INT_MAX,
        .trial = FTDN_NEW(arena, (size_t)plan->n_trials, ftdn_queued_trial, err),
        .n_asked = FTDN_NEW(arena, (size_t)plan->n_cells, int, err),
    };
    if (!queue->trial || !queue->n_asked) return FTDN_ERR_MEMORY;
    FTDN_TRY(index_cells(queue, arena, err));
    FTDN_TRY(make_groups(queue, arena, err));
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_held_trial *found = ftdn_held_trial_find(held, n_held, plan->trial[i].spec.id);
        ftdn_queued_trial *own = &queue->trial[i];
        own->state = found ? FTDN_TRIAL_HELD : FTDN_TRIAL_DORMANT;
        own->map = found ? found->map_voc07 : (double)NAN;
        queue->n_held += found != NULL;
    }
    for (int c = 0; c < plan->n_cells; c++) begin_cell(queue, c);
    for (int c = 0; c < plan->n_cells; c++) ask_for_seeds(queue, c);
    return FTDN_OK;
}

void ftdn_trial_queue_limit(ftdn_trial_queue *queue, int most)
{
    assert(queue->n_running + queue->n_done + queue->n_failed == 0);
    queue->most = most;
    queue->n_waiting = 0;
    for (int g = 0; g < queue->n_groups; g++) {
        queue->group[g].first = queue->group[g].last = -1;
        queue->group[g].n_waiting = 0;
    }
    for (int i = 0; i < queue->plan->n_trials; i++)
        if (queue->trial[i].state == FTDN_TRIAL_WAITING) enqueue(queue, i, false);
}

int ftdn_trial_queue_wanted(const ftdn_trial_queue *queue)
{
    return queue->n_waiting + queue->n_running + queue->n_done + queue->n_failed;
}

int ftdn_trial_queue_choose(ftdn_trial_queue *queue, int now, bool (*may)(void *user, int group), void *user)
{
    while (queue->first_open < queue->n_groups && queue->group[queue->first_open].n_waiting == 0) queue->first_open++;
    if (now >= 0 && queue->group[now].n_waiting > 0 && (!may || may(user, now))) return now;
    int chosen = -1;
    for (int g = queue->first_open; g < queue->n_groups; g++) {
        const ftdn_trial_group *group = &queue->group[g], *best = chosen < 0 ? NULL : &queue->group[chosen];
        if (group->n_waiting == 0 || (may && !may(user, g))) continue;
        if (group->n_workers == 0) return g;
        /* n_waiting / (n_workers + 1), compared without dividing; the first of equals. */
        if (!best ||
            (int64_t)group->n_waiting * (best->n_workers + 1) > (int64_t)best->n_waiting * (group->n_workers + 1))
            chosen = g;
    }
    return chosen;
}

int ftdn_trial_queue_take(ftdn_trial_queue *queue, int g)
{
    ftdn_trial_group *group = &queue->group[g];
    assert(group->n_waiting > 0);
    int trial = group->first;
    ftdn_queued_trial *own = &queue->trial[trial];
    group->first = own->next;
    if (group->first < 0) group->last = -1;
    group->n_waiting--;
    queue->n_waiting--;
    own->state = FTDN_TRIAL_RUNNING;
    own->next = -1;
    own->n_tries++;
    queue->n_running++;
    return trial;
}

/* A running trial is through: cells that waited for it may ask for more. */
static void end_trial(ftdn_trial_queue *queue, int trial, ftdn_trial_state state)
{
    assert(queue->trial[trial].state == FTDN_TRIAL_RUNNING);
    queue->trial[trial].state = state;
    queue->n_running--;
    for (int i = queue->cells_of[trial]; i < queue->cells_of[trial + 1]; i++) ask_for_seeds(queue, queue->cell_list[i]);
}

void ftdn_trial_queue_finish(ftdn_trial_queue *queue, int trial, double map)
{
    queue->trial[trial].map = map;
    queue->n_done++;
    end_trial(queue, trial, FTDN_TRIAL_DONE);
}

void ftdn_trial_queue_give_up(ftdn_trial_queue *queue, int trial)
{
    queue->n_failed++;
    end_trial(queue, trial, FTDN_TRIAL_FAILED);
}

void ftdn_trial_queue_retry(ftdn_trial_queue *queue, int trial)
{
    assert(queue->trial[trial].state == FTDN_TRIAL_RUNNING);
    queue->n_running--;
    enqueue(queue, trial, true);
}

void ftdn_trial_queue_redo(ftdn_trial_queue *queue, int trial)
{
    assert(queue->trial[trial].state == FTDN_TRIAL_DONE);
    queue->n_done--;
    queue->trial[trial].map = (double)NAN;
    enqueue(queue, trial, true);
}
