/* migrate_rows.h - what a store of schema 2 holds, written into a new one. */
#ifndef FTDN_RESULTS_MIGRATE_ROWS_H
#define FTDN_RESULTS_MIGRATE_ROWS_H

#include "results/migrate.h"
#include "results/store_internal.h"

/* Is an old store, which `store` is connected to, whole as far as it can tell itself? FTDN_ERR_STORE: "it is damaged
 * (...)". */
FTDN_NODISCARD ftdn_status ftdn_migration_check_old(ftdn_store *store, ftdn_error *err);

/* Write all rows of the file at old_path into `store`, which is empty: one transaction. FTDN_ERR_STORE: ids, specs and
 * parameters of the old store do not fit each other, or writing fails. */
FTDN_NODISCARD ftdn_status ftdn_migration_copy_rows(ftdn_store *store, const char *old_path,
                                                    ftdn_migrated_rows *ret_rows, ftdn_error *err);

#endif
