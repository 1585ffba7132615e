#include "results/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "results/store_internal.h"

#define HEADER_BYTES 100 /* of an SQLite file: all numbers big-endian */
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68
#define SHORTEST_PREFIX 4 /* hex digits of an id that ftdn_store_find_trial takes */

ftdn_status ftdn_store_fail(const ftdn_store *store, const char *doing, ftdn_error *err)
{
    const char *name = store->name, *reason = sqlite3_errmsg(store->db);
    int system_errno = sqlite3_system_errno(store->db);
    switch (sqlite3_errcode(store->db) & 0xff) {
    case SQLITE_NOMEM: return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while %s", name, doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (%s: %s)", name, doing, reason);
    case SQLITE_BUSY:
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': another process has held it for %d s (%s)", name,
                         FTDN_STORE_BUSY_SECONDS, doing);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        if (system_errno)
            return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': %s: %s (%s)", name, doing, reason,
                             strerror(system_errno));
        break;
    default: break;
    }
    return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': %s: %s", name, doing, reason);
}

ftdn_status ftdn_store_execute(ftdn_store *store, const char *sql, const char *doing, ftdn_error *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK) return ftdn_store_fail(store, doing, err);
    return FTDN_OK;
}

void ftdn_store_roll_back(ftdn_store *store)
{
    /* SQLite itself rolls back after some failures. A ROLLBACK that fails leaves the journal, which the next
     * connection plays back. */
    if (!sqlite3_get_autocommit(store->db)) (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Does the folder that will hold the journal let itself be written? */
static ftdn_status check_folder(const ftdn_store *store, ftdn_error *err)
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
    sqlite3_filename path = sqlite3_create_filename(store->path, "", "", 0, NULL);
    sqlite3_int64 n_bytes = 0;
    if (!file || !path) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while reading its header", store->name);
        goto done;
    }
    memset(file, 0, (size_t)layer->szOsFile);
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, code = layer->xOpen(layer, path, file, flags, &flags);
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
    sqlite3_free_filename(path);
    return status;
}

static ftdn_status fail_empty(const ftdn_store *store, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is empty", store->name);
}

static unsigned read_big_endian(const unsigned char bytes[4])
{
    return (unsigned)bytes[0] << 24 | (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 | bytes[3];
}

static ftdn_status check_identity(const ftdn_store *store, unsigned application_id, unsigned version, ftdn_error *err)
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
    if (version < FTDN_STORE_VERSION)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s' was written by an older program: its schema is %u, this program's is %d; run its "
                         "manifests anew into another file (--db FILE), or read it with the program that wrote it",
                         store->name, version, FTDN_STORE_VERSION);
    return FTDN_OK;
}

/* Look at the file before SQLite may touch it: opening a database of another program could already roll back its
 * journal. To a writer, a missing or empty file is fine. */
static ftdn_status check_file(const ftdn_store *store, ftdn_error *err)
{
    struct stat info;
    bool must_exist = store->mode == FTDN_STORE_READ;
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
    if (n_bytes == 0 && must_exist) return fail_empty(store, err);
    if (n_bytes == 0) return FTDN_OK;
    if (n_bytes < HEADER_BYTES || memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is not an SQLite file", store->name);
    return check_identity(store, read_big_endian(header + HEADER_APPLICATION_ID),
                          read_big_endian(header + HEADER_USER_VERSION), err);
}

/* The number that a one-row statement gives. */
static ftdn_status read_number(ftdn_store *store, const char *sql, unsigned *ret_number, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        status = ftdn_store_fail(store, "opening", err);
    else *ret_number = (unsigned)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

/* Open a connection; whether it may write stands in flags. The first access comes later. */
static ftdn_status connect(ftdn_store *store, int flags, ftdn_error *err)
{
    if (sqlite3_open_v2(store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        if (!store->db) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while opening", store->name);
        return ftdn_store_fail(store, "opening", err);
    }
    /* A store may come from anybody: its views and checks run no function with side effects, and pages are
     * checked when they are read. Sorting stays in memory, so that a store on read-only media can be queried. */
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, FTDN_STORE_BUSY_SECONDS * 1000);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return ftdn_store_execute(
        store, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON", "opening", err);
}

/* Connect for reading. A run that was killed while it wrote leaves a journal, which has to be rolled back before
 * anything can be read; that takes a connection that may write. It is bound to reading otherwise. */
static ftdn_status connect_reader(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(connect(store, SQLITE_OPEN_READONLY, err));
    if (sqlite3_exec(store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK) {
        if (sqlite3_extended_errcode(store->db) != SQLITE_READONLY_ROLLBACK)
            return ftdn_store_fail(store, "opening", err);
        sqlite3_close(store->db);
        store->db = NULL;
        FTDN_TRY(connect(store, SQLITE_OPEN_READWRITE, err));
        FTDN_TRY(ftdn_store_execute(store, "PRAGMA query_only = ON; SELECT 1 FROM sqlite_schema",
                                    "rolling back what a killed run left unfinished", err));
    }
    unsigned n_pages = 0;
    FTDN_TRY(read_number(store, "PRAGMA page_count", &n_pages, err));
    return n_pages == 0 ? fail_empty(store, err) : FTDN_OK;
}

/* Fill an empty file with the schema, unless another process has just done so. */
static ftdn_status create_schema(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_execute(store, "BEGIN EXCLUSIVE", "creating it", err));
    unsigned n_objects = 0, application_id = 0;
    ftdn_status status = read_number(store, "SELECT count(*) FROM sqlite_schema", &n_objects, err);
    if (status == FTDN_OK) status = read_number(store, "PRAGMA application_id", &application_id, err);
    if (status == FTDN_OK && n_objects == 0 && application_id == 0) {
        char identity[96];
        sqlite3_snprintf(sizeof identity, identity, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                         FTDN_STORE_APPLICATION_ID, FTDN_STORE_VERSION);
        status = ftdn_store_execute(store, (const char *)ftdn_store_schema, "creating it", err);
        if (status == FTDN_OK) status = ftdn_store_execute(store, identity, "creating it", err);
    }
    if (status == FTDN_OK) status = ftdn_store_execute(store, "COMMIT", "creating it", err);
    if (status != FTDN_OK) ftdn_store_roll_back(store);
    return status;
}

/* A file without pages is a new one, or what is left of one whose creator was killed. */
static ftdn_status connect_writer(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(connect(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err));
    if (sqlite3_db_readonly(store->db, "main"))
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is read-only", store->name);
    FTDN_TRY(ftdn_store_execute(store, "PRAGMA synchronous = FULL", "opening", err));
    unsigned n_pages = 0;
    FTDN_TRY(read_number(store, "PRAGMA page_count", &n_pages, err));
    if (n_pages == 0) FTDN_TRY(create_schema(store, err));
    return ftdn_store_execute(store, "PRAGMA journal_mode = DELETE", "opening", err);
}

/* Is this still our file, and are all views and the tables behind them there? */
static ftdn_status check_schema(ftdn_store *store, ftdn_error *err)
{
    unsigned application_id = 0, version = 0;
    FTDN_TRY(read_number(store, "PRAGMA application_id", &application_id, err));
    FTDN_TRY(read_number(store, "PRAGMA user_version", &version, err));
    FTDN_TRY(check_identity(store, application_id, version, err));
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        store->db, "SELECT 1 FROM v_trials, v_ap, v_faults, v_timings, v_failures, v_scores, v_overheads", -1,
        &statement, NULL);
    sqlite3_finalize(statement);
    if (code == SQLITE_ERROR)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (%s)", store->name, sqlite3_errmsg(store->db));
    if (code != SQLITE_OK) return ftdn_store_fail(store, "opening", err);
    return FTDN_OK;
}

ftdn_status ftdn_store_open(const char *path, ftdn_store_mode mode, ftdn_store **ret_store, ftdn_error *err)
{
    if (!*path) return FTDN_FAIL(err, FTDN_ERR_STORE, "the store's file name is empty");
    size_t n_prefix = *path == '/' ? 0 : 2, n_chars = strlen(path);
    ftdn_store *store = calloc(1, sizeof *store);
    char *full_path = malloc(n_prefix + n_chars + 1);
    if (!store || !full_path) {
        free(full_path);
        free(store);
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while opening", path);
    }
    memcpy(full_path, "./", n_prefix);
    memcpy(full_path + n_prefix, path, n_chars + 1);
    store->path = full_path;
    store->name = full_path + n_prefix;
    store->mode = mode;

    ftdn_status status = check_file(store, err);
    if (status == FTDN_OK && mode == FTDN_STORE_WRITE) status = check_folder(store, err);
    if (status == FTDN_OK) status = mode == FTDN_STORE_WRITE ? connect_writer(store, err) : connect_reader(store, err);
    if (status == FTDN_OK) status = check_schema(store, err);
    if (status != FTDN_OK) {
        ftdn_store_close(store);
        return status;
    }
    *ret_store = store;
    return FTDN_OK;
}

void ftdn_store_close(ftdn_store *store)
{
    if (!store) return;
    int code = sqlite3_close(store->db);
    assert(code == SQLITE_OK && "every statement is finalized where it was prepared");
    (void)code;
    free(store->path);
    free(store);
}

ftdn_status ftdn_store_has_trial(ftdn_store *store, const char *id, bool *ret_has, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, "SELECT 1 FROM trials WHERE id = ?1", -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code == SQLITE_ROW || code == SQLITE_DONE) *ret_has = code == SQLITE_ROW;
    else status = ftdn_store_fail(store, "looking for a trial", err);
    sqlite3_finalize(statement);
    return status;
}

/* At least SHORTEST_PREFIX and at most 64 hexadecimal digits, copied in lower case. */
static ftdn_status normalise_prefix(const char *prefix, char ret_digits[FTDN_SHA256_HEX], ftdn_error *err)
{
    size_t n_digits = strspn(prefix, "0123456789abcdefABCDEF");
    if (prefix[n_digits] || n_digits < SHORTEST_PREFIX || n_digits >= FTDN_SHA256_HEX)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "'%s' is no beginning of a trial id: %d to %d hexadecimal digits are",
                         prefix, SHORTEST_PREFIX, FTDN_SHA256_HEX - 1);
    for (size_t i = 0; i <= n_digits; i++)
        ret_digits[i] = (char)(prefix[i] >= 'A' && prefix[i] <= 'F' ? prefix[i] - 'A' + 'a' : prefix[i]);
    return FTDN_OK;
}

ftdn_status ftdn_store_find_trial(ftdn_store *store, const char *prefix, char ret_id[FTDN_SHA256_HEX], ftdn_error *err)
{
    char digits[FTDN_SHA256_HEX];
    FTDN_TRY(normalise_prefix(prefix, digits, err));
    ftdn_status status = FTDN_OK;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db,
                                  "SELECT id, count(*) OVER () FROM trials WHERE id >= ?1 AND id < ?1 || 'g' "
                                  "ORDER BY id LIMIT 2",
                                  -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_bind_text(statement, 1, digits, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    const unsigned char *id = code == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
    if (code == SQLITE_DONE)
        status =
            FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' has no trial whose id begins with '%s'", store->name, digits);
    else if (code != SQLITE_ROW || !id) status = ftdn_store_fail(store, "looking for a trial", err);
    else if (sqlite3_column_int64(statement, 1) > 1)
        status =
            FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' has %lld trials whose ids begin with '%s': give more digits",
                      store->name, (long long)sqlite3_column_int64(statement, 1), digits);
    else if (strlen((const char *)id) != FTDN_SHA256_HEX - 1)
        status =
            FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (a trial id is '%s')", store->name, (const char *)id);
    else memcpy(ret_id, id, FTDN_SHA256_HEX);
    sqlite3_finalize(statement);
    return status;
}
