#include "harness/plan.h"

#include <stdlib.h>
#include <string.h>

#include "harness/calibration.h"
#include "harness/rig.h"
#include "protectors/duplication.h"

/* Two things that go together: seen once, they are not looked at again. */
typedef struct pair {
    struct pair *next;
    const void *first, *second;
} pair;

/* A plan under way. */
typedef struct planner {
    const ftdn_manifest *manifest;
    ftdn_inputs *inputs;
    ftdn_arena *arena;
    pair *protected_networks;   /* a model, a protector that fits it; newest first */
    pair *disjoint_calibration; /* a calibration, a dataset without its images; newest first */
} planner;

static bool has_pair(const pair *pairs, const void *first, const void *second)
{
    while (pairs && (pairs->first != first || pairs->second != second)) pairs = pairs->next;
    return pairs;
}

static ftdn_status add_pair(planner *p, pair **pairs, const void *first, const void *second, ftdn_error *err)
{
    pair *fresh = FTDN_NEW(p->arena, 1, pair, err);
    if (!fresh) return FTDN_ERR_MEMORY;
    *fresh = (pair){.next = *pairs, .first = first, .second = second};
    *pairs = fresh;
    return FTDN_OK;
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

static ftdn_status check_scopes(const planner *p, size_t index, const ftdn_planned_trial *trial, ftdn_error *err)
{
    const ftdn_fault_settings *faults = &trial->settings.faults;
    ftdn_status status = check_scope(trial, FTDN_LOCATION_WEIGHTS, &faults->weight_scope, p->arena, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_FAULTS_SCOPE_WEIGHTS, status, err));
    status = check_scope(trial, FTDN_LOCATION_FEATURE_MAP, &faults->feature_map_scope, p->arena, err);
    return ftdn_manifest_blame(p->manifest, index, FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS, status, err);
}

static ftdn_status check_classes(const ftdn_planned_trial *trial, ftdn_error *err)
{
    int n_model = trial->model->network.n_classes, n_dataset = trial->dataset->n_classes;
    if (n_model == n_dataset) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the model has %d classes, the dataset (%s) has %d", n_model,
                     trial->dataset->description, n_dataset);
}

/* Does the network have what the protection works on? */
static ftdn_status check_protection(planner *p, size_t index, const ftdn_planned_trial *trial, ftdn_error *err)
{
    const ftdn_protector *protector = ftdn_protector_find(trial->settings.protection.method);
    if (!protector->duplicates && !protector->clips) return FTDN_OK;
    if (has_pair(p->protected_networks, trial->model, protector)) return FTDN_OK;
    const ftdn_unit *unit;
    int n_units;
    ftdn_arena_mark mark = ftdn_arena_get_mark(p->arena);
    ftdn_status status = ftdn_units_find(&trial->model->network.graph, p->arena, &unit, &n_units, err);
    ftdn_arena_reset(p->arena, mark);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_PROTECTION_METHOD, status, err));
    return add_pair(p, &p->protected_networks, trial->model, protector, err);
}

/* Where a manifest asks for images that it does not name. */
static ftdn_key_id reason_for_calibration(const ftdn_trial_settings *settings)
{
    if (settings->calibration.kind != FTDN_DATA_NONE) return FTDN_KEY_CALIBRATION;
    return settings->protection.ranking ? FTDN_KEY_PROTECTION_RANKING : FTDN_KEY_PROTECTION_METHOD;
}

static ftdn_status open_calibration(planner *p, size_t index, ftdn_planned_trial *trial, ftdn_error *err)
{
    const ftdn_trial_settings *settings = &trial->settings;
    trial->calibration = NULL;
    if (!ftdn_settings_need_calibration(&settings->protection)) return FTDN_OK;
    ftdn_status status = ftdn_calibration_open(settings, trial->model, p->inputs, &trial->calibration, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, reason_for_calibration(settings), status, err));
    if (settings->calibration_may_overlap || has_pair(p->disjoint_calibration, trial->calibration, trial->dataset))
        return FTDN_OK;
    status = ftdn_calibration_check(settings, trial->calibration, trial->dataset, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_CALIBRATION, status, err));
    return add_pair(p, &p->disjoint_calibration, trial->calibration, trial->dataset, err);
}

static ftdn_status open_inputs(planner *p, size_t index, const ftdn_planned_trial *previous, ftdn_planned_trial *trial,
                               ftdn_error *err)
{
    ftdn_status status = ftdn_inputs_get_model(p->inputs, &trial->settings.model, &trial->model, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_MODEL, status, err));
    status = ftdn_inputs_get_dataset(p->inputs, &trial->settings.dataset, &trial->dataset, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_DATASET, status, err));
    status = check_classes(trial, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_MODEL_CLASSES, status, err));
    bool checked = previous && previous->model == trial->model && ftdn_rig_fits(&previous->settings, &trial->settings);
    if (!checked) FTDN_TRY(check_scopes(p, index, trial, err));
    FTDN_TRY(check_protection(p, index, trial, err));
    return open_calibration(p, index, trial, err);
}

static ftdn_status plan_trial(planner *p, size_t index, const ftdn_planned_trial *previous, ftdn_planned_trial *trial,
                              ftdn_error *err)
{
    ftdn_manifest_get_settings(p->manifest, index, &trial->settings);
    FTDN_TRY(open_inputs(p, index, previous, trial, err));
    const ftdn_backend *backend = ftdn_backend_find(trial->settings.engine.backend);
    if (!backend)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "backend '%s' is not in this build", trial->settings.engine.backend);
    const ftdn_trial_facts facts = {
        .width = trial->model->network.width,
        .weights_digest = trial->model->weights_digest,
        .dataset_digest = trial->dataset->digest,
        .n_images = trial->dataset->n_images,
        .calibration_digest = trial->calibration ? trial->calibration->digest : NULL,
        .n_calibration_images = trial->calibration ? trial->calibration->n_images : 0,
        .arithmetic = ftdn_backend_arithmetic(backend, trial->settings.engine.conv_algorithm),
        .micro_batch = ftdn_backend_micro_batch(backend),
    };
    return ftdn_trial_spec_make(&trial->settings, &facts, p->arena, &trial->spec, err);
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
    planner p = {.manifest = manifest, .inputs = inputs, .arena = arena};
    for (int i = 0; i < plan.n_trials; i++) {
        const ftdn_planned_trial *previous = i ? &plan.trial[i - 1] : NULL;
        FTDN_TRY(plan_trial(&p, (size_t)i, previous, &plan.trial[i], err));
    }
    FTDN_TRY(drop_repeated(&plan, arena, err));
    *ret_plan = plan;
    return FTDN_OK;
}
