/* store_backup.h - copies of a store's file. */
#ifndef FTDN_RESULTS_STORE_BACKUP_H
#define FTDN_RESULTS_STORE_BACKUP_H

#include "results/store_internal.h"

/* Copy the file of a connected store, whose open transaction keeps writers out, byte for byte to a new file: `path`,
 * or where another file has that name, path.1, path.2, ... A file there that is such a copy already will do. The copy
 * is on the disk when the call returns. *ret_is_new: it was made now.
 * FTDN_ERR_STORE: it cannot be written; then there is none. */
FTDN_NODISCARD ftdn_status ftdn_store_back_up(const ftdn_store *store, const char *path, ftdn_arena *arena,
                                              const char **ret_backup, bool *ret_is_new, ftdn_error *err);

#endif
