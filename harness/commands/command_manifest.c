#include "harness/terminal/command.h"

#include "harness/campaign/campaign_files.h"
#include "harness/manifest/manifest_schema.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct manifest_options {
    bool schema, resolved;
} manifest_options;

static ftdn_status check_manifest(const char *path, bool resolved, ftdn_text *text, ftdn_error *err)
{
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = ftdn_campaign_files_load_manifest(&files, path, err);
    if (status == FTDN_OK && resolved) {
        ftdn_manifest_write_resolved(&files.manifest, text);
        ftdn_text_append(text, "\n");
    } else if (status == FTDN_OK) {
        size_t n_trials = files.manifest.n_trials;
        ftdn_append_count(text, n_trials);
        ftdn_text_append(text, " trial%s\n", n_trials == 1 ? "" : "s");
    }
    ftdn_campaign_files_done(&files);
    return status;
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arena;
    const manifest_options *options = user;
    if (options->schema) {
        if (arguments->n_arguments > 0 || options->resolved)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "--schema takes no manifest: one schema describes all");
        ftdn_manifest_schema_write(text);
        return FTDN_OK;
    }
    if (arguments->n_arguments == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "a MANIFEST is missing; 'ftdn manifest --help' shows an example");
    return check_manifest(arguments->argument[0], options->resolved, text, err);
}

ftdn_status ftdn_command_manifest(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    manifest_options options = {0};
    const ftdn_option option[] = {
        FTDN_FLAG_OPTION("resolved", 0, &options.resolved,
                         "print it with what it extends, absolute paths and no variables, as JSON"),
        FTDN_FLAG_OPTION("schema", 0, &options.schema, "print the JSON schema of manifests"),
    };
    const ftdn_command command = {
        .name = "ftdn manifest",
        .arguments = "[MANIFEST]",
        .summary = "Check a manifest and count its trials; open nothing that it names.",
        .example = "ftdn manifest experiments/smoke.json",
        .details = "Mistakes are printed as FILE:LINE:COLUMN: KEY: what is wrong; allowed: what is. Trials that "
                   "mean\nthe same "
                   "are counted apart; 'ftdn plan' counts them once.",
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &options, err);
}
