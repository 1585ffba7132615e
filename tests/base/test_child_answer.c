/* test_child_answer.c - a question asked in a child process: its answer, its failure, its crash, its silence. */
#include "base/child_answer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/support.h"

#define LONG_MS 60000

static int touched; /* by children only */

static ftdn_status double_it(void *user, void *ret_answer, ftdn_error *err)
{
    (void)err;
    touched++;
    *(int *)ret_answer = 2 * *(const int *)user;
    return FTDN_OK;
}

static void the_answer_comes_back_and_nothing_else(void **state)
{
    (void)state;
    ftdn_error err = {0};
    int question = 21, answer = 0;
    FTDN_ASSERT_OK(ftdn_child_ask(double_it, &question, LONG_MS, &answer, sizeof answer, &err), err);
    assert_int_equal(answer, 42);
    assert_int_equal(touched, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static ftdn_status fill(void *user, void *ret_answer, ftdn_error *err)
{
    (void)err;
    memset(ret_answer, 'x', *(const size_t *)user);
    return FTDN_OK;
}

/* More than a pipe holds at once. */
static void an_answer_may_be_long(void **state)
{
    (void)state;
    ftdn_error err = {0};
    size_t n_bytes = (size_t)1 << 20;
    char *answer = calloc(1, n_bytes);
    assert_non_null(answer);
    FTDN_ASSERT_OK(ftdn_child_ask(fill, &n_bytes, LONG_MS, answer, n_bytes, &err), err);
    for (size_t i = 0; i < n_bytes; i++) assert_int_equal(answer[i], 'x');
    free(answer);
}

static ftdn_status refuse(void *user, void *ret_answer, ftdn_error *err)
{
    *(int *)ret_answer = 1;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s is no number", (const char *)user);
}

static void a_failure_keeps_its_status_and_its_words(void **state)
{
    (void)state;
    ftdn_error err = {0};
    int answer = 7;
    char word[] = "x";
    FTDN_ASSERT_FAILS(ftdn_child_ask(refuse, word, LONG_MS, &answer, sizeof answer, &err), FTDN_ERR_INPUT,
                      "x is no number", err);
    assert_int_equal(answer, 7);
}

static ftdn_status die(void *user, void *ret_answer, ftdn_error *err)
{
    (void)ret_answer;
    (void)err;
    const struct rlimit none = {0};
    int signal_number = *(const int *)user;
    (void)setrlimit(RLIMIT_CORE, &none);
    if (signal_number == 0) _exit(3);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
    return FTDN_OK;
}

static void the_end_of_the_child_is_told(void **state)
{
    (void)state;
    ftdn_error err = {0};
    int answer = 7, by_signal = SIGSEGV, by_exit = 0;
    FTDN_ASSERT_FAILS(ftdn_child_ask(die, &by_signal, LONG_MS, &answer, sizeof answer, &err), FTDN_ERR_BACKEND,
                      "the process that was asked ended: Segmentation fault", err);
    FTDN_ASSERT_FAILS(ftdn_child_ask(die, &by_exit, LONG_MS, &answer, sizeof answer, &err), FTDN_ERR_BACKEND,
                      "the process that was asked ended with code 3", err);
    assert_int_equal(answer, 7);
}

static ftdn_status sleep_on(void *user, void *ret_answer, ftdn_error *err)
{
    (void)user;
    (void)ret_answer;
    (void)err;
    sleep(LONG_MS / 1000);
    return FTDN_OK;
}

static void a_child_that_hangs_is_given_up(void **state)
{
    (void)state;
    ftdn_error err = {0};
    int answer = 7;
    FTDN_ASSERT_FAILS(ftdn_child_ask(sleep_on, NULL, 200, &answer, sizeof answer, &err), FTDN_ERR_BACKEND,
                      "no answer within 0.2 s", err);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_comes_back_and_nothing_else),   cmocka_unit_test(an_answer_may_be_long),
        cmocka_unit_test(a_failure_keeps_its_status_and_its_words), cmocka_unit_test(the_end_of_the_child_is_told),
        cmocka_unit_test(a_child_that_hangs_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
