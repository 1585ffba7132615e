/* training_parts.h - what a training holds: made by training_memory.c, run by training.c. */
#ifndef FTDN_ENGINE_TRAINING_PARTS_H
#define FTDN_ENGINE_TRAINING_PARTS_H

#include "engine/backend.h"
#include "engine/training.h"

/* Parameter gradients are summed over the images of a group by one thread, and then over the groups: their number is
 * fixed, whatever the number of threads. */
#define FTDN_TRAINING_MAX_GROUPS 16

/* The scratch of one thread; the slabs are those of the image at hand. */
typedef struct ftdn_training_worker {
    ftdn_context context;
    ftdn_gradients gradients;
} ftdn_training_worker;

typedef struct ftdn_training_norm {
    int step;
    ftdn_batch_statistics statistics;
    double *sums; /* [n_images,2,C] */
} ftdn_training_norm;

struct ftdn_training {
    ftdn_arena arena; /* holds the tables and the sums */
    ftdn_program *program;
    ftdn_packed *packed;
    int n_images, n_threads, n_outputs;
    const int *output;            /* [n_outputs] */
    ftdn_context *image;          /* [n_images] without scratch: state is NULL */
    float **gradient_slab;        /* [n_images] */
    int n_workers;                /* made so far; n_threads once complete */
    ftdn_training_worker *worker; /* [n_threads] */
    int n_norms;
    ftdn_training_norm *norm; /* [n_norms] in the order of the steps */
    int n_groups;
    float **group_gradients;  /* [n_groups,n_params] buffers of convolutions' parameters; NULL for other parameters */
    float **wanted_gradients; /* [n_groups,n_params] those of them that the caller wants */
};

/* Such a parameter's gradient is summed image by image; that of a batch norm comes out of its sums. */
bool ftdn_training_is_of_convolution(const ftdn_param *param);

#endif
