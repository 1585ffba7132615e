/* workload.h - a small trial on the device: a protected network whose weights and maps are hit. */
#ifndef FTDN_TESTS_GPU_WORKLOAD_H
#define FTDN_TESTS_GPU_WORKLOAD_H

#include "injectors/map_faults_device.h"
#include "injectors/weight_faults_device.h"
#include "protectors/assembly_device.h"
#include "rankers/ranking_device.h"
#include "tests/gpu/gpu.h"
#include "tests/protectors/small_networks.h"

enum { WORKLOAD_BATCH = 3, WORKLOAD_IMAGES = 5, WORKLOAD_MAX_LAYERS = 32 };

typedef struct workload {
    ftdn_arena arena;
    small_network network;
    ftdn_protection *protection;
    ftdn_weight_faults weight_faults;
    ftdn_map_faults map_faults;
    ftdn_compile_desc compile;
    int output; /* of the protected graph */
    size_t n_in, n_out;
    uint8_t *bytes; /* [WORKLOAD_IMAGES,n_in] */
    uint64_t image_id[WORKLOAD_IMAGES];
} workload;

/* What a trial answers. */
typedef struct workload_answer {
    float *y; /* [WORKLOAD_IMAGES,n_out] */
    ftdn_fault_count of_weights[WORKLOAD_MAX_LAYERS], of_copies[FTDN_MAX_COPIES][WORKLOAD_MAX_LAYERS];
    ftdn_fault_count of_maps[2 * WORKLOAD_MAX_LAYERS];
} workload_answer;

/* Host memory only. kind: of `kinds`; blocks: a network of blocks; for_gradients: compiled so. */
static inline void workload_init(workload *work, int kind, bool blocks, bool for_gradients)
{
    ftdn_error err;
    ftdn_arena *arena = &work->arena;
    ftdn_arena_init(arena);
    if (blocks) build_blocks(&work->network, arena);
    else build_plain(&work->network, arena);
    const ftdn_graph *graph = &work->network.graph;
    int *all = FTDN_NEW(arena, (size_t)graph->n_layers, int, &err);
    for (int l = 0; l < graph->n_layers; l++) all[l] = l;
    const ftdn_layer_set layers = {graph->n_layers, all};
    work->protection = protect_with(fill_desc(&kinds[kind], graph, arena), &work->network, arena);
    const ftdn_protection *protection = work->protection;
    FTDN_ASSERT_OK(ftdn_weight_faults_init(&work->weight_faults, graph, layers, &protection->desc.copies,
                                           &work->network.weights, arena, &err),
                   err);
    FTDN_ASSERT_OK(
        ftdn_map_faults_init(&work->map_faults, protection->graph, layers, FTDN_MAP_POINT_ACTIVATION, arena, &err),
        err);
    assert_true(graph->n_layers <= WORKLOAD_MAX_LAYERS && work->map_faults.n_targets <= 2 * WORKLOAD_MAX_LAYERS);
    work->output = protection->node_of[work->network.output];
    work->compile = (ftdn_compile_desc){
        .taps = work->map_faults.tap,
        .n_taps = work->map_faults.n_targets,
        .outputs = &work->output,
        .n_outputs = 1,
        .for_gradients = for_gradients,
        .micro_batch = WORKLOAD_BATCH,
    };
    work->n_in = ftdn_shape_elements(graph->node[0].shape);
    work->n_out = ftdn_shape_elements(protection->graph->node[work->output].shape);
    work->bytes = FTDN_NEW(arena, WORKLOAD_IMAGES * work->n_in, uint8_t, &err);
    for (uint32_t i = 0; i < WORKLOAD_IMAGES * work->n_in; i++)
        work->bytes[i] = (uint8_t)ftdn_philox((ftdn_philox_block){{i, 0, 0, 0}}, 5, 0).word[0];
    for (uint64_t i = 0; i < WORKLOAD_IMAGES; i++) work->image_id[i] = 1000 + i * i;
}

static inline ftdn_input workload_input(void)
{
    return (ftdn_input){.n_images = WORKLOAD_BATCH, .mean = {127, 120, 110}, .scale = {128, 128, 100}};
}

static inline void workload_answer_init(workload_answer *answer, const workload *work, ftdn_arena *arena)
{
    *answer = (workload_answer){.y = FTDN_NEW(arena, WORKLOAD_IMAGES * work->n_out, float, NULL)};
    assert_non_null(answer->y);
}

static inline void workload_take_weight_counts(workload_answer *answer, const workload *work)
{
    const ftdn_weight_faults *faults = &work->weight_faults;
    memcpy(answer->of_weights, faults->count, (size_t)faults->layers.n_layers * sizeof *faults->count);
    for (int c = 0; c < FTDN_MAX_COPIES && faults->copies.n_layers; c++) {
        if (!faults->copy_count[c]) continue;
        memcpy(answer->of_copies[c], faults->copy_count[c], (size_t)faults->copies.n_layers * sizeof *faults->count);
    }
}

/* What the device holds of one run, to be given back however far it came. */
typedef struct workload_run {
    void *pixels, *ids;
    ftdn_test_machine machine;
    ftdn_gradients *gradients;
    ftdn_device_ranking *ranking;
    ftdn_device_weight_faults *weight_faults;
    ftdn_device_assembly *assembly;
    ftdn_device_map_injector *injector;
    ftdn_device_recording *recording;
} workload_run;

static inline ftdn_status workload_set_up(workload *work, workload_run *run, ftdn_error *err)
{
    const ftdn_device_module *module = ftdn_test_module();
    ftdn_test_machine *machine = &run->machine;
    size_t n_pixels = WORKLOAD_IMAGES * work->n_in;
    FTDN_TRY(module->device->alloc(n_pixels, &run->pixels, err));
    FTDN_TRY(module->device->alloc(sizeof work->image_id, &run->ids, err));
    FTDN_TRY(module->device->copy(run->pixels, work->bytes, n_pixels, err));
    FTDN_TRY(module->device->copy(run->ids, work->image_id, sizeof work->image_id, err));
    FTDN_TRY(ftdn_program_create(module->backend, work->protection->graph, &work->compile, &machine->program, err));
    FTDN_TRY(ftdn_packed_create(machine->program, NULL, 2, &machine->packed, err));
    FTDN_TRY(ftdn_context_create(machine->program, &machine->context, err));
    if (work->compile.for_gradients) FTDN_TRY(ftdn_gradients_create(machine->program, &run->gradients, err));
    FTDN_TRY(module->ranking->create(machine->context, &run->ranking, err));
    FTDN_TRY(module->weight_faults->create(&work->weight_faults, machine->context, &run->weight_faults, err));
    FTDN_TRY(module->assembly->create(work->protection, machine->context, &run->assembly, err));
    return module->map_faults->create(&work->map_faults, machine->context, &run->injector, err);
}

/* Weights for a draw, packed. */
static inline ftdn_status workload_draw_weights(workload_run *run, const ftdn_fault_draw *draw, ftdn_error *err)
{
    const ftdn_device_module *module = ftdn_test_module();
    const ftdn_weights *weights;
    FTDN_TRY(module->weight_faults->draw(run->weight_faults, draw, 0, err));
    const ftdn_stored_weights stored = module->weight_faults->stored(run->weight_faults);
    FTDN_TRY(module->assembly->make(run->assembly, &stored, &weights, err));
    return ftdn_packed_update(run->machine.packed, weights, NULL, 2, err);
}

/* All images, in micro-batches: the first one alone and without faults, because libraries load what they run first,
 * then as a recording, which the others replay. */
static inline ftdn_status workload_run_images(const workload *work, workload_run *run, float *y, ftdn_error *err)
{
    const ftdn_device_module *module = ftdn_test_module();
    const ftdn_resident_images images = {WORKLOAD_IMAGES, run->pixels, run->ids};
    const ftdn_map_hook hook = {module->map_faults->hook, run->injector};
    ftdn_context *context = run->machine.context;
    ftdn_input input = workload_input();
    input.resident = &images;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    float *batch = FTDN_NEW(&arena, WORKLOAD_BATCH * work->n_out, float, err);
    ftdn_status status = batch ? FTDN_OK : FTDN_ERR_MEMORY;
    if (status == FTDN_OK) status = module->device->set_batch(context, &images, 0, WORKLOAD_BATCH, err);
    if (status == FTDN_OK) status = ftdn_forward(context, run->machine.packed, &input, NULL, err);
    for (int first = 0; status == FTDN_OK && first < WORKLOAD_IMAGES; first += WORKLOAD_BATCH) {
        int n_images = first + WORKLOAD_BATCH > WORKLOAD_IMAGES ? WORKLOAD_IMAGES - first : WORKLOAD_BATCH;
        status = module->device->set_batch(context, &images, first, n_images, err);
        if (status == FTDN_OK && !run->recording) {
            status = module->device->record_begin(context, err);
            if (status != FTDN_OK) break;
            status = ftdn_forward(context, run->machine.packed, &input, &hook, err);
            ftdn_status ended = module->device->record_end(context, &run->recording, status == FTDN_OK ? err : NULL);
            if (status == FTDN_OK) status = ended;
        }
        if (status == FTDN_OK) status = module->device->replay(run->recording, context, err);
        if (status == FTDN_OK) status = ftdn_context_read(context, work->output, batch, err);
        if (status == FTDN_OK)
            memcpy(y + (size_t)first * work->n_out, batch, (size_t)n_images * work->n_out * sizeof *y);
    }
    ftdn_arena_done(&arena);
    return status;
}

/* One trial. */
static inline ftdn_status workload_run_trial(workload *work, workload_run *run, const ftdn_fault_draw *of_weights,
                                             const ftdn_fault_draw *of_maps, workload_answer *answer, ftdn_error *err)
{
    const ftdn_device_module *module = ftdn_test_module();
    ftdn_map_faults_set(&work->map_faults, of_maps);
    FTDN_TRY(workload_draw_weights(run, of_weights, err));
    FTDN_TRY(module->map_faults->set(run->injector, err));
    FTDN_TRY(workload_run_images(work, run, answer->y, err));
    FTDN_TRY(module->map_faults->read_counts(run->injector, answer->of_maps, err));
    FTDN_TRY(module->weight_faults->read_counts(run->weight_faults, err));
    workload_take_weight_counts(answer, work);
    return FTDN_OK;
}

/* What a ranking asks for, of a program compiled for gradients. */
static inline ftdn_status workload_rank(const workload *work, workload_run *run, ftdn_error *err)
{
    const ftdn_device_module *module = ftdn_test_module();
    const ftdn_context *context = run->machine.context;
    double scores[WORKLOAD_BATCH * 64];
    int n_rankers;
    const ftdn_ranker *const *rankers = ftdn_rankers(&n_rankers);
    ftdn_gradients_clear(run->gradients);
    FTDN_TRY(ftdn_backward(run->gradients, context, run->machine.packed, NULL, err));
    ftdn_map map = ftdn_context_map(context, work->output);
    const float *gradient = ftdn_gradients_map(run->gradients, context, work->output).values;
    assert_true(map.shape.c <= 64);
    for (int i = 0; i < n_rankers; i++) {
        const ftdn_ranker *ranker = rankers[i];
        if (!module->ranking->knows(ranker)) continue;
        FTDN_TRY(module->ranking->score_images(run->ranking, ranker, &map, ranker->needs_gradients ? gradient : NULL,
                                               scores, err));
    }
    return FTDN_OK;
}

static inline void workload_tear_down(workload_run *run)
{
    const ftdn_device_module *module = ftdn_test_module();
    module->device->recording_free(run->recording);
    module->map_faults->free(run->injector);
    module->assembly->free(run->assembly);
    module->weight_faults->free(run->weight_faults);
    module->ranking->free(run->ranking);
    ftdn_gradients_free(run->gradients);
    ftdn_test_stop(&run->machine);
    module->device->free(run->pixels);
    module->device->free(run->ids);
}

/* Everything, from nothing to nothing; of a workload compiled for gradients. */
static inline ftdn_status workload_run_once(workload *work, ftdn_error *err)
{
    const ftdn_fault_draw of_weights = {.model = {.type = FTDN_FAULT_ZERO}, .rate = 0.1, .seed = 1};
    const ftdn_fault_draw of_maps = {.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.05, .seed = 2};
    ftdn_arena arena;
    workload_answer answer;
    workload_run run = {0};
    ftdn_arena_init(&arena);
    workload_answer_init(&answer, work, &arena);
    ftdn_status status = workload_set_up(work, &run, err);
    if (status == FTDN_OK) status = workload_run_trial(work, &run, &of_weights, &of_maps, &answer, err);
    if (status == FTDN_OK) status = workload_rank(work, &run, err);
    workload_tear_down(&run);
    ftdn_arena_done(&arena);
    return status;
}

#endif
