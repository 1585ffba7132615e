/* catalog.h - what can be fetched by name: where from, how large, with which digest, and under which licence.
 *
 * The built-in catalog is datasets/catalog.json; docs/data.md describes its form, in which a site can write one of its
 * own mirrors. A name of it becomes one file in the cache (weights), or one folder out of its archives. */
#ifndef FTDN_DATASETS_CATALOG_H
#define FTDN_DATASETS_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define FTDN_LEAST_SHA256_DIGITS 16 /* of a published prefix */

typedef struct ftdn_catalog_file {
    const char *name; /* in the cache */
    int n_urls;
    const char *const *url; /* [n_urls], in the order in which they are asked */
    int64_t n_bytes;        /* -1: not known */
    int64_t about_bytes;    /* for people: n_bytes where that is known, else about; -1: not known */
    uint64_t max_bytes;
    const char *sha256; /* lower case; the first FTDN_LEAST_SHA256_DIGITS digits at least; NULL: not known */
    const char *md5;    /* lower case; NULL: not known */
} ftdn_catalog_file;

typedef struct ftdn_catalog_entry {
    const char *name;
    const char *title, *licence, *cite; /* NULL where it is an address that the user gave */
    const char *place;         /* of the result in the cache */
    bool is_archive;           /* its files are tar archives that become one folder; else it has one file */
    const char *top;           /* the part of the archives that is wanted; NULL: all */
    uint64_t max_unpacked_bytes;
    int n_files;
    const ftdn_catalog_file *file; /* [n_files] */
    const char *manifest;          /* that reads it, from the folder of the program's sources; NULL: none */
    const char *needed_beside;     /* what that manifest needs besides: the name of an entry; NULL: nothing */
} ftdn_catalog_entry;

typedef struct ftdn_catalog {
    int n_entries;
    const ftdn_catalog_entry *entry;
} ftdn_catalog;

/* The catalog lives in the arena. FTDN_ERR_INPUT names file:line:column and the rule that is broken. */
FTDN_NODISCARD ftdn_status ftdn_catalog_parse(const char *text, size_t n_bytes, const char *file_name,
                                              ftdn_arena *arena, ftdn_catalog *ret_catalog, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_catalog_load(const char *path, ftdn_arena *arena, ftdn_catalog *ret_catalog,
                                             ftdn_error *err);

/* The one in the program. */
FTDN_NODISCARD ftdn_status ftdn_catalog_load_built_in(ftdn_arena *arena, ftdn_catalog *ret_catalog, ftdn_error *err);

/* NULL where it has no such name. */
const ftdn_catalog_entry *ftdn_catalog_find(const ftdn_catalog *catalog, const char *name);

/* The entry that stands for one address. sha256: NULL where there is none; then nothing is unpacked (FTDN_ERR_ARG), as
 * wherever an address, a digest or a name will not do. max_bytes: of the file, and of what is unpacked. */
FTDN_NODISCARD ftdn_status ftdn_catalog_entry_of_url(const char *url, const char *sha256, bool is_archive,
                                                     uint64_t max_bytes, ftdn_arena *arena,
                                                     ftdn_catalog_entry *ret_entry, ftdn_error *err);

#endif
