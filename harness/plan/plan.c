#include "harness/plan/plan.h"

#include <string.h>

#include "harness/plan/arithmetic.h"
#include "harness/plan/broken_inputs.h"
#include "harness/plan/calibration.h"
#include "harness/plan/digest_index.h"
#include "harness/plan/same_settings.h"
#include "protectors/duplication.h"

/* Two things that go together: seen once, they are not looked at again. */
typedef struct pair {
    struct pair *next;
    const void *first, *second;
} pair;

/* A trial in a cell. */
typedef struct cell_entry {
    int trial, cell;
} cell_entry;

/* A plan under way. */
typedef struct planner {
    const ftdn_manifest *manifest;
    ftdn_inputs *inputs;
    ftdn_arena *arena;
    ftdn_arena scratch; /* what the finished plan does not need */
    ftdn_sha256 *hash;
    ftdn_plan *plan;
    ftdn_digest_index by_id;
    int *last_sweep; /* [n_trials]: 1 + the last sweep that asked for the trial */
    size_t n_entries;
    cell_entry *entry;           /* [n_trials of the manifest], in its order */
    bool has_previous;
    ftdn_planned_trial previous; /* the last one whose scopes are known to be right */
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

/* Are the weights for these classes? */
static ftdn_status check_class_names(const ftdn_planned_trial *trial, ftdn_error *err)
{
    const ftdn_dataset *dataset = trial->dataset;
    const ftdn_class_names found = {dataset->description, dataset->n_classes, dataset->class_name};
    return ftdn_class_names_check(&trial->model->classes, &found, err);
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
static ftdn_key_id reason_for_calibration(const ftdn_trial_settings *settings, ftdn_status status)
{
    if (settings->calibration.kind != FTDN_DATA_NONE) return ftdn_calibration_key(status);
    return settings->protection.ranking ? FTDN_KEY_PROTECTION_RANKING : FTDN_KEY_PROTECTION_METHOD;
}

static ftdn_status open_calibration(planner *p, size_t index, ftdn_planned_trial *trial, ftdn_error *err)
{
    const ftdn_trial_settings *settings = &trial->settings;
    trial->calibration = NULL;
    if (!ftdn_settings_need_calibration(&settings->protection)) return FTDN_OK;
    ftdn_status status = ftdn_calibration_open(settings, trial->dataset, p->inputs, &trial->calibration, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, reason_for_calibration(settings, status), status, err));
    if (settings->calibration_may_overlap || has_pair(p->disjoint_calibration, trial->calibration, trial->dataset))
        return FTDN_OK;
    status = ftdn_calibration_check(settings, trial->calibration, trial->dataset, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_CALIBRATION, status, err));
    return add_pair(p, &p->disjoint_calibration, trial->calibration, trial->dataset, err);
}

static ftdn_status open_inputs(planner *p, size_t index, ftdn_planned_trial *trial, ftdn_error *err)
{
    ftdn_status status = ftdn_inputs_get_model(p->inputs, &trial->settings.model, &trial->model, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, ftdn_model_key(status), status, err));
    status = ftdn_inputs_get_dataset(p->inputs, &trial->settings.dataset, &trial->dataset, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, ftdn_dataset_key(status), status, err));
    status = check_classes(trial, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_MODEL_CLASSES, status, err));
    status = check_class_names(trial, err);
    FTDN_TRY(ftdn_manifest_blame(p->manifest, index, FTDN_KEY_MODEL_WEIGHTS, status, err));
    bool checked =
        p->has_previous && p->previous.model == trial->model && ftdn_same_rig(&p->previous.settings, &trial->settings);
    if (!checked) FTDN_TRY(check_scopes(p, index, trial, err));
    FTDN_TRY(check_protection(p, index, trial, err));
    return open_calibration(p, index, trial, err);
}

/* What the trials of a combination, or of a family, have in common. */
typedef struct shared_part {
    ftdn_planned_trial trial; /* without a spec */
    const ftdn_cell_spec *spec;
} shared_part;

/* index: of the first trial. */
static ftdn_status share(planner *p, size_t index, shared_part *ret_part, ftdn_error *err)
{
    ftdn_planned_trial *trial = &ret_part->trial;
    ftdn_manifest_get_settings(p->manifest, index, &trial->settings);
    FTDN_TRY(open_inputs(p, index, trial, err));
    p->previous = *trial;
    p->has_previous = true;
    ftdn_trial_facts facts = {
        .width = trial->model->network.width,
        .weights_digest = trial->model->weights_digest,
        .dataset_digest = trial->dataset->digest,
        .n_images = trial->dataset->n_images,
        .calibration_digest = trial->calibration ? trial->calibration->digest : NULL,
        .n_calibration_images = trial->calibration ? trial->calibration->n_images : 0,
    };
    ftdn_status status =
        ftdn_find_arithmetic(&trial->settings, p->inputs, p->arena, &facts.arithmetic, &facts.micro_batch, err);
    FTDN_TRY(ftdn_backend_blame(p->manifest, index, status, err));
    trial->arithmetic = facts.arithmetic;
    ftdn_cell_spec *spec = FTDN_NEW(p->arena, 1, ftdn_cell_spec, err);
    if (!spec) return FTDN_ERR_MEMORY;
    ret_part->spec = spec;
    return ftdn_cell_spec_make(&trial->settings, &facts, p->hash, p->arena, spec, err);
}

/* Plan the trial with this seed, unless it is planned already. Answers its number. */
static int add_trial(planner *p, const shared_part *part, uint64_t seed)
{
    ftdn_plan *plan = p->plan;
    ftdn_planned_trial *trial = &plan->trial[plan->n_trials];
    *trial = part->trial;
    trial->settings.seed = seed;
    trial->spec = ftdn_cell_spec_with_seed(part->spec, seed, p->hash);
    int t = ftdn_digest_index_add(&p->by_id, trial->spec.id, plan->n_trials);
    if (t == plan->n_trials) plan->n_trials++;
    else plan->n_repeated++;
    return t;
}

/* Note that trial t stands in a cell of the sweep; `cells`: those of this sweep by digest. Trials of one cell may come
 * one by one, where a grid varies the seed. */
static void add_to_cell(planner *p, int sweep, ftdn_digest_index *cells, int t)
{
    ftdn_plan *plan = p->plan;
    const ftdn_seeds *seeds = &p->manifest->sweep[sweep].seeds;
    int c = ftdn_digest_index_add(cells, plan->trial[t].spec.cell->digest, plan->n_cells);
    if (c == plan->n_cells)
        plan->cell[plan->n_cells++] = (ftdn_plan_cell){.sweep = sweep, .ci95 = seeds->ci95, .n_min = seeds->n_min};
    if (p->last_sweep[t] == sweep + 1) return; /* a combination that repeats another one */
    p->last_sweep[t] = sweep + 1;
    plan->cell[c].n_seeds++;
    p->entry[p->n_entries++] = (cell_entry){t, c};
}

/* The shared part of a combination: of its family where a grid varies the seed, else made anew in `own`.
 * families: NULL, or [n_families]. */
static ftdn_status find_part(planner *p, size_t index, shared_part **family, shared_part *own,
                             const shared_part **ret_part, ftdn_error *err)
{
    *ret_part = family && *family ? *family : own;
    if (family && *family) return FTDN_OK;
    FTDN_TRY(share(p, index, own, err));
    if (!family) return FTDN_OK;
    *family = FTDN_NEW(&p->scratch, 1, shared_part, err);
    if (!*family) return FTDN_ERR_MEMORY;
    **family = *own;
    return FTDN_OK;
}

static ftdn_status plan_sweep(planner *p, int number, size_t first_index, ftdn_error *err)
{
    const ftdn_sweep *sweep = &p->manifest->sweep[number];
    size_t n_families = ftdn_sweep_n_families(sweep), n_seeds = ftdn_sweep_n_seeds(sweep);
    shared_part own = {0}, **families = NULL;
    if (n_families < sweep->n_product + sweep->n_included) {
        families = FTDN_NEW(&p->scratch, n_families, shared_part *, err);
        if (!families) return FTDN_ERR_MEMORY;
    }
    ftdn_digest_index cells;
    FTDN_TRY(ftdn_digest_index_init(&cells, sweep->n_combinations, &p->scratch, err));
    for (size_t c = 0; c < sweep->n_combinations; c++) {
        const shared_part *part;
        size_t index = first_index + c * n_seeds;
        shared_part **family = families ? &families[ftdn_sweep_get_family(sweep, c)] : NULL;
        FTDN_TRY(find_part(p, index, family, &own, &part, err));
        for (size_t i = 0; i < n_seeds; i++) {
            uint64_t seed = part->trial.settings.seed;
            if (sweep->seeds.n) seed = ftdn_seeds_get(&sweep->seeds, (int)i);
            else if (families) seed = ftdn_manifest_get_seed(p->manifest, index);
            add_to_cell(p, number, &cells, add_trial(p, part, seed));
        }
    }
    return FTDN_OK;
}

/* The lists of the cells, out of the entries. */
static ftdn_status fill_cells(const planner *p, ftdn_error *err)
{
    ftdn_plan *plan = p->plan;
    plan->cell_trials = FTDN_NEW(p->arena, p->n_entries, int, err);
    plan->scratch = FTDN_NEW(p->arena, (size_t)plan->n_trials, int, err);
    if (!plan->cell_trials || !plan->scratch) return FTDN_ERR_MEMORY;
    int **next = FTDN_NEW(p->arena, (size_t)plan->n_cells, int *, err);
    if (!next) return FTDN_ERR_MEMORY;
    int *list = plan->cell_trials;
    for (int c = 0; c < plan->n_cells; c++) {
        plan->cell[c].trial = next[c] = list;
        list += plan->cell[c].n_seeds;
    }
    for (size_t i = 0; i < p->n_entries; i++) *next[p->entry[i].cell]++ = p->entry[i].trial;
    return FTDN_OK;
}

static ftdn_status plan_sweeps(planner *p, ftdn_error *err)
{
    const ftdn_manifest *manifest = p->manifest;
    ftdn_plan *plan = p->plan;
    size_t n_combinations = 0, index = 0;
    for (int s = 0; s < manifest->n_sweeps; s++) n_combinations += manifest->sweep[s].n_combinations;
    const char **names = FTDN_NEW(p->arena, (size_t)manifest->n_sweeps, const char *, err);
    plan->trial = FTDN_NEW(p->arena, manifest->n_trials, ftdn_planned_trial, err);
    plan->cell = FTDN_NEW(p->arena, n_combinations, ftdn_plan_cell, err);
    p->last_sweep = FTDN_NEW(&p->scratch, manifest->n_trials, int, err);
    p->entry = FTDN_NEW(&p->scratch, manifest->n_trials, cell_entry, err);
    if (!names || !plan->trial || !plan->cell || !p->last_sweep || !p->entry) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_digest_index_init(&p->by_id, manifest->n_trials, &p->scratch, err));
    plan->sweep_name = names;
    plan->n_sweeps = manifest->n_sweeps;
    for (int s = 0; s < manifest->n_sweeps; s++) {
        names[s] = manifest->sweep[s].name;
        FTDN_TRY(plan_sweep(p, s, index, err));
        index += manifest->sweep[s].n_trials;
    }
    return fill_cells(p, err);
}

ftdn_status ftdn_plan_make(const ftdn_manifest *manifest, ftdn_inputs *inputs, ftdn_arena *arena, ftdn_plan *ret_plan,
                           ftdn_error *err)
{
    ftdn_plan plan = {.manifest = manifest};
    planner p = {.manifest = manifest, .inputs = inputs, .arena = arena, .plan = &plan};
    FTDN_TRY(ftdn_sha256_create(&p.hash, err));
    ftdn_arena_init(&p.scratch);
    ftdn_status status = plan_sweeps(&p, err);
    ftdn_arena_done(&p.scratch);
    ftdn_sha256_free(p.hash);
    if (status == FTDN_OK) *ret_plan = plan;
    return status;
}
