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

static void take_image(const ftdn_training *training, ftdn_training_worker *worker, int image)
{
    worker->context.slab = training->image[image].slab;
    worker->gradients.slab = training->gradient_slab[image];
}

/* Where the sums of an image at a batch norm begin. */
static double *sums_of(const ftdn_training_norm *norm, int image)
{
    return norm->sums + (size_t)image * 2 * (size_t)norm->statistics.n_channels;
}

static ftdn_status load(const pass_part *part, ftdn_training_worker *worker, int image, ftdn_error *err)
{
    const ftdn_program *program = part->training->program;
    size_t n_elements = ftdn_shape_elements(program->graph->node[0].shape);
    ftdn_input input = *part->batch;
    input.n_images = 1;
    if (input.values) input.values += (size_t)image * n_elements;
    else input.pixels += image;
    return program->backend->load_input(&worker->context, &input, err);
}

static void clear_gradients(const ftdn_training *training, const ftdn_training_worker *worker)
{
    for (int i = 0; i < training->n_outputs; i++) {
        ftdn_map map = ftdn_gradients_map(&worker->gradients, &worker->context, training->output[i]);
        memset(map.values, 0, ftdn_shape_elements(map.shape) * sizeof *map.values);
    }
}

static ftdn_status run_forward(const pass_part *part, ftdn_training_worker *worker, int image, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    const ftdn_backend *backend = training->program->backend;
    take_image(training, worker, image);
    if (part->before) backend->batch_norm.forward(&worker->context, part->before->step, &part->before->statistics);
    else FTDN_TRY(load(part, worker, image, err));
    for (int s = part->begin; s < part->end; s++) {
        FTDN_TRY(backend->run_step(&worker->context, training->packed, s, err));
    }
    if (part->behind) backend->batch_norm.sum(&worker->context, part->behind->step, sums_of(part->behind, image));
    else clear_gradients(training, worker);
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
        FTDN_TRY(share(&part, training->n_images, run_forward, err));
        if (k == training->n_norms) break;
        ftdn_training_norm *norm = &training->norm[k];
        const ftdn_node *node = &program->graph->node[program->schedule.step[norm->step].node];
        norm->statistics.scale = weights->value[node->bn_scale];
        norm->statistics.shift = weights->value[node->bn_shift];
        ftdn_batch_statistics_combine(&norm->statistics, norm->sums, training->n_images);
    }
    return FTDN_OK;
}

static bool has_gradient(const ftdn_training *training, int node)
{
    return training->program->gradient_layout.map_offset[node] != FTDN_NO_MAP;
}

static ftdn_status run_image_backward(const pass_part *part, ftdn_training_worker *worker, int image,
                                      float *const *param_gradients, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    const ftdn_backend *backend = training->program->backend;
    const ftdn_step *step = training->program->schedule.step;
    take_image(training, worker, image);
    if (part->behind && has_gradient(training, step[part->behind->step].target) &&
        has_gradient(training, step[part->behind->step].source))
        backend->batch_norm.backward(&worker->gradients, &worker->context, part->behind->step,
                                     &part->behind->statistics);
    for (int s = part->end - 1; s >= part->begin; s--) {
        if (!has_gradient(training, step[s].target)) continue;
        FTDN_TRY(
            backend->backward_step(&worker->gradients, &worker->context, training->packed, s, param_gradients, err));
    }
    if (!part->before) return FTDN_OK;
    double *sums = sums_of(part->before, image);
    if (has_gradient(training, step[part->before->step].target))
        backend->batch_norm.sum_gradients(&worker->gradients, &worker->context, part->before->step,
                                          &part->before->statistics, sums);
    else memset(sums, 0, 2 * (size_t)part->before->statistics.n_channels * sizeof *sums);
    return FTDN_OK;
}

/* First image of a group; group n_groups begins behind the last image. */
static int group_begin(const ftdn_training *training, int group)
{
    return (int)((long)group * training->n_images / training->n_groups);
}

static ftdn_status run_group_backward(const pass_part *part, ftdn_training_worker *worker, int group, ftdn_error *err)
{
    const ftdn_training *training = part->training;
    size_t n_params = (size_t)training->program->graph->n_params;
    float *const *param_gradients = training->wanted_gradients + (size_t)group * n_params;
    int end = group_begin(training, group + 1);
    for (size_t p = 0; part->index == training->n_norms && p < n_params; p++) { /* the pass begins */
        size_t n_elements = training->program->graph->param[p].n_elements;
        if (param_gradients[p]) memset(param_gradients[p], 0, n_elements * sizeof **param_gradients);
    }
    for (int i = group_begin(training, group); i < end; i++) {
        FTDN_TRY(run_image_backward(part, worker, i, param_gradients, err));
    }
    return FTDN_OK;
}

/* What of the groups' sums the caller wants; what does not come from there is cleared. */
static void prepare_gradients(ftdn_training *training, float *const *param_gradients)
{
    const ftdn_graph *graph = training->program->graph;
    for (int p = 0; p < graph->n_params; p++) {
        for (int g = 0; g < training->n_groups; g++) {
            size_t at = (size_t)g * (size_t)graph->n_params + (size_t)p;
            training->wanted_gradients[at] = param_gradients[p] ? training->group_gradients[at] : NULL;
        }
        if (param_gradients[p] && !ftdn_training_is_of_convolution(&graph->param[p]))
            memset(param_gradients[p], 0, graph->param[p].n_elements * sizeof **param_gradients);
    }
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
    prepare_gradients(training, param_gradients);
    for (int k = training->n_norms; k >= 0; k--) {
        const pass_part part = part_of(training, k);
        FTDN_TRY(share(&part, training->n_groups, run_group_backward, err));
        if (k == 0) break;
        ftdn_training_norm *norm = &training->norm[k - 1];
        const ftdn_node *node = &program->graph->node[program->schedule.step[norm->step].node];
        ftdn_batch_statistics_combine_gradients(&norm->statistics, norm->sums, training->n_images,
                                                param_gradients[node->bn_scale], param_gradients[node->bn_shift]);
    }
    sum_groups(training, param_gradients);
    return FTDN_OK;
}

const ftdn_context *ftdn_training_context(const ftdn_training *training, int image)
{
    assert(image >= 0 && image < training->n_images);
    return &training->image[image];
}

ftdn_map ftdn_training_gradient(const ftdn_training *training, int image, int node)
{
    const ftdn_program *program = training->program;
    bool is_output = false;
    for (int i = 0; i < training->n_outputs; i++) is_output = is_output || training->output[i] == node;
    assert(image >= 0 && image < training->n_images && is_output);
    const ftdn_gradients gradients = {.program = program, .slab = training->gradient_slab[image]};
    return ftdn_gradients_map(&gradients, &training->image[image], node);
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
