#include "harness/manifest/data_cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

ftdn_status ftdn_data_cache_folder(ftdn_arena *arena, const char **ret_folder, ftdn_error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *ret_folder = NULL;
    /* The specification of XDG wants relative paths ignored. */
    if (cache && cache[0] == '/') *ret_folder = ftdn_path_join(arena, cache, "ftdn", err);
    else if (home && home[0] == '/') *ret_folder = ftdn_path_join(arena, home, ".cache/ftdn", err);
    else return FTDN_OK;
    return *ret_folder ? FTDN_OK : FTDN_ERR_MEMORY;
}

/* Could a path that begins in the cache leave it? */
static bool climbs(const char *name)
{
    for (const char *at = name; at; at = strchr(at, '/')) {
        at += strspn(at, "/");
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == 0)) return true;
    }
    return false;
}

ftdn_status ftdn_data_cache_find(const char *name, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    const char *folder;
    *ret_path = NULL;
    if (name[0] == '/' || climbs(name)) return FTDN_OK;
    FTDN_TRY(ftdn_data_cache_folder(arena, &folder, err));
    if (!folder) return FTDN_OK;
    const char *path = ftdn_path_join(arena, folder, name, err);
    if (!path) return FTDN_ERR_MEMORY;
    if (ftdn_file_exists(path)) *ret_path = path;
    return FTDN_OK;
}
