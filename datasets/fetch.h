/* fetch.h - a name of the catalog, or an address, into the cache: whole and checked, or not at all.
 *
 * In the cache lie finished things only, under their names; what is under way is called NAME.part (with NAME.part.json)
 * or NAME.unpacking, and survives interruption of any kind: the same call goes on with it. One fetch at a time fills a
 * cache; a second one waits for the first. */
#ifndef FTDN_DATASETS_FETCH_H
#define FTDN_DATASETS_FETCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/file_digest.h"
#include "base/status.h"
#include "datasets/catalog.h"

/* What people see of a fetch; each may be NULL. */
typedef struct ftdn_fetch_watch {
    void (*tell)(void *user, const char *line);
    /* Several times a second: bytes that are there of the file, of how many (-1: not known). */
    void (*progress)(void *user, const char *file_name, uint64_t n_done, int64_t n_all);
    void *user;
    const volatile sig_atomic_t *stop; /* the wish to end it */
} ftdn_fetch_watch;

typedef struct ftdn_fetch_desc {
    const char *cache; /* a folder, made where it is missing */
    const ftdn_catalog_entry *entry;
    double timeout_s; /* see ftdn_download_desc */
    ftdn_fetch_watch watch;
} ftdn_fetch_desc;

/* A file as it came. */
typedef struct ftdn_fetched_file {
    const char *name;
    const char *url; /* NULL: not known any more */
    ftdn_file_digest digest;
} ftdn_fetched_file;

typedef struct ftdn_fetched {
    const char *path; /* of the file or folder: cache + "/" + place */
    bool was_here;    /* nothing had to be done */
    int n_files;
    const ftdn_fetched_file *file; /* [n_files] */
} ftdn_fetched;

/* All texts live in the arena or are the entry's. FTDN_ERR_INPUT: no source gave the file (each with its reason), a
 * digest differs, an archive cannot be unpacked, something else has the place, or the cache cannot be written.
 * FTDN_ERR_INTERRUPTED: what is there is kept for the next call. */
FTDN_NODISCARD ftdn_status ftdn_fetch(const ftdn_fetch_desc *desc, ftdn_arena *arena, ftdn_fetched *ret_fetched,
                                      ftdn_error *err);

typedef enum ftdn_cached {
    FTDN_CACHED_NOT,
    FTDN_CACHED_PARTLY,
    FTDN_CACHED_WHOLE,   /* with the record of its fetch; not read again */
    FTDN_CACHED_FOREIGN, /* something of that name, which was not fetched from here */
} ftdn_cached;

/* What of an entry is there already; *ret_n_bytes: of those that are PARTLY. A missing cache holds nothing. */
FTDN_NODISCARD ftdn_status ftdn_fetch_look(const char *cache, const ftdn_catalog_entry *entry, ftdn_cached *ret_cached,
                                           uint64_t *ret_n_bytes, ftdn_error *err);

#endif
