/* training_memory.c - a training made and freed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/training_parts.h"

static ftdn_status make_program(ftdn_training *training, const ftdn_backend *backend, const ftdn_graph *graph,
                                const ftdn_training_desc *desc, ftdn_error *err)
{
    training->n_micro_batches = backend->device ? 1 : desc->n_images;
    const ftdn_compile_desc compile = {
        .outputs = desc->outputs,
        .n_outputs = desc->n_outputs,
        .for_training = true,
        .micro_batch = desc->n_images / training->n_micro_batches,
    };
    FTDN_TRY(ftdn_program_create(backend, graph, &compile, &training->program, err));
    return ftdn_packed_create(training->program, NULL, 1, &training->packed, err);
}

/* Of one channel in all micro-batches; a multiple of 16. */
static size_t sums_bytes(const ftdn_training *training)
{
    return (size_t)training->n_micro_batches * 2 * sizeof(double);
}

static size_t norm_bytes(const ftdn_training *training, const ftdn_node *node)
{
    return ftdn_batch_statistics_bytes(node->shape.c) + (size_t)node->shape.c * sums_bytes(training);
}

/* One piece of the backend's memory for all of them. Its size fits: maps have at least as many bytes. */
static ftdn_status make_norm_memory(ftdn_training *training, char **ret_memory, ftdn_error *err)
{
    size_t n_bytes = 0;
    for (int k = 0; k < training->n_norms; k++) {
        const ftdn_program *program = training->program;
        n_bytes += norm_bytes(training, &program->graph->node[program->schedule.step[training->norm[k].step].node]);
    }
    if (training->program->backend->device) {
        FTDN_TRY(training->program->backend->slab_create(n_bytes, &training->norm_slab, err));
        training->norm_slab_bytes = n_bytes;
        *ret_memory = (char *)training->norm_slab;
        return FTDN_OK;
    }
    *ret_memory = FTDN_NEW(&training->arena, n_bytes, char, err);
    return *ret_memory ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status make_norms(ftdn_training *training, ftdn_error *err)
{
    const ftdn_schedule *schedule = &training->program->schedule;
    char *next = NULL;
    training->norm = FTDN_NEW(&training->arena, (size_t)schedule->n_steps, ftdn_training_norm, err);
    if (!training->norm) return FTDN_ERR_MEMORY;
    for (int s = 0; s < schedule->n_steps; s++) {
        if (schedule->step[s].op == FTDN_OP_BATCH_NORM) training->norm[training->n_norms++].step = s;
    }
    FTDN_TRY(make_norm_memory(training, &next, err));
    for (int k = 0; k < training->n_norms; k++) {
        ftdn_training_norm *norm = &training->norm[k];
        const ftdn_node *node = &training->program->graph->node[schedule->step[norm->step].node];
        FTDN_TRY(ftdn_batch_statistics_init(&norm->statistics, node, training->n_images, next, err));
        norm->sums = (double *)(next + ftdn_batch_statistics_bytes(node->shape.c));
        next += norm_bytes(training, node);
    }
    return FTDN_OK;
}

static ftdn_status make_micro_batches(ftdn_training *training, ftdn_error *err)
{
    const ftdn_program *program = training->program;
    size_t n_micro_batches = (size_t)training->n_micro_batches;
    training->micro_batch = FTDN_NEW(&training->arena, n_micro_batches, ftdn_context, err);
    training->gradient_slab = FTDN_NEW(&training->arena, n_micro_batches, float *, err);
    if (!training->micro_batch || !training->gradient_slab) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_micro_batches; i++) {
        ftdn_context *context = &training->micro_batch[i];
        *context = (ftdn_context){.program = program, .n_images = program->schedule.micro_batch};
        FTDN_TRY(program->backend->slab_create(program->schedule.slab_bytes, &context->slab, err));
        FTDN_TRY(program->backend->slab_create(program->gradient_layout.slab_bytes, &training->gradient_slab[i], err));
    }
    return FTDN_OK;
}

static ftdn_status make_worker(const ftdn_program *program, ftdn_training_worker *worker, ftdn_error *err)
{
    worker->context = (ftdn_context){.program = program, .n_images = program->schedule.micro_batch};
    worker->gradients = (ftdn_gradients){.program = program};
    FTDN_TRY(program->backend->context_init(&worker->context, err));
    ftdn_status status = program->backend->gradients_init(&worker->gradients, err);
    if (status != FTDN_OK) program->backend->context_done(&worker->context);
    return status;
}

static ftdn_status make_workers(ftdn_training *training, ftdn_error *err)
{
    training->worker = FTDN_NEW(&training->arena, (size_t)training->n_threads, ftdn_training_worker, err);
    if (!training->worker) return FTDN_ERR_MEMORY;
    for (; training->n_workers < training->n_threads; training->n_workers++) {
        FTDN_TRY(make_worker(training->program, &training->worker[training->n_workers], err));
    }
    return FTDN_OK;
}

static ftdn_status make_groups(ftdn_training *training, ftdn_error *err)
{
    const ftdn_graph *graph = training->program->graph;
    size_t n_params = (size_t)graph->n_params;
    training->n_groups =
        training->n_micro_batches < FTDN_TRAINING_MAX_GROUPS ? training->n_micro_batches : FTDN_TRAINING_MAX_GROUPS;
    size_t n_buffers = (size_t)training->n_groups * n_params;
    training->group_gradients = FTDN_NEW(&training->arena, n_buffers, float *, err);
    training->wanted_gradients = FTDN_NEW(&training->arena, n_buffers, float *, err);
    if (!training->group_gradients || !training->wanted_gradients) return FTDN_ERR_MEMORY;
    if (training->program->backend->device) return FTDN_OK;
    for (size_t i = 0; i < n_buffers; i++) {
        const ftdn_param *param = &graph->param[i % n_params];
        if (!ftdn_training_is_of_convolution(param)) continue;
        training->group_gradients[i] = FTDN_NEW(&training->arena, param->n_elements, float, err);
        if (!training->group_gradients[i]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

static ftdn_status make_training(ftdn_training *training, const ftdn_backend *backend, const ftdn_graph *graph,
                                 const ftdn_training_desc *desc, ftdn_error *err)
{
    FTDN_TRY(make_program(training, backend, graph, desc, err));
    int *output = FTDN_NEW(&training->arena, (size_t)desc->n_outputs, int, err);
    if (!output) return FTDN_ERR_MEMORY;
    memcpy(output, desc->outputs, (size_t)desc->n_outputs * sizeof *output);
    training->output = output;
    FTDN_TRY(make_norms(training, err));
    FTDN_TRY(make_micro_batches(training, err));
    FTDN_TRY(make_workers(training, err));
    FTDN_TRY(make_groups(training, err));
    return backend->device ? ftdn_training_device_init(training, err) : FTDN_OK;
}

ftdn_status ftdn_training_create(const ftdn_backend *backend, const ftdn_graph *graph, const ftdn_training_desc *desc,
                                 ftdn_training **ret_training, ftdn_error *err)
{
    assert(desc->n_threads >= 1 && desc->n_outputs >= 1);
    if (desc->n_images < 1) return FTDN_FAIL(err, FTDN_ERR_ARG, "a batch of %d images is below 1", desc->n_images);
    ftdn_training *training = calloc(1, sizeof *training);
    if (!training) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for training");
    ftdn_arena_init(&training->arena);
    training->n_images = desc->n_images;
    training->n_threads = backend->device ? 1 : desc->n_threads;
    training->n_outputs = desc->n_outputs;
    ftdn_status status = make_training(training, backend, graph, desc, err);
    if (status != FTDN_OK) {
        ftdn_training_free(training);
        return status;
    }
    *ret_training = training;
    return FTDN_OK;
}

void ftdn_training_free(ftdn_training *training)
{
    if (!training) return;
    for (int i = 0; i < training->n_workers; i++) {
        const ftdn_backend *backend = training->program->backend;
        backend->gradients_done(&training->worker[i].gradients);
        backend->context_done(&training->worker[i].context);
    }
    if (training->norm_slab) training->program->backend->slab_free(training->norm_slab);
    for (int i = 0; training->micro_batch && training->gradient_slab && i < training->n_micro_batches; i++) {
        training->program->backend->slab_free(training->micro_batch[i].slab);
        training->program->backend->slab_free(training->gradient_slab[i]);
    }
    ftdn_packed_free(training->packed);
    ftdn_program_free(training->program);
    ftdn_arena_done(&training->arena);
    free(training);
}

size_t ftdn_training_bytes(const ftdn_training *training)
{
    const ftdn_program *program = training->program;
    size_t per_micro_batch = program->schedule.slab_bytes + program->gradient_layout.slab_bytes;
    return (size_t)training->n_micro_batches * per_micro_batch + training->norm_slab_bytes + training->arena.n_bytes;
}

bool ftdn_training_is_of_convolution(const ftdn_param *param)
{
    return param->kind == FTDN_PARAM_CONV_WEIGHT || param->kind == FTDN_PARAM_CONV_BIAS;
}
