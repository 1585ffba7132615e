#include "results/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "results/migrate.h"
#include "results/schema_check.h"
#include "results/sql_functions.h"
#include "results/statement.h"
#include "results/store_file.h"

/* Why the system refused what SQLite asked of it; 0: not known. Of a COMMIT that failed only the files know it: the log
 * (or journal) and the store itself. */
static int find_errno(const ftdn_store *store)
{
    static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int number = sqlite3_system_errno(store->db);
    for (size_t i = 0; i < sizeof files / sizeof *files && number == 0; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(store->db, "main", files[i], &file) == SQLITE_OK && file && file->pMethods)
            (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    }
    return number;
}

ftdn_status ftdn_store_fail(const ftdn_store *store, const char *doing, ftdn_error *err)
{
    const char *name = store->name, *reason = sqlite3_errmsg(store->db);
    int system_errno;
    switch (sqlite3_errcode(store->db) & 0xff) {
    case SQLITE_NOMEM: return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while %s", name, doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (%s: %s)", name, doing, reason);
    case SQLITE_BUSY:
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': another process has held it for %d s (%s)", name,
                         FTDN_STORE_BUSY_SECONDS, doing);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        if ((system_errno = find_errno(store)) != 0)
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

/* A write-ahead log where it can be had: one sync per transaction. Where another process uses the file in the other
 * mode just now, that mode will do. */
static ftdn_status choose_journal(ftdn_store *store, const char *doing, ftdn_error *err)
{
    if (!ftdn_store_is_local(store)) return ftdn_store_execute(store, "PRAGMA journal_mode = DELETE", doing, err);
    if (sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_NOMEM)
        return ftdn_store_fail(store, doing, err);
    return FTDN_OK;
}

/* A file that has lost its name would take all that is written to it along when it is closed; with a rollback journal
 * SQLite itself refuses to write it. */
static ftdn_status check_place(const ftdn_store *store, const char *doing, ftdn_error *err)
{
    int has_moved = 0;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (!has_moved) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_STORE,
                     "store '%s': %s: somebody has removed, moved or replaced its file since it was opened",
                     store->name, doing);
}

ftdn_status ftdn_store_begin(ftdn_store *store, const char *doing, ftdn_error *err)
{
    FTDN_TRY(check_place(store, doing, err));
    if (!store->has_journal) {
        FTDN_TRY(choose_journal(store, doing, err));
        store->has_journal = true;
    }
    return ftdn_store_execute(store, "BEGIN IMMEDIATE", doing, err);
}

ftdn_status ftdn_store_end_transaction(ftdn_store *store, ftdn_status status, const char *doing, ftdn_error *err)
{
    if (status == FTDN_OK) status = ftdn_store_execute(store, "COMMIT", doing, err);
    if (status != FTDN_OK) ftdn_store_roll_back(store);
    return status;
}

ftdn_status ftdn_store_read_number(ftdn_store *store, const char *sql, unsigned *ret_number, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        status = ftdn_store_fail(store, "opening", err);
    else *ret_number = (unsigned)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

ftdn_status ftdn_store_connect(ftdn_store *store, int flags, ftdn_error *err)
{
    if (sqlite3_open_v2(store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        if (!store->db) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while opening", store->name);
        return ftdn_store_fail(store, "opening", err);
    }
    /* A store may come from anybody: its views and checks run no function with side effects, and pages are
     * checked when they are read. Sorting stays in memory, so that a store on read-only media can be queried. */
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, FTDN_STORE_BUSY_SECONDS * 1000);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, store->mode != FTDN_STORE_SALVAGE, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (ftdn_sql_functions_register(store->db) != SQLITE_OK) return ftdn_store_fail(store, "opening", err);
    /* Which also means: to read a schema that is malformed. */
    if (store->mode == FTDN_STORE_SALVAGE)
        FTDN_TRY(ftdn_store_execute(store, "PRAGMA writable_schema = ON", "opening", err));
    return ftdn_store_execute(
        store, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON", "opening", err);
}

static bool has_log(const ftdn_store *store)
{
    const char *path = sqlite3_db_filename(store->db, "main");
    return path && ftdn_file_exists(sqlite3_filename_wal(path));
}

/* Connect for reading. A run that was killed while it wrote leaves a journal, which has to be rolled back (or a log,
 * which has to be indexed) before anything can be read; that takes a connection that may write. It is bound to reading
 * otherwise. */
static ftdn_status connect_reader(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_connect(store, SQLITE_OPEN_READONLY, err));
    if (sqlite3_exec(store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK) {
        int code = sqlite3_errcode(store->db);
        if ((code & 0xff) == SQLITE_CANTOPEN && has_log(store))
            return FTDN_FAIL(err, FTDN_ERR_STORE,
                             "store '%s': a run has left a log, '%s-wal', that is read in a folder which can be "
                             "written: copy both files into one",
                             store->name, store->name);
        if (code != SQLITE_READONLY_ROLLBACK && code != SQLITE_READONLY_RECOVERY)
            return ftdn_store_fail(store, "opening", err);
        sqlite3_close(store->db);
        store->db = NULL;
        FTDN_TRY(ftdn_store_connect(store, SQLITE_OPEN_READWRITE, err));
        FTDN_TRY(ftdn_store_execute(store, "PRAGMA query_only = ON; SELECT 1 FROM sqlite_schema",
                                    "rolling back what a killed run left unfinished", err));
    }
    unsigned n_pages = 0;
    FTDN_TRY(ftdn_store_read_number(store, "PRAGMA page_count", &n_pages, err));
    return n_pages == 0 ? ftdn_store_fail_empty(store, err) : FTDN_OK;
}

/* Fill an empty file with the schema, unless another process has just done so. */
static ftdn_status create_schema(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_execute(store, "BEGIN EXCLUSIVE", "creating it", err));
    unsigned n_objects = 0, application_id = 0;
    ftdn_status status = ftdn_store_read_number(store, "SELECT count(*) FROM sqlite_schema", &n_objects, err);
    if (status == FTDN_OK) status = ftdn_store_read_number(store, "PRAGMA application_id", &application_id, err);
    if (status == FTDN_OK && n_objects == 0 && application_id == 0) {
        char identity[96];
        sqlite3_snprintf(sizeof identity, identity, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                         FTDN_STORE_APPLICATION_ID, FTDN_STORE_VERSION);
        status = ftdn_store_execute(store, (const char *)ftdn_store_schema, "creating it", err);
        if (status == FTDN_OK) status = ftdn_store_execute(store, identity, "creating it", err);
    }
    return ftdn_store_end_transaction(store, status, "creating it", err);
}

/* A file without pages is a new one, or what is left of one whose creator was killed. */
static ftdn_status connect_writer(ftdn_store *store, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_connect(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err));
    if (sqlite3_db_readonly(store->db, "main"))
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is read-only", store->name);
    FTDN_TRY(ftdn_store_execute(store, "PRAGMA synchronous = FULL", "opening", err));
    unsigned n_pages = 0;
    FTDN_TRY(ftdn_store_read_number(store, "PRAGMA page_count", &n_pages, err));
    return n_pages == 0 ? create_schema(store, err) : FTDN_OK;
}

/* Is this still our file, and is its schema ours? */
static ftdn_status check_schema(ftdn_store *store, ftdn_error *err)
{
    unsigned application_id = 0, version = 0;
    ftdn_schema_difference difference;
    FTDN_TRY(ftdn_store_read_number(store, "PRAGMA application_id", &application_id, err));
    FTDN_TRY(ftdn_store_read_number(store, "PRAGMA user_version", &version, err));
    FTDN_TRY(ftdn_store_check_identity(store, application_id, version, err));
    if (store->mode == FTDN_STORE_INSPECT) return FTDN_OK;
    FTDN_TRY(ftdn_schema_check(store, &difference, err));
    if (!*difference.what) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_STORE,
                     "store '%s' is damaged, or somebody has changed it (%s): save its sound trials with 'ftdn repair "
                     "%s OUT'",
                     store->name, difference.what, store->name);
}

ftdn_status ftdn_store_create(const char *path, ftdn_store_mode mode, ftdn_store **ret_store, ftdn_error *err)
{
    if (!*path) return FTDN_FAIL(err, FTDN_ERR_STORE, "the store's file name is empty");
    size_t n_prefix = *path == '/' ? 0 : 2, n_chars = strlen(path);
    ftdn_store *store = calloc(1, sizeof *store);
    ftdn_statement_cache *statements = calloc(1, sizeof *statements);
    char *full_path = malloc(n_prefix + n_chars + 1);
    if (!store || !statements || !full_path) {
        free(full_path);
        free(statements);
        free(store);
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "store '%s': out of memory while opening", path);
    }
    memcpy(full_path, "./", n_prefix);
    memcpy(full_path + n_prefix, path, n_chars + 1);
    *store = (ftdn_store){.path = full_path, .name = full_path + n_prefix, .mode = mode, .statements = statements};
    *ret_store = store;
    return FTDN_OK;
}

/* A store of an older program becomes one of this program. */
static ftdn_status migrate_old(const ftdn_store *store, ftdn_error *err)
{
    unsigned version;
    ftdn_migration migration;
    ftdn_arena arena;
    FTDN_TRY(ftdn_store_find_version(store, &version, err));
    if (version == 0 || version == FTDN_STORE_VERSION) return FTDN_OK;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_store_migrate(store->name, &arena, &migration, err);
    ftdn_arena_done(&arena);
    return status;
}

static ftdn_status open_created(ftdn_store *store, ftdn_error *err)
{
    bool writes = store->mode == FTDN_STORE_WRITE;
    if (writes) FTDN_TRY(migrate_old(store, err));
    FTDN_TRY(ftdn_store_check_file(store, err));
    if (writes) FTDN_TRY(ftdn_store_check_folder(store, err));
    FTDN_TRY(writes ? connect_writer(store, err) : connect_reader(store, err));
    /* This reads the schema, which a journal must not stand in the way of any more. KiB, at most. */
    FTDN_TRY(ftdn_store_execute(store, "PRAGMA cache_size = -65536", "opening", err));
    return store->mode == FTDN_STORE_SALVAGE ? FTDN_OK : check_schema(store, err);
}

ftdn_status ftdn_store_open(const char *path, ftdn_store_mode mode, ftdn_store **ret_store, ftdn_error *err)
{
    ftdn_store *store;
    FTDN_TRY(ftdn_store_create(path, mode, &store, err));
    ftdn_status status = open_created(store, err);
    store->is_open = status == FTDN_OK;
    if (status == FTDN_OK) *ret_store = store;
    else ftdn_store_close(store);
    return status;
}

#define CLOSING_TRIES 50
#define CLOSING_PAUSE_NS 10000000

/* Bring the log, this writer's or one that was left, into the file, which then needs no other beside it. Somebody who
 * looks at the store for a moment (ftdn watch) is waited for. Where another process keeps it open, or the disk is full,
 * the log stays: nothing is lost. */
static void leave_one_file(ftdn_store *store)
{
    const struct timespec pause = {.tv_nsec = CLOSING_PAUSE_NS};
    ftdn_store_roll_back(store);
    sqlite3_busy_timeout(store->db, 0);
    for (int i = 0; i < CLOSING_TRIES; i++) {
        (void)sqlite3_exec(store->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
        int code = sqlite3_exec(store->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY) return;
        nanosleep(&pause, NULL);
    }
}

void ftdn_store_close(ftdn_store *store)
{
    if (!store) return;
    ftdn_statement_cache_clear(store->statements);
    if (store->is_open && store->mode == FTDN_STORE_WRITE) leave_one_file(store);
    int code = sqlite3_close(store->db);
    assert(code == SQLITE_OK && "every statement is finalized where it was prepared");
    (void)code;
    free(store->statements);
    free(store->path);
    free(store);
}
