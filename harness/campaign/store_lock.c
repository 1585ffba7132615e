#include "harness/campaign/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static ftdn_status make_path(const char *db_path, char **ret_path, ftdn_error *err)
{
    size_t n_chars = strlen(db_path);
    char *path = malloc(n_chars + sizeof ".lock");
    if (!path) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while locking", db_path);
    memcpy(path, db_path, n_chars);
    memcpy(path + n_chars, ".lock", sizeof ".lock");
    *ret_path = path;
    return FTDN_OK;
}

static ftdn_status make_folder(const char *db_path, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    char *folder = ftdn_path_folder(&arena, db_path, err);
    ftdn_status status = folder ? ftdn_folder_create(folder, err) : FTDN_ERR_MEMORY;
    ftdn_arena_done(&arena);
    if (status != FTDN_ERR_INPUT) return status;
    if (err) err->status = FTDN_ERR_STORE;
    ftdn_error_context(err, "store '%s'", db_path);
    return FTDN_ERR_STORE;
}

static void read_owner(int fd, char ret_owner[FTDN_LOCK_OWNER_BYTES])
{
    ssize_t n_chars = pread(fd, ret_owner, FTDN_LOCK_OWNER_BYTES - 1, 0);
    ret_owner[n_chars > 0 ? n_chars : 0] = 0;
    ret_owner[strcspn(ret_owner, "\n")] = 0;
    if (!ret_owner[0]) snprintf(ret_owner, FTDN_LOCK_OWNER_BYTES, "another process");
}

static ftdn_status write_owner(int fd, const char *path, ftdn_error *err)
{
    char line[FTDN_LOCK_OWNER_BYTES], since[32];
    struct utsname name;
    time_t now = time(NULL);
    struct tm utc;
    if (uname(&name) != 0) memset(&name, 0, sizeof name);
    strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    int n_chars = snprintf(line, sizeof line, "process %ld on %.120s since %s\n", (long)getpid(), name.nodename, since);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, line, (size_t)n_chars, 0) != n_chars)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "'%s' cannot be written: %s", path, strerror(errno));
    return FTDN_OK;
}

static bool is_taken(int number)
{
    return number == EACCES || number == EAGAIN;
}

/* The file may have been removed by its former owner between open and lock: then the lock guards nothing. */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static ftdn_status take(const char *db_path, const char *path, int *ret_fd, ftdn_error *err)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be written: '%s': %s", db_path, path,
                             strerror(errno));
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &lock) != 0) {
            int number = errno;
            char owner[FTDN_LOCK_OWNER_BYTES];
            read_owner(fd, owner);
            close(fd);
            if (is_taken(number))
                return FTDN_FAIL(err, FTDN_ERR_STORE,
                                 "store '%s' is being filled by %s; see how far it is: ftdn status %s", db_path, owner,
                                 db_path);
            return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be locked ('%s': %s)", db_path, path,
                             strerror(number));
        }
        if (is_still_there(fd, path)) {
            *ret_fd = fd;
            return FTDN_OK;
        }
        close(fd);
    }
}

ftdn_status ftdn_store_lock_take(const char *db_path, ftdn_store_lock *lock, ftdn_error *err)
{
    *lock = (ftdn_store_lock){.fd = -1};
    FTDN_TRY(make_folder(db_path, err));
    FTDN_TRY(make_path(db_path, &lock->path, err));
    ftdn_status status = take(db_path, lock->path, &lock->fd, err);
    if (status == FTDN_OK) status = write_owner(lock->fd, lock->path, err);
    if (status != FTDN_OK) ftdn_store_lock_release(lock);
    return status;
}

void ftdn_store_lock_release(ftdn_store_lock *lock)
{
    if (lock->fd >= 0) {
        unlink(lock->path);
        close(lock->fd);
    }
    free(lock->path);
    *lock = (ftdn_store_lock){.fd = -1};
}

ftdn_status ftdn_store_lock_find_owner(const char *db_path, char ret_owner[FTDN_LOCK_OWNER_BYTES], ftdn_error *err)
{
    char *path = NULL;
    FTDN_TRY(make_path(db_path, &path, err));
    ret_owner[0] = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) read_owner(fd, ret_owner);
    if (fd >= 0) close(fd);
    free(path);
    return FTDN_OK;
}
