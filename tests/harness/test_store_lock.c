/* test_store_lock.c - one scheduler at a time, and a dead one holds nothing. */
#include "harness/campaign/store_lock.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/support.h"

static ftdn_arena arena;
static ftdn_error err;
static char *folder, *db, *lock_path;

static int set_up(void **state)
{
    (void)state;
    ftdn_arena_init(&arena);
    folder = ftdn_test_create_folder(&arena);
    db = ftdn_path_join(&arena, folder, "new/store.db", &err);
    lock_path = ftdn_arena_format(&arena, &err, "%s.lock", db);
    return db && lock_path ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
    return 0;
}

/* A process that takes the lock, says so, and lives until it is killed. */
static pid_t start_owner(void)
{
    int channel[2];
    char word;
    assert_int_equal(pipe(channel), 0);
    pid_t owner = fork();
    assert_true(owner >= 0);
    if (owner == 0) {
        ftdn_store_lock lock;
        if (ftdn_store_lock_take(db, &lock, NULL) != FTDN_OK || write(channel[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(channel[1]);
    assert_int_equal(read(channel[0], &word, 1), 1);
    close(channel[0]);
    return owner;
}

static void end_owner(pid_t owner)
{
    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
}

static void the_second_one_is_told_who_was_first(void **state)
{
    (void)state;
    char owner[FTDN_LOCK_OWNER_BYTES], expected[64];
    ftdn_store_lock lock;
    FTDN_ASSERT_OK(ftdn_store_lock_find_owner(db, owner, &err), err);
    assert_string_equal(owner, "");
    pid_t first = start_owner();
    snprintf(expected, sizeof expected, "is being filled by process %ld on ", (long)first);
    FTDN_ASSERT_FAILS(ftdn_store_lock_take(db, &lock, &err), FTDN_ERR_STORE, expected, err);
    FTDN_ASSERT_OK(ftdn_store_lock_find_owner(db, owner, &err), err);
    assert_non_null(strstr(owner, expected + strlen("is being filled by ")));
    end_owner(first);
}

static void a_killed_owner_holds_nothing(void **state)
{
    (void)state;
    char owner[FTDN_LOCK_OWNER_BYTES];
    for (int round = 0; round < 3; round++) {
        ftdn_store_lock lock;
        end_owner(start_owner());
        assert_true(ftdn_file_exists(lock_path));
        FTDN_ASSERT_OK(ftdn_store_lock_find_owner(db, owner, &err), err);
        assert_string_equal(owner, "");
        FTDN_ASSERT_OK(ftdn_store_lock_take(db, &lock, &err), err);
        ftdn_store_lock_release(&lock);
        assert_false(ftdn_file_exists(lock_path));
    }
}

static void children_of_the_owner_do_not_hold_it(void **state)
{
    (void)state;
    ftdn_store_lock lock;
    FTDN_ASSERT_OK(ftdn_store_lock_take(db, &lock, &err), err);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        for (;;) pause();
    ftdn_store_lock_release(&lock);
    end_owner(start_owner());
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    ftdn_store_lock lock;
    char *file = ftdn_path_join(&arena, folder, "file", &err);
    ftdn_test_write_file(file, "x", 1);
    char *below = ftdn_path_join(&arena, file, "store.db", &err);
    FTDN_ASSERT_FAILS(ftdn_store_lock_take(below, &lock, &err), FTDN_ERR_STORE, "store '", err);
    ftdn_store_lock_release(&lock);
}

#define LOCK_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(the_second_one_is_told_who_was_first),
        LOCK_TEST(a_killed_owner_holds_nothing),
        LOCK_TEST(children_of_the_owner_do_not_hold_it),
        LOCK_TEST(a_folder_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
