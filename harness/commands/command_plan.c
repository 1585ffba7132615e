#include "base/clock.h"
#include "harness/campaign/campaign_devices.h"
#include "harness/campaign/campaign_files.h"
#include "harness/estimate/compared_plan.h"
#include "harness/estimate/plan_report.h"
#include "harness/plan/arithmetic.h"
#include "harness/terminal/command.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

#define MOST_LISTED 40 /* trials that are listed without being asked for */

typedef struct plan_options {
    const char *db, *shard, *device;
    long long n_workers, n_threads;
    bool json, list, resolved, no_estimate;
} plan_options;

/* A plan beside its store, and what is said of it. */
typedef struct reported_plan {
    ftdn_compared_plan compared;
    ftdn_plan_report report;
    const char *no_device; /* why none answers to trials that need one, and none is assumed; NULL: neither is so */
} reported_plan;

static ftdn_status find_device(ftdn_campaign_files *files, const plan_options *options, reported_plan *p,
                               ftdn_error *err)
{
    ftdn_campaign_devices devices;
    ftdn_error cause = {0};
    if (options->device || ftdn_campaign_devices_find(&files->plan, &devices, &cause) == FTDN_OK) return FTDN_OK;
    if (options->shard)
        return FTDN_FAIL(err, cause.status,
                         "%s; which trials are part of a shard follows from their ids, and these name the kind of "
                         "device that computes; --device sm_90x132 plans for one of that kind",
                         cause.message);
    p->no_device = ftdn_arena_format(&files->arena, err, "%s", cause.message);
    return p->no_device ? FTDN_OK : FTDN_ERR_MEMORY;
}

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

/* What other devices take is not measured here. */
static bool has_estimate(const reported_plan *p, const plan_options *options)
{
    return !options->no_estimate && !options->device && !p->report.unknown_ids;
}

static ftdn_status make_estimate(const reported_plan *p, const plan_options *options, ftdn_estimate *ret_estimate,
                                 ftdn_error *err)
{
    const ftdn_campaign_options run = {
        .n_cores = ftdn_default_threads(),
        .n_workers = (int)options->n_workers,
        .n_threads = (int)options->n_threads,
    };
    return ftdn_compared_plan_estimate(&p->compared, &run, ret_estimate, err);
}

static ftdn_status print_text(const reported_plan *p, const plan_options *options, ftdn_text *text, ftdn_error *err)
{
    ftdn_plan_report_write(&p->report, text);
    FTDN_TRY(ftdn_print(text, err));
    text->n_chars = 0;
    bool has_work = p->report.all.n_done < p->report.all.n_trials;
    if (!has_work) ftdn_text_append(text, "\nnothing is left to run\n");
    if (has_work && has_estimate(p, options)) {
        ftdn_estimate estimate;
        FTDN_TRY(make_estimate(p, options, &estimate, err));
        ftdn_plan_report_write_estimate(&p->report, &estimate, text);
    }
    if (options->list || p->compared.files->plan.n_trials <= MOST_LISTED)
        FTDN_TRY(ftdn_plan_report_write_trials(&p->report, &p->compared.files->arena, text, err));
    else ftdn_text_append(text, "\n--list lists the trials\n");
    return ftdn_print(text, err);
}

static ftdn_status print_json(const reported_plan *p, const plan_options *options, ftdn_text *text, ftdn_error *err)
{
    ftdn_estimate estimate;
    bool is_estimated = has_estimate(p, options) && p->report.all.n_done < p->report.all.n_trials;
    if (is_estimated) FTDN_TRY(make_estimate(p, options, &estimate, err));
    ftdn_plan_report_write_json(&p->report, is_estimated ? &estimate : NULL, options->list, text);
    return ftdn_print(text, err);
}

static ftdn_status report_and_print(reported_plan *p, const plan_options *options, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_campaign_files *files = p->compared.files;
    ftdn_status status =
        ftdn_plan_report_make(files, options->shard, &p->compared.queue, &files->arena, &p->report, err);
    if (status == FTDN_OK) p->report.unknown_ids = p->no_device;
    if (status == FTDN_OK) status = (options->json ? print_json : print_text)(p, options, &text, err);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status assume_device(const char *kind, ftdn_inputs *inputs, ftdn_error *err)
{
    ftdn_status status = ftdn_arithmetic_assume_device(kind, inputs, err);
    if (status != FTDN_OK) ftdn_error_context(err, "--device");
    return status;
}

static ftdn_status plan_manifest(const char *path, const plan_options *options, ftdn_campaign_files *files,
                                 ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    reported_plan p = {0};
    if (options->device) FTDN_TRY(assume_device(options->device, &files->inputs, err));
    FTDN_TRY(ftdn_campaign_files_open_shard(files, path, options->db, options->shard, err));
    if (options->resolved) return print_resolved(files, err);
    FTDN_TRY(find_device(files, options, &p, err));
    FTDN_TRY(ftdn_compared_plan_open(files, (double)(ftdn_clock_ns() - start_ns) * 1e-9, &p.compared, err));
    ftdn_status status = report_and_print(&p, options, err);
    ftdn_compared_plan_close(&p.compared);
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
        FTDN_TEXT_OPTION("device", 0, "KIND", &options.device,
                         "plan for GPUs of a kind that is not here, sm_90x132; 'ftdn doctor' names it there"),
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
                   "5 s in all. Up to 40 trials are listed without --list.\n"
                   "Ids of trials on GPUs name the kind of GPU: where none answers, say with --device what other\n"
                   "machine is meant; its time is not estimated.",
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
