/* fetch_record.h - what is known of a finished fetch, kept beside a file (NAME.fetch.json) or in a folder (fetch.json):
 * where it came from, its full digests, its licence and what to cite. */
#ifndef FTDN_DATASETS_FETCH_RECORD_H
#define FTDN_DATASETS_FETCH_RECORD_H

#include <stdbool.h>

#include "datasets/fetch.h"

typedef struct ftdn_fetch_record {
    const char *name; /* of the entry that it was fetched for */
    int n_files;      /* 0: there is no sound record */
    const ftdn_fetched_file *file; /* [n_files] */
} ftdn_fetch_record;

/* Its path, for what lies or will lie at `path`. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_fetch_record_path(const char *path, bool is_folder, ftdn_arena *arena, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_fetch_record_write(const char *record_path, const ftdn_catalog_entry *entry,
                                                   const ftdn_fetched_file *file, int n_files, ftdn_error *err);

/* A record that is missing or damaged is as if there were none. FTDN_ERR_MEMORY. */
FTDN_NODISCARD ftdn_status ftdn_fetch_record_read(const char *record_path, ftdn_arena *arena,
                                                  ftdn_fetch_record *ret_record, ftdn_error *err);

/* Are these the files that the entry asks for, by their names and digests, or, without digests, addresses? */
bool ftdn_fetch_record_fits(const ftdn_fetch_record *record, const ftdn_catalog_entry *entry);

/* Does the digest agree with what the catalog knows? FTDN_ERR_INPUT says which does not. */
FTDN_NODISCARD ftdn_status ftdn_fetch_check_digest(const ftdn_catalog_file *file, const ftdn_file_digest *digest,
                                                   ftdn_error *err);

#endif
