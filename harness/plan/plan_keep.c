#include <assert.h>

#include "harness/plan/digest_index.h"
#include "harness/plan/plan.h"

#define IS_KEPT 1

static bool is_open(const ftdn_plan_cell *cell)
{
    return cell->ci95 > 0;
}

/* mine[t] becomes the number of trial t within the shard; -1: it is another shard's. Answers how many are kept. */
static int choose_trials(const ftdn_plan *plan, int i, int n, int *mine)
{
    for (int t = 0; t < plan->n_trials; t++)
        mine[t] = ftdn_digest_head(plan->trial[t].spec.id) % (uint64_t)n == (uint64_t)i - 1;
    for (int c = 0; c < plan->n_cells; c++) {
        const ftdn_plan_cell *cell = &plan->cell[c];
        if (!is_open(cell)) continue;
        for (int k = 0; k < cell->n_seeds; k++) {
            int t = cell->trial[k];
            mine[t] = ftdn_digest_head(plan->trial[t].spec.cell->digest) % (uint64_t)n == (uint64_t)i - 1;
        }
    }
    int n_kept = 0;
    for (int t = 0; t < plan->n_trials; t++) mine[t] = mine[t] == IS_KEPT ? n_kept++ : -1;
    return n_kept;
}

/* Lists of trials become lists of kept ones; cells that keep none go. */
static void shrink_cells(ftdn_plan *plan, const int *mine)
{
    int *list = plan->cell_trials, n_cells = 0;
    for (int c = 0; c < plan->n_cells; c++) {
        ftdn_plan_cell cell = plan->cell[c];
        int n_seeds = 0;
        for (int k = 0; k < cell.n_seeds; k++)
            if (mine[cell.trial[k]] >= 0) list[n_seeds++] = mine[cell.trial[k]];
        cell.trial = list;
        cell.n_seeds = n_seeds;
        if (n_seeds == 0) continue;
        list += n_seeds;
        plan->cell[n_cells++] = cell;
    }
    plan->n_cells = n_cells;
}

static void keep(ftdn_plan *plan, const int *mine, int n_kept)
{
    shrink_cells(plan, mine);
    for (int t = 0; t < plan->n_trials; t++)
        if (mine[t] >= 0) plan->trial[mine[t]] = plan->trial[t];
    plan->n_trials = n_kept;
}

void ftdn_plan_keep_shard(ftdn_plan *plan, int i, int n)
{
    assert(n >= 1 && i >= 1 && i <= n);
    int n_kept = choose_trials(plan, i, n, plan->scratch);
    keep(plan, plan->scratch, n_kept);
}

void ftdn_plan_keep_trial(ftdn_plan *plan, int trial)
{
    assert(trial >= 0 && trial < plan->n_trials);
    for (int t = 0; t < plan->n_trials; t++) plan->scratch[t] = t == trial ? 0 : -1;
    keep(plan, plan->scratch, 1);
}
