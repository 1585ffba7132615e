/* slurm_script.h - the two scripts that a campaign on a Slurm cluster consists of: one shard, and the merge.
 *
 * Task k of a job array of n runs shard k of n into a store of its own; a job that depends on the array merges
 * these stores. Both scripts are started in the campaign's folder, which holds manifest.json and the stores
 * shard_k_of_n.db. A script started again goes on where it was, since a store resumes. Paths may hold any character. */
#ifndef FTDN_HARNESS_CAMPAIGN_SLURM_SCRIPT_H
#define FTDN_HARNESS_CAMPAIGN_SLURM_SCRIPT_H

#include "base/text.h"

typedef struct ftdn_slurm_campaign {
    const char *name;                      /* of the campaign */
    const char *program, *manifest, *store; /* absolute: ftdn itself, what it runs, the merged store */
    int n_shards;                          /* at least 1 */
} ftdn_slurm_campaign;

/* Seconds before a task's time limit at which Slurm sends it SIGUSR1: for a word, the running trials, and what Slurm
 * itself is late or early by. */
#define FTDN_SLURM_WARNING_S 60

/* The script of an array's task. It ends in 0 where the shard is finished, failed trials included (the store keeps
 * them). Warned of its time limit it stops the run, which keeps all finished trials, and requeues itself; a task
 * that finished nothing within its time limit is not requeued but fails: it would never end. */
void ftdn_slurm_write_shard_script(const ftdn_slurm_campaign *campaign, ftdn_text *text);

/* The script of the merge: 0 where the store holds what all shards hold. */
void ftdn_slurm_write_merge_script(const ftdn_slurm_campaign *campaign, ftdn_text *text);

#endif
