#include "harness/campaign/slurm.h"

#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "harness/terminal/child_program.h"

#define MAX_WORDS (FTDN_MAX_OPTION_WORDS + 32)
#define LARGEST_SUBMISSION 65536

/* The words of one job while they are gathered. */
typedef struct word_list {
    ftdn_arena *arena;
    const char **word; /* [MAX_WORDS] */
    int n_words;
} word_list;

static ftdn_status word_list_init(word_list *list, ftdn_arena *arena, ftdn_error *err)
{
    *list = (word_list){.arena = arena, .word = FTDN_NEW(arena, MAX_WORDS, const char *, err)};
    return list->word ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void add_word(word_list *list, const char *word)
{
    list->word[list->n_words++] = word;
}

/* Append prefix + value, unless the value is NULL. */
static ftdn_status add_value(word_list *list, const char *prefix, const char *value, ftdn_error *err)
{
    if (!value) return FTDN_OK;
    const char *word = ftdn_arena_format(list->arena, err, "%s%s", prefix, value);
    if (!word) return FTDN_ERR_MEMORY;
    add_word(list, word);
    return FTDN_OK;
}

/* Append prefix + count, unless the count is 0. */
static ftdn_status add_count(word_list *list, const char *prefix, long long count, ftdn_error *err)
{
    if (!count) return FTDN_OK;
    const char *word = ftdn_arena_format(list->arena, err, "%s%lld", prefix, count);
    if (!word) return FTDN_ERR_MEMORY;
    add_word(list, word);
    return FTDN_OK;
}

/* Append --output with the log's path, in which Slurm replaces %a; a '%' of the folder's own is doubled. */
static ftdn_status add_output(word_list *list, const char *folder, const char *log, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "--output=");
    for (const char *c = folder; *c; c++) ftdn_text_append(&text, *c == '%' ? "%%%%" : "%c", *c);
    ftdn_text_append(&text, "/logs/%s", log);
    ftdn_status status = ftdn_text_check(&text, err);
    const char *word = status == FTDN_OK ? ftdn_arena_copy_text(list->arena, text.chars, text.n_chars, err) : NULL;
    ftdn_text_done(&text);
    if (!word) return FTDN_ERR_MEMORY;
    add_word(list, word);
    return FTDN_OK;
}

/* What both jobs have in common; the script last. */
static ftdn_status add_common(word_list *list, const ftdn_slurm_wishes *wishes, const char *folder, const char *script,
                              ftdn_error *err)
{
    FTDN_TRY(add_value(list, "--chdir=", folder, err));
    FTDN_TRY(add_value(list, "--partition=", wishes->partition, err));
    FTDN_TRY(add_value(list, "--account=", wishes->account, err));
    for (int i = 0; i < wishes->extra.n_words; i++) add_word(list, wishes->extra.word[i]);
    const char *path = ftdn_path_join(list->arena, folder, script, err);
    if (!path) return FTDN_ERR_MEMORY;
    add_word(list, path);
    return FTDN_OK;
}

static ftdn_status list_shards(const ftdn_slurm_campaign *campaign, const ftdn_slurm_wishes *wishes, const char *folder,
                               word_list *list, ftdn_error *err)
{
    add_word(list, "sbatch");
    add_word(list, "--parsable");
    FTDN_TRY(add_value(list, "--job-name=", campaign->name, err));
    FTDN_TRY(add_count(list, "--array=1-", campaign->n_shards, err));
    add_word(list, "--requeue");
    add_word(list, "--open-mode=append");
    FTDN_TRY(add_count(list, "--signal=B:USR1@", FTDN_SLURM_WARNING_S, err));
    FTDN_TRY(add_output(list, folder, "shard_%a.log", err));
    FTDN_TRY(add_value(list, "--time=", wishes->time, err));
    FTDN_TRY(add_count(list, "--gpus=", wishes->n_gpus, err));
    FTDN_TRY(add_count(list, "--cpus-per-task=", wishes->n_cpus, err));
    FTDN_TRY(add_value(list, "--mem=", wishes->memory, err));
    return add_common(list, wishes, folder, "shard.sh", err);
}

static ftdn_status list_merge(const ftdn_slurm_campaign *campaign, const ftdn_slurm_wishes *wishes, const char *folder,
                              const char *shards_job, word_list *list, ftdn_error *err)
{
    add_word(list, "sbatch");
    add_word(list, "--parsable");
    const char *name = ftdn_arena_format(list->arena, err, "--job-name=%s-merge", campaign->name);
    if (!name) return FTDN_ERR_MEMORY;
    add_word(list, name);
    FTDN_TRY(add_value(list, "--dependency=afterok:", shards_job, err));
    add_word(list, "--kill-on-invalid-dep=yes"); /* else it waits for ever once a shard has failed */
    add_word(list, "--requeue");
    add_word(list, "--open-mode=append");
    FTDN_TRY(add_output(list, folder, "merge.log", err));
    return add_common(list, wishes, folder, "merge.sh", err);
}

ftdn_status ftdn_slurm_list_jobs(const ftdn_slurm_campaign *campaign, const ftdn_slurm_wishes *wishes,
                                 const char *folder, const char *shards_job, ftdn_arena *arena,
                                 ftdn_slurm_jobs *ret_jobs, ftdn_error *err)
{
    word_list shards, merge;
    if (strchr(folder, '\\'))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s: Slurm writes no logs to a path with a backslash; choose another --db",
                         folder);
    FTDN_TRY(word_list_init(&shards, arena, err));
    FTDN_TRY(word_list_init(&merge, arena, err));
    FTDN_TRY(list_shards(campaign, wishes, folder, &shards, err));
    FTDN_TRY(list_merge(campaign, wishes, folder, shards_job, &merge, err));
    *ret_jobs = (ftdn_slurm_jobs){.shards = shards.word, .merge = merge.word};
    return FTDN_OK;
}

static ftdn_status write_file(const char *folder, const char *name, const ftdn_text *text, ftdn_arena *arena,
                              ftdn_error *err)
{
    const char *path = ftdn_path_join(arena, folder, name, err);
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_text_check(text, err));
    return ftdn_file_write_atomic(path, text->chars, text->n_chars, err);
}

ftdn_status ftdn_slurm_write_folder(const ftdn_slurm_campaign *campaign, const char *folder, const ftdn_text *manifest,
                                    ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text shard, merge;
    const char *logs = ftdn_path_join(arena, folder, "logs", err);
    if (!logs) return FTDN_ERR_MEMORY;
    ftdn_text_init(&shard);
    ftdn_text_init(&merge);
    ftdn_slurm_write_shard_script(campaign, &shard);
    ftdn_slurm_write_merge_script(campaign, &merge);
    ftdn_status status = ftdn_folder_create(logs, err);
    if (status == FTDN_OK) status = write_file(folder, "manifest.json", manifest, arena, err);
    if (status == FTDN_OK) status = write_file(folder, "shard.sh", &shard, arena, err);
    if (status == FTDN_OK) status = write_file(folder, "merge.sh", &merge, arena, err);
    ftdn_text_done(&merge);
    ftdn_text_done(&shard);
    return status;
}

/* The member's string where it is a job's id: digits alone. */
static const char *find_job(const ftdn_json *root, const char *key)
{
    const ftdn_json *node = ftdn_json_find(root, key);
    if (!node || node->kind != FTDN_JSON_STRING || !node->string[0]) return NULL;
    return node->string[strspn(node->string, "0123456789")] ? NULL : node->string;
}

ftdn_status ftdn_slurm_read_submission(const char *folder, ftdn_arena *arena, ftdn_slurm_submission *ret_submission,
                                       ftdn_error *err)
{
    char *text;
    size_t n_bytes;
    const ftdn_json *root;
    long long n_shards;
    const char *path = ftdn_path_join(arena, folder, "submission.json", err);
    if (!path) return FTDN_ERR_MEMORY;
    if (!ftdn_file_exists(path)) {
        *ret_submission = (ftdn_slurm_submission){0};
        return FTDN_OK;
    }
    FTDN_TRY(ftdn_file_load(path, LARGEST_SUBMISSION, arena, &text, &n_bytes, err));
    FTDN_TRY(ftdn_json_parse(text, n_bytes, path, arena, &root, err));
    const ftdn_json *count = ftdn_json_find(root, "shards");
    if (!count || !ftdn_json_get_integer(count, &n_shards) || n_shards < 1 || n_shards > INT_MAX)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: the number of shards is missing; 'ftdn submit' has not written this",
                         path);
    *ret_submission = (ftdn_slurm_submission){
        .n_shards = (int)n_shards,
        .shards_job = find_job(root, "shards_job"),
        .merge_job = find_job(root, "merge_job"),
    };
    return FTDN_OK;
}

ftdn_status ftdn_slurm_write_submission(const char *folder, const ftdn_slurm_submission *submission, ftdn_arena *arena,
                                        ftdn_error *err)
{
    const char *path = ftdn_path_join(arena, folder, "submission.json", err);
    if (!path) return FTDN_ERR_MEMORY;
    const char *text = ftdn_arena_format(arena, err, "{\"shards\":%d,\"shards_job\":\"%s\",\"merge_job\":\"%s\"}\n",
                                         submission->n_shards, submission->shards_job ? submission->shards_job : "",
                                         submission->merge_job ? submission->merge_job : "");
    if (!text) return FTDN_ERR_MEMORY;
    return ftdn_file_write_atomic(path, text, strlen(text), err);
}

ftdn_status ftdn_slurm_check_ended(const ftdn_slurm_submission *submission, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_child_result result;
    const char *const jobs[] = {submission->shards_job, submission->merge_job};
    for (int i = 0; i < 2; i++) {
        if (!jobs[i]) continue;
        const char *option = ftdn_arena_format(arena, err, "--jobs=%s", jobs[i]);
        if (!option) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_child_run((const char *const[]){"squeue", "--noheader", "--format=%i %T", option, NULL}, arena,
                                &result, err));
        /* A job that Slurm has forgotten is an error of squeue's, and has ended. */
        if (result.exit_code == 0 && result.out[0])
            return FTDN_FAIL(
                err, FTDN_ERR_ARG,
                "job %s of the last submission has not ended (squeue --jobs %s); wait, or end it: scancel %s", jobs[i],
                jobs[i], jobs[i]);
    }
    return FTDN_OK;
}

static int count_without_newline(const char *text)
{
    size_t n_chars = strlen(text);
    while (n_chars > 0 && text[n_chars - 1] == '\n') n_chars--;
    return n_chars < INT_MAX ? (int)n_chars : INT_MAX;
}

ftdn_status ftdn_slurm_submit(const char *const *words, ftdn_arena *arena, const char **ret_job, ftdn_error *err)
{
    ftdn_child_result result;
    ftdn_status status = ftdn_child_run(words, arena, &result, err);
    if (status != FTDN_OK) {
        ftdn_error_context(err, "Slurm does not answer (--dry-run only writes the scripts)");
        return status;
    }
    if (result.exit_code != 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "sbatch refused: %.*s", count_without_newline(result.err), result.err);
    /* "12" or, where there are several clusters, "12;name". */
    size_t n_digits = strspn(result.out, "0123456789");
    if (n_digits == 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "sbatch answered '%.*s' instead of a job's id",
                         (int)strcspn(result.out, "\n"), result.out);
    const char *job = ftdn_arena_copy_text(arena, result.out, n_digits, err);
    if (!job) return FTDN_ERR_MEMORY;
    *ret_job = job;
    return FTDN_OK;
}

void ftdn_slurm_cancel(const char *job, ftdn_arena *arena)
{
    ftdn_child_result result;
    ftdn_status status = ftdn_child_run((const char *const[]){"scancel", job, NULL}, arena, &result, NULL);
    (void)status; /* what made it necessary is what the user is told */
}
