#include "engine/cpu/cpu_packed.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_program.h"
#include "engine/host_memory.h"

typedef struct cpu_packed {
    dnnl_stream_t *stream;      /* [n_steps]: steps are packed by several threads at once */
    ftdn_cpu_packed_step *step; /* [n_steps] */
} cpu_packed;

const ftdn_cpu_packed_step *ftdn_cpu_packed_step_of(const ftdn_packed *packed, int index)
{
    return ((const cpu_packed *)packed->state)->step + index;
}

void ftdn_cpu_packed_done(ftdn_packed *packed)
{
    cpu_packed *state = packed->state;
    if (!state) return;
    for (int s = 0; s < packed->program->schedule.n_steps; s++) {
        if (state->stream && state->stream[s]) dnnl_stream_destroy(state->stream[s]);
        if (!state->step) continue;
        ftdn_cpu_packed_step *step = &state->step[s];
        ftdn_onednn_destroy_memory(step->weight);
        ftdn_onednn_destroy_memory(step->bias);
        ftdn_onednn_destroy_memory(step->backward_weight);
        ftdn_onednn_destroy_memory(step->plain);
        free(step->weight_values);
        free(step->bias_values);
        free(step->backward_values);
        free(step->slope);
        free(step->offset);
        free(step->mean);
        free(step->var);
    }
    free(state->stream);
    free(state->step);
    free(state);
    packed->state = NULL;
}

/* Room for one parameter in the primitive's layout. */
static ftdn_status make_param(ftdn_packed *packed, const dnnl_memory_desc_t *desc, dnnl_memory_t *memory,
                              float **values, const char *what, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    size_t n_bytes = dnnl_memory_desc_get_size(desc);
    *values = ftdn_host_alloc(n_bytes, err);
    if (!*values) return FTDN_ERR_MEMORY;
    packed->n_bytes += n_bytes;
    FTDN_DNNL(dnnl_memory_create(memory, desc, program->engine, *values), what, err);
    return FTDN_OK;
}

static ftdn_status make_channels(ftdn_packed *packed, const ftdn_node *node, float **values, ftdn_error *err)
{
    size_t n_bytes = (size_t)node->shape.c * sizeof **values;
    *values = ftdn_host_alloc(n_bytes, err);
    if (!*values) return FTDN_ERR_MEMORY;
    packed->n_bytes += n_bytes;
    return FTDN_OK;
}

static ftdn_status make_conv(ftdn_packed *packed, int index, const ftdn_node *node, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    const ftdn_onednn_step *primitive = &program->step[index];
    cpu_packed *state = packed->state;
    ftdn_cpu_packed_step *step = &state->step[index];
    FTDN_TRY(make_param(packed, primitive->weight, &step->weight, &step->weight_values, node->name, err));
    FTDN_TRY(make_param(packed, primitive->bias, &step->bias, &step->bias_values, node->name, err));
    FTDN_DNNL(dnnl_memory_create(&step->plain, &primitive->weight_plain, program->engine, DNNL_MEMORY_NONE), node->name,
              err);
    FTDN_DNNL(dnnl_stream_create(&state->stream[index], program->engine, dnnl_stream_default_flags), node->name, err);
    if (!program->backward) return FTDN_OK;
    const dnnl_memory_desc_t *desc =
        dnnl_primitive_desc_query_md(program->backward[index].map_desc, dnnl_query_weights_md, 0);
    return make_param(packed, desc, &step->backward_weight, &step->backward_values, node->name, err);
}

static ftdn_status make_step(ftdn_packed *packed, int index, ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    const ftdn_step *plan = &packed->program->schedule.step[index];
    const ftdn_node *node = &packed->program->graph->node[plan->node];
    ftdn_cpu_packed_step *step = ((cpu_packed *)packed->state)->step + index;
    if (plan->op == FTDN_OP_CONV) FTDN_TRY(make_conv(packed, index, node, err));
    if (plan->batch_norm < 0) return FTDN_OK;
    FTDN_TRY(make_channels(packed, node, &step->slope, err));
    FTDN_TRY(make_channels(packed, node, &step->offset, err));
    if (!program->backward) return FTDN_OK;
    FTDN_TRY(make_channels(packed, node, &step->mean, err));
    return make_channels(packed, node, &step->var, err);
}

ftdn_status ftdn_cpu_packed_init(ftdn_packed *packed, ftdn_error *err)
{
    size_t n_steps = (size_t)packed->program->schedule.n_steps;
    cpu_packed *state = packed->state = calloc(1, sizeof *state);
    if (state) {
        state->stream = calloc(n_steps, sizeof *state->stream);
        state->step = calloc(n_steps, sizeof *state->step);
    }
    ftdn_status status = FTDN_OK;
    if (!state || !state->stream || !state->step)
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for packed weights");
    for (size_t s = 0; s < n_steps && status == FTDN_OK; s++) status = make_step(packed, (int)s, err);
    if (status != FTDN_OK) ftdn_cpu_packed_done(packed);
    return status;
}

/* Write weights in the file's layout into the layouts of the primitives. */
static ftdn_status reorder_weight(const ftdn_packed *packed, int index, const float *weight, const char *what,
                                  ftdn_error *err)
{
    const ftdn_cpu_program *program = packed->program->state;
    const cpu_packed *state = packed->state;
    const ftdn_cpu_packed_step *step = &state->step[index];
    FTDN_DNNL(dnnl_memory_set_data_handle(step->plain, ftdn_onednn_readable(weight)), what, err);
    const dnnl_exec_arg_t forward[] = {{DNNL_ARG_FROM, step->plain}, {DNNL_ARG_TO, step->weight}};
    FTDN_TRY(ftdn_onednn_execute(program->step[index].weight_reorder, state->stream[index], forward, 2, what, err));
    if (!program->backward) return FTDN_OK;
    const dnnl_exec_arg_t backward[] = {{DNNL_ARG_FROM, step->plain}, {DNNL_ARG_TO, step->backward_weight}};
    return ftdn_onednn_execute(program->backward[index].weight_reorder, state->stream[index], backward, 2, what, err);
}

/* The same with each filter times slope[k]. */
static ftdn_status fold_weight(const ftdn_packed *packed, int index, const float *weight, size_t n_elements,
                               const float *slope, ftdn_error *err)
{
    const ftdn_node *node = &packed->program->graph->node[packed->program->schedule.step[index].node];
    float *folded = ftdn_host_alloc(n_elements * sizeof *folded, err);
    if (!folded) return FTDN_ERR_MEMORY;
    size_t n_per_filter = n_elements / (size_t)node->shape.c;
    for (size_t k = 0; k < (size_t)node->shape.c; k++) {
        for (size_t i = 0; i < n_per_filter; i++)
            folded[k * n_per_filter + i] = weight[k * n_per_filter + i] * slope[k];
    }
    ftdn_status status = reorder_weight(packed, index, folded, node->name, err);
    free(folded);
    return status;
}

ftdn_status ftdn_cpu_pack_step(ftdn_packed *packed, int index, const ftdn_weights *weights, ftdn_error *err)
{
    const ftdn_graph *graph = packed->program->graph;
    const ftdn_step *plan = &packed->program->schedule.step[index];
    const ftdn_node *node = &graph->node[plan->node];
    const ftdn_cpu_packed_step *step = ftdn_cpu_packed_step_of(packed, index);
    bool is_conv = plan->op == FTDN_OP_CONV;
    const float *bias = is_conv && node->bias >= 0 ? weights->value[node->bias] : NULL;
    if (plan->batch_norm >= 0) {
        const ftdn_node *bn = &graph->node[plan->batch_norm];
        const float *mean = weights->value[bn->bn_mean], *var = weights->value[bn->bn_var];
        ftdn_cpu_batch_norm_fold(bn->shape.c, bn->epsilon, weights->value[bn->bn_scale], weights->value[bn->bn_shift],
                                 mean, var, bias, step->slope, step->offset);
        if (step->mean) memcpy(step->mean, mean, (size_t)bn->shape.c * sizeof *mean);
        if (step->var) memcpy(step->var, var, (size_t)bn->shape.c * sizeof *var);
        bias = step->offset;
    }
    if (!is_conv) return FTDN_OK;
    if (bias) memcpy(step->bias_values, bias, (size_t)node->shape.c * sizeof *bias);
    const float *weight = weights->value[node->weight];
    if (!step->slope) return reorder_weight(packed, index, weight, node->name, err);
    return fold_weight(packed, index, weight, graph->param[node->weight].n_elements, step->slope, err);
}
