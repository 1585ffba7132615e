/* training_parts.h - what a training holds: made by training_memory.c, run by training.c.
 *
 * A batch is computed in micro-batches: of one image each on the host, where threads share them; of all images on a
 * device (training_device.c). */
#ifndef FTDN_ENGINE_TRAINING_PARTS_H
#define FTDN_ENGINE_TRAINING_PARTS_H

#include "engine/backend.h"
#include "engine/training.h"

/* Parameter gradients are summed over the images of a group by one thread, and then over the groups: their number is
 * fixed, whatever the number of threads. */
#define FTDN_TRAINING_MAX_GROUPS 16

/* The scratch of one thread; the slabs are those of the micro-batch at hand. */
typedef struct ftdn_training_worker {
    ftdn_context context;
    ftdn_gradients gradients;
} ftdn_training_worker;

typedef struct ftdn_training_norm {
    int step;
    ftdn_batch_statistics statistics;
    double *sums; /* [n_micro_batches,2,C]; memory of the backend */
} ftdn_training_norm;

struct ftdn_training {
    ftdn_arena arena; /* holds the tables and the sums */
    ftdn_program *program;
    ftdn_packed *packed;
    int n_images, n_threads, n_outputs;
    const int *output; /* [n_outputs] */
    int n_micro_batches;
    ftdn_context *micro_batch;    /* [n_micro_batches] without scratch: state is NULL */
    float **gradient_slab;        /* [n_micro_batches] */
    int n_workers;                /* made so far; n_threads once complete */
    ftdn_training_worker *worker; /* [n_threads] */
    int n_norms;
    ftdn_training_norm *norm; /* [n_norms] in the order of the steps */
    float *norm_slab;         /* of a device: statistics and sums of all of them */
    size_t norm_slab_bytes;
    int n_groups;             /* of micro-batches */
    float **group_gradients;  /* [n_groups,n_params] buffers of convolutions' parameters; NULL for other parameters, and
                                 on a device, whose only group writes where the caller wants it */
    float **wanted_gradients; /* [n_groups,n_params] those that the caller wants */
};

/* training_device.c: make the only worker of a device the one that all work is behind. */
FTDN_NODISCARD ftdn_status ftdn_training_device_init(ftdn_training *training, ftdn_error *err);

/* The same: enqueue that the gradients that the caller wants become 0. */
FTDN_NODISCARD ftdn_status ftdn_training_device_clear(const ftdn_training *training, float *const *param_gradients,
                                                      ftdn_error *err);

/* Such a parameter's gradient is summed image by image; that of a batch norm comes out of its sums. */
bool ftdn_training_is_of_convolution(const ftdn_param *param);

#endif
