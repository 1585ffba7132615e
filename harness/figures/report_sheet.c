#include <math.h>

#include "harness/campaign/campaign_files.h"
#include "harness/figures/pictures.h"
#include "harness/figures/report_content.h"
#include "harness/terminal/command.h"
#include "results/query_rows.h"

#define LEAST_SCORE 0.25 /* of a box: with faults, scores are low */

/* The first campaign whose name fits. */
static ftdn_status read_manifest(ftdn_store *store, const ftdn_report_desc *report, ftdn_arena *arena,
                                 const char **ret_manifest, ftdn_error *err)
{
    ftdn_rows rows;
    const char *setting = ftdn_arena_format(arena, err, "manifest=%s", report->manifest);
    if (!setting) return FTDN_ERR_MEMORY;
    const ftdn_question question = {.text = "manifests", .n_settings = 1, .setting = &setting};
    FTDN_TRY(ftdn_query_load(store, &question, 1, arena, &rows, err));
    if (rows.n_rows == 0) return FTDN_FAIL(err, FTDN_ERR_STORE, "there is no campaign '%s'", report->manifest);
    *ret_manifest = ftdn_rows_get(&rows, 0, "resolved").string;
    return FTDN_OK;
}

static ftdn_status draw(ftdn_campaign_files *files, ftdn_store *store, int n_images, ftdn_arena *arena,
                        ftdn_report_desc *report, ftdn_error *err)
{
    const ftdn_pictures_desc desc = {
        .weight_rate = (double)NAN,
        .feature_map_rate = (double)NAN,
        .seed = -1,
        .score = LEAST_SCORE,
        .n_images = n_images,
        .n_threads = ftdn_default_threads(),
    };
    ftdn_pictures pictures;
    ftdn_picture sheet;
    unsigned char *bytes;
    FTDN_TRY(ftdn_pictures_choose(&files->plan, &desc, &files->arena, &pictures, err));
    FTDN_TRY(ftdn_pictures_draw(&pictures, &desc, store, &files->arena, &sheet, err));
    FTDN_TRY(ftdn_picture_encode_jpeg(&sheet, arena, &bytes, &report->n_picture_bytes, err));
    report->pictures = bytes;
    report->n_picture_columns = pictures.n_columns;
    report->pictures_title = ftdn_arena_format(
        arena, err,
        "Boxes that score above %.6g, at %.6g %% weight faults and %.6g %% map faults, seed %llu: those of the "
        "trials, bit for bit.",
        desc.score, 100 * pictures.weight_rate, 100 * pictures.feature_map_rate, (unsigned long long)pictures.seed);
    return report->pictures_title ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_report_draw_pictures(ftdn_store *store, int n_images, ftdn_arena *arena, ftdn_report_desc *report,
                                      ftdn_error *err)
{
    ftdn_campaign_files files;
    const char *manifest = NULL;
    FTDN_TRY(read_manifest(store, report, arena, &manifest, err));
    ftdn_campaign_files_init(&files);
    ftdn_status status = ftdn_campaign_files_open_stored(&files, manifest, report->store_path, err);
    if (status == FTDN_OK) status = draw(&files, store, n_images, arena, report, err);
    ftdn_campaign_files_done(&files);
    return status;
}
