/* data_cache.h - where fetched data lie: $XDG_CACHE_HOME/ftdn, else $HOME/.cache/ftdn. */
#ifndef FTDN_HARNESS_MANIFEST_DATA_CACHE_H
#define FTDN_HARNESS_MANIFEST_DATA_CACHE_H

#include "base/arena.h"
#include "base/status.h"

/* *ret_folder lives in the arena and need not exist; NULL where neither variable is an absolute path. Only a refused
 * allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_data_cache_folder(ftdn_arena *arena, const char **ret_folder, ftdn_error *err);

/* The path of `name`, a relative path, in the cache; NULL where nothing of that name is there. */
FTDN_NODISCARD ftdn_status ftdn_data_cache_find(const char *name, ftdn_arena *arena, const char **ret_path,
                                                ftdn_error *err);

#endif
