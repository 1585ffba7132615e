/* plan.h - what a manifest asks for: its trials with their ids, each once, and the cells that they fill.
 *
 * Planning opens what the manifest names (weights, image list), because ids hold their digests, and
 * checks whatever can be checked before anything runs: classes that do not match, layers that do not exist, a
 * protection that does not fit the network, calibration images that are missing or tested too.
 *
 * A cell is what a sweep says about one combination: the same trial with several seeds. A trial that several sweeps ask
 * for is planned once and stands in a cell of each. */
#ifndef FTDN_HARNESS_PLAN_PLAN_H
#define FTDN_HARNESS_PLAN_PLAN_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"
#include "harness/plan/spec.h"

typedef struct ftdn_planned_trial {
    ftdn_trial_settings settings;
    const ftdn_model *model; /* borrowed from the inputs, as the dataset */
    ftdn_dataset *dataset;
    ftdn_dataset *calibration; /* NULL: the protection reads no images */
    const char *arithmetic;    /* of its spec */
    ftdn_trial_spec spec;
} ftdn_planned_trial;

/* The trials of one sweep that differ in the seed alone. */
typedef struct ftdn_plan_cell {
    int sweep; /* index into sweep_name */
    int n_seeds;
    const int *trial; /* [n_seeds] indexes into plan->trial, in the order of seeds, all different */
    double ci95;      /* above 0: seeds are added in this order until the half width of mAP's 95 % interval is no wider,
                         n_seeds at most; 0: all are wanted */
    int n_min;        /* of these: no fewer than this, or than n_seeds */
} ftdn_plan_cell;

typedef struct ftdn_plan {
    const ftdn_manifest *manifest; /* borrowed; its sweeps say how the plan came about: axes, rules, seeds */
    int n_trials;
    ftdn_planned_trial *trial; /* [n_trials], in the manifest's order, ids all different */
    int n_repeated;            /* trials of the sweeps that equal an earlier one */
    int n_sweeps;
    const char *const *sweep_name; /* [n_sweeps] */
    int n_cells;
    ftdn_plan_cell *cell; /* [n_cells], sweep by sweep, in the manifest's order */
    int *cell_trials;     /* the lists of all cells, one behind the other */
    int *scratch;         /* [n_trials], of ftdn_plan_keep_shard and _trial */
} ftdn_plan;

/* FTDN_ERR_MANIFEST: parts that do not fit together; FTDN_ERR_INPUT: weights or images. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_plan_make(const ftdn_manifest *manifest, ftdn_inputs *inputs, ftdn_arena *arena,
                                          ftdn_plan *ret_plan, ftdn_error *err);

/* Keep shard i (1 ... n) of a plan. Shards have no trial in common, and together all of them. Which one a trial belongs
 * to follows from its id alone; the trials of a cell whose number of seeds depends on results stay together, so that
 * one machine decides. Cells without trials are dropped. */
void ftdn_plan_keep_shard(ftdn_plan *plan, int i, int n);

/* Keep one trial of a plan. */
void ftdn_plan_keep_trial(ftdn_plan *plan, int trial);

#endif
