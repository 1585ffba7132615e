/* sha256.h - SHA-256 over pieces (libcrypto): trial ids, digests of weights, data and results. */
#ifndef FTDN_BASE_SHA256_H
#define FTDN_BASE_SHA256_H

#include <stddef.h>

#include "base/status.h"

#define FTDN_SHA256_HEX 65 /* 64 lower-case hexadecimal digits and the final 0 */

typedef struct ftdn_sha256 ftdn_sha256;

FTDN_NODISCARD ftdn_status ftdn_sha256_create(ftdn_sha256 **ret_hash, ftdn_error *err);
void ftdn_sha256_free(ftdn_sha256 *hash); /* NULL is fine */
void ftdn_sha256_add(ftdn_sha256 *hash, const void *bytes, size_t n_bytes);

/* A text with its length in front (8 bytes, little-endian), so that "ab","c" and "a","bc" differ. */
void ftdn_sha256_add_text(ftdn_sha256 *hash, const char *text);

/* The digest of all that was added; the hash then starts anew. */
void ftdn_sha256_finish(ftdn_sha256 *hash, char ret_hex[FTDN_SHA256_HEX]);

/* The digest of one piece. */
FTDN_NODISCARD ftdn_status ftdn_sha256_of(const void *bytes, size_t n_bytes, char ret_hex[FTDN_SHA256_HEX],
                                          ftdn_error *err);

#endif
