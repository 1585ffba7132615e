/* Vectors: RFC 1321 and FIPS 180-4, "abc" and the empty message; a million a. */
#include "base/file_digest.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/support/arena_per_test.h"

static void published_vectors_are_met(void **state)
{
    (void)state;
    ftdn_file_digest digest;
    char *folder = ftdn_test_create_folder(&arena), *path = ftdn_path_join(&arena, folder, "f", &err);
    ftdn_test_write_file(path, "", 0);
    FTDN_ASSERT_OK(ftdn_file_digest_read(path, NULL, &digest, &err), err);
    assert_string_equal(digest.md5, "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(digest.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(digest.n_bytes, 0);
    ftdn_test_write_file(path, "abc", 3);
    FTDN_ASSERT_OK(ftdn_file_digest_read(path, NULL, &digest, &err), err);
    assert_string_equal(digest.md5, "900150983cd24fb0d6963f7d28e17f72");
    assert_string_equal(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char *million = FTDN_NEW(&arena, 1000000, char, &err);
    memset(million, 'a', 1000000);
    ftdn_test_write_file(path, million, 1000000);
    FTDN_ASSERT_OK(ftdn_file_digest_read(path, NULL, &digest, &err), err);
    assert_string_equal(digest.md5, "7707d6ae4e027c70eea2a935c2296f21");
    assert_string_equal(digest.sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(digest.n_bytes, 1000000);
    ftdn_test_remove_folder(folder);
}

static void what_is_no_file_is_an_error(void **state)
{
    (void)state;
    ftdn_file_digest digest;
    volatile sig_atomic_t stop = 1;
    char *folder = ftdn_test_create_folder(&arena), *path = ftdn_path_join(&arena, folder, "f", &err);
    FTDN_ASSERT_FAILS(ftdn_file_digest_read(path, NULL, &digest, &err), FTDN_ERR_INPUT, "/f: No such file", err);
    FTDN_ASSERT_FAILS(ftdn_file_digest_read(folder, NULL, &digest, &err), FTDN_ERR_INPUT, ": no regular file", err);
    assert_int_equal(mkfifo(path, 0600), 0);
    FTDN_ASSERT_FAILS(ftdn_file_digest_read(path, NULL, &digest, &err), FTDN_ERR_INPUT, "/f: no regular file", err);
    char *other = ftdn_path_join(&arena, folder, "g", &err);
    ftdn_test_write_file(other, "abc", 3);
    FTDN_ASSERT_FAILS(ftdn_file_digest_read(other, &stop, &digest, &err), FTDN_ERR_INTERRUPTED, "/g: interrupted", err);
    ftdn_test_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(published_vectors_are_met),
        FTDN_ARENA_TEST(what_is_no_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
