#include "base/file_digest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/hex.h"

#define BUFFER_BYTES ((size_t)1 << 20)

static ftdn_status begin(const EVP_MD *kind, EVP_MD_CTX **ret_context, ftdn_error *err)
{
    *ret_context = EVP_MD_CTX_new();
    if (*ret_context && EVP_DigestInit_ex(*ret_context, kind, NULL) == 1) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_BACKEND, "EVP_DigestInit_ex: libcrypto offers no %s", EVP_MD_get0_name(kind));
}

/* On an initialised context these calls fail only where their caller is wrong. */
static void finish(EVP_MD_CTX *context, char *ret_hex, size_t n_hex)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n_bytes = 0;
    int result = EVP_DigestFinal_ex(context, digest, &n_bytes);
    assert(result == 1 && 2 * (size_t)n_bytes + 1 == n_hex);
    ftdn_hex_write(digest, n_bytes, ret_hex);
}

static ftdn_status add_all(const char *path, int fd, unsigned char *buffer, EVP_MD_CTX *const context[2],
                           const volatile sig_atomic_t *stop, uint64_t *ret_n_bytes, ftdn_error *err)
{
    *ret_n_bytes = 0;
    for (;;) {
        if (stop && *stop) return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "%s: interrupted while it was read", path);
        ssize_t n_read = read(fd, buffer, BUFFER_BYTES);
        if (n_read == 0) return FTDN_OK;
        if (n_read < 0 && errno == EINTR) continue;
        if (n_read < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
        for (int i = 0; i < 2; i++) {
            int result = EVP_DigestUpdate(context[i], buffer, (size_t)n_read);
            assert(result == 1);
            (void)result;
        }
        *ret_n_bytes += (uint64_t)n_read;
    }
}

ftdn_status ftdn_file_digest_read(const char *path, const volatile sig_atomic_t *stop, ftdn_file_digest *ret_digest,
                                  ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    EVP_MD_CTX *context[2] = {NULL, NULL};
    ftdn_file_digest digest;
    struct stat info;
    /* O_NONBLOCK: opening a named pipe answers at once, so that it can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
    unsigned char *buffer = malloc(BUFFER_BYTES);
    if (!buffer) status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for its digest", path);
    else if (fstat(fd, &info) != 0) status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode)) status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: no regular file", path);
    if (status == FTDN_OK) status = begin(EVP_sha256(), &context[0], err);
    if (status == FTDN_OK) status = begin(EVP_md5(), &context[1], err);
    if (status == FTDN_OK) status = add_all(path, fd, buffer, context, stop, &digest.n_bytes, err);
    if (status == FTDN_OK) {
        finish(context[0], digest.sha256, sizeof digest.sha256);
        finish(context[1], digest.md5, sizeof digest.md5);
        *ret_digest = digest;
    }
    EVP_MD_CTX_free(context[0]);
    EVP_MD_CTX_free(context[1]);
    free(buffer);
    close(fd);
    return status;
}
