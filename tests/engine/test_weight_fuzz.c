/* Damaged weight files: every outcome but a crash is allowed, and a cut file is always an error. */
#include "engine/tensor_file.h"

#include <stdlib.h>

#include "base/file.h"
#include "engine/tensor_formats.h"
#include "tests/support/folder_per_test.h"

#define N_FLIPS 4000

typedef ftdn_status parser(char *bytes, size_t n_bytes, ftdn_arena *into, ftdn_tensor_file *ret_file,
                           ftdn_error *ret_err);

static ftdn_status parse_zip(char *bytes, size_t n_bytes, ftdn_arena *into, ftdn_tensor_file *ret_file,
                             ftdn_error *ret_err)
{
    return ftdn_pth_zip_parse(bytes, n_bytes, into, ret_file, ret_err);
}

static ftdn_status parse_safetensors(char *bytes, size_t n_bytes, ftdn_arena *into, ftdn_tensor_file *ret_file,
                                     ftdn_error *ret_err)
{
    return ftdn_safetensors_parse(bytes, n_bytes, into, ret_file, ret_err);
}

/* Parse a copy that ends where its heap block ends, and read all values, for the sanitizers to watch. */
static ftdn_status parse_copy(parser *parse, const char *bytes, size_t n_bytes)
{
    ftdn_arena own;
    ftdn_arena_init(&own);
    ftdn_tensor_file file;
    err = (ftdn_error){0};
    char *copy = malloc(n_bytes ? n_bytes : 1);
    memcpy(copy, bytes, n_bytes);
    ftdn_status status = parse(copy, n_bytes, &own, &file, &err);
    if (status == FTDN_OK) {
        char hex[FTDN_SHA256_HEX];
        for (int i = 0; i < file.n_tensors; i++) {
            FTDN_ASSERT_OK(ftdn_named_tensor_digest(&file.tensor[i], hex, &err), err);
        }
    } else {
        assert_int_equal(status, FTDN_ERR_INPUT);
        assert_true(err.message[0] != 0);
    }
    free(copy);
    ftdn_arena_done(&own);
    return status;
}

static void assert_cuts_fail(parser *parse, const char *path, size_t step)
{
    char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_file_load(path, SIZE_MAX, &arena, &bytes, &n_bytes, &err), err);
    assert_int_equal(parse_copy(parse, bytes, n_bytes), FTDN_OK);
    for (size_t n_kept = 0; n_kept < n_bytes; n_kept += step) {
        if (parse_copy(parse, bytes, n_kept) != FTDN_OK) continue;
        fail_msg("%s cut to %zu of %zu bytes is read", path, n_kept, n_bytes);
    }
}

/* xorshift64: any fixed sequence will do. */
static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Change 1 to 4 bytes at a time: half of the changes flip one bit, half set another byte. */
static void assert_flips_are_survived(parser *parse, const char *path, size_t n_reach)
{
    char *bytes;
    size_t n_bytes;
    uint64_t random = 0x9E3779B97F4A7C15;
    int n_refused = 0;
    FTDN_ASSERT_OK(ftdn_file_load(path, SIZE_MAX, &arena, &bytes, &n_bytes, &err), err);
    if (n_reach > n_bytes) n_reach = n_bytes;
    char *damaged = malloc(n_bytes);
    for (int i = 0; i < N_FLIPS; i++) {
        memcpy(damaged, bytes, n_bytes);
        for (uint64_t n = 1 + next_random(&random) % 4; n > 0; n--) {
            size_t at = next_random(&random) % n_reach;
            uint64_t choice = next_random(&random);
            damaged[at] = (char)(choice & 1 ? damaged[at] ^ 1 << (choice >> 1 & 7) : (int)(choice >> 8 & 0xff));
        }
        n_refused += parse_copy(parse, damaged, n_bytes) != FTDN_OK;
    }
    assert_true(n_refused > N_FLIPS / 4);
    free(damaged);
}

static void a_cut_archive_is_an_error(void **state)
{
    (void)state;
    assert_cuts_fail(parse_zip, ftdn_test_shared_path(&arena, "golden/pth/odd_tensors.zip.pth"), 1);
    assert_cuts_fail(parse_zip, ftdn_test_shared_path(&arena, "golden/pth/mobilenet_base.zip.pth"), 997);
}

static void a_cut_stream_is_an_error(void **state)
{
    (void)state;
    assert_cuts_fail(ftdn_pth_legacy_parse, ftdn_test_shared_path(&arena, "golden/pth/odd_tensors.legacy.pth"), 1);
    assert_cuts_fail(ftdn_pth_legacy_parse, ftdn_test_shared_path(&arena, "golden/pth/mobilenet_base.legacy.pth"), 97);
}

static void a_damaged_archive_is_survived(void **state)
{
    (void)state;
    assert_flips_are_survived(parse_zip, ftdn_test_shared_path(&arena, "golden/pth/odd_tensors.zip.pth"), SIZE_MAX);
}

static void a_damaged_stream_is_survived(void **state)
{
    (void)state;
    assert_flips_are_survived(ftdn_pth_legacy_parse, ftdn_test_shared_path(&arena, "golden/pth/odd_tensors.legacy.pth"),
                              SIZE_MAX);
}

/* The golden tensors once more, as safetensors. */
static void a_cut_or_damaged_safetensors_file_is_survived(void **state)
{
    (void)state;
    ftdn_tensor_file file;
    const char *source = ftdn_test_shared_path(&arena, "golden/pth/odd_tensors.zip.pth");
    char *path = path_of("odd.safetensors");
    FTDN_ASSERT_OK(ftdn_tensor_file_load(source, &arena, &file, &err), err);
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    assert_cuts_fail(parse_safetensors, path, 1);
    assert_flips_are_survived(parse_safetensors, path, 600); /* the header */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_cut_archive_is_an_error),
        FTDN_FOLDER_TEST(a_cut_stream_is_an_error),
        FTDN_FOLDER_TEST(a_damaged_archive_is_survived),
        FTDN_FOLDER_TEST(a_damaged_stream_is_survived),
        FTDN_FOLDER_TEST(a_cut_or_damaged_safetensors_file_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
