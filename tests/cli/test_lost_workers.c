/* test_lost_workers.c - workers that are killed, stopped, or whose memory goes bad; a second scheduler; a full disk. */
#define _DEFAULT_SOURCE /* mount */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "datasets/dataset.h"
#include "harness/plan/model.h"
#include "tests/cli/cli_campaign.h"
#include "tests/cli/processes.h"

/* 12 trials. */
#define GRID                                                                                                           \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02], 'seed': [0, 1, 2]}}"

enum { N_TRIALS = 12 };

static const char *results_without_trouble(ftdn_arena *arena, int n_images)
{
    ftdn_cli_write_small("small.json", n_images, GRID);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db"));
    return ftdn_cli_results(arena, "whole.db");
}

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static ftdn_cli_process launch(const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
    return ftdn_cli_launch(&desc);
}

/* A worker of the running program; 0 where it ends before it has one. */
static pid_t wait_for_worker(const ftdn_cli_process *process)
{
    pid_t worker[8];
    while (!ftdn_cli_has_ended(process)) {
        int n = ftdn_find_children(process->id, worker, 8);
        if (n > 0) return worker[n - 1];
        sleep_ms(1);
    }
    return 0;
}

static void assert_same_results(ftdn_arena *arena, const char *expected)
{
    ftdn_cli_assert_whole(arena, "results/small.db");
    assert_string_equal(ftdn_cli_results(arena, "results/small.db"), expected);
}

/* A killed worker costs the trial it was at, which is tried again; three times, and it is left to the next run. */
static void killed_workers_cost_an_attempt_each_and_no_result(void **state)
{
    static const char *const run[] = {"run", "small.json", "--workers", "2", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = results_without_trouble(arena, 16);
    int n_killed = 0, exit_code = 10;
    for (int call = 0; exit_code == 10 && call < 10; call++) {
        ftdn_cli_process process = launch(run);
        while (n_killed < 8) {
            pid_t worker = wait_for_worker(&process);
            if (worker == 0) break;
            sleep_ms(60 + 40 * (n_killed % 3));
            n_killed += kill(worker, SIGKILL) == 0;
        }
        exit_code = ftdn_cli_wait(arena, &process).exit_code;
    }
    assert_int_equal(exit_code, 0);
    assert_same_results(arena, expected);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts WHERE outcome = 'done'",
                           N_TRIALS);
    long long n_crashed = ftdn_cli_ask_number(
        arena, "results/small.db",
        "SELECT count(*) FROM v_attempts WHERE outcome = 'crashed' AND cause = 'killed by signal 9 (Killed)'");
    assert_in_range(n_crashed, 1, n_killed);
}

static void a_stopped_worker_is_hung_and_replaced(void **state)
{
    static const char *const run[] = {"run", "small.json", "--workers", "2", "--deadline", "5", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = results_without_trouble(arena, 16);
    ftdn_cli_process process = launch(run);
    ftdn_cli_wait_until_it_says(&process, "trial 4 of 12: "); /* both workers are past their canaries */
    pid_t worker = wait_for_worker(&process);
    assert_true(worker > 0);
    assert_int_equal(kill(worker, SIGSTOP), 0);
    ftdn_cli_result result = ftdn_cli_wait(arena, &process);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "no answer within 5 s");
    ftdn_cli_assert_says(result.out, "attempts that failed, all of them made good:\n");
    assert_same_results(arena, expected);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts WHERE outcome = 'hung'", 1);
}

/* The first values of a convolution of the campaign's network, as they lie in a worker's memory. */
static void find_clean_weights(ftdn_arena *arena, const float **ret_values)
{
    ftdn_error err = {0};
    ftdn_model model;
    const ftdn_model_settings settings = {.name = "ssd_mobilenet_v1", .n_classes = 20, .width = 0.25};
    FTDN_ASSERT_OK(ftdn_model_open(&settings, arena, &model, &err), err);
    const ftdn_graph *graph = &model.network.graph;
    int parameter = graph->node[graph->layer[3].conv].weight;
    *ret_values = model.weights.value[parameter];
}

/* One bit of a weight is turned over in the memory of every worker: what they did since their last good canary is taken
 * back, new workers do it again. */
static void a_worker_whose_memory_is_damaged_is_found_out(void **state)
{
    static const char *const run[] = {"run", "small.json", "--workers", "1", "--canary", "4", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const float *weights;
    const char *expected = results_without_trouble(arena, 16);
    find_clean_weights(arena, &weights);
    ftdn_cli_process process = launch(run);
    ftdn_cli_wait_until_it_says(&process, "trial 1 of 12: ");
    pid_t worker = wait_for_worker(&process);
    assert_true(worker > 0);
    assert_int_equal(kill(worker, SIGSTOP), 0);
    int n_places = ftdn_damage_memory(worker, weights, 8 * sizeof *weights);
    assert_int_equal(kill(worker, SIGCONT), 0);
    ftdn_cli_result result = ftdn_cli_wait(arena, &process);
    if (n_places < 0) skip();
    assert_true(n_places > 0);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err,
                         "worker 0: its golden canary differs; 4 trials since its last good one are run again");
    ftdn_cli_assert_says(result.out, "4 results were taken back and run again: a golden canary differed\n");
    assert_same_results(arena, expected);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts WHERE outcome = 'withdrawn'", 4);
    ftdn_cli_assert_answer(arena, "results/small.db",
                           "SELECT count(*) FROM v_attempts WHERE outcome = 'done' AND confirmed", N_TRIALS);
}

static void a_second_scheduler_is_refused_and_disturbs_nothing(void **state)
{
    static const char *const run[] = {"run", "small.json", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = results_without_trouble(arena, 80);
    ftdn_cli_process process = launch(run);
    ftdn_cli_wait_until_it_says(&process, "trial 1 of 12: ");
    char line[128];
    snprintf(line, sizeof line, "store 'results/small.db' is being filled by process %ld on ", (long)process.id);
    for (int i = 0; i < 3; i++) ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json"), 5, line);
    assert_int_equal(ftdn_cli_wait(arena, &process).exit_code, 0);
    assert_same_results(arena, expected);
    ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts", N_TRIALS);
}

/* Both are called at the same moment: one fills the store, the other is refused. */
static void of_two_schedulers_at_once_one_runs(void **state)
{
    static const char *const run[] = {"run", "small.json", "-q", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *expected = results_without_trouble(arena, 4);
    for (int round = 0; round < 3; round++) {
        ftdn_cli_process first = launch(run), second = launch(run);
        int codes = ftdn_cli_wait(arena, &first).exit_code + ftdn_cli_wait(arena, &second).exit_code;
        assert_true(codes == 5 || codes == 0); /* 0: the second came when the first was through */
        assert_same_results(arena, expected);
        ftdn_cli_assert_answer(arena, "results/small.db", "SELECT count(*) FROM v_attempts", N_TRIALS);
        assert_int_equal(unlink("results/small.db"), 0);
    }
}

/* A disk that is full ends the campaign with a word; with more room the same command goes on. */
static void a_full_disk_ends_a_campaign_that_goes_on_when_there_is_room(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 2, "'engine': {'backend': 'null'}, 'sweep': {'seeds': 800}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "whole.db"));
    const char *expected = ftdn_cli_results(arena, "whole.db");
    assert_int_equal(mkdir("results", 0777), 0);
    if (mount("none", "results", "tmpfs", 0, "size=600k") != 0) skip();
    int n_full = 0;
    ftdn_cli_result result;
    for (int n_kb = 600; (result = FTDN_CLI(arena, "run", "small.json", "-q")).exit_code == 5 && n_full < 30;
         n_full++) {
        char size[32];
        ftdn_cli_assert_says(result.err, "full");
        snprintf(size, sizeof size, "size=%dk", n_kb += 200);
        assert_int_equal(mount("none", "results", "tmpfs", MS_REMOUNT, size), 0);
    }
    const char *found = result.exit_code == 0 ? ftdn_cli_results(arena, "results/small.db") : result.err;
    ftdn_cli_result verified = FTDN_CLI(arena, "verify", "results/small.db");
    assert_int_equal(umount("results"), 0);
    assert_true(n_full > 1);
    assert_string_equal(found, expected);
    ftdn_cli_assert_done(verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(killed_workers_cost_an_attempt_each_and_no_result),
        FTDN_CAMPAIGN_TEST(a_stopped_worker_is_hung_and_replaced),
        FTDN_CAMPAIGN_TEST(a_worker_whose_memory_is_damaged_is_found_out),
        FTDN_CAMPAIGN_TEST(a_second_scheduler_is_refused_and_disturbs_nothing),
        FTDN_CAMPAIGN_TEST(of_two_schedulers_at_once_one_runs),
        FTDN_CAMPAIGN_TEST(a_full_disk_ends_a_campaign_that_goes_on_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
