/* test_identical_stores.c - one campaign by any number of workers, in any number of shards, interrupted or not: what
 * the stores hold is the same, byte for byte. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"
#include "tests/cli/processes.h"

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

/* Trials of every kind: a network, what is wrong, what protects. */
#define WEIGHTS(name) "'weights': '" FTDN_SOURCE_ROOT "/experiments/weights/" name "'"
static const char *const networks[] = {
    "{'name': 'ssd_mobilenet_v1', 'width': 0.25, " WEIGHTS("ssd_mobilenet_v1_025_road.safetensors") "}",
    "{'name': 'ssd_vgg16', 'width': 0.125, " WEIGHTS("ssd_vgg16_0125_road.safetensors") "}",
};
#define HALF "'ratio': 0.5}"
static const struct {
    const char *faults, *protection;
} kinds[] = {
    {"{'weight_rate': 0.02, 'feature_map_rate': 0.02}", "{'method': 'none'}"},
    {"{'weight_rate': 0.01, 'redraw': 'image', 'type': 'bit_flip'}", "{'method': 'none'}"},
    {"{'feature_map_rate': 0.001, 'type': 'bit_flip', 'bits': 'exponent', 'scope': 'all'}",
     "{'method': 'kr', 'ranking': 'second_order', 'merge': 'nonzero', 'allocation': 'global', " HALF},
    {"{'weight_rate': 0.02, 'redraw': 'image'}", "{'method': 'kr', 'ranking': 'random', " HALF},
    {"{'weight_rate': 0.02, 'feature_map_rate': 0.01, 'type': 'random', 'feature_map_point': 'conv',"
     " 'redraw': 'image', 'copies': 'shared'}",
     "{'method': 'fmr', 'merge': 'median', " HALF},
    {"{'feature_map_count': 9, 'weight_count': 5, 'type': 'stuck_at_1', 'bit': 30}",
     "{'method': 'fmr', 'ranking': 'entropy', 'merge': 'max_abs', " HALF},
    {"{'weight_rate': 0.02, 'type': 'stuck_at_0'}", "{'method': 'd2nn', 'ranking': 'activation', " HALF},
    {"{'weight_rate': 0.01, 'feature_map_rate': 0.01, 'redraw': 'image'}",
     "{'method': 'd2nn', 'combine': 'boxes', " HALF},
    {"{'feature_map_rate': 0.02, 'type': 'random'}", "{'method': 'clip'}"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Of both networks, with two seeds. */
static void write_kinds(ftdn_arena *arena, const char *path, bool backwards)
{
    const char *faults = "", *protections = "";
    for (int i = 0; i < N_KINDS; i++) {
        int k = backwards ? N_KINDS - 1 - i : i;
        faults = ftdn_arena_format(arena, NULL, "%s%s%s", faults, i ? ", " : "", kinds[k].faults);
        protections = ftdn_arena_format(arena, NULL, "%s%s%s", protections, i ? ", " : "", kinds[k].protection);
    }
    ftdn_cli_write_quoted(path,
                          "{'manifest_version': 1, 'name': 'kinds', 'model': %s,\n"
                          " 'dataset': {'kind': 'road', 'split': 'test', 'images': 6},\n"
                          " 'calibration': {'kind': 'road', 'split': 'calibration', 'images': 2},\n"
                          " 'sweep': {'zip': {'faults': [%s], 'protection': [%s]},\n"
                          " 'grid': {'model': [%s, %s]}, 'seeds': [%s]}}",
                          networks[0], faults, protections, networks[backwards], networks[!backwards],
                          backwards ? "1, 0" : "0, 1");
}

/* Run a campaign, one of whose workers is killed on its way. */
static void run_and_lose_a_worker(ftdn_arena *arena, const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    pid_t worker[8];
    ftdn_cli_wait_until_it_says(&process, "trial 10 of 36: ");
    if (ftdn_find_children(process.id, worker, 8) > 0) (void)kill(worker[0], SIGKILL);
    ftdn_cli_result result = ftdn_cli_wait(arena, &process);
    if (result.exit_code != 0) fail_msg("exit code %d: %s", result.exit_code, result.err);
}

/* Some trials by a process of their own each, then the others. */
static void run_piecemeal(ftdn_arena *arena, const char *manifest, const char *db)
{
    ftdn_cli_result planned = FTDN_CLI(arena, "plan", manifest, "--json", "--list", "--no-estimate");
    const ftdn_json *trials = ftdn_cli_member(ftdn_cli_parse(arena, planned.out), "trials");
    assert_int_equal(trials->n_children, 4 * N_KINDS);
    for (int i = 0; i < trials->n_children; i += 5) {
        const char *id = ftdn_cli_member(trials->child[i], "id")->string;
        ftdn_cli_assert_done(FTDN_CLI(arena, "run", manifest, "-q", "--db", db, "--trial", id, "--batch", "2"));
    }
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", manifest, "-q", "--db", db));
}

static void every_kind_of_trial_has_its_bytes_however_it_is_run(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    static const char *const lossy[] = {"run",       "back.json", "--db",    "b.db", "--workers", "2",
                                        "--threads", "1",         "--batch", "64",   NULL};
    write_kinds(arena, "there.json", false);
    write_kinds(arena, "back.json", true);
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "run", "there.json", "-q", "--db", "a.db", "--workers", "1", "--threads", "1", "--batch", "1"));
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials", 4 * N_KINDS);
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(DISTINCT map_voc07) > 18 FROM v_trials", 1);
    const char *expected = ftdn_cli_results(arena, "a.db");
    run_and_lose_a_worker(arena, lossy);
    assert_string_equal(ftdn_cli_results(arena, "b.db"), expected);
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "run", "back.json", "-q", "--db", "c.db", "--workers", "2", "--threads", "2", "--batch", "3"));
    assert_string_equal(ftdn_cli_results(arena, "c.db"), expected);
    run_piecemeal(arena, "back.json", "d.db");
    assert_string_equal(ftdn_cli_results(arena, "d.db"), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(any_number_of_workers_fills_the_same_store),
        FTDN_CAMPAIGN_TEST(any_number_of_shards_unites_to_the_same_store),
        FTDN_CAMPAIGN_TEST(shards_may_share_a_store),
        FTDN_CAMPAIGN_TEST(every_kind_of_trial_has_its_bytes_however_it_is_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
