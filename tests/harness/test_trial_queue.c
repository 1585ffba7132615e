/* test_trial_queue.c - which trial is next: groups, retries, and cells that add seeds until their interval is narrow.
 * */
#include "harness/campaign/trial_queue.h"

#include <math.h>
#include <stdio.h>

#include "tests/support/support.h"

enum { MOST_TRIALS = 40, MOST_CELLS = 8 };

/* A plan of null trials, each in one group, or of `kr` trials with a ratio for each group. */
typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_planned_trial trial[MOST_TRIALS];
    ftdn_plan_cell cell[MOST_CELLS];
    int member[MOST_CELLS][MOST_TRIALS];
    ftdn_plan plan;
    ftdn_trial_queue queue;
} fixture;

static fixture f;

static int set_up(void **state)
{
    (void)state;
    f = (fixture){0};
    ftdn_arena_init(&f.arena);
    f.plan = (ftdn_plan){.trial = f.trial, .cell = f.cell};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_arena_done(&f.arena);
    return 0;
}

/* Ids ascend with the number of the trial. */
static int add_trial(double ratio)
{
    int i = f.plan.n_trials++;
    ftdn_planned_trial *trial = &f.trial[i];
    trial->settings.engine.backend = "cpu";
    trial->settings.faults.redraw = "trial";
    trial->settings.faults.feature_map_point = "activation";
    trial->settings.faults.weight_scope.name = trial->settings.faults.feature_map_scope.name = "features";
    trial->settings.protection = (ftdn_protection_settings){.method = "kr", .ranking = "weight_sum", .ratio = ratio};
    snprintf(trial->spec.id, sizeof trial->spec.id, "%064d", i);
    return i;
}

static void add_cell(int n_seeds, double ci95, int n_min, double ratio)
{
    int c = f.plan.n_cells++;
    for (int i = 0; i < n_seeds; i++) f.member[c][i] = add_trial(ratio);
    f.cell[c] = (ftdn_plan_cell){.n_seeds = n_seeds, .trial = f.member[c], .ci95 = ci95, .n_min = n_min};
}

static void start(const ftdn_held_trial *held, int n_held)
{
    FTDN_ASSERT_OK(ftdn_trial_queue_init(&f.queue, &f.plan, held, n_held, &f.arena, &f.err), f.err);
}

static int take_any(void)
{
    int group = ftdn_trial_queue_choose(&f.queue, -1, NULL, NULL);
    return group < 0 ? -1 : ftdn_trial_queue_take(&f.queue, group);
}

static ftdn_held_trial hold(int trial, double map)
{
    ftdn_held_trial held = {.map_voc07 = map};
    memcpy(held.id, f.trial[trial].spec.id, sizeof held.id);
    return held;
}

static void trials_that_the_store_holds_are_not_run(void **state)
{
    (void)state;
    add_cell(4, 0, 0, 0.5);
    const ftdn_held_trial held[] = {hold(1, 0.1), hold(3, 0.2)};
    start(held, 2);
    assert_int_equal(f.queue.n_held, 2);
    assert_int_equal(ftdn_trial_queue_wanted(&f.queue), 2);
    assert_int_equal(take_any(), 0);
    assert_int_equal(take_any(), 2);
    assert_int_equal(take_any(), -1);
}

static void trials_of_one_set_up_are_one_group_in_the_order_of_the_plan(void **state)
{
    (void)state;
    add_cell(2, 0, 0, 0.25);
    add_cell(2, 0, 0, 0.5);
    add_cell(2, 0, 0, 0.25);
    start(NULL, 0);
    assert_int_equal(f.queue.n_groups, 2);
    int first = ftdn_trial_queue_choose(&f.queue, -1, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        static const int expected[] = {0, 1, 4, 5};
        assert_int_equal(ftdn_trial_queue_choose(&f.queue, first, NULL, NULL), first);
        assert_int_equal(ftdn_trial_queue_take(&f.queue, first), expected[i]);
    }
    assert_int_equal(ftdn_trial_queue_choose(&f.queue, first, NULL, NULL), 1 - first);
}

static void a_second_worker_turns_to_a_group_that_nobody_is_at(void **state)
{
    (void)state;
    add_cell(8, 0, 0, 0.25);
    add_cell(2, 0, 0, 0.5);
    start(NULL, 0);
    f.queue.group[0].n_workers = 1;
    assert_int_equal(ftdn_trial_queue_choose(&f.queue, -1, NULL, NULL), 1);
    f.queue.group[1].n_workers = 1;
    assert_int_equal(ftdn_trial_queue_choose(&f.queue, -1, NULL, NULL), 0);
}

static bool not_the_first(void *user, int group)
{
    (void)user;
    return group != 0;
}

static void a_group_that_may_not_run_is_passed_over(void **state)
{
    (void)state;
    add_cell(2, 0, 0, 0.25);
    add_cell(2, 0, 0, 0.5);
    start(NULL, 0);
    assert_int_equal(ftdn_trial_queue_choose(&f.queue, 0, not_the_first, NULL), 1);
    assert_int_equal(ftdn_trial_queue_choose(&f.queue, -1, not_the_first, NULL), 1);
}

static void a_retried_trial_is_next_and_a_given_up_one_is_gone(void **state)
{
    (void)state;
    add_cell(3, 0, 0, 0.5);
    start(NULL, 0);
    int trial = take_any();
    ftdn_trial_queue_retry(&f.queue, trial);
    assert_int_equal(take_any(), trial);
    assert_int_equal(f.queue.trial[trial].n_tries, 2);
    ftdn_trial_queue_give_up(&f.queue, trial);
    assert_int_equal(f.queue.n_failed, 1);
    int next = take_any();
    assert_int_not_equal(next, trial);
    ftdn_trial_queue_finish(&f.queue, next, 0.5);
    ftdn_trial_queue_redo(&f.queue, next);
    assert_int_equal(f.queue.n_done, 0);
    assert_int_equal(take_any(), next);
}

/* Run cell after cell to its end: the value of seed i is value[i]. The number of trials that ran. */
static int run_all(const double *value)
{
    int n_run = 0;
    for (int trial; (trial = take_any()) >= 0; n_run++) ftdn_trial_queue_finish(&f.queue, trial, value[trial]);
    return n_run;
}

/* 0.975 quantiles of Student's t: 12.7062 (df 1), 4.3027 (2), 3.1824 (3). */
static void seeds_are_added_until_the_interval_is_narrow(void **state)
{
    (void)state;
    static const double value[] = {0.4, 0.5, 0.45, 0.45, 0.45, 0.45};
    /* Half widths: n = 2: 12.7062 * 0.070711 / sqrt 2 = 0.635; n = 3: 4.3027 * 0.05 / sqrt 3 = 0.124;
     * n = 4: 3.1824 * 0.040825 / 2 = 0.065; n = 5: 2.7764 * 0.035355 / sqrt 5 = 0.0439. */
    static const struct {
        double ci95;
        int n_run;
    } expected[] = {{0.64, 2}, {0.63, 3}, {0.125, 3}, {0.123, 4}, {0.0649, 5}, {0.0440, 5}, {0.0438, 6}, {1e-9, 6}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        (void)set_up(state);
        add_cell(6, expected[i].ci95, 2, 0.5);
        start(NULL, 0);
        assert_int_equal(ftdn_trial_queue_wanted(&f.queue), 2);
        assert_int_equal(run_all(value), expected[i].n_run);
        (void)tear_down(state);
    }
}

/* Interrupted anywhere, with any part of the results held, the same trials are in the store in the end. */
static void what_runs_does_not_depend_on_interruptions(void **state)
{
    (void)state;
    static const double value[] = {0.4, 0.5, 0.45, 0.45, 0.45, 0.45};
    for (unsigned mask = 0; mask < 16; mask++) {
        (void)set_up(state);
        add_cell(6, 0.07, 2, 0.5);
        ftdn_held_trial held[4];
        int n_held = 0;
        for (int i = 0; i < 4; i++)
            if (mask & 1u << i) held[n_held++] = hold(i, value[i]);
        start(held, n_held);
        assert_int_equal(run_all(value) + n_held, 4);
        assert_int_equal(f.queue.trial[4].state, FTDN_TRIAL_DORMANT);
        (void)tear_down(state);
    }
}

static void a_trial_of_two_cells_runs_once_and_wakes_both(void **state)
{
    (void)state;
    static const double value[] = {0.4, 0.5, 0.45, 0.45, 0.45, 0.45};
    add_cell(6, 0.07, 2, 0.5);
    f.plan.n_cells = 2;
    for (int i = 0; i < 6; i++) f.member[1][i] = i;
    f.cell[1] = (ftdn_plan_cell){.n_seeds = 6, .trial = f.member[1], .ci95 = 0.05, .n_min = 3};
    start(NULL, 0);
    assert_int_equal(ftdn_trial_queue_wanted(&f.queue), 3);
    assert_int_equal(run_all(value), 5);
}

/* The first in the order of the plan, though others are in a group with them; what fails is tried again. */
static void a_limit_runs_the_first_trials_and_withholds_the_rest(void **state)
{
    (void)state;
    add_cell(2, 0, 0, 0.25);
    add_cell(2, 0, 0, 0.5);
    add_cell(2, 0, 0, 0.25);
    const ftdn_held_trial held[] = {hold(0, 0.1)};
    start(held, 1);
    ftdn_trial_queue_limit(&f.queue, 3);
    assert_int_equal(ftdn_trial_queue_wanted(&f.queue), 3);
    assert_int_equal(f.queue.n_withheld, 2);
    assert_int_equal(take_any(), 1);
    ftdn_trial_queue_retry(&f.queue, 1);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(take_any(), i);
        ftdn_trial_queue_finish(&f.queue, i, 0.5);
    }
    assert_int_equal(take_any(), -1);
    assert_int_equal(f.queue.trial[4].state, FTDN_TRIAL_WITHHELD);
    assert_int_equal(ftdn_trial_queue_wanted(&f.queue), 3);
}

/* Without a limit it would be 5, as above. */
static void a_limit_holds_for_seeds_that_are_added_too(void **state)
{
    (void)state;
    static const double value[] = {0.4, 0.5, 0.45, 0.45, 0.45, 0.45};
    static const int limit[] = {1, 4, 5, 100}, n_run[] = {1, 4, 5, 5}, n_withheld[] = {1, 1, 0, 0};
    for (int i = 0; i < 4; i++) {
        (void)set_up(state);
        add_cell(6, 0.0649, 2, 0.5);
        start(NULL, 0);
        ftdn_trial_queue_limit(&f.queue, limit[i]);
        assert_int_equal(run_all(value), n_run[i]);
        assert_int_equal(f.queue.n_withheld, n_withheld[i]);
        (void)tear_down(state);
    }
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    add_cell(5, 0.1, 2, 0.5);
    ftdn_status status = FTDN_ERR_MEMORY;
    long n_good = 0;
    for (; status != FTDN_OK; n_good++) {
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_trial_queue_init(&f.queue, &f.plan, NULL, 0, &arena, &f.err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&arena);
    }
    assert_in_range(n_good, 5, 20);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(trials_that_the_store_holds_are_not_run),
        QUEUE_TEST(trials_of_one_set_up_are_one_group_in_the_order_of_the_plan),
        QUEUE_TEST(a_second_worker_turns_to_a_group_that_nobody_is_at),
        QUEUE_TEST(a_group_that_may_not_run_is_passed_over),
        QUEUE_TEST(a_retried_trial_is_next_and_a_given_up_one_is_gone),
        QUEUE_TEST(seeds_are_added_until_the_interval_is_narrow),
        QUEUE_TEST(what_runs_does_not_depend_on_interruptions),
        QUEUE_TEST(a_trial_of_two_cells_runs_once_and_wakes_both),
        QUEUE_TEST(a_limit_runs_the_first_trials_and_withholds_the_rest),
        QUEUE_TEST(a_limit_holds_for_seeds_that_are_added_too),
        QUEUE_TEST(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
