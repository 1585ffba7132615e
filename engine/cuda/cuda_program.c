/* cuda_program.c - plans of the convolutions of a program, and the tables of its merges. */
#include <stdlib.h>
#include <string.h>

#include "engine/cuda/cuda_backend.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_objects.h"
#include "engine/cuda/cuda_places.h"
#include "engine/cuda/cuda_status.h"

void ftdn_cuda_program_done(ftdn_program *program)
{
    ftdn_cuda_program *state = program->state;
    if (!state) return;
    for (int s = 0; state->step && s < program->schedule.n_steps; s++) {
        ftdn_cuda_convolution_free(state->step[s].forward);
        ftdn_cuda_convolution_free(state->step[s].map_gradient);
        ftdn_cuda_convolution_free(state->step[s].filter_gradient);
        ftdn_cuda_free(state->step[s].merged_place);
    }
    ftdn_cuda_cache_free(state->own_cache);
    free(state->step);
    free(state);
    program->state = NULL;
}

static ftdn_status make_convolution(const ftdn_program *program, int index, ftdn_cuda_convolution_kind kind,
                                    ftdn_cuda_convolution **ret_convolution, size_t *workspace_bytes, ftdn_error *err)
{
    const ftdn_step *plan = &program->schedule.step[index];
    const ftdn_cuda_convolution_desc desc =
        ftdn_cuda_convolution_describe(program->graph, plan->node, kind, program->schedule.micro_batch,
                                       plan->activation, program->conv_algorithm == FTDN_CONV_TF32);
    ftdn_device_cache *cache = ((const ftdn_cuda_program *)program->state)->cache;
    FTDN_TRY(ftdn_cuda_convolution_create(cache, &desc, ret_convolution, err));
    size_t n_bytes = ftdn_cuda_convolution_workspace_bytes(*ret_convolution);
    if (n_bytes > *workspace_bytes) *workspace_bytes = n_bytes;
    return FTDN_OK;
}

/* The gradient of the map in front of a convolution is wanted unless it is the image in training. */
static bool wants_map_gradient(const ftdn_program *program, int index)
{
    return program->gradient_layout.map_offset[program->schedule.step[index].source] != FTDN_NO_MAP;
}

static ftdn_status make_convolutions(const ftdn_program *program, int index, ftdn_error *err)
{
    ftdn_cuda_program *state = program->state;
    ftdn_cuda_step *step = &state->step[index];
    FTDN_TRY(make_convolution(program, index, FTDN_CUDA_CONVOLUTION_FORWARD, &step->forward,
                              &state->forward_workspace_bytes, err));
    if (!program->for_gradients && !program->for_training) return FTDN_OK;
    if (wants_map_gradient(program, index))
        FTDN_TRY(make_convolution(program, index, FTDN_CUDA_CONVOLUTION_MAP_GRADIENT, &step->map_gradient,
                                  &state->gradient_workspace_bytes, err));
    return make_convolution(program, index, FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT, &step->filter_gradient,
                            &state->gradient_workspace_bytes, err);
}

static ftdn_status make_merge(const ftdn_node *node, ftdn_cuda_step *step, ftdn_error *err)
{
    size_t n_channels = (size_t)node->shape.c;
    FTDN_TRY(ftdn_cuda_alloc(n_channels * sizeof(int), node->name, (void **)&step->merged_place, err));
    return ftdn_cuda_upload_places(node->merged, node->n_merged, n_channels, step->merged_place, err);
}

static ftdn_status make_steps(const ftdn_program *program, ftdn_error *err)
{
    ftdn_cuda_program *state = program->state;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        const ftdn_node *node = &program->graph->node[program->schedule.step[s].node];
        if (node->op == FTDN_OP_CONV && node->groups == 1) FTDN_TRY(make_convolutions(program, s, err));
        if (node->op == FTDN_OP_MERGE) FTDN_TRY(make_merge(node, &state->step[s], err));
    }
    return FTDN_OK;
}

static ftdn_status make_program(const ftdn_program *program, ftdn_error *err)
{
    ftdn_cuda_program *state = program->state;
    FTDN_CUDA(cudaGetDevice(&state->device), NULL, err);
    if (!program->cache) FTDN_TRY(ftdn_cuda_cache_create(&state->own_cache, err));
    state->cache = program->cache ? program->cache : state->own_cache;
    return make_steps(program, err);
}

/* Tensor cores that multiply TF32 numbers came with compute capability 8.0. NVIDIA_TF32_OVERRIDE=0 makes cuDNN
 * plan without them, and nothing says so. */
static ftdn_status check_algorithm(ftdn_conv_algorithm algorithm, ftdn_error *err)
{
    struct cudaDeviceProp properties;
    int device;
    if (algorithm == FTDN_CONV_WINOGRAD)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "backend cuda has no convolutions by Winograd");
    if (algorithm != FTDN_CONV_TF32) return FTDN_OK;
    const char *override = getenv("NVIDIA_TF32_OVERRIDE");
    if (override && strcmp(override, "0") == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "convolutions with TF32 are forbidden by NVIDIA_TF32_OVERRIDE=0");
    FTDN_CUDA(cudaGetDevice(&device), NULL, err);
    FTDN_CUDA(cudaGetDeviceProperties(&properties, device), NULL, err);
    if (properties.major >= 8) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "convolutions with TF32 need compute capability 8.0, %s has %d.%d",
                     properties.name, properties.major, properties.minor);
}

ftdn_status ftdn_cuda_program_init(ftdn_program *program, ftdn_error *err)
{
    FTDN_TRY(check_algorithm(program->conv_algorithm, err));
    ftdn_cuda_program *state = program->state = calloc(1, sizeof *state);
    if (state) state->step = calloc((size_t)program->schedule.n_steps, sizeof *state->step);
    ftdn_status status = state && state->step ? make_program(program, err)
                                              : FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a program");
    if (status != FTDN_OK) ftdn_cuda_program_done(program);
    return status;
}

static void append_plan(ftdn_text *text, const char *name, const char *direction,
                        const ftdn_cuda_convolution *convolution)
{
    if (convolution) ftdn_text_append(text, "%s%s: %s\n", name, direction, ftdn_cuda_convolution_plan(convolution));
}

void ftdn_cuda_program_describe(const ftdn_program *program, ftdn_text *text)
{
    const ftdn_cuda_program *state = program->state;
    for (int s = 0; s < program->schedule.n_steps; s++) {
        const char *name = program->graph->node[program->schedule.step[s].node].name;
        append_plan(text, name, "", state->step[s].forward);
        append_plan(text, name, ", gradient of x", state->step[s].map_gradient);
        append_plan(text, name, ", gradient of w", state->step[s].filter_gradient);
    }
}
