/* training_device.c - what is particular of a training on a device: one worker, behind whose work everything is. */
#include <assert.h>

#include "engine/training_parts.h"

ftdn_status ftdn_training_device_init(ftdn_training *training, ftdn_error *err)
{
    ftdn_training_worker *worker = &training->worker[0];
    worker->context.slab = training->micro_batch[0].slab;
    worker->gradients.slab = training->gradient_slab[0];
    return training->program->backend->pack_behind(training->packed, &worker->context, err);
}

ftdn_context *ftdn_training_context(ftdn_training *training)
{
    assert(training->program->backend->device);
    return &training->worker[0].context;
}

ftdn_gradients *ftdn_training_gradients(ftdn_training *training)
{
    assert(training->program->backend->device);
    return &training->worker[0].gradients;
}

/* Clear from the buffer of parameter *p on as far as buffers lie side by side; *p: behind them. */
static ftdn_status clear_side_by_side(const ftdn_training *training, float *const *param_gradients, int *p,
                                      ftdn_error *err)
{
    const ftdn_graph *graph = training->program->graph;
    float *begin = param_gradients[*p], *end = begin;
    for (; *p < graph->n_params && (!param_gradients[*p] || param_gradients[*p] == end); ++*p) {
        if (param_gradients[*p]) end += graph->param[*p].n_elements;
    }
    size_t n_bytes = (size_t)(end - begin) * sizeof *begin;
    return training->program->backend->clear_after(&training->worker[0].context, begin, n_bytes, err);
}

ftdn_status ftdn_training_device_clear(const ftdn_training *training, float *const *param_gradients, ftdn_error *err)
{
    for (int p = 0; p < training->program->graph->n_params;) {
        if (param_gradients[p]) FTDN_TRY(clear_side_by_side(training, param_gradients, &p, err));
        else p++;
    }
    return FTDN_OK;
}
