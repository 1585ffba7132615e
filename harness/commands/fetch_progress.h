/* fetch_progress.h - what people see of a fetch: lines about sources, and how far the file is. */
#ifndef FTDN_HARNESS_COMMANDS_FETCH_PROGRESS_H
#define FTDN_HARNESS_COMMANDS_FETCH_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "datasets/fetch.h"
#include "harness/campaign/pace.h"
#include "harness/campaign/progress.h"

typedef struct ftdn_fetch_progress {
    ftdn_progress line;
    const char *file_name; /* that the pace is of; NULL: none yet */
    ftdn_pace pace;        /* of pieces of equal size */
    uint64_t n_piece;      /* bytes of a piece */
    uint64_t n_counted;    /* bytes whose pace is known */
    uint64_t n_last;       /* bytes at the last call: fewer are a file that starts over */
    int64_t counted_ns;    /* when they were there */
    ftdn_arena *arena;
} ftdn_fetch_progress;

/* out: NULL: quiet. The arena outlives it. */
void ftdn_fetch_progress_init(ftdn_fetch_progress *progress, FILE *out, ftdn_arena *arena);

/* What ftdn_fetch calls. stop: the wish to end it. */
ftdn_fetch_watch ftdn_fetch_progress_watch(ftdn_fetch_progress *progress, const volatile sig_atomic_t *stop);

/* "451 MB", "38.0 MB", "912 kB", "17 bytes": into text, which is returned. */
const char *ftdn_bytes_text(uint64_t n_bytes, char text[32]);

#endif
