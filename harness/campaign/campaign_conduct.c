#include "harness/campaign/campaign_conduct.h"

#include "base/file.h"
#include "harness/campaign/store_lock.h"
#include "harness/terminal/migration_notice.h"
#include "harness/terminal/stop_signal.h"

static const char stop_word[] = "\nstopping: running trials are finished or dropped within 5 s, finished ones are in "
                                "the store; once more: at once\n";

int ftdn_campaign_count_wanted(const ftdn_campaign_summary *summary)
{
    return summary->n_held + summary->n_run + summary->n_failed + summary->n_left;
}

void ftdn_campaign_print_causes(const ftdn_campaign_summary *summary, FILE *out)
{
    for (int i = 0; i < summary->n_causes; i++)
        fprintf(out, "  %d attempt%s %s\n", summary->cause[i].n_attempts, summary->cause[i].n_attempts == 1 ? " " : "s",
                summary->cause[i].text);
}

void ftdn_campaign_print_failures(const ftdn_campaign_files *files, const ftdn_campaign_summary *summary)
{
    fflush(stdout);
    fprintf(stderr, "ftdn: %d of %d trials failed (see them: ftdn query %s v_failures); the first: %s\n",
            summary->n_failed, ftdn_campaign_count_wanted(summary), files->db_path, summary->first_failure);
    ftdn_campaign_print_causes(summary, stderr);
}

/* The store is open and nobody else fills it. */
static ftdn_status run_in_store(ftdn_campaign_files *files, ftdn_store *store, const ftdn_campaign_options *options,
                                bool has_title, ftdn_campaign_summary *ret_summary, ftdn_error *err)
{
    ftdn_store_lock lock;
    FTDN_TRY(ftdn_store_lock_take(files->db_path, &lock, err));
    if (has_title) {
        ftdn_campaign_files_print_title(files);
        fflush(stdout);
    }
    ftdn_campaign_options watched = *options;
    watched.stop = ftdn_stop_signal_watch(stop_word);
    ftdn_status status = ftdn_campaign_run(&files->plan, store, &watched, ret_summary, err);
    ftdn_store_lock_release(&lock);
    return status;
}

ftdn_status ftdn_campaign_conduct(ftdn_campaign_files *files, const ftdn_campaign_options *options, bool has_title,
                                  ftdn_campaign_summary *ret_summary, ftdn_error *err)
{
    /* No store is made before the images of trials are seen to be good. Those of a calibration are decoded only where
     * the store lacks scores: where they are bad, the trials that need them fail. */
    if (!ftdn_file_exists(files->db_path)) FTDN_TRY(ftdn_campaign_decode(&files->plan, options->n_cores, err));
    ftdn_store *store;
    if (options->progress) ftdn_migration_notice_print(files->db_path);
    FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_WRITE, &store, err));
    ftdn_status status = run_in_store(files, store, options, has_title, ret_summary, err);
    ftdn_store_close(store);
    return status;
}
