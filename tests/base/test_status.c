#include "base/status.h"

#include "tests/support/support.h"

static void a_failure_keeps_status_place_and_message(void **state)
{
    (void)state;
    ftdn_error err = {0};
    int line = __LINE__ + 1;
    ftdn_status status = FTDN_FAIL(&err, FTDN_ERR_ARG, "rate %g is outside [0, 1]", 1.5);
    assert_int_equal(status, FTDN_ERR_ARG);
    assert_int_equal(err.status, FTDN_ERR_ARG);
    assert_int_equal(err.line, line);
    assert_non_null(strstr(err.file, "test_status.c"));
    assert_string_equal(err.message, "rate 1.5 is outside [0, 1]");
}

static void a_failure_without_record_is_still_a_status(void **state)
{
    (void)state;
    assert_int_equal(FTDN_FAIL(NULL, FTDN_ERR_STORE, "nobody reads this %d", 1), FTDN_ERR_STORE);
    assert_int_equal(ftdn_error_context(NULL, "%s", "nor this"), FTDN_OK);
}

static void context_stands_in_front_of_the_message(void **state)
{
    (void)state;
    ftdn_error err = {0};
    FTDN_FAIL(&err, FTDN_ERR_INPUT, "not found");
    assert_int_equal(ftdn_error_context(&err, "layer '%s'", "conv1"), FTDN_ERR_INPUT);
    assert_int_equal(ftdn_error_context(&err, "a.pth"), FTDN_ERR_INPUT);
    assert_string_equal(err.message, "a.pth: layer 'conv1': not found");
}

static void long_messages_are_cut_and_stay_terminated(void **state)
{
    (void)state;
    ftdn_error err = {0};
    char text[2 * sizeof err.message];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    FTDN_FAIL(&err, FTDN_ERR_INPUT, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    ftdn_error_context(&err, "front");
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_memory_equal(err.message, "front: xxx", 10);
    assert_int_equal(ftdn_error_context(&err, "%s", text), FTDN_ERR_INPUT);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_memory_equal(err.message, "xxx", 3);
}

static void what_a_terminal_would_obey_is_not_in_a_message(void **state)
{
    (void)state;
    ftdn_error err = {0};
    FTDN_FAIL(&err, FTDN_ERR_INPUT, "class '%s' is unknown\nnearest: %s",
              "\x1b]0;owned\x07\t\xc2\x9b"
              "2J",
              "caf\xc3\xa9\xff");
    assert_string_equal(err.message, "class '?]0;owned????2J' is unknown\nnearest: caf\xc3\xa9?");
    ftdn_error_context(&err, "file '%s'", "a\x1b[2J.xml");
    assert_memory_equal(err.message, "file 'a?[2J.xml': class", 23);
}

static ftdn_status pass_on(ftdn_status status, int *n_reached)
{
    FTDN_TRY(status);
    ++*n_reached;
    return FTDN_OK;
}

static void try_returns_only_failures(void **state)
{
    (void)state;
    int n_reached = 0;
    assert_int_equal(pass_on(FTDN_OK, &n_reached), FTDN_OK);
    assert_int_equal(n_reached, 1);
    assert_int_equal(pass_on(FTDN_ERR_BACKEND, &n_reached), FTDN_ERR_BACKEND);
    assert_int_equal(n_reached, 1);
}

static void every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    static const char *const names[] = {"ok",       "argument", "memory",  "input",
                                        "manifest", "store",    "backend", "interrupted"};
    for (int i = 0; i <= FTDN_ERR_INTERRUPTED; i++) assert_string_equal(ftdn_status_name((ftdn_status)i), names[i]);
    assert_string_equal(ftdn_status_name((ftdn_status)(FTDN_ERR_INTERRUPTED + 1)), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_keeps_status_place_and_message),
        cmocka_unit_test(a_failure_without_record_is_still_a_status),
        cmocka_unit_test(context_stands_in_front_of_the_message),
        cmocka_unit_test(long_messages_are_cut_and_stay_terminated),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_in_a_message),
        cmocka_unit_test(try_returns_only_failures),
        cmocka_unit_test(every_status_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
