/* sweep.h - a sweep: combinations of values laid over the template, each with its seeds.
 *
 * An axis is a list of values of one key (of a grid), or of several keys that advance together (a zip, the points of
 * a sample). Combination c of the product takes one value of each axis, in the order grid, zip, sample and there of
 * the file, the last axis changing fastest. A value replaces what the template says at its key, whole: an object
 * replaces the object with all that is inside it. Rules of `exclude` drop combinations, `include` adds some behind
 * them, and each has all seeds of the sweep. Nothing is stored per combination but, after rules, the numbers of those
 * that are kept. */
#ifndef FTDN_HARNESS_MANIFEST_SWEEP_H
#define FTDN_HARNESS_MANIFEST_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/manifest/lookup.h"
#include "harness/manifest/mistakes.h"

/* The values of one key. */
typedef struct ftdn_column {
    ftdn_key_id key;
    int n_rows;              /* table rows of the key and its inside */
    const ftdn_value *value; /* [n_values of the axis, n_rows] */
} ftdn_column;

typedef struct ftdn_axis {
    const char *name; /* its keys: "seed", "faults.weight_rate + protection.ratio" */
    bool of_grid;     /* any of its values meets any of the other axes */
    int n_values;     /* at least 1 */
    int n_columns;
    const ftdn_column *column; /* [n_columns] */
} ftdn_axis;

/* The seeds of each combination. */
typedef struct ftdn_seeds {
    int n;                        /* 0: each combination has the seed of its own document */
    const ftdn_json *const *list; /* [n], or NULL: from + i * step */
    uint64_t from, step;
    double ci95; /* above 0: seeds are added until the half width of mAP's 95 % interval is no wider; n at most */
    int n_min;   /* of these: no fewer */
} ftdn_seeds;

typedef struct ftdn_sweep {
    const char *name;        /* "sweep" where the manifest has only one */
    const char *description; /* "" where not given */
    ftdn_axis set;             /* what it changes in the template, one value of each key */
    const ftdn_document *base; /* the template with `set` */
    int n_axes;
    const ftdn_axis *axis;
    size_t n_product;     /* of all n_values, 1 without axes */
    size_t n_kept;        /* of the product, after `exclude` */
    const uint32_t *kept; /* [n_kept], ascending; NULL: all */
    size_t n_included;
    const ftdn_axis *included; /* [n_included], of one value each */
    ftdn_seeds seeds;
    size_t n_combinations; /* n_kept + n_included */
    size_t n_trials;       /* n_combinations times the seeds; 1 ... FTDN_MAX_TRIALS */
} ftdn_sweep;

/* The document of combination c (0 ... n_combinations-1). */
void ftdn_sweep_get(const ftdn_sweep *sweep, size_t c, ftdn_document *ret_document);

/* Seed i (0 ... n-1). */
uint64_t ftdn_seeds_get(const ftdn_seeds *seeds, int i);

/* Trials of one combination. */
size_t ftdn_sweep_n_seeds(const ftdn_sweep *sweep);

/* Combinations that differ in the value of an axis over `seed` alone are one family, numbered from 0 (some numbers may
 * stand for none). */
size_t ftdn_sweep_n_families(const ftdn_sweep *sweep);
size_t ftdn_sweep_get_family(const ftdn_sweep *sweep, size_t c);

#endif
