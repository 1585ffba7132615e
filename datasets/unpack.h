/* unpack.h - files and folders out of a tar archive (libarchive), and nothing else.
 *
 * Only regular files and folders come out, below the folder that is given: an absolute path, "..", a link of either
 * kind, a device, a sparse file, a name with control characters, or more than was agreed ends the whole. Every folder
 * on the way is opened without following links, so that nothing is written elsewhere whatever the checks missed. Modes,
 * owners and times of the archive are not taken over. */
#ifndef FTDN_DATASETS_UNPACK_H
#define FTDN_DATASETS_UNPACK_H

#include <signal.h>
#include <stdint.h>

#include "base/status.h"

#define FTDN_MOST_ENTRIES 2000000

typedef struct ftdn_unpack_desc {
    const char *archive; /* tar, plain or compressed by gzip, bzip2, xz or zstd */
    const char *folder;  /* exists; a file of another archive in it is replaced by one of the same name */
    const char *top;     /* "VOCdevkit/VOC2007": what is below it comes to `folder`, all else is left out; NULL: all */
    uint64_t max_bytes;  /* of all files together */
    const volatile sig_atomic_t *stop; /* NULL: never */
} ftdn_unpack_desc;

typedef struct ftdn_unpack_summary {
    int n_files;
    uint64_t n_bytes;
} ftdn_unpack_summary;

/* FTDN_ERR_INPUT names the archive, and the entry where one is to blame; FTDN_ERR_INTERRUPTED. After a failure the
 * folder holds a part, for the caller to remove. An archive that is cut, also between two entries, is an error. */
FTDN_NODISCARD ftdn_status ftdn_unpack_tar(const ftdn_unpack_desc *desc, ftdn_unpack_summary *ret_summary,
                                           ftdn_error *err);

#endif
