#include "engine/gradients.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "engine/backend.h"

/* Gradients of all maps side by side: a map's gradient is read and added to at any time of the pass. */
static ftdn_status place_gradients(ftdn_gradients *gradients, ftdn_error *err)
{
    const ftdn_graph *graph = gradients->program->graph;
    gradients->map_offset = calloc((size_t)graph->n_nodes, sizeof *gradients->map_offset);
    if (!gradients->map_offset) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    for (int i = 0; i < graph->n_nodes; i++) {
        size_t n_bytes = ftdn_shape_elements(graph->node[i].shape) * sizeof(float); /* fits: the schedule has checked */
        n_bytes *= (size_t)gradients->program->schedule.micro_batch;
        gradients->map_offset[i] = gradients->slab_bytes;
        bool fits = ftdn_size_round_up(n_bytes, FTDN_ARENA_ALIGNMENT, &n_bytes) &&
                    ftdn_size_add(gradients->slab_bytes, n_bytes, &gradients->slab_bytes);
        if (!fits) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the gradients of a micro-batch do not fit into memory");
    }
    return FTDN_OK;
}

ftdn_status ftdn_gradients_create(const ftdn_program *program, const ftdn_weights *weights,
                                  ftdn_gradients **ret_gradients, ftdn_error *err)
{
    for (int i = 0; i < program->graph->n_nodes; i++) {
        if (program->schedule.map_offset[i] != FTDN_NO_MAP) continue;
        return FTDN_FAIL(err, FTDN_ERR_ARG, "gradients: the program was not compiled for them ('%s' has no map)",
                         program->graph->node[i].name);
    }
    ftdn_gradients *gradients = calloc(1, sizeof *gradients);
    if (!gradients) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    gradients->program = program;
    ftdn_status status = place_gradients(gradients, err);
    if (status == FTDN_OK) status = program->backend->gradients_init(gradients, err);
    if (status != FTDN_OK) {
        free(gradients->map_offset);
        free(gradients);
        return status;
    }
    status = ftdn_gradients_set_weights(gradients, weights, err);
    if (status != FTDN_OK) {
        ftdn_gradients_free(gradients);
        return status;
    }
    *ret_gradients = gradients;
    return FTDN_OK;
}

void ftdn_gradients_free(ftdn_gradients *gradients)
{
    if (!gradients) return;
    gradients->program->backend->gradients_done(gradients);
    free(gradients->map_offset);
    free(gradients);
}

ftdn_status ftdn_gradients_set_weights(ftdn_gradients *gradients, const ftdn_weights *weights, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    assert(weights->n_params == program->graph->n_params);
    for (int s = 0; s < program->schedule.n_steps; s++) {
        FTDN_TRY(program->backend->gradients_pack_step(gradients, s, weights, err));
    }
    return FTDN_OK;
}

void ftdn_gradients_clear(ftdn_gradients *gradients)
{
    memset(gradients->slab, 0, gradients->slab_bytes);
}

float *ftdn_gradients_values(const ftdn_gradients *gradients, int node)
{
    return gradients->slab + gradients->map_offset[node] / sizeof(float);
}

void ftdn_gradients_copies(const ftdn_gradients *gradients, const ftdn_node *merge, float *ret_copy[FTDN_MAX_COPIES])
{
    for (int i = 0; i < FTDN_MAX_COPIES; i++) {
        ret_copy[i] = i < merge->n_copies ? ftdn_gradients_values(gradients, merge->copy[i]) : NULL;
    }
}

ftdn_map ftdn_gradients_map(const ftdn_gradients *gradients, const ftdn_context *context, int node)
{
    assert(node >= 0 && node < gradients->program->graph->n_nodes);
    return (ftdn_map){
        .node = node,
        .n_images = context->n_images,
        .shape = gradients->program->graph->node[node].shape,
        .values = ftdn_gradients_values(gradients, node),
    };
}

ftdn_status ftdn_backward(ftdn_gradients *gradients, const ftdn_context *context, float *const *param_gradients,
                          ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    assert(context->program == program);
    for (int s = program->schedule.n_steps - 1; s >= 0; s--) {
        FTDN_TRY(program->backend->backward_step(gradients, context, s, param_gradients, err));
    }
    return FTDN_OK;
}
