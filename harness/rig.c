#include "harness/rig.h"

#include <string.h>

static ftdn_scope scope_of(const ftdn_scope_settings *settings)
{
    return (ftdn_scope){.name = settings->name, .n_globs = settings->n_globs, .glob = settings->glob};
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_scope(const ftdn_scope_settings *a, const ftdn_scope_settings *b)
{
    if (!same_text(a->name, b->name) || a->n_globs != b->n_globs) return false;
    for (int i = 0; i < a->n_globs; i++) {
        if (strcmp(a->glob[i], b->glob[i])) return false;
    }
    return true;
}

static bool same_rule(const ftdn_evaluate_settings *a, const ftdn_evaluate_settings *b)
{
    return a->score_threshold == b->score_threshold && a->nms_iou == b->nms_iou && a->candidates == b->candidates;
}

/* Where maps are tapped. Without map faults nothing has to be seen at the convolutions' outputs, and
 * such a trial gives the bits of the golden run whatever point it names. */
static ftdn_map_point point_of(const ftdn_fault_settings *faults)
{
    bool at_conv = faults->feature_map_rate > 0 && !strcmp(faults->feature_map_point, "conv");
    return at_conv ? FTDN_MAP_POINT_CONV : FTDN_MAP_POINT_ACTIVATION;
}

bool ftdn_rig_fits(const ftdn_trial_settings *a, const ftdn_trial_settings *b)
{
    return same_text(a->engine.backend, b->engine.backend) && a->engine.conv_algorithm == b->engine.conv_algorithm &&
           same_rule(&a->evaluate, &b->evaluate) && same_scope(&a->faults.weight_scope, &b->faults.weight_scope) &&
           same_scope(&a->faults.feature_map_scope, &b->faults.feature_map_scope) &&
           point_of(&a->faults) == point_of(&b->faults);
}

static ftdn_status make_worker(ftdn_rig *rig, ftdn_worker *worker, const ftdn_detect_rule *rule, ftdn_error *err)
{
    const ftdn_network *network = &rig->model->network;
    size_t n_priors = (size_t)network->n_priors;
    size_t micro_batch = (size_t)ftdn_program_micro_batch(rig->program);
    ftdn_arena_init(&worker->arena);
    FTDN_TRY(ftdn_context_create(rig->program, &worker->context, err));
    FTDN_TRY(ftdn_detector_init(&worker->detector, network, rule, &worker->arena, err));
    FTDN_TRY(ftdn_map_injector_init(&worker->injector, &rig->map_faults, &worker->arena, err));
    worker->logits = FTDN_NEW(&worker->arena, n_priors * (size_t)(network->n_classes + 1), float, err);
    worker->locations = FTDN_NEW(&worker->arena, n_priors * 4, float, err);
    worker->pixels = FTDN_NEW(&worker->arena, micro_batch, const uint8_t *, err);
    worker->image_id = FTDN_NEW(&worker->arena, micro_batch, uint64_t, err);
    if (!worker->logits || !worker->locations || !worker->pixels || !worker->image_id) return FTDN_ERR_MEMORY;
    worker->injector.image_id = worker->image_id;
    worker->empty = ftdn_arena_get_mark(&worker->arena);
    return FTDN_OK;
}

static ftdn_status make_injectors(ftdn_rig *rig, const ftdn_fault_settings *faults, ftdn_error *err)
{
    const ftdn_graph *graph = &rig->model->network.graph;
    ftdn_scope weight_scope = scope_of(&faults->weight_scope), map_scope = scope_of(&faults->feature_map_scope);
    ftdn_layer_set weight_layers, map_layers;
    FTDN_TRY(ftdn_scope_resolve(&weight_scope, graph, FTDN_LOCATION_WEIGHTS, &rig->arena, &weight_layers, err));
    FTDN_TRY(ftdn_scope_resolve(&map_scope, graph, FTDN_LOCATION_FEATURE_MAP, &rig->arena, &map_layers, err));
    FTDN_TRY(
        ftdn_weight_faults_init(&rig->weight_faults, graph, weight_layers, &rig->model->weights, &rig->arena, err));
    return ftdn_map_faults_init(&rig->map_faults, graph, map_layers, point_of(faults), &rig->arena, err);
}

static ftdn_status make_program(ftdn_rig *rig, const ftdn_engine_settings *engine, ftdn_error *err)
{
    const ftdn_network *network = &rig->model->network;
    const ftdn_backend *backend = ftdn_backend_find(engine->backend);
    if (!backend) return FTDN_FAIL(err, FTDN_ERR_ARG, "backend '%s' is unknown", engine->backend);
    int outputs[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, outputs);
    const ftdn_compile_desc desc = {
        .taps = rig->map_faults.tap,
        .n_taps = rig->map_faults.layers.n_layers,
        .outputs = outputs,
        .n_outputs = 2 * network->n_heads,
        .conv_algorithm = engine->conv_algorithm,
    };
    FTDN_TRY(ftdn_program_create(backend, &network->graph, &desc, &rig->program, err));
    return ftdn_packed_create(rig->program, &rig->model->weights, rig->n_workers, &rig->packed, err);
}

static ftdn_status make_rig(ftdn_rig *rig, const ftdn_trial_settings *settings, ftdn_error *err)
{
    size_t n_params = (size_t)rig->model->network.graph.n_params;
    FTDN_TRY(make_injectors(rig, &settings->faults, err));
    FTDN_TRY(make_program(rig, &settings->engine, err));
    rig->packed_is_faulty = FTDN_NEW(&rig->arena, n_params, bool, err);
    rig->changed = FTDN_NEW(&rig->arena, n_params, bool, err);
    rig->worker = FTDN_NEW(&rig->arena, (size_t)rig->n_workers, ftdn_worker, err);
    if (!rig->packed_is_faulty || !rig->changed || !rig->worker) return FTDN_ERR_MEMORY;
    const ftdn_detect_rule rule = {
        .score_threshold = settings->evaluate.score_threshold,
        .nms_iou = settings->evaluate.nms_iou,
        .candidates_per_class = settings->evaluate.candidates,
    };
    for (int i = 0; i < rig->n_workers; i++) FTDN_TRY(make_worker(rig, &rig->worker[i], &rule, err));
    return FTDN_OK;
}

ftdn_status ftdn_rig_init(ftdn_rig *rig, const ftdn_model *model, const ftdn_trial_settings *settings, int n_threads,
                          ftdn_error *err)
{
    *rig = (ftdn_rig){.model = model, .n_workers = n_threads};
    ftdn_arena_init(&rig->arena);
    ftdn_status status = make_rig(rig, settings, err);
    if (status != FTDN_OK) ftdn_rig_done(rig);
    return status;
}

void ftdn_rig_done(ftdn_rig *rig)
{
    for (int i = 0; rig->worker && i < rig->n_workers; i++) {
        ftdn_context_free(rig->worker[i].context);
        ftdn_arena_done(&rig->worker[i].arena);
    }
    ftdn_packed_free(rig->packed);
    ftdn_program_free(rig->program);
    ftdn_arena_done(&rig->arena);
    *rig = (ftdn_rig){0};
}

ftdn_status ftdn_rig_set_weights(ftdn_rig *rig, const ftdn_fault_model *model, double rate, uint64_t seed,
                                 ftdn_error *err)
{
    const ftdn_graph *graph = &rig->model->network.graph;
    const ftdn_weights *weights = rate > 0 ? &rig->weight_faults.faulty : &rig->model->weights;
    if (rate > 0) ftdn_weight_faults_draw(&rig->weight_faults, model, rate, seed, rig->n_workers);
    /* Until the update is through, what it changes counts as faulty: where it fails, the next trial packs it anew. */
    const ftdn_weights *clean = &rig->model->weights;
    for (int i = 0; i < graph->n_params; i++) {
        rig->changed[i] = rig->packed_is_faulty[i] || weights->value[i] != clean->value[i];
        rig->packed_is_faulty[i] = rig->changed[i];
    }
    FTDN_TRY(ftdn_packed_update(rig->packed, weights, rig->changed, rig->n_workers, err));
    for (int i = 0; i < graph->n_params; i++) rig->packed_is_faulty[i] = weights->value[i] != clean->value[i];
    return FTDN_OK;
}

size_t ftdn_rig_bytes(const ftdn_rig *rig)
{
    size_t n_bytes = rig->arena.n_bytes + ftdn_packed_bytes(rig->packed);
    for (int i = 0; i < rig->n_workers; i++) {
        n_bytes += rig->worker[i].arena.peak_bytes + ftdn_program_slab_bytes(rig->program);
    }
    return n_bytes;
}
