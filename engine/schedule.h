/* schedule.h - the order of work of a compiled graph, and where each map lies in memory.
 *
 * A step computes one map. A convolution takes the batch norm and the activation behind it along
 * where nobody wants to see the map in between: it is no tap, no output, and read by nothing else;
 * a batch norm, a merge and a clip take the activation behind them along.
 * Maps share one slab: two maps overlap only where their lifetimes do not. An elementwise step runs
 * in place where nobody else needs its source. */
#ifndef FTDN_ENGINE_SCHEDULE_H
#define FTDN_ENGINE_SCHEDULE_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "engine/placement.h"

typedef struct ftdn_step {
    ftdn_op op;     /* of the first node; never INPUT */
    int node;       /* the first node computed here: holds the window, the parameters, the copies of a merge */
    int batch_norm; /* node of the batch norm computed here (op itself, or folded into the convolution); -1: none */
    ftdn_activation activation; /* applied at the end */
    int source;                 /* node whose map is read; a merge reads those of its copies too */
    int target;                 /* the last node computed here: its map is written */
    bool tapped;                /* the hook sees the target */
} ftdn_step;

typedef struct ftdn_schedule {
    int micro_batch;
    int n_steps;
    ftdn_step *step;
    size_t *map_offset; /* [n_nodes] bytes into the slab; FTDN_NO_MAP where fused away */
    size_t slab_bytes;  /* for micro_batch images; offsets are multiples of 64 */
    bool *follows;      /* [n_nodes,n_steps] the step reads the node's map or one made of it; NULL: none kept */
} ftdn_schedule;

/* FTDN_ERR_ARG: a tap or an output that is no node, a micro-batch below 1. FTDN_ERR_MEMORY: sizes overflow. */
FTDN_NODISCARD ftdn_status ftdn_schedule_make(const ftdn_graph *graph, const ftdn_compile_desc *desc, int micro_batch,
                                              ftdn_arena *arena, ftdn_schedule *ret_schedule, ftdn_error *err);

/* Memory of a node's map for one micro-batch, rounded up to FTDN_ARENA_ALIGNMENT; false where it overflows. */
bool ftdn_schedule_map_bytes(const ftdn_schedule *schedule, const ftdn_graph *graph, int node, size_t *ret_bytes);

#endif
