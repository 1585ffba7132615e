#include "engine/gradient_layout.h"

#include <assert.h>

#include "base/size.h"

static ftdn_status lay_side_by_side(const ftdn_graph *graph, const ftdn_schedule *schedule,
                                    ftdn_gradient_layout *layout, ftdn_error *err)
{
    for (int s = 0; s < schedule->n_steps; s++) layout->adds[s] = true;
    for (int i = 0; i < graph->n_nodes; i++) {
        size_t n_bytes;
        layout->map_offset[i] = layout->slab_bytes;
        bool fits = ftdn_schedule_map_bytes(schedule, graph, i, &n_bytes) &&
                    ftdn_size_add(layout->slab_bytes, n_bytes, &layout->slab_bytes);
        if (!fits) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the gradients of a micro-batch do not fit into memory");
    }
    return FTDN_OK;
}

/* Lifetimes in moments of the backward pass: step s is done at n_steps - 1 - s, the outputs are there before. */
static ftdn_status find_needs(const ftdn_graph *graph, const ftdn_schedule *schedule, const ftdn_compile_desc *desc,
                              bool *adds, ftdn_map_need *need, ftdn_error *err)
{
    for (int i = 0; i < graph->n_nodes; i++) need[i].alias = -1;
    for (int i = 0; i < desc->n_outputs; i++) {
        ftdn_map_need *output = &need[desc->outputs[i]];
        *output = (ftdn_map_need){.exists = true, .birth = -1, .death = schedule->n_steps, .alias = -1};
    }
    for (int s = schedule->n_steps - 1; s >= 0; s--) {
        const ftdn_step *step = &schedule->step[s];
        ftdn_map_need *source = &need[step->source], *target = &need[step->target];
        int now = schedule->n_steps - 1 - s;
        if (step->op == FTDN_OP_MERGE || step->op == FTDN_OP_CLIP)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' protects: a protected network is not trained",
                             graph->node[step->node].name);
        if (!target->exists) continue;
        if (target->death < now) target->death = now;
        adds[s] = source->exists;
        if (source->exists || step->source == 0) continue;
        source->exists = true;
        source->birth = source->death = now;
        if (step->op == FTDN_OP_BATCH_NORM) source->alias = step->target;
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        if (!need[i].exists || ftdn_schedule_map_bytes(schedule, graph, i, &need[i].n_bytes)) continue;
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the gradient of '%s' does not fit into memory", graph->node[i].name);
    }
    return FTDN_OK;
}

ftdn_status ftdn_gradient_layout_make(const ftdn_graph *graph, const ftdn_schedule *schedule,
                                      const ftdn_compile_desc *desc, ftdn_arena *arena,
                                      ftdn_gradient_layout *ret_layout, ftdn_error *err)
{
    assert(desc->for_gradients != desc->for_training);
    size_t n_nodes = (size_t)graph->n_nodes;
    ftdn_gradient_layout layout = {
        .map_offset = FTDN_NEW(arena, n_nodes, size_t, err),
        .adds = FTDN_NEW(arena, (size_t)schedule->n_steps, bool, err),
    };
    ftdn_map_need *need = FTDN_NEW(arena, n_nodes, ftdn_map_need, err);
    if (!layout.map_offset || !layout.adds || !need) return FTDN_ERR_MEMORY;
    if (desc->for_training) {
        FTDN_TRY(find_needs(graph, schedule, desc, layout.adds, need, err));
        layout.slab_bytes = ftdn_placement_make(need, graph->n_nodes, layout.map_offset);
    } else {
        FTDN_TRY(lay_side_by_side(graph, schedule, &layout, err));
    }
    *ret_layout = layout;
    return FTDN_OK;
}
