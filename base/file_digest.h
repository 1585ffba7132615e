/* file_digest.h - SHA-256 and MD5 of a file in one pass (libcrypto), whatever its size.
 *
 * MD5 is there because old archives are published with nothing else. It tells damage; against intent only SHA-256 is a
 * protection. */
#ifndef FTDN_BASE_FILE_DIGEST_H
#define FTDN_BASE_FILE_DIGEST_H

#include <signal.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/status.h"

#define FTDN_MD5_HEX 33 /* 32 lower-case hexadecimal digits and the final 0 */

typedef struct ftdn_file_digest {
    uint64_t n_bytes;
    char sha256[FTDN_SHA256_HEX];
    char md5[FTDN_MD5_HEX];
} ftdn_file_digest;

/* Read a regular file to its end. FTDN_ERR_INPUT names the path; FTDN_ERR_INTERRUPTED: *stop became true (stop may be
 * NULL). */
FTDN_NODISCARD ftdn_status ftdn_file_digest_read(const char *path, const volatile sig_atomic_t *stop,
                                                 ftdn_file_digest *ret_digest, ftdn_error *err);

#endif
