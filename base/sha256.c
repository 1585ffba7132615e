#include "base/sha256.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* libcrypto calls these functions deprecated. Those in their place look the algorithm up and take memory each time that
 * a hash begins, also anew, which may fail; these cannot. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

struct ftdn_sha256 {
    SHA256_CTX context;
};

ftdn_status ftdn_sha256_create(ftdn_sha256 **ret_hash, ftdn_error *err)
{
    ftdn_sha256 *hash = malloc(sizeof *hash);
    if (!hash) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a SHA-256 state");
    SHA256_Init(&hash->context);
    *ret_hash = hash;
    return FTDN_OK;
}

void ftdn_sha256_free(ftdn_sha256 *hash)
{
    free(hash);
}

void ftdn_sha256_add(ftdn_sha256 *hash, const void *bytes, size_t n_bytes)
{
    SHA256_Update(&hash->context, bytes, n_bytes);
}

void ftdn_sha256_add_text(ftdn_sha256 *hash, const char *text)
{
    uint64_t n_chars = strlen(text);
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(n_chars >> (8 * i));
    ftdn_sha256_add(hash, length, sizeof length);
    ftdn_sha256_add(hash, text, n_chars);
}

void ftdn_sha256_finish(ftdn_sha256 *hash, char ret_hex[FTDN_SHA256_HEX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &hash->context);
    SHA256_Init(&hash->context);
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[2 * SHA256_DIGEST_LENGTH] = 0;
}

ftdn_status ftdn_sha256_of(const void *bytes, size_t n_bytes, char ret_hex[FTDN_SHA256_HEX], ftdn_error *err)
{
    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_sha256_add(hash, bytes, n_bytes);
    ftdn_sha256_finish(hash, ret_hex);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}
