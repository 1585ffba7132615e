#include "datasets/picture_find.h"

#include "base/file.h"

ftdn_status ftdn_picture_find(const char *stem, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    static const char *const suffixes[] = {"jpg", "jpeg", "png", "tif", "tiff", "JPG", "JPEG", "PNG", "TIF", "TIFF"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        const char *path = ftdn_arena_format(arena, err, "%s.%s", stem, suffixes[i]);
        if (!path) return FTDN_ERR_MEMORY;
        if (ftdn_file_exists(path)) {
            *ret_path = path;
            return FTDN_OK;
        }
        ftdn_arena_reset(arena, mark);
    }
    *ret_path = NULL;
    return FTDN_OK;
}
