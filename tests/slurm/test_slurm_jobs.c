/* test_slurm_jobs.c - campaigns on a real Slurm of one node, which with-slurm starts around this program. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/terminal/child_program.h"
#include "tests/cli/cli_campaign.h"

/* Whatever a shell, Slurm's file patterns or SQL might stumble over. */
#define ODD_FOLDER "it's a \"$HOME\" %a;*"
#define STORE "results of it/small.db"
#define SLURM_FOLDER "results of it/small.slurm"

/* Trials of about 0.1 s. */
#define GRID                                                                                                           \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02],"                        \
    " 'seed': [0, 1, 2, 3, 4, 5]}}"
enum { N_TRIALS = 24, IMAGES = 12, LONGEST_WAIT_S = 60 };

/* What one run of the campaign gives, for all tests: its logical dump, which lives in the arena. */
static struct {
    ftdn_arena arena;
    const char *dump;
} whole;

/* The test's arena, and the jobs submitted last. */
typedef struct rig {
    ftdn_arena *arena;
    const char *shards, *merge;
} rig;

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Run one of Slurm's commands; its stdout. */
static const char *ask_slurm(rig *r, const char *const *words)
{
    ftdn_error err = {0};
    ftdn_child_result result;
    FTDN_ASSERT_OK(ftdn_child_run(words, r->arena, &result, &err), err);
    if (result.exit_code != 0) fail_msg("%s: %s", words[0], result.err);
    return result.out;
}
#define ASK(r, ...) ask_slurm((r), (const char *const[]){__VA_ARGS__, NULL})

static void enter_odd_folder(void)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_folder_create(ODD_FOLDER, &err), err);
    assert_int_equal(chdir(ODD_FOLDER), 0);
}

/* The test's place with the campaign's manifest in it. */
static rig make_rig(void **state)
{
    ftdn_cli_place *place = *state;
    enter_odd_folder();
    ftdn_cli_write_small("small.json", IMAGES, GRID);
    return (rig){.arena = &place->arena};
}

/* Submit the campaign in two shards, or however many it has by now. */
static void submit(rig *r, const char *option)
{
    ftdn_cli_result result = FTDN_CLI(r->arena, "submit", "small.json", "--slurm", "--db", STORE, "--json", option);
    ftdn_cli_assert_done(result);
    const ftdn_json *answer = ftdn_cli_parse(r->arena, result.out);
    assert_int_equal(ftdn_cli_member(answer, "trials")->number, N_TRIALS);
    const ftdn_json *jobs = ftdn_cli_member(answer, "jobs");
    r->shards = ftdn_cli_member(jobs, "shards")->string;
    r->merge = ftdn_cli_member(jobs, "merge")->string;
}

/* Until no job is queued or runs. */
static void wait_for_all(rig *r)
{
    for (int i = 0; i < LONGEST_WAIT_S * 10; i++) {
        if (!*ASK(r, "squeue", "--noheader", "--format=%i %T")) return;
        sleep_ms(100);
    }
    fail_msg("jobs are left:\n%s", ASK(r, "squeue"));
}

/* The job, all tasks of an array, has ended in this state. */
static void assert_state(rig *r, const char *job, const char *expected)
{
    const char *text = ASK(r, "scontrol", "--oneliner", "show", "job", job);
    const char *word = strstr(text, "JobState=");
    if (!word) fail_msg("no state in: %s", text);
    for (; word; word = strstr(word, "JobState=")) {
        word += strlen("JobState=");
        if (strncmp(word, expected, strlen(expected)) != 0) fail_msg("not %s: %s", expected, text);
    }
}

static const char *read_log(rig *r, const char *name)
{
    char path[256];
    size_t n_bytes;
    snprintf(path, sizeof path, SLURM_FOLDER "/logs/%s.log", name);
    return ftdn_cli_load(r->arena, path, &n_bytes);
}

static const char *dump_store(ftdn_arena *arena, const char *db)
{
    ftdn_cli_result result = FTDN_CLI(arena, "dump", db);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\"table\":\"trials\"");
    return result.out;
}

/* All is there, each trial was run once, and nothing differs from one run. */
static void assert_merged(rig *r)
{
    assert_state(r, r->shards, "COMPLETED");
    assert_state(r, r->merge, "COMPLETED");
    ftdn_cli_assert_whole(r->arena, STORE);
    assert_string_equal(dump_store(r->arena, STORE), whole.dump);
    ftdn_cli_assert_says(read_log(r, "merge"), " 24 trials are in /");
}

/* The store of a shard of two. */
static const char *shard_store(int shard, char ret_path[256])
{
    snprintf(ret_path, 256, SLURM_FOLDER "/shard_%d_of_2.db", shard);
    return ret_path;
}

/* How many trials a shard's store holds while its task may write to it; 0 where there is none yet. */
static long long count_kept(rig *r, int shard)
{
    char path[256];
    ftdn_cli_result result =
        FTDN_CLI(r->arena, "query", shard_store(shard, path), "SELECT count(*) FROM v_trials", "--csv");
    const char *number = strchr(result.out, '\n');
    return result.exit_code == 0 && number ? atoll(number + 1) : 0;
}

static void wait_for_first_trials(rig *r, int shard)
{
    for (int i = 0; i < LONGEST_WAIT_S * 20; i++) {
        if (count_kept(r, shard) >= 2) return;
        if (!*ASK(r, "squeue", "--noheader")) break;
        sleep_ms(50);
    }
    fail_msg("shard %d keeps no trial: %s", shard, ASK(r, "squeue"));
}

/* "12_1": the task of the array that runs the shard. */
static const char *task_of(rig *r, int shard)
{
    ftdn_error err = {0};
    char *text = ftdn_arena_format(r->arena, &err, "%s_%d", r->shards, shard);
    assert_non_null(text);
    return text;
}

static void shards_and_merge_give_what_one_run_gives(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--shards=3");
    wait_for_all(&r);
    assert_merged(&r);
    ftdn_cli_assert_answer(r.arena, STORE, "SELECT count(*) FROM attempts", N_TRIALS);

    /* Submitted again, every shard is finished at once, and the merge changes nothing. */
    submit(&r, "--cpus=1");
    wait_for_all(&r);
    assert_merged(&r);
    ftdn_cli_assert_answer(r.arena, STORE, "SELECT count(*) FROM attempts", N_TRIALS);
}

static void more_shards_than_trials_are_no_mistake(void **state)
{
    ftdn_cli_place *place = *state;
    enter_odd_folder();
    ftdn_cli_write_small("small.json", 1, "'seed': 0");
    ftdn_cli_result result =
        FTDN_CLI(&place->arena, "submit", "small.json", "--slurm", "--db", STORE, "--shards", "3", "--gpus", "1");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "small: 1 trial in 3 shards; ");
    rig r = {.arena = &place->arena};
    ftdn_cli_assert_says(ASK(&r, "scontrol", "show", "job"), "TresPerJob=gres:gpu:1");
    wait_for_all(&r);
    ftdn_cli_assert_answer(r.arena, STORE, "SELECT count(*) FROM v_trials", 1);
}

/* A job of more urgency takes the whole node. */
static void a_preempted_task_goes_on_where_it_was(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--shards=2");
    wait_for_first_trials(&r, 1);
    (void)ASK(&r, "sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true");
    wait_for_all(&r);
    for (int shard = 1; shard <= 2; shard++) {
        char name[16], path[256];
        snprintf(name, sizeof name, "shard_%d", shard);
        const char *log = read_log(&r, name);
        ftdn_cli_assert_says(log, ": start 0 on ");
        ftdn_cli_assert_says(log, "; go on with: ");
        ftdn_cli_assert_says(log, ": start 1 on ");
        ftdn_cli_assert_answer(r.arena, shard_store(shard, path),
                               "SELECT count(*) FROM v_attempts WHERE outcome = 'crashed'", 0);
    }
    assert_merged(&r);
}

/* Slurm's own warning comes a minute before the limit, which has whole minutes; here it comes when it is of use. */
static void a_task_warned_of_its_time_limit_requeues_itself(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--shards=2");
    wait_for_first_trials(&r, 2);
    (void)ASK(&r, "scancel", "--batch", "--signal=USR1", task_of(&r, 2));
    wait_for_all(&r);
    const char *log = read_log(&r, "shard_2");
    ftdn_cli_assert_says(log, " shard 2 of 2: the time limit is near; it goes on when Slurm starts it again\n");
    ftdn_cli_assert_says(log, " shard 2 of 2: start 1 on ");
    assert_merged(&r);
}

static void a_killed_task_cancels_the_merge_and_the_same_command_continues(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--shards=2");
    wait_for_first_trials(&r, 1);
    ftdn_cli_result early = FTDN_CLI(r.arena, "submit", "small.json", "--slurm", "--db", STORE);
    ftdn_cli_assert_fails(early, 2, " of the last submission has not ended (squeue --jobs ");
    (void)ASK(&r, "scancel", "--signal=KILL", task_of(&r, 1));
    wait_for_all(&r);
    assert_state(&r, r.merge, "CANCELLED");
    assert_false(ftdn_file_exists(STORE));
    assert_in_range(count_kept(&r, 1), 2, N_TRIALS / 2 + 6);

    submit(&r, "--cpus=1");
    wait_for_all(&r);
    assert_merged(&r);
    ftdn_cli_assert_answer(r.arena, STORE, "SELECT count(*) FROM v_trials", N_TRIALS);
}

static void a_failing_task_cancels_the_merge(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--sbatch-option=--hold");
    assert_int_equal(unlink(SLURM_FOLDER "/manifest.json"), 0);
    (void)ASK(&r, "scontrol", "release", r.shards);
    (void)ASK(&r, "scontrol", "release", r.merge);
    wait_for_all(&r);
    assert_state(&r, r.shards, "FAILED");
    assert_state(&r, r.merge, "CANCELLED");
    assert_false(ftdn_file_exists(STORE));
    ftdn_cli_assert_says(read_log(&r, "shard_1"), "manifest.json: No such file or directory\n");
    ftdn_cli_assert_says(read_log(&r, "shard_1"), " shard 1 of 8: failed with exit code 4\n");
}

static void jobs_that_wait_keep_the_manifest_as_it_was(void **state)
{
    rig r = make_rig(state);
    submit(&r, "--sbatch-option=--hold");
    ftdn_cli_write_small("small.json", 1, "'seed': 77");
    (void)ASK(&r, "scontrol", "release", r.shards);
    (void)ASK(&r, "scontrol", "release", r.merge);
    wait_for_all(&r);
    assert_merged(&r);
}

static void what_slurm_refuses_is_said_in_its_own_words(void **state)
{
    rig r = make_rig(state);
    ftdn_cli_result result =
        FTDN_CLI(r.arena, "submit", "small.json", "--slurm", "--db", STORE, "--partition", "nowhere");
    ftdn_cli_assert_fails(result, 4, "sbatch refused: sbatch: error: ");
    ftdn_cli_assert_says(result.err, "invalid partition");
    assert_string_equal(ASK(&r, "squeue", "--noheader"), "");
}

static int run_once(void **state)
{
    void *place = NULL;
    (void)state;
    ftdn_arena_init(&whole.arena);
    if (ftdn_cli_enter(&place) != 0) return -1;
    ftdn_cli_write_small("small.json", IMAGES, GRID);
    ftdn_cli_assert_done(FTDN_CLI(&whole.arena, "run", "small.json", "-q", "--db", "whole.db"));
    whole.dump = dump_store(&whole.arena, "whole.db");
    return ftdn_cli_leave(&place);
}

static int forget(void **state)
{
    (void)state;
    ftdn_arena_done(&whole.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(shards_and_merge_give_what_one_run_gives),
        FTDN_CAMPAIGN_TEST(more_shards_than_trials_are_no_mistake),
        FTDN_CAMPAIGN_TEST(a_preempted_task_goes_on_where_it_was),
        FTDN_CAMPAIGN_TEST(a_task_warned_of_its_time_limit_requeues_itself),
        FTDN_CAMPAIGN_TEST(a_killed_task_cancels_the_merge_and_the_same_command_continues),
        FTDN_CAMPAIGN_TEST(a_failing_task_cancels_the_merge),
        FTDN_CAMPAIGN_TEST(jobs_that_wait_keep_the_manifest_as_it_was),
        FTDN_CAMPAIGN_TEST(what_slurm_refuses_is_said_in_its_own_words),
    };
    return cmocka_run_group_tests(tests, run_once, forget);
}
