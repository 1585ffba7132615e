/* folder_per_test.h - a new folder for each test of a file, and an arena and an error that it finds empty: one file
 * includes this once. */
#ifndef FTDN_TESTS_SUPPORT_FOLDER_PER_TEST_H
#define FTDN_TESTS_SUPPORT_FOLDER_PER_TEST_H

#include "tests/support/arena_per_test.h"

static char *folder;

static int set_up_folder(void **state)
{
    int result = set_up(state);
    folder = ftdn_test_create_folder(&arena);
    return result;
}

static int tear_down_folder(void **state)
{
    ftdn_test_remove_folder(folder);
    return tear_down(state);
}

/* "folder/name", in the arena. */
static inline char *path_of(const char *name)
{
    return ftdn_test_join(&arena, folder, name);
}

/* A test of the file, for its list. */
#define FTDN_FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_folder, tear_down_folder)

#endif
