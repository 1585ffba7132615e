/* backend.h - what a backend provides: the table behind engine.h (only engine/ includes this).
 *
 * engine.c owns what all backends share: the schedule, the slabs' sizes, the loop over steps, the
 * hook. A backend owns primitives, weight layout and arithmetic. Its state hangs on the three void
 * pointers (four with gradients); an _init that fails leaves nothing behind, a _done accepts what an _init made.
 *
 * What a context or a gradients object has beside its slab is scratch: another slab of the same program may be put in
 * its place between two steps (training.c does, with one slab per image).
 *
 * A device backend enqueues in run_step and hands device memory to the hook. Its pack_step takes weights->value in host
 * or device memory. */
#ifndef FTDN_ENGINE_BACKEND_H
#define FTDN_ENGINE_BACKEND_H

#include "engine/batch_statistics.h"
#include "engine/engine.h"
#include "engine/gradient_layout.h"
#include "engine/gradients.h"
#include "engine/schedule.h"

struct ftdn_program {
    const ftdn_backend *backend;
    const ftdn_graph *graph; /* borrowed */
    ftdn_arena arena;        /* holds the schedule */
    ftdn_schedule schedule;
    ftdn_conv_algorithm conv_algorithm;
    ftdn_device_cache *cache; /* as compiled; NULL: of the program's own */
    bool for_gradients, for_training; /* as compiled; either: packed weights serve the backward pass too */
    ftdn_gradient_layout gradient_layout; /* meaningful where either is set */
    void *state;
};

struct ftdn_packed {
    const ftdn_program *program; /* borrowed */
    size_t n_bytes;              /* counted as room is made */
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
    float *slab;                 /* gradient_layout.slab_bytes, host or device */
    void *state;
};

/* Sums are over the cells of the context's images, in double. They and the arrays of the statistics are memory of the
 * backend. */
typedef struct ftdn_batch_norm_table {
    /* sums: [2,C]: of x, of x^2. */
    ftdn_status (*sum)(const ftdn_context *context, int step, double *sums, ftdn_error *err);
    /* y = activation((x - mean) inverse_deviation scale + shift) */
    ftdn_status (*forward)(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                           ftdn_error *err);
    /* sums: [2,C]: of g, of g (x - mean), where g is dy where the activation passed its input on, else 0. A device
     * leaves it to combine_gradients to take the mean off: of g, of g x. */
    ftdn_status (*sum_gradients)(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                                 const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err);
    /* dx = scale inverse_deviation (g - mean_g - (x - mean) mean_gx), added or written as the layout says. */
    ftdn_status (*backward)(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                            const ftdn_batch_statistics *statistics, ftdn_error *err);
    /* Of a device, else NULL: what batch_statistics.h makes of the sums of the only micro-batch. */
    ftdn_status (*combine)(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                           const double *sums, ftdn_error *err);
    ftdn_status (*combine_gradients)(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                                     const double *sums, float *dscale, float *dshift, ftdn_error *err);
} ftdn_batch_norm_table;

struct ftdn_backend {
    const char *name;
    int micro_batch; /* images per forward unless the program asks for another size */
    const char *(*arithmetic)(ftdn_conv_algorithm algorithm);
    const char *(*version)(void);

    ftdn_status (*program_init)(ftdn_program *program, ftdn_error *err);
    void (*program_done)(ftdn_program *program);
    void (*program_describe)(const ftdn_program *program, ftdn_text *text); /* NULL: it has no choice */

    ftdn_status (*packed_init)(ftdn_packed *packed, ftdn_error *err);
    void (*packed_done)(ftdn_packed *packed);
    /* Lay out the parameters of one step; called for different steps from several threads at once. */
    ftdn_status (*pack_step)(ftdn_packed *packed, int step, const ftdn_weights *weights, ftdn_error *err);

    ftdn_status (*slab_create)(size_t n_bytes, float **ret_slab, ftdn_error *err); /* zeroed */
    void (*slab_free)(float *slab);

    /* NULL of a backend whose slabs are host memory; else what follows is set too. */
    const struct ftdn_device_table *device;
    void (*slab_clear)(float *slab, size_t n_bytes); /* to 0, behind all work of the device; waits */
    /* To 0, behind the work of a context. */
    ftdn_status (*clear_after)(const ftdn_context *context, void *values, size_t n_bytes, ftdn_error *err);
    /* Around the pack_step calls of one update: wait for those who make the weights, and for the layouts. */
    ftdn_status (*pack_begin)(ftdn_packed *packed, ftdn_error *err);
    ftdn_status (*pack_end)(ftdn_packed *packed, ftdn_error *err);
    /* From now on updates are work of this context, out of device memory, and wait for nothing. */
    ftdn_status (*pack_behind)(ftdn_packed *packed, const ftdn_context *context, ftdn_error *err);

    ftdn_status (*context_init)(ftdn_context *context, ftdn_error *err);
    void (*context_done)(ftdn_context *context);

    ftdn_status (*load_input)(ftdn_context *context, const ftdn_input *input, ftdn_error *err);
    ftdn_status (*run_step)(ftdn_context *context, const ftdn_packed *packed, int step, ftdn_error *err);

    /* Gradients (gradients.h), of programs compiled for them or for training. One step backward: add to the gradient of
     * its source or write it, as the layout says, and add to those parameter gradients that are not NULL. */
    ftdn_status (*gradients_init)(ftdn_gradients *gradients, ftdn_error *err);
    void (*gradients_done)(ftdn_gradients *gradients);
    ftdn_status (*backward_step)(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                 int step, float *const *param_gradients, ftdn_error *err);

    /* The steps of batch norms in training mode (batch_statistics.h), with the activation that they take along. */
    ftdn_batch_norm_table batch_norm;
};

extern const ftdn_backend ftdn_backend_ref;
extern const ftdn_backend ftdn_backend_cpu;

/* The memory of a node's map in a context's slab; NULL where it was fused away. */
float *ftdn_context_values(const ftdn_context *context, int node);

/* The maps of a merge's copies; NULL beyond n_copies. */
void ftdn_context_copies(const ftdn_context *context, const ftdn_node *merge, const float *ret_copy[FTDN_MAX_COPIES]);

/* The memory of a node's gradient; NULL where none is kept. */
float *ftdn_gradients_values(const ftdn_gradients *gradients, int node);

/* The gradients of a merge's copies; NULL beyond n_copies. */
void ftdn_gradients_copies(const ftdn_gradients *gradients, const ftdn_node *merge, float *ret_copy[FTDN_MAX_COPIES]);

#endif
