/* onednn_backward.h - the two backward primitives of a convolution, single-threaded, maps in NHWC. */
#ifndef FTDN_ENGINE_CPU_ONEDNN_BACKWARD_H
#define FTDN_ENGINE_CPU_ONEDNN_BACKWARD_H

#include "engine/cpu/onednn.h"

typedef struct ftdn_onednn_backward {
    dnnl_primitive_desc_t map_desc, params_desc;
    dnnl_primitive_t map_primitive, params_primitive;
    dnnl_primitive_t weight_reorder;                       /* plain -> what map_primitive reads */
    dnnl_primitive_t gradient_reorder;                     /* what params_primitive writes -> plain */
    dnnl_memory_desc_t source, target, weight_plain, bias; /* nhwc maps, the file's layout */
} ftdn_onednn_backward;

/* forward: the primitives of the same step. On failure *backward may be passed to _done. */
FTDN_NODISCARD ftdn_status ftdn_onednn_backward_init(ftdn_onednn_backward *backward, const ftdn_onednn_step *forward,
                                                     dnnl_engine_t engine, const ftdn_node *node, ftdn_error *err);
void ftdn_onednn_backward_done(ftdn_onednn_backward *backward);

#endif
