#include "harness/plan.h"

#include <stdlib.h>
#include <string.h>

#include "harness/rig.h"

/* A trial of the manifest, for what has to be said about it. */
typedef struct origin {
    const ftdn_manifest *manifest;
    size_t index;
} origin;

/* What a library calls a wrong argument is, seen from here, a mistake of the manifest: at the value of `key`, or
 * at the nearest object around it that is given. */
static ftdn_status blame_manifest(ftdn_status status, const origin *from, ftdn_key_id key, ftdn_error *err)
{
    if (status != FTDN_ERR_ARG) return status;
    ftdn_document document;
    ftdn_sweep_get(&from->manifest->sweep, &from->manifest->base, from->index, &document);
    ftdn_key_id given = key;
    while (!document.value[given].node) given = ftdn_key_parent(given);
    const ftdn_json *node = document.value[given].node;
    ftdn_position position = ftdn_position_of_value(node);
    if (node->kind != FTDN_JSON_OBJECT) key = given; /* a scope for weights and maps together */
    if (err) err->status = FTDN_ERR_MANIFEST;
    ftdn_error_context(err, "%s:%d:%d: %s", position.file, position.line, position.column,
                       ftdn_manifest_keys[key].path);
    return FTDN_ERR_MANIFEST;
}

static ftdn_status check_scope(const ftdn_planned_trial *trial, ftdn_location location,
                               const ftdn_scope_settings *settings, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_scope scope = {.name = settings->name, .n_globs = settings->n_globs, .glob = settings->glob};
    ftdn_layer_set layers;
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = ftdn_scope_resolve(&scope, &trial->model->network.graph, location, arena, &layers, err);
    ftdn_arena_reset(arena, mark);
    return status;
}

static ftdn_status check_scopes(const ftdn_planned_trial *trial, const origin *from, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_fault_settings *faults = &trial->settings.faults;
    ftdn_status status = check_scope(trial, FTDN_LOCATION_WEIGHTS, &faults->weight_scope, arena, err);
    FTDN_TRY(blame_manifest(status, from, FTDN_KEY_FAULTS_SCOPE_WEIGHTS, err));
    status = check_scope(trial, FTDN_LOCATION_FEATURE_MAP, &faults->feature_map_scope, arena, err);
    return blame_manifest(status, from, FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS, err);
}

static ftdn_status check_classes(const ftdn_planned_trial *trial, ftdn_error *err)
{
    int n_model = trial->model->network.n_classes, n_dataset = trial->dataset->n_classes;
    if (n_model == n_dataset) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the model has %d classes, the dataset (%s) has %d", n_model,
                     trial->dataset->description, n_dataset);
}

static ftdn_status open_inputs(ftdn_planned_trial *trial, const ftdn_planned_trial *previous, const origin *from,
                               ftdn_inputs *inputs, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_status status = ftdn_inputs_get_model(inputs, &trial->settings.model, &trial->model, err);
    FTDN_TRY(blame_manifest(status, from, FTDN_KEY_MODEL, err));
    status = ftdn_inputs_get_dataset(inputs, &trial->settings.dataset, &trial->dataset, err);
    FTDN_TRY(blame_manifest(status, from, FTDN_KEY_DATASET, err));
    FTDN_TRY(blame_manifest(check_classes(trial, err), from, FTDN_KEY_MODEL_CLASSES, err));
    bool checked = previous && previous->model == trial->model && ftdn_rig_fits(&previous->settings, &trial->settings);
    return checked ? FTDN_OK : check_scopes(trial, from, arena, err);
}

static ftdn_status plan_trial(const ftdn_manifest *manifest, size_t index, const ftdn_planned_trial *previous,
                              ftdn_inputs *inputs, ftdn_arena *arena, ftdn_planned_trial *trial, ftdn_error *err)
{
    ftdn_manifest_get_settings(manifest, index, &trial->settings);
    const origin from = {manifest, index};
    FTDN_TRY(open_inputs(trial, previous, &from, inputs, arena, err));
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
