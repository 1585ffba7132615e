/* test_identical_stores.c - one campaign by any number of workers, in any number of shards, interrupted or not: what
 * the stores hold is the same, byte for byte. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

/* Protections, a ranking that is computed once, and cells whose intervals decide on their seeds. */
#define SWEEPS                                                                                                         \
    "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1},"                                                  \
    " 'sweeps': {"                                                                                                     \
    "'methods': {'grid': {'faults.weight_rate': [0.01, 0.05], 'protection': [{'method': 'none'},"                      \
    " {'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}, {'method': 'kr', 'ranking': 'random', 'ratio': 0.5}]},"    \
    " 'seeds': 2},"                                                                                                    \
    "'until': {'grid': {'faults.feature_map_rate': [0.01, 0.05], 'faults.weight_rate': [0.01]},"                       \
    " 'seeds': {'until': {'ci95': 0.02, 'min': 2, 'max': 6}}}}"

static const char *undisturbed(ftdn_arena *arena)
{
    ftdn_cli_write_small("small.json", 3, SWEEPS);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db", "--workers", "1"));
    return ftdn_cli_results(arena, "whole.db");
}

static void any_number_of_workers_fills_the_same_store(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = undisturbed(arena);
    static const char *const workers[] = {"2", "3", "7"};
    for (int i = 0; i < 3; i++) {
        ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "a.db", "--workers", workers[i]));
        assert_string_equal(ftdn_cli_results(arena, "a.db"), expected);
        assert_int_equal(unlink("a.db"), 0);
    }
}

/* Run a shard; killed once in the middle and begun again where `disturbed`. */
static void run_shard(ftdn_arena *arena, const char *shard, const char *db, bool disturbed, long delay_ms)
{
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"run", "small.json", "-q", "--shard", shard, "--db", db, NULL},
        .stdout_fd = -1,
        .stderr_fd = -1,
    };
    if (disturbed) {
        ftdn_cli_process process = ftdn_cli_launch(&desc);
        nanosleep(&(struct timespec){.tv_nsec = delay_ms * 1000000}, NULL);
        assert_int_equal(kill(process.id, SIGKILL), 0);
        (void)ftdn_cli_wait(arena, &process);
    }
    ftdn_cli_assert_done(ftdn_cli_start(arena, -1, desc.words));
}

static void any_number_of_shards_unites_to_the_same_store(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const int counts[] = {1, 2, 5};
    const char *expected = undisturbed(arena);
    for (int round = 0; round < 6; round++) {
        int n = counts[round % 3];
        char shard[5][32], db[5][32];
        const char *words[16] = {"merge", "merged.db"};
        for (int i = 0; i < n; i++) {
            snprintf(shard[i], sizeof shard[i], "%d/%d", i + 1, n);
            snprintf(db[i], sizeof db[i], "shard%d.db", i + 1);
            run_shard(arena, shard[i], db[i], round >= 3, 100 + 60 * i);
            words[2 + i] = db[i];
        }
        ftdn_cli_result merged = ftdn_cli_start(arena, -1, words);
        ftdn_cli_assert_done(merged);
        assert_string_equal(ftdn_cli_results(arena, "merged.db"), expected);
        for (int i = 0; i < n; i++) assert_int_equal(unlink(db[i]), 0);
        assert_int_equal(unlink("merged.db"), 0);
    }
}

/* One store takes one shard after the other. */
static void shards_may_share_a_store(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = undisturbed(arena);
    run_shard(arena, "1/2", "both.db", false, 0);
    run_shard(arena, "2/2", "both.db", false, 0);
    assert_string_equal(ftdn_cli_results(arena, "both.db"), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(any_number_of_workers_fills_the_same_store),
        FTDN_CAMPAIGN_TEST(any_number_of_shards_unites_to_the_same_store),
        FTDN_CAMPAIGN_TEST(shards_may_share_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
