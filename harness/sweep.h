/* sweep.h - sweep.grid: lists of values for dotted keys, and the product of them.
 *
 * Each key of the grid is an axis. Trial t of the product takes one value of each axis, in the order of
 * the file, the last axis changing fastest. A value replaces what the manifest says at that key, whole:
 * an object replaces the object with all that is inside it. Nothing is stored per trial. */
#ifndef FTDN_HARNESS_SWEEP_H
#define FTDN_HARNESS_SWEEP_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/document.h"
#include "harness/mistakes.h"

#define FTDN_MAX_TRIALS ((size_t)10000000)

typedef struct ftdn_axis {
    ftdn_key_id key;
    int n_rows;              /* table rows of the key and its inside */
    int n_values;            /* at least 1 */
    const ftdn_value *value; /* [n_values, n_rows] */
} ftdn_axis;

typedef struct ftdn_sweep {
    int n_axes;
    const ftdn_axis *axis;
    size_t n_trials; /* product of all n_values, 1 without axes; at most FTDN_MAX_TRIALS */
} ftdn_sweep;

/* Read the value of sweep.grid, an object; NULL: no sweep, one trial. folder: where relative paths start.
 * Mistakes are added to the list: keys that are unknown, fixed, or inside one another; no lists; wrong
 * values; too many trials. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_sweep_read(const ftdn_json *grid, const char *folder, ftdn_arena *arena,
                                           ftdn_mistakes *mistakes, ftdn_sweep *ret_sweep, ftdn_error *err);

/* The document of trial `index`: the manifest's own with one value of each axis laid over it. */
void ftdn_sweep_get(const ftdn_sweep *sweep, const ftdn_document *base, size_t index, ftdn_document *ret_document);

#endif
