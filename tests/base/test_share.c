/* test_share.c - work shared among threads: every item once, and the first failure ends it. */
#include "base/share.h"
#include "tests/support/support.h"

enum { N_ITEMS = 200 };

typedef struct tally {
    int n_calls[N_ITEMS], thread[N_ITEMS];
    int n_done;
    int failing; /* item; -1: none */
} tally;

static ftdn_status count(void *user, int item, int thread, ftdn_error *err)
{
    tally *t = user;
    t->n_calls[item]++;
    t->thread[item] = thread;
    if (item == t->failing) return FTDN_FAIL(err, FTDN_ERR_INPUT, "item %d", item);
    ftdn_share_add(&t->n_done, 1);
    return FTDN_OK;
}

static void every_item_is_done_once_on_a_thread_of_the_team(void **state)
{
    (void)state;
    for (int n_threads = 1; n_threads <= 4; n_threads++) {
        tally t = {.failing = -1};
        const ftdn_shared_work work = {.n_items = N_ITEMS, .n_threads = n_threads, .run = count, .user = &t};
        ftdn_error err = {0};
        FTDN_ASSERT_OK(ftdn_share(&work, &err), err);
        assert_int_equal(t.n_done, N_ITEMS);
        for (int i = 0; i < N_ITEMS; i++) {
            assert_int_equal(t.n_calls[i], 1);
            assert_in_range(t.thread[i], 0, n_threads - 1);
        }
    }
}

static void a_failure_is_returned_and_no_new_item_is_begun(void **state)
{
    (void)state;
    tally t = {.failing = 7};
    const ftdn_shared_work alone = {.n_items = N_ITEMS, .n_threads = 1, .run = count, .user = &t};
    ftdn_error err = {0};
    assert_int_equal(ftdn_share(&alone, &err), FTDN_ERR_INPUT);
    assert_string_equal(err.message, "item 7");
    assert_int_equal(t.n_done, 7);
    assert_int_equal(t.n_calls[8], 0);
    t = (tally){.failing = 0};
    const ftdn_shared_work team = {.n_items = N_ITEMS, .n_threads = 3, .run = count, .user = &t};
    assert_int_equal(ftdn_share(&team, NULL), FTDN_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once_on_a_thread_of_the_team),
        cmocka_unit_test(a_failure_is_returned_and_no_new_item_is_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
