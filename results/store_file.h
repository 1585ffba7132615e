/* store_file.h - a store's file as it can be seen without SQLite's help. */
#ifndef FTDN_RESULTS_STORE_FILE_H
#define FTDN_RESULTS_STORE_FILE_H

#include "results/store_internal.h"

/* Look at the file before SQLite may touch it: opening a database of another program could already roll back its
 * journal. To a writer, a missing or empty file is fine. */
FTDN_NODISCARD ftdn_status ftdn_store_check_file(const ftdn_store *store, ftdn_error *err);

/* The number of the file's schema, this program's or one that can be migrated; 0 where a writer finds no file or an
 * empty one. Else as ftdn_store_check_file, which takes this program's alone. */
FTDN_NODISCARD ftdn_status ftdn_store_find_version(const ftdn_store *store, unsigned *ret_version, ftdn_error *err);

/* Does the folder that will hold the journal let itself be written? It is made where it is missing. */
FTDN_NODISCARD ftdn_status ftdn_store_check_folder(const ftdn_store *store, ftdn_error *err);

/* Is this a store, of a version that is known here? */
FTDN_NODISCARD ftdn_status ftdn_store_check_identity(const ftdn_store *store, unsigned application_id, unsigned version,
                                                     ftdn_error *err);

ftdn_status ftdn_store_fail_empty(const ftdn_store *store, ftdn_error *err);

/* Does the file, which exists, lie on a file system of this machine? A write-ahead log needs memory that all processes
 * share. */
bool ftdn_store_is_local(const ftdn_store *store);

#endif
