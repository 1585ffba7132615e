#include "harness/estimate/trial_kinds.h"

#include <string.h>

#include "harness/plan/same.h"

static bool hits_weights(const ftdn_fault_settings *faults)
{
    return faults->weight_rate > 0 || faults->weight_count > 0;
}

static bool hits_maps(const ftdn_fault_settings *faults)
{
    return faults->feature_map_rate > 0 || faults->feature_map_count > 0;
}

static bool are_alike(const ftdn_planned_trial *a, const ftdn_planned_trial *b)
{
    const ftdn_trial_settings *x = &a->settings, *y = &b->settings;
    if (a->model != b->model || strcmp(x->engine.backend, y->engine.backend) != 0 ||
        x->engine.conv_algorithm != y->engine.conv_algorithm || x->engine.micro_batch != y->engine.micro_batch ||
        strcmp(x->protection.method, y->protection.method) != 0)
        return false;
    bool weights = hits_weights(&x->faults), maps = hits_maps(&x->faults);
    if (weights != hits_weights(&y->faults) || maps != hits_maps(&y->faults)) return false;
    if (weights && strcmp(x->faults.redraw, y->faults.redraw) != 0) return false;
    if (maps && strcmp(x->faults.feature_map_point, y->faults.feature_map_point) != 0) return false;
    return ftdn_same_text(x->protection.merge_point, y->protection.merge_point) &&
           ftdn_same_text(x->protection.combine, y->protection.combine);
}

/* Trials in a row tend to be of few kinds: the last one found is looked at first. */
static int find_or_add(ftdn_trial_kinds *kinds, const ftdn_plan *plan, int trial, int last)
{
    const ftdn_planned_trial *planned = &plan->trial[trial];
    if (last >= 0 && are_alike(&plan->trial[kinds->kind[last].leader], planned)) return last;
    for (int k = 0; k < kinds->n_kinds; k++)
        if (are_alike(&plan->trial[kinds->kind[k].leader], planned)) return k;
    kinds->kind[kinds->n_kinds] = (ftdn_trial_kind){.leader = trial};
    return kinds->n_kinds++;
}

static void list_members(ftdn_trial_kinds *kinds, int n_trials, int *member)
{
    int first = 0;
    for (int k = 0; k < kinds->n_kinds; k++) {
        kinds->kind[k].first = first;
        first += kinds->kind[k].n_trials;
        kinds->kind[k].n_trials = 0;
    }
    for (int i = 0; i < n_trials; i++) {
        if (kinds->of_trial[i] < 0) continue;
        ftdn_trial_kind *kind = &kinds->kind[kinds->of_trial[i]];
        member[kind->first + kind->n_trials++] = i;
    }
}

ftdn_status ftdn_trial_kinds_make(const ftdn_trial_queue *queue, ftdn_arena *arena, ftdn_trial_kinds *ret_kinds,
                                  ftdn_error *err)
{
    const ftdn_plan *plan = queue->plan;
    size_t n_trials = (size_t)plan->n_trials;
    ftdn_trial_kinds kinds = {.kind = FTDN_NEW(arena, n_trials, ftdn_trial_kind, err)};
    int *of_trial = FTDN_NEW(arena, n_trials, int, err);
    int *member = FTDN_NEW(arena, n_trials, int, err);
    if (!kinds.kind || !of_trial || !member) return FTDN_ERR_MEMORY;
    int last = -1;
    for (int i = 0; i < plan->n_trials; i++) {
        of_trial[i] = -1;
        if (queue->trial[i].state == FTDN_TRIAL_HELD) continue;
        of_trial[i] = last = find_or_add(&kinds, plan, i, last);
        kinds.kind[last].n_trials++;
    }
    kinds.of_trial = of_trial;
    list_members(&kinds, plan->n_trials, member);
    kinds.member = member;
    *ret_kinds = kinds;
    return FTDN_OK;
}

int ftdn_trial_kinds_sample(const ftdn_trial_kinds *kinds, int kind, int i)
{
    /* The van der Corput sequence: the digits of i + 1 in base 2, mirrored at the point. */
    double place = 0, digit = 0.5;
    for (int rest = i + 1; rest > 0; rest /= 2, digit /= 2) place += rest % 2 * digit;
    const ftdn_trial_kind *own = &kinds->kind[kind];
    return kinds->member[own->first + (int)(place * own->n_trials)];
}
