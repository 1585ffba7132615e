/* slurm.h - a campaign as two Slurm jobs: an array of shards, and the merge that waits for all of them.
 *
 * Everything lies in one folder, NAME.slurm beside the store NAME.db: the scripts, manifest.json (resolved: an edit of
 * the manifest changes nothing for jobs that wait), the shards' stores, logs/, and submission.json, which says into how
 * many shards the campaign was divided and which jobs were made last. */
#ifndef FTDN_HARNESS_CAMPAIGN_SLURM_H
#define FTDN_HARNESS_CAMPAIGN_SLURM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "harness/campaign/slurm_script.h"
#include "harness/terminal/options.h"

/* What tasks ask of the cluster; NULL and 0: the cluster's default. */
typedef struct ftdn_slurm_wishes {
    const char *partition, *account, *time, *memory;
    long long n_gpus, n_cpus;
    ftdn_option_words extra; /* options of sbatch, handed on as they are */
} ftdn_slurm_wishes;

/* Both jobs, each a list of words, NULL behind the last. */
typedef struct ftdn_slurm_jobs {
    const char **shards;
    const char **merge;
} ftdn_slurm_jobs;

/* What submission.json holds: n_shards is 0 where there is none. */
typedef struct ftdn_slurm_submission {
    int n_shards;
    const char *shards_job, *merge_job; /* digits; NULL while nothing was submitted */
} ftdn_slurm_submission;

/* The sbatch commands. folder: absolute. shards_job: the array's id, or a word that stands for it. */
FTDN_NODISCARD ftdn_status ftdn_slurm_list_jobs(const ftdn_slurm_campaign *campaign, const ftdn_slurm_wishes *wishes,
                                                const char *folder, const char *shards_job, ftdn_arena *arena,
                                                ftdn_slurm_jobs *ret_jobs, ftdn_error *err);

/* Create the folder with the scripts and the manifest of this text; stores and logs that are there stay. */
FTDN_NODISCARD ftdn_status ftdn_slurm_write_folder(const ftdn_slurm_campaign *campaign, const char *folder,
                                                   const ftdn_text *manifest, ftdn_arena *arena, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_slurm_read_submission(const char *folder, ftdn_arena *arena,
                                                      ftdn_slurm_submission *ret_submission, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_slurm_write_submission(const char *folder, const ftdn_slurm_submission *submission,
                                                       ftdn_arena *arena, ftdn_error *err);

/* FTDN_ERR_ARG where a job of that submission still waits or runs. */
FTDN_NODISCARD ftdn_status ftdn_slurm_check_ended(const ftdn_slurm_submission *submission, ftdn_arena *arena,
                                                  ftdn_error *err);

/* Hand the words of one job to sbatch. FTDN_ERR_INPUT with sbatch's own words where it is missing or refuses. */
FTDN_NODISCARD ftdn_status ftdn_slurm_submit(const char *const *words, ftdn_arena *arena, const char **ret_job,
                                             ftdn_error *err);

/* Take a job back, as far as that goes. */
void ftdn_slurm_cancel(const char *job, ftdn_arena *arena);

#endif
