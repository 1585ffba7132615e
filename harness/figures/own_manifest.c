#include "harness/figures/own_manifest.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/real_path.h"
#include "base/text.h"
#include "harness/figures/experiments_folder.h"

#define MOST_STEM_CHARS 64 /* of a name, which may have 100 */

ftdn_status ftdn_own_name(const char *figure, const char *manifest, ftdn_arena *arena, const char **ret_name,
                          ftdn_error *err)
{
    const char *stem = ftdn_path_stem(arena, manifest, err);
    char *name = stem ? ftdn_arena_format(arena, err, "%s-%.*s", figure, MOST_STEM_CHARS, stem) : NULL;
    if (!name) return FTDN_ERR_MEMORY;
    for (char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || !(isalnum((unsigned char)*c) || strchr("-_.", *c))) *c = '_';
    *ret_name = name;
    return FTDN_OK;
}

static ftdn_status find_real(const char *path, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    FTDN_TRY(ftdn_path_make_real(path, arena, ret_path, err));
    if (!*ret_path) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: there is no such manifest", path);
    return FTDN_OK;
}

static ftdn_status write(const char *path, const char *name, const char *own, const char *sweep, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\n  \"manifest_version\": 1,\n  \"name\": ");
    ftdn_text_append_json_string(&text, name);
    ftdn_text_append(&text, ",\n  \"extends\": [");
    ftdn_text_append_json_string(&text, own);
    ftdn_text_append(&text, ", ");
    ftdn_text_append_json_string(&text, sweep);
    ftdn_text_append(&text, "]\n}\n");
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = ftdn_folder_create("figures", err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(path, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return status;
}

ftdn_status ftdn_own_manifest_write(const char *figure, const char *manifest, ftdn_arena *arena, const char **ret_path,
                                    ftdn_error *err)
{
    const char *name, *own, *sweep;
    FTDN_TRY(ftdn_own_name(figure, manifest, arena, &name, err));
    FTDN_TRY(find_real(manifest, arena, &own, err));
    FTDN_TRY(ftdn_experiment_find("figures", figure, arena, &sweep, err));
    FTDN_TRY(find_real(sweep, arena, &sweep, err));
    const char *path = ftdn_arena_format(arena, err, "figures/%s.json", name);
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(write(path, name, own, sweep, err));
    *ret_path = path;
    return FTDN_OK;
}
