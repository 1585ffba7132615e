/* arena_per_test.h - an arena and an error that each test of a file finds empty: one file includes this once. */
#ifndef FTDN_TESTS_ANALYSIS_ARENA_PER_TEST_H
#define FTDN_TESTS_ANALYSIS_ARENA_PER_TEST_H

#include "base/arena.h"
#include "tests/support/support.h"

static ftdn_arena arena;
static ftdn_error err;

static int set_up(void **state)
{
    (void)state;
    ftdn_arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_arena_done(&arena);
    return 0;
}

#endif
