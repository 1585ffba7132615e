/* failing_vfs.h - SQLite's file layer with failures: the k-th write, sync, truncation or deletion of a file does not
 * succeed. It lies over the default layer and counts the calls for all files: databases, journals, logs. */
#ifndef FTDN_TESTS_RESULTS_FAILING_VFS_H
#define FTDN_TESTS_RESULTS_FAILING_VFS_H

#include <stdbool.h>

typedef enum ftdn_failing_call {
    FTDN_FAILING_WRITE,      /* I/O error, nothing is written */
    FTDN_FAILING_TORN_WRITE, /* I/O error, the first half is written */
    FTDN_FAILING_FULL_WRITE, /* no space, nothing is written */
    FTDN_FAILING_SYNC,       /* I/O error; what was written is there */
    FTDN_FAILING_TRUNCATE,   /* I/O error, the file keeps its size */
    FTDN_FAILING_DELETE,     /* I/O error, the file stays */
    FTDN_FAILING_N_CALLS,
} ftdn_failing_call;

/* "write", "torn write", ...: for messages. */
const char *ftdn_failing_call_name(ftdn_failing_call call);

/* Make it the default layer. Without shared memory SQLite keeps no write-ahead log, and takes a rollback journal.
 * Nothing fails yet. */
void ftdn_failing_vfs_install(bool has_shared_memory);
void ftdn_failing_vfs_remove(void);

/* From now on, n_good calls of this kind succeed and the next one fails; for_good: so do all later ones. */
void ftdn_failing_vfs_arm(ftdn_failing_call call, long n_good, bool for_good);

/* Nothing fails any more. How many calls have failed since it was armed. */
long ftdn_failing_vfs_disarm(void);

#endif
