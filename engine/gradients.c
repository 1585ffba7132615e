#include "engine/gradients.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/backend.h"

ftdn_status ftdn_gradients_create(const ftdn_program *program, ftdn_gradients **ret_gradients, ftdn_error *err)
{
    const ftdn_backend *backend = program->backend;
    if (!program->for_gradients)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "gradients: the program was not compiled for them");
    ftdn_gradients *gradients = calloc(1, sizeof *gradients);
    if (!gradients) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for gradients");
    gradients->program = program;
    ftdn_status status = backend->slab_create(program->gradient_layout.slab_bytes, &gradients->slab, err);
    if (status == FTDN_OK) status = backend->gradients_init(gradients, err);
    if (status != FTDN_OK) {
        backend->slab_free(gradients->slab);
        free(gradients);
        return status;
    }
    *ret_gradients = gradients;
    return FTDN_OK;
}

void ftdn_gradients_free(ftdn_gradients *gradients)
{
    if (!gradients) return;
    const ftdn_backend *backend = gradients->program->backend;
    backend->gradients_done(gradients);
    backend->slab_free(gradients->slab);
    free(gradients);
}

void ftdn_gradients_clear(ftdn_gradients *gradients)
{
    const ftdn_backend *backend = gradients->program->backend;
    size_t n_bytes = gradients->program->gradient_layout.slab_bytes;
    if (backend->device) backend->slab_clear(gradients->slab, n_bytes);
    else memset(gradients->slab, 0, n_bytes);
}

float *ftdn_gradients_values(const ftdn_gradients *gradients, int node)
{
    size_t offset = gradients->program->gradient_layout.map_offset[node];
    return offset == FTDN_NO_MAP ? NULL : gradients->slab + offset / sizeof(float);
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

ftdn_status ftdn_backward(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                          float *const *param_gradients, ftdn_error *err)
{
    const ftdn_program *program = gradients->program;
    assert(context->program == program && packed->program == program);
    for (int s = program->schedule.n_steps - 1; s >= 0; s--) {
        FTDN_TRY(program->backend->backward_step(gradients, context, packed, s, param_gradients, err));
    }
    return FTDN_OK;
}
