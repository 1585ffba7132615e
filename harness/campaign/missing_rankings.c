#include "harness/campaign/missing_rankings.h"

#include <math.h>
#include <string.h>

#include "harness/plan/arithmetic.h"
#include "harness/rankings/scores.h"

static bool needs_scores(const ftdn_planned_trial *trial)
{
    return !ftdn_is_null_trial(&trial->settings) && ftdn_scores_are_kept(&trial->settings.protection);
}

static ftdn_status is_kept(ftdn_store *store, const ftdn_planned_trial *trial, ftdn_arena *arena, bool *ret_is_kept,
                           ftdn_error *err)
{
    ftdn_layer_scores *layer;
    int n_layers;
    *ret_is_kept = false;
    return store ? ftdn_scores_find(store, trial, arena, &layer, &n_layers, ret_is_kept, err) : FTDN_OK;
}

static int find_or_add_sort(ftdn_missing_rankings *rankings, const ftdn_plan *plan, int trial)
{
    const ftdn_planned_trial *planned = &plan->trial[trial];
    for (int s = 0; s < rankings->n_sorts; s++) {
        const ftdn_planned_trial *other = &plan->trial[rankings->sort[s]];
        if (other->model == planned->model && other->calibration == planned->calibration &&
            !strcmp(other->settings.protection.ranking, planned->settings.protection.ranking))
            return s;
    }
    rankings->sort[rankings->n_sorts] = trial;
    return rankings->n_sorts++;
}

ftdn_status ftdn_missing_rankings_make(const ftdn_trial_queue *queue, ftdn_store *store, ftdn_arena *arena,
                                       ftdn_missing_rankings *ret_rankings, ftdn_error *err)
{
    size_t n_groups = (size_t)queue->n_groups;
    ftdn_missing_rankings rankings = {
        .seconds = FTDN_NEW(arena, n_groups, double, err),
        .sort_of = FTDN_NEW(arena, n_groups, int, err),
        .of_group = FTDN_NEW(arena, n_groups, int, err),
        .sort = FTDN_NEW(arena, n_groups, int, err),
    };
    /* All different keys: those that are missing, and -1 for those that the store has. */
    const char **key = FTDN_NEW(arena, n_groups, const char *, err);
    int *ranking_of_key = FTDN_NEW(arena, n_groups, int, err), n_keys = 0;
    if (!rankings.seconds || !rankings.sort_of || !rankings.of_group || !rankings.sort || !key || !ranking_of_key)
        return FTDN_ERR_MEMORY;
    for (int g = 0; g < queue->n_groups; g++) {
        int trial = queue->group[g].leader, k = 0;
        const ftdn_planned_trial *planned = &queue->plan->trial[trial];
        rankings.of_group[g] = -1;
        if (queue->group[g].n_waiting == 0 || !needs_scores(planned)) continue;
        const char *text;
        FTDN_TRY(ftdn_scores_key_text(planned, arena, &text, err));
        while (k < n_keys && strcmp(key[k], text) != 0) k++;
        if (k == n_keys) {
            bool kept;
            FTDN_TRY(is_kept(store, planned, arena, &kept, err));
            if (!kept) rankings.sort_of[rankings.n_rankings] = find_or_add_sort(&rankings, queue->plan, trial);
            ranking_of_key[n_keys] = kept ? -1 : rankings.n_rankings++;
            key[n_keys++] = text;
        }
        rankings.of_group[g] = ranking_of_key[k];
    }
    *ret_rankings = rankings;
    return FTDN_OK;
}

int ftdn_missing_rankings_price(ftdn_missing_rankings *rankings, const double *sort_s)
{
    int n_unknown = 0;
    for (int r = 0; r < rankings->n_rankings; r++) {
        double seconds = sort_s[rankings->sort_of[r]];
        n_unknown += isnan(seconds);
        rankings->seconds[r] = isnan(seconds) ? 0 : seconds;
    }
    return n_unknown;
}
