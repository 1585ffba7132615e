/* part_file.h - a download that is not finished: PATH.part, and PATH.part.json about where its bytes come from.
 *
 * The note is written before the first byte: a part without a sound note is worth nothing and starts over. What is
 * there can be continued only from the same address and only while the source says that the file is still the same (the
 * validator). Whether the whole is right, its digest decides later. */
#ifndef FTDN_DATASETS_PART_FILE_H
#define FTDN_DATASETS_PART_FILE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_part_file {
    const char *path, *note_path; /* in the arena */
    int fd;                       /* -1: closed */
    uint64_t n_bytes;             /* that are there */
    /* From where; "" while nothing is there. */
    char url[2048];
    char validator[256]; /* "": the source gave none */
    int64_t n_all;       /* bytes of the whole file, as the source said; -1: it did not */
} ftdn_part_file;

/* Open the part of `path`, making it where there is none. FTDN_ERR_INPUT names the file. */
FTDN_NODISCARD ftdn_status ftdn_part_file_open(const char *path, ftdn_arena *arena, ftdn_part_file *part,
                                               ftdn_error *err);

/* Forget the bytes. */
FTDN_NODISCARD ftdn_status ftdn_part_file_clear(ftdn_part_file *part, ftdn_error *err);

/* Start over with bytes from url. validator: NULL where the source gave none; n_all: -1 where it did not say. */
FTDN_NODISCARD ftdn_status ftdn_part_file_begin(ftdn_part_file *part, const char *url, const char *validator,
                                                int64_t n_all, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_part_file_append(ftdn_part_file *part, const char *bytes, size_t n_bytes,
                                                 ftdn_error *err);

void ftdn_part_file_close(ftdn_part_file *part); /* the files stay */

/* Close it and remove both files. */
void ftdn_part_file_remove(ftdn_part_file *part);

/* The bytes of the part of `path`; 0 where there is none. */
uint64_t ftdn_part_file_size(const char *path, ftdn_arena *arena);

#endif
