#include "engine/training.h"

#include <assert.h>
#include <omp.h>
#include <string.h>

#include "engine/training_parts.h"

/* A part of a pass, between two batch norms: part k begins with batch norm k - 1 (part 0: with the first step) and
 * ends before batch norm k (the last one: after the last step). */
typedef struct pass_part {
    ftdn_training *training;
    int index;
    int begin, end;                            /* steps that are no batch norms: begin ... end - 1 */
    const ftdn_training_norm *before, *behind; /* NULL: none */
    const ftdn_input *batch;                   /* of a forward pass */
} pass_part;

typedef ftdn_status (*pass_work)(const pass_part *part, ftdn_training_worker *worker, int item, ftdn_error *err);

static pass_part part_of(ftdn_training *training, int index)
{
    const ftdn_training_norm *norm = training->norm;
    pass_part part = {.training = training, .index = index, .end = training->program->schedule.n_steps};
    if (index > 0) {
        part.before = &norm[index - 1];
        part.begin = part.before->step + 1;
    }
    if (index < training->n_norms) {
        part.behind = &norm[index];
        part.end = part.behind->step;
    }
    return part;
}

/* Share items among the threads. Of several failures that of the first item is told. */
static ftdn_status share(const pass_part *part, int n_items, pass_work work, ftdn_error *err)
{
    ftdn_training *training = part->training;
    int first_failed = n_items;
    ftdn_status status = FTDN_OK;
#pragma omp parallel for num_threads(training->n_threads) schedule(dynamic)
    for (int i = 0; i < n_items; i++) {
        ftdn_error local;
        ftdn_status seen = work(part, &training->worker[omp_get_thread_num()], i, &local);
        if (seen == FTDN_OK) continue;
#pragma omp critical(ftdn_training_failure)
        if (i < first_failed) {
            first_failed = i;
            status = seen;
            if (err) *err = local;
        }
    }
    return status;
}

static void take_micro_batch(const ftdn_training *training, ftdn_training_worker *worker, int index)
{
    worker->context.slab = training->micro_batch[index].slab;
    worker->gradients.slab = training->gradient_slab[index];
}

/* Where the sums of a micro-batch at a batch norm begin. */
static double *sums_of(const ftdn_training_norm *norm, int index)
{
    return norm->sums + (size_t)index * 2 * (size_t)norm->statistics.n_channels;
}

static ftdn_status load(const pass_part *part, ftdn_training_worker *worker, int index, ftdn_error *err)
{
    const ftdn_program *program = part->training->program;
    size_t n_elements = ftdn_shape_elements(program->graph->node[0].shape);
    ftdn_input input = *part->batch;
    input.n_images = program->schedule.micro_batch;
    size_t first = (size_t)index * (size_t)input.n_images;
    if (input.values) input.values += first * n_elements;
    else input.pixels += first;
    return program->backend->load_input(&worker->context, &input, err);
}

static ftdn_status run_forward(const pass_part *part, ftdn_training_worker *worker, int index, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    const ftdn_backend *backend = training->program->backend;
    take_micro_batch(training, worker, index);
    if (part->before)
        FTDN_TRY(backend->batch_norm.forward(&worker->context, part->before->step, &part->before->statistics, err));
    else FTDN_TRY(load(part, worker, index, err));
    for (int s = part->begin; s < part->end; s++) {
        FTDN_TRY(backend->run_step(&worker->context, training->packed, s, err));
    }
    if (!part->behind) return FTDN_OK;
    return backend->batch_norm.sum(&worker->context, part->behind->step, sums_of(part->behind, index), err);
}

static ftdn_map gradient_of_micro_batch(const ftdn_training *training, int index, int node)
{
    const ftdn_gradients gradients = {.program = training->program, .slab = training->gradient_slab[index]};
    return ftdn_gradients_map(&gradients, &training->micro_batch[index], node);
}

static ftdn_status clear(const ftdn_training *training, void *values, size_t n_bytes, ftdn_error *err)
{
    const ftdn_backend *backend = training->program->backend;
    if (backend->device) return backend->clear_after(&training->worker[0].context, values, n_bytes, err);
    memset(values, 0, n_bytes);
    return FTDN_OK;
}

/* At the outputs of all images. */
static ftdn_status clear_gradients(const ftdn_training *training, ftdn_error *err)
{
    const ftdn_program *program = training->program;
    for (int i = 0; i < training->n_micro_batches; i++) {
        for (int o = 0; o < training->n_outputs; o++) {
            ftdn_map map = gradient_of_micro_batch(training, i, training->output[o]);
            size_t n_elements = ftdn_shape_elements(map.shape) * (size_t)program->schedule.micro_batch;
            FTDN_TRY(clear(training, map.values, n_elements * sizeof *map.values, err));
        }
    }
    return FTDN_OK;
}

static ftdn_status combine(const ftdn_training *training, const ftdn_training_norm *norm, ftdn_error *err)
{
    const ftdn_backend *backend = training->program->backend;
    if (backend->device)
        return backend->batch_norm.combine(&training->worker[0].context, norm->step, &norm->statistics, norm->sums,
                                           err);
    ftdn_batch_statistics_combine(&norm->statistics, norm->sums, training->n_micro_batches);
    return FTDN_OK;
}

ftdn_status ftdn_training_forward(ftdn_training *training, const ftdn_weights *weights, const ftdn_input *batch,
                                  ftdn_error *err)
{
    const ftdn_program *program = training->program;
    assert(batch->n_images == training->n_images && !batch->values != !batch->pixels);
    FTDN_TRY(ftdn_packed_update(training->packed, weights, NULL, training->n_threads, err));
    for (int k = 0; k <= training->n_norms; k++) {
        pass_part part = part_of(training, k);
        part.batch = batch;
        FTDN_TRY(share(&part, training->n_micro_batches, run_forward, err));
        if (k == training->n_norms) break;
        ftdn_training_norm *norm = &training->norm[k];
        const ftdn_node *node = &program->graph->node[program->schedule.step[norm->step].node];
        norm->statistics.scale = weights->value[node->bn_scale];
        norm->statistics.shift = weights->value[node->bn_shift];
        FTDN_TRY(combine(training, norm, err));
    }
    return clear_gradients(training, err);
}

static bool has_gradient(const ftdn_training *training, int node)
{
    return training->program->gradient_layout.map_offset[node] != FTDN_NO_MAP;
}

static ftdn_status run_backward(const pass_part *part, ftdn_training_worker *worker, int index,
                                float *const *param_gradients, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    const ftdn_backend *backend = training->program->backend;
    const ftdn_step *step = training->program->schedule.step;
    take_micro_batch(training, worker, index);
    if (part->behind && has_gradient(training, step[part->behind->step].target) &&
        has_gradient(training, step[part->behind->step].source))
        FTDN_TRY(backend->batch_norm.backward(&worker->gradients, &worker->context, part->behind->step,
                                              &part->behind->statistics, err));
    for (int s = part->end - 1; s >= part->begin; s--) {
        if (!has_gradient(training, step[s].target)) continue;
        FTDN_TRY(
            backend->backward_step(&worker->gradients, &worker->context, training->packed, s, param_gradients, err));
    }
    if (!part->before) return FTDN_OK;
    double *sums = sums_of(part->before, index);
    if (has_gradient(training, step[part->before->step].target))
        return backend->batch_norm.sum_gradients(&worker->gradients, &worker->context, part->before->step,
                                                 &part->before->statistics, sums, err);
    return clear(training, sums, 2 * (size_t)part->before->statistics.n_channels * sizeof *sums, err);
}

/* First micro-batch of a group; group n_groups begins behind the last one. */
static int group_begin(const ftdn_training *training, int group)
{
    return (int)((long)group * training->n_micro_batches / training->n_groups);
}

static ftdn_status run_group_backward(const pass_part *part, ftdn_training_worker *worker, int group, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    size_t n_params = (size_t)training->program->graph->n_params;
    float *const *param_gradients = training->wanted_gradients + (size_t)group * n_params;
    int end = group_begin(training, group + 1);
    bool clears = part->index == training->n_norms && !training->program->backend->device; /* the pass begins */
    for (size_t p = 0; clears && p < n_params; p++) {
        size_t n_elements = training->program->graph->param[p].n_elements;
        if (param_gradients[p]) memset(param_gradients[p], 0, n_elements * sizeof **param_gradients);
    }
    for (int i = group_begin(training, group); i < end; i++) {
        FTDN_TRY(run_backward(part, worker, i, param_gradients, err));
    }
    return FTDN_OK;
}

/* What of the groups' sums the caller wants; what does not come from there is cleared. */
static ftdn_status prepare_gradients(ftdn_training *training, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_graph *graph = training->program->graph;
    if (training->program->backend->device) {
        memcpy(training->wanted_gradients, param_gradients, (size_t)graph->n_params * sizeof *param_gradients);
        return ftdn_training_device_clear(training, param_gradients, err);
    }
    for (int p = 0; p < graph->n_params; p++) {
        for (int g = 0; g < training->n_groups; g++) {
            size_t at = (size_t)g * (size_t)graph->n_params + (size_t)p;
            training->wanted_gradients[at] = param_gradients[p] ? training->group_gradients[at] : NULL;
        }
        if (param_gradients[p] && !ftdn_training_is_of_convolution(&graph->param[p]))
            memset(param_gradients[p], 0, graph->param[p].n_elements * sizeof **param_gradients);
    }
    return FTDN_OK;
}

static ftdn_status combine_gradients(const ftdn_training *training, const ftdn_training_norm *norm, float *dscale,
                                     float *dshift, ftdn_error *err)
{
    const ftdn_backend *backend = training->program->backend;
    if (backend->device)
        return backend->batch_norm.combine_gradients(&training->worker[0].context, norm->step, &norm->statistics,
                                                     norm->sums, dscale, dshift, err);
    ftdn_batch_statistics_combine_gradients(&norm->statistics, norm->sums, training->n_micro_batches, dscale, dshift);
    return FTDN_OK;
}

static void sum_groups(const ftdn_training *training, float *const *param_gradients)
{
    const ftdn_graph *graph = training->program->graph;
#pragma omp parallel for num_threads(training->n_threads) schedule(dynamic)
    for (int p = 0; p < graph->n_params; p++) {
        float *sum = param_gradients[p];
        size_t n_elements = graph->param[p].n_elements;
        if (!sum || !ftdn_training_is_of_convolution(&graph->param[p])) continue;
        memcpy(sum, training->group_gradients[p], n_elements * sizeof *sum);
        for (int g = 1; g < training->n_groups; g++) {
            const float *partial = training->group_gradients[(size_t)g * (size_t)graph->n_params + (size_t)p];
            for (size_t i = 0; i < n_elements; i++) sum[i] += partial[i];
        }
    }
}

ftdn_status ftdn_training_backward(ftdn_training *training, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_program *program = training->program;
    FTDN_TRY(prepare_gradients(training, param_gradients, err));
    for (int k = training->n_norms; k >= 0; k--) {
        const pass_part part = part_of(training, k);
        FTDN_TRY(share(&part, training->n_groups, run_group_backward, err));
        if (k == 0) break;
        const ftdn_training_norm *norm = &training->norm[k - 1];
        const ftdn_node *node = &program->graph->node[program->schedule.step[norm->step].node];
        FTDN_TRY(
            combine_gradients(training, norm, param_gradients[node->bn_scale], param_gradients[node->bn_shift], err));
    }
    if (!program->backend->device) sum_groups(training, param_gradients);
    return FTDN_OK;
}

static bool is_output(const ftdn_training *training, int node)
{
    for (int i = 0; i < training->n_outputs; i++) {
        if (training->output[i] == node) return true;
    }
    return false;
}

/* One image's part of the map of its micro-batch. */
static ftdn_map part_of_image(const ftdn_training *training, ftdn_map map, int image)
{
    int within = image % training->program->schedule.micro_batch;
    map.values += (size_t)within * ftdn_shape_elements(map.shape);
    map.n_images = 1;
    return map;
}

ftdn_map ftdn_training_map(const ftdn_training *training, int image, int node)
{
    assert(image >= 0 && image < training->n_images && is_output(training, node));
    int index = image / training->program->schedule.micro_batch;
    return part_of_image(training, ftdn_context_map(&training->micro_batch[index], node), image);
}

ftdn_map ftdn_training_gradient(const ftdn_training *training, int image, int node)
{
    assert(image >= 0 && image < training->n_images && is_output(training, node));
    int index = image / training->program->schedule.micro_batch;
    return part_of_image(training, gradient_of_micro_batch(training, index, node), image);
}

void ftdn_training_statistics(const ftdn_training *training, int node, const float **ret_mean, const float **ret_var)
{
    const ftdn_training_norm *found = NULL;
    for (int k = 0; k < training->n_norms; k++) {
        if (training->program->schedule.step[training->norm[k].step].node == node) found = &training->norm[k];
    }
    assert(found);
    *ret_mean = found->statistics.running_mean;
    *ret_var = found->statistics.running_var;
}
