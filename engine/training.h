/* training.h - forward and backward over a whole batch, batch norms in training mode.
 *
 * Each image of the batch has maps and gradients of its own. On the host, images run one by one between two batch
 * norms, shared among the threads, and at a batch norm their sums meet; on a device all images run at once, and nothing
 * waits: what is handed in and out but the images is then device memory, and its place in the order of the work is that
 * of the call (ftdn_training_context). The order of one step of training:
 *
 *     ftdn_training_forward     the batch, with the weights as they are now
 *     ftdn_training_map         read the outputs of each image
 *     ftdn_training_gradient    write dE/d(map) at the outputs of each image
 *     ftdn_training_backward    dE/d(parameter), summed over the batch
 *     ftdn_training_statistics  what the running statistics take in
 *
 * Different images may be read and written by different threads. All sums over images have an order of their own: no
 * bit depends on the number of threads. Nothing is allocated while a batch runs. */
#ifndef FTDN_ENGINE_TRAINING_H
#define FTDN_ENGINE_TRAINING_H

#include "base/status.h"
#include "engine/engine.h"
#include "engine/gradients.h"
#include "engine/weights.h"

typedef struct ftdn_training ftdn_training;

typedef struct ftdn_training_desc {
    const int *outputs; /* [n_outputs] nodes that the loss reads */
    int n_outputs;
    int n_images;  /* of a batch, fixed */
    int n_threads; /* at least 1; on a device no more are used */
    ftdn_conv_algorithm conv_algorithm; /* of both passes */
} ftdn_training_desc;

/* Memory of one whole batch. graph: borrowed, must outlive the training.
 * FTDN_ERR_ARG: n_images below 1, an output that is no node, a graph with merges or clips, a batch norm whose batch has
 * one value per channel. */
FTDN_NODISCARD ftdn_status ftdn_training_create(const ftdn_backend *backend, const ftdn_graph *graph,
                                                const ftdn_training_desc *desc, ftdn_training **ret_training,
                                                ftdn_error *err);
void ftdn_training_free(ftdn_training *training); /* NULL is fine */

/* Memory of maps, gradients and sums, of host and device. */
size_t ftdn_training_bytes(const ftdn_training *training);

/* Of a training on a device: where all work on the batch is enqueued, for those who add theirs between the calls. Maps
 * and gradients are those of the whole batch. */
ftdn_context *ftdn_training_context(ftdn_training *training);
ftdn_gradients *ftdn_training_gradients(ftdn_training *training);

/* One batch of n_images. The weights are laid out first; batch norms take mean and biased variance of the batch, and
 * ignore the stored ones; weights->value of their scale and shift must stay until the backward pass is done.
 * The gradients at the outputs become 0. */
FTDN_NODISCARD ftdn_status ftdn_training_forward(ftdn_training *training, const ftdn_weights *weights,
                                                 const ftdn_input *batch, ftdn_error *err);

/* An output of one image after a forward. */
ftdn_map ftdn_training_map(const ftdn_training *training, int image, int node);

/* dE/d(map) of one image at an output, to be written between forward and backward. */
ftdn_map ftdn_training_gradient(const ftdn_training *training, int image, int node);

/* param_gradients: [n_params] buffers in the shape of the parameters, overwritten with dE/d(parameter) of the batch;
 * NULL where not wanted. Those of stored means and variances, which the batch does not read, become 0. Once for each
 * forward pass. On a device buffers that lie one behind the other are cleared together. */
FTDN_NODISCARD ftdn_status ftdn_training_backward(ftdn_training *training, float *const *param_gradients,
                                                  ftdn_error *err);

/* Mean and unbiased variance of the last batch at a batch norm node, [C] each. */
void ftdn_training_statistics(const ftdn_training *training, int node, const float **ret_mean, const float **ret_var);

#endif
