/* repair.h - what is sound of a damaged store, saved into a new one. */
#ifndef FTDN_RESULTS_REPAIR_H
#define FTDN_RESULTS_REPAIR_H

#include "base/arena.h"
#include "results/store.h"

typedef struct ftdn_lost_trial {
    char id[FTDN_SHA256_HEX];
    const char *what; /* why it has to be done again */
} ftdn_lost_trial;

typedef struct ftdn_repair_summary {
    int n_saved;
    int n_without_provenance; /* of these: sound results whose provenance is damaged; they say so */
    int n_left_out;           /* rows or tables of other kinds: attempts that failed, plans, scores, ... */
    int n_lost;
    const ftdn_lost_trial *lost; /* [n_lost], by id */
} ftdn_repair_summary;

/* Save every trial whose id and result digest fit into `out`, which must not exist and appears whole or not at all.
 * Works as far as SQLite can read the file. FTDN_ERR_STORE: it reads nothing of it. All lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_store_repair(const char *path, const char *out, ftdn_arena *arena,
                                             ftdn_repair_summary *ret_summary, ftdn_error *err);

#endif
