/* share.h - work shared among threads: each item goes to whichever thread is free, until one fails.
 *
 * On a shared machine cores differ in speed, hence no fixed shares; no result may depend on who did what. */
#ifndef FTDN_BASE_SHARE_H
#define FTDN_BASE_SHARE_H

#include "base/status.h"

typedef struct ftdn_shared_work {
    int n_items, n_threads;
    /* Do one item. thread: 0 (the calling one) ... n_threads - 1, no two items at a time on one of them. */
    ftdn_status (*run)(void *user, int item, int thread, ftdn_error *err);
    void *user;
} ftdn_shared_work;

/* After a failure no new item is begun; the failure returned is one of those that happened. */
FTDN_NODISCARD ftdn_status ftdn_share(const ftdn_shared_work *work, ftdn_error *err);

/* Add to a count that several threads add to; the sum. */
int ftdn_share_add(int *count, int n);

#endif
