#include <limits.h>
#include <stdio.h>

#include "harness/campaign/campaign_conduct.h"
#include "harness/campaign/campaign_files.h"
#include "harness/dump.h"
#include "harness/plan/find_named.h"
#include "harness/terminal/command.h"
#include "harness/terminal/duration.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct run_options {
    const char *db, *trial, *dump, *image, *budget, *shard;
    long long n_workers, n_threads, batch, canary_every, most_trials;
    double deadline_s;
    bool fail_fast, quiet;
} run_options;

static void print_summary(const ftdn_campaign_files *files, const ftdn_campaign_summary *summary)
{
    char duration[32];
    printf("%s: %d of %d trials run in %s", files->manifest.name, summary->n_run, ftdn_campaign_count_wanted(summary),
           ftdn_duration_text(summary->seconds, duration));
    if (summary->n_workers > 1) printf(" by %d workers", summary->n_workers);
    if (summary->n_held) printf(", %d were in the store already", summary->n_held);
    printf("\n");
    if (summary->n_withdrawn)
        printf("%d results were taken back and run again: a golden canary differed\n", summary->n_withdrawn);
    if (summary->n_causes && !summary->n_failed) {
        printf("attempts that failed, all of them made good:\n");
        ftdn_campaign_print_causes(summary, stdout);
    }
    if (summary->memory_bytes) printf("memory of the largest set-up: %.1f MB\n", (double)summary->memory_bytes / 1e6);
    printf("results: %s  (see them: ftdn show %s)\n", files->db_path, files->db_path);
}

/* The command that goes on with what is left; the last line. */
static ftdn_status print_continuation(const ftdn_campaign_files *files, const run_options *options,
                                      const ftdn_campaign_summary *summary, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    if (summary->end == FTDN_END_OUT_OF_TIME) ftdn_text_append(&text, "the time is over: ");
    if (summary->end == FTDN_END_LIMIT) ftdn_text_append(&text, "the limit is reached: ");
    ftdn_text_append(&text, "%d of %d trials are in the store; go on with: ftdn run ", summary->n_held + summary->n_run,
                     ftdn_campaign_count_wanted(summary));
    ftdn_text_append_shell_word(&text, files->manifest.path);
    ftdn_text_append(&text, " --db ");
    ftdn_text_append_shell_word(&text, files->db_path);
    if (options->shard) ftdn_text_append(&text, " --shard %s", options->shard);
    if (options->trial) ftdn_text_append(&text, " --trial %s", options->trial);
    ftdn_text_append(&text, "\n");
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status conclude(const ftdn_campaign_files *files, const run_options *options,
                            const ftdn_campaign_summary *summary, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    bool is_unfinished =
        summary->end == FTDN_END_INTERRUPTED || summary->end == FTDN_END_OUT_OF_TIME || summary->end == FTDN_END_LIMIT;
    if (!options->quiet && !is_unfinished) print_summary(files, summary);
    /* Errors are said without --quiet and with it. */
    if (summary->n_failed) {
        ftdn_campaign_print_failures(files, summary);
        *ret_exit = FTDN_EXIT_FAILED_TRIALS;
    }
    if (!is_unfinished) return FTDN_OK;
    *ret_exit = summary->end == FTDN_END_INTERRUPTED ? FTDN_EXIT_INTERRUPTED : FTDN_EXIT_TRIALS_LEFT;
    return print_continuation(files, options, summary, err);
}

static ftdn_status run_campaign(ftdn_campaign_files *files, const run_options *options, ftdn_exit_code *ret_exit,
                                ftdn_error *err)
{
    ftdn_campaign_options campaign = {
        .n_cores = ftdn_default_threads(),
        .n_workers = (int)options->n_workers,
        .n_threads = (int)options->n_threads,
        .batch = (int)options->batch,
        .canary_every = (int)options->canary_every,
        .deadline_s = options->deadline_s,
        .most_trials = (int)options->most_trials,
        .fail_fast = options->fail_fast,
        .shard = options->shard,
        .progress = options->quiet ? NULL : stderr,
    };
    if (options->budget) {
        ftdn_status status = ftdn_duration_parse(options->budget, &campaign.budget_s, err);
        if (status != FTDN_OK) ftdn_error_context(err, "--for");
        FTDN_TRY(status);
    }
    ftdn_campaign_summary summary;
    FTDN_TRY(ftdn_campaign_conduct(files, &campaign, !options->quiet, &summary, err));
    return conclude(files, options, &summary, ret_exit, err);
}

/* Nothing of it goes into the store but channel scores, where there is one. */
static ftdn_status dump_image(const ftdn_campaign_files *files, const run_options *options,
                              const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_error *err)
{
    int image = 0;
    ftdn_store *store;
    ftdn_dump_summary summary;
    if (options->image) FTDN_TRY(ftdn_find_image(trial->dataset, options->image, &image, err));
    FTDN_TRY(ftdn_campaign_files_open_scores(files, trial, &store, err));
    const ftdn_score_source scores = {.store = store, .n_threads = ftdn_default_threads()};
    ftdn_status status = ftdn_dump(trial, &scores, image, options->dump, arena, &summary, err);
    ftdn_store_close(store);
    FTDN_TRY(status);
    if (!options->quiet) printf("%d tensors and index.json in %s\n", summary.n_files, summary.folder);
    return FTDN_OK;
}

static ftdn_status check_options(const run_options *options, ftdn_error *err)
{
    if (options->dump && !options->trial)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--dump needs --trial ID: 'ftdn plan MANIFEST' lists the ids");
    if (options->image && !options->dump) return FTDN_FAIL(err, FTDN_ERR_ARG, "--image needs --dump DIR");
    if (options->shard && options->trial) return FTDN_FAIL(err, FTDN_ERR_ARG, "--shard and --trial exclude each other");
    return FTDN_OK;
}

static ftdn_status run_manifest(const char *path, const run_options *options, ftdn_campaign_files *files,
                                ftdn_exit_code *ret_exit, ftdn_error *err)
{
    const ftdn_planned_trial *trial;
    FTDN_TRY(check_options(options, err));
    FTDN_TRY(ftdn_campaign_files_open_shard(files, path, options->db, options->shard, err));
    if (options->trial) {
        FTDN_TRY(ftdn_find_trial(&files->plan, options->trial, &trial, err));
        if (options->dump) return dump_image(files, options, trial, &files->arena, err);
        ftdn_plan_keep_trial(&files->plan, (int)(trial - files->plan.trial));
    }
    return run_campaign(files, options, ret_exit, err);
}

ftdn_status ftdn_command_run(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    run_options options = {.batch = FTDN_DEFAULT_BATCH, .canary_every = FTDN_DEFAULT_CANARY_EVERY};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("db", 0, "FILE", &options.db, "the store; created if absent (default: results/NAME.db)"),
        FTDN_INTEGER_OPTION("workers", 'w', "N", &options.n_workers, 1, 1024,
                            "worker processes (default: one per core, no more than there are trials)"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024,
                            "threads of each worker (default: the cores shared among the workers)"),
        FTDN_INTEGER_OPTION("batch", 'b', "N", &options.batch, 1, 65536,
                            "images that a thread takes at a time (default: 8); results do not depend on it"),
        FTDN_TEXT_OPTION("for", 0, "TIME", &options.budget,
                         "begin no trial that is not expected to end within this time: 45m, 8h, 1h30m"),
        FTDN_INTEGER_OPTION("limit", 0, "N", &options.most_trials, 1, INT_MAX,
                            "run the first N of the missing trials only: a first look at a large campaign"),
        FTDN_FLAG_OPTION("fail-fast", 0, &options.fail_fast, "stop at the first trial that fails for good"),
        FTDN_NUMBER_OPTION(
            "deadline", 0, "SECONDS", &options.deadline_s, 0.1, 1e6,
            "a trial that takes longer is hung (default: ten times what earlier ones took, 30 at least)"),
        FTDN_INTEGER_OPTION("canary", 0, "N", &options.canary_every, 1, 1000000,
                            "trials of a worker between two evaluations of the clean network (default: 50)"),
        FTDN_TEXT_OPTION("shard", 0, "I/N", &options.shard,
                         "only part I of N, to be united by 'ftdn merge' (default store: results/NAME.I-of-N.db)"),
        FTDN_TEXT_OPTION("trial", 0, "ID", &options.trial,
                         "only this trial: the beginning of its id ('ftdn plan MANIFEST' lists them)"),
        FTDN_TEXT_OPTION("dump", 0, "DIR", &options.dump,
                         "run one image of the trial, and write what the network makes of it to DIR/IMAGE"),
        FTDN_TEXT_OPTION("image", 0, "NAME", &options.image, "which image (default: the first)"),
        FTDN_FLAG_OPTION("quiet", 'q', &options.quiet, "print nothing but errors"),
    };
    const ftdn_command command = {
        .name = "ftdn run",
        .arguments = "MANIFEST",
        .summary = "Run the trials of a manifest that the store does not hold yet.",
        .example = "ftdn run experiments/smoke.json --db results/smoke.db",
        .details = "A run that was interrupted, or killed, is continued by the same command: finished trials are\n"
                   "never run again, and no result depends on workers, threads, batch or interruptions.\n"
                   "A worker that crashes or hangs is replaced and its trial tried again, three times in all.\n"
                   "'ftdn status DB' tells from another shell how far it is.\n\n"
                   "Exit codes: 0 all trials are in the store; 10 some failed; 11 the time of --for is over, or the\n"
                   "trials of --limit are run; 130 interrupted.\n\n"
                   "--dump writes .npy files, which NumPy loads: each layer's map [H,W,C] as it is handed on, faults\n"
                   "and all, merged maps, faulty weights and their copies, logits and locations; index.json lists\n"
                   "them with shape and range. The bits are those of the trial. No trial is run, none is stored.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_arguments arguments;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &files.arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help)
        status = run_manifest(arguments.argument[0], &options, &files, ret_exit, err);
    ftdn_campaign_files_done(&files);
    return status;
}
