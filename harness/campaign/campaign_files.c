#include "harness/campaign/campaign_files.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/terminal/migration_notice.h"
#include "harness/terminal/print.h"

void ftdn_campaign_files_init(ftdn_campaign_files *files)
{
    *files = (ftdn_campaign_files){0};
    ftdn_arena_init(&files->arena);
    ftdn_inputs_init(&files->inputs);
}

void ftdn_campaign_files_done(ftdn_campaign_files *files)
{
    ftdn_inputs_done(&files->inputs);
    ftdn_arena_done(&files->arena);
}

ftdn_status ftdn_campaign_files_load_manifest(ftdn_campaign_files *files, const char *path, ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &files->arena);
    ftdn_status status = ftdn_manifest_load(path, &files->arena, &mistakes, &files->manifest, err);
    if (status != FTDN_ERR_MANIFEST || mistakes.n_mistakes == 0) return status;
    return ftdn_mistakes_print(&mistakes, path, err);
}

ftdn_status ftdn_campaign_files_open(ftdn_campaign_files *files, const char *manifest_path, const char *db,
                                     ftdn_error *err)
{
    FTDN_TRY(ftdn_campaign_files_load_manifest(files, manifest_path, err));
    FTDN_TRY(ftdn_plan_make(&files->manifest, &files->inputs, &files->arena, &files->plan, err));
    files->db_path = db ? db : ftdn_arena_format(&files->arena, err, "results/%s.db", files->manifest.name);
    return files->db_path ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_campaign_files_open_stored(ftdn_campaign_files *files, const char *manifest, const char *db,
                                            ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &files->arena);
    ftdn_status status =
        ftdn_manifest_parse(manifest, strlen(manifest), "manifest", &files->arena, &mistakes, &files->manifest, err);
    if (status == FTDN_OK) status = ftdn_plan_make(&files->manifest, &files->inputs, &files->arena, &files->plan, err);
    if (status != FTDN_OK) ftdn_error_context(err, "store '%s', the manifest it keeps (--manifest names another)", db);
    files->db_path = db;
    return status;
}

ftdn_status ftdn_campaign_files_open_scores(const ftdn_campaign_files *files, const ftdn_planned_trial *trial,
                                            ftdn_store **ret_store, ftdn_error *err)
{
    *ret_store = NULL;
    if (!trial->settings.protection.ranking || !ftdn_file_exists(files->db_path)) return FTDN_OK;
    ftdn_migration_notice_print(files->db_path);
    return ftdn_store_open(files->db_path, FTDN_STORE_WRITE, ret_store, err);
}

void ftdn_campaign_files_print_title(const ftdn_campaign_files *files)
{
    const ftdn_manifest *manifest = &files->manifest;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "%s%s", manifest->name, *manifest->description ? ": " : "");
    ftdn_append_shown(&text, manifest->description);
    if (!text.failed) puts(text.chars);
    ftdn_text_done(&text);
}
