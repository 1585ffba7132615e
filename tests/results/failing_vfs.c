#include "tests/results/failing_vfs.h"

#include <sqlite3.h>

#include "tests/support/support.h"

typedef struct failing_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the memory that SQLite gives for a file */
} failing_file;

static struct {
    sqlite3_vfs *real, layer;
    sqlite3_io_methods methods;
    ftdn_failing_call call;
    bool is_armed, for_good;
    long n_good, n_failed;
} shim;

const char *ftdn_failing_call_name(ftdn_failing_call call)
{
    static const char *const names[] = {"write", "torn write", "write without space", "sync", "truncation", "deletion"};
    return names[call];
}

/* Is this the call that fails? */
static bool is_failing(ftdn_failing_call call)
{
    if (!shim.is_armed || call != shim.call) return false;
    if (shim.n_good > 0) {
        shim.n_good--;
        return false;
    }
    if (!shim.for_good && shim.n_failed > 0) return false;
    shim.n_failed++;
    return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((failing_file *)(void *)file)->real;
}

static int close_file(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *bytes, int n_bytes, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, n_bytes, at);
}

static int write_file(sqlite3_file *file, const void *bytes, int n_bytes, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    if (is_failing(FTDN_FAILING_WRITE)) return SQLITE_IOERR_WRITE;
    if (is_failing(FTDN_FAILING_FULL_WRITE)) return SQLITE_FULL;
    if (is_failing(FTDN_FAILING_TORN_WRITE)) {
        int code = real->pMethods->xWrite(real, bytes, n_bytes / 2, at);
        assert_int_equal(code, SQLITE_OK);
        return SQLITE_IOERR_WRITE;
    }
    return real->pMethods->xWrite(real, bytes, n_bytes, at);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 n_bytes)
{
    if (is_failing(FTDN_FAILING_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), n_bytes);
}

static int sync_file(sqlite3_file *file, int flags)
{
    if (is_failing(FTDN_FAILING_SYNC)) return SQLITE_IOERR_FSYNC;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int get_size(sqlite3_file *file, sqlite3_int64 *ret_n_bytes)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_n_bytes);
}

static int lock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_reserved_lock(sqlite3_file *file, int *ret_is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_is_reserved);
}

static int control_file(sqlite3_file *file, int what, void *value)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, value);
}

static int get_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int get_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int map_memory(sqlite3_file *file, int page, int n_bytes, int is_extended, void volatile **ret_memory)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, n_bytes, is_extended, ret_memory);
}

static int lock_memory(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void order_memory(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int unmap_memory(sqlite3_file *file, int is_deleted)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

static int open_file(sqlite3_vfs *layer, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)layer;
    failing_file *opened = (failing_file *)(void *)file;
    opened->real = (sqlite3_file *)(void *)(opened + 1);
    opened->real->pMethods = NULL;
    int code = shim.real->xOpen(shim.real, name, opened->real, flags, ret_flags);
    opened->base.pMethods = opened->real->pMethods ? &shim.methods : NULL;
    return code;
}

static int delete_file(sqlite3_vfs *layer, const char *name, int syncs_folder)
{
    (void)layer;
    if (is_failing(FTDN_FAILING_DELETE)) return SQLITE_IOERR_DELETE;
    return shim.real->xDelete(shim.real, name, syncs_folder);
}

void ftdn_failing_vfs_install(bool has_shared_memory)
{
    shim.real = sqlite3_vfs_find(NULL);
    assert_non_null(shim.real);
    shim.layer = *shim.real; /* all else is done by the functions of the real one, which look at nothing of this one */
    shim.layer.szOsFile = (int)sizeof(failing_file) + shim.real->szOsFile;
    shim.layer.pNext = NULL;
    shim.layer.zName = "failing";
    shim.layer.xOpen = open_file;
    shim.layer.xDelete = delete_file;
    /* Of version 2 are the functions of shared memory; those of memory maps, of version 3, are left out. */
    shim.methods = (sqlite3_io_methods){
        .iVersion = has_shared_memory ? 2 : 1,
        .xClose = close_file,
        .xRead = read_file,
        .xWrite = write_file,
        .xTruncate = truncate_file,
        .xSync = sync_file,
        .xFileSize = get_size,
        .xLock = lock_file,
        .xUnlock = unlock_file,
        .xCheckReservedLock = check_reserved_lock,
        .xFileControl = control_file,
        .xSectorSize = get_sector_size,
        .xDeviceCharacteristics = get_characteristics,
        .xShmMap = map_memory,
        .xShmLock = lock_memory,
        .xShmBarrier = order_memory,
        .xShmUnmap = unmap_memory,
    };
    shim.is_armed = false;
    assert_int_equal(sqlite3_vfs_register(&shim.layer, 1), SQLITE_OK);
}

void ftdn_failing_vfs_remove(void)
{
    assert_int_equal(sqlite3_vfs_unregister(&shim.layer), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_register(shim.real, 1), SQLITE_OK);
}

void ftdn_failing_vfs_arm(ftdn_failing_call call, long n_good, bool for_good)
{
    shim.call = call;
    shim.n_good = n_good;
    shim.n_failed = 0;
    shim.for_good = for_good;
    shim.is_armed = true;
}

long ftdn_failing_vfs_disarm(void)
{
    shim.is_armed = false;
    return shim.n_failed;
}
