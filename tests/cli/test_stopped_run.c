/* test_stopped_run.c - campaigns that are interrupted, killed, or run out of memory. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

/* 8 trials. */
#define GRID                                                                                                           \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02], 'seed': [0, 1]}}"

/* Whoever runs the tests may have them ignore a lost terminal (nohup), and so would the program. */
static void heed_hangups(void)
{
    signal(SIGHUP, SIG_DFL);
}

/* Start the campaign and end it with the signal once it has said the fragment. */
static ftdn_cli_result run_until(ftdn_arena *arena, const char *fragment, int signal_number)
{
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"run", "small.json", NULL},
        .stdout_fd = -1,
        .stderr_fd = -1,
        .prepare = heed_hangups,
    };
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    ftdn_cli_wait_until_it_says(&process, fragment);
    assert_int_equal(kill(process.id, signal_number), 0);
    return ftdn_cli_wait(arena, &process);
}

static int count_trials(ftdn_arena *arena)
{
    ftdn_cli_assert_whole(arena, "results/small.db");
    return (int)ftdn_cli_ask_number(arena, "results/small.db", "SELECT count(*) FROM v_trials");
}

/* The rest of the 8 trials, by the command that was stopped. */
static void assert_continued(ftdn_arena *arena, int n_held, const char *results)
{
    char line[96];
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json");
    assert_int_equal(result.exit_code, 0);
    snprintf(line, sizeof line, "small: %d of 8 trials run in ", 8 - n_held);
    ftdn_cli_assert_says(result.out, line);
    snprintf(line, sizeof line, ", %d were in the store already\n", n_held);
    ftdn_cli_assert_says(result.out, line);
    ftdn_cli_assert_whole(arena, "results/small.db");
    assert_string_equal(ftdn_cli_results(arena, "results/small.db"), results);
}

static const char *results_without_interruption(ftdn_arena *arena)
{
    ftdn_cli_write_small("small.json", 32, GRID);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db"));
    return ftdn_cli_results(arena, "whole.db");
}

static void an_interrupted_campaign_is_continued_by_the_same_command(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *results = results_without_interruption(arena);
    for (int i = 0; i < 3; i++) {
        ftdn_cli_result result = run_until(arena, "trial 2 of 8: ", signals[i]);
        assert_int_equal(result.exit_code, 130);
        ftdn_cli_assert_says(result.err,
                             "stopping: running trials are finished or dropped within 5 s, finished ones are in the "
                             "store; once more: at once\n");
        int n_held = count_trials(arena);
        assert_in_range(n_held, 2, 7);
        char line[128];
        snprintf(line, sizeof line, "%d of 8 trials are in the store; go on with: ftdn run small.json --db %s\n",
                 n_held, "results/small.db");
        ftdn_cli_assert_says(result.out, line);
        assert_continued(arena, n_held, results);
        assert_int_equal(unlink("results/small.db"), 0);
    }
}

/* Nothing of an interrupted ranking is kept; the next run makes it anew. */
static void a_ranking_can_be_interrupted(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 1,
                         "'calibration': {'kind': 'test_scenes', 'images': 150, 'seed': 1},"
                         " 'protection': {'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}," GRID);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db"));
    ftdn_cli_result result = run_until(arena, "calibration: entropy\n", SIGINT);
    assert_int_equal(result.exit_code, 130);
    ftdn_cli_assert_says(result.out, "0 of 8 trials are in the store; go on with: ftdn run small.json");
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_scores", 0);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_failures", 0);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q"));
    assert_string_equal(ftdn_cli_results(arena, "results/small.db"), ftdn_cli_results(arena, "whole.db"));
}

static void a_killed_campaign_is_continued_by_the_same_command(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *results = results_without_interruption(arena);
    assert_int_equal(run_until(arena, "trial 2 of 8: ", SIGKILL).exit_code, 128 + SIGKILL);
    int n_first = count_trials(arena);
    assert_in_range(n_first, 2, 7);
    assert_int_equal(run_until(arena, "trial 1 of ", SIGKILL).exit_code, 128 + SIGKILL);
    int n_held = count_trials(arena);
    assert_in_range(n_held, n_first + 1, 8);
    assert_continued(arena, n_held, results);
}

/* Address space of the next program, in MB. */
static rlim_t limit_mb;

static void limit_memory(void)
{
    const struct rlimit limit = {limit_mb << 20, limit_mb << 20};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(126);
}

static ftdn_cli_result run_within(ftdn_arena *arena, rlim_t n_mb, const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1, .prepare = limit_memory};
    limit_mb = n_mb;
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    return ftdn_cli_wait(arena, &process);
}

/* Memory is short of what is enough by less than the activations take: weights and images fit, a rig does not. */
static void a_trial_that_fails_is_kept_with_its_cause_and_tried_again(void **state)
{
    static const char *const run[] = {"run", "large.json", "--threads", "1", "--quiet", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    rlim_t too_little = 64, enough = 2048;
    /* A sanitizer's shadow takes more than any limit. */
    if (run_within(arena, enough, (const char *const[]){"--version", NULL}).exit_code != 0) skip();
    ftdn_cli_write_quoted("large.json", "{'manifest_version': 1, 'name': 'large',"
                                        " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0'},"
                                        " 'dataset': {'kind': 'test_scenes', 'images': 1},"
                                        " 'sweep': {'grid': {'seed': [0, 1]}}}");
    while (enough - too_little > 8) {
        rlim_t middle = (too_little + enough) / 2;
        if (run_within(arena, middle, run).exit_code == 0) enough = middle;
        else too_little = middle;
        (void)unlink("results/large.db");
    }
    ftdn_cli_result result = run_within(arena, enough - 16, run);
    ftdn_cli_assert_fails(result, 10,
                          "2 of 2 trials failed (see them: ftdn query results/large.db v_failures);"
                          " the first: out of memory");
    ftdn_cli_assert_answer(arena, "results/large.db", "SELECT count(*) FROM v_trials", 0);
    ftdn_cli_assert_answer(arena, "results/large.db",
                           "SELECT count(*) FROM v_failures WHERE cause LIKE 'out of memory%' AND NOT finished"
                           " AND manifest = 'large'",
                           2);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "large.json", "--quiet"));
    ftdn_cli_assert_whole(arena, "results/large.db");
    ftdn_cli_assert_answer(arena, "results/large.db", "SELECT count(*) FROM v_failures WHERE finished", 2);
}

/* Nothing is begun that would not end in time; the same command, and --for again, go on. */
static void a_campaign_whose_time_is_over_says_how_to_go_on(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 120, GRID);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db"));
    const char *results = ftdn_cli_results(arena, "whole.db");
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json", "--workers", "1", "--for", "2s");
    assert_int_equal(result.exit_code, 11);
    int n_held = count_trials(arena);
    assert_in_range(n_held, 1, 7);
    char line[160];
    snprintf(line, sizeof line,
             "the time is over: %d of 8 trials are in the store; go on with: ftdn run small.json --db "
             "results/small.db\n",
             n_held);
    ftdn_cli_assert_says(result.out, line);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_runs WHERE outcome = 'out of time'", 1);
    result = FTDN_CLI(arena, "run", "small.json", "-q", "--for", "1h");
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(ftdn_cli_results(arena, "results/small.db"), results);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--for", "soon"), 2,
                          "--for: 'soon' is no length of time; allowed: as in 90s, 45m, 8h, 1h30m, 2d");
}

/* The first trials of the plan, by as many workers as they need; then the next, and the rest. */
static void a_limit_runs_so_many_trials_and_says_how_to_go_on(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *results = results_without_interruption(arena);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json", "--limit", "3");
    assert_int_equal(result.exit_code, 11);
    ftdn_cli_assert_says(result.out, "the limit is reached: 3 of 8 trials are in the store; go on with: ftdn run "
                                     "small.json --db results/small.db\n");
    ftdn_cli_assert_says(result.err, "trial 3 of 3: ");
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_trials WHERE weight_rate = 0", 3);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_missing", 5);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT n_wanted FROM v_runs WHERE outcome = 'finished'", 3);
    result = FTDN_CLI(arena, "run", "small.json", "-q", "--limit", "4");
    assert_int_equal(result.exit_code, 11);
    assert_int_equal(count_trials(arena), 7);
    /* One is left: the limit hinders nothing. */
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--limit", "1"));
    assert_string_equal(ftdn_cli_results(arena, "results/small.db"), results);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--limit", "1"));
}

/* `ftdn run small.json | true`: the campaign is what counts, not who reads of it. */
static void a_campaign_goes_on_when_its_reader_leaves(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    ftdn_cli_write_small("small.json", 4, GRID);
    ftdn_cli_result result = ftdn_cli_start(arena, ends[1], (const char *const[]){"run", "small.json", NULL});
    assert_int_equal(result.exit_code, 128 + SIGPIPE);
    assert_null(strstr(result.err, "ftdn:"));
    assert_int_equal(count_trials(arena), 8);
    static const char *const some[] = {"run", "small.json", "--db", "some.db", "--limit", "1", NULL};
    assert_int_equal(ftdn_cli_start(arena, ends[1], some).exit_code, 11); /* which says more */
    close(ends[1]);
}

/* The time of --for is that of the clock on the wall, also where the scheduler itself stood still. */
static void the_time_of_a_campaign_runs_while_it_is_stopped(void **state)
{
    static const char *const run[] = {"run", "small.json", "--workers", "1", "--for", "4s", NULL};
    const ftdn_cli_launch_desc desc = {.words = run, .stdout_fd = -1, .stderr_fd = -1};
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 120, GRID);
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    ftdn_cli_wait_until_it_says(&process, "trial 1 of 8: ");
    assert_int_equal(kill(process.id, SIGSTOP), 0);
    nanosleep(&(struct timespec){.tv_sec = 4}, NULL);
    assert_int_equal(kill(process.id, SIGCONT), 0);
    assert_int_equal(ftdn_cli_wait(&place->arena, &process).exit_code, 11);
    assert_in_range(count_trials(&place->arena), 1, 3); /* the second was under way, the third had begun at most */
}

/* The trials of a ranking whose images are broken fail, the others run; with --fail-fast nothing more is begun. */
static void a_failure_stops_a_campaign_only_where_that_is_wished(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_voc("voc");
    ftdn_cli_cut_file(arena, "voc/JPEGImages/a.jpg", "voc/JPEGImages/b.jpg", 640); /* its header is whole */
    ftdn_cli_write_small(
        "small.json", 2,
        "'calibration': {'kind': 'voc', 'root': 'voc', 'split': 'test'}, 'sweep': {'grid': {'protection': ["
        "{'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}, {'method': 'none'}], 'seed': [0, 1, 2]}}");
    static const struct {
        const char *option, *db;
        int n_done;
    } runs[] = {{"--fail-fast", "fast.db", 0}, {"--batch=8", "all.db", 3}};
    for (int i = 0; i < 2; i++) {
        ftdn_cli_result result =
            FTDN_CLI(arena, "run", "small.json", "--workers", "1", "-q", runs[i].option, "--db", runs[i].db);
        if (result.exit_code != 10) fail_msg("exit code %d: %s", result.exit_code, result.err);
        ftdn_cli_assert_says(result.err, "ftdn: 3 of 6 trials failed");
        ftdn_cli_assert_says(result.err, "\n  3 attempts failed: ");
        ftdn_cli_assert_answer(arena, runs[i].db, "SELECT count(*) FROM v_trials", runs[i].n_done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(an_interrupted_campaign_is_continued_by_the_same_command),
        FTDN_CAMPAIGN_TEST(a_ranking_can_be_interrupted),
        FTDN_CAMPAIGN_TEST(a_killed_campaign_is_continued_by_the_same_command),
        FTDN_CAMPAIGN_TEST(a_campaign_whose_time_is_over_says_how_to_go_on),
        FTDN_CAMPAIGN_TEST(a_limit_runs_so_many_trials_and_says_how_to_go_on),
        FTDN_CAMPAIGN_TEST(a_campaign_goes_on_when_its_reader_leaves),
        FTDN_CAMPAIGN_TEST(the_time_of_a_campaign_runs_while_it_is_stopped),
        FTDN_CAMPAIGN_TEST(a_failure_stops_a_campaign_only_where_that_is_wished),
        FTDN_CAMPAIGN_TEST(a_trial_that_fails_is_kept_with_its_cause_and_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
