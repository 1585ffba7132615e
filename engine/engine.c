#include "engine/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"
#include "engine/device.h"

static const ftdn_backend *const backends[] = {&ftdn_backend_ref, &ftdn_backend_cpu};

ftdn_status ftdn_backend_open(const char *name, const ftdn_backend **ret_backend, ftdn_error *err)
{
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        if (strcmp(backends[i]->name, name) != 0) continue;
        *ret_backend = backends[i];
        return FTDN_OK;
    }
    if (strcmp(name, FTDN_DEVICE_BACKEND) != 0)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "there is no backend '%s'", name);
    const ftdn_device_module *module;
    ftdn_status status = ftdn_device_module_open(&module, err);
    if (status != FTDN_OK) {
        ftdn_error_context(err, "backend '%s'", name);
        return status;
    }
    *ret_backend = module->backend;
    return FTDN_OK;
}

const ftdn_backend *ftdn_backend_find(const char *name)
{
    const ftdn_backend *backend;
    return ftdn_backend_open(name, &backend, NULL) == FTDN_OK ? backend : NULL;
}

const ftdn_device_module *ftdn_backend_device(const ftdn_backend *backend)
{
    const ftdn_device_module *module = NULL;
    if (!backend->device) return NULL;
    ftdn_status status = ftdn_device_module_open(&module, NULL); /* again: it is where the backend came from */
    assert(status == FTDN_OK && module->backend == backend);
    return module;
}

const char *ftdn_backend_arithmetic(const ftdn_backend *backend, ftdn_conv_algorithm algorithm)
{
    return backend->arithmetic(algorithm);
}

int ftdn_backend_micro_batch(const ftdn_backend *backend)
{
    return backend->micro_batch;
}

const char *ftdn_backend_version(const ftdn_backend *backend)
{
    return backend->version();
}

const ftdn_backend *ftdn_program_backend(const ftdn_program *program)
{
    return program->backend;
}

ftdn_status ftdn_program_create(const ftdn_backend *backend, const ftdn_graph *graph, const ftdn_compile_desc *desc,
                                ftdn_program **ret_program, ftdn_error *err)
{
    ftdn_program *program = calloc(1, sizeof *program);
    if (!program) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a program");
    program->backend = backend;
    program->graph = graph;
    program->conv_algorithm = desc->conv_algorithm;
    program->cache = desc->cache;
    program->for_gradients = desc->for_gradients;
    program->for_training = desc->for_training;
    ftdn_arena_init(&program->arena);
    int micro_batch = desc->micro_batch ? desc->micro_batch : backend->micro_batch;
    ftdn_status status = ftdn_schedule_make(graph, desc, micro_batch, &program->arena, &program->schedule, err);
    if (status == FTDN_OK && (desc->for_gradients || desc->for_training))
        status =
            ftdn_gradient_layout_make(graph, &program->schedule, desc, &program->arena, &program->gradient_layout, err);
    if (status == FTDN_OK) status = backend->program_init(program, err);
    if (status != FTDN_OK) {
        ftdn_arena_done(&program->arena);
        free(program);
        return status;
    }
    *ret_program = program;
    return FTDN_OK;
}

void ftdn_program_free(ftdn_program *program)
{
    if (!program) return;
    program->backend->program_done(program);
    ftdn_arena_done(&program->arena);
    free(program);
}

int ftdn_program_micro_batch(const ftdn_program *program)
{
    return program->schedule.micro_batch;
}

size_t ftdn_program_slab_bytes(const ftdn_program *program)
{
    return program->schedule.slab_bytes;
}

void ftdn_program_describe(const ftdn_program *program, ftdn_text *text)
{
    if (program->backend->program_describe) program->backend->program_describe(program, text);
}

static bool node_changed(const ftdn_node *node, const bool *changed)
{
    if (node->op == FTDN_OP_CONV) return changed[node->weight] || (node->bias >= 0 && changed[node->bias]);
    if (node->op != FTDN_OP_BATCH_NORM) return false;
    return changed[node->bn_scale] || changed[node->bn_shift] || changed[node->bn_mean] || changed[node->bn_var];
}

/* Steps are independent of each other. */
static ftdn_status pack_wanted_steps(ftdn_packed *packed, const ftdn_weights *weights, const bool *changed,
                                     int n_threads, ftdn_error *err)
{
    const ftdn_program *program = packed->program;
    const ftdn_graph *graph = program->graph;
    int n_steps = program->schedule.n_steps;
    int first_failed = n_steps;
    assert(weights->n_params == graph->n_params);
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (int s = 0; s < n_steps; s++) {
        const ftdn_step *step = &program->schedule.step[s];
        bool wanted = !changed || node_changed(&graph->node[step->node], changed) ||
                      (step->batch_norm >= 0 && node_changed(&graph->node[step->batch_norm], changed));
        if (!wanted) continue;
        ftdn_error local;
        if (program->backend->pack_step(packed, s, weights, &local) == FTDN_OK) continue;
#pragma omp critical(ftdn_pack_failure)
        if (s < first_failed) {
            first_failed = s;
            if (err) *err = local;
        }
    }
    if (first_failed == n_steps) return FTDN_OK;
    return err ? err->status : FTDN_ERR_BACKEND;
}

/* Pack every step, or those that read a changed parameter. */
static ftdn_status pack_steps(ftdn_packed *packed, const ftdn_weights *weights, const bool *changed, int n_threads,
                              ftdn_error *err)
{
    const ftdn_backend *backend = packed->program->backend;
    if (backend->device) FTDN_TRY(backend->pack_begin(packed, err));
    FTDN_TRY(pack_wanted_steps(packed, weights, changed, n_threads, err));
    return backend->device ? backend->pack_end(packed, err) : FTDN_OK;
}

ftdn_status ftdn_packed_create(const ftdn_program *program, const ftdn_weights *weights, int n_threads,
                               ftdn_packed **ret_packed, ftdn_error *err)
{
    ftdn_packed *packed = calloc(1, sizeof *packed);
    if (!packed) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    packed->program = program;
    ftdn_status status = program->backend->packed_init(packed, err);
    if (status != FTDN_OK) {
        free(packed);
        return status;
    }
    if (weights) status = pack_steps(packed, weights, NULL, n_threads, err);
    if (status != FTDN_OK) {
        ftdn_packed_free(packed);
        return status;
    }
    *ret_packed = packed;
    return FTDN_OK;
}

void ftdn_packed_free(ftdn_packed *packed)
{
    if (!packed) return;
    packed->program->backend->packed_done(packed);
    free(packed);
}

ftdn_status ftdn_packed_update(ftdn_packed *packed, const ftdn_weights *weights, const bool *changed, int n_threads,
                               ftdn_error *err)
{
    return pack_steps(packed, weights, changed, n_threads, err);
}

ftdn_status ftdn_packed_follow(ftdn_packed *packed, const ftdn_context *context, ftdn_error *err)
{
    assert(packed->program->backend->device && context->program == packed->program);
    return packed->program->backend->pack_behind(packed, context, err);
}

size_t ftdn_packed_bytes(const ftdn_packed *packed)
{
    return packed->n_bytes;
}

ftdn_status ftdn_context_create(const ftdn_program *program, ftdn_context **ret_context, ftdn_error *err)
{
    ftdn_context *context = calloc(1, sizeof *context);
    if (!context) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a context");
    context->program = program;
    ftdn_status status = program->backend->slab_create(program->schedule.slab_bytes, &context->slab, err);
    if (status == FTDN_OK) status = program->backend->context_init(context, err);
    if (status != FTDN_OK) {
        program->backend->slab_free(context->slab);
        free(context);
        return status;
    }
    *ret_context = context;
    return FTDN_OK;
}

void ftdn_context_free(ftdn_context *context)
{
    if (!context) return;
    context->program->backend->context_done(context);
    context->program->backend->slab_free(context->slab);
    free(context);
}

const ftdn_program *ftdn_context_program(const ftdn_context *context)
{
    return context->program;
}

float *ftdn_context_values(const ftdn_context *context, int node)
{
    size_t offset = context->program->schedule.map_offset[node];
    return offset == FTDN_NO_MAP ? NULL : context->slab + offset / sizeof(float);
}

ftdn_map ftdn_context_map(const ftdn_context *context, int node)
{
    assert(node >= 0 && node < context->program->graph->n_nodes);
    return (ftdn_map){
        .node = node,
        .n_images = context->n_images,
        .shape = context->program->graph->node[node].shape,
        .values = ftdn_context_values(context, node),
    };
}

ftdn_status ftdn_context_read(const ftdn_context *context, int node, float *ret_values, ftdn_error *err)
{
    const ftdn_device_table *device = context->program->backend->device;
    ftdn_map map = ftdn_context_map(context, node);
    size_t n_bytes = ftdn_shape_elements(map.shape) * (size_t)map.n_images * sizeof *map.values;
    assert(map.values);
    if (device) return device->copy_after(context, ret_values, map.values, n_bytes, err);
    memcpy(ret_values, map.values, n_bytes);
    return FTDN_OK;
}

void ftdn_context_copies(const ftdn_context *context, const ftdn_node *merge, const float *ret_copy[FTDN_MAX_COPIES])
{
    for (int i = 0; i < FTDN_MAX_COPIES; i++) {
        ret_copy[i] = i < merge->n_copies ? ftdn_context_values(context, merge->copy[i]) : NULL;
    }
}

/* Run the wanted steps ([n_steps]; NULL: all) in their order. */
static ftdn_status run_steps(ftdn_context *context, const ftdn_packed *packed, const bool *wanted,
                             const ftdn_map_hook *hook, ftdn_error *err)
{
    const ftdn_program *program = context->program;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        if (wanted && !wanted[s]) continue;
        const ftdn_step *step = &program->schedule.step[s];
        FTDN_TRY(program->backend->run_step(context, packed, s, err));
        if (!hook || !step->tapped) continue;
        ftdn_map map = ftdn_context_map(context, step->target);
        hook->call(hook->user, &map);
    }
    return FTDN_OK;
}

ftdn_status ftdn_forward(ftdn_context *context, const ftdn_packed *packed, const ftdn_input *input,
                         const ftdn_map_hook *hook, ftdn_error *err)
{
    const ftdn_program *program = context->program;
    assert(packed->program == program);
    assert(input->n_images >= 1 && input->n_images <= program->schedule.micro_batch);
    assert((input->values != NULL) + (input->pixels != NULL) + (input->resident != NULL) == 1);
    assert(!input->resident || (program->backend->device && input->n_images == program->schedule.micro_batch));
    context->n_images = input->n_images;
    FTDN_TRY(program->backend->load_input(context, input, err));
    return run_steps(context, packed, NULL, hook, err);
}

ftdn_status ftdn_forward_after(ftdn_context *context, const ftdn_packed *packed, int node, const ftdn_map_hook *hook,
                               ftdn_error *err)
{
    const ftdn_program *program = context->program;
    const ftdn_schedule *schedule = &program->schedule;
    assert(packed->program == program && context->n_images >= 1);
    assert(node >= 0 && node < program->graph->n_nodes);
    const char *name = program->graph->node[node].name;
    if (!schedule->follows)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "forward after '%s': the program was not compiled to keep all maps", name);
    if (schedule->map_offset[node] == FTDN_NO_MAP)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "forward after '%s': the node has no map in this program", name);
    return run_steps(context, packed, schedule->follows + (size_t)node * (size_t)schedule->n_steps, hook, err);
}
