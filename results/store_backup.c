#include "results/store_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { PIECE_BYTES = 1 << 20, MOST_BACKUPS = 100 };

/* The store's file, read by SQLite's own file layer: closing a plain descriptor would drop the locks that this process
 * holds on it. */
typedef struct stored_bytes {
    const ftdn_store *store;
    sqlite3_file *file;
    sqlite3_int64 n_bytes;
    char *piece; /* [PIECE_BYTES] each */
    char *other;
} stored_bytes;

static ftdn_status start(const ftdn_store *store, ftdn_arena *arena, stored_bytes *bytes, ftdn_error *err)
{
    *bytes = (stored_bytes){.store = store};
    bytes->piece = FTDN_NEW(arena, PIECE_BYTES, char, err);
    bytes->other = FTDN_NEW(arena, PIECE_BYTES, char, err);
    if (!bytes->piece || !bytes->other) return FTDN_ERR_MEMORY;
    int code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &bytes->file);
    if (code == SQLITE_OK) code = bytes->file->pMethods->xFileSize(bytes->file, &bytes->n_bytes);
    if (code != SQLITE_OK)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be read: %s", store->name, sqlite3_errstr(code));
    return FTDN_OK;
}

/* The next piece from `at` on: *ret_n bytes of it, 0 at the end. */
static ftdn_status read_piece(const stored_bytes *bytes, sqlite3_int64 at, int *ret_n, ftdn_error *err)
{
    sqlite3_int64 n_left = bytes->n_bytes - at;
    int n = n_left < PIECE_BYTES ? (int)n_left : PIECE_BYTES;
    int code = n > 0 ? bytes->file->pMethods->xRead(bytes->file, bytes->piece, n, at) : SQLITE_OK;
    if (code != SQLITE_OK)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be read: %s", bytes->store->name,
                         sqlite3_errstr(code));
    *ret_n = n;
    return FTDN_OK;
}

/* Write all bytes to a file that is open. */
static ftdn_status write_all(const stored_bytes *bytes, int fd, const char *path, ftdn_error *err)
{
    int n = 0;
    for (sqlite3_int64 at = 0;; at += n) {
        FTDN_TRY(read_piece(bytes, at, &n, err));
        if (n == 0) return FTDN_OK;
        for (int n_written = 0; n_written < n;) {
            ssize_t written = write(fd, bytes->piece + n_written, (size_t)(n - n_written));
            if (written >= 0) n_written += (int)written;
            else if (errno != EINTR)
                return FTDN_FAIL(err, FTDN_ERR_STORE, "its backup '%s' cannot be written: %s", path, strerror(errno));
        }
    }
}

/* Are the bytes of a file that is open those of the store? A file that cannot be read is not. */
static ftdn_status compare_all(const stored_bytes *bytes, int fd, bool *ret_equal, ftdn_error *err)
{
    int n = 0;
    bool is_equal = true;
    for (sqlite3_int64 at = 0; is_equal; at += n) {
        FTDN_TRY(read_piece(bytes, at, &n, err));
        if (n == 0) break;
        is_equal = pread(fd, bytes->other, (size_t)n, at) == n && memcmp(bytes->piece, bytes->other, (size_t)n) == 0;
    }
    *ret_equal = is_equal && pread(fd, bytes->other, 1, bytes->n_bytes) == 0;
    return FTDN_OK;
}

static ftdn_status is_copy(const stored_bytes *bytes, const char *path, bool *ret_equal, ftdn_error *err)
{
    *ret_equal = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return FTDN_OK;
    ftdn_status status = compare_all(bytes, fd, ret_equal, err);
    close(fd);
    return status;
}

/* The copy is made under another name: a file that has the right one is whole. What a killed call left is written
 * over. */
static ftdn_status write_copy(const stored_bytes *bytes, const char *path, ftdn_arena *arena, ftdn_error *err)
{
    char *temporary = ftdn_arena_format(arena, err, "%s.tmp", path);
    if (!temporary) return FTDN_ERR_MEMORY;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return FTDN_FAIL(err, FTDN_ERR_STORE, "its backup '%s' cannot be written: %s", path, strerror(errno));
    ftdn_status status = write_all(bytes, fd, path, err);
    if (close(fd) != 0 && status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_STORE, "its backup '%s' cannot be written: %s", path, strerror(errno));
    if (status == FTDN_OK) status = ftdn_file_replace(temporary, path, err);
    if (status != FTDN_OK) unlink(temporary);
    return status;
}

ftdn_status ftdn_store_back_up(const ftdn_store *store, const char *path, ftdn_arena *arena, const char **ret_backup,
                               bool *ret_is_new, ftdn_error *err)
{
    stored_bytes bytes;
    FTDN_TRY(start(store, arena, &bytes, err));
    for (int i = 0; i < MOST_BACKUPS; i++) {
        bool is_there = false;
        char *backup = i == 0 ? ftdn_arena_copy_text(arena, path, strlen(path), err)
                              : ftdn_arena_format(arena, err, "%s.%d", path, i);
        if (!backup) return FTDN_ERR_MEMORY;
        if (ftdn_file_exists(backup)) {
            FTDN_TRY(is_copy(&bytes, backup, &is_there, err));
            if (!is_there) continue;
        } else {
            ftdn_status status = write_copy(&bytes, backup, arena, err);
            if (status == FTDN_ERR_INPUT && err) err->status = FTDN_ERR_STORE;
            if (status != FTDN_OK) return status == FTDN_ERR_INPUT ? FTDN_ERR_STORE : status;
        }
        *ret_backup = backup;
        *ret_is_new = !is_there;
        return FTDN_OK;
    }
    return FTDN_FAIL(err, FTDN_ERR_STORE, "its backup '%s' cannot be written: there are %d others", path, MOST_BACKUPS);
}
