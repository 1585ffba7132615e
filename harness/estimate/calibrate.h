/* calibrate.h - what trials cost on this machine, measured: a few images of each kind of trial, by the worker processes
 * that a run would use, all of them busy at the same time.
 *
 * Told apart are the set-up of a rig, what a trial takes whatever its images, and each image. Nothing is stored. */
#ifndef FTDN_HARNESS_ESTIMATE_CALIBRATE_H
#define FTDN_HARNESS_ESTIMATE_CALIBRATE_H

#include "harness/estimate/trial_kinds.h"
#include "harness/plan/inputs.h"

typedef struct ftdn_kind_cost {
    int n_jobs; /* that were measured; 0: the values below are those of the other kinds */
    double set_up_s, trial_s, image_s;
    double spread; /* of image_s from sample to sample: standard deviation / mean */
} ftdn_kind_cost;

typedef struct ftdn_costs {
    ftdn_kind_cost *kind; /* [n_kinds] */
    double *ranking_s;    /* [n_rankings of the question]: for all its images; NaN: not measured */
    double canary_s;
    double decode_s;          /* of an image, by all cores */
    double worker_bytes;      /* that a worker has for itself, at most */
    double record_bytes;      /* of a trial in the store, about */
    int n_jobs, n_unmeasured; /* unmeasured: kinds */
    double seconds;           /* that this took */
} ftdn_costs;

typedef struct ftdn_calibrate_desc {
    const ftdn_trial_kinds *kinds;
    const ftdn_trial_queue *queue; /* its plan has the kinds' trials */
    ftdn_inputs *inputs;           /* where images are opened */
    int n_rankings;
    const int *ranking; /* [n_rankings] trials whose rankings have to be computed, one for each that differs much */
    int n_cores, n_workers, n_threads, n_devices;
    bool is_brief; /* times are known: what is wanted are memory, rankings and images */
} ftdn_calibrate_desc;

/* Kinds must not be empty. A kind whose trials fail here is an unmeasured one. FTDN_ERR_INPUT: images that cannot be
 * decoded; FTDN_ERR_BACKEND: no workers can be had, or none finished anything. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_calibrate(const ftdn_calibrate_desc *desc, ftdn_arena *arena, ftdn_costs *ret_costs,
                                          ftdn_error *err);

#endif
