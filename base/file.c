#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"
#include "base/text.h"

#define MOST_TEMPORARIES 100 /* names tried before a folder counts as full of left-over temporaries */

/* Fill buffer with n_bytes from the file; the number of bytes read before its end, or -1 (errno). */
static ssize_t read_fully(int fd, char *buffer, size_t n_bytes)
{
    size_t n_read = 0;
    while (n_read < n_bytes) {
        ssize_t n = read(fd, buffer + n_read, n_bytes - n_read);
        if (n == 0) break;
        if (n > 0) n_read += (size_t)n;
        else if (errno != EINTR) return -1;
    }
    return (ssize_t)n_read;
}

static bool write_fully(int fd, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n = write(fd, bytes, n_bytes);
        if (n >= 0) {
            bytes += n;
            n_bytes -= (size_t)n;
        } else if (errno != EINTR) return false;
    }
    return true;
}

ftdn_status ftdn_file_fail_write(const char *name, ftdn_error *err)
{
    return FTDN_FAIL(err, errno == EPIPE ? FTDN_ERR_PIPE : FTDN_ERR_INPUT, "%s: %s", name, strerror(errno));
}

ftdn_status ftdn_file_open(const char *path, size_t max_bytes, int *ret_fd, size_t *ret_n_bytes, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    /* O_NONBLOCK: opening a named pipe answers at once, so that it can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
    struct stat info;
    if (fstat(fd, &info) != 0) status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status =
            FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, S_ISDIR(info.st_mode) ? "is a folder" : "no regular file");
    else if ((unsigned long long)info.st_size > max_bytes)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %lld bytes are more than the %zu allowed", path,
                           (long long)info.st_size, max_bytes);
    if (status != FTDN_OK) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    *ret_n_bytes = (size_t)info.st_size;
    return FTDN_OK;
}

ftdn_status ftdn_file_load(const char *path, size_t max_bytes, ftdn_arena *arena, char **ret_bytes, size_t *ret_n_bytes,
                           ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    int fd;
    size_t n_bytes, n_with_end;
    FTDN_TRY(ftdn_file_open(path, max_bytes, &fd, &n_bytes, err));
    if (!ftdn_size_add(n_bytes, 1, &n_with_end)) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: %zu bytes do not fit into memory", path, n_bytes);
        goto done;
    }
    char *bytes = ftdn_arena_alloc(arena, n_with_end, 1, err);
    if (!bytes) {
        status = FTDN_ERR_MEMORY;
        goto done;
    }
    ssize_t n_read = read_fully(fd, bytes, n_bytes);
    if (n_read < 0) {
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
        goto done;
    }
    if ((size_t)n_read < n_bytes) {
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: ends after %zd of %zu bytes", path, n_read, n_bytes);
        goto done;
    }
    *ret_bytes = bytes;
    *ret_n_bytes = n_bytes;
done:
    close(fd);
    return status;
}

/* Create a new file "path.PID-N.tmp" and leave its name in `name`; -1 with errno where none can be created. */
static int create_temporary(const char *path, ftdn_text *name)
{
    for (int attempt = 0; attempt < MOST_TEMPORARIES; attempt++) {
        name->n_chars = 0;
        ftdn_text_append(name, "%s.%ld-%d.tmp", path, (long)getpid(), attempt);
        if (name->failed) {
            errno = ENOMEM;
            return -1;
        }
        int fd = open(name->chars, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* Open the folder that holds path, for fsync. -1 with errno where that fails. */
static int open_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ftdn_text folder;
    ftdn_text_init(&folder);
    ftdn_text_append_bytes(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    errno = ENOMEM;
    int fd = folder.failed ? -1 : open(folder.chars, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int saved_errno = errno;
    ftdn_text_done(&folder);
    errno = saved_errno;
    return fd;
}

/* Rename a file whose bytes are on the disk; *ret_renamed. Some file systems cannot sync a folder and say EINVAL: there
 * is nothing to wait for. */
static ftdn_status put_in_place(const char *from, const char *to, int folder_fd, bool *ret_renamed, ftdn_error *err)
{
    *ret_renamed = rename(from, to) == 0;
    if (!*ret_renamed) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be written: %s", to, strerror(errno));
    if (fsync(folder_fd) == 0 || errno == EINVAL) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: written, but its folder is not synced: %s", to, strerror(errno));
}

ftdn_status ftdn_file_write_atomic(const char *path, const void *bytes, size_t n_bytes, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    ftdn_text temporary;
    ftdn_text_init(&temporary);
    bool temporary_exists = false;
    int fd = -1;
    int folder_fd = open_folder_of(path);
    if (folder_fd < 0) goto failed;
    fd = create_temporary(path, &temporary);
    if (fd < 0) goto failed;
    temporary_exists = true;
    if (!write_fully(fd, bytes, n_bytes) || fsync(fd) != 0) goto failed;
    int close_result = close(fd);
    fd = -1;
    if (close_result != 0) goto failed;
    bool renamed;
    status = put_in_place(temporary.chars, path, folder_fd, &renamed, err);
    temporary_exists = !renamed;
    goto done;
failed:
    status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be written: %s", path, strerror(errno));
done:
    if (fd >= 0) close(fd);
    if (folder_fd >= 0) close(folder_fd);
    if (temporary_exists) unlink(temporary.chars);
    ftdn_text_done(&temporary);
    return status;
}

ftdn_status ftdn_file_replace(const char *from, const char *to, ftdn_error *err)
{
    ftdn_status status;
    bool renamed;
    int folder_fd = open_folder_of(to);
    int fd = folder_fd < 0 ? -1 : open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: cannot be written: %s", to, strerror(errno));
    else status = put_in_place(from, to, folder_fd, &renamed, err);
    if (fd >= 0) close(fd);
    if (folder_fd >= 0) close(folder_fd);
    return status;
}

bool ftdn_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* mkdir, where a folder that exists is fine. False with errno. */
static bool create_one_folder(const char *path)
{
    if (mkdir(path, 0777) == 0) return true;
    int saved_errno = errno;
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return true;
    errno = saved_errno;
    return false;
}

ftdn_status ftdn_folder_create(const char *path, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    ftdn_text prefix;
    ftdn_text_init(&prefix);
    ftdn_text_append(&prefix, "%s", path);
    status = ftdn_text_check(&prefix, err);
    if (status != FTDN_OK) goto done;
    for (char *c = prefix.chars;; c++) {
        if (*c != '/' && *c != 0) continue;
        char separator = *c;
        *c = 0;
        bool is_root = c == prefix.chars && separator == '/';
        if (!is_root && !create_one_folder(prefix.chars)) {
            status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: folder cannot be created: %s", prefix.chars, strerror(errno));
            goto done;
        }
        *c = separator;
        if (separator == 0) break;
    }
done:
    ftdn_text_done(&prefix);
    return status;
}

char *ftdn_path_join(ftdn_arena *arena, const char *folder, const char *name, ftdn_error *err)
{
    size_t n_folder = strlen(folder);
    if (name[0] == '/' || n_folder == 0 || strcmp(folder, ".") == 0)
        return ftdn_arena_copy_text(arena, name, strlen(name), err);
    return ftdn_arena_format(arena, err, folder[n_folder - 1] == '/' ? "%s%s" : "%s/%s", folder, name);
}

char *ftdn_path_folder(ftdn_arena *arena, const char *path, ftdn_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return ftdn_arena_copy_text(arena, ".", 1, err);
    return ftdn_arena_copy_text(arena, path, slash == path ? 1 : (size_t)(slash - path), err);
}

char *ftdn_path_stem(ftdn_arena *arena, const char *path, ftdn_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return ftdn_arena_copy_text(arena, name, dot && dot != name ? (size_t)(dot - name) : strlen(name), err);
}
