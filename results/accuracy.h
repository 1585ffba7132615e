/* accuracy.h - what trials measured, cell by cell: their parameters, and means over their seeds.
 *
 * A cell is what trials have in common that differ in their seed alone. The figures are those of the named queries
 * map_by_rate and class_ap, by the same SQL. */
#ifndef FTDN_RESULTS_ACCURACY_H
#define FTDN_RESULTS_ACCURACY_H

#include "base/arena.h"
#include "base/status.h"
#include "results/store.h"

/* NaN where there is none: the mean without a finite value, sd and half width for one seed. */
typedef struct ftdn_mean {
    int64_t n; /* seeds */
    double mean;
    double sd;         /* over the seeds, n - 1 */
    double half_width; /* of the 95 % interval of the mean, by Student's t */
} ftdn_mean;

typedef struct ftdn_class_accuracy {
    const char *name;
    int64_t n_objects;
    ftdn_mean ap; /* VOC 11-point */
} ftdn_class_accuracy;

typedef struct ftdn_cell_accuracy {
    const char *id;           /* of the cell: SHA-256 of the spec without its seed */
    ftdn_trial_params params; /* the seed is not set */
    ftdn_mean map;            /* VOC 11-point */
    ftdn_mean gain;           /* over the same faults without protection, seed by seed; n is 0 where there are none */
    double images_per_second; /* of one thread in network and detection, in the fastest trial; NaN: no times are kept */
    int n_classes;
    const ftdn_class_accuracy *class_accuracy; /* [n_classes], by name */
} ftdn_cell_accuracy;

/* manifest: the name of a campaign, or a pattern with * and ?. *ret_cell: [*ret_n_cells] in the order in which the
 * store got to know them; lives in the arena. FTDN_ERR_STORE. */
FTDN_NODISCARD ftdn_status ftdn_accuracy_load(ftdn_store *store, const char *manifest, ftdn_arena *arena,
                                              const ftdn_cell_accuracy **ret_cell, int *ret_n_cells, ftdn_error *err);

#endif
