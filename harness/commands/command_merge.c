#include "harness/terminal/command.h"

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/merge.h"

#define MOST_INPUTS 10000

static ftdn_status merge(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                         ftdn_error *err)
{
    const bool *wants_json = user;
    const char *out = arguments->argument[0];
    ftdn_merge_summary summary;
    FTDN_TRY(ftdn_store_merge(out, arguments->argument + 1, arguments->n_arguments - 1, arena, &summary, err));
    if (*wants_json) {
        ftdn_text_append(text, "{");
        ftdn_append_json_member(text, "out", out);
        ftdn_text_append(text, ",\"trials\":%d,\"repeated\":%d}\n", summary.n_trials, summary.n_repeated);
    } else {
        ftdn_append_shown(text, out);
        ftdn_text_append(text, ": %d trials; %d results came more than once, and were equal\n", summary.n_trials,
                         summary.n_repeated);
    }
    return FTDN_OK;
}

ftdn_status ftdn_command_merge(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    bool wants_json = false;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &wants_json, "print the counts as one JSON object"),
    };
    const ftdn_command command = {
        .name = "ftdn merge",
        .arguments = "OUT.db IN.db...",
        .summary = "Unite results files, such as the shards of a campaign.",
        .example = "ftdn merge results/fig6a.db shard_1.db shard_2.db shard_3.db",
        .details = "Every input is verified first. Two results of one trial that differ are an error that shows where\n"
                   "both come from. OUT appears whole or not at all; where it exists, it is the first input.",
        .min_arguments = 2,
        .max_arguments = MOST_INPUTS,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, merge, &wants_json, err);
}
