/* migrate.h - stores of older programs become stores of this one.
 *
 * The new store is built beside the old one, which readers may go on reading, and takes its place by one rename; a copy
 * of the old one stays. Until the rename the old store is as it was: a migration that fails, or is killed, changes
 * nothing. Nobody can write the old store meanwhile, and a program that still has it open cannot write it afterwards:
 * SQLite tells it that the file was moved.
 *
 * Ids, results, attempts, timings, channel scores and latencies are kept, with the environments of each. What the old
 * schema did not know is made up from what it did: a manifest's name becomes a campaign of manifest {"name":NAME},
 * and the attempts of a campaign in one environment become a run of outcome 'migrated'. No attempt is confirmed by a
 * golden canary. Digests are those that an append would have written. */
#ifndef FTDN_RESULTS_MIGRATE_H
#define FTDN_RESULTS_MIGRATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_migrated_rows {
    int n_trials, n_attempts, n_rankings, n_latencies;
} ftdn_migrated_rows;

typedef struct ftdn_migration {
    int from, to;       /* numbers of schemas; equal: nothing was to be done */
    const char *backup; /* path of the old store's copy, in the arena; NULL where nothing was done */
    ftdn_migrated_rows rows;
} ftdn_migration;

/* Make the store at path one of this program's schema. The copy of the old one is path + ".backup-2", or the next free
 * name ".backup-2.1", ...: no file is written over. Several processes may try at once: one of them does it.
 * FTDN_ERR_STORE: no store, one of a version that cannot be migrated, damaged, in use by a writer, no space. */
FTDN_NODISCARD ftdn_status ftdn_store_migrate(const char *path, ftdn_arena *arena, ftdn_migration *ret_migration,
                                              ftdn_error *err);

/* Is there a store which opening for writing would migrate? */
bool ftdn_store_is_old(const char *path);

#endif
