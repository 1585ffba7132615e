#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/campaign.h"
#include "harness/campaign_files.h"
#include "harness/command.h"
#include "harness/estimate.h"
#include "harness/options.h"
#include "harness/plan_report.h"
#include "harness/print.h"
#include "harness/shard.h"
#include "results/store.h"

#define MOST_LISTED 40 /* trials that are listed without being asked for */

typedef struct plan_options {
    const char *db, *shard;
    long long n_workers, n_threads;
    bool json, list, resolved, no_estimate;
} plan_options;

/* A plan and what the store has of it. */
typedef struct compared_plan {
    ftdn_campaign_files *files;
    ftdn_store *store; /* NULL: there is none yet */
    ftdn_held_trial *held;
    int n_held;
    double start_s; /* that it took to plan */
    ftdn_trial_queue queue;
    ftdn_plan_report report;
} compared_plan;

static ftdn_status print_resolved(const ftdn_campaign_files *files, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_manifest_write_resolved(&files->manifest, &text);
    ftdn_text_append(&text, "\n");
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status compare(compared_plan *p, const char *shard, ftdn_error *err)
{
    ftdn_arena *arena = &p->files->arena;
    if (p->store) FTDN_TRY(ftdn_store_list_trials(p->store, arena, &p->held, &p->n_held, err));
    FTDN_TRY(ftdn_trial_queue_init(&p->queue, &p->files->plan, p->held, p->n_held, arena, err));
    return ftdn_plan_report_make(p->files, shard, &p->queue, arena, &p->report, err);
}

static ftdn_status make_estimate(const compared_plan *p, const plan_options *options, ftdn_estimate *ret_estimate,
                                 ftdn_error *err)
{
    const ftdn_campaign_options run = {
        .n_cores = ftdn_default_threads(),
        .n_workers = (int)options->n_workers,
        .n_threads = (int)options->n_threads,
    };
    int n_workers = ftdn_campaign_n_workers(&run, ftdn_trial_queue_wanted(&p->queue));
    const ftdn_estimate_desc desc = {
        .plan = &p->files->plan,
        .held = p->held,
        .n_held = p->n_held,
        .store = p->store,
        .inputs = &p->files->inputs,
        .n_cores = run.n_cores,
        .n_workers = n_workers,
        .n_threads = ftdn_campaign_n_threads(&run, n_workers),
        .start_s = p->start_s,
    };
    bool is_terminal = isatty(STDERR_FILENO);
    fprintf(stderr, is_terminal ? "measuring a few images ..." : "measuring a few images\n");
    fflush(stderr);
    ftdn_status status = ftdn_estimate_make(&desc, &p->files->arena, ret_estimate, err);
    if (is_terminal) fprintf(stderr, "\r\033[K");
    return status;
}

static ftdn_status print_text(const compared_plan *p, const plan_options *options, ftdn_text *text, ftdn_error *err)
{
    ftdn_plan_report_write(&p->report, text);
    FTDN_TRY(ftdn_print(text, err));
    text->n_chars = 0;
    bool has_work = p->report.all.n_done < p->report.all.n_trials;
    if (!has_work) ftdn_text_append(text, "\nnothing is left to run\n");
    if (has_work && !options->no_estimate) {
        ftdn_estimate estimate;
        FTDN_TRY(make_estimate(p, options, &estimate, err));
        ftdn_plan_report_write_estimate(&p->report, &estimate, text);
    }
    if (options->list || p->files->plan.n_trials <= MOST_LISTED)
        FTDN_TRY(ftdn_plan_report_write_trials(&p->report, &p->files->arena, text, err));
    else ftdn_text_append(text, "\n--list lists the trials\n");
    return ftdn_print(text, err);
}

static ftdn_status print_json(const compared_plan *p, const plan_options *options, ftdn_text *text, ftdn_error *err)
{
    ftdn_estimate estimate;
    bool has_estimate = !options->no_estimate && p->report.all.n_done < p->report.all.n_trials;
    if (has_estimate) FTDN_TRY(make_estimate(p, options, &estimate, err));
    ftdn_plan_report_write_json(&p->report, has_estimate ? &estimate : NULL, options->list, text);
    return ftdn_print(text, err);
}

static ftdn_status compare_and_print(compared_plan *p, const plan_options *options, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status status = compare(p, options->shard, err);
    if (status == FTDN_OK) status = (options->json ? print_json : print_text)(p, options, &text, err);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status plan_manifest(const char *path, const plan_options *options, ftdn_campaign_files *files,
                                 ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    compared_plan p = {.files = files};
    ftdn_shard shard;
    if (options->shard) FTDN_TRY(ftdn_shard_parse(options->shard, &shard, err));
    FTDN_TRY(ftdn_campaign_files_open(files, path, options->db, err));
    if (options->resolved) return print_resolved(files, err);
    if (options->shard) {
        ftdn_plan_keep_shard(&files->plan, shard.index, shard.n_shards);
        if (!options->db)
            FTDN_TRY(ftdn_shard_db_path(&shard, files->manifest.name, &files->arena, &files->db_path, err));
    }
    p.start_s = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    if (ftdn_file_exists(files->db_path)) FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_READ, &p.store, err));
    ftdn_status status = compare_and_print(&p, options, err);
    ftdn_store_close(p.store);
    return status;
}

ftdn_status ftdn_command_plan(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    plan_options options = {0};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("db", 0, "FILE", &options.db, "the store to compare with (default: results/NAME.db)"),
        FTDN_INTEGER_OPTION("workers", 'w', "N", &options.n_workers, 1, 1024,
                            "of the run that is estimated, as 'ftdn run'"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024, "of each worker, as 'ftdn run'"),
        FTDN_TEXT_OPTION("shard", 0, "I/N", &options.shard, "only part I of N"),
        FTDN_FLAG_OPTION("list", 0, &options.list, "list every trial, however many there are"),
        FTDN_FLAG_OPTION("no-estimate", 0, &options.no_estimate, "measure nothing, estimate nothing"),
        FTDN_FLAG_OPTION("resolved", 0, &options.resolved, "print the manifest as it is understood, and nothing else"),
        FTDN_FLAG_OPTION("json", 0, &options.json, "print counts and estimate as JSON; with --list, each trial's spec"),
    };
    const ftdn_command command = {
        .name = "ftdn plan",
        .arguments = "MANIFEST",
        .summary = "Show what a manifest asks for, what of it the store holds, and what the rest takes; store nothing.",
        .example = "ftdn plan experiments/smoke.json",
        .details = "Time is estimated from earlier trials of the store, where it has some of each kind that ran on\n"
                   "this machine with as many workers and threads; else a few images of each kind of trial are run,\n"
                   "5 s in all. Up to 40 trials are listed without --list.",
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
        status = plan_manifest(arguments.argument[0], &options, &files, err);
    ftdn_campaign_files_done(&files);
    return status;
}
