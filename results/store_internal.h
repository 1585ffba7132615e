/* store_internal.h - an open store as the files of results/ see it. */
#ifndef FTDN_RESULTS_STORE_INTERNAL_H
#define FTDN_RESULTS_STORE_INTERNAL_H

#include <sqlite3.h>

#include "results/store.h"

#define FTDN_STORE_APPLICATION_ID 0x4654444E /* "FTDN" */
#define FTDN_STORE_VERSION 2                 /* user_version: the number of schema.sql */
#define FTDN_STORE_BUSY_SECONDS 30           /* how long a lock of another process is waited for */

/* schema.sql, with a 0 behind it; made by tools/embed-text. */
extern const unsigned char ftdn_store_schema[];

struct ftdn_store {
    sqlite3 *db;
    char *path;       /* begins with '/' or "./": SQLite takes it for nothing but a path */
    const char *name; /* as the caller wrote it: for messages; points into path */
    ftdn_store_mode mode;
};

/* Turn the last failure of the connection into a status; `doing` says at what: "writing trial 1a2b".
 * FTDN_ERR_MEMORY where SQLite ran out of memory, else FTDN_ERR_STORE. */
ftdn_status ftdn_store_fail(const ftdn_store *store, const char *doing, ftdn_error *err);

/* Run statements that give no rows. */
FTDN_NODISCARD ftdn_status ftdn_store_execute(ftdn_store *store, const char *sql, const char *doing, ftdn_error *err);

/* Take back the open transaction, if there is one. */
void ftdn_store_roll_back(ftdn_store *store);

#endif
