/* gradient_layout.h - where the gradient of each node's map lies, and which step writes it first.
 *
 * Of a program compiled for_gradients all gradients lie side by side: each can be written and read at any time of the
 * pass. Of one compiled for_training only the outputs' gradients are written from outside; memory is used again as
 * soon as the backward pass has left a map behind, a map with one reader is written instead of added to, and what
 * leads to the input image alone is not computed. */
#ifndef FTDN_ENGINE_GRADIENT_LAYOUT_H
#define FTDN_ENGINE_GRADIENT_LAYOUT_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/schedule.h"

typedef struct ftdn_gradient_layout {
    size_t *map_offset; /* [n_nodes] bytes into the slab; FTDN_NO_MAP where no gradient is kept */
    bool *adds;         /* [n_steps] to the gradient of its source, which holds something; else the step writes it */
    size_t slab_bytes;
} ftdn_gradient_layout;

/* desc: for_gradients or for_training is set. FTDN_ERR_ARG: training of a graph with merges or clips. */
FTDN_NODISCARD ftdn_status ftdn_gradient_layout_make(const ftdn_graph *graph, const ftdn_schedule *schedule,
                                                     const ftdn_compile_desc *desc, ftdn_arena *arena,
                                                     ftdn_gradient_layout *ret_layout, ftdn_error *err);

#endif
