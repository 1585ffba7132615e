#define _GNU_SOURCE /* syncfs */
#include "datasets/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "datasets/fetch_file.h"
#include "datasets/fetch_record.h"
#include "datasets/part_file.h"
#include "datasets/unpack.h"

#define LOCK_NAME "fetch.lock"
#define LOCK_STEP_NS 100000000L

/* The process that holds the lock, by its own word; "" where it has not said so. */
static void read_owner(int fd, char ret_owner[32])
{
    ssize_t n_chars = pread(fd, ret_owner, 31, 0);
    ret_owner[n_chars > 0 ? n_chars : 0] = 0;
    ret_owner[strspn(ret_owner, "0123456789")] = 0;
}

/* Take the cache's lock, which the kernel gives back when its owner ends in whatever way. Waits. */
static ftdn_status take_lock(const ftdn_fetch_desc *desc, ftdn_arena *arena, int *ret_fd, ftdn_error *err)
{
    char *path = ftdn_path_join(arena, desc->cache, LOCK_NAME, err);
    if (!path) return FTDN_ERR_MEMORY;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
    for (bool is_told = false; flock(fd, LOCK_EX | LOCK_NB) != 0; is_told = true) {
        ftdn_status status = FTDN_OK;
        char owner[32];
        if (errno != EWOULDBLOCK && errno != EINTR)
            status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s cannot be locked: %s", path, strerror(errno));
        else status = ftdn_fetch_check_stop(&desc->watch, err);
        if (status != FTDN_OK) {
            close(fd);
            return status;
        }
        read_owner(fd, owner);
        if (!is_told)
            ftdn_fetch_tell(&desc->watch, "another fetch%s%s%s fills %s; waiting until it is done",
                            owner[0] ? " (process " : "", owner, owner[0] ? ")" : "", desc->cache);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_NS}, NULL);
    }
    char owner[32];
    int n_chars = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, (size_t)n_chars, 0) != n_chars) {
        ftdn_status status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return FTDN_OK;
}

/* Is it a note or record that a killed fetch had not put in its place (ftdn_file_write_atomic)? */
static bool is_left_over(const char *name)
{
    size_t n_chars = strlen(name);
    bool is_temporary = n_chars > 4 && strcmp(name + n_chars - 4, ".tmp") == 0;
    return is_temporary && (strstr(name, ".part.json.") || strstr(name, ".fetch.json."));
}

/* Nobody writes into the cache but the owner of its lock. What cannot be removed does no harm. */
static void remove_left_overs(const char *cache)
{
    DIR *folder = opendir(cache);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_left_over(entry->d_name)) unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder) closedir(folder);
}

/* What a killed fetch leaves may be empty files after a loss of power: all bytes are on the disk before the rename. */
static ftdn_status sync_all(const char *folder, ftdn_error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ftdn_status status = FTDN_OK;
    if (fd < 0 || syncfs(fd) != 0) status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", folder, strerror(errno));
    if (fd >= 0) close(fd);
    return status;
}

/* Unpack the archives, which are there and right, into the new folder `temporary`, with the record. */
static ftdn_status fill_folder(const ftdn_fetch_desc *desc, const char *temporary, const ftdn_fetched_file *files,
                               ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_catalog_entry *entry = desc->entry;
    uint64_t n_left = entry->max_unpacked_bytes;
    FTDN_TRY(ftdn_folder_create(temporary, err));
    for (int i = 0; i < entry->n_files; i++) {
        ftdn_unpack_summary summary;
        ftdn_unpack_desc unpack = {.folder = temporary, .top = entry->top, .max_bytes = n_left,
                                   .stop = desc->watch.stop};
        unpack.archive = ftdn_path_join(arena, desc->cache, files[i].name, err);
        if (!unpack.archive) return FTDN_ERR_MEMORY;
        ftdn_fetch_tell(&desc->watch, "%s: unpacking", files[i].name);
        FTDN_TRY(ftdn_unpack_tar(&unpack, &summary, err));
        n_left -= summary.n_bytes;
    }
    char *record_path = ftdn_fetch_record_path(temporary, true, arena, err);
    if (!record_path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_fetch_record_write(record_path, entry, files, entry->n_files, err));
    return sync_all(temporary, err);
}

/* The folder out of its archives appears whole or not at all. */
static ftdn_status make_folder(const ftdn_fetch_desc *desc, const char *path, const ftdn_fetched_file *files,
                               ftdn_arena *arena, ftdn_error *err)
{
    char *temporary = ftdn_arena_format(arena, err, "%s.unpacking", path);
    if (!temporary) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_folder_remove(temporary, err)); /* of a fetch that was killed */
    ftdn_status status = fill_folder(desc, temporary, files, arena, err);
    if (status == FTDN_OK) status = ftdn_fetch_check_stop(&desc->watch, err);
    if (status == FTDN_OK) status = ftdn_file_replace(temporary, path, err);
    if (status != FTDN_OK) {
        ftdn_status removed = ftdn_folder_remove(temporary, NULL); /* if not, the next fetch tries again */
        (void)removed;
    }
    if (status == FTDN_ERR_INTERRUPTED) return ftdn_fetch_check_stop(&desc->watch, err);
    return status;
}

/* The archives have become a folder. Those that were fetched for something else stay. */
static ftdn_status remove_archives(const ftdn_fetch_desc *desc, ftdn_arena *arena, ftdn_error *err)
{
    for (int i = 0; i < desc->entry->n_files; i++) {
        ftdn_fetch_record record;
        char *path = ftdn_path_join(arena, desc->cache, desc->entry->file[i].name, err);
        char *record_path = path ? ftdn_fetch_record_path(path, false, arena, err) : NULL;
        if (!record_path) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_fetch_record_read(record_path, arena, &record, err));
        if (record.n_files == 0 || strcmp(record.name, desc->entry->name) != 0) continue;
        unlink(path);
        unlink(record_path);
    }
    return FTDN_OK;
}

static ftdn_status fetch_archives(const ftdn_fetch_desc *desc, ftdn_arena *arena, ftdn_fetched *ret_fetched,
                                  ftdn_error *err)
{
    const ftdn_catalog_entry *entry = desc->entry;
    char *record_path = ftdn_fetch_record_path(ret_fetched->path, true, arena, err);
    if (!record_path) return FTDN_ERR_MEMORY;
    if (ftdn_file_exists(ret_fetched->path)) {
        ftdn_fetch_record record;
        FTDN_TRY(ftdn_fetch_record_read(record_path, arena, &record, err));
        if (!ftdn_fetch_record_fits(&record, entry))
            return FTDN_FAIL(err, FTDN_ERR_INPUT,
                             "%s is there, but does not come from these archives; move it away to "
                             "fetch them",
                             ret_fetched->path);
        ret_fetched->was_here = true;
        ret_fetched->file = record.file;
        return remove_archives(desc, arena, err);
    }
    ftdn_fetched_file *files = FTDN_NEW(arena, (size_t)entry->n_files, ftdn_fetched_file, err);
    if (!files) return FTDN_ERR_MEMORY;
    for (int i = 0; i < entry->n_files; i++) {
        bool was_here;
        FTDN_TRY(ftdn_fetch_file(desc, &entry->file[i], arena, &files[i], &was_here, err));
    }
    ret_fetched->file = files;
    FTDN_TRY(make_folder(desc, ret_fetched->path, files, arena, err));
    return remove_archives(desc, arena, err);
}

static ftdn_status fetch_one_file(const ftdn_fetch_desc *desc, ftdn_arena *arena, ftdn_fetched *ret_fetched,
                                  ftdn_error *err)
{
    ftdn_fetched_file *file = FTDN_NEW(arena, 1, ftdn_fetched_file, err);
    if (!file) return FTDN_ERR_MEMORY;
    ret_fetched->file = file;
    return ftdn_fetch_file(desc, &desc->entry->file[0], arena, file, &ret_fetched->was_here, err);
}

ftdn_status ftdn_fetch(const ftdn_fetch_desc *desc, ftdn_arena *arena, ftdn_fetched *ret_fetched, ftdn_error *err)
{
    int lock_fd = -1;
    ftdn_fetched fetched = {.n_files = desc->entry->n_files};
    fetched.path = ftdn_path_join(arena, desc->cache, desc->entry->place, err);
    if (!fetched.path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_folder_create(desc->cache, err));
    FTDN_TRY(take_lock(desc, arena, &lock_fd, err));
    remove_left_overs(desc->cache);
    ftdn_status status = desc->entry->is_archive ? fetch_archives(desc, arena, &fetched, err)
                                                 : fetch_one_file(desc, arena, &fetched, err);
    close(lock_fd);
    if (status == FTDN_OK) *ret_fetched = fetched;
    return status;
}

static ftdn_status look(const char *cache, const ftdn_catalog_entry *entry, ftdn_arena *arena, ftdn_cached *ret_cached,
                        uint64_t *ret_n_bytes, ftdn_error *err)
{
    ftdn_fetch_record record;
    char *path = ftdn_path_join(arena, cache, entry->place, err);
    char *record_path = path ? ftdn_fetch_record_path(path, entry->is_archive, arena, err) : NULL;
    if (!record_path) return FTDN_ERR_MEMORY;
    *ret_n_bytes = 0;
    if (ftdn_file_exists(path)) {
        FTDN_TRY(ftdn_fetch_record_read(record_path, arena, &record, err));
        *ret_cached = ftdn_fetch_record_fits(&record, entry) ? FTDN_CACHED_WHOLE : FTDN_CACHED_FOREIGN;
        return FTDN_OK;
    }
    for (int i = 0; i < entry->n_files; i++) {
        char *file_path = ftdn_path_join(arena, cache, entry->file[i].name, err);
        if (!file_path) return FTDN_ERR_MEMORY;
        bool is_whole = ftdn_file_exists(file_path) && entry->file[i].about_bytes > 0;
        *ret_n_bytes += is_whole ? (uint64_t)entry->file[i].about_bytes : ftdn_part_file_size(file_path, arena);
    }
    *ret_cached = *ret_n_bytes > 0 ? FTDN_CACHED_PARTLY : FTDN_CACHED_NOT;
    return FTDN_OK;
}

ftdn_status ftdn_fetch_look(const char *cache, const ftdn_catalog_entry *entry, ftdn_cached *ret_cached,
                            uint64_t *ret_n_bytes, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = look(cache, entry, &arena, ret_cached, ret_n_bytes, err);
    ftdn_arena_done(&arena);
    return status;
}
