/* onednn.h - the CPU backend's view of oneDNN (v2 C API): one primitive per step, single-threaded.
 *
 * Activations are NHWC end to end; oneDNN chooses only the layout of weights. Winograd wants blocked
 * activations: its steps carry two reorders of their own. A primitive is made and executed on one
 * thread, because oneDNN's blocking, and with it the last bits, depends on the number of threads. */
#ifndef FTDN_ENGINE_CPU_ONEDNN_H
#define FTDN_ENGINE_CPU_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>

#include "engine/backend.h"

/* Return FTDN_ERR_BACKEND from the enclosing function where a oneDNN call fails; `what` names the step. */
#define FTDN_DNNL(call, what, err)                                                                                     \
    do {                                                                                                               \
        dnnl_status_t dnnl_result = (call);                                                                            \
        if (dnnl_result != dnnl_success) return ftdn_onednn_fail(#call, dnnl_result, (what), (err));                   \
    } while (0)

ftdn_status ftdn_onednn_fail(const char *call, dnnl_status_t result, const char *what, ftdn_error *err);

typedef struct ftdn_onednn_step {
    dnnl_primitive_desc_t desc; /* owns the memory descriptors below; NULL: the step does not use oneDNN */
    dnnl_primitive_t primitive;
    const dnnl_memory_desc_t *source, *target, *weight, *bias, *scratchpad; /* as the primitive wants them */
    dnnl_memory_desc_t source_nhwc, target_nhwc, weight_plain;              /* as the program has them */
    dnnl_primitive_t weight_reorder;                                        /* plain -> weight */
    dnnl_primitive_t source_reorder, target_reorder; /* nhwc <-> blocked; NULL where the primitive takes nhwc */
} ftdn_onednn_step;

/* Make the primitives of a convolution or max-pool step. On failure *step may be passed to _done. */
FTDN_NODISCARD ftdn_status ftdn_onednn_step_init(ftdn_onednn_step *step, dnnl_engine_t engine,
                                                 const ftdn_program *program, int index, ftdn_error *err);
void ftdn_onednn_step_done(ftdn_onednn_step *step);

/* Make a primitive that copies from one layout into another; single-threaded where the caller has seen to that. */
FTDN_NODISCARD ftdn_status ftdn_onednn_make_reorder(dnnl_primitive_t *ret_reorder, dnnl_engine_t engine,
                                                    const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
                                                    const char *what, ftdn_error *err);

void ftdn_onednn_destroy_memory(dnnl_memory_t memory); /* NULL is fine */

/* oneDNN describes memory that it only reads with a pointer to something it might write. */
void *ftdn_onednn_readable(const float *values);

/* Execute on the calling thread alone, whatever number of threads OpenMP would use. */
FTDN_NODISCARD ftdn_status ftdn_onednn_execute(dnnl_primitive_t primitive, dnnl_stream_t stream,
                                               const dnnl_exec_arg_t *args, int n_args, const char *what,
                                               ftdn_error *err);

#endif
