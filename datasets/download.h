/* download.h - one try to get what is missing of a file from one address (libcurl), redirects included.
 *
 * Bytes go behind those of a part file only where the source says with its validator (If-Range) that they continue the
 * same file; else the part starts over. Troubles of the source are an outcome, which the caller weighs; only those of
 * this machine (the disk, memory) and the user's wish to stop are failures. */
#ifndef FTDN_DATASETS_DOWNLOAD_H
#define FTDN_DATASETS_DOWNLOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "datasets/part_file.h"

#define FTDN_MOST_REDIRECTS 5

typedef struct ftdn_download_desc {
    const char *url;     /* checked: ftdn_url_check */
    int64_t n_expected;  /* bytes of the whole file; -1: not known */
    uint64_t max_bytes;  /* more are refused; at least n_expected */
    double timeout_s;    /* for the connection; and the longest time with (nearly) nothing coming */
    const volatile sig_atomic_t *stop; /* NULL: never */
    /* Called several times a second with the bytes that are there, of how many (-1: not known); NULL: not wanted. */
    void (*progress)(void *user, uint64_t n_done, int64_t n_all);
    void *user;
} ftdn_download_desc;

typedef enum ftdn_download_end {
    FTDN_DOWNLOAD_COMPLETE, /* as far as the source can tell: the digest decides */
    FTDN_DOWNLOAD_CUT,      /* broken off, or the source has a moment of weakness: it may be asked again */
    FTDN_DOWNLOAD_REFUSED,  /* this source does not give the file */
} ftdn_download_end;

typedef struct ftdn_download_outcome {
    ftdn_download_end end;
    char reason[512];    /* why it is not complete; "" where it is */
    uint64_t n_resumed;  /* bytes of earlier tries that were continued; 0: the file came from its beginning */
    bool is_page;        /* the source called it a web page (text/html) */
} ftdn_download_outcome;

FTDN_NODISCARD ftdn_status ftdn_download_try(const ftdn_download_desc *desc, ftdn_part_file *part,
                                             ftdn_download_outcome *ret_outcome, ftdn_error *err);

#endif
