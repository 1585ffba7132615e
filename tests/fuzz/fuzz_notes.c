/* fuzz_notes.c - what the program leaves for itself beside its results: the submission of a campaign to a cluster, the
 * log and the spec of a training. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/campaign/slurm.h"
#include "harness/training/training_log.h"
#include "harness/training/training_spec.h"
#include "tests/fuzz/fuzz.h"

#define N_STEPS 3
#define HEADER "step,epoch,learning_rate,loss,classification,regression,gradient_norm\n"
#define SPEC "{\"model\":{\"name\":\"a\",\"width\":0.5},\"seed\":1}"

static void read_submission(const char *bytes, size_t n_bytes, ftdn_arena *arena)
{
    ftdn_error err = {0};
    ftdn_slurm_submission submission;
    ftdn_fuzz_write("submission.json", bytes, n_bytes);
    ftdn_status status = ftdn_slurm_read_submission(ftdn_fuzz_folder(), arena, &submission, &err);
    if (!ftdn_fuzz_is_read(status, &err, "submission.json")) return;
    FTDN_FUZZ_CHECK(submission.n_shards > 0);
    const char *const jobs[] = {submission.shards_job, submission.merge_job};
    for (int i = 0; i < 2; i++) FTDN_FUZZ_CHECK(!jobs[i] || jobs[i][strspn(jobs[i], "0123456789")] == 0);
}

/* A log that is gone on with has the rows of the steps that were taken, and no others. */
static void read_log(const char *bytes, size_t n_bytes, ftdn_arena *arena)
{
    static const char *const class_names[] = {"car"};
    const ftdn_dataset validation = {.n_classes = 1, .class_name = class_names};
    ftdn_error err = {0};
    ftdn_training_log log;
    char *kept;
    size_t n_kept, n_lines = 0;
    char path[512];
    snprintf(path, sizeof path, "%s", ftdn_fuzz_write("log.csv", bytes, n_bytes));
    ftdn_status status = ftdn_training_log_open(&log, ftdn_fuzz_folder(), N_STEPS, &validation, arena, &err);
    ftdn_training_log_close(&log);
    if (!ftdn_fuzz_is_read(status, &err, "log.csv")) return;
    if (ftdn_file_load(path, n_bytes + 1, arena, &kept, &n_kept, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    for (size_t i = 0; i < n_kept; i++) n_lines += kept[i] == '\n';
    FTDN_FUZZ_CHECK(n_lines == N_STEPS + 1 && strncmp(kept, HEADER, strlen(HEADER)) == 0);
}

static void read_spec(const char *text, ftdn_arena *arena)
{
    ftdn_error err = {0};
    const char *difference = NULL;
    if (ftdn_fuzz_is_read(ftdn_training_spec_compare(text, SPEC, arena, &difference, &err), &err, NULL))
        FTDN_FUZZ_CHECK(difference);
}

static void read_notes(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    read_submission(bytes, n_bytes, &arena);
    read_log(bytes, n_bytes, &arena);
    read_spec(bytes, &arena);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_text(corpus, "{\"shards\":4,\"shards_job\":\"12\",\"merge_job\":\"13\"}\n");
    ftdn_fuzz_add_text(corpus, HEADER "1,0.1,0.01,3,2,1,5\n2,0.2,0.01,3,2,1,5\n3,0.3,0.01,3,2,1,5\n4,0.4,0");
    ftdn_fuzz_add_text(corpus, SPEC);
    ftdn_fuzz_add_text(corpus, "{\"model\":{\"name\":\"b\",\"width\":0.25},\"seed\":\"1\",\"x\":[1,{}]}");
}

static const char *const words[] = {
    "\"shards\":", "\"shards_job\":\"", "\"model\":", "\"seed\":", "1,", "2,", "3,", "4,", "\n", "-1,", "{", "}",
    "null",        "\"\\u001b[2J\"",    HEADER,       NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "notes",
                                                        .max_bytes = 2048,
                                                        .read = read_notes,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .ends_in_zero = true};
