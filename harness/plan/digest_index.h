/* digest_index.h - numbers by digest: which trial has this id? */
#ifndef FTDN_HARNESS_PLAN_DIGEST_INDEX_H
#define FTDN_HARNESS_PLAN_DIGEST_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_digest_index {
    size_t n_slots; /* a power of two */
    struct ftdn_digest_slot *slot;
} ftdn_digest_index;

/* Room for n_digests of them; lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_digest_index_init(ftdn_digest_index *index, size_t n_digests, ftdn_arena *arena,
                                                  ftdn_error *err);

/* The number of a digest (hexadecimal, borrowed). One that is new gets `number`. */
int ftdn_digest_index_add(ftdn_digest_index *index, const char *digest, int number);

/* The number of a digest; -1 if it is not there. */
int ftdn_digest_index_find(const ftdn_digest_index *index, const char *digest);

/* The first 8 bytes of a digest as an integer, the first byte the most significant. */
uint64_t ftdn_digest_head(const char *digest);

#endif
