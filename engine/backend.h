/* backend.h - what a backend provides: the table behind engine.h (only engine/ includes this).
 *
 * engine.c owns what all backends share: the schedule, the slab's size, the loop over steps, the
 * hook. A backend owns primitives, weight layout and arithmetic. Its state hangs on the three void
 * pointers (four with gradients); an _init that fails leaves nothing behind, a _done accepts what an _init made.
 *
 * A device backend enqueues in run_step and hands device memory to the hook. */
#ifndef FTDN_ENGINE_BACKEND_H
#define FTDN_ENGINE_BACKEND_H

#include "engine/engine.h"
#include "engine/gradients.h"
#include "engine/schedule.h"

struct ftdn_program {
    const ftdn_backend *backend;
    const ftdn_graph *graph; /* borrowed */
    ftdn_arena arena;        /* holds the schedule */
    ftdn_schedule schedule;
    ftdn_conv_algorithm conv_algorithm;
    void *state;
};

struct ftdn_packed {
    const ftdn_program *program; /* borrowed */
    size_t n_bytes;              /* counted by pack_step's first pass over a step */
    void *state;
};

struct ftdn_context {
    const ftdn_program *program; /* borrowed */
    float *slab;                 /* schedule.slab_bytes, host or device */
    int n_images;                /* of the last forward */
    void *state;
};

struct ftdn_gradients {
    const ftdn_program *program; /* borrowed */
    size_t *map_offset;          /* [n_nodes] bytes into the slab */
    size_t slab_bytes;
    float *slab; /* the gradient of every node's map; host or device */
    void *state;
};

struct ftdn_backend {
    const char *name;
    int micro_batch; /* images per forward unless the program asks for another size */
    const char *(*arithmetic)(ftdn_conv_algorithm algorithm);
    const char *(*version)(void);

    ftdn_status (*program_init)(ftdn_program *program, ftdn_error *err);
    void (*program_done)(ftdn_program *program);

    ftdn_status (*packed_init)(ftdn_packed *packed, ftdn_error *err);
    void (*packed_done)(ftdn_packed *packed);
    /* Lay out the parameters of one step; called for different steps from several threads at once. */
    ftdn_status (*pack_step)(ftdn_packed *packed, int step, const ftdn_weights *weights, ftdn_error *err);

    ftdn_status (*context_init)(ftdn_context *context, ftdn_error *err); /* makes the slab too */
    void (*context_done)(ftdn_context *context);

    ftdn_status (*load_input)(ftdn_context *context, const ftdn_input *input, ftdn_error *err);
    ftdn_status (*run_step)(ftdn_context *context, const ftdn_packed *packed, int step, ftdn_error *err);

    /* Gradients (gradients.h). Memory of maps and the weights in the layout that going backward wants; then one step:
     * add to the gradient of its source, and to those parameter gradients that are not NULL. */
    ftdn_status (*gradients_init)(ftdn_gradients *gradients, ftdn_error *err);
    void (*gradients_done)(ftdn_gradients *gradients);
    ftdn_status (*gradients_pack_step)(ftdn_gradients *gradients, int step, const ftdn_weights *weights,
                                       ftdn_error *err);
    ftdn_status (*backward_step)(ftdn_gradients *gradients, const ftdn_context *context, int step,
                                 float *const *param_gradients, ftdn_error *err);
};

extern const ftdn_backend ftdn_backend_ref;
extern const ftdn_backend ftdn_backend_cpu;

/* The memory of a node's map in a context's slab; NULL where it was fused away. */
float *ftdn_context_values(const ftdn_context *context, int node);

/* The maps of a merge's copies; NULL beyond n_copies. */
void ftdn_context_copies(const ftdn_context *context, const ftdn_node *merge, const float *ret_copy[FTDN_MAX_COPIES]);

/* The memory of a node's gradient. */
float *ftdn_gradients_values(const ftdn_gradients *gradients, int node);

/* The gradients of a merge's copies; NULL beyond n_copies. */
void ftdn_gradients_copies(const ftdn_gradients *gradients, const ftdn_node *merge, float *ret_copy[FTDN_MAX_COPIES]);

#endif
