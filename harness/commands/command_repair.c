#include "harness/terminal/command.h"

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/repair.h"

static void write_text(const char *const *path, const ftdn_repair_summary *summary, ftdn_text *text)
{
    ftdn_append_shown(text, path[1]);
    ftdn_text_append(text, ": %d sound trials saved", summary->n_saved);
    if (summary->n_without_provenance)
        ftdn_text_append(text, " (of %d the result alone: their provenance is damaged)", summary->n_without_provenance);
    if (summary->n_left_out)
        ftdn_text_append(text, "; %d damaged rows or tables of other kinds are left out", summary->n_left_out);
    ftdn_text_append(text, "\n%d trials have to be done again%s\n", summary->n_lost, summary->n_lost ? ":\n" : "");
    for (int i = 0; i < ftdn_n_listed(summary->n_lost); i++) {
        ftdn_text_append(text, "  %s  ", summary->lost[i].id);
        ftdn_append_shown(text, summary->lost[i].what);
        ftdn_text_append(text, "\n");
    }
    ftdn_append_unlisted(text, summary->n_lost);
    if (summary->n_lost == 0) return;
    ftdn_text_append(text, "\nrun their manifest with --db ");
    ftdn_append_shown(text, path[1]);
    ftdn_text_append(text, ": it does what is missing\n");
}

static void write_json(const char *const *path, const ftdn_repair_summary *summary, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "store", path[0]);
    ftdn_append_json_member(text, "out", path[1]);
    ftdn_text_append(text, ",\"saved\":%d,\"without_provenance\":%d,\"left_out\":%d,\"redo\":[", summary->n_saved,
                     summary->n_without_provenance, summary->n_left_out);
    for (int i = 0; i < summary->n_lost; i++) {
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "id", summary->lost[i].id);
        ftdn_append_json_member(text, "what", summary->lost[i].what);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}\n");
}

static ftdn_status repair(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    const bool *wants_json = user;
    ftdn_repair_summary summary;
    FTDN_TRY(ftdn_store_repair(arguments->argument[0], arguments->argument[1], arena, &summary, err));
    if (*wants_json) write_json(arguments->argument, &summary, text);
    else write_text(arguments->argument, &summary, text);
    return FTDN_OK;
}

ftdn_status ftdn_command_repair(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    bool wants_json = false;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &wants_json, "print what was saved and lost as one JSON object"),
    };
    const ftdn_command command = {
        .name = "ftdn repair",
        .arguments = "DB OUT.db",
        .summary = "Save the sound trials of a damaged results file into a new one, and list those to do again.",
        .example = "ftdn repair results/smoke.db results/saved.db",
        .details = "DB is not touched. OUT must not exist, and appears whole or not at all.",
        .min_arguments = 2,
        .max_arguments = 2,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, repair, &wants_json, err);
}
