#include "harness/figures/experiments_folder.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/real_path.h"

#define MOST_FOLDERS 4 /* the program's, and those above it */

/* *ret_path stays NULL where there is no such file. */
static ftdn_status find_beside_program(const char *file, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    static const char *const places[] = {"experiments", "share/ft-deepnets/experiments"};
    const char *folder;
    FTDN_TRY(ftdn_path_make_real("/proc/self/exe", arena, &folder, err));
    for (int up = 0; folder && up < MOST_FOLDERS; up++) {
        folder = ftdn_path_folder(arena, folder, err);
        if (!folder) return FTDN_ERR_MEMORY;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            const char *place = ftdn_path_join(arena, folder, places[i], err);
            const char *path = place ? ftdn_path_join(arena, place, file, err) : NULL;
            if (!path) return FTDN_ERR_MEMORY;
            if (!ftdn_file_exists(path)) continue;
            *ret_path = path;
            return FTDN_OK;
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_experiment_find(const char *size, const char *name, ftdn_arena *arena, const char **ret_path,
                                 ftdn_error *err)
{
    const char *file = ftdn_arena_format(arena, err, "%s/%s.json", size, name), *path = NULL;
    const char *folder = getenv("FTDN_EXPERIMENTS");
    if (!file) return FTDN_ERR_MEMORY;
    if (folder && *folder) {
        path = ftdn_path_join(arena, folder, file, err);
        if (!path) return FTDN_ERR_MEMORY;
    } else {
        FTDN_TRY(find_beside_program(file, arena, &path, err));
    }
    if (!path || !ftdn_file_exists(path))
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "the manifest %s is neither in an experiments folder beside the program nor below "
                         "$FTDN_EXPERIMENTS",
                         file);
    *ret_path = path;
    return FTDN_OK;
}
