#include "harness/figures/paper_campaign.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/paper_figures.h"
#include "base/clock.h"
#include "harness/campaign/campaign_conduct.h"
#include "harness/estimate/compared_plan.h"
#include "harness/figures/experiments_folder.h"
#include "harness/figures/own_manifest.h"
#include "harness/terminal/command.h"
#include "harness/terminal/duration.h"

#define LONG_S 60.0 /* a user is asked before more than this */

/* "fig6a-road: 91 trials, 1 in results/fig6a-road.db, 90 to run: about 2 min 30 s with 2 workers". estimate: NULL: not
 * known. */
static void say_missing(const ftdn_compared_plan *p, const ftdn_estimate *estimate)
{
    char duration[32];
    int n_wanted = ftdn_trial_queue_wanted(&p->queue);
    fprintf(stderr, "%s: %d trials, %d in %s, %d to run: ", p->files->manifest.name, p->queue.n_held + n_wanted,
            p->queue.n_held, p->files->db_path, n_wanted);
    if (!estimate) fprintf(stderr, "this machine is too slow or too busy to say at once how long it takes\n");
    else
        fprintf(stderr, "about %s with %d worker%s\n", ftdn_duration_text(estimate->seconds, duration),
                estimate->n_workers, estimate->n_workers == 1 ? "" : "s");
}

/* Does the user want it? Nobody is asked where nobody sits. */
static bool ask(double seconds, bool asks_nothing)
{
    if (asks_nothing || seconds <= LONG_S || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) return true;
    fprintf(stderr, "run them? [Y/n] ");
    fflush(stderr);
    int answer = getchar();
    return answer == '\n' || answer == 'y' || answer == 'Y';
}

/* What is missing, and is it to be run? */
static ftdn_status consider(ftdn_campaign_files *files, double start_s, const ftdn_campaign_options *options,
                            bool asks_nothing, int *ret_n_missing, bool *ret_is_wanted, ftdn_error *err)
{
    ftdn_compared_plan p;
    ftdn_estimate estimate = {0};
    FTDN_TRY(ftdn_compared_plan_open(files, start_s, &p, err));
    ftdn_status status = FTDN_OK;
    *ret_n_missing = ftdn_trial_queue_wanted(&p.queue);
    *ret_is_wanted = false;
    if (*ret_n_missing > 0) status = ftdn_compared_plan_estimate(&p, options, &estimate, err);
    bool is_known = status == FTDN_OK;
    if (status == FTDN_ERR_BACKEND)
        status = FTDN_OK; /* nothing could be measured: the trials may be run all the same */
    if (status == FTDN_OK && *ret_n_missing > 0) {
        say_missing(&p, is_known ? &estimate : NULL);
        *ret_is_wanted = ask(is_known ? estimate.seconds : HUGE_VAL, asks_nothing);
    }
    ftdn_compared_plan_close(&p);
    return status;
}

static ftdn_status run(ftdn_campaign_files *files, const ftdn_campaign_options *options, ftdn_exit_code *ret_exit,
                       ftdn_error *err)
{
    ftdn_campaign_summary summary;
    FTDN_TRY(ftdn_campaign_conduct(files, options, false, &summary, err));
    if (summary.n_failed > 0) {
        ftdn_campaign_print_failures(files, &summary);
        *ret_exit = FTDN_EXIT_FAILED_TRIALS;
    }
    if (summary.end == FTDN_END_FINISHED) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "%d of %d trials are in %s; go on with the same command",
                     summary.n_held + summary.n_run, ftdn_campaign_count_wanted(&summary), files->db_path);
}

const char *ftdn_paper_size(int size)
{
    return ftdn_paper_sizes()[size < 0 ? 0 : size];
}

ftdn_status ftdn_paper_size_check(int size, const char *own, ftdn_error *err)
{
    if (size >= 0 && own) return FTDN_FAIL(err, FTDN_ERR_ARG, "--size and --own exclude each other");
    return FTDN_OK;
}

ftdn_status ftdn_paper_campaign_complete(const ftdn_paper_campaign_desc *desc, ftdn_campaign_files *files,
                                         ftdn_exit_code *ret_exit, ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    const char *path;
    int n_missing;
    bool is_wanted;
    const ftdn_campaign_options options = {
        .n_cores = ftdn_default_threads(),
        .batch = FTDN_DEFAULT_BATCH,
        .canary_every = FTDN_DEFAULT_CANARY_EVERY,
        .progress = stderr,
    };
    if (desc->own) FTDN_TRY(ftdn_own_manifest_write(desc->name, desc->own, &files->arena, &path, err));
    else FTDN_TRY(ftdn_experiment_find(desc->size, desc->name, &files->arena, &path, err));
    ftdn_status status = ftdn_campaign_files_open(files, path, desc->db, err);
    if (status == FTDN_ERR_MANIFEST && desc->own)
        ftdn_error_hint(err, "it lays the sweep of %s over %s, which has none of its own", desc->name, desc->own);
    FTDN_TRY(status);
    double start_s = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    FTDN_TRY(consider(files, start_s, &options, desc->asks_nothing, &n_missing, &is_wanted, err));
    if (n_missing == 0) return FTDN_OK;
    if (is_wanted) return run(files, &options, ret_exit, err);
    return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "nothing was run, nothing is drawn");
}

static bool is_planned(const ftdn_plan *plan, const ftdn_cell_accuracy *cell)
{
    for (int i = 0; i < plan->n_trials; i++)
        if (strcmp(plan->trial[i].spec.cell->digest, cell->id) == 0) return true;
    return false;
}

ftdn_status ftdn_paper_campaign_load(ftdn_campaign_files *files, ftdn_lines *ret_lines, ftdn_error *err)
{
    ftdn_store *store;
    const ftdn_cell_accuracy *cell;
    int n_cells, n_planned = 0;
    ftdn_arena *arena = &files->arena;
    FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_accuracy_load(store, "*", arena, &cell, &n_cells, err);
    ftdn_store_close(store);
    FTDN_TRY(status);
    ftdn_cell_accuracy *planned = FTDN_NEW(arena, (size_t)n_cells, ftdn_cell_accuracy, err);
    if (!planned) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_cells; i++)
        if (is_planned(&files->plan, &cell[i])) planned[n_planned++] = cell[i];
    return ftdn_lines_group(planned, n_planned, arena, ret_lines, err);
}
