#include "harness/campaign/kept_scores.h"

#include <string.h>

#include "harness/plan/arithmetic.h"
#include "harness/rankings/scores.h"

ftdn_status ftdn_kept_scores_init(ftdn_kept_scores *kept, ftdn_store *store, const ftdn_trial_queue *queue,
                                  ftdn_arena *arena, ftdn_error *err)
{
    *kept = (ftdn_kept_scores){
        .arena = arena,
        .store = store,
        .queue = queue,
        .of_group = FTDN_NEW(arena, (size_t)queue->n_groups, ftdn_kept_ranking *, err),
    };
    return kept->of_group ? FTDN_OK : FTDN_ERR_MEMORY;
}

static const ftdn_planned_trial *leader_of(const ftdn_kept_scores *kept, int group)
{
    return &kept->queue->plan->trial[kept->queue->group[group].leader];
}

static ftdn_status add_ranking(ftdn_kept_scores *kept, const char *key, ftdn_kept_ranking **ret_ranking,
                               ftdn_error *err)
{
    ftdn_kept_ranking **ranking = ftdn_arena_grow(kept->arena, kept->ranking, kept->n_rankings, &kept->capacity,
                                                  sizeof(ftdn_kept_ranking *), err);
    if (!ranking) return FTDN_ERR_MEMORY;
    kept->ranking = ranking;
    ftdn_kept_ranking *fresh = FTDN_NEW(kept->arena, 1, ftdn_kept_ranking, err);
    if (!fresh) return FTDN_ERR_MEMORY;
    fresh->key = key;
    kept->ranking[kept->n_rankings++] = fresh;
    *ret_ranking = fresh;
    return FTDN_OK;
}

ftdn_status ftdn_kept_scores_get(ftdn_kept_scores *kept, int group, ftdn_kept_ranking **ret_ranking, ftdn_error *err)
{
    const ftdn_planned_trial *leader = leader_of(kept, group);
    *ret_ranking = kept->of_group[group];
    bool needs_none = ftdn_is_null_trial(&leader->settings) || !ftdn_scores_are_kept(&leader->settings.protection);
    if (*ret_ranking || needs_none) return FTDN_OK;
    const char *key;
    FTDN_TRY(ftdn_scores_key_text(leader, kept->arena, &key, err));
    for (int i = 0; i < kept->n_rankings && !*ret_ranking; i++)
        if (!strcmp(kept->ranking[i]->key, key)) *ret_ranking = kept->ranking[i];
    if (!*ret_ranking) {
        bool found;
        ftdn_kept_ranking *fresh;
        FTDN_TRY(add_ranking(kept, key, &fresh, err));
        FTDN_TRY(ftdn_scores_find(kept->store, leader, kept->arena, &fresh->layer, &fresh->n_layers, &found, err));
        if (found) fresh->state = FTDN_KEPT_READY;
        *ret_ranking = fresh;
    }
    kept->of_group[group] = *ret_ranking;
    return FTDN_OK;
}

ftdn_status ftdn_kept_scores_put(ftdn_kept_scores *kept, int group, ftdn_layer_scores *layer, int n_layers,
                                 double seconds, ftdn_error *err)
{
    ftdn_kept_ranking *ranking = kept->of_group[group];
    FTDN_TRY(ftdn_scores_keep(kept->store, leader_of(kept, group), layer, n_layers, seconds, err));
    ranking->layer = layer;
    ranking->n_layers = n_layers;
    ranking->state = FTDN_KEPT_READY;
    return FTDN_OK;
}
