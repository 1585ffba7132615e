#include <string.h>

#include "base/json_members.h"
#include "harness/campaign/replay.h"
#include "harness/figures/bootstrap_report.h"
#include "harness/figures/image_bootstrap.h"
#include "harness/terminal/command.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "results/record_difference.h"

typedef struct replay_options {
    const char *manifest, *against;
    long long n_threads, n_resamples, bootstrap_seed; /* n_resamples 0: no bootstrap */
    bool verify, wants_json;
} replay_options;

/* What is told of one trial: the mAP of both, and every value that differs. */
static void append_text(const ftdn_replay *replay, const ftdn_record_comparison *compared, const char *differences,
                        ftdn_text *text)
{
    ftdn_text_append(text, "trial %.12s: mAP %.6f in %.1f s; in the store %.6f\n", replay->now.id,
                     replay->now.map_voc07, replay->now.seconds, replay->stored.map_voc07);
    if (compared->n_different == 0)
        ftdn_text_append(text, "all %d values are equal, bit for bit\n", compared->n_compared);
    else
        ftdn_text_append(text, "%d of %d values differ (in the store, and now):\n%s", compared->n_different,
                         compared->n_compared, differences);
}

/* The members of an object, without its braces. */
static void append_members(const ftdn_replay *replay, const ftdn_record_comparison *compared, const char *differences,
                           ftdn_text *text)
{
    ftdn_append_json_member(text, "id", replay->now.id);
    ftdn_json_put_number(text, "map_voc07", replay->now.map_voc07);
    ftdn_json_put_number(text, "stored_map_voc07", replay->stored.map_voc07);
    ftdn_json_put_integer(text, "compared", (uint64_t)compared->n_compared);
    ftdn_json_put_integer(text, "different", (uint64_t)compared->n_different);
    ftdn_append_json_member(text, "differences", differences);
    ftdn_json_put_number(text, "seconds", replay->now.seconds);
}

/* Append what is told of a trial; how many values differ. */
static int append_replay(const ftdn_replay *replay, bool wants_json, ftdn_text *text)
{
    ftdn_text differences;
    ftdn_text_init(&differences);
    ftdn_text_append_bytes(&differences, "", 0);
    const ftdn_record_comparison compared = ftdn_record_compare(&replay->stored, &replay->now, &differences);
    const char *listed = differences.failed ? "" : differences.chars;
    if (wants_json) append_members(replay, &compared, listed, text);
    else append_text(replay, &compared, listed, text);
    if (differences.failed) text->failed = true;
    ftdn_text_done(&differences);
    return compared.n_different;
}

/* The same images in the same order? */
static ftdn_status check_pair(const ftdn_replay *own, const ftdn_replay *other, ftdn_error *err)
{
    if (!strcmp(own->stored.params.dataset_digest, other->stored.params.dataset_digest)) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG,
                     "trials %.12s and %.12s cannot be paired: their images are not the same (%s; %s)", own->now.id,
                     other->now.id, own->stored.params.dataset, other->stored.params.dataset);
}

static ftdn_status append_bootstrap(const replay_options *options, const ftdn_replay *own, const ftdn_replay *other,
                                    ftdn_text *text, ftdn_error *err)
{
    const ftdn_image_bootstrap_desc desc = {
        .n_resamples = (int)options->n_resamples,
        .seed = (uint64_t)options->bootstrap_seed,
        .n_threads = (int)options->n_threads,
    };
    ftdn_arena arena;
    const ftdn_bootstrap_row *row;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_image_bootstrap(&desc, &own->judged, other ? &other->judged : NULL, &arena, &row, err);
    const ftdn_bootstrap_report shown = {&desc, own->judged.n_images, own->judged.n_classes + 1, row, other != NULL};
    if (status == FTDN_OK && options->wants_json) ftdn_bootstrap_append_json(&shown, text);
    else if (status == FTDN_OK) ftdn_bootstrap_append(&shown, text);
    ftdn_arena_done(&arena);
    return status;
}

/* other: NULL: none. */
static ftdn_status report(const replay_options *options, const ftdn_replay *own, const ftdn_replay *other,
                          ftdn_exit_code *ret_exit, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    if (options->wants_json) ftdn_text_append(&text, "{");
    int n_different = append_replay(own, options->wants_json, &text);
    if (other) {
        if (options->wants_json) ftdn_text_append(&text, ",\"against\":{");
        n_different += append_replay(other, options->wants_json, &text);
        if (options->wants_json) ftdn_text_append(&text, "}");
    }
    ftdn_status status = FTDN_OK;
    if (options->n_resamples > 0) status = append_bootstrap(options, own, other, &text, err);
    if (options->wants_json) ftdn_text_append(&text, "}\n");
    if (status == FTDN_OK) status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    if (options->verify && n_different > 0) *ret_exit = FTDN_EXIT_FAILED_TRIALS;
    return status;
}

static ftdn_status replay_all(const replay_options *options, const char *db, const char *prefix, ftdn_replay *own,
                              ftdn_replay *other, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    ftdn_replay_desc desc = {
        .db = db,
        .prefix = prefix,
        .manifest = options->manifest,
        .n_threads = (int)options->n_threads,
        .wants_judged = options->n_resamples > 0,
    };
    if (options->against && options->n_resamples == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "--against needs --bootstrap N: it compares two trials on resampled images");
    FTDN_TRY(ftdn_replay_run(own, &desc, err));
    if (!options->against) return report(options, own, NULL, ret_exit, err);
    desc.prefix = options->against;
    FTDN_TRY(ftdn_replay_run(other, &desc, err));
    FTDN_TRY(check_pair(own, other, err));
    return report(options, own, other, ret_exit, err);
}

static ftdn_status replay(const replay_options *options, const ftdn_arguments *arguments, ftdn_exit_code *ret_exit,
                          ftdn_error *err)
{
    ftdn_replay own, other;
    ftdn_replay_init(&own);
    ftdn_replay_init(&other);
    ftdn_status status =
        replay_all(options, arguments->argument[0], arguments->argument[1], &own, &other, ret_exit, err);
    ftdn_replay_done(&other);
    ftdn_replay_done(&own);
    return status;
}

ftdn_status ftdn_command_replay(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    replay_options options = {.n_threads = ftdn_default_threads()};
    const ftdn_option option[] = {
        FTDN_FLAG_OPTION("verify", 0, &options.verify, "exit with 10 where any value differs from the store's"),
        FTDN_TEXT_OPTION("manifest", 0, "FILE", &options.manifest,
                         "the manifest to take the trial from (default: the one that the store keeps)"),
        FTDN_INTEGER_OPTION("bootstrap", 0, "N", &options.n_resamples, 100, 1000000,
                            "95 % intervals of mAP and of each class, by N resamples of the images"),
        FTDN_TEXT_OPTION("against", 0, "ID", &options.against,
                         "replay this trial too, and compare both on the same resamples"),
        FTDN_INTEGER_OPTION("bootstrap-seed", 0, "N", &options.bootstrap_seed, 0, 0x1p53 - 1,
                            "of the resamples (default: 0)"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024,
                            "threads (default: the processor's cores); results do not depend on them"),
        FTDN_FLAG_OPTION("json", 0, &options.wants_json, "an object instead of text"),
    };
    const ftdn_command command = {
        .name = "ftdn replay",
        .arguments = "DB ID",
        .summary = "Run a trial of a store again, and compare every value of its result with the store's, bit for bit.",
        .example = "ftdn replay results/smoke.db 1a2b --verify",
        .details =
            "ID is the beginning of a trial's id, at least 4 digits. Channel scores are computed anew, not read from "
            "the\n"
            "store. Nothing is written. A trial can be replayed where processor (its vector instructions), weights "
            "and\n"
            "images are those it was made with; where files have moved, --manifest names a manifest that finds "
            "them.\n\n"
            "How much would mAP vary with other images? --bootstrap says it; whether one trial is better than "
            "another\n"
            "one on images of this kind, --against:\n\n"
            "  ftdn replay results/smoke.db 1a2b --bootstrap 1000 --against 3c4d",
        .min_arguments = 2,
        .max_arguments = 2,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_arguments arguments;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help) status = replay(&options, &arguments, ret_exit, err);
    ftdn_arena_done(&arena);
    return status;
}
