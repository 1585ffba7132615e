/* cuda_forward.c - one step of a program enqueued.
 *
 * Steps compute all images of a micro-batch: those that are missing are zeros in the input, and what becomes of them is
 * read by nobody. */
#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_depthwise.h"
#include "engine/cuda/cuda_elementwise.h"
#include "engine/cuda/cuda_merge.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_pool.h"
#include "engine/cuda/cuda_status.h"

static ftdn_status run_conv(const ftdn_context *context, const ftdn_cuda_packed_step *params, int index,
                            ftdn_error *err)
{
    const ftdn_program *program = context->program;
    const ftdn_cuda_context_state *state = context->state;
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    const ftdn_cuda_convolution *convolution = ((const ftdn_cuda_program *)program->state)->step[index].forward;
    const float *x = ftdn_context_values(context, plan->source);
    float *y = ftdn_context_values(context, plan->target);
    if (convolution)
        return ftdn_cuda_convolution_run(convolution, state->library, x, params->weight, params->bias, y,
                                         state->workspace, err);
    ftdn_cuda_depthwise_forward(state->stream, node, program->graph->node[plan->source].shape,
                                program->schedule.micro_batch, x, params->weight, params->bias, plan->activation, y);
    return FTDN_OK;
}

static void run_merge(const ftdn_context *context, int index)
{
    const ftdn_program *program = context->program;
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    ftdn_cuda_merge_maps maps = {
        .x = ftdn_context_values(context, plan->source),
        .place = ((const ftdn_cuda_program *)program->state)->step[index].merged_place,
    };
    ftdn_context_copies(context, node, maps.copy);
    ftdn_cuda_merge_forward(ftdn_cuda_context_stream(context), node, program->schedule.micro_batch, &maps,
                            plan->activation, ftdn_context_values(context, plan->target));
}

ftdn_status ftdn_cuda_run_step(ftdn_context *context, const ftdn_packed *packed, int index, ftdn_error *err)
{
    const ftdn_program *program = context->program;
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_node *node = &program->graph->node[plan->node];
    const ftdn_cuda_packed_step *params = &((const ftdn_cuda_packed *)packed->state)->step[index];
    cudaStream_t stream = ftdn_cuda_context_stream(context);
    int n_images = program->schedule.micro_batch;
    size_t n_elements = ftdn_shape_elements(node->shape) * (size_t)n_images;
    const float *x = ftdn_context_values(context, plan->source);
    float *y = ftdn_context_values(context, plan->target);
    switch (plan->op) {
    case FTDN_OP_CONV: FTDN_TRY(run_conv(context, params, index, err)); break;
    case FTDN_OP_BATCH_NORM:
        ftdn_cuda_batch_norm_forward(stream, node->shape, n_images, x, params->slope, params->offset, plan->activation,
                                     y);
        break;
    case FTDN_OP_ACTIVATION: ftdn_cuda_activation_forward(stream, n_elements, x, plan->activation, y); break;
    case FTDN_OP_MAX_POOL:
        ftdn_cuda_max_pool_forward(stream, node, program->graph->node[plan->source].shape, n_images, x, y);
        break;
    case FTDN_OP_MERGE: run_merge(context, index); break;
    case FTDN_OP_CLIP: ftdn_cuda_clip_forward(stream, n_elements, x, node->low, node->high, plan->activation, y); break;
    case FTDN_OP_INPUT: break;
    }
    return ftdn_cuda_check_launch(node->name, err);
}
