/* test_killed_campaign.c - campaigns killed at random moments, again and again: nothing is lost, nothing is there
 * twice.
 *
 * A campaign is started and killed until it is through; what its store then holds must equal, byte for byte, that of a
 * campaign that nobody disturbed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

enum { NULL_KILLS = 1000, REAL_KILLS = 50 };

static void write_null_campaign(int n_seeds)
{
    ftdn_cli_write_small("small.json", 2, "");
    char rest[256];
    snprintf(rest, sizeof rest,
             "'engine': {'backend': 'null'}, 'sweeps': {"
             "'rates': {'grid': {'faults.weight_rate': [0, 0.01, 0.1]}, 'seeds': %d},"
             "'until': {'grid': {'faults.feature_map_rate': [0.1, 0.2]},"
             " 'seeds': {'until': {'ci95': 0.03, 'min': 3, 'max': 40}}}}",
             n_seeds);
    ftdn_cli_write_small("small.json", 2, rest);
}

/* The dump of a store made in one go by one worker. */
static const char *undisturbed(ftdn_arena *arena)
{
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db", "--workers", "1"));
    return ftdn_cli_results(arena, "whole.db");
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

/* Start the campaign and kill it some time later, unless it has ended by then. True where it was killed. */
static bool run_and_kill(ftdn_arena *arena, const char *workers, long delay_us)
{
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"run", "small.json", "-q", "--workers", workers, NULL},
        .stdout_fd = -1,
        .stderr_fd = -1,
    };
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    nanosleep(&(struct timespec){.tv_sec = delay_us / 1000000, .tv_nsec = delay_us % 1000000 * 1000}, NULL);
    assert_int_equal(kill(process.id, SIGKILL), 0); /* not yet waited for: the process is there, dead or alive */
    ftdn_cli_result result = ftdn_cli_wait(arena, &process);
    if (result.exit_code == 128 + SIGKILL) return true;
    if (result.exit_code != 0) fail_msg("exit code %d: %s", result.exit_code, result.err);
    return false;
}

/* Kill campaigns until n_kills were killed in the middle of their work; each that is through is compared and begun
 * anew. */
static void kill_campaigns(ftdn_arena *arena, int n_kills, long longest_us, const char *expected)
{
    static const char *const workers[] = {"1", "2", "3"};
    unsigned random = 20260131;
    int n_through = 0, n_held_before = 0;
    for (int n_killed = 0; n_killed < n_kills || n_held_before > 0;) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        bool is_enough = n_killed >= n_kills;
        long delay_us = is_enough ? 60000000 : (long)(next_random(&random) % (unsigned)longest_us);
        if (is_enough) ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q"));
        else if (run_and_kill(arena, workers[n_killed % 3], delay_us)) {
            n_killed++;
            n_held_before = access("results/small.db", F_OK) == 0;
            ftdn_arena_reset(arena, mark);
            continue;
        }
        if (strcmp(ftdn_cli_results(arena, "results/small.db"), expected) != 0)
            fail_msg("after %d kills the store holds something else", n_killed);
        ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) - count(DISTINCT id) FROM v_trials", 0);
        ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts WHERE outcome <> 'done'", 0);
        ftdn_cli_assert_says(ftdn_cli_ask(arena, "results/small.db", "SELECT * FROM pragma_integrity_check"), "\nok");
        ftdn_cli_assert_done(FTDN_CLI(arena, "verify", "results/small.db"));
        assert_int_equal(unlink("results/small.db"), 0);
        n_held_before = 0;
        n_through++;
        ftdn_arena_reset(arena, mark);
    }
    print_message("%d kills, %d campaigns came through\n", n_kills, n_through);
    assert_true(n_through >= 1);
}

static void a_thousand_kills_of_null_trials_lose_nothing_and_repeat_nothing(void **state)
{
    ftdn_cli_place *place = *state;
    write_null_campaign(500);
    kill_campaigns(&place->arena, NULL_KILLS, 90000, undisturbed(&place->arena));
}

static void fifty_kills_of_real_trials_lose_nothing_and_repeat_nothing(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 4,
                         "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1},"
                         " 'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02],"
                         " 'protection': [{'method': 'none'},"
                         " {'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}]}, 'seeds': 3}");
    kill_campaigns(&place->arena, REAL_KILLS, 800000, undisturbed(&place->arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_thousand_kills_of_null_trials_lose_nothing_and_repeat_nothing),
        FTDN_CAMPAIGN_TEST(fifty_kills_of_real_trials_lose_nothing_and_repeat_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
