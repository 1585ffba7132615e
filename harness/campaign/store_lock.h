/* store_lock.h - one scheduler at a time fills a store.
 *
 * The lock is a record lock on a file beside the store ("results/smoke.db.lock"). The kernel gives it back when its
 * owner ends, in whatever way: a dead owner cannot hold it, and its workers do not inherit it. The file holds a line
 * about the owner for those who come second. */
#ifndef FTDN_HARNESS_CAMPAIGN_STORE_LOCK_H
#define FTDN_HARNESS_CAMPAIGN_STORE_LOCK_H

#include <stdbool.h>

#include "base/status.h"

typedef struct ftdn_store_lock {
    int fd;     /* -1: not held */
    char *path; /* of the lock's file; malloc */
} ftdn_store_lock;

/* Take the lock of the store at `db_path`, whose folder is made where it is missing. FTDN_ERR_STORE: another process
 * has it (which, since when), or the file cannot be made. The store itself need not be there. */
FTDN_NODISCARD ftdn_status ftdn_store_lock_take(const char *db_path, ftdn_store_lock *lock, ftdn_error *err);

/* Give it back and remove its file; nothing where it is not held. */
void ftdn_store_lock_release(ftdn_store_lock *lock);

/* Who fills the store now: ret_owner says "process 123 on HOST since 2026-01-31T23:59:59Z", or is "" where nobody
 * does. */
#define FTDN_LOCK_OWNER_BYTES 256
FTDN_NODISCARD ftdn_status ftdn_store_lock_find_owner(const char *db_path, char ret_owner[FTDN_LOCK_OWNER_BYTES],
                                                      ftdn_error *err);

#endif
