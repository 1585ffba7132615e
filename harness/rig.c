#include "harness/rig.h"

#include <string.h>

#include "harness/plan/arithmetic.h"
#include "harness/plan/same_settings.h"

static ftdn_scope scope_of(const ftdn_scope_settings *settings)
{
    return (ftdn_scope){.name = settings->name, .n_globs = settings->n_globs, .glob = settings->glob};
}

/* The networks whose answers the protected graph computes. */
static void make_networks(ftdn_rig *rig)
{
    const ftdn_protection *protection = &rig->protection;
    const int *const node_of[2] = {protection->node_of, protection->secondary_of};
    rig->n_networks = protection->secondary_of ? 2 : 1;
    for (int n = 0; n < rig->n_networks; n++) {
        ftdn_network *network = &rig->network[n];
        *network = rig->model->network;
        network->graph = *protection->graph;
        for (int h = 0; h < network->n_heads; h++) {
            network->class_head[h] = node_of[n][network->class_head[h]];
            network->box_head[h] = node_of[n][network->box_head[h]];
        }
    }
}

static ftdn_status make_program(ftdn_rig *rig, const ftdn_rig_desc *desc, ftdn_error *err)
{
    const ftdn_engine_settings *engine = &desc->trial->settings.engine;
    const ftdn_backend *backend;
    FTDN_TRY(ftdn_backend_open(engine->backend, &backend, err));
    int outputs[2 * 2 * FTDN_NETWORK_MAX_HEADS];
    int n_outputs = 2 * rig->network[0].n_heads;
    for (int n = 0; n < rig->n_networks; n++) ftdn_network_output_nodes(&rig->network[n], outputs + n * n_outputs);
    const ftdn_compile_desc compile = {
        .taps = rig->map_faults.tap,
        .n_taps = rig->map_faults.n_targets,
        .outputs = outputs,
        .n_outputs = rig->n_networks * n_outputs,
        .keep_all = desc->keep_maps,
        .micro_batch = ftdn_find_micro_batch(&desc->trial->settings, backend),
        .conv_algorithm = engine->conv_algorithm,
        .cache = desc->cache,
    };
    return ftdn_program_create(backend, rig->protection.graph, &compile, &rig->program, err);
}

static ftdn_detect_rule rule_of(const ftdn_evaluate_settings *evaluate)
{
    return (ftdn_detect_rule){
        .score_threshold = evaluate->score_threshold,
        .nms_iou = evaluate->nms_iou,
        .candidates_per_class = evaluate->candidates,
    };
}

static ftdn_weight_bank_desc describe_bank(const ftdn_rig *rig, ftdn_layer_set layers, int n_threads)
{
    return (ftdn_weight_bank_desc){
        .protection = &rig->protection,
        .program = rig->program,
        .context = rig->device ? rig->device->context : NULL,
        .layers = layers,
        .n_threads = n_threads,
    };
}

static ftdn_status make_bank(ftdn_rig *rig, ftdn_layer_set layers, ftdn_error *err)
{
    const ftdn_weight_bank_desc desc = describe_bank(rig, layers, rig->n_threads);
    return ftdn_weight_bank_init(&rig->bank, &desc, &rig->arena, err);
}

static ftdn_status make_workers(ftdn_rig *rig, const ftdn_trial_settings *settings, ftdn_layer_set weight_layers,
                                ftdn_error *err)
{
    const ftdn_worker_desc desc = {
        .network = rig->network,
        .n_networks = rig->n_networks,
        .combines_boxes = ftdn_same_text(settings->protection.combine, "boxes"),
        .priors = ftdn_network_priors(&rig->model->network, &rig->model->weights),
        .rule = rule_of(&settings->evaluate),
        .program = rig->program,
        .map_faults = &rig->map_faults,
        .bank = rig->redraws_weights ? NULL : &rig->bank,
        .own_bank = describe_bank(rig, weight_layers, 1),
    };
    if (!rig->redraws_weights) FTDN_TRY(make_bank(rig, weight_layers, err));
    rig->worker = FTDN_NEW(&rig->arena, (size_t)rig->n_threads, ftdn_worker, err);
    if (!rig->worker) return FTDN_ERR_MEMORY;
    while (rig->n_workers < rig->n_threads) FTDN_TRY(ftdn_worker_init(&rig->worker[rig->n_workers++], &desc, err));
    return FTDN_OK;
}

static ftdn_status make_device_worker(ftdn_rig *rig, const ftdn_rig_desc *rig_desc, ftdn_layer_set weight_layers,
                                      ftdn_error *err)
{
    const ftdn_trial_settings *settings = &rig_desc->trial->settings;
    const ftdn_device_worker_desc desc = {
        .network = rig->network,
        .n_networks = rig->n_networks,
        .combines_boxes = ftdn_same_text(settings->protection.combine, "boxes"),
        .priors = ftdn_network_priors(&rig->model->network, &rig->model->weights),
        .rule = rule_of(&settings->evaluate),
        .program = rig->program,
        .map_faults = &rig->map_faults,
        .bank = &rig->bank,
        .redraws_weights = rig->redraws_weights,
        .images = rig_desc->images,
    };
    rig->device = FTDN_NEW(&rig->arena, 1, ftdn_device_worker, err);
    if (!rig->device) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_device_worker_init(rig->device, &desc, err));
    return make_bank(rig, weight_layers, err);
}

static ftdn_status make_rig(ftdn_rig *rig, const ftdn_rig_desc *desc, ftdn_error *err)
{
    const ftdn_trial_settings *settings = &desc->trial->settings;
    const ftdn_graph *graph = &rig->model->network.graph;
    ftdn_scope weight_scope = scope_of(&settings->faults.weight_scope);
    ftdn_scope map_scope = scope_of(&settings->faults.feature_map_scope);
    ftdn_layer_set weight_layers, map_layers;
    FTDN_TRY(ftdn_scope_resolve(&weight_scope, graph, FTDN_LOCATION_WEIGHTS, &rig->arena, &weight_layers, err));
    FTDN_TRY(ftdn_scope_resolve(&map_scope, graph, FTDN_LOCATION_FEATURE_MAP, &rig->arena, &map_layers, err));
    FTDN_TRY(ftdn_protect(desc->trial, desc->scores, &rig->arena, &rig->protection, err));
    make_networks(rig);
    FTDN_TRY(ftdn_map_faults_init(&rig->map_faults, rig->protection.graph, map_layers,
                                  ftdn_settings_map_point(&settings->faults), &rig->arena, err));
    rig->redraws_weights = ftdn_settings_redraw_weights(&settings->faults);
    FTDN_TRY(make_program(rig, desc, err));
    bool is_on_device = ftdn_backend_device(ftdn_program_backend(rig->program)) != NULL;
    return is_on_device ? make_device_worker(rig, desc, weight_layers, err)
                        : make_workers(rig, settings, weight_layers, err);
}

ftdn_status ftdn_rig_init(ftdn_rig *rig, const ftdn_rig_desc *desc, ftdn_error *err)
{
    *rig = (ftdn_rig){.model = desc->trial->model, .n_threads = desc->n_threads};
    ftdn_arena_init(&rig->arena);
    ftdn_status status = make_rig(rig, desc, err);
    if (status != FTDN_OK) ftdn_rig_done(rig);
    return status;
}

void ftdn_rig_done(ftdn_rig *rig)
{
    for (int i = 0; i < rig->n_workers; i++) ftdn_worker_done(&rig->worker[i]);
    ftdn_weight_bank_done(&rig->bank);
    if (rig->device) ftdn_device_worker_done(rig->device);
    ftdn_program_free(rig->program);
    ftdn_arena_done(&rig->arena);
    *rig = (ftdn_rig){0};
}

ftdn_status ftdn_rig_prepare(ftdn_rig *rig, const ftdn_trial_settings *settings, ftdn_error *err)
{
    const ftdn_fault_draw weight_draw = ftdn_settings_fault_draw(settings, FTDN_LOCATION_WEIGHTS);
    const ftdn_fault_draw map_draw = ftdn_settings_fault_draw(settings, FTDN_LOCATION_FEATURE_MAP);
    for (int i = 0; i < rig->n_workers; i++) {
        ftdn_worker_reset(&rig->worker[i]);
        rig->worker[i].redraw = weight_draw;
    }
    ftdn_map_faults_set(&rig->map_faults, &map_draw);
    if (rig->device) FTDN_TRY(ftdn_device_worker_reset(rig->device, &weight_draw, err));
    if (rig->redraws_weights && !rig->device) return FTDN_OK;
    ftdn_weight_bank_reset_counts(&rig->bank);
    if (rig->redraws_weights) return FTDN_OK;
    return ftdn_weight_bank_set(&rig->bank, &weight_draw, 0, rig->device ? 1 : rig->n_threads, err);
}

static ftdn_status detect_on_host(ftdn_rig *rig, const ftdn_dataset *dataset, int first, int n_images,
                                  ftdn_image_detections *found, ftdn_error *err)
{
    ftdn_worker *worker = &rig->worker[0];
    bool hits_maps = ftdn_fault_draw_hits(&rig->map_faults.draw);
    int micro_batch = ftdn_worker_micro_batch(worker);
    for (int i = 0; i < n_images; i += micro_batch) {
        int n = n_images - i < micro_batch ? n_images - i : micro_batch;
        FTDN_TRY(ftdn_worker_detect(worker, dataset, first + i, n, hits_maps, &found[i], err));
    }
    return FTDN_OK;
}

static ftdn_status detect_on_device(ftdn_rig *rig, const ftdn_dataset *dataset, int first, int n_images,
                                    ftdn_image_detections *found, ftdn_error *err)
{
    ftdn_device_worker *worker = rig->device;
    FTDN_TRY(ftdn_device_worker_load(worker, dataset, first, n_images, err));
    for (int i = 0; i < n_images; i += worker->micro_batch) {
        int n = n_images - i < worker->micro_batch ? n_images - i : worker->micro_batch;
        FTDN_TRY(ftdn_device_worker_send(worker, dataset, first + i, n, 0, err));
        FTDN_TRY(ftdn_device_worker_receive(worker, 0, n, &found[i], err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_rig_detect(ftdn_rig *rig, const ftdn_dataset *dataset, int first, int n_images,
                            ftdn_image_detections *found, ftdn_error *err)
{
    return rig->device ? detect_on_device(rig, dataset, first, n_images, found, err)
                       : detect_on_host(rig, dataset, first, n_images, found, err);
}

ftdn_map_hook ftdn_rig_map_hook(const ftdn_rig *rig)
{
    if (rig->device) return ftdn_device_worker_hook(rig->device);
    return (ftdn_map_hook){.call = ftdn_map_injector_hook, .user = &rig->worker[0].injector};
}

ftdn_status ftdn_rig_forward(ftdn_rig *rig, const ftdn_dataset *dataset, int image, const ftdn_map_hook *hook,
                             ftdn_error *err)
{
    const ftdn_map_hook own = ftdn_rig_map_hook(rig);
    if (!hook && ftdn_fault_draw_hits(&rig->map_faults.draw)) hook = &own;
    return rig->device ? ftdn_device_worker_forward(rig->device, dataset, image, 1, hook, err)
                       : ftdn_worker_forward(&rig->worker[0], dataset, image, 1, hook, err);
}

ftdn_context *ftdn_rig_context(const ftdn_rig *rig)
{
    return rig->device ? rig->device->context : rig->worker[0].context;
}

ftdn_status ftdn_rig_read_map(const ftdn_rig *rig, const ftdn_map *map, float *ret_values, ftdn_error *err)
{
    size_t n_bytes = ftdn_shape_elements(map->shape) * sizeof *ret_values;
    if (rig->device)
        return rig->device->device->device->copy_after(rig->device->context, ret_values, map->values, n_bytes, err);
    memcpy(ret_values, map->values, n_bytes);
    return FTDN_OK;
}

ftdn_status ftdn_rig_read_answer(ftdn_rig *rig, int network, float *logits, float *locations, ftdn_error *err)
{
    ftdn_device_worker *device = rig->device;
    if (device) return device->device->detector->read_answer(device->detector, network, 0, logits, locations, err);
    ftdn_network_gather(&rig->network[network], rig->worker[0].context, 0, logits, locations);
    return FTDN_OK;
}

const ftdn_weight_faults *ftdn_rig_weight_faults(const ftdn_rig *rig)
{
    return rig->device ? &rig->bank.faults : &rig->worker[0].bank->faults;
}

size_t ftdn_rig_bytes(const ftdn_rig *rig)
{
    if (rig->device) return ftdn_program_slab_bytes(rig->program) + ftdn_device_worker_bytes(rig->device);
    size_t n_bytes = rig->arena.n_bytes;
    if (!rig->redraws_weights) n_bytes += ftdn_packed_bytes(rig->bank.packed);
    for (int i = 0; i < rig->n_workers; i++) {
        const ftdn_worker *worker = &rig->worker[i];
        n_bytes += worker->arena.peak_bytes + ftdn_program_slab_bytes(rig->program);
        if (rig->redraws_weights) n_bytes += ftdn_packed_bytes(worker->own_bank.packed);
    }
    return n_bytes;
}
