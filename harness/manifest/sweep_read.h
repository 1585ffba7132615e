/* sweep_read.h - from the JSON of a sweep to its axes, rules and seeds. */
#ifndef FTDN_HARNESS_MANIFEST_SWEEP_READ_H
#define FTDN_HARNESS_MANIFEST_SWEEP_READ_H

#include "harness/manifest/sweep.h"

/* Where a sweep stands in a manifest. */
typedef struct ftdn_sweep_source {
    const char *name;         /* "sweep", or that of a member of sweeps */
    const char *pointer;      /* of messages: "sweep", "sweeps.NAME" */
    const ftdn_value *values; /* of FTDN_KEY_SWEEP and the keys inside it, as ftdn_value_read makes them */
    ftdn_lookup lookup;       /* given: the template */
} ftdn_sweep_source;

/* Mistakes are added to the list: keys that are unknown, fixed, or set twice; wrong values and ranges; rules that drop
 * nothing or all; too many trials. Then *ret_sweep may have fewer combinations than the manifest says, and at least
 * one. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_sweep_read(const ftdn_sweep_source *source, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                           ftdn_sweep *ret_sweep, ftdn_error *err);

/* A sweep of one trial: the template. */
FTDN_NODISCARD ftdn_status ftdn_sweep_of_template(const ftdn_document *given, ftdn_arena *arena, ftdn_sweep *ret_sweep,
                                                  ftdn_error *err);

/* Look at every combination that may have mistakes of its own (settings_check.c). */
FTDN_NODISCARD ftdn_status ftdn_sweep_check(const ftdn_sweep *sweep, const ftdn_lookup *lookup, ftdn_arena *arena,
                                            ftdn_mistakes *mistakes, ftdn_error *err);

#endif
