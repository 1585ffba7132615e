/* Vectors: FIPS 180-4 examples ("abc", two blocks, a million a) and the empty message. */
#include "base/sha256.h"

#include <stdlib.h>

#include "tests/support/support.h"

#define OF_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_TWO_BLOCKS "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
#define OF_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void published_vectors_are_met(void **state)
{
    (void)state;
    ftdn_error err = {0};
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_sha256_of("", 0, hex, &err), err);
    assert_string_equal(hex, OF_EMPTY);
    FTDN_ASSERT_OK(ftdn_sha256_of("abc", 3, hex, &err), err);
    assert_string_equal(hex, OF_ABC);
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    FTDN_ASSERT_OK(ftdn_sha256_of(two_blocks, strlen(two_blocks), hex, &err), err);
    assert_string_equal(hex, OF_TWO_BLOCKS);
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    ftdn_error err = {0};
    char hex[FTDN_SHA256_HEX], piece[999];
    memset(piece, 'a', sizeof piece);
    ftdn_sha256 *hash = NULL;
    FTDN_ASSERT_OK(ftdn_sha256_create(&hash, &err), err);
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        ftdn_sha256_add(hash, piece, n);
        left -= n;
    }
    ftdn_sha256_finish(hash, hex);
    assert_string_equal(hex, OF_MILLION_A);
    ftdn_sha256_free(hash);
    ftdn_sha256_free(NULL);
}

static void a_finished_hash_starts_anew(void **state)
{
    (void)state;
    ftdn_error err = {0};
    char hex[FTDN_SHA256_HEX];
    ftdn_sha256 *hash = NULL;
    FTDN_ASSERT_OK(ftdn_sha256_create(&hash, &err), err);
    ftdn_sha256_add(hash, "something else", 14);
    ftdn_sha256_finish(hash, hex);
    ftdn_sha256_add(hash, "ab", 2);
    ftdn_sha256_add(hash, "c", 1);
    ftdn_sha256_finish(hash, hex);
    assert_string_equal(hex, OF_ABC);
    ftdn_sha256_finish(hash, hex);
    assert_string_equal(hex, OF_EMPTY);
    ftdn_sha256_free(hash);
}

static void texts_carry_their_length(void **state)
{
    (void)state;
    ftdn_error err = {0};
    char split_early[FTDN_SHA256_HEX], split_late[FTDN_SHA256_HEX], as_bytes[FTDN_SHA256_HEX];
    ftdn_sha256 *hash = NULL;
    FTDN_ASSERT_OK(ftdn_sha256_create(&hash, &err), err);
    ftdn_sha256_add_text(hash, "a");
    ftdn_sha256_add_text(hash, "bc");
    ftdn_sha256_finish(hash, split_early);
    ftdn_sha256_add_text(hash, "ab");
    ftdn_sha256_add_text(hash, "c");
    ftdn_sha256_finish(hash, split_late);
    ftdn_sha256_free(hash);
    assert_string_not_equal(split_early, split_late);
    FTDN_ASSERT_OK(ftdn_sha256_of("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c", 19, as_bytes, &err), err);
    assert_string_equal(split_late, as_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_are_met),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(a_finished_hash_starts_anew),
        cmocka_unit_test(texts_carry_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
