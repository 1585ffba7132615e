/* test_store_full.c - a file system is full: what was appended stays, nothing is half there, nothing twice. */
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "results/verify.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

static void a_full_file_system_keeps_what_it_has(void **state)
{
    (void)state;
    enum { ENOUGH = 100000 };
    const char *path = path_of("store.db");
    if (geteuid() != 0 || mount("ftdn-test", folder, "tmpfs", 0, "size=900k") != 0) skip();
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    ftdn_status status = FTDN_OK;
    int n = 0;
    for (; status == FTDN_OK && n < ENOUGH; n++) {
        ftdn_sample_init(&sample, n);
        status = ftdn_sample_try(store, &sample, &origin, &err);
    }
    n--;
    ftdn_store_close(store);
    bool was_full = status == FTDN_ERR_STORE && strstr(err.message, "store.db'") && strstr(err.message, "full");
    /* Room again: it goes on where it stopped. */
    int remounted = mount("ftdn-test", folder, "tmpfs", MS_REMOUNT, "size=9m");
    store = ftdn_sample_open(path, &origin);
    ftdn_held_trial *held = NULL;
    int n_held = 0;
    ftdn_status list_status = ftdn_store_list_trials(store, &arena, &held, &n_held, &err);
    ftdn_sample_init(&sample, n);
    ftdn_status next_status = ftdn_sample_try(store, &sample, &origin, &err);
    ftdn_store_close(store);
    ftdn_verification verification = {0};
    ftdn_status verify_status = ftdn_store_verify(path, &arena, &verification, &err);
    assert_int_equal(umount(folder), 0); /* before anything can end the test */
    if (!was_full) fail_msg("status %d: %s", status, err.message);
    assert_int_equal(remounted, 0);
    assert_int_equal(list_status, FTDN_OK);
    assert_int_equal(n_held, n);
    assert_true(n > 10);
    FTDN_ASSERT_OK(next_status, err);
    FTDN_ASSERT_OK(verify_status, err);
    assert_int_equal(verification.n_trials, n + 1);
    assert_int_equal(verification.n_damages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_full_file_system_keeps_what_it_has),
    };
    return cmocka_run_group_tests_name("results/store_full", tests, NULL, NULL);
}
