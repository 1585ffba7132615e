/* arena_per_test.h - an arena and an error that each test of a file finds empty: one file includes this once. */
#ifndef FTDN_TESTS_SUPPORT_ARENA_PER_TEST_H
#define FTDN_TESTS_SUPPORT_ARENA_PER_TEST_H

#include "base/arena.h"
#include "tests/support/support.h"

static ftdn_arena arena;
static ftdn_error err;

static int set_up(void **state)
{
    (void)state;
    ftdn_arena_init(&arena);
    err = (ftdn_error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_arena_done(&arena);
    return 0;
}

/* A test of the file, for its list. */
#define FTDN_ARENA_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
