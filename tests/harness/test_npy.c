#include "harness/npy.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    char *folder, *path;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    ftdn_error err = {0};
    ftdn_arena_init(&test.arena);
    test.folder = ftdn_test_create_folder(&test.arena);
    test.path = ftdn_path_join(&test.arena, test.folder, "tensor.npy", &err);
    assert_non_null(test.path);
    *state = &test;
    return 0;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    ftdn_test_remove_folder(test->folder);
    ftdn_arena_done(&test->arena);
    return 0;
}

static void write_tensor(fixture *test, const float *values, int n_dims, const int64_t *dims)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_npy_write(test->path, values, n_dims, dims, &err), err);
}

static char *load(fixture *test, size_t *ret_n_bytes)
{
    ftdn_error err = {0};
    char *bytes;
    FTDN_ASSERT_OK(ftdn_file_load(test->path, 1 << 20, &test->arena, &bytes, ret_n_bytes, &err), err);
    return bytes;
}

/* The file is the preamble, this text with blanks up to the alignment, and the values. */
static void assert_file_is(fixture *test, const char *text, const float *values, size_t n_values)
{
    size_t n_bytes, n_text = strlen(text), n_header = 118; /* 128 with the preamble */
    const char *bytes = load(test, &n_bytes);
    assert_int_equal(n_bytes, 128 + n_values * sizeof *values);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    assert_memory_equal(bytes + 10, text, n_text);
    for (size_t i = n_text; i < n_header - 1; i++) assert_int_equal(bytes[10 + i], ' ');
    assert_int_equal(bytes[127], '\n');
    if (n_values) assert_memory_equal(bytes + 128, values, n_values * sizeof *values);
}

static void a_file_is_written_byte_by_byte_as_numpy_documents_it(void **state)
{
    const float values[] = {0.0f, -0.0f, 1.5f, -FLT_MAX, INFINITY, 0x1p-149f};
    write_tensor(*state, values, 2, (const int64_t[]){2, 3});
    assert_file_is(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", values, 6);
    write_tensor(*state, values, 1, (const int64_t[]){5});
    assert_file_is(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }", values, 5);
    write_tensor(*state, values, 4, (const int64_t[]){1, 2, 1, 3});
    assert_file_is(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 1, 3), }", values, 6);
}

static void no_dims_are_one_value_and_a_dim_of_zero_none(void **state)
{
    const float values[] = {7};
    write_tensor(*state, values, 0, NULL);
    assert_file_is(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", values, 1);
    write_tensor(*state, values, 3, (const int64_t[]){4, 0, 2});
    assert_file_is(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0, 2), }", NULL, 0);
}

static void the_data_are_aligned_whatever_the_length_of_the_header(void **state)
{
    const int64_t long_dims[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, 0};
    const int64_t dims[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const float value = 3;
    size_t n_bytes;
    write_tensor(*state, &value, 8, dims);
    load(*state, &n_bytes);
    assert_int_equal(n_bytes, 128 + 4);
    ftdn_error err = {0};
    fixture *test = *state;
    FTDN_ASSERT_FAILS(ftdn_npy_write(test->path, &value, 8, long_dims, &err), FTDN_ERR_MEMORY,
                      "tensor.npy: the size of its tensor overflows", err);
}

/* Odd numbers of blanks, so that every residue of the header's length is met. */
static void every_size_reads_back(void **state)
{
    fixture *test = *state;
    static float values[11111];
    for (int i = 0; i < 11111; i++) values[i] = (float)i;
    for (int64_t n = 1; n <= 11111; n = n * 10 + 1) {
        write_tensor(test, values, 2, (const int64_t[]){1, n});
        ftdn_test_npy npy = ftdn_test_load_npy(&test->arena, test->path);
        assert_int_equal(npy.n_dims, 2);
        assert_int_equal(npy.dims[1], n);
        assert_int_equal(npy.n_elements, n);
        assert_memory_equal(npy.values, values, (size_t)n * sizeof *values);
    }
}

static void numpy_reads_what_was_written(void **state)
{
    fixture *test = *state;
    if (system("python3 -c 'import numpy' >/dev/null 2>&1") != 0) skip();
    const float values[] = {0.0f, -0.0f, 1.5f, NAN, INFINITY, 0x1p-149f};
    write_tensor(test, values, 3, (const int64_t[]){1, 2, 3});
    char command[1024];
    snprintf(command, sizeof command,
             "python3 -c \"import numpy as n, sys; x = n.load('%s'); "
             "sys.exit(0 if x.shape == (1, 2, 3) and x.dtype == n.dtype('<f4') and x.flags.c_contiguous and "
             "x.tobytes() == n.array([0, -0.0, 1.5, n.nan, n.inf, 2.0**-149], '<f4').tobytes() else 1)\"",
             test->path);
    assert_int_equal(system(command), 0);
}

static void a_folder_that_is_missing_is_named(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *path = ftdn_path_join(&test->arena, test->folder, "absent/tensor.npy", &err);
    const float value = 1;
    FTDN_ASSERT_FAILS(ftdn_npy_write(path, &value, 0, NULL, &err), FTDN_ERR_INPUT,
                      "absent/tensor.npy: cannot be written: No such file or directory", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_written_byte_by_byte_as_numpy_documents_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_dims_are_one_value_and_a_dim_of_zero_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_data_are_aligned_whatever_the_length_of_the_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_size_reads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numpy_reads_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_missing_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
