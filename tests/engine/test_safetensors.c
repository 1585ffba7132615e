#include "engine/tensor_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/file.h"
#include "engine/tensor_formats.h"
#include "tests/support/folder_per_test.h"

static ftdn_tensor_file loaded;

/* A file of this header and these values; n_header is what its first 8 bytes say. */
static char *make_file(uint64_t n_header, const char *header, const void *values, size_t n_value_bytes,
                       size_t *ret_n_bytes)
{
    size_t n_chars = strlen(header);
    *ret_n_bytes = 8 + n_chars + n_value_bytes;
    char *bytes = ftdn_arena_alloc(&arena, *ret_n_bytes, 1, NULL);
    memcpy(bytes, &n_header, 8);
    memcpy(bytes + 8, header, n_chars);
    if (n_value_bytes) memcpy(bytes + 8 + n_chars, values, n_value_bytes);
    return bytes;
}

static ftdn_status parse(const char *header, const void *values, size_t n_value_bytes)
{
    size_t n_bytes;
    char *bytes = make_file(strlen(header), header, values, n_value_bytes, &n_bytes);
    return ftdn_safetensors_parse(bytes, n_bytes, &arena, &loaded, &err);
}

static const unsigned char zeros[64];

static void tensors_come_in_the_order_of_the_header_with_their_values(void **state)
{
    (void)state;
    static const float values[5] = {1, 2, 3, 4, 5};
    FTDN_ASSERT_OK(parse("{\"__metadata__\":{\"format\":\"pt\",\"note\":\"\"},"
                         "\"b\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[4,20]},"
                         "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[4,4]},"
                         "\"a\":{\"data_offsets\":[0,4],\"shape\":[],\"dtype\":\"F32\"}}   ",
                         values, sizeof values),
                   err);
    assert_string_equal(loaded.format, "safetensors");
    assert_int_equal(loaded.n_tensors, 3);
    const ftdn_named_tensor *b = &loaded.tensor[0], *e = &loaded.tensor[1], *a = &loaded.tensor[2];
    assert_string_equal(b->name, "b");
    assert_string_equal(b->dtype, "F32");
    assert_int_equal(b->n_dims, 2);
    assert_true(b->dims[0] == 2 && b->dims[1] == 2);
    assert_int_equal(b->n_elements, 4);
    for (int i = 0; i < 4; i++) assert_true(b->values[i] == values[i + 1]);
    assert_int_equal(e->n_elements, 0);
    assert_int_equal(a->n_dims, 0);
    assert_int_equal(a->n_elements, 1);
    assert_true(a->values[0] == 1);
    assert_ptr_equal(ftdn_tensor_file_find(&loaded, "a"), a);
    assert_null(ftdn_tensor_file_find(&loaded, "__metadata__"));
    assert_int_equal(loaded.n_metadata, 2);
    assert_string_equal(loaded.metadata[0].key, "format");
    assert_string_equal(loaded.metadata[0].value, "pt");
    assert_string_equal(loaded.metadata[1].value, "");
}

static void values_are_borrowed_where_they_are_aligned(void **state)
{
    (void)state;
    static const float values[2] = {-0.0f, 1e-45f};
    for (int n_spaces = 0; n_spaces < 8; n_spaces++) {
        char header[128];
        snprintf(header, sizeof header, "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}%*s", n_spaces,
                 "");
        size_t n_bytes;
        char *bytes = make_file(strlen(header), header, values, sizeof values, &n_bytes);
        FTDN_ASSERT_OK(ftdn_safetensors_parse(bytes, n_bytes, &arena, &loaded, &err), err);
        const char *at = (const char *)loaded.tensor[0].values;
        bool borrowed = at >= bytes && at < bytes + n_bytes;
        assert_int_equal(borrowed, strlen(header) % sizeof(float) == 0);
        assert_memory_equal(at, values, sizeof values);
    }
}

static void no_tensors_are_a_file_too(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(parse("{}", NULL, 0), err);
    assert_int_equal(loaded.n_tensors, 0);
    assert_int_equal(loaded.n_metadata, 0);
}

#define TENSOR(dtype, shape, begin, end)                                                                               \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static void each_broken_rule_is_named(void **state)
{
    (void)state;
    static const struct {
        size_t n_value_bytes;
        const char *header, *message;
    } cases[] = {
        {4, "{\"a\":" TENSOR("F32", "[1]", 0, 4) ",\"a\":" TENSOR("F32", "[1]", 0, 4) "}",
         "the header has the key 'a' twice"},
        {4, "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         "the header has the key 'dtype' twice"},
        {0, "{\"__metadata__\":[]}", "__metadata__ is an array, not an object"},
        {0, "{\"__metadata__\":{\"a\":1}}", "__metadata__: the value of 'a' is a number, not a string"},
        {0, "{\"a\":3}", "tensor 'a' is described by a number, not an object"},
        {4, "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "tensor 'a': 'dtype' is missing"},
        {4, "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "tensor 'a': 'shape' is missing"},
        {4, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "tensor 'a': 'data_offsets' is missing"},
        {4, "{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}",
         "tensor 'a': 'dtype' is a number, not a string"},
        {4, "{\"a\":" TENSOR("F32", "4", 0, 4) "}", "tensor 'a': 'shape' is a number, not an array"},
        {1, "{\"a\":" TENSOR("F8_E4M3", "[1]", 0, 1) "}",
         "tensor 'a': dtype 'F8_E4M3' is not one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL"},
        {4, "{\"a\":" TENSOR("F32", "[-1]", 0, 4) "}", "tensor 'a': shape[0] is no integer from 0 to 2^63 - 1"},
        {4, "{\"a\":" TENSOR("F32", "[1,1.5]", 0, 4) "}", "tensor 'a': shape[1] is no integer from 0 to 2^63 - 1"},
        {4, "{\"a\":" TENSOR("F32", "[9223372036854775808]", 0, 4) "}",
         "tensor 'a': shape[0] is no integer from 0 to 2^63 - 1"},
        {4, "{\"a\":" TENSOR("F32", "[true]", 0, 4) "}", "tensor 'a': shape[0] is no integer from 0 to 2^63 - 1"},
        {4, "{\"a\":" TENSOR("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", "tensor 'a': 9 dimensions are more than 8"},
        {4, "{\"a\":" TENSOR("U8", "[4294967296,4294967296]", 0, 4) "}",
         "tensor 'a': the size of shape [4294967296,4294967296] overflows"},
        {4, "{\"a\":" TENSOR("F64", "[4611686018427387904]", 0, 4) "}",
         "tensor 'a': the size of shape [4611686018427387904] overflows"},
        {4, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
         "tensor 'a': data_offsets has 1 items, not 2"},
        {4, "{\"a\":" TENSOR("F32", "[1]", -4, 0) "}", "tensor 'a': data_offsets[0] is no integer from 0 to 2^63 - 1"},
        {8, "{\"a\":" TENSOR("F32", "[1]", 8, 4) "}",
         "tensor 'a': data_offsets [8,4] do not lie in the 8 bytes of values"},
        {8, "{\"a\":" TENSOR("F32", "[1]", 8, 12) "}",
         "tensor 'a': data_offsets [8,12] do not lie in the 8 bytes of values"},
        {8, "{\"a\":" TENSOR("F32", "[3]", 0, 8) "}",
         "tensor 'a': data_offsets [0,8] span 8 bytes, shape [3] of F32 needs 12"},
        {8, "{\"a\":" TENSOR("F16", "[2,0]", 0, 8) "}",
         "tensor 'a': data_offsets [0,8] span 8 bytes, shape [2,0] of F16 needs 0"},
        {8, "{\"a\":" TENSOR("F32", "[2]", 0, 8) ",\"b\":" TENSOR("F32", "[1]", 4, 8) "}",
         "tensors 'a' and 'b' overlap at byte 4 of the values"},
        {12, "{\"a\":" TENSOR("F32", "[1]", 8, 12) ",\"b\":" TENSOR("F32", "[1]", 0, 4) "}",
         "bytes 4 to 7 of the values belong to no tensor"},
        {8, "{\"a\":" TENSOR("F32", "[1]", 4, 8) "}", "bytes 0 to 3 of the values belong to no tensor"},
        {9, "{\"a\":" TENSOR("F32", "[1]", 0, 4) "}", "bytes 4 to 8 of the values belong to no tensor"},
        {1, "{}", "bytes 0 to 0 of the values belong to no tensor"},
        {0, "{\"\":" TENSOR("F32", "[0]", 0, 0) "}", "the name of tensor 0 is empty or holds a control character"},
        {0, "{\"a\\u001b\":" TENSOR("F32", "[0]", 0, 0) "}",
         "the name of tensor 0 is empty or holds a control character"},
        {0, " {}", "the header does not begin with '{'"},
        {0, "[]", "the header does not begin with '{'"},
        {0, "", "the header does not begin with '{'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].header, zeros, cases[i].n_value_bytes), FTDN_ERR_INPUT);
        assert_string_equal(err.message, cases[i].message);
    }
    FTDN_ASSERT_FAILS(parse("{\"a\":}", NULL, 0), FTDN_ERR_INPUT, "header:1:6", err);
    FTDN_ASSERT_FAILS(parse("{} x", NULL, 0), FTDN_ERR_INPUT, "header:1:4", err);
}

static void a_lying_header_length_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t n_header;
        const char *message;
    } cases[] = {
        {3, "the header should have 3 bytes, the file has 2 behind its length"},
        {100000000, "the header should have 100000000 bytes, the file has 2 behind its length"},
        {100000001, "a header of 100000001 bytes is longer than the allowed 100000000"},
        {UINT64_MAX, "a header of 18446744073709551615 bytes is longer than the allowed 100000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n_bytes;
        char *bytes = make_file(cases[i].n_header, "{}", NULL, 0, &n_bytes);
        assert_int_equal(ftdn_safetensors_parse(bytes, n_bytes, &arena, &loaded, &err), FTDN_ERR_INPUT);
        assert_string_equal(err.message, cases[i].message);
    }
    assert_int_equal(ftdn_safetensors_parse("\2\0\0", 3, &arena, &loaded, &err), FTDN_ERR_INPUT);
    assert_string_equal(err.message, "3 bytes are too few for the 8 bytes of the header's length");
}

static void a_failure_names_the_path_whatever_the_first_bytes_are(void **state)
{
    (void)state;
    char *path = path_of("bad.safetensors");
    /* 0x0280 = 640 begins like a pickle, 0x4b50 like a zip archive. */
    static const uint64_t lengths[] = {2, 640, 0x4b50, 0xffffffff, UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        size_t n_bytes;
        char *bytes = make_file(lengths[i], "{\"", NULL, 0, &n_bytes);
        ftdn_test_write_file(path, bytes, n_bytes);
        assert_int_equal(ftdn_tensor_file_load(path, &arena, &loaded, &err), FTDN_ERR_INPUT);
        assert_ptr_equal(strstr(err.message, path), err.message);
        assert_non_null(strstr(err.message, "header"));
    }
}

static void a_written_file_is_read_back(void **state)
{
    (void)state;
    char *path = path_of("out.safetensors");
    static const float values[3] = {1.5f, -2, 3};
    ftdn_named_tensor tensors[] = {
        {.name = "odd \"name\" \xc3\xa9",
         .dtype = "I64",
         .n_dims = 2,
         .dims = {1, 3},
         .n_elements = 3,
         .values = values},
        {.name = "empty", .dtype = "F32", .n_dims = 1, .dims = {0}, .n_elements = 0, .values = values},
        {.name = "scalar", .dtype = "F32", .n_elements = 1, .values = values},
    };
    ftdn_metadata_entry metadata[] = {{"format", "pt"}, {"note", "a\n\"b\""}};
    ftdn_tensor_file file = {.n_tensors = 3, .tensor = tensors, .n_metadata = 2, .metadata = metadata};
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &loaded, &err), err);
    assert_int_equal(loaded.n_tensors, 3);
    for (int i = 0; i < 3; i++) {
        const ftdn_named_tensor *read = &loaded.tensor[i];
        assert_string_equal(read->name, tensors[i].name);
        assert_string_equal(read->dtype, "F32");
        assert_int_equal(read->n_dims, tensors[i].n_dims);
        assert_memory_equal(read->dims, tensors[i].dims, sizeof read->dims);
        assert_int_equal((uintptr_t)read->values % sizeof(float), 0);
        if (read->n_elements) assert_memory_equal(read->values, values, read->n_elements * sizeof(float));
    }
    assert_int_equal(loaded.n_metadata, 2);
    assert_string_equal(loaded.metadata[1].key, "note");
    assert_string_equal(loaded.metadata[1].value, "a\n\"b\"");
    assert_string_equal(ftdn_tensor_file_find_metadata(&loaded, "note"), "a\n\"b\"");
    assert_null(ftdn_tensor_file_find_metadata(&loaded, "notes"));
    tensors[1].name = "__metadata__";
    FTDN_ASSERT_FAILS(ftdn_safetensors_write(path, &file, NULL, &err), FTDN_ERR_INPUT,
                      "safetensors has no room for a tensor called '__metadata__'", err);
    FTDN_ASSERT_FAILS(ftdn_safetensors_write("/nonexistent/out.safetensors", &(ftdn_tensor_file){0}, NULL, &err),
                      FTDN_ERR_INPUT, "/nonexistent/out.safetensors", err);
}

static void chosen_tensors_are_written_as_halves_behind_the_floats(void **state)
{
    (void)state;
    char *path = path_of("half.safetensors");
    static const float values[3] = {1.5f, -65504, 0.1f}, rounded[3] = {1.5f, -65504, 0x1.998p-4f};
    ftdn_named_tensor tensors[] = {
        {.name = "a", .n_dims = 1, .dims = {3}, .n_elements = 3, .values = values},
        {.name = "b", .n_dims = 1, .dims = {3}, .n_elements = 3, .values = values},
        {.name = "c", .n_dims = 1, .dims = {1}, .n_elements = 1, .values = values + 2},
        {.name = "d", .n_dims = 2, .dims = {1, 2}, .n_elements = 2, .values = values},
    };
    static const bool as_half[] = {true, false, true, false};
    const ftdn_tensor_file file = {.n_tensors = 4, .tensor = tensors};
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, as_half, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &loaded, &err), err);
    assert_int_equal(loaded.n_tensors, 4);
    for (int i = 0; i < 4; i++) {
        const ftdn_named_tensor *read = &loaded.tensor[i];
        assert_string_equal(read->name, tensors[i].name);
        assert_string_equal(read->dtype, as_half[i] ? "F16" : "F32");
        assert_memory_equal(read->dims, tensors[i].dims, sizeof read->dims);
        const float *wanted = as_half[i] ? rounded : values;
        assert_memory_equal(read->values, i == 2 ? wanted + 2 : wanted, read->n_elements * sizeof(float));
    }
    char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_file_load(path, 1000, &arena, &bytes, &n_bytes, &err), err);
    assert_non_null(strstr(bytes + 8, "\"a\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[20,26]}"));
    assert_non_null(strstr(bytes + 8, "\"d\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[12,20]}"));
    assert_int_equal((n_bytes - 28) % 8, 0);
}

static void a_value_that_no_half_can_hold_is_named_and_nothing_is_written(void **state)
{
    (void)state;
    char *path = path_of("half.safetensors");
    float values[3] = {1, 65519, 65520};
    ftdn_named_tensor tensor = {.name = "big", .n_dims = 1, .dims = {3}, .n_elements = 3, .values = values};
    const ftdn_tensor_file file = {.n_tensors = 1, .tensor = &tensor};
    FTDN_ASSERT_FAILS(ftdn_safetensors_write(path, &file, &(bool){true}, &err), FTDN_ERR_INPUT,
                      "half.safetensors: tensor 'big': element 2 is 65520, and F16 ends at 65504", err);
    assert_false(ftdn_file_exists(path));
    values[2] = -INFINITY; /* a half can be infinite, too */
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, &(bool){true}, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &loaded, &err), err);
    assert_true(loaded.tensor[0].values[1] == 65504 && loaded.tensor[0].values[2] == -INFINITY);
}

static void a_refused_allocation_is_an_error_and_leaves_the_arena_empty(void **state)
{
    (void)state;
    char *path = path_of("a.safetensors");
    size_t n_bytes;
    const char *header =
        "{\"__metadata__\":{\"k\":\"v\"},\"a\":" TENSOR("F16", "[1]", 0, 2) ",\"b\":" TENSOR("BOOL", "[2]", 2, 4) "}";
    ftdn_test_write_file(path, make_file(strlen(header), header, zeros, 4, &n_bytes), 8 + strlen(header) + 4);
    ftdn_arena own;
    ftdn_arena_init(&own);
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena_fail_after(&own, n_good);
        ftdn_status status = ftdn_tensor_file_load(path, &own, &loaded, &err);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_int_equal(own.n_bytes, 0);
    }
    assert_true(n_good >= 8);
    ftdn_arena_done(&own);
}

static void the_trained_network_is_read(void **state)
{
    (void)state;
    const char *path = ftdn_test_shared_path(&arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &loaded, &err), err);
    const ftdn_named_tensor *stem = ftdn_tensor_file_find(&loaded, "stem.weight");
    assert_non_null(stem);
    assert_int_equal(stem->n_elements, 24 * 3 * 3 * 3);
    assert_int_equal(loaded.n_metadata, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(tensors_come_in_the_order_of_the_header_with_their_values),
        FTDN_FOLDER_TEST(values_are_borrowed_where_they_are_aligned),
        FTDN_FOLDER_TEST(no_tensors_are_a_file_too),
        FTDN_FOLDER_TEST(each_broken_rule_is_named),
        FTDN_FOLDER_TEST(a_lying_header_length_is_refused),
        FTDN_FOLDER_TEST(a_failure_names_the_path_whatever_the_first_bytes_are),
        FTDN_FOLDER_TEST(a_written_file_is_read_back),
        FTDN_FOLDER_TEST(chosen_tensors_are_written_as_halves_behind_the_floats),
        FTDN_FOLDER_TEST(a_value_that_no_half_can_hold_is_named_and_nothing_is_written),
        FTDN_FOLDER_TEST(a_refused_allocation_is_an_error_and_leaves_the_arena_empty),
        FTDN_FOLDER_TEST(the_trained_network_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
