/* diff.h - two stores compared: which trials each of them has, and whether results of the same trial are equal. */
#ifndef FTDN_RESULTS_DIFF_H
#define FTDN_RESULTS_DIFF_H

#include "base/arena.h"
#include "results/store.h"

/* A value of a trial that differs. */
typedef struct ftdn_difference {
    char id[FTDN_SHA256_HEX];
    const char *where; /* "results.map_voc07", "class_ap[2].objects"; rows count from 0, in the order of a dump */
    const char *a, *b; /* the values as texts; "(no row)" where there is none */
} ftdn_difference;

typedef struct ftdn_store_diff {
    int n_equal;            /* trials of both stores with equal results */
    int n_other_code;       /* of these, with other code versions */
    int n_only_a, n_only_b; /* trials */
    const ftdn_held_trial *only_a, *only_b;
    int n_different; /* trials of both stores with different results: this should never be */
    int n_differences;
    const ftdn_difference *difference; /* [n_differences] */
} ftdn_store_diff;

/* Compare all that is a function of specs. All lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_store_compare(ftdn_store *a, ftdn_store *b, ftdn_arena *arena,
                                              ftdn_store_diff *ret_diff, ftdn_error *err);

#endif
