#include "harness/campaign/campaign_files.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/plan/broken_inputs.h"
#include "harness/plan/shard.h"
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
    return ftdn_mistakes_print_all(&mistakes, path, err);
}

/* err: of the first input that cannot be opened. Where there are more, all are told. */
static ftdn_status tell_broken_inputs(ftdn_campaign_files *files, ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &files->arena);
    FTDN_TRY(ftdn_broken_inputs_find(&files->manifest, &files->inputs, &mistakes, err));
    if (ftdn_mistakes_check(&mistakes, NULL) != FTDN_ERR_MANIFEST || mistakes.n_mistakes < 2) return FTDN_ERR_INPUT;
    ftdn_mistakes_print(&mistakes);
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%d inputs of '%s' cannot be used; nothing was run", mistakes.n_mistakes,
                     files->manifest.path);
}

ftdn_status ftdn_campaign_files_open(ftdn_campaign_files *files, const char *manifest_path, const char *db,
                                     ftdn_error *err)
{
    FTDN_TRY(ftdn_campaign_files_load_manifest(files, manifest_path, err));
    ftdn_status status = ftdn_plan_make(&files->manifest, &files->inputs, &files->arena, &files->plan, err);
    if (status == FTDN_ERR_INPUT) status = tell_broken_inputs(files, err);
    FTDN_TRY(status);
    files->db_path = db ? db : ftdn_arena_format(&files->arena, err, "results/%s.db", files->manifest.name);
    return files->db_path ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_campaign_files_open_shard(ftdn_campaign_files *files, const char *manifest_path, const char *db,
                                           const char *shard, ftdn_error *err)
{
    if (!shard) return ftdn_campaign_files_open(files, manifest_path, db, err);
    ftdn_shard part;
    FTDN_TRY(ftdn_shard_parse(shard, &part, err));
    FTDN_TRY(ftdn_campaign_files_open(files, manifest_path, db, err));
    ftdn_plan_keep_shard(&files->plan, part.index, part.n_shards);
    return db ? FTDN_OK : ftdn_shard_db_path(&part, files->manifest.name, &files->arena, &files->db_path, err);
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
