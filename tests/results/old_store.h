/* old_store.h - stores as a program with schema 2 wrote them. */
#ifndef FTDN_TESTS_RESULTS_OLD_STORE_H
#define FTDN_TESTS_RESULTS_OLD_STORE_H

#include <sqlite3.h>

#include "base/sha256.h"
#include "tests/support/support.h"

enum { FTDN_OLD_CELLS = 3, FTDN_OLD_FAILURES = 3, FTDN_OLD_RANKINGS = 2, FTDN_OLD_LATENCIES = 2 };

/* Make a store with n_trials trials and rows in every table: trial i is that of cell i % FTDN_OLD_CELLS with seed
 * i / FTDN_OLD_CELLS, asked for by one of two manifests in one of two environments. */
void ftdn_old_store_make(const char *path, int n_trials);

/* The spec of trial i, and its id. */
void ftdn_old_store_spec(int i, char ret_spec[128], char ret_id[FTDN_SHA256_HEX]);

/* All that the views of schema 2 say of a store, of this version or a later one: a text, rows in an order of its own,
 * numbers to their last bit. It lives in the arena. */
char *ftdn_old_store_read(const char *path, ftdn_arena *arena);

/* Run SQL on a file behind the store's back; the test fails where that fails. */
void ftdn_old_store_run(const char *path, const char *sql);

#endif
