/* made_store.h - a store that is made beside its place and comes into it whole or not at all: for merge, repair,
 * migrate. */
#ifndef FTDN_RESULTS_MADE_STORE_H
#define FTDN_RESULTS_MADE_STORE_H

#include "results/store_internal.h"

typedef struct ftdn_made_store {
    ftdn_store *store; /* open, within a transaction */
    const char *place; /* where it comes to lie; borrowed */
    char *path;        /* where it is made: "PLACE.SUFFIX"; lives in the arena */
} ftdn_made_store;

/* What an earlier call has left at the same path is removed. */
FTDN_NODISCARD ftdn_status ftdn_made_store_begin(ftdn_made_store *made, const char *place, const char *suffix,
                                                 ftdn_arena *arena, ftdn_error *err);

/* Commit, sync and close, where status is FTDN_OK; else throw all away and answer status. */
FTDN_NODISCARD ftdn_status ftdn_made_store_finish(ftdn_made_store *made, ftdn_status status, ftdn_error *err);

/* Put the finished file into its place; whatever lies there goes. */
FTDN_NODISCARD ftdn_status ftdn_made_store_put(ftdn_made_store *made, ftdn_error *err);

#endif
