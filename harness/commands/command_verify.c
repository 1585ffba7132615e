#include "harness/terminal/command.h"

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/verify.h"

typedef struct verify_options {
    bool wants_json;
    ftdn_exit_code *exit_code;
} verify_options;

static void write_text(const char *path, const ftdn_verification *answer, ftdn_text *text)
{
    ftdn_append_shown(text, path);
    ftdn_text_append(text, ": %d trials and the channel scores of %d layers are looked at: ", answer->n_trials,
                     answer->n_layers);
    if (answer->n_damages == 0) {
        ftdn_text_append(text, "all is as it was written\n");
        return;
    }
    ftdn_text_append(text, "%d trials are damaged, %d damages in all\n\n", answer->n_damaged_trials, answer->n_damages);
    for (int i = 0; i < ftdn_n_listed(answer->n_damages); i++) {
        const ftdn_damage *damage = &answer->damage[i];
        ftdn_text_append(text, "  %s%s", damage->id, *damage->id ? "  " : "");
        ftdn_append_shown(text, damage->what);
        ftdn_text_append(text, "\n");
    }
    ftdn_append_unlisted(text, answer->n_damages);
    ftdn_text_append(text, "\nsave what is sound into a new store: ftdn repair ");
    ftdn_append_shown(text, path);
    ftdn_text_append(text, " OUT\n");
}

static void write_json(const char *path, const ftdn_verification *answer, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "store", path);
    ftdn_text_append(text, ",\"trials\":%d,\"damaged_trials\":%d,\"layers\":%d,\"damages\":[", answer->n_trials,
                     answer->n_damaged_trials, answer->n_layers);
    for (int i = 0; i < answer->n_damages; i++) {
        const ftdn_damage *damage = &answer->damage[i];
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "id", *damage->id ? damage->id : NULL);
        ftdn_append_json_member(text, "what", damage->what);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}\n");
}

static ftdn_status verify(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    const verify_options *options = user;
    const char *path = arguments->argument[0];
    ftdn_verification answer;
    FTDN_TRY(ftdn_store_verify(path, arena, &answer, err));
    if (options->wants_json) write_json(path, &answer, text);
    else write_text(path, &answer, text);
    if (answer.n_damages > 0) *options->exit_code = FTDN_EXIT_STORE;
    return FTDN_OK;
}

ftdn_status ftdn_command_verify(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    verify_options values = {.exit_code = ret_exit};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "print the findings as one JSON object"),
    };
    const ftdn_command command = {
        .name = "ftdn verify",
        .arguments = "DB",
        .summary = "Check that a results file holds what was written into it, to the last bit.",
        .example = "ftdn verify results/smoke.db",
        .details = "Looks at the file's structure, its references, and the digests of all trials, channel scores and\n"
                   "golden canaries. Exit code 5, and a list, where anything is damaged.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, verify, &values, err);
}
