/* tar_builder.h - tar archives (ustar), entry by entry, with everything in them that a test wants. */
#ifndef FTDN_TESTS_DATASETS_TAR_BUILDER_H
#define FTDN_TESTS_DATASETS_TAR_BUILDER_H

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define FTDN_TAR_FILE '0'
#define FTDN_TAR_HARD_LINK '1'
#define FTDN_TAR_SYMBOLIC_LINK '2'
#define FTDN_TAR_DEVICE '3'
#define FTDN_TAR_FOLDER '5'
#define FTDN_TAR_FIFO '6'
#define FTDN_TAR_LONG_NAME 'L' /* GNU: its bytes are the path of the next entry */

/* size: what the head says; n_bytes follow, padded. name: at most 99 characters; link: where a link goes, or NULL. */
static inline void ftdn_tar_add_raw(ftdn_text *tar, char kind, const char *name, const char *link,
                                    unsigned long long size, const char *bytes, size_t n_bytes)
{
    char head[512] = {0};
    snprintf(head, 100, "%s", name);
    snprintf(head + 100, 8, "%07o", kind == FTDN_TAR_FOLDER ? 0755u : 0644u);
    snprintf(head + 108, 8, "%07o", 0u);
    snprintf(head + 116, 8, "%07o", 0u);
    snprintf(head + 124, 12, "%011llo", size & 077777777777ULL);
    snprintf(head + 136, 12, "%011o", 1u);
    memset(head + 148, ' ', 8);
    head[156] = kind;
    if (link) snprintf(head + 157, 100, "%s", link);
    memcpy(head + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof head; i++) sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    ftdn_text_append_bytes(tar, head, sizeof head);
    ftdn_text_append_bytes(tar, bytes, n_bytes);
    const char zeros[512] = {0};
    ftdn_text_append_bytes(tar, zeros, (512 - n_bytes % 512) % 512);
}

static inline void ftdn_tar_add(ftdn_text *tar, char kind, const char *name, const char *link, const char *text)
{
    ftdn_tar_add_raw(tar, kind, name, link, strlen(text), text, strlen(text));
}

static inline void ftdn_tar_end(ftdn_text *tar)
{
    const char zeros[1024] = {0};
    ftdn_text_append_bytes(tar, zeros, sizeof zeros);
}

#endif
