#include "harness/plan/find.h"

#include <string.h>

#include "base/suggest.h"

ftdn_status ftdn_find_image(const ftdn_dataset *dataset, const char *name, int *ret_image, ftdn_error *err)
{
    for (int i = 0; i < dataset->n_images; i++) {
        if (strcmp(dataset->image[i].name, name)) continue;
        *ret_image = i;
        return FTDN_OK;
    }
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the trial has no image '%s'; the first one is '%s'", name,
                     dataset->image[0].name);
}

ftdn_status ftdn_find_trial(const ftdn_plan *plan, const char *prefix, const ftdn_planned_trial **ret_trial,
                            ftdn_error *err)
{
    const ftdn_planned_trial *found = NULL;
    for (int i = 0; i < plan->n_trials; i++) {
        if (strncmp(plan->trial[i].spec.id, prefix, strlen(prefix))) continue;
        if (found) return FTDN_FAIL(err, FTDN_ERR_ARG, "several trials have ids that begin with '%s'", prefix);
        found = &plan->trial[i];
    }
    if (!found) return FTDN_FAIL(err, FTDN_ERR_ARG, "no trial of the manifest has an id that begins with '%s'", prefix);
    *ret_trial = found;
    return FTDN_OK;
}

ftdn_status ftdn_find_layer(const ftdn_graph *graph, const char *name, ftdn_arena *arena, int *ret_layer,
                            ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)graph->n_layers, const char *, err);
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_layers; i++) {
        names[i] = graph->layer[i].name;
        if (strcmp(name, names[i])) continue;
        *ret_layer = i;
        return FTDN_OK;
    }
    const char *nearest = ftdn_suggest(name, names, graph->n_layers);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the network has no layer '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}
