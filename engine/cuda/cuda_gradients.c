/* cuda_gradients.c - one step backward, enqueued on the stream of the context. */
#include <stdlib.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_backward.h"
#include "engine/cuda/cuda_depthwise.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_merge.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_pack.h"
#include "engine/cuda/cuda_pool.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/cuda_sums.h"

void ftdn_cuda_gradients_done(ftdn_gradients *gradients)
{
    ftdn_cuda_gradients_state *state = gradients->state;
    if (!state) return;
    (void)cudaDeviceSynchronize(); /* work of some context may still write here */
    ftdn_cuda_free(state->workspace);
    ftdn_cuda_free(state->map);
    ftdn_cuda_free(state->weight);
    ftdn_cuda_free(state->slice_sums);
    ftdn_cuda_free(state->totals);
    free(state);
    gradients->state = NULL;
}

/* The most that any step needs, in elements. */
typedef struct scratch_sizes {
    size_t map, weight, slice_sums, totals;
} scratch_sizes;

static void raise(size_t *most, size_t n)
{
    if (n > *most) *most = n;
}

static void raise_sums(scratch_sizes *most, const ftdn_program *program, const ftdn_node *node, size_t n_quantities)
{
    size_t n_parts = (size_t)ftdn_cuda_n_slices(node->shape) * (size_t)program->schedule.micro_batch;
    size_t n_sums = n_quantities * (size_t)node->shape.c;
    raise(&most->slice_sums, n_parts * n_sums);
    raise(&most->totals, n_sums);
}

static scratch_sizes measure_scratch(const ftdn_program *program)
{
    const ftdn_graph *graph = program->graph;
    scratch_sizes most = {0};
    for (int s = 0; s < program->schedule.n_steps; s++) {
        const ftdn_step *plan = &program->schedule.step[s];
        const ftdn_node *node = &graph->node[plan->node];
        if (plan->op == FTDN_OP_BATCH_NORM) raise_sums(&most, program, node, 2);
        if (plan->op != FTDN_OP_CONV) continue;
        raise_sums(&most, program, node, 2);
        if (node->groups > 1) {
            raise_sums(&most, program, node, (size_t)node->kernel_h * (size_t)node->kernel_w);
            continue;
        }
        raise(&most.weight, graph->param[node->weight].n_elements);
        if (!program->gradient_layout.adds[s]) continue;
        raise(&most.map, ftdn_shape_elements(graph->node[plan->source].shape) * (size_t)program->schedule.micro_batch);
    }
    return most;
}

static ftdn_status make_scratch(const ftdn_program *program, ftdn_cuda_gradients_state *state, ftdn_error *err)
{
    const ftdn_cuda_program *plan = program->state;
    scratch_sizes most = measure_scratch(program);
    const struct {
        void **memory;
        size_t n_bytes;
    } wanted[] = {
        {&state->workspace, plan->gradient_workspace_bytes},
        {(void **)&state->map, most.map * sizeof(float)},
        {(void **)&state->weight, most.weight * sizeof(float)},
        {(void **)&state->slice_sums, most.slice_sums * sizeof(double)},
        {(void **)&state->totals, most.totals * sizeof(double)},
    };
    FTDN_TRY(ftdn_cuda_enter(program, err));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        FTDN_TRY(ftdn_cuda_alloc(wanted[i].n_bytes, "gradients", wanted[i].memory, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_cuda_gradients_init(ftdn_gradients *gradients, ftdn_error *err)
{
    gradients->state = calloc(1, sizeof(ftdn_cuda_gradients_state));
    if (!gradients->state) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    ftdn_status status = make_scratch(gradients->program, gradients->state, err);
    if (status != FTDN_OK) ftdn_cuda_gradients_done(gradients);
    return status;
}

/* What a step backward works on. */
typedef struct backward_step {
    const ftdn_node *node;
    ftdn_shape in;
    const ftdn_cuda_step *convolutions;
    const ftdn_cuda_packed_step *params;
    const ftdn_cuda_context_state *context;
    const ftdn_cuda_gradients_state *scratch;
    int n_images;
    bool adds;
    const float *x, *dy;
    float *dx; /* NULL: not wanted */
} backward_step;

static ftdn_status conv_backward_map(const backward_step *step, ftdn_error *err)
{
    cudaStream_t stream = step->context->stream;
    if (!step->dx) return FTDN_OK;
    if (step->node->groups > 1) {
        ftdn_cuda_depthwise_backward(stream, step->node, step->in, step->n_images, step->dy, step->params->weight,
                                     step->adds, step->dx);
        return FTDN_OK;
    }
    float *to = step->adds ? step->scratch->map : step->dx;
    FTDN_TRY(ftdn_cuda_convolution_run(step->convolutions->map_gradient, step->context->library, step->dy,
                                       step->params->weight, NULL, to, step->scratch->workspace, err));
    if (!step->adds) return FTDN_OK;
    ftdn_cuda_map_add(stream, ftdn_shape_elements(step->in) * (size_t)step->n_images, to, step->dx);
    return FTDN_OK;
}

static ftdn_status conv_backward_weight(const backward_step *step, float *dw, ftdn_error *err)
{
    cudaStream_t stream = step->context->stream;
    const ftdn_cuda_gradients_state *scratch = step->scratch;
    const ftdn_node *node = step->node;
    if (node->groups > 1) {
        int n_cells = node->kernel_h * node->kernel_w;
        ftdn_cuda_depthwise_sum_slices(stream, node, step->in, step->n_images, step->x, step->dy, scratch->slice_sums);
        ftdn_cuda_sum_up(stream, step->n_images * ftdn_cuda_n_slices(node->shape), n_cells * node->shape.c,
                         scratch->slice_sums, scratch->totals);
        ftdn_cuda_totals_add(stream, n_cells, node->shape.c, scratch->totals, dw);
        return FTDN_OK;
    }
    FTDN_TRY(ftdn_cuda_convolution_run(step->convolutions->filter_gradient, step->context->library, step->dy, step->x,
                                       NULL, scratch->weight, scratch->workspace, err));
    ftdn_cuda_weight_gradient_add(stream, ftdn_cuda_filters_of(node, step->in.c), scratch->weight, dw);
    return FTDN_OK;
}

/* The totals of g and g x over all images into the scratch. x NULL: of g alone. */
static void sum_gradients(const backward_step *step, const float *x)
{
    const ftdn_cuda_sum_terms terms = {.x = x, .dy = step->dy};
    cudaStream_t stream = step->context->stream;
    ftdn_shape shape = step->node->shape;
    ftdn_cuda_sum_slices(stream, shape, step->n_images, &terms, step->scratch->slice_sums);
    ftdn_cuda_sum_up(stream, step->n_images * ftdn_cuda_n_slices(shape), 2 * shape.c, step->scratch->slice_sums,
                     step->scratch->totals);
}

static ftdn_status backward_conv(const backward_step *step, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_node *node = step->node;
    FTDN_TRY(conv_backward_map(step, err));
    if (!param_gradients) return FTDN_OK;
    float *dw = param_gradients[node->weight], *db = node->bias >= 0 ? param_gradients[node->bias] : NULL;
    if (dw) FTDN_TRY(conv_backward_weight(step, dw, err));
    if (!db) return FTDN_OK;
    sum_gradients(step, NULL);
    ftdn_cuda_totals_add(step->context->stream, 1, node->shape.c, step->scratch->totals, db);
    return FTDN_OK;
}

static void backward_batch_norm(const backward_step *step, float *const *param_gradients)
{
    cudaStream_t stream = step->context->stream;
    const ftdn_node *node = step->node;
    ftdn_cuda_batch_norm_backward(stream, node->shape, step->n_images, step->dy, step->params->slope, step->adds,
                                  step->dx);
    if (!param_gradients) return;
    float *dscale = param_gradients[node->bn_scale], *dshift = param_gradients[node->bn_shift];
    if (!dscale && !dshift) return;
    sum_gradients(step, step->x);
    ftdn_cuda_batch_norm_totals_add(stream, node->shape.c, node->epsilon, step->scratch->totals, step->params->mean,
                                    step->params->var, dscale, dshift);
}

static void backward_merge(const backward_step *step, const ftdn_gradients *gradients, const ftdn_context *context)
{
    float *dcopy[FTDN_MAX_COPIES];
    ftdn_cuda_merge_maps maps = {.x = step->x, .place = step->convolutions->merged_place};
    ftdn_context_copies(context, step->node, maps.copy);
    ftdn_gradients_copies(gradients, step->node, dcopy);
    ftdn_cuda_merge_backward(step->context->stream, step->node, step->n_images, &maps, step->dy, step->dx, dcopy);
}

ftdn_status ftdn_cuda_backward_step(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                    int index, float *const *param_gradients, ftdn_error *err)
{
    const ftdn_program *program = context->program;
    const ftdn_step *plan = &program->schedule.step[index];
    const backward_step step = {
        .node = &program->graph->node[plan->node],
        .in = program->graph->node[plan->source].shape,
        .convolutions = &((const ftdn_cuda_program *)program->state)->step[index],
        .params = &((const ftdn_cuda_packed *)packed->state)->step[index],
        .context = context->state,
        .scratch = gradients->state,
        .n_images = program->schedule.micro_batch,
        .adds = program->gradient_layout.adds[index],
        .x = ftdn_context_values(context, plan->source),
        .dy = ftdn_gradients_values(gradients, plan->target),
        .dx = ftdn_gradients_values(gradients, plan->source),
    };
    cudaStream_t stream = step.context->stream;
    size_t n_elements = ftdn_shape_elements(step.node->shape) * (size_t)step.n_images;
    if (plan->op == FTDN_OP_CONV) {
        FTDN_TRY(backward_conv(&step, param_gradients, err));
        return ftdn_cuda_check_launch(step.node->name, err);
    }
    if (!step.dx) return FTDN_OK; /* in training; parameters other than a convolution's are dealt with elsewhere */
    switch (plan->op) {
    case FTDN_OP_BATCH_NORM: backward_batch_norm(&step, param_gradients); break;
    case FTDN_OP_ACTIVATION:
        ftdn_cuda_activation_backward(stream, n_elements, ftdn_context_values(context, plan->target), step.dy,
                                      plan->activation, step.adds, step.dx);
        break;
    case FTDN_OP_MAX_POOL:
        ftdn_cuda_max_pool_backward(stream, step.node, step.in, step.n_images, step.x, step.dy, step.adds, step.dx);
        break;
    case FTDN_OP_MERGE: backward_merge(&step, gradients, context); break;
    case FTDN_OP_CLIP:
        ftdn_cuda_clip_backward(stream, n_elements, step.x, step.dy, step.node->low, step.node->high, step.adds,
                                step.dx);
        break;
    case FTDN_OP_CONV:
    case FTDN_OP_INPUT: break;
    }
    return ftdn_cuda_check_launch(step.node->name, err);
}
