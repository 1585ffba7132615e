#include "results/migrate.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "results/migrate_rows.h"
#include "results/store_backup.h"
#include "results/store_file.h"

enum { FRESH_FILES = 4 };

typedef struct migration {
    ftdn_store *old;   /* its open transaction keeps writers out */
    const char *path;  /* of the old store's file itself: a link would be replaced, and not what it names */
    const char *fresh[FRESH_FILES]; /* paths of the new store while it is built, and of what SQLite may put beside it */
    bool has_new_backup, is_replaced;
    ftdn_migration answer;
} migration;

static ftdn_status fail_missing(const ftdn_store *store, ftdn_error *err)
{
    if (ftdn_file_exists(store->path)) return ftdn_store_fail_empty(store, err);
    return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' does not exist", store->name);
}

static ftdn_status find_paths(migration *m, ftdn_arena *arena, ftdn_error *err)
{
    struct stat info;
    const char *name = m->old->name;
    if (lstat(name, &info) == 0 && S_ISLNK(info.st_mode)) name = sqlite3_db_filename(m->old->db, "main");
    m->path = ftdn_arena_copy_text(arena, name, strlen(name), err);
    if (!m->path) return FTDN_ERR_MEMORY;
    static const char *const suffixes[FRESH_FILES] = {"", "-journal", "-wal", "-shm"};
    for (int i = 0; i < FRESH_FILES; i++) {
        m->fresh[i] = ftdn_arena_format(arena, err, "%s.migrating%s", m->path, suffixes[i]);
        if (!m->fresh[i]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

/* Keep writers out; readers go on. *ret_has_moved: another process has put a new store in the place of the one that was
 * opened. *ret_version: of the one that is kept. */
static ftdn_status lock_old(ftdn_store *old, bool *ret_has_moved, unsigned *ret_version, ftdn_error *err)
{
    int has_moved = 0;
    FTDN_TRY(ftdn_store_connect(old, SQLITE_OPEN_READWRITE, err));
    if (sqlite3_db_readonly(old->db, "main"))
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is read-only", old->name);
    /* All of it in one file: what a killed run left in a journal or log is brought in or rolled back. */
    FTDN_TRY(ftdn_store_execute(old, "PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE", "migrating", err));
    if (sqlite3_file_control(old->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) != SQLITE_OK)
        return ftdn_store_fail(old, "migrating", err);
    *ret_has_moved = has_moved != 0;
    return ftdn_store_read_number(old, "PRAGMA user_version", ret_version, err);
}

/* Remove a half-made new store, which nobody has open. */
static void remove_fresh(const migration *m)
{
    for (int i = 0; i < FRESH_FILES; i++) unlink(m->fresh[i]);
}

static ftdn_status build_fresh(migration *m, ftdn_error *err)
{
    ftdn_store *fresh;
    remove_fresh(m);
    FTDN_TRY(ftdn_store_open(m->fresh[0], FTDN_STORE_WRITE, &fresh, err));
    ftdn_status status = ftdn_migration_copy_rows(fresh, m->old->path, &m->answer.rows, err);
    ftdn_store_close(fresh);
    return status;
}

/* Who could read and write the old store can do so with the new one. The owner may be changed by root alone. */
static ftdn_status keep_permissions(const migration *m, ftdn_error *err)
{
    struct stat info;
    if (stat(m->path, &info) != 0 || (chown(m->fresh[0], info.st_uid, info.st_gid) != 0 && errno != EPERM) ||
        chmod(m->fresh[0], info.st_mode & 07777) != 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "'%s': %s", m->fresh[0], strerror(errno));
    return FTDN_OK;
}

/* Copy, build, replace. The old store is as it was, and nothing lies beside it, unless this succeeds. */
static ftdn_status replace_old(migration *m, ftdn_arena *arena, ftdn_error *err)
{
    FTDN_TRY(ftdn_migration_check_old(m->old, err));
    char *backup = ftdn_arena_format(arena, err, "%s.backup-2", m->path);
    if (!backup) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_store_back_up(m->old, backup, arena, &m->answer.backup, &m->has_new_backup, err));
    ftdn_status status = build_fresh(m, err);
    if (status == FTDN_OK) status = keep_permissions(m, err);
    if (status == FTDN_OK) {
        status = ftdn_file_replace(m->fresh[0], m->path, err);
        m->is_replaced = !ftdn_file_exists(m->fresh[0]); /* also where only the sync of the folder failed */
    }
    if (status == FTDN_OK) return FTDN_OK;
    remove_fresh(m);
    if (m->has_new_backup && !m->is_replaced) unlink(m->answer.backup);
    if (status == FTDN_ERR_INPUT && err) err->status = FTDN_ERR_STORE;
    return status == FTDN_ERR_INPUT ? FTDN_ERR_STORE : status;
}

/* *ret_has_moved: nothing was done, because the store is another one meanwhile. */
static ftdn_status migrate(const char *path, ftdn_arena *arena, bool *ret_has_moved, ftdn_migration *ret_migration,
                           ftdn_error *err)
{
    unsigned version;
    migration m = {.answer = {.from = FTDN_STORE_VERSION, .to = FTDN_STORE_VERSION}};
    *ret_has_moved = false;
    FTDN_TRY(ftdn_store_create(path, FTDN_STORE_WRITE, &m.old, err));
    ftdn_status status = ftdn_store_find_version(m.old, &version, err);
    if (status == FTDN_OK && version == 0) status = fail_missing(m.old, err);
    if (status != FTDN_OK || version == FTDN_STORE_VERSION) goto done;
    status = ftdn_store_check_folder(m.old, err);
    if (status == FTDN_OK) status = lock_old(m.old, ret_has_moved, &version, err);
    if (status != FTDN_OK || *ret_has_moved || version == FTDN_STORE_VERSION) goto done;
    m.answer.from = (int)version;
    status = find_paths(&m, arena, err);
    if (status == FTDN_OK) status = replace_old(&m, arena, err);
    if (status == FTDN_ERR_STORE && !m.is_replaced)
        ftdn_error_context(err, "store '%s' was not migrated and is as it was", m.old->name);
done:
    ftdn_store_close(m.old);
    if (status == FTDN_OK) *ret_migration = m.answer;
    return status;
}

ftdn_status ftdn_store_migrate(const char *path, ftdn_arena *arena, ftdn_migration *ret_migration, ftdn_error *err)
{
    bool has_moved = true;
    while (has_moved) FTDN_TRY(migrate(path, arena, &has_moved, ret_migration, err));
    return FTDN_OK;
}

bool ftdn_store_is_old(const char *path)
{
    ftdn_store *store;
    unsigned version = 0;
    if (ftdn_store_create(path, FTDN_STORE_WRITE, &store, NULL) != FTDN_OK) return false;
    bool is_old =
        ftdn_store_find_version(store, &version, NULL) == FTDN_OK && version > 0 && version < FTDN_STORE_VERSION;
    ftdn_store_close(store);
    return is_old;
}
