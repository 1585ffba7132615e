/* optimizer_device.h - what a training changes, in the memory of a device: one step there is what one is on the host.
 *
 * A step is the optimizer's (optimizer.h), and with it each running mean and variance takes in a part of the batch's,
 * and the moving average, where one is kept, moves towards the values. Each element is computed as on the host, bit
 * for bit; the norm is a sum of doubles in another order, which is fixed too: where it bounds the gradients, they may
 * differ by the rounding of a float. */
#ifndef FTDN_ENGINE_OPTIMIZER_DEVICE_H
#define FTDN_ENGINE_OPTIMIZER_DEVICE_H

#include "engine/engine.h"
#include "engine/optimizer.h"

typedef struct ftdn_device_optimizer ftdn_device_optimizer;

/* All borrowed. */
typedef struct ftdn_device_optimizer_desc {
    ftdn_optimizer *optimizer;    /* its moments, in host memory, are taken over, and written by fetch */
    float *const *value;          /* [n_params] the same of the parameters */
    float *const *average;        /* [n_params] the same of their moving average; NULL: there is none */
    const float *const *of_batch; /* [n_params] device memory: what a running statistic takes in; NULL of others */
    float statistics_part;        /* of the batch in a running statistic */
    ftdn_context *context;        /* behind whose work everything is */
} ftdn_device_optimizer_desc;

typedef struct ftdn_optimizer_device_table {
    ftdn_status (*create)(const ftdn_device_optimizer_desc *desc, ftdn_device_optimizer **ret_optimizer,
                          ftdn_error *err);
    void (*free)(ftdn_device_optimizer *optimizer); /* waits for all work of the context; NULL is fine */

    /* Device memory, [n_params] each: the parameters; room for their gradients, side by side, NULL where a parameter
     * is not trained. */
    ftdn_weights (*values)(const ftdn_device_optimizer *optimizer);
    float *const *(*gradients)(const ftdn_device_optimizer *optimizer);

    /* Enqueue one step. average_part: of the way to the values. */
    ftdn_status (*step)(ftdn_device_optimizer *optimizer, double learning_rate, float average_part, ftdn_error *err);
    /* Wait for it. *ret_norm: of all gradients together, before it was bounded. FTDN_ERR_INPUT names the parameter
     * whose gradient is not finite: nothing was changed then. */
    ftdn_status (*finish)(ftdn_device_optimizer *optimizer, double *ret_norm, ftdn_error *err);

    /* Parameters, moments and average back to host memory. */
    ftdn_status (*fetch)(const ftdn_device_optimizer *optimizer, ftdn_error *err);
} ftdn_optimizer_device_table;

#endif
