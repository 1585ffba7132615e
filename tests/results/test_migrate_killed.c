/* test_migrate_killed.c - a migration is killed, has no space, or is not alone: there is always one whole store. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "results/migrate.h"
#include "results/verify.h"
#include "tests/results/old_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

#define NOBODY 65534 /* a user who owns nothing here */

enum { TRIALS = 40, KILLS = 100, MOST_KILLS = 1000, PROCESSES = 4, STEP_BYTES = 8192 };

static char *path, *backup, *fresh;
static const char *old, *old_answer; /* the bytes of the old store, and what its views say */
static size_t n_old;

static int set_up_old_store(void **state)
{
    int result = set_up_folder(state);
    path = path_of("old.db");
    backup = path_of("old.db.backup-2");
    fresh = path_of("old.db.migrating");
    ftdn_old_store_make(path, TRIALS);
    old = ftdn_test_load_file(&arena, path, &n_old);
    old_answer = ftdn_old_store_read(path, &arena);
    return result;
}

static bool is_old_file(const char *file)
{
    size_t n_bytes;
    const char *bytes = ftdn_test_load_file(&arena, file, &n_bytes);
    return n_bytes == n_old && memcmp(bytes, old, n_old) == 0;
}

/* It says what the old one said, and nothing of it is damaged. */
static void assert_migrated(int n_trials)
{
    ftdn_verification verification;
    FTDN_ASSERT_OK(ftdn_store_verify(path, &arena, &verification, &err), err);
    if (verification.n_damages > 0) fail_msg("%s", verification.damage[0].what);
    assert_int_equal(verification.n_trials, n_trials);
    if (n_trials == TRIALS) assert_string_equal(ftdn_old_store_read(path, &arena), old_answer);
    assert_true(is_old_file(backup));
    assert_false(ftdn_file_exists(fresh));
    assert_false(ftdn_file_exists(path_of("old.db-journal")));
    assert_false(ftdn_file_exists(path_of("old.db.backup-2.tmp")));
    assert_false(ftdn_file_exists(path_of("old.db.backup-2.1")));
}

/* In a child: its exit code is the status. */
static void migrate_and_exit(void)
{
    ftdn_migration migration;
    ftdn_status status = ftdn_store_migrate(path, &arena, &migration, &err);
    if (status != FTDN_OK) fprintf(stderr, "%s\n", err.message);
    _exit((int)status);
}

static int wait_for(pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static double measure_migration(void)
{
    int64_t start = ftdn_clock_ns();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) migrate_and_exit();
    assert_int_equal(wait_for(child), 0);
    return (double)(ftdn_clock_ns() - start);
}

static void a_killed_migration_leaves_the_old_store_or_the_new_one(void **state)
{
    (void)state;
    double most_ns = 1.5 * measure_migration();
    int n_migrated = 0, n_backups = 0, n_half_made = 0;
    unsigned random = 12345;
    assert_migrated(TRIALS);
    /* On a busy machine it may take more rounds until kills have come at all of these times. */
    bool comes_everywhere = false;
    for (int round = 0; round < KILLS || (!comes_everywhere && round < MOST_KILLS); round++) {
        remove(backup);
        ftdn_test_write_file(path, old, n_old);
        random = random * 1103515245u + 12345u;
        long delay = (long)(most_ns * ((random >> 8) % 1000) / 1000);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) migrate_and_exit();
        nanosleep(&(struct timespec){.tv_sec = delay / 1000000000, .tv_nsec = delay % 1000000000}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        wait_for(child);
        if (is_old_file(path)) {
            n_backups += ftdn_file_exists(backup);
            n_half_made += ftdn_file_exists(fresh);
            if (ftdn_file_exists(backup)) assert_true(is_old_file(backup));
            /* What a killed one left is no obstacle. */
            ftdn_migration migration;
            FTDN_ASSERT_OK(ftdn_store_migrate(path, &arena, &migration, &err), err);
            assert_int_equal(migration.from, 2);
        } else n_migrated++;
        assert_migrated(TRIALS);
        comes_everywhere = n_migrated > 0 && n_backups > 0 && n_half_made > 0;
    }
    assert_true(comes_everywhere);
}

/* A file may not grow over a size: first the copy finds no place, then the new store. */
static void without_space_the_old_store_stays_as_it_was(void **state)
{
    (void)state;
    int n_refused = 0;
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t most = 0;; most += STEP_BYTES) {
        int channel[2];
        assert_int_equal(pipe(channel), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            ftdn_migration migration;
            const struct rlimit limit = {most, RLIM_INFINITY};
            if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(77);
            if (ftdn_store_migrate(path, &arena, &migration, &err) == FTDN_OK) err.status = FTDN_OK;
            _exit(write(channel[1], &err, sizeof err) == sizeof err ? 0 : 1);
        }
        close(channel[1]);
        ssize_t n_bytes = read(channel[0], &err, sizeof err);
        close(channel[0]);
        assert_int_equal(wait_for(child), 0);
        assert_int_equal(n_bytes, sizeof err);
        if (err.status == FTDN_OK) break;
        n_refused++;
        assert_int_equal(err.status, FTDN_ERR_STORE);
        assert_non_null(strstr(err.message, "old.db' was not migrated and is as it was: "));
        assert_non_null(strstr(err.message, most < n_old ? "its backup '" : "old.db.migrating'"));
        assert_true(is_old_file(path));
        assert_false(ftdn_file_exists(backup));
        assert_false(ftdn_file_exists(fresh));
        assert_false(ftdn_file_exists(path_of("old.db.backup-2.tmp")));
    }
    signal(SIGXFSZ, SIG_DFL);
    assert_true(n_refused * STEP_BYTES > (int)n_old);
    assert_migrated(TRIALS);
}

static void a_folder_that_may_not_be_written_is_an_error(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0666), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ftdn_migration migration;
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) _exit(77);
        bool fails = ftdn_store_migrate(path, &arena, &migration, &err) == FTDN_ERR_STORE &&
                     strstr(err.message, "cannot be written: Permission denied");
        if (chmod(path, 0444) == 0 || errno != EPERM) _exit(2);
        _exit(fails ? 0 : 1);
    }
    int how = wait_for(child);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 77) skip();
    assert_int_equal(how, 0);
    assert_true(is_old_file(path));
    assert_false(ftdn_file_exists(backup));
}

static void processes_that_migrate_at_once_and_go_on_lose_nothing(void **state)
{
    (void)state;
    pid_t child[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        child[p] = fork();
        assert_true(child[p] >= 0);
        if (child[p] != 0) continue;
        ftdn_store *store = NULL;
        ftdn_sample sample;
        ftdn_attempt_origin origin;
        ftdn_sample_init(&sample, p);
        bool is_good = ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err) == FTDN_OK &&
                       ftdn_sample_begin(store, &origin, &err) == FTDN_OK &&
                       ftdn_sample_try(store, &sample, &origin, &err) == FTDN_OK;
        ftdn_store_close(store);
        if (!is_good) fprintf(stderr, "%s\n", err.message);
        _exit(is_good ? 0 : 1);
    }
    for (int p = 0; p < PROCESSES; p++) assert_int_equal(wait_for(child[p]), 0);
    assert_migrated(TRIALS + PROCESSES);
}

/* Programs that have the old store open: a reader goes on reading what it was; a writer is told, and loses nothing
 * unnoticed. */
static void readers_go_on_and_late_writers_are_told(void **state)
{
    (void)state;
    sqlite3 *reader, *writer;
    sqlite3_stmt *row;
    assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "SELECT count(*) FROM v_trials", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reader, "SELECT id FROM v_trials", -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* SQLite does not bear connections that are carried across a fork. */
        setenv("FTDN_TEST_STORE", path, 1);
        execl("/proc/self/exe", "test", "--migrate", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(wait_for(child), 0);
    assert_migrated(TRIALS);
    int n_rows = 1;
    while (sqlite3_step(row) == SQLITE_ROW) n_rows++;
    assert_int_equal(n_rows, TRIALS);
    sqlite3_finalize(row);
    assert_int_equal(sqlite3_exec(writer, "UPDATE attempts SET seconds = 7", NULL, NULL, NULL), SQLITE_READONLY);
    assert_int_equal(sqlite3_extended_errcode(writer), SQLITE_READONLY_DBMOVED);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
    assert_migrated(TRIALS);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_old_store, tear_down_folder)

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--migrate") == 0) {
        ftdn_arena_init(&arena);
        path = getenv("FTDN_TEST_STORE");
        migrate_and_exit();
    }
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_killed_migration_leaves_the_old_store_or_the_new_one),
        STORE_TEST(without_space_the_old_store_stays_as_it_was),
        STORE_TEST(a_folder_that_may_not_be_written_is_an_error),
        STORE_TEST(processes_that_migrate_at_once_and_go_on_lose_nothing),
        STORE_TEST(readers_go_on_and_late_writers_are_told),
    };
    return cmocka_run_group_tests_name("results/migrate_killed", tests, NULL, NULL);
}
