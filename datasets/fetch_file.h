/* fetch_file.h - one file of an entry into the cache: from its sources in order, with patience, by its digest. */
#ifndef FTDN_DATASETS_FETCH_FILE_H
#define FTDN_DATASETS_FETCH_FILE_H

#include "datasets/fetch.h"

/* Make sure that cache/name is there and right, with its record. *ret_was_here: it was. The lock of the cache is held.
 * Failures as of ftdn_fetch. */
FTDN_NODISCARD ftdn_status ftdn_fetch_file(const ftdn_fetch_desc *desc, const ftdn_catalog_file *file,
                                           ftdn_arena *arena, ftdn_fetched_file *ret_file, bool *ret_was_here,
                                           ftdn_error *err);

/* Say one line to who watches. */
void ftdn_fetch_tell(const ftdn_fetch_watch *watch, const char *format, ...) FTDN_PRINTF(2, 3);

/* FTDN_ERR_INTERRUPTED where the fetch is to end. */
FTDN_NODISCARD ftdn_status ftdn_fetch_check_stop(const ftdn_fetch_watch *watch, ftdn_error *err);

#endif
