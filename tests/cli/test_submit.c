/* test_submit.c - ftdn submit without a cluster: what it checks, writes and prints; stand-ins for Slurm's commands. */
#define _XOPEN_SOURCE 700 /* setenv */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/cli/cli_campaign.h"

#define FOUR_TRIALS "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'seed': [0, 1]}}"

/* Each notes its words, one call a line. sbatch answers 41, 42, ...; it refuses once as many jobs as the file `most`
 * says are submitted. squeue knows the jobs that the file `queued` names. */
#define SBATCH                                                                                                         \
    "#!/bin/bash\n"                                                                                                    \
    "echo \"sbatch $*\" >>calls\n"                                                                                     \
    "n=$(grep -c ^sbatch calls)\n"                                                                                     \
    "[ \"$n\" -le \"$(cat most)\" ] || { echo 'sbatch: error: no room' >&2; exit 1; }\n"                               \
    "echo \"$((40 + n));a-cluster\"\n"
#define SCANCEL "#!/bin/bash\necho \"scancel $*\" >>calls\n"
#define SQUEUE "#!/bin/bash\nfor job in $(cat queued); do case \"$*\" in *=$job) echo \"$job RUNNING\" ;; esac; done\n"

static const char *path_before;

static void write_file(const char *path, const char *text)
{
    ftdn_test_write_file(path, text, strlen(text));
}

/* In the test's folder, with a manifest of four trials and the stand-ins first in PATH. */
static int enter(void **state)
{
    if (ftdn_cli_enter(state) != 0) return -1;
    const ftdn_cli_place *place = *state;
    static const char *const programs[][2] = {{"sbatch", SBATCH}, {"scancel", SCANCEL}, {"squeue", SQUEUE}};
    char path[4096];
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        write_file(programs[i][0], programs[i][1]);
        if (chmod(programs[i][0], 0755) != 0) return -1;
    }
    ftdn_cli_write_small("small.json", 1, FOUR_TRIALS);
    write_file("most", "99");
    write_file("queued", "");
    path_before = getenv("PATH");
    snprintf(path, sizeof path, "%s:%s", place->folder, path_before);
    path_before = strdup(path_before);
    return setenv("PATH", path, 1);
}

static int leave(void **state)
{
    if (setenv("PATH", path_before, 1) != 0) return -1;
    free((void *)(uintptr_t)path_before);
    return ftdn_cli_leave(state);
}

static const char *load(ftdn_arena *arena, const char *path)
{
    size_t n_bytes;
    return ftdn_cli_load(arena, path, &n_bytes);
}

static void both_jobs_are_submitted_and_told(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_error err = {0};
    ftdn_cli_result result = FTDN_CLI(arena, "submit", "small.json", "--slurm", "--partition", "gpu", "--account=lab",
                                      "--time", "8:00:00", "--gpus", "1", "--cpus", "8", "--mem", "16G",
                                      "--sbatch-option", "--qos=long", "--sbatch-option=--exclude=n1,n2");
    ftdn_cli_assert_done(result);
    const char *here = place->folder;
    const char *expected =
        ftdn_arena_format(arena, &err,
                          "small: 4 trials in 4 shards; scripts, stores and logs in %s/results/small.slurm\n"
                          "job 41 runs the shards\n"
                          "job 42 merges them into %s/results/small.db when all are done\n"
                          "watch them: squeue --jobs 41,42\n"
                          "where a task fails, the merge is cancelled; see the logs, then give this command again: "
                          "finished trials are kept\n",
                          here, here);
    assert_non_null(expected);
    assert_string_equal(result.out, expected);
    expected = ftdn_arena_format(
        arena, &err,
        "sbatch --parsable --job-name=small --array=1-4 --requeue --open-mode=append --signal=B:USR1@60"
        " --output=%s/results/small.slurm/logs/shard_%%a.log --time=8:00:00 --gpus=1 --cpus-per-task=8 --mem=16G"
        " --chdir=%s/results/small.slurm --partition=gpu --account=lab --qos=long --exclude=n1,n2"
        " %s/results/small.slurm/shard.sh\n"
        "sbatch --parsable --job-name=small-merge --dependency=afterok:41 --kill-on-invalid-dep=yes --requeue"
        " --open-mode=append --output=%s/results/small.slurm/logs/merge.log"
        " --chdir=%s/results/small.slurm --partition=gpu --account=lab --qos=long --exclude=n1,n2"
        " %s/results/small.slurm/merge.sh\n",
        here, here, here, here, here, here);
    assert_non_null(expected);
    assert_string_equal(load(arena, "calls"), expected);
    assert_string_equal(load(arena, "results/small.slurm/submission.json"),
                        "{\"shards\":4,\"shards_job\":\"41\",\"merge_job\":\"42\"}\n");
}

static void a_dry_run_writes_scripts_and_submits_nothing(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_result result =
        FTDN_CLI(arena, "submit", "small.json", "--slurm", "--dry-run", "--shards", "2", "--db", "my 100%/all.db");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "small: 4 trials in 2 shards; ");
    ftdn_cli_assert_says(result.out, "\nnothing is submitted; to submit, give these commands, with the id that the "
                                     "first one prints for SHARDS-JOB:\n  sbatch --parsable --job-name=small ");
    ftdn_cli_assert_says(result.out, "/my 100%%/all.slurm/logs/shard_%a.log' ");
    ftdn_cli_assert_says(result.out, "/my 100%/all.slurm/shard.sh'\n  sbatch ");
    ftdn_cli_assert_says(result.out, " --dependency=afterok:SHARDS-JOB ");
    ftdn_cli_assert_says(load(arena, "my 100%/all.slurm/shard.sh"), "\nn_shards=2\n");
    ftdn_cli_assert_says(load(arena, "my 100%/all.slurm/manifest.json"), "{\"dataset\":{\"images\":1,");
    ftdn_cli_assert_says(load(arena, "my 100%/all.slurm/merge.sh"), "/my 100%/all.db'\nn_shards=2\n");
    assert_false(ftdn_file_exists("calls"));
    assert_false(ftdn_file_exists("my 100%/all.db"));
    assert_false(ftdn_file_exists("my 100%/all.slurm/submission.json"));
}

static void json_tells_jobs_and_commands(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    for (int is_dry = 1; is_dry >= 0; is_dry--) {
        ftdn_cli_result result =
            FTDN_CLI(arena, "submit", "small.json", "--slurm", "--json", is_dry ? "--dry-run" : "--shards=4");
        ftdn_cli_assert_done(result);
        const ftdn_json *answer = ftdn_cli_parse(arena, result.out);
        assert_string_equal(ftdn_cli_member(answer, "name")->string, "small");
        assert_true(ftdn_cli_member(answer, "trials")->number == 4);
        assert_true(ftdn_cli_member(answer, "shards")->number == 4);
        ftdn_cli_assert_says(ftdn_cli_member(answer, "store")->string, "/results/small.db");
        ftdn_cli_assert_says(ftdn_cli_member(answer, "folder")->string, "/results/small.slurm");
        const ftdn_json *commands = ftdn_cli_member(answer, "commands"), *jobs = ftdn_cli_member(answer, "jobs");
        assert_int_equal(commands->n_children, 2);
        for (int i = 0; i < 2; i++) assert_string_equal(commands->child[i]->child[0]->string, "sbatch");
        if (is_dry) {
            assert_int_equal(jobs->kind, FTDN_JSON_NULL);
        } else {
            assert_string_equal(ftdn_cli_member(jobs, "shards")->string, "41");
            assert_string_equal(ftdn_cli_member(jobs, "merge")->string, "42");
        }
    }
}

static void a_campaign_stays_divided_as_it_was(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm", "--shards", "3"));
    ftdn_cli_result result = FTDN_CLI(arena, "submit", "small.json", "--slurm", "--shards", "2");
    ftdn_cli_assert_fails(result, 2, "--shards 2: ");
    ftdn_cli_assert_says(result.err,
                         "/results/small.slurm holds a campaign in 3 shards; leave --shards out to continue "
                         "it, or remove the folder\n");
    result = FTDN_CLI(arena, "submit", "small.json", "--slurm");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "small: 4 trials in 3 shards; ");
    ftdn_cli_assert_says(result.out, "job 43 runs the shards\njob 44 merges ");
}

static void jobs_that_have_not_ended_are_not_submitted_again(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm"));
    for (int job = 41; job <= 42; job++) {
        char id[16], message[256];
        snprintf(id, sizeof id, "%d", job);
        write_file("queued", id);
        snprintf(message, sizeof message,
                 "job %d of the last submission has not ended (squeue --jobs %d); wait, or end it: scancel %d\n", job,
                 job, job);
        ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json", "--slurm"), 2, message);
        ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm", "--dry-run"));
    }
    write_file("queued", "");
    ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm"));
}

static void what_sbatch_refuses_leaves_nothing_submitted(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_file("most", "0");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json", "--slurm"), 4,
                          "ftdn: sbatch refused: sbatch: error: no room\n");
    assert_int_equal(unlink("calls"), 0);

    write_file("most", "1");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json", "--slurm"), 4,
                          "ftdn: nothing stays submitted: sbatch refused: sbatch: error: no room\n");
    ftdn_cli_assert_says(load(arena, "calls"), "\nscancel 41\n");
    assert_false(ftdn_file_exists("results/small.slurm/submission.json"));
}

static void an_answer_without_a_job_is_an_error(void **state)
{
    ftdn_cli_place *place = *state;
    write_file("sbatch", "#!/bin/sh\necho Welcome\n");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "submit", "small.json", "--slurm"), 4,
                          "sbatch answered 'Welcome' instead of a job's id\n");
}

static void a_machine_without_slurm_is_told(void **state)
{
    ftdn_cli_place *place = *state;
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "submit", "small.json", "--slurm"), 4,
                          "ftdn: Slurm does not answer (--dry-run only writes the scripts): sbatch: No such file or "
                          "directory\n");
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "submit", "small.json", "--slurm", "--dry-run"));
}

static void mistakes_are_told_before_anything_is_written(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json"), 2,
                          "--slurm is missing: it is the one system that jobs can be submitted to\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json", "--slurm", "--db", "a\\b/x.db"), 2,
                          "/x.slurm: Slurm writes no logs to a path with a backslash; choose another --db\n");
    ftdn_cli_write_small("wrong.json", 1, "'seeed': 1");
    ftdn_cli_result result = FTDN_CLI(arena, "submit", "wrong.json", "--slurm");
    assert_int_equal(result.exit_code, 3);
    ftdn_cli_assert_says(result.err, "wrong.json:4:2: seeed: ");
    assert_false(ftdn_file_exists("calls"));
    assert_false(ftdn_file_exists("results"));
}

static void a_damaged_submission_is_named(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{", "submission.json:1:2: "},
        {"{}", "submission.json: the number of shards is missing; 'ftdn submit' has not written this\n"},
        {"{\"shards\":0}", "submission.json: the number of shards is missing; "},
        {"{\"shards\":2.5}", "submission.json: the number of shards is missing; "},
    };
    ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_file("results/small.slurm/submission.json", rows[i].text);
        ftdn_cli_assert_fails(FTDN_CLI(arena, "submit", "small.json", "--slurm"), 4, rows[i].message);
    }
    /* What is no job's id never reaches a command line. */
    write_file("results/small.slurm/submission.json", "{\"shards\":2,\"shards_job\":\"--all\",\"merge_job\":\"\"}");
    write_file("queued", "--all");
    ftdn_cli_assert_done(FTDN_CLI(arena, "submit", "small.json", "--slurm"));
}

#define SUBMIT_TEST(function) cmocka_unit_test_setup_teardown(function, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUBMIT_TEST(both_jobs_are_submitted_and_told),
        SUBMIT_TEST(a_dry_run_writes_scripts_and_submits_nothing),
        SUBMIT_TEST(json_tells_jobs_and_commands),
        SUBMIT_TEST(a_campaign_stays_divided_as_it_was),
        SUBMIT_TEST(jobs_that_have_not_ended_are_not_submitted_again),
        SUBMIT_TEST(what_sbatch_refuses_leaves_nothing_submitted),
        SUBMIT_TEST(an_answer_without_a_job_is_an_error),
        SUBMIT_TEST(a_machine_without_slurm_is_told),
        SUBMIT_TEST(mistakes_are_told_before_anything_is_written),
        SUBMIT_TEST(a_damaged_submission_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
