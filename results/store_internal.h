/* store_internal.h - an open store as the files of results/ see it. */
#ifndef FTDN_RESULTS_STORE_INTERNAL_H
#define FTDN_RESULTS_STORE_INTERNAL_H

#include <sqlite3.h>

#include "results/store.h"

#define FTDN_STORE_APPLICATION_ID 0x4654444E /* "FTDN" */
#define FTDN_STORE_VERSION 3                 /* user_version: the number of schema.sql */
#define FTDN_STORE_OLDEST_VERSION 2          /* that can be migrated */
#define FTDN_STORE_BUSY_SECONDS 30           /* how long a lock of another process is waited for */

/* schema.sql, with a 0 behind it; made by tools/embed-text. */
extern const unsigned char ftdn_store_schema[];

/* Prepared statements that are kept for their next use; the oldest gives way. */
#define FTDN_STORE_STATEMENTS 64

typedef struct ftdn_kept_statement {
    sqlite3_stmt *handle; /* NULL: an empty place */
    bool in_use;
} ftdn_kept_statement;

typedef struct ftdn_statement_cache {
    ftdn_kept_statement place[FTDN_STORE_STATEMENTS];
    int next; /* where the search begins: statements tend to follow each other in the same order */
    int evict;
} ftdn_statement_cache;

struct ftdn_store {
    sqlite3 *db;
    char *path;       /* begins with '/' or "./": SQLite takes it for nothing but a path */
    const char *name; /* as the caller wrote it: for messages; points into path */
    ftdn_store_mode mode;
    ftdn_statement_cache *statements;
    bool is_open;     /* identity and schema were seen to be right */
    bool has_journal; /* chosen, before the first transaction */
};

/* A store that is not connected yet; ftdn_store_close frees it. */
FTDN_NODISCARD ftdn_status ftdn_store_create(const char *path, ftdn_store_mode mode, ftdn_store **ret_store,
                                             ftdn_error *err);

/* Open its connection; whether it may write stands in flags (SQLITE_OPEN_*). The first access comes later. */
FTDN_NODISCARD ftdn_status ftdn_store_connect(ftdn_store *store, int flags, ftdn_error *err);

/* Turn the last failure of the connection into a status; `doing` says at what: "writing trial 1a2b".
 * FTDN_ERR_MEMORY where SQLite ran out of memory, else FTDN_ERR_STORE. */
ftdn_status ftdn_store_fail(const ftdn_store *store, const char *doing, ftdn_error *err);

/* Run statements that give no rows. */
FTDN_NODISCARD ftdn_status ftdn_store_execute(ftdn_store *store, const char *sql, const char *doing, ftdn_error *err);

/* The number that a one-row statement gives. */
FTDN_NODISCARD ftdn_status ftdn_store_read_number(ftdn_store *store, const char *sql, unsigned *ret_number,
                                                  ftdn_error *err);

/* Take back the open transaction, if there is one. */
void ftdn_store_roll_back(ftdn_store *store);

/* Begin a transaction that writes. The first one of a connection chooses the journal. */
FTDN_NODISCARD ftdn_status ftdn_store_begin(ftdn_store *store, const char *doing, ftdn_error *err);

/* End a transaction: commit where status is FTDN_OK, else (or where that fails) take all back. The status of it all. */
FTDN_NODISCARD ftdn_status ftdn_store_end_transaction(ftdn_store *store, ftdn_status status, const char *doing,
                                                      ftdn_error *err);

#endif
