/* changed_store.h - a store that somebody changes behind the program's back. */
#ifndef FTDN_TESTS_RESULTS_CHANGED_STORE_H
#define FTDN_TESTS_RESULTS_CHANGED_STORE_H

/* Run SQL on the file, past its triggers; the test fails where that fails. */
void ftdn_changed_store_run(const char *path, const char *sql);

/* Run SQL on the file as far as it goes: without its triggers, its checks and its references; no other file is opened,
 * and a statement that takes too long is stopped. */
void ftdn_changed_store_try(const char *path, const char *sql);

#endif
