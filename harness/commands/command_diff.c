#include "harness/terminal/command.h"

#include <string.h>

#include "harness/record.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/diff.h"

typedef struct diff_options {
    bool wants_json;
    ftdn_exit_code *exit_code;
} diff_options;

/* Two stores that are open, and what they differ in. */
typedef struct comparison {
    const char *const *path; /* [2] */
    ftdn_store *store[2];
    ftdn_store_diff diff;
} comparison;

/* "ssd_mobilenet_v1, zero, weight_rate 0.01, feature_map_rate 0, none, seed 1" */
static ftdn_status write_words(ftdn_store *store, const char *id, ftdn_text *words, ftdn_error *err)
{
    ftdn_trial_record record;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_store_read_record(store, id, &arena, &record, err);
    if (status == FTDN_OK) ftdn_record_write_words(&record.params, words);
    if (status == FTDN_OK) status = ftdn_text_check(words, err);
    ftdn_arena_done(&arena);
    return status;
}

/* "  1a2b3c4d5e6f  ssd_mobilenet_v1, ..." */
static ftdn_status write_trial(ftdn_store *store, const char *id, ftdn_text *text, ftdn_error *err)
{
    ftdn_text words;
    ftdn_text_init(&words);
    ftdn_status status = write_words(store, id, &words, err);
    ftdn_text_append(text, "  %.12s  ", id);
    if (words.chars) ftdn_append_shown(text, words.chars);
    ftdn_text_append(text, "\n");
    ftdn_text_done(&words);
    return status;
}

static ftdn_status write_only(const comparison *c, int side, const ftdn_held_trial *trial, int n, ftdn_text *text,
                              ftdn_error *err)
{
    ftdn_text_append(text, "%d trials only in ", n);
    ftdn_append_shown(text, c->path[side]);
    ftdn_text_append(text, "\n");
    for (int i = 0; i < ftdn_n_listed(n); i++) FTDN_TRY(write_trial(c->store[side], trial[i].id, text, err));
    ftdn_append_unlisted(text, n);
    return FTDN_OK;
}

/* Each trial once, above what differs in it. */
static ftdn_status write_differences(const comparison *c, ftdn_text *text, ftdn_error *err)
{
    const ftdn_difference *d = c->diff.difference;
    for (int i = 0; i < ftdn_n_listed(c->diff.n_differences); i++) {
        if (i == 0 || strcmp(d[i].id, d[i - 1].id) != 0) FTDN_TRY(write_trial(c->store[0], d[i].id, text, err));
        ftdn_text_append(text, "    %s: ", d[i].where);
        ftdn_append_shown(text, d[i].a);
        ftdn_text_append(text, " | ");
        ftdn_append_shown(text, d[i].b);
        ftdn_text_append(text, "\n");
    }
    ftdn_append_unlisted(text, c->diff.n_differences);
    return FTDN_OK;
}

static ftdn_status write_text(const comparison *c, ftdn_text *text, ftdn_error *err)
{
    const ftdn_store_diff *diff = &c->diff;
    FTDN_TRY(write_only(c, 0, diff->only_a, diff->n_only_a, text, err));
    FTDN_TRY(write_only(c, 1, diff->only_b, diff->n_only_b, text, err));
    ftdn_text_append(text, "%d trials in both with equal results (%d of them by other code versions)\n", diff->n_equal,
                     diff->n_other_code);
    ftdn_text_append(text, "%d trials in both with different results%s\n", diff->n_different,
                     diff->n_different ? ", which should never be" : "");
    return write_differences(c, text, err);
}

/* {"id":"...","trial":"ssd_mobilenet_v1, ..." and the object is still open. */
static ftdn_status begin_json_trial(ftdn_store *store, const char *id, bool is_first, ftdn_text *text, ftdn_error *err)
{
    ftdn_text words;
    ftdn_text_init(&words);
    ftdn_status status = write_words(store, id, &words, err);
    ftdn_text_append(text, "%s\n{", is_first ? "" : ",");
    ftdn_append_json_member(text, "id", id);
    ftdn_append_json_member(text, "trial", words.chars);
    ftdn_text_done(&words);
    return status;
}

static ftdn_status write_json_only(ftdn_store *store, const char *key, const ftdn_held_trial *trial, int n,
                                   ftdn_text *text, ftdn_error *err)
{
    ftdn_text_append(text, ",\n\"%s\":[", key);
    for (int i = 0; i < n; i++) {
        FTDN_TRY(begin_json_trial(store, trial[i].id, i == 0, text, err));
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]");
    return FTDN_OK;
}

static ftdn_status write_json(const comparison *c, ftdn_text *text, ftdn_error *err)
{
    const ftdn_store_diff *diff = &c->diff;
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "a", c->path[0]);
    ftdn_append_json_member(text, "b", c->path[1]);
    ftdn_text_append(text, ",\"equal\":%d,\"equal_by_other_code\":%d,\"different\":%d", diff->n_equal,
                     diff->n_other_code, diff->n_different);
    FTDN_TRY(write_json_only(c->store[0], "only_a", diff->only_a, diff->n_only_a, text, err));
    FTDN_TRY(write_json_only(c->store[1], "only_b", diff->only_b, diff->n_only_b, text, err));
    ftdn_text_append(text, ",\n\"differences\":[");
    for (int i = 0; i < diff->n_differences; i++) {
        const ftdn_difference *d = &diff->difference[i];
        FTDN_TRY(begin_json_trial(c->store[0], d->id, i == 0, text, err));
        ftdn_append_json_member(text, "where", d->where);
        ftdn_append_json_member(text, "a", d->a);
        ftdn_append_json_member(text, "b", d->b);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}\n");
    return FTDN_OK;
}

static ftdn_status diff(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                        ftdn_error *err)
{
    const diff_options *options = user;
    comparison c = {.path = arguments->argument};
    FTDN_TRY(ftdn_store_open(c.path[0], FTDN_STORE_READ, &c.store[0], err));
    ftdn_status status = ftdn_store_open(c.path[1], FTDN_STORE_READ, &c.store[1], err);
    if (status == FTDN_OK) status = ftdn_store_compare(c.store[0], c.store[1], arena, &c.diff, err);
    if (status == FTDN_OK) status = (options->wants_json ? write_json : write_text)(&c, text, err);
    ftdn_store_close(c.store[1]);
    ftdn_store_close(c.store[0]);
    if (c.diff.n_different > 0) *options->exit_code = FTDN_EXIT_FAILED_TRIALS;
    return status;
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
