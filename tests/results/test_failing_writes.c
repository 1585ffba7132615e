/* test_failing_writes.c - disks that refuse: whichever write, sync, truncation or deletion fails, a store holds what
 * was reported as done, and nothing by halves. */
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "results/migrate.h"
#include "results/verify.h"
#include "tests/results/failing_vfs.h"
#include "tests/results/old_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

enum { OLD_TRIALS = 12, STRIDE = 7 };

static char *path;

static int set_up_path(void **state)
{
    int result = set_up_folder(state);
    path = path_of("store.db");
    return result;
}

static int tear_down_vfs(void **state)
{
    ftdn_failing_vfs_remove();
    return tear_down_folder(state);
}

/* A campaign in transactions: step i is whole or not there. The keys of a new store's first rows are 1. */
enum {
    STEP_OPEN,
    STEP_ENVIRONMENT,
    STEP_CAMPAIGN,
    STEP_RUN,
    STEP_PLANNED,
    STEP_TRIAL_0,
    STEP_TRIAL_1,
    STEP_TRIAL_2,
    STEP_CONFIRM,
    STEP_FAILURE,
    STEP_DROPPED,
    STEP_CANARY,
    STEP_OTHER_TRIAL, /* by another worker, and withdrawn */
    STEP_WITHDRAW,
    STEP_LATE_TRIAL,
    STEP_END,
    N_STEPS
};

static const ftdn_attempt_origin origin = {.campaign = 1, .run = 1, .environment = 1};

static ftdn_status append_trial(ftdn_store *store, int number, int worker)
{
    ftdn_sample sample;
    ftdn_attempt_origin by = origin;
    by.worker = worker;
    ftdn_sample_init(&sample, number);
    return ftdn_sample_try(store, &sample, &by, &err);
}

static ftdn_status append_failure(ftdn_store *store, int number, const char *outcome)
{
    ftdn_sample sample;
    ftdn_sample_init(&sample, number);
    const ftdn_failure_row failure = {.id = sample.record.id,
                                      .spec = sample.record.spec,
                                      .outcome = outcome,
                                      .cause = "lightning",
                                      .seconds = 0.5};
    return ftdn_store_append_failure(store, &failure, &origin, &err);
}

static ftdn_status add_planned(ftdn_store *store)
{
    ftdn_sample sample[4];
    ftdn_planned_row row[4];
    for (int i = 0; i < 4; i++) {
        ftdn_sample_init(&sample[i], i);
        row[i] = (ftdn_planned_row){.sweep = i < 2 ? "a" : "b", .trial_id = sample[i].record.id, .label = "made up"};
    }
    return ftdn_store_add_planned(store, origin.campaign, row, 4, &err);
}

static ftdn_status take_step(int step, ftdn_store **store)
{
    int64_t key;
    int n;
    bool matches;
    const ftdn_run_row run = {
        .campaign = 1, .environment = 1, .n_workers = 2, .n_threads = 2, .n_wanted = 4, .seconds_estimated = NAN};
    switch (step) {
    case STEP_OPEN: return ftdn_store_open(path, FTDN_STORE_WRITE, store, &err);
    case STEP_ENVIRONMENT: return ftdn_store_add_environment(*store, &ftdn_sample_environment, &key, &err);
    case STEP_CAMPAIGN: return ftdn_store_add_campaign(*store, &ftdn_sample_campaign, &key, &err);
    case STEP_RUN: return ftdn_store_begin_run(*store, &run, &key, &err);
    case STEP_PLANNED: return add_planned(*store);
    case STEP_CONFIRM: return ftdn_store_confirm(*store, origin.run, 0, &err);
    case STEP_FAILURE: return append_failure(*store, 3, "crashed");
    case STEP_DROPPED: return append_failure(*store, 4, "dropped");
    case STEP_CANARY: return ftdn_store_check_canary(*store, "key", "digest", origin.environment, &matches, &err);
    case STEP_OTHER_TRIAL: return append_trial(*store, 5, 1);
    case STEP_WITHDRAW: return ftdn_store_withdraw(*store, origin.run, 1, "golden canary", &n, &err);
    case STEP_LATE_TRIAL: return append_trial(*store, 3, 0);
    case STEP_END: return ftdn_store_end_run(*store, origin.run, "finished", &err);
    default: return append_trial(*store, step - STEP_TRIAL_0, 0);
    }
}

/* All that steps determine: everything but times and random marks. */
static char *read_store(ftdn_store *store)
{
    static const char *const questions[] = {
        "SELECT * FROM trials",
        "SELECT cell, class, seed, ap_voc07, ap_area, objects FROM class_ap",
        "SELECT * FROM layer_faults",
        "SELECT * FROM overheads",
        "SELECT trial, result, length(provenance) FROM digests",
        "SELECT * FROM results",
        "SELECT trial_id, campaign, run, worker, environment, outcome, confirmed, seconds, cause, spec FROM attempts",
        "SELECT * FROM timings",
        "SELECT campaign, environment, ended_at IS NULL, outcome, workers, threads, n_wanted FROM runs",
        "SELECT * FROM planned",
        "SELECT id, name, digest, manifest, description, path FROM campaigns",
        "SELECT * FROM environments",
        "SELECT key, digest, environment, length(seal) FROM canaries",
        "SELECT id FROM cells",
    };
    ftdn_text text;
    ftdn_text_init(&text);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        ftdn_text_append(&text, "%s", ftdn_sample_ask(store, questions[i], FTDN_FORMAT_CSV, &arena));
    char *answer = ftdn_arena_copy_text(&arena, text.chars, text.n_chars, NULL);
    assert_non_null(answer);
    ftdn_text_done(&text);
    return answer;
}

/* What a store holds after its first n steps: [n], from n = 1 on. */
static const char *expected[N_STEPS + 1];

static void remove_store(void)
{
    static const char *const names[] = {"store.db", "store.db-journal", "store.db-wal", "store.db-shm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(path_of(names[i]));
}

static void record_expected(void)
{
    ftdn_store *store = NULL;
    for (int step = 0; step < N_STEPS; step++) {
        FTDN_ASSERT_OK(take_step(step, &store), err);
        expected[step + 1] = read_store(store);
        if (step > 0) assert_string_not_equal(expected[step + 1], expected[step]);
    }
    ftdn_store_close(store);
    remove_store();
}

/* Take steps until one fails; the number of those that were reported as done. */
static int take_steps(const char *what, long k)
{
    ftdn_store *store = NULL;
    int step = 0;
    for (; step < N_STEPS; step++) {
        ftdn_status status = take_step(step, &store);
        if (status == FTDN_OK) continue;
        if (status != FTDN_ERR_STORE || !strstr(err.message, path))
            fail_msg("%s %ld: status %d: '%s'", what, k, status, err.message);
        break;
    }
    ftdn_store_close(store);
    return step;
}

/* The store is one file. A log whose deletion failed may lie beside it; then it is empty. */
static void assert_nothing_beside(void)
{
    struct stat info;
    if (stat(path_of("store.db-wal"), &info) == 0) assert_int_equal(info.st_size, 0);
    assert_false(ftdn_file_exists(path_of("store.db-journal")));
}

/* Open the store again: it holds n_done steps, at most one more. The others can be taken. */
static void assert_whole_and_go_on(const char *what, long k, int n_done)
{
    ftdn_store *store;
    ftdn_verification verification;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err), err);
    const char *held = read_store(store);
    int n_there = n_done > 0 ? n_done : 1;
    if (n_there < N_STEPS && strcmp(held, expected[n_there]) != 0) n_there++;
    if (strcmp(held, expected[n_there]) != 0)
        fail_msg("%s %ld: %d steps were done, and the store holds\n%s", what, k, n_done, held);
    for (int step = n_there; step < N_STEPS; step++) FTDN_ASSERT_OK(take_step(step, &store), err);
    assert_string_equal(read_store(store), expected[N_STEPS]);
    ftdn_store_close(store);
    FTDN_ASSERT_OK(ftdn_store_verify(path, &arena, &verification, &err), err);
    if (verification.n_damages > 0) fail_msg("%s %ld: %s", what, k, verification.damage[0].what);
    assert_int_equal(verification.n_trials, 4);
    assert_nothing_beside();
}

/* Every k until none fails any more, once each; and as a disk that has given up for good, which meets the same places:
 * a part of them. */
static void fail_everywhere(ftdn_failing_call call, bool for_good)
{
    const char *what = ftdn_failing_call_name(call);
    int n_errors = 0;
    for (long k = 0;; k += for_good ? STRIDE : 1) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
        ftdn_failing_vfs_arm(call, k, for_good);
        int n_done = take_steps(what, k);
        bool has_failed = ftdn_failing_vfs_disarm() > 0;
        n_errors += n_done < N_STEPS;
        assert_whole_and_go_on(what, k, n_done);
        remove_store();
        ftdn_arena_reset(&arena, mark);
        if (has_failed) continue;
        assert_int_equal(n_done, N_STEPS);
        print_message("%s, %s: %ld places, %d errors\n", what, for_good ? "from then on" : "once", k, n_errors);
        break;
    }
    /* A truncation or deletion that fails is one of a log or journal: it may be of no consequence. */
    if (call <= FTDN_FAILING_SYNC) assert_true(n_errors > (for_good ? 2 : N_STEPS));
}

static void fail_with_journal(bool has_log)
{
    ftdn_failing_vfs_install(has_log);
    record_expected();
    for (int call = 0; call < FTDN_FAILING_N_CALLS; call++)
        for (int for_good = 0; for_good <= 1; for_good++) fail_everywhere((ftdn_failing_call)call, for_good);
}

static void with_a_write_ahead_log_nothing_reported_is_lost(void **state)
{
    (void)state;
    fail_with_journal(true);
}

static void with_a_rollback_journal_nothing_reported_is_lost(void **state)
{
    (void)state;
    fail_with_journal(false);
}

static void a_migration_whose_writes_fail_changes_nothing(void **state)
{
    (void)state;
    size_t n_old, n_bytes;
    const char *backup = path_of("store.db.backup-2");
    ftdn_old_store_make(path, OLD_TRIALS);
    const char *old = ftdn_test_load_file(&arena, path, &n_old), *answer = ftdn_old_store_read(path, &arena);
    ftdn_failing_vfs_install(true);
    for (int call = 0; call < FTDN_FAILING_N_CALLS; call++) {
        for (long k = 0;; k++) {
            ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
            ftdn_migration migration;
            remove(backup);
            ftdn_test_write_file(path, old, n_old);
            ftdn_failing_vfs_arm((ftdn_failing_call)call, k, false);
            ftdn_status status = ftdn_store_migrate(path, &arena, &migration, &err);
            bool has_failed = ftdn_failing_vfs_disarm() > 0;
            assert_false(ftdn_file_exists(path_of("store.db.migrating")));
            if (status == FTDN_OK) {
                assert_string_equal(ftdn_old_store_read(path, &arena), answer);
                assert_true(ftdn_file_exists(backup));
            } else {
                assert_int_equal(status, FTDN_ERR_STORE);
                assert_non_null(strstr(err.message, "store.db' was not migrated and is as it was: "));
                const char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
                assert_int_equal(n_bytes, n_old);
                assert_memory_equal(bytes, old, n_old);
                assert_false(ftdn_file_exists(backup));
            }
            ftdn_arena_reset(&arena, mark);
            if (has_failed) continue;
            assert_int_equal(status, FTDN_OK);
            break;
        }
    }
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_path, tear_down_vfs)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(with_a_write_ahead_log_nothing_reported_is_lost),
        STORE_TEST(with_a_rollback_journal_nothing_reported_is_lost),
        STORE_TEST(a_migration_whose_writes_fail_changes_nothing),
    };
    return cmocka_run_group_tests_name("results/failing_writes", tests, NULL, NULL);
}
