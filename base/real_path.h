/* real_path.h - the one name that a file has: absolute, without symbolic links, "." and "..". */
#ifndef FTDN_BASE_REAL_PATH_H
#define FTDN_BASE_REAL_PATH_H

#include "base/arena.h"
#include "base/status.h"

/* *ret_path lives in the arena; NULL where there is no such file. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_path_make_real(const char *path, ftdn_arena *arena, const char **ret_path,
                                               ftdn_error *err);

#endif
