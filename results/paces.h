/* paces.h - how long the trials of a store took: what an estimate of further ones is made from.
 *
 * Trials that differ in their seed alone are one row. Only attempts of runs with the same number of workers and threads
 * on the same machine tell how long others will take: cores share memory and clock. */
#ifndef FTDN_RESULTS_PACES_H
#define FTDN_RESULTS_PACES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "results/store.h"

typedef struct ftdn_pace_question {
    const char *machine, *cpu; /* cpu: the beginning of an environment's */
    int n_workers, n_threads;  /* threads: of all workers */
} ftdn_pace_question;

/* The finished trials of a cell. */
typedef struct ftdn_cell_pace {
    char cell[FTDN_SHA256_HEX];
    /* What its cost depends on most. */
    const char *model, *weights_digest, *backend, *arithmetic, *method, *redraw;
    double width;
    bool hits_weights, hits_maps;
    int n_trials;
    double image_s, square; /* means of seconds per image, and of their squares */
} ftdn_cell_pace;

typedef struct ftdn_store_paces {
    int n_cells, n_trials;
    ftdn_cell_pace *cell;   /* [n_cells], by ascending cell */
    double overhead;        /* time of all workers / time of their trials, over the runs asked for; NaN: none */
    double bytes_per_trial; /* of the whole file; NaN: it has none */
} ftdn_store_paces;

/* Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_store_read_paces(ftdn_store *store, const ftdn_pace_question *question,
                                                 ftdn_arena *arena, ftdn_store_paces *ret_paces, ftdn_error *err);

/* The row of a cell; NULL if absent. */
const ftdn_cell_pace *ftdn_cell_pace_find(const ftdn_store_paces *paces, const char *cell);

#endif
