#include "engine/cuda/cuda_batch_norm.h"

#include "engine/cuda/cuda_backward.h"
#include "engine/cuda/cuda_batch_statistics.h"
#include "engine/cuda/cuda_elementwise.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cuda_sums.h"

ftdn_status ftdn_cuda_norm_scratch_create(const ftdn_program *program, double **ret_slice_sums, ftdn_error *err)
{
    size_t most_sums = 0;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        if (program->schedule.step[s].op != FTDN_OP_BATCH_NORM) continue;
        ftdn_shape shape = program->graph->node[program->schedule.step[s].node].shape;
        size_t n_slices = (size_t)ftdn_cuda_n_slices(shape) * (size_t)program->schedule.micro_batch;
        size_t n_sums = 2 * (size_t)shape.c * n_slices;
        if (n_sums > most_sums) most_sums = n_sums;
    }
    return ftdn_cuda_alloc(most_sums * sizeof **ret_slice_sums, "sums", (void **)ret_slice_sums, err);
}

/* What an entry works on. */
typedef struct norm_step {
    const char *name;
    cudaStream_t stream;
    double *slice_sums;
    ftdn_shape shape;
    int n_images;
    ftdn_activation activation;
    const float *x;
} norm_step;

static norm_step step_of(const ftdn_context *context, int index)
{
    const ftdn_step *plan = &context->program->schedule.step[index];
    const ftdn_node *node = &context->program->graph->node[plan->node];
    const ftdn_cuda_context_state *state = context->state;
    return (norm_step){
        .name = node->name,
        .stream = state->stream,
        .slice_sums = state->norm_slice_sums,
        .shape = node->shape,
        .n_images = context->program->schedule.micro_batch,
        .activation = plan->activation,
        .x = ftdn_context_values(context, plan->source),
    };
}

/* Sum over all images. */
static ftdn_status sum_terms(const norm_step *step, const ftdn_cuda_sum_terms *terms, double *sums, ftdn_error *err)
{
    ftdn_cuda_sum_slices(step->stream, step->shape, step->n_images, terms, step->slice_sums);
    ftdn_cuda_sum_up(step->stream, step->n_images * ftdn_cuda_n_slices(step->shape), 2 * step->shape.c,
                     step->slice_sums, sums);
    return ftdn_cuda_check_launch(step->name, err);
}

ftdn_status ftdn_cuda_batch_norm_sum(const ftdn_context *context, int index, double *sums, ftdn_error *err)
{
    norm_step step = step_of(context, index);
    const ftdn_cuda_sum_terms terms = {.x = step.x};
    return sum_terms(&step, &terms, sums, err);
}

ftdn_status ftdn_cuda_batch_norm_combine(const ftdn_context *context, int index,
                                         const ftdn_batch_statistics *statistics, const double *sums, ftdn_error *err)
{
    norm_step step = step_of(context, index);
    ftdn_cuda_batch_statistics_combine(step.stream, statistics, sums);
    return ftdn_cuda_check_launch(step.name, err);
}

ftdn_status ftdn_cuda_batch_norm_train(const ftdn_context *context, int index, const ftdn_batch_statistics *statistics,
                                       ftdn_error *err)
{
    norm_step step = step_of(context, index);
    float *y = ftdn_context_values(context, context->program->schedule.step[index].target);
    ftdn_cuda_batch_norm_forward(step.stream, step.shape, step.n_images, step.x, statistics->slope, statistics->offset,
                                 step.activation, y);
    return ftdn_cuda_check_launch(step.name, err);
}

ftdn_status ftdn_cuda_batch_norm_sum_gradients(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                               const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err)
{
    norm_step step = step_of(context, index);
    const ftdn_cuda_sum_terms terms = {
        .x = step.x,
        .dy = ftdn_gradients_values(gradients, context->program->schedule.step[index].target),
        .slope = statistics->slope,
        .offset = statistics->offset,
        .activation = step.activation,
    };
    return sum_terms(&step, &terms, sums, err);
}

ftdn_status ftdn_cuda_batch_norm_combine_gradients(const ftdn_context *context, int index,
                                                   const ftdn_batch_statistics *statistics, const double *sums,
                                                   float *dscale, float *dshift, ftdn_error *err)
{
    norm_step step = step_of(context, index);
    ftdn_cuda_batch_statistics_combine_gradients(step.stream, statistics, sums, dscale, dshift);
    return ftdn_cuda_check_launch(step.name, err);
}

ftdn_status ftdn_cuda_batch_norm_turn_back(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                           const ftdn_batch_statistics *statistics, ftdn_error *err)
{
    norm_step step = step_of(context, index);
    const ftdn_step *plan = &context->program->schedule.step[index];
    const ftdn_cuda_norm_channels channels = {
        .slope = statistics->slope,
        .offset = statistics->offset,
        .tilt = statistics->tilt,
        .level = statistics->level,
    };
    ftdn_cuda_batch_norm_train_backward(step.stream, step.shape, step.n_images, step.x,
                                        ftdn_gradients_values(gradients, plan->target), &channels, step.activation,
                                        gradients->program->gradient_layout.adds[index],
                                        ftdn_gradients_values(gradients, plan->source));
    return ftdn_cuda_check_launch(step.name, err);
}
