#include "harness/terminal/command.h"

#include "analysis/report.h"
#include "base/code_version.h"
#include "base/file.h"
#include "harness/figures/report_content.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct report_options {
    const char *output, *manifest, *title;
    long long n_pictures; /* images in the sheet of pictures; 0: there is none */
} report_options;

static ftdn_status write_page(const report_options *options, const char *db, ftdn_arena *arena, ftdn_text *html,
                              ftdn_error *err)
{
    ftdn_store *store;
    ftdn_report_desc desc = {
        .store_path = db,
        .title = options->title ? options->title : ftdn_path_stem(arena, db, err),
        .program = "ftdn " FTDN_CODE_VERSION,
        .manifest = options->manifest,
    };
    int n_pictures = (int)options->n_pictures;
    if (!desc.title) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_store_open(db, n_pictures > 0 ? FTDN_STORE_WRITE : FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_report_compare_rankings(store, arena, &desc, err);
    if (status == FTDN_OK && n_pictures > 0) status = ftdn_report_draw_pictures(store, n_pictures, arena, &desc, err);
    if (status == FTDN_OK) status = ftdn_report_write(store, &desc, arena, html, err);
    ftdn_store_close(store);
    if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", db);
    return status;
}

static const char *choose_path(const report_options *options, const char *db, ftdn_arena *arena, ftdn_error *err)
{
    if (options->output) return options->output;
    char *folder = ftdn_path_folder(arena, db, err), *stem = ftdn_path_stem(arena, db, err);
    char *file = stem ? ftdn_arena_format(arena, err, "%s.html", stem) : NULL;
    return folder && file ? ftdn_path_join(arena, folder, file, err) : NULL;
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    const report_options *options = user;
    const char *db = arguments->argument[0], *path = choose_path(options, db, arena, err);
    char *folder = path ? ftdn_path_folder(arena, path, err) : NULL;
    if (!folder) return FTDN_ERR_MEMORY;
    ftdn_text html;
    ftdn_text_init(&html);
    ftdn_status status = write_page(options, db, arena, &html, err);
    if (status == FTDN_OK) status = ftdn_folder_create(folder, err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(path, html.chars, html.n_chars, err);
    if (status == FTDN_OK) {
        ftdn_append_shown(text, path);
        ftdn_text_append(text, ": %.1f MB; open it in a browser\n", (double)html.n_chars / 1e6);
    }
    ftdn_text_done(&html);
    return status;
}

ftdn_status ftdn_command_report(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    report_options values = {.manifest = "*"};
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("output", 'o', "FILE", &values.output, "the page (default: DB.html beside the file)"),
        FTDN_TEXT_OPTION("title", 0, "TEXT", &values.title, "its heading (default: the name of the results file)"),
        FTDN_INTEGER_OPTION("pictures", 0, "N", &values.n_pictures, 0, 16,
                            "and N images with what is found in them; they are run through the network now"),
        FTDN_TEXT_OPTION("manifest", 0, "NAME", &values.manifest,
                         "trials of this campaign only; a pattern with * and ?"),
    };
    const ftdn_command command = {
        .name = "ftdn report",
        .arguments = "DB",
        .summary = "Write a whole results file as one HTML page that needs no other file.",
        .example = "ftdn report results/quickstart.db -o report.html",
        .details = "Summary, curves, classes, gains with intervals, costs, rankings, fault rates, failures,\n"
                   "environment, manifest, and for every point the command that repeats it. The same file gives\n"
                   "the same page.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &values, err);
}
