#define _XOPEN_SOURCE 700 /* realpath */

#include "base/real_path.h"

#include <stdlib.h>
#include <string.h>

ftdn_status ftdn_path_make_real(const char *path, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    char *real = realpath(path, NULL);
    *ret_path = NULL;
    if (!real) return FTDN_OK;
    *ret_path = ftdn_arena_copy_text(arena, real, strlen(real), err);
    free(real);
    return *ret_path ? FTDN_OK : FTDN_ERR_MEMORY;
}
