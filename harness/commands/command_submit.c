#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/real_path.h"
#include "harness/campaign/campaign_files.h"
#include "harness/campaign/slurm.h"
#include "harness/plan/shard.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

enum { DEFAULT_SHARDS = 8 };

typedef struct submit_options {
    bool slurm, dry_run, json;
    const char *db;
    long long n_shards; /* 0: not given */
    ftdn_slurm_wishes wishes;
} submit_options;

/* What is submitted, and where it lies. */
typedef struct submission {
    ftdn_slurm_campaign campaign;
    int n_trials;
    const char *folder;
    ftdn_slurm_submission last, made; /* made: no jobs where --dry-run was given */
    ftdn_slurm_jobs jobs;
} submission;

static ftdn_status real_path(const char *path, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    FTDN_TRY(ftdn_path_make_real(path, arena, ret_path, err));
    return *ret_path ? FTDN_OK : FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
}

/* The path from the root on; nothing needs to be there. */
static ftdn_status absolute_path(const char *path, ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    const char *here;
    FTDN_TRY(real_path(".", arena, &here, err));
    *ret_path = ftdn_path_join(arena, here, path, err);
    return *ret_path ? FTDN_OK : FTDN_ERR_MEMORY;
}

/* NAME.slurm beside the store NAME.db. */
static ftdn_status find_folder(const char *store, ftdn_arena *arena, const char **ret_folder, ftdn_error *err)
{
    const char *parent = ftdn_path_folder(arena, store, err);
    const char *stem = parent ? ftdn_path_stem(arena, store, err) : NULL;
    const char *name = stem ? ftdn_arena_format(arena, err, "%s.slurm", stem) : NULL;
    const char *folder = name ? ftdn_path_join(arena, parent, name, err) : NULL;
    if (!folder) return FTDN_ERR_MEMORY;
    *ret_folder = folder;
    return FTDN_OK;
}

/* A campaign stays divided as it was: a store of shard 1 of 4 is of no use to shard 1 of 8. */
static ftdn_status choose_shards(const submit_options *options, submission *made, ftdn_error *err)
{
    int n_before = made->last.n_shards;
    if (n_before && options->n_shards && options->n_shards != n_before)
        return FTDN_FAIL(
            err, FTDN_ERR_ARG,
            "--shards %lld: %s holds a campaign in %d shards; leave --shards out to continue it, or remove "
            "the folder",
            options->n_shards, made->folder, n_before);
    int n_default = made->n_trials < DEFAULT_SHARDS ? made->n_trials : DEFAULT_SHARDS;
    made->campaign.n_shards = n_before ? n_before : options->n_shards ? (int)options->n_shards : n_default;
    made->made.n_shards = made->campaign.n_shards;
    return FTDN_OK;
}

static ftdn_status prepare(const submit_options *options, const ftdn_campaign_files *files, ftdn_arena *arena,
                           submission *made, ftdn_error *err)
{
    made->n_trials = files->plan.n_trials;
    made->campaign.name = files->manifest.name;
    FTDN_TRY(real_path("/proc/self/exe", arena, &made->campaign.program, err));
    FTDN_TRY(absolute_path(files->db_path, arena, &made->campaign.store, err));
    FTDN_TRY(find_folder(made->campaign.store, arena, &made->folder, err));
    FTDN_TRY(ftdn_slurm_read_submission(made->folder, arena, &made->last, err));
    FTDN_TRY(choose_shards(options, made, err));
    FTDN_TRY(
        ftdn_slurm_list_jobs(&made->campaign, &options->wishes, made->folder, "SHARDS-JOB", arena, &made->jobs, err));
    if (!options->dry_run) FTDN_TRY(ftdn_slurm_check_ended(&made->last, arena, err));
    ftdn_text manifest;
    ftdn_text_init(&manifest);
    ftdn_manifest_write_resolved(&files->manifest, &manifest);
    ftdn_text_append(&manifest, "\n");
    ftdn_status status = ftdn_slurm_write_folder(&made->campaign, made->folder, &manifest, arena, err);
    ftdn_text_done(&manifest);
    return status;
}

/* Both jobs or none. */
static ftdn_status submit(const submit_options *options, ftdn_arena *arena, submission *made, ftdn_error *err)
{
    if (options->dry_run) return FTDN_OK;
    FTDN_TRY(ftdn_slurm_submit(made->jobs.shards, arena, &made->made.shards_job, err));
    ftdn_status status = ftdn_slurm_list_jobs(&made->campaign, &options->wishes, made->folder, made->made.shards_job,
                                              arena, &made->jobs, err);
    if (status == FTDN_OK) status = ftdn_slurm_submit(made->jobs.merge, arena, &made->made.merge_job, err);
    if (status == FTDN_OK) status = ftdn_slurm_write_submission(made->folder, &made->made, arena, err);
    if (status == FTDN_OK) return FTDN_OK;
    ftdn_error_context(err, "nothing stays submitted");
    if (made->made.merge_job) ftdn_slurm_cancel(made->made.merge_job, arena);
    ftdn_slurm_cancel(made->made.shards_job, arena);
    return status;
}

static void write_command(const char *const *words, ftdn_text *text)
{
    ftdn_text_append(text, " ");
    for (int i = 0; words[i]; i++) {
        ftdn_text_append(text, " ");
        ftdn_text_append_shell_word(text, words[i]);
    }
    ftdn_text_append(text, "\n");
}

static void write_report(const submission *made, ftdn_text *text)
{
    const ftdn_slurm_submission *jobs = &made->made;
    ftdn_text_append(text, "%s: %d trial%s in %d shard%s; scripts, stores and logs in %s\n", made->campaign.name,
                     made->n_trials, made->n_trials == 1 ? "" : "s", jobs->n_shards, jobs->n_shards == 1 ? "" : "s",
                     made->folder);
    if (!jobs->merge_job) {
        ftdn_text_append(text, "nothing is submitted; to submit, give these commands, with the id that the first one "
                               "prints for SHARDS-JOB:\n");
        write_command(made->jobs.shards, text);
        write_command(made->jobs.merge, text);
        return;
    }
    ftdn_text_append(text, "job %s runs the shards\njob %s merges them into %s when all are done\n", jobs->shards_job,
                     jobs->merge_job, made->campaign.store);
    ftdn_text_append(text, "watch them: squeue --jobs %s,%s\n", jobs->shards_job, jobs->merge_job);
    ftdn_text_append(text, "where a task fails, the merge is cancelled; see the logs, then give this command again: "
                           "finished trials are kept\n");
}

static void write_json_words(const char *const *words, ftdn_text *text)
{
    for (int i = 0; words[i]; i++) {
        ftdn_text_append(text, i ? "," : "[");
        ftdn_append_json(text, words[i]);
    }
    ftdn_text_append(text, "]");
}

static void write_json(const submission *made, ftdn_text *text)
{
    const ftdn_slurm_submission *jobs = &made->made;
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "name", made->campaign.name);
    ftdn_text_append(text, ",\"trials\":%d,\"shards\":%d", made->n_trials, jobs->n_shards);
    ftdn_append_json_member(text, "store", made->campaign.store);
    ftdn_append_json_member(text, "folder", made->folder);
    if (jobs->merge_job)
        ftdn_text_append(text, ",\"jobs\":{\"shards\":\"%s\",\"merge\":\"%s\"}", jobs->shards_job, jobs->merge_job);
    else ftdn_text_append(text, ",\"jobs\":null");
    ftdn_text_append(text, ",\"commands\":[");
    write_json_words(made->jobs.shards, text);
    ftdn_text_append(text, ",");
    write_json_words(made->jobs.merge, text);
    ftdn_text_append(text, "]}\n");
}

static ftdn_status submit_manifest(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena,
                                   ftdn_text *text, ftdn_error *err)
{
    const submit_options *options = user;
    if (!options->slurm)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--slurm is missing: it is the one system that jobs can be submitted to");
    submission made = {0};
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = ftdn_campaign_files_open(&files, arguments->argument[0], options->db, err);
    if (status == FTDN_OK) status = prepare(options, &files, arena, &made, err);
    if (status == FTDN_OK) status = submit(options, arena, &made, err);
    if (status == FTDN_OK) {
        if (options->json) write_json(&made, text);
        else write_report(&made, text);
    }
    ftdn_campaign_files_done(&files);
    return status;
}

ftdn_status ftdn_command_submit(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    submit_options values = {0};
    ftdn_slurm_wishes *wishes = &values.wishes;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("slurm", 0, &values.slurm, "submit to Slurm, by its command sbatch"),
        FTDN_INTEGER_OPTION("shards", 0, "N", &values.n_shards, 1, FTDN_MOST_SHARDS,
                            "tasks to divide the trials among (default: 8, or what the campaign began with)"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "the merged store (default: results/NAME.db)"),
        FTDN_TEXT_OPTION("partition", 'p', "NAME", &wishes->partition, "of both jobs"),
        FTDN_TEXT_OPTION("account", 'A', "NAME", &wishes->account, "of both jobs"),
        FTDN_TEXT_OPTION("time", 0, "TIME", &wishes->time, "limit of a task, as sbatch reads it: 8:00:00"),
        FTDN_INTEGER_OPTION("gpus", 0, "N", &wishes->n_gpus, 1, 64, "GPUs of a task"),
        FTDN_INTEGER_OPTION("cpus", 0, "N", &wishes->n_cpus, 1, 1024, "processor cores of a task"),
        FTDN_TEXT_OPTION("mem", 0, "SIZE", &wishes->memory, "memory of a task, as sbatch reads it: 8G"),
        FTDN_WORDS_OPTION("sbatch-option", 0, "OPTION", &wishes->extra,
                          "one more option for sbatch, of both jobs; may be given several times"),
        FTDN_FLAG_OPTION("dry-run", 0, &values.dry_run, "write the scripts and print the commands; submit nothing"),
        FTDN_FLAG_OPTION("json", 0, &values.json, "print the answer as JSON"),
    };
    const ftdn_command command = {
        .name = "ftdn submit",
        .arguments = "MANIFEST",
        .summary = "Run a manifest's trials on a Slurm cluster: a job array of shards, and a job that merges them.",
        .example = "ftdn submit experiments/smoke.json --slurm --shards 4 --cpus 8 --time 2:00:00",
        .details = "Task k of N runs 'ftdn run --shard k/N' into a store of its own in NAME.slurm, beside the merged\n"
                   "store NAME.db, with the manifest as it was when it was submitted. A task that is preempted, or\n"
                   "comes to its time limit, is requeued and goes on where it was. The same command continues a\n"
                   "campaign in which a task failed.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, submit_manifest, &values, err);
}
