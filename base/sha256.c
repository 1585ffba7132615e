#include "base/sha256.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/hex.h"

#define DIGEST_BYTES 32

struct ftdn_sha256 {
    EVP_MD_CTX *context;
};

ftdn_status ftdn_sha256_create(ftdn_sha256 **ret_hash, ftdn_error *err)
{
    ftdn_sha256 *hash = malloc(sizeof *hash);
    if (!hash) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a SHA-256 state");
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        ftdn_sha256_free(hash);
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "EVP_DigestInit_ex: libcrypto offers no SHA-256");
    }
    *ret_hash = hash;
    return FTDN_OK;
}

void ftdn_sha256_free(ftdn_sha256 *hash)
{
    if (!hash) return;
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

/* On an initialised context these calls fail only where their caller is wrong. */
static void require(int evp_result)
{
    assert(evp_result == 1);
    (void)evp_result;
}

void ftdn_sha256_add(ftdn_sha256 *hash, const void *bytes, size_t n_bytes)
{
    require(EVP_DigestUpdate(hash->context, bytes, n_bytes));
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
    unsigned char digest[DIGEST_BYTES];
    unsigned int n_bytes = 0;
    require(EVP_DigestFinal_ex(hash->context, digest, &n_bytes));
    assert(n_bytes == DIGEST_BYTES);
    require(EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL));
    ftdn_hex_write(digest, DIGEST_BYTES, ret_hex);
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
