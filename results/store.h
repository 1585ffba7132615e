/* store.h - the results database: one SQLite file that holds a campaign's trials.
 *
 * A trial is written in one transaction or not at all, and never changed afterwards: its id is the
 * digest of its spec, and a second result for the same id is refused. Attempts, finished and failed,
 * stand beside the results, and digests vouch for both (results/verify.h). Tables are STRICT; the file carries
 * application_id and user_version. Users' scripts rely on the views v_* (schema.sql documents every column). Only
 * results/ speaks SQL to the file. A store is used by one thread at a time; several processes may have the file open.
 *
 * While it is written, a store on a local file system has a write-ahead log beside it (NAME-wal, NAME-shm): one sync
 * per
 * transaction, and readers and the writer do not wait for each other. Where the writer is the last to close it, it is
 * one file again. On other file systems, and where the log cannot be made, a rollback journal does the same service. */
#ifndef FTDN_RESULTS_STORE_H
#define FTDN_RESULTS_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"

typedef struct ftdn_store ftdn_store;

/* What a result was made with, beside its spec. Written once per distinct content. */
typedef struct ftdn_environment {
    const char *code_version; /* "0.1.0+g1a2b3c4", "+dirty" where the tree had changes */
    const char *compiler;     /* "gcc 12.2.0" */
    const char *machine;      /* host name */
    const char *system;       /* "Linux 6.1.0 x86_64" */
    const char *cpu;          /* "AMD EPYC, 2 cores" */
    const char *device;       /* of the backend: "cpu" */
    const char *driver;       /* of the device; "" on the CPU */
    const char *libraries;    /* JSON object: name -> version */
} ftdn_environment;

/* The parameters of a trial: one typed column each in v_trials, named like the field. */
typedef struct ftdn_trial_params {
    const char *model;
    double width;
    const char *weights; /* as the manifest names them: file name or "formula:0" */
    const char *weights_digest;
    const char *dataset; /* description */
    const char *dataset_digest;
    const char *backend, *arithmetic; /* "cpu"; "f32 direct avx512" */
    double score_threshold, nms_iou;  /* of detections */
    int candidates;                   /* per class, into non-maximum suppression */
    double iou;                       /* of a detection that counts as right */
    const char *type;                 /* of the faults */
    int bit;                          /* -1 where none is given: NULL in the store */
    const char *bits;                 /* NULL where the type has none, or a bit is given */
    double range_low, range_high;     /* NaN where none is given: NULL in the store */
    double weight_rate, feature_map_rate;
    int weight_count, feature_map_count; /* above 0: exactly so many faults, and the rate is 0 */
    const char *weight_scope, *feature_map_scope; /* a name, or a JSON list of globs */
    const char *feature_map_point, *redraw, *copies;
    const char *method; /* of the protection; what it has no use for is NULL in all below */
    const char *ranking, *direction, *allocation, *merge, *merge_point, *combine;
    double ratio;                                 /* NaN where the method has none: NULL in the store */
    const char *calibration, *calibration_digest; /* description; NULL where no images were read */
    int measured_images;                          /* of these, what ranking measured reads; 0 is NULL in the store */
    int64_t seed;
} ftdn_trial_params;

typedef struct ftdn_class_row {
    const char *class_name;
    double ap_voc07, ap_area; /* NaN (no object of the class): NULL in the store */
    int n_objects;
} ftdn_class_row;

typedef struct ftdn_timing_row {
    const char *stage; /* "weights", "forward", "injection", "detection", "average_precision", "total" */
    double seconds;    /* summed over threads; "total" is wall-clock time */
} ftdn_timing_row;

/* What a protection adds to its network, for one image. */
typedef struct ftdn_overhead_row {
    int64_t weight_bytes;      /* stored copies of filters */
    int64_t feature_map_bytes; /* maps of the copied channels of feature layers */
    int64_t map_bytes;         /* all maps that only the protection makes */
    int64_t macs;              /* multiply-accumulates of convolutions */
    int64_t merge_values;      /* values merged or clipped; weights are merged once per draw */
    int64_t network_macs;      /* of the network without protection */
} ftdn_overhead_row;

/* Faults of one layer or of one stored copy: what was asked for, what was done. */
typedef struct ftdn_fault_row {
    const char *layer;
    const char *location; /* "weights" or "feature_map" */
    int copy;             /* 0: the original; 1, 2: a stored copy of channels */
    int64_t n_elements;   /* that could be hit: weights, or map elements over all images */
    double requested_rate; /* for a count: what is expected of an element */
    int64_t n_faults;  /* elements hit; observed rate = n_faults / n_elements */
    int64_t n_changed; /* of these, elements whose value differs afterwards */
} ftdn_fault_row;

typedef struct ftdn_trial_record {
    char id[FTDN_SHA256_HEX];
    char cell
        [FTDN_SHA256_HEX]; /* SHA-256 of the spec without its seed: the same for trials that differ in nothing else */
    const char *spec;      /* canonical JSON: what the id is the digest of */
    ftdn_trial_params params;
    double map_voc07, map_area; /* NaN (no class has an object): NULL in the store */
    int n_images;
    int64_t n_nonfinite_outputs; /* network outputs that were NaN or infinite */
    int64_t n_nonfinite_faults;  /* finite weights and map elements that a fault made NaN or infinite */
    double seconds;              /* wall-clock */
    ftdn_overhead_row overhead;
    const ftdn_class_row *class_row;
    int n_classes;
    const ftdn_timing_row *timing_row;
    int n_timings;
    const ftdn_fault_row *fault_row;
    int n_faults;
} ftdn_trial_record;

typedef enum ftdn_store_mode {
    FTDN_STORE_READ,  /* must exist; never written, but what a killed run left unfinished is rolled back */
    FTDN_STORE_WRITE, /* created (with its folder) if absent or empty; appending needs this mode */
    FTDN_STORE_INSPECT, /* as READ, whatever has become of its schema */
    FTDN_STORE_SALVAGE, /* as READ, but a damaged schema is no hindrance: what can be read is read */
} ftdn_store_mode;

/* FTDN_ERR_STORE names the file and the reason: missing, not SQLite, of another program, of a newer
 * version, read-only, damaged. A file of another program is not touched. A store of an older version is migrated first
 * where it is opened for writing (results/migrate.h), and refused where it is to be read. */
FTDN_NODISCARD ftdn_status ftdn_store_open(const char *path, ftdn_store_mode mode, ftdn_store **ret_store,
                                           ftdn_error *err);
void ftdn_store_close(ftdn_store *store); /* NULL is fine */

/* Record (or find) an environment; its key goes with each append. */
FTDN_NODISCARD ftdn_status ftdn_store_add_environment(ftdn_store *store, const ftdn_environment *environment,
                                                      int64_t *ret_environment, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_store_has_trial(ftdn_store *store, const char *id, bool *ret_has, ftdn_error *err);

/* What an attempt was made with and by whom. */
typedef struct ftdn_attempt_origin {
    int64_t campaign, run, environment;
    int worker; /* of the run, from 0 */
} ftdn_attempt_origin;

/* Write a finished trial with all its rows and their digests: one transaction. FTDN_ERR_STORE: the id is there already,
 * or a trial of the same cell has other parameters. */
FTDN_NODISCARD ftdn_status ftdn_store_append(ftdn_store *store, const ftdn_trial_record *record,
                                             const ftdn_attempt_origin *origin, ftdn_error *err);

/* An attempt without a result. */
typedef struct ftdn_failure_row {
    const char *id, *spec; /* of the trial */
    const char *outcome;   /* "failed", "crashed", "hung", "device", "dropped" */
    const char *cause;
    double seconds; /* wall-clock; NaN: not known */
} ftdn_failure_row;

FTDN_NODISCARD ftdn_status ftdn_store_append_failure(ftdn_store *store, const ftdn_failure_row *failure,
                                                     const ftdn_attempt_origin *origin, ftdn_error *err);

/* Read one whole trial back. Texts and rows live in the arena. FTDN_ERR_STORE: there is none. */
FTDN_NODISCARD ftdn_status ftdn_store_read_record(ftdn_store *store, const char *id, ftdn_arena *arena,
                                                  ftdn_trial_record *ret_record, ftdn_error *err);

/* Ids that begin with a prefix (at least 4 hex digits), for `ftdn show 1a2b`: exactly one, else FTDN_ERR_ARG. */
FTDN_NODISCARD ftdn_status ftdn_store_find_trial(ftdn_store *store, const char *prefix, char ret_id[FTDN_SHA256_HEX],
                                                 ftdn_error *err);

typedef struct ftdn_held_trial {
    char id[FTDN_SHA256_HEX];
    double map_voc07; /* NaN: none */
} ftdn_held_trial;

/* All finished trials in ascending order of their ids. The list lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_store_list_trials(ftdn_store *store, ftdn_arena *arena, ftdn_held_trial **ret_trial,
                                                  int *ret_n, ftdn_error *err);

/* The entry of such a list; NULL if absent. */
const ftdn_held_trial *ftdn_held_trial_find(const ftdn_held_trial *trial, int n, const char *id);

/* A manifest as a run was started with it. */
typedef struct ftdn_campaign_row {
    const char *name, *description; /* description: "" where there is none */
    const char *path;               /* as given */
    const char *manifest;           /* resolved, canonical JSON */
} ftdn_campaign_row;

/* Record (or find, by the manifest's digest) a campaign. */
FTDN_NODISCARD ftdn_status ftdn_store_add_campaign(ftdn_store *store, const ftdn_campaign_row *campaign,
                                                   int64_t *ret_campaign, ftdn_error *err);

/* The resolved manifest that a finished trial was run with; lives in the arena. FTDN_ERR_STORE: there is none. */
FTDN_NODISCARD ftdn_status ftdn_store_find_manifest(ftdn_store *store, const char *id, ftdn_arena *arena,
                                                    const char **ret_manifest, ftdn_error *err);

/* A trial that a sweep asks for. */
typedef struct ftdn_planned_row {
    const char *sweep, *trial_id;
    const char *label; /* the trial in words */
} ftdn_planned_row;

/* Add what a campaign asks for, in the order of its sweeps: one transaction. Rows that are there stay as they are. */
FTDN_NODISCARD ftdn_status ftdn_store_add_planned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *row,
                                                  int n_rows, ftdn_error *err);

typedef struct ftdn_run_row {
    int64_t campaign, environment;
    int n_workers, n_threads; /* threads: of all workers */
    int n_wanted;             /* trials that it is to do */
    const char *shard;        /* "2/5"; NULL: all trials */
    double seconds_estimated; /* for the trials wanted; NaN: not estimated */
} ftdn_run_row;

FTDN_NODISCARD ftdn_status ftdn_store_begin_run(ftdn_store *store, const ftdn_run_row *run, int64_t *ret_run,
                                                ftdn_error *err);

/* outcome: "finished", "interrupted", "failed", "out of time". */
FTDN_NODISCARD ftdn_status ftdn_store_end_run(ftdn_store *store, int64_t run, const char *outcome, ftdn_error *err);

/* Golden canary: compare with the digest that is kept for this key (SHA-256 of what was evaluated); the first one is
 * kept. */
FTDN_NODISCARD ftdn_status ftdn_store_check_canary(ftdn_store *store, const char *key, const char *digest,
                                                   int64_t environment, bool *ret_matches, ftdn_error *err);

/* The worker has passed the canary: confirm all that it has done in this run. */
FTDN_NODISCARD ftdn_status ftdn_store_confirm(ftdn_store *store, int64_t run, int worker, ftdn_error *err);

/* The worker has failed the canary: take back what it has done in this run and is not confirmed. These attempts become
 * 'withdrawn' with the cause, their results go: one transaction. *ret_n: how many. */
FTDN_NODISCARD ftdn_status ftdn_store_withdraw(ftdn_store *store, int64_t run, int worker, const char *cause,
                                               int *ret_n, ftdn_error *err);

#endif
