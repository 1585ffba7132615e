/* missing_files.h - files of a dataset that are not there: one error names the first of them and says how many. */
#ifndef FTDN_DATASETS_MISSING_FILES_H
#define FTDN_DATASETS_MISSING_FILES_H

#include "base/status.h"
#include "base/text.h"

typedef struct ftdn_missing_files {
    int n_missing;
    ftdn_text named; /* the first ones, a line each */
} ftdn_missing_files;

void ftdn_missing_files_init(ftdn_missing_files *missing);
void ftdn_missing_files_done(ftdn_missing_files *missing);

/* where: who asks for the file, "a.json:3:1: image id 7: "; may be empty. */
void ftdn_missing_files_add(ftdn_missing_files *missing, const char *where, const char *path);

/* FTDN_ERR_INPUT where any of the n_files is missing; a single one is named alone. */
FTDN_NODISCARD ftdn_status ftdn_missing_files_check(const ftdn_missing_files *missing, int n_files, ftdn_error *err);

#endif
