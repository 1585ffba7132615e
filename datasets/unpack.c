#include "datasets/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#define LONGEST_PATH 1024
#define LONGEST_PART 255
#define MOST_PARTS 32
#define READ_BYTES ((size_t)256 << 10)
#define TAR_BLOCK 512

/* The parts of an entry's path below the folder; "." and empty ones are left out. */
typedef struct parts {
    char chars[LONGEST_PATH + 1]; /* holds the parts */
    int n_parts;
    const char *part[MOST_PARTS];
} parts;

typedef struct unpacker {
    const ftdn_unpack_desc *desc;
    struct archive *reader;
    int folder_fd;
    parts top, path;
    ftdn_unpack_summary summary;
    ftdn_error *err;
} unpacker;

static ftdn_status fail_reader(const unpacker *u, const char *call)
{
    const char *reason = archive_error_string(u->reader);
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "%s: %s", call, reason ? reason : "no reason given");
}

static ftdn_status fail_path(const unpacker *u, const char *rule)
{
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "its path %s", rule);
}

/* Cut a path into its parts. */
static ftdn_status split(const unpacker *u, const char *path, parts *ret_parts)
{
    size_t n_chars = strlen(path);
    if (n_chars > LONGEST_PATH) return fail_path(u, "is too long");
    if (path[0] == '/') return fail_path(u, "is absolute");
    for (size_t i = 0; i < n_chars; i++)
        if (path[i] == '\\') return fail_path(u, "has a backslash");
    memcpy(ret_parts->chars, path, n_chars + 1);
    ret_parts->n_parts = 0;
    for (char *at = ret_parts->chars, *next; at; at = next) {
        next = strchr(at, '/');
        if (next) *next++ = 0;
        if (!*at || strcmp(at, ".") == 0) continue;
        if (strcmp(at, "..") == 0) return fail_path(u, "leaves the folder by '..'");
        if (strlen(at) > LONGEST_PART) return fail_path(u, "has a part that is too long");
        if (ret_parts->n_parts == MOST_PARTS) return fail_path(u, "goes too deep");
        ret_parts->part[ret_parts->n_parts++] = at;
    }
    return FTDN_OK;
}

/* Take `top` from the front of the path; false where the entry is not below it. */
static bool take_top_off(const parts *top, parts *path)
{
    if (path->n_parts <= top->n_parts) return false;
    for (int i = 0; i < top->n_parts; i++)
        if (strcmp(path->part[i], top->part[i]) != 0) return false;
    path->n_parts -= top->n_parts;
    memmove(path->part, path->part + top->n_parts, (size_t)path->n_parts * sizeof *path->part);
    return true;
}

static ftdn_status fail_system(const unpacker *u)
{
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "%s", strerror(errno));
}

/* Open, and make where they are missing, the folders of the first n_parts parts. */
static ftdn_status open_folders(const unpacker *u, int n_parts, int *ret_fd)
{
    int fd = fcntl(u->folder_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return fail_system(u);
    for (int i = 0; i < n_parts; i++) {
        const char *name = u->path.part[i];
        bool is_there = mkdirat(fd, name, 0777) == 0 || errno == EEXIST;
        int next = is_there ? openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        ftdn_status status = next < 0 ? fail_system(u) : FTDN_OK;
        close(fd);
        if (status != FTDN_OK) return status;
        fd = next;
    }
    *ret_fd = fd;
    return FTDN_OK;
}

static ftdn_status write_block(const unpacker *u, int fd, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n_written = write(fd, bytes, n_bytes);
        if (n_written < 0 && errno == EINTR) continue;
        if (n_written < 0) return fail_system(u);
        bytes += n_written;
        n_bytes -= (size_t)n_written;
    }
    return FTDN_OK;
}

static ftdn_status check_stop(const unpacker *u)
{
    if (!u->desc->stop || !*u->desc->stop) return FTDN_OK;
    return FTDN_FAIL(u->err, FTDN_ERR_INTERRUPTED, "interrupted while it was unpacked");
}

/* The current entry's bytes, n_bytes by its head, into fd. */
static ftdn_status copy_bytes(unpacker *u, int fd, uint64_t n_bytes)
{
    uint64_t n_copied = 0;
    for (;;) {
        const void *block;
        size_t n_block;
        la_int64_t offset;
        int result = archive_read_data_block(u->reader, &block, &n_block, &offset);
        if (result == ARCHIVE_EOF) break;
        if (result != ARCHIVE_OK) return fail_reader(u, "archive_read_data_block");
        if (n_block == 0) continue;
        if (offset < 0 || (uint64_t)offset != n_copied || n_block > n_bytes - n_copied)
            return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "its bytes do not lie one behind the other");
        FTDN_TRY(check_stop(u));
        FTDN_TRY(write_block(u, fd, block, n_block));
        n_copied += n_block;
    }
    if (n_copied == n_bytes) return FTDN_OK;
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "it ends after %" PRIu64 " of %" PRIu64 " bytes", n_copied, n_bytes);
}

static ftdn_status unpack_file(unpacker *u, struct archive_entry *entry)
{
    la_int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    if (size < 0) return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "its size is unknown");
    if (archive_entry_sparse_count(entry) > 0) return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "a sparse file");
    if ((uint64_t)size > u->desc->max_bytes - u->summary.n_bytes)
        return FTDN_FAIL(u->err, FTDN_ERR_INPUT,
                         "with its %lld bytes the files are larger than the %" PRIu64 " allowed", (long long)size,
                         u->desc->max_bytes);
    int folder_fd;
    FTDN_TRY(open_folders(u, u->path.n_parts - 1, &folder_fd));
    const char *name = u->path.part[u->path.n_parts - 1];
    int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    ftdn_status status = fd < 0 ? fail_system(u) : copy_bytes(u, fd, (uint64_t)size);
    if (fd >= 0 && close(fd) != 0 && status == FTDN_OK) status = fail_system(u);
    close(folder_fd);
    if (status != FTDN_OK) return status;
    u->summary.n_files++;
    u->summary.n_bytes += (uint64_t)size;
    return FTDN_OK;
}

static ftdn_status unpack_folder(unpacker *u)
{
    int fd;
    FTDN_TRY(open_folders(u, u->path.n_parts, &fd));
    close(fd);
    return FTDN_OK;
}

static ftdn_status unpack_entry(unpacker *u, struct archive_entry *entry, const char *path)
{
    if (archive_entry_hardlink(entry) || archive_entry_symlink(entry))
        return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "a link; only files and folders are unpacked");
    unsigned kind = archive_entry_filetype(entry);
    if (kind != AE_IFREG && kind != AE_IFDIR)
        return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "neither a file nor a folder; nothing else is unpacked");
    FTDN_TRY(split(u, path, &u->path));
    if (!take_top_off(&u->top, &u->path)) return FTDN_OK;
    return kind == AE_IFDIR ? unpack_folder(u) : unpack_file(u, entry);
}

/* Such a path is put into no message, which a terminal might obey. */
static bool has_control_character(const char *path)
{
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) return true;
    return false;
}

/* The next entry and its path; *ret_entry is NULL behind the last one. libarchive takes a tar archive that is cut
 * between two entries for a whole one: what it reads behind the last entry tells whether there is an end. */
static ftdn_status next_entry(unpacker *u, struct archive_entry **ret_entry, const char **ret_path)
{
    struct archive_entry *entry;
    *ret_entry = NULL;
    la_int64_t n_before = archive_filter_bytes(u->reader, 0);
    int result = archive_read_next_header(u->reader, &entry);
    if (result == ARCHIVE_EOF) {
        if (archive_filter_bytes(u->reader, 0) >= n_before + TAR_BLOCK) return FTDN_OK;
        return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "it is cut: the end of the archive is missing");
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return fail_reader(u, "archive_read_next_header");
    const char *path = archive_entry_pathname_utf8(entry);
    if (!path) path = archive_entry_pathname(entry);
    if (!path || has_control_character(path))
        return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "an entry has no path that can be shown");
    *ret_entry = entry;
    *ret_path = path;
    return FTDN_OK;
}

static ftdn_status unpack_entries(unpacker *u)
{
    for (int n_entries = 0; n_entries <= FTDN_MOST_ENTRIES; n_entries++) {
        struct archive_entry *entry;
        const char *path;
        FTDN_TRY(next_entry(u, &entry, &path));
        if (!entry) return FTDN_OK;
        ftdn_status status = check_stop(u);
        if (status == FTDN_OK) status = unpack_entry(u, entry, path);
        if (status == FTDN_ERR_INPUT) ftdn_error_context(u->err, "entry '%.300s'", path);
        if (status != FTDN_OK) return status;
        if (archive_read_data_skip(u->reader) < ARCHIVE_OK) return fail_reader(u, "archive_read_data_skip");
    }
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "more than %d entries", FTDN_MOST_ENTRIES);
}

static ftdn_status open_archive(unpacker *u)
{
    u->reader = archive_read_new();
    if (!u->reader) return FTDN_FAIL(u->err, FTDN_ERR_MEMORY, "archive_read_new: out of memory");
    if (archive_read_support_format_tar(u->reader) != ARCHIVE_OK)
        return fail_reader(u, "archive_read_support_format_tar");
    /* ARCHIVE_WARN: this libarchive calls the program of that name. */
    int (*const filters[])(struct archive *) = {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                                                archive_read_support_filter_xz, archive_read_support_filter_zstd};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (filters[i](u->reader) == ARCHIVE_FATAL) return fail_reader(u, "archive_read_support_filter");
    if (archive_read_open_filename(u->reader, u->desc->archive, READ_BYTES) != ARCHIVE_OK)
        return fail_reader(u, "archive_read_open_filename");
    return FTDN_OK;
}

static ftdn_status unpack(unpacker *u)
{
    FTDN_TRY(split(u, u->desc->top ? u->desc->top : "", &u->top));
    u->folder_fd = open(u->desc->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (u->folder_fd < 0) return fail_system(u);
    FTDN_TRY(open_archive(u));
    FTDN_TRY(unpack_entries(u));
    if (u->summary.n_files > 0) return FTDN_OK;
    if (!u->desc->top) return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "it holds no file");
    return FTDN_FAIL(u->err, FTDN_ERR_INPUT, "it holds no file below '%s'", u->desc->top);
}

ftdn_status ftdn_unpack_tar(const ftdn_unpack_desc *desc, ftdn_unpack_summary *ret_summary, ftdn_error *err)
{
    unpacker u = {.desc = desc, .folder_fd = -1, .err = err};
    /* libarchive loses names that the locale cannot show; the thread has a UTF-8 locale meanwhile. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t callers = utf8 ? uselocale(utf8) : (locale_t)0;
    ftdn_status status = unpack(&u);
    archive_read_free(u.reader);
    if (utf8) {
        uselocale(callers);
        freelocale(utf8);
    }
    if (u.folder_fd >= 0) close(u.folder_fd);
    if (status == FTDN_OK) *ret_summary = u.summary;
    else if (status == FTDN_ERR_INPUT) ftdn_error_context(err, "%s", desc->archive);
    return status;
}
