/* test_folder.c - folders are removed with what they hold, and nothing else is. */
#include "base/folder.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/arena_per_test.h"

static void a_folder_goes_with_all_it_holds_and_links_are_not_followed(void **state)
{
    (void)state;
    char *outer = ftdn_test_create_folder(&arena);
    char *folder = ftdn_path_join(&arena, outer, "folder", &err), *deep = ftdn_path_join(&arena, folder, "a/b/c", &err);
    char *witness = ftdn_path_join(&arena, outer, "witness", &err);
    FTDN_ASSERT_OK(ftdn_folder_create(deep, &err), err);
    ftdn_test_write_file(witness, "x", 1);
    ftdn_test_write_file(ftdn_path_join(&arena, deep, "file", &err), "x", 1);
    assert_int_equal(symlink(outer, ftdn_path_join(&arena, folder, "up", &err)), 0);
    assert_int_equal(symlink("/nowhere", ftdn_path_join(&arena, deep, "broken", &err)), 0);
    FTDN_ASSERT_OK(ftdn_folder_remove(folder, &err), err);
    assert_false(ftdn_file_exists(folder));
    assert_true(ftdn_file_exists(witness));
    FTDN_ASSERT_OK(ftdn_folder_remove(folder, &err), err);
    FTDN_ASSERT_FAILS(ftdn_folder_remove(witness, &err), FTDN_ERR_INPUT, "witness: cannot be removed: Not a directory",
                      err);
    char *link = ftdn_path_join(&arena, outer, "link", &err);
    assert_int_equal(symlink(outer, link), 0);
    FTDN_ASSERT_FAILS(ftdn_folder_remove(link, &err), FTDN_ERR_INPUT, "link: cannot be removed: ", err);
    assert_true(ftdn_file_exists(witness));
    ftdn_test_remove_folder(outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(a_folder_goes_with_all_it_holds_and_links_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
