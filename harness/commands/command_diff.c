#include "harness/terminal/command.h"

#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/diff.h"

typedef struct diff_options {
    bool wants_json;
    ftdn_exit_code *exit_code;
} diff_options;

static void write_only(const char *path, const ftdn_held_trial *trial, int n, ftdn_text *text)
{
    ftdn_text_append(text, "%d trials only in ", n);
    ftdn_append_shown(text, path);
    ftdn_text_append(text, "\n");
    for (int i = 0; i < ftdn_n_listed(n); i++) ftdn_text_append(text, "  %s\n", trial[i].id);
    ftdn_append_unlisted(text, n);
}

static void write_text(const char *const *path, const ftdn_store_diff *diff, ftdn_text *text)
{
    write_only(path[0], diff->only_a, diff->n_only_a, text);
    write_only(path[1], diff->only_b, diff->n_only_b, text);
    ftdn_text_append(text, "%d trials in both with equal results (%d of them by other code versions)\n", diff->n_equal,
                     diff->n_other_code);
    ftdn_text_append(text, "%d trials in both with different results%s\n", diff->n_different,
                     diff->n_different ? ", which should never be" : "");
    for (int i = 0; i < ftdn_n_listed(diff->n_differences); i++) {
        const ftdn_difference *d = &diff->difference[i];
        ftdn_text_append(text, "  %.12s  %s: ", d->id, d->where);
        ftdn_append_shown(text, d->a);
        ftdn_text_append(text, " | ");
        ftdn_append_shown(text, d->b);
        ftdn_text_append(text, "\n");
    }
    ftdn_append_unlisted(text, diff->n_differences);
}

static void write_ids(const char *key, const ftdn_held_trial *trial, int n, ftdn_text *text)
{
    ftdn_text_append(text, ",\n\"%s\":[", key);
    for (int i = 0; i < n; i++) {
        ftdn_text_append(text, "%s", i ? "," : "");
        ftdn_append_json(text, trial[i].id);
    }
    ftdn_text_append(text, "]");
}

static void write_json(const char *const *path, const ftdn_store_diff *diff, ftdn_text *text)
{
    ftdn_text_append(text, "{\"a\":");
    ftdn_append_json(text, path[0]);
    ftdn_text_append(text, ",\"b\":");
    ftdn_append_json(text, path[1]);
    ftdn_text_append(text, ",\"equal\":%d,\"equal_by_other_code\":%d,\"different\":%d", diff->n_equal,
                     diff->n_other_code, diff->n_different);
    write_ids("only_a", diff->only_a, diff->n_only_a, text);
    write_ids("only_b", diff->only_b, diff->n_only_b, text);
    ftdn_text_append(text, ",\n\"differences\":[");
    for (int i = 0; i < diff->n_differences; i++) {
        const ftdn_difference *d = &diff->difference[i];
        ftdn_text_append(text, "%s\n{\"id\":", i ? "," : "");
        ftdn_append_json(text, d->id);
        ftdn_text_append(text, ",\"where\":");
        ftdn_append_json(text, d->where);
        ftdn_text_append(text, ",\"a\":");
        ftdn_append_json(text, d->a);
        ftdn_text_append(text, ",\"b\":");
        ftdn_append_json(text, d->b);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}\n");
}

static ftdn_status diff(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                        ftdn_error *err)
{
    const diff_options *options = user;
    ftdn_store *a = NULL, *b = NULL;
    ftdn_store_diff answer;
    FTDN_TRY(ftdn_store_open(arguments->argument[0], FTDN_STORE_READ, &a, err));
    ftdn_status status = ftdn_store_open(arguments->argument[1], FTDN_STORE_READ, &b, err);
    if (status == FTDN_OK) status = ftdn_store_compare(a, b, arena, &answer, err);
    ftdn_store_close(b);
    ftdn_store_close(a);
    FTDN_TRY(status);
    if (options->wants_json) write_json(arguments->argument, &answer, text);
    else write_text(arguments->argument, &answer, text);
    if (answer.n_different > 0) *options->exit_code = FTDN_EXIT_FAILED_TRIALS;
    return FTDN_OK;
}

ftdn_status ftdn_command_diff(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    diff_options values = {.exit_code = ret_exit};
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "print the comparison as one JSON object"),
    };
    const ftdn_command command = {
        .name = "ftdn diff",
        .arguments = "A.db B.db",
        .summary = "Compare two results files trial by trial, to the last bit.",
        .example = "ftdn diff results/monday.db results/tuesday.db",
        .details = "Exit code 10 where a trial has different results in A and B, which should never be: a result is a\n"
                   "function of its trial's spec alone.",
        .min_arguments = 2,
        .max_arguments = 2,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, diff, &values, err);
}
