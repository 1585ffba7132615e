#include "harness/plan.h"

#include <stdlib.h>
#include <string.h>

#include "harness/rig.h"

/* What a builder calls a wrong argument is, seen from here, a mistake of the manifest. */
static ftdn_status blame_manifest(ftdn_status status, const ftdn_manifest *manifest, ftdn_error *err)
{
    if (status != FTDN_ERR_ARG) return status;
    if (err) err->status = FTDN_ERR_MANIFEST;
    ftdn_error_context(err, "%s", manifest->path);
    return FTDN_ERR_MANIFEST;
}

static ftdn_status check_scopes(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_scope_settings *settings[2] = {&trial->settings.faults.weight_scope,
                                              &trial->settings.faults.feature_map_scope};
    for (int location = 0; location < 2; location++) {
        const ftdn_scope scope = {
            .name = settings[location]->name,
            .n_globs = settings[location]->n_globs,
            .glob = settings[location]->glob,
        };
        ftdn_layer_set layers;
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        ftdn_status status =
            ftdn_scope_resolve(&scope, &trial->model->network.graph, (ftdn_location)location, arena, &layers, err);
        ftdn_arena_reset(arena, mark);
        if (status != FTDN_OK) return status;
    }
    return FTDN_OK;
}

static ftdn_status open_inputs(ftdn_planned_trial *trial, const ftdn_planned_trial *previous, ftdn_inputs *inputs,
                               ftdn_arena *arena, ftdn_error *err)
{
    FTDN_TRY(ftdn_inputs_get_model(inputs, &trial->settings.model, &trial->model, err));
    FTDN_TRY(ftdn_inputs_get_dataset(inputs, &trial->settings.dataset, &trial->dataset, err));
    if (trial->dataset->n_classes != trial->model->network.n_classes) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "model.classes: the model has %d classes, the dataset (%s) has %d",
                         trial->model->network.n_classes, trial->dataset->description, trial->dataset->n_classes);
    }
    bool checked = previous && previous->model == trial->model && ftdn_rig_fits(&previous->settings, &trial->settings);
    return checked ? FTDN_OK : check_scopes(trial, arena, err);
}

static ftdn_status plan_trial(const ftdn_manifest *manifest, size_t index, const ftdn_planned_trial *previous,
                              ftdn_inputs *inputs, ftdn_arena *arena, ftdn_planned_trial *trial, ftdn_error *err)
{
    ftdn_manifest_get_settings(manifest, index, &trial->settings);
    FTDN_TRY(blame_manifest(open_inputs(trial, previous, inputs, arena, err), manifest, err));
    const ftdn_backend *backend = ftdn_backend_find(trial->settings.engine.backend);
    if (!backend)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "backend '%s' is not in this build", trial->settings.engine.backend);
    const ftdn_trial_facts facts = {
        .width = trial->model->network.width,
        .weights_digest = trial->model->weights_digest,
        .dataset_digest = trial->dataset->digest,
        .n_images = trial->dataset->n_images,
        .arithmetic = ftdn_backend_arithmetic(backend, trial->settings.engine.conv_algorithm),
        .micro_batch = ftdn_backend_micro_batch(backend),
    };
    return ftdn_trial_spec_make(&trial->settings, &facts, arena, &trial->spec, err);
}

static int compare_ids(const void *a, const void *b)
{
    const ftdn_planned_trial *x = *(const ftdn_planned_trial *const *)a, *y = *(const ftdn_planned_trial *const *)b;
    int order = strcmp(x->spec.id, y->spec.id);
    return order ? order : (x > y) - (x < y);
}

/* Keep the first trial of each id. */
static ftdn_status drop_repeated(ftdn_plan *plan, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_trials = (size_t)plan->n_trials;
    const ftdn_planned_trial **by_id = FTDN_NEW(arena, n_trials, const ftdn_planned_trial *, err);
    bool *repeated = FTDN_NEW(arena, n_trials, bool, err);
    if (!by_id || !repeated) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_trials; i++) by_id[i] = &plan->trial[i];
    qsort(by_id, n_trials, sizeof *by_id, compare_ids);
    for (size_t i = 1; i < n_trials; i++) {
        if (!strcmp(by_id[i - 1]->spec.id, by_id[i]->spec.id)) repeated[by_id[i] - plan->trial] = true;
    }
    int n_kept = 0;
    for (size_t i = 0; i < n_trials; i++) {
        if (!repeated[i]) plan->trial[n_kept++] = plan->trial[i];
    }
    plan->n_repeated = plan->n_trials - n_kept;
    plan->n_trials = n_kept;
    return FTDN_OK;
}

ftdn_status ftdn_plan_make(const ftdn_manifest *manifest, ftdn_inputs *inputs, ftdn_arena *arena, ftdn_plan *ret_plan,
                           ftdn_error *err)
{
    ftdn_plan plan = {
        .manifest = manifest,
        .n_trials = (int)manifest->n_trials,
        .trial = FTDN_NEW(arena, manifest->n_trials, ftdn_planned_trial, err),
    };
    if (!plan.trial) return FTDN_ERR_MEMORY;
    for (int i = 0; i < plan.n_trials; i++) {
        const ftdn_planned_trial *previous = i ? &plan.trial[i - 1] : NULL;
        FTDN_TRY(plan_trial(manifest, (size_t)i, previous, inputs, arena, &plan.trial[i], err));
    }
    FTDN_TRY(drop_repeated(&plan, arena, err));
    *ret_plan = plan;
    return FTDN_OK;
}
