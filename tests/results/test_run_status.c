/* test_run_status.c - how far a store is: sweeps, the last run, its failures, the trials at both ends. */
#include "results/run_status.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "tests/results/sample.h"

enum { N_TRIALS = 6, MOST_TRIES = 3 };

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    char *folder;
    const char *path;
    ftdn_store *store;
    ftdn_attempt_origin origin;
    ftdn_sample sample[N_TRIALS];
    ftdn_store_status status;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){0};
    ftdn_arena_init(&f.arena);
    f.folder = ftdn_test_create_folder(&f.arena);
    f.path = ftdn_path_join(&f.arena, f.folder, "a.db", &f.err);
    f.store = ftdn_sample_open(f.path, &f.origin);
    for (int i = 0; i < N_TRIALS; i++) {
        ftdn_sample_init(&f.sample[i], i);
        f.sample[i].record.map_voc07 = 0.1 * (i + 1);
        ftdn_sample_set_cell(&f.sample[i]);
    }
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_store_close(f->store);
    ftdn_test_remove_folder(f->folder);
    ftdn_arena_done(&f->arena);
    return 0;
}

static void plan_sweep(fixture *f, const char *sweep, int first, int end)
{
    char label[N_TRIALS][32];
    ftdn_planned_row row[N_TRIALS];
    for (int i = first; i < end; i++) {
        snprintf(label[i], sizeof label[i], "seed %d", i);
        row[i - first] = (ftdn_planned_row){.sweep = sweep, .trial_id = f->sample[i].record.id, .label = label[i]};
    }
    FTDN_ASSERT_OK(ftdn_store_add_planned(f->store, f->origin.campaign, row, end - first, &f->err), f->err);
}

static const ftdn_store_status *look(fixture *f)
{
    FTDN_ASSERT_OK(ftdn_store_read_status(f->store, MOST_TRIES, &f->arena, &f->status, &f->err), f->err);
    return &f->status;
}

static void sweeps_are_counted_apart_and_shared_trials_once(void **state)
{
    fixture *f = *state;
    plan_sweep(f, "alpha", 0, 4);
    plan_sweep(f, "beta", 2, N_TRIALS);
    ftdn_sample_append(f->store, &f->sample[1], &f->origin);
    ftdn_sample_append(f->store, &f->sample[3], &f->origin);
    FTDN_ASSERT_OK(ftdn_sample_fail(f->store, &f->sample[5], "no cause", &f->origin, &f->err), f->err);
    const ftdn_store_status *status = look(f);
    assert_int_equal(status->n_campaigns, 1);
    const ftdn_campaign_state *campaign = &status->campaign[0];
    assert_int_equal(campaign->n_sweeps, 2);
    assert_string_equal(campaign->sweep[0].name, "alpha");
    assert_string_equal(campaign->sweep[1].name, "beta");
    static const int expected[2][3] = {{4, 2, 0}, {4, 1, 1}};
    for (int s = 0; s < 2; s++) {
        assert_int_equal(campaign->sweep[s].n_planned, expected[s][0]);
        assert_int_equal(campaign->sweep[s].n_done, expected[s][1]);
        assert_int_equal(campaign->sweep[s].n_failed, expected[s][2]);
    }
    assert_int_equal(campaign->n_planned, 6);
    assert_int_equal(campaign->n_done, 2);
    assert_int_equal(campaign->n_failed, 1);
    assert_string_equal(campaign->worst.id, f->sample[1].record.id);
    assert_string_equal(campaign->worst.label, "seed 1");
    assert_string_equal(campaign->best.id, f->sample[3].record.id);
    assert_float_equal(campaign->best.map_voc07, f->sample[3].record.map_voc07, 0);
    assert_int_equal(status->n_unconfirmed, 2);
    FTDN_ASSERT_OK(ftdn_store_confirm(f->store, f->origin.run, f->origin.worker, &f->err), f->err);
    assert_int_equal(look(f)->n_unconfirmed, 0);
}

static void the_last_run_has_rate_failures_and_end(void **state)
{
    fixture *f = *state;
    plan_sweep(f, "alpha", 0, N_TRIALS);
    ftdn_sample_append(f->store, &f->sample[0], &f->origin);
    f->sample[1].record.seconds = 7.5;
    ftdn_sample_append(f->store, &f->sample[1], &f->origin);
    for (int i = 0; i < MOST_TRIES; i++) {
        const ftdn_failure_row crash = {.id = f->sample[2].record.id,
                                        .spec = f->sample[2].record.spec,
                                        .outcome = "crashed",
                                        .cause = "killed by signal 9 (Killed)",
                                        .seconds = 1};
        FTDN_ASSERT_OK(ftdn_store_append_failure(f->store, &crash, &f->origin, &f->err), f->err);
        assert_int_equal(look(f)->run.n_given_up, i + 1 == MOST_TRIES);
    }
    FTDN_ASSERT_OK(ftdn_sample_fail(f->store, &f->sample[3], "no memory", &f->origin, &f->err), f->err);
    const ftdn_run_state *run = &look(f)->run;
    assert_int_equal(run->id, f->origin.run);
    assert_int_equal(run->campaign, f->origin.campaign);
    assert_null(run->outcome);
    assert_null(run->ended_at);
    assert_int_equal(run->n_done, 2);
    assert_int_equal(run->n_failed, 4);
    assert_int_equal(run->n_given_up, 2);
    assert_int_equal(run->n_recent, 2);
    assert_true(run->trials_per_s > 0);
    /* 2.5 s and 7.5 s: mean 5, standard deviation 2.5 * sqrt(2). */
    assert_float_equal(run->spread, sqrt(2) / 2, 1e-12);
    assert_int_equal(run->n_causes, 2);
    assert_string_equal(run->cause[0].text, "crashed: killed by signal 9 (Killed)");
    assert_int_equal(run->cause[0].n_attempts, 3);
    assert_string_equal(run->cause[1].text, "failed: no memory");
    FTDN_ASSERT_OK(ftdn_store_end_run(f->store, f->origin.run, "out of time", &f->err), f->err);
    assert_string_equal(look(f)->run.outcome, "out of time");
    assert_non_null(f->status.run.ended_at);
}

static void a_reader_sees_it_while_a_writer_has_the_store(void **state)
{
    fixture *f = *state;
    plan_sweep(f, "alpha", 0, 2);
    ftdn_sample_append(f->store, &f->sample[0], &f->origin);
    ftdn_store *reader;
    ftdn_store_status seen;
    FTDN_ASSERT_OK(ftdn_store_open(f->path, FTDN_STORE_READ, &reader, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_store_read_status(reader, MOST_TRIES, &f->arena, &seen, &f->err), f->err);
    assert_int_equal(seen.campaign[0].n_done, 1);
    ftdn_sample_append(f->store, &f->sample[1], &f->origin);
    FTDN_ASSERT_OK(ftdn_store_read_status(reader, MOST_TRIES, &f->arena, &seen, &f->err), f->err);
    assert_int_equal(seen.campaign[0].n_done, 2);
    ftdn_store_close(reader);
}

static void every_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    plan_sweep(f, "alpha", 0, 4);
    plan_sweep(f, "beta", 2, N_TRIALS);
    ftdn_sample_append(f->store, &f->sample[1], &f->origin);
    FTDN_ASSERT_OK(ftdn_sample_fail(f->store, &f->sample[5], "no cause", &f->origin, &f->err), f->err);
    int n_failed = 0;
    for (;; n_failed++) {
        ftdn_arena arena;
        ftdn_store_status status;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_failed);
        ftdn_status answer = ftdn_store_read_status(f->store, MOST_TRIES, &arena, &status, &f->err);
        ftdn_arena_done(&arena);
        if (answer == FTDN_OK) break;
        assert_int_equal(answer, FTDN_ERR_MEMORY);
    }
    assert_in_range(n_failed, 10, 100);
}

#define STATUS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(sweeps_are_counted_apart_and_shared_trials_once),
        STATUS_TEST(the_last_run_has_rate_failures_and_end),
        STATUS_TEST(a_reader_sees_it_while_a_writer_has_the_store),
        STATUS_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
