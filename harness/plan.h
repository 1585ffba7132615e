/* plan.h - what a manifest asks for: its trials with their ids, each once.
 *
 * Planning opens what the manifest names (weights, image list), because ids hold their digests, and
 * checks whatever can be checked before anything runs: classes that do not match, layers that do not exist, a
 * protection that does not fit the network, calibration images that are missing or tested too. */
#ifndef FTDN_HARNESS_PLAN_H
#define FTDN_HARNESS_PLAN_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/inputs.h"
#include "harness/manifest.h"
#include "harness/spec.h"

typedef struct ftdn_planned_trial {
    ftdn_trial_settings settings;
    const ftdn_model *model; /* borrowed from the inputs, as the dataset */
    ftdn_dataset *dataset;
    ftdn_dataset *calibration; /* NULL: the protection reads no images */
    ftdn_trial_spec spec;
} ftdn_planned_trial;

typedef struct ftdn_plan {
    const ftdn_manifest *manifest; /* borrowed */
    int n_trials;
    ftdn_planned_trial *trial; /* [n_trials], in the manifest's order, ids all different */
    int n_repeated;            /* trials of the sweep that equal an earlier one */
} ftdn_plan;

/* FTDN_ERR_MANIFEST: parts that do not fit together; FTDN_ERR_INPUT: weights or images. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_plan_make(const ftdn_manifest *manifest, ftdn_inputs *inputs, ftdn_arena *arena,
                                          ftdn_plan *ret_plan, ftdn_error *err);

#endif
