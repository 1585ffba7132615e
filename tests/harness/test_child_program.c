/* test_child_program.c - programs that are run to their end: words, output, exit codes. */
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>

#include "harness/terminal/child_program.h"
#include "tests/support/support.h"

static void words_arrive_as_they_are_and_output_comes_back(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    static const char *const words[] = {
        "sh", "-c", "for word; do echo \"<$word>\"; done; echo no >&2; exit 7", "sh", "a b", "$HOME 'x'", "", NULL};
    FTDN_ASSERT_OK(ftdn_child_run(words, &arena, &result, &err), err);
    assert_int_equal(result.exit_code, 7);
    assert_string_equal(result.out, "<a b>\n<$HOME 'x'>\n<>\n");
    assert_string_equal(result.err, "no\n");
    ftdn_arena_done(&arena);
}

static void a_program_that_a_signal_ended_says_so(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_child_run((const char *const[]){"sh", "-c", "kill -KILL $$", NULL}, &arena, &result, &err),
                   err);
    assert_int_equal(result.exit_code, 128 + SIGKILL);
    ftdn_arena_done(&arena);
}

/* The program that starts it ignores SIGPIPE; a child that did so too would write for ever. */
static void a_child_ends_where_nobody_reads(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    void (*former)(int) = signal(SIGPIPE, SIG_IGN);
    FTDN_ASSERT_OK(
        ftdn_child_run((const char *const[]){"sh", "-c", "kill -PIPE $$; echo ignored", NULL}, &arena, &result, &err),
        err);
    signal(SIGPIPE, former);
    assert_int_equal(result.exit_code, 128 + SIGPIPE);
    assert_string_equal(result.out, "");
    ftdn_arena_done(&arena);
}

static void nothing_stands_on_its_input(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_child_run((const char *const[]){"wc", "-c", NULL}, &arena, &result, &err), err);
    assert_int_equal(atoi(result.out), 0);
    ftdn_arena_done(&arena);
}

static void a_program_that_is_missing_is_named(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_FAILS(ftdn_child_run((const char *const[]){"no-such-program", "x", NULL}, &arena, &result, &err),
                      FTDN_ERR_INPUT, "no-such-program: No such file or directory", err);
    ftdn_arena_done(&arena);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_child_result result;
    ftdn_arena_init(&arena);
    ftdn_status status = FTDN_ERR_MEMORY;
    long k = 0;
    for (; status != FTDN_OK; k++) {
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_child_run((const char *const[]){"echo", "a", NULL}, &arena, &result, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
    }
    assert_int_equal(k, 6); /* the list, its two words, and both outputs were refused once each */
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_arrive_as_they_are_and_output_comes_back),
        cmocka_unit_test(a_program_that_a_signal_ended_says_so),
        cmocka_unit_test(a_child_ends_where_nobody_reads),
        cmocka_unit_test(nothing_stands_on_its_input),
        cmocka_unit_test(a_program_that_is_missing_is_named),
        cmocka_unit_test(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
