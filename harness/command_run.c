#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "harness/campaign_files.h"
#include "harness/command.h"
#include "harness/dump.h"
#include "harness/find.h"
#include "harness/options.h"
#include "harness/progress.h"

/* Written by the signal handler alone; the one mutable global of the program. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
    static const char word[] = "\nstopping: the running trial is dropped, finished trials are in the store\n";
    stop_requested = 1;
    ssize_t n_written = write(STDERR_FILENO, word, sizeof word - 1);
    (void)n_written;
    signal(signal_number, SIG_DFL); /* the second one ends the program at once */
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = request_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

typedef struct run_options {
    const char *db, *trial, *dump, *image;
    long long n_threads, batch;
    bool quiet;
} run_options;

static void print_summary(const ftdn_campaign_files *files, const ftdn_campaign_summary *summary)
{
    char duration[32];
    printf("%s: %d of %d trials run in %s", files->manifest.name, summary->n_run, files->plan.n_trials,
           ftdn_duration_text(summary->seconds, duration));
    if (summary->n_held) printf(", %d were in the store already", summary->n_held);
    printf("\n");
    if (summary->memory_bytes) printf("memory of the largest set-up: %.1f MB\n", (double)summary->memory_bytes / 1e6);
    printf("results: %s  (see them: ftdn show %s)\n", files->db_path, files->db_path);
}

/* Trials that failed are errors: said without --quiet and with it. */
static void print_failures(const ftdn_campaign_files *files, const ftdn_campaign_summary *summary)
{
    fflush(stdout);
    fprintf(stderr, "ftdn: %d of %d trials failed (see them: ftdn query %s v_failures); the first: %s\n",
            summary->n_failed, files->plan.n_trials, files->db_path, summary->first_failure);
}

static ftdn_status run_campaign(ftdn_campaign_files *files, const run_options *options, ftdn_exit_code *ret_exit,
                                ftdn_error *err)
{
    const ftdn_campaign_options campaign = {
        .n_threads = (int)options->n_threads,
        .batch = (int)options->batch,
        .stop = &stop_requested,
        .progress = options->quiet ? NULL : stderr,
    };
    ftdn_store *store;
    ftdn_campaign_summary summary;
    /* No store is made before the images of trials are seen to be good. Those of a calibration are decoded only where
     * the store lacks scores: where they are bad, the trials that need them fail. */
    if (!ftdn_file_exists(files->db_path)) FTDN_TRY(ftdn_campaign_decode(&files->plan, campaign.n_threads, err));
    FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_WRITE, &store, err));
    if (!options->quiet) {
        ftdn_campaign_files_print_title(files);
        fflush(stdout);
    }
    watch_signals();
    ftdn_status status = ftdn_campaign_run(&files->plan, store, &campaign, &summary, err);
    ftdn_store_close(store);
    if (status == FTDN_ERR_INTERRUPTED) {
        printf("%d of %d trials are in the store; go on with: ftdn run %s --db %s%s%s\n",
               summary.n_held + summary.n_run, files->plan.n_trials, files->manifest.path, files->db_path,
               options->trial ? " --trial " : "", options->trial ? options->trial : "");
        *ret_exit = FTDN_EXIT_INTERRUPTED;
        return FTDN_OK;
    }
    FTDN_TRY(status);
    if (!options->quiet) print_summary(files, &summary);
    if (summary.n_failed) {
        print_failures(files, &summary);
        *ret_exit = FTDN_EXIT_FAILED_TRIALS;
    }
    return FTDN_OK;
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
    const ftdn_score_source scores = {.store = store, .n_threads = (int)options->n_threads};
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
    return FTDN_OK;
}

static ftdn_status run_manifest(const char *path, const run_options *options, ftdn_campaign_files *files,
                                ftdn_exit_code *ret_exit, ftdn_error *err)
{
    const ftdn_planned_trial *trial;
    FTDN_TRY(check_options(options, err));
    FTDN_TRY(ftdn_campaign_files_open(files, path, options->db, err));
    if (options->trial) {
        FTDN_TRY(ftdn_find_trial(&files->plan, options->trial, &trial, err));
        if (options->dump) return dump_image(files, options, trial, &files->arena, err);
        files->plan.trial += trial - files->plan.trial;
        files->plan.n_trials = 1;
    }
    return run_campaign(files, options, ret_exit, err);
}

ftdn_status ftdn_command_run(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    run_options options = {.n_threads = ftdn_default_threads(), .batch = 8};
    const ftdn_option option[] = {
        {"db",
         0,
         "FILE",
         "the store; created if absent (default: results/NAME.db)",
         FTDN_OPTION_TEXT,
         {.text = &options.db},
         0,
         0},
        {"threads",
         't',
         "N",
         "worker threads (default: the processor's cores)",
         FTDN_OPTION_INTEGER,
         {.integer = &options.n_threads},
         1,
         1024},
        {"batch",
         'b',
         "N",
         "images that a thread takes at a time (default: 8); results do not depend on it",
         FTDN_OPTION_INTEGER,
         {.integer = &options.batch},
         1,
         65536},
        {"trial",
         0,
         "ID",
         "only this trial: the beginning of its id ('ftdn plan MANIFEST' lists them)",
         FTDN_OPTION_TEXT,
         {.text = &options.trial},
         0,
         0},
        {"dump",
         0,
         "DIR",
         "run one image of the trial, and write what the network makes of it to DIR/IMAGE",
         FTDN_OPTION_TEXT,
         {.text = &options.dump},
         0,
         0},
        {"image", 0, "NAME", "which image (default: the first)", FTDN_OPTION_TEXT, {.text = &options.image}, 0, 0},
        {"quiet", 'q', NULL, "print nothing but errors", FTDN_OPTION_FLAG, {.flag = &options.quiet}, 0, 0},
    };
    const ftdn_command command = {
        .name = "ftdn run",
        .arguments = "MANIFEST",
        .summary = "Run the trials of a manifest that the store does not hold yet.",
        .example = "ftdn run experiments/smoke.json --db results/smoke.db",
        .details = "A run that was interrupted, or killed, is continued by the same command: finished trials are\n"
                   "never run again, and a trial's result does not depend on threads, batch or interruptions.\n\n"
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
