/* estimate.h - how long a campaign will take, and in how much memory and disk, before it is begun.
 *
 * Where the store has trials of every kind that is missing, run on this machine by as many workers and threads, their
 * times are what is expected of further ones; else a short calibration measures them (harness/estimate/calibrate.h). */
#ifndef FTDN_HARNESS_ESTIMATE_ESTIMATE_H
#define FTDN_HARNESS_ESTIMATE_ESTIMATE_H

#include <stdbool.h>

#include "harness/plan/inputs.h"
#include "harness/plan/plan.h"
#include "results/store.h"

typedef struct ftdn_estimate_desc {
    const ftdn_plan *plan;
    const ftdn_held_trial *held; /* [n_held] what the store has */
    int n_held;
    ftdn_store *store; /* NULL: there is none yet */
    ftdn_inputs *inputs;
    int n_cores, n_workers, n_threads; /* of a run; threads: of each worker */
    int n_devices;                     /* 0: trials run on processors */
    double start_s;                    /* that it takes from its beginning to its plan */
} ftdn_estimate_desc;

typedef struct ftdn_estimate {
    int n_wanted, n_most; /* trials to run: at least; where every cell needs all its seeds */
    int n_workers, n_threads;
    double seconds;                     /* of the whole run of n_wanted */
    double most_seconds;                /* ... of n_most */
    double uncertainty;                 /* relative: the time lies within seconds * (1 +- uncertainty), at about 95 % */
    double worker_bytes;                /* of each worker alone; 0: not known */
    double memory_bytes;                /* of all processes; 0: not known */
    double disk_bytes, most_disk_bytes; /* that the store grows by */
    int n_earlier;                      /* trials of the store that times were taken from; 0: they were measured */
    int n_kinds, n_unmeasured;          /* of trials */
    int n_unknown_rankings;             /* rankings that have to be computed and are not in the time */
    double calibration_s;               /* that measuring took; 0: nothing was */
} ftdn_estimate;

/* Nothing is stored. FTDN_ERR_INPUT: images that cannot be decoded; FTDN_ERR_BACKEND: nothing could be measured. */
FTDN_NODISCARD ftdn_status ftdn_estimate_make(const ftdn_estimate_desc *desc, ftdn_arena *arena,
                                              ftdn_estimate *ret_estimate, ftdn_error *err);

#endif
