/* gradients.h - the backward pass: gradients of a loss with respect to feature maps and parameters.
 *
 * The network is in inference mode: batch norms use their stored mean and variance. The order of a
 * pass over one micro-batch:
 *
 *     ftdn_forward            with a program compiled for_gradients; its maps stay in the context
 *     ftdn_gradients_clear    every gradient to 0
 *     ftdn_gradients_map      write dE/d(map) at the nodes that the loss reads
 *     ftdn_backward           from the last step to the first
 *     ftdn_gradients_map      read dE/d(map) of any node
 *
 * A hook that changed maps in the forward pass is not differentiated: what is behind it sees the
 * changed map, what is before it gets the gradient as if nothing had been changed. */
#ifndef FTDN_ENGINE_GRADIENTS_H
#define FTDN_ENGINE_GRADIENTS_H

#include "base/status.h"
#include "engine/engine.h"

typedef struct ftdn_gradients ftdn_gradients;

/* Memory for the gradients of every map of one micro-batch; belongs to one worker, as a context does.
 * FTDN_ERR_ARG: the program was not compiled for_gradients. */
FTDN_NODISCARD ftdn_status ftdn_gradients_create(const ftdn_program *program, ftdn_gradients **ret_gradients,
                                                 ftdn_error *err);
void ftdn_gradients_free(ftdn_gradients *gradients); /* NULL is fine */

void ftdn_gradients_clear(ftdn_gradients *gradients);

/* dE/d(map) of a node for the images of the context's last forward. */
ftdn_map ftdn_gradients_map(const ftdn_gradients *gradients, const ftdn_context *context, int node);

/* Go backward through all steps. packed: what the forward pass ran with. param_gradients: NULL, or [n_params] buffers
 * (NULL: not wanted) that dE/d(parameter) is added to, in the shape and layout of the parameter; device memory of a
 * backend on a device. */
FTDN_NODISCARD ftdn_status ftdn_backward(ftdn_gradients *gradients, const ftdn_context *context,
                                         const ftdn_packed *packed, float *const *param_gradients, ftdn_error *err);

#endif
