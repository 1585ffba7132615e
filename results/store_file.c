#include "results/store_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

#define HEADER_BYTES 100 /* of an SQLite file: all numbers big-endian */
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68

ftdn_status ftdn_store_check_folder(const ftdn_store *store, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = FTDN_OK;
    char *folder = ftdn_path_folder(&arena, store->path, err);
    if (!folder) status = FTDN_ERR_MEMORY;
    else status = ftdn_folder_create(folder, err);
    if (status == FTDN_ERR_INPUT) {
        if (err) err->status = FTDN_ERR_STORE;
        status = FTDN_ERR_STORE;
        ftdn_error_context(err, "store '%s'", store->name);
    }
    if (status == FTDN_OK && access(folder, W_OK | X_OK) != 0)
        status = FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': folder '%s' cannot be written: %s", store->name, folder,
                           strerror(errno));
    ftdn_arena_done(&arena);
    return status;
}

/* The first bytes of the file, at most HEADER_BYTES, read by SQLite's own file layer: closing a plain descriptor would
 * drop the locks that other connections of this process hold on the file. */
static ftdn_status read_header(const ftdn_store *store, unsigned char header[HEADER_BYTES], sqlite3_int64 *ret_n_bytes,
                               ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    sqlite3_vfs *layer = sqlite3_vfs_find(NULL);
    sqlite3_file *file = layer ? sqlite3_malloc(layer->szOsFile) : NULL;
    char *full_path = layer ? sqlite3_malloc(layer->mxPathname + 1) : NULL;
    sqlite3_filename path = NULL;
    int code = SQLITE_NOMEM;
    sqlite3_int64 n_bytes = 0;
    if (file) memset(file, 0, (size_t)layer->szOsFile);
    /* Links are followed here: the layer opens none. */
    if (file && full_path) code = layer->xFullPathname(layer, store->path, layer->mxPathname + 1, full_path) & 0xff;
    if (code == SQLITE_OK) path = sqlite3_create_filename(full_path, "", "", 0, NULL);
    if (code == SQLITE_NOMEM || (code == SQLITE_OK && !path)) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while reading its header", store->name);
        goto done;
    }
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    if (code == SQLITE_OK) code = layer->xOpen(layer, path, file, flags, &flags);
    if (code == SQLITE_OK) code = file->pMethods->xFileSize(file, &n_bytes);
    if (code == SQLITE_OK && n_bytes > 0)
        code = file->pMethods->xRead(file, header, n_bytes < HEADER_BYTES ? (int)n_bytes : HEADER_BYTES, 0);
    if (code != SQLITE_OK)
        status = FTDN_FAIL(err, (code & 0xff) == SQLITE_NOMEM ? FTDN_ERR_MEMORY : FTDN_ERR_STORE,
                           "store '%s' cannot be read: %s", store->name, sqlite3_errstr(code));
    else *ret_n_bytes = n_bytes;
done:
    if (file && file->pMethods) (void)file->pMethods->xClose(file);
    sqlite3_free(file);
    sqlite3_free(full_path);
    sqlite3_free_filename(path);
    return status;
}

ftdn_status ftdn_store_fail_empty(const ftdn_store *store, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is empty", store->name);
}

static unsigned read_big_endian(const unsigned char bytes[4])
{
    return (unsigned)bytes[0] << 24 | (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 | bytes[3];
}

/* Is this a store, of this version or of an older one that can be migrated? */
static ftdn_status check_known(const ftdn_store *store, unsigned application_id, unsigned version, ftdn_error *err)
{
    if (application_id != FTDN_STORE_APPLICATION_ID)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is an SQLite file of another program (application id 0x%08x)",
                         store->name, application_id);
    if (version > FTDN_STORE_VERSION)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s' was written by a newer program: its schema is %u, the last one "
                         "known here is %d",
                         store->name, version, FTDN_STORE_VERSION);
    if (version == 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (its schema has no version)", store->name);
    if (version < FTDN_STORE_OLDEST_VERSION)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s' was written by an older program: its schema is %u, this program's is %d; run its "
                         "manifests anew into another file (--db FILE), or read it with the program that wrote it",
                         store->name, version, FTDN_STORE_VERSION);
    return FTDN_OK;
}

ftdn_status ftdn_store_check_identity(const ftdn_store *store, unsigned application_id, unsigned version,
                                      ftdn_error *err)
{
    FTDN_TRY(check_known(store, application_id, version, err));
    if (version < FTDN_STORE_VERSION)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s' was written by an older program: its schema is %u, this program's is %d; make it "
                         "one of this program with: ftdn migrate %s",
                         store->name, version, FTDN_STORE_VERSION, store->name);
    return FTDN_OK;
}

/* What the file's header says. To a writer, there may be no file, or an empty one: then it has no pages, and says
 * nothing. */
static ftdn_status read_identity(const ftdn_store *store, unsigned *ret_application_id, unsigned *ret_version,
                                 bool *ret_has_pages, ftdn_error *err)
{
    struct stat info;
    bool must_exist = store->mode != FTDN_STORE_WRITE;
    *ret_application_id = *ret_version = 0;
    *ret_has_pages = false;
    if (stat(store->path, &info) != 0) {
        if (errno != ENOENT) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': %s", store->name, strerror(errno));
        if (must_exist) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' does not exist", store->name);
        return FTDN_OK;
    }
    if (S_ISDIR(info.st_mode)) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is a folder", store->name);
    if (!S_ISREG(info.st_mode)) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is no regular file", store->name);
    if (access(store->path, R_OK) != 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be read: %s", store->name, strerror(errno));
    if (!must_exist && access(store->path, W_OK) != 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' cannot be written: %s", store->name, strerror(errno));

    unsigned char header[HEADER_BYTES] = {0};
    sqlite3_int64 n_bytes = 0;
    FTDN_TRY(read_header(store, header, &n_bytes, err));
    if (n_bytes == 0 && must_exist) return ftdn_store_fail_empty(store, err);
    if (n_bytes == 0) return FTDN_OK;
    if (n_bytes < HEADER_BYTES || memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is not an SQLite file", store->name);
    *ret_application_id = read_big_endian(header + HEADER_APPLICATION_ID);
    *ret_version = read_big_endian(header + HEADER_USER_VERSION);
    *ret_has_pages = true;
    return FTDN_OK;
}

ftdn_status ftdn_store_check_file(const ftdn_store *store, ftdn_error *err)
{
    unsigned application_id, version;
    bool has_pages;
    FTDN_TRY(read_identity(store, &application_id, &version, &has_pages, err));
    return has_pages ? ftdn_store_check_identity(store, application_id, version, err) : FTDN_OK;
}

ftdn_status ftdn_store_find_version(const ftdn_store *store, unsigned *ret_version, ftdn_error *err)
{
    unsigned application_id, version;
    bool has_pages;
    FTDN_TRY(read_identity(store, &application_id, &version, &has_pages, err));
    if (has_pages) FTDN_TRY(check_known(store, application_id, version, err));
    *ret_version = version;
    return FTDN_OK;
}

bool ftdn_store_is_local(const ftdn_store *store)
{
    /* Magic numbers of statfs(2). A file system that is not known here may be one over a network. */
    static const unsigned long local[] = {
        0xEF53,     /* ext2, ext3, ext4 */
        0x58465342, /* xfs */
        0x9123683E, /* btrfs */
        0x01021994, /* tmpfs */
        0x858458F6, /* ramfs */
        0x794C7630, /* overlayfs */
        0x2FC12FC1, /* zfs */
        0xF2F52010, /* f2fs */
        0xCA451A4E, /* bcachefs */
        0x3153464A, /* jfs */
        0x52654973, /* reiserfs */
        0x4D44,     /* fat */
        0x2011BAB0, /* exfat */
        0x5346544E, /* ntfs */
    };
    struct statfs info;
    if (statfs(store->path, &info) != 0) return false;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if ((unsigned long)info.f_type == local[i]) return true;
    return false;
}
