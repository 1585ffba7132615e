#include "engine/tensor_file.h"

#include "base/file.h"
#include "engine/tensor_formats.h"
#include "tests/engine/pth_fixture.h"

static void assert_values(const ftdn_named_tensor *tensor, const float *expected, size_t n_expected)
{
    assert_int_equal(tensor->n_elements, n_expected);
    for (size_t i = 0; i < n_expected; i++) assert_true(tensor->values[i] == expected[i]);
}

/* ---- golden files ---- */

static const char *const golden_files[][2] = {
    {"mobilenet_base.legacy.pth", "pytorch legacy"}, {"mobilenet_base.zip.pth", "pytorch zip"},
    {"nested_checkpoint.zip.pth", "pytorch zip"},    {"odd_tensors.legacy.pth", "pytorch legacy"},
    {"odd_tensors.zip.pth", "pytorch zip"},          {"version-RFB-320.pth", "pytorch legacy"},
    {"version-slim-320.pth", "pytorch legacy"},
};

#define N_GOLDEN (sizeof golden_files / sizeof golden_files[0])

static const char *golden_path(size_t i)
{
    return ftdn_test_join(&arena, ftdn_test_shared_path(&arena, "golden/pth"), golden_files[i][0]);
}

static const char *torch_dtype(const char *dtype)
{
    static const char *const names[][2] = {
        {"F32", "float32"}, {"F64", "float64"}, {"F16", "float16"}, {"BF16", "bfloat16"}, {"I64", "int64"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!strcmp(names[i][0], dtype)) return names[i][1];
    }
    return "";
}

static void assert_golden_tensor(const ftdn_named_tensor *tensor, const ftdn_json *expected)
{
    char hex[FTDN_SHA256_HEX];
    assert_string_equal(tensor->name, expected->key);
    assert_string_equal(torch_dtype(tensor->dtype), ftdn_json_find(expected, "dtype")->string);
    const ftdn_json *shape = ftdn_json_find(expected, "shape");
    assert_int_equal(tensor->n_dims, shape->n_children);
    for (int i = 0; i < tensor->n_dims; i++) assert_true((double)tensor->dims[i] == shape->child[i]->number);
    FTDN_ASSERT_OK(ftdn_named_tensor_digest(tensor, hex, &err), err);
    assert_string_equal(hex, ftdn_json_find(expected, "sha256_of_float32_row_major")->string);
}

static void every_golden_tensor_has_its_digest(void **state)
{
    (void)state;
    const ftdn_json *golden = ftdn_test_load_json(&arena, ftdn_test_shared_path(&arena, "golden/pth/tensors.json"));
    assert_int_equal(golden->n_children, N_GOLDEN);
    int n_checked = 0;
    for (size_t i = 0; i < N_GOLDEN; i++) {
        const ftdn_json *expected = ftdn_json_find(golden, golden_files[i][0]);
        FTDN_ASSERT_OK(ftdn_tensor_file_load(golden_path(i), &arena, &parsed, &err), err);
        assert_string_equal(parsed.format, golden_files[i][1]);
        assert_string_equal(parsed.path, golden_path(i));
        assert_int_equal(parsed.n_tensors, expected->n_children);
        for (int t = 0; t < parsed.n_tensors; t++) assert_golden_tensor(&parsed.tensor[t], expected->child[t]);
        n_checked += parsed.n_tensors;
    }
    assert_int_equal(n_checked, 932);
}

static void assert_equal_files(const ftdn_tensor_file *a, const ftdn_tensor_file *b)
{
    assert_int_equal(a->n_tensors, b->n_tensors);
    for (int i = 0; i < a->n_tensors; i++) {
        const ftdn_named_tensor *x = &a->tensor[i], *y = &b->tensor[i];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->n_dims, y->n_dims);
        assert_memory_equal(x->dims, y->dims, sizeof x->dims);
        assert_int_equal(x->n_elements, y->n_elements);
        if (x->n_elements) assert_memory_equal(x->values, y->values, x->n_elements * sizeof(float));
    }
}

static void golden_files_survive_conversion_to_safetensors(void **state)
{
    (void)state;
    ftdn_test_require_shared();
    char *path = path_of("converted.safetensors");
    for (size_t i = 0; i < N_GOLDEN; i++) {
        ftdn_tensor_file converted;
        FTDN_ASSERT_OK(ftdn_tensor_file_load(golden_path(i), &arena, &parsed, &err), err);
        FTDN_ASSERT_OK(ftdn_safetensors_write(path, &parsed, NULL, &err), err);
        FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &converted, &err), err);
        assert_string_equal(converted.format, "safetensors");
        assert_equal_files(&parsed, &converted);
    }
}

static void a_refused_allocation_is_an_error_and_leaves_the_arena_empty(void **state)
{
    (void)state;
    ftdn_test_require_shared();
    for (size_t i = 3; i <= 4; i++) {
        const char *path = golden_path(i);
        ftdn_arena own;
        ftdn_arena_init(&own);
        long n_good = 0;
        for (;; n_good++) {
            ftdn_arena_fail_after(&own, n_good);
            ftdn_status status = ftdn_tensor_file_load(path, &own, &parsed, &err);
            if (status == FTDN_OK) break;
            assert_int_equal(status, FTDN_ERR_MEMORY);
            assert_int_equal(own.n_bytes, 0);
        }
        assert_true(n_good >= 14);
        ftdn_arena_done(&own);
    }
}

/* ---- hand-made files ---- */

static void both_layouts_give_the_same_tensor(void **state)
{
    (void)state;
    ftdn_text pickle = {0};
    pickle_one_tensor(&pickle, &plain_view);
    FTDN_ASSERT_OK(parse_zip(&pickle, six, sizeof six), err);
    assert_values(ftdn_tensor_file_find(&parsed, "x"), six, 6);
    FTDN_ASSERT_OK(parse_legacy(&pickle, six, sizeof six), err);
    assert_values(ftdn_tensor_file_find(&parsed, "x"), six, 6);
    assert_null(ftdn_tensor_file_find(&parsed, "y"));
    ftdn_text_done(&pickle);
}

static void archive_names_may_be_any_utf8(void **state)
{
    (void)state;
    zip_maker zip = {0};
    ftdn_text pickle = {0};
    pickle_one_tensor(&pickle, &plain_view);
    zip_add(&zip, "r\xc3\xa9seau \xe7\xbd\x91/data.pkl", pickle.chars, pickle.n_chars);
    zip_add(&zip, "r\xc3\xa9seau \xe7\xbd\x91/data/0", six, sizeof six);
    zip_finish(&zip);
    FTDN_ASSERT_OK(ftdn_pth_zip_parse(zip.file.chars, zip.file.n_chars, &arena, &parsed, &err), err);
    assert_values(&parsed.tensor[0], six, 6);
    ftdn_text_done(&pickle);
    zip_done(&zip);
}

static void views_are_made_row_major(void **state)
{
    (void)state;
    static const struct {
        pth_view view;
        size_t n_expected;
        float expected[12];
    } cases[] = {
        {{"FloatStorage", "0", 6, 0, 2, {3, 2}, {1, 3}}, 6, {1, 4, 2, 5, 3, 6}},
        {{"FloatStorage", "0", 6, 1, 2, {2, 2}, {3, 1}}, 4, {2, 3, 5, 6}},
        {{"FloatStorage", "0", 6, 4, 1, {2}, {1}}, 2, {5, 6}},
        {{"FloatStorage", "0", 6, 5, 0, {0}, {0}}, 1, {6}},
        {{"FloatStorage", "0", 6, 0, 1, {3}, {2}}, 3, {1, 3, 5}},
        {{"FloatStorage", "0", 6, 2, 2, {2, 3}, {0, 0}}, 6, {3, 3, 3, 3, 3, 3}},
        {{"FloatStorage", "0", 6, 0, 4, {1, 3, 1, 2}, {9, 1, 7, 3}}, 6, {1, 4, 2, 5, 3, 6}},
        {{"FloatStorage", "0", 6, 0, 3, {3, 2, 2}, {1, 3, 0}}, 12, {1, 1, 4, 4, 2, 2, 5, 5, 3, 3, 6, 6}},
        {{"FloatStorage", "0", 6, 99, 2, {0, 3}, {3, 1}}, 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_text pickle = {0};
        pickle_one_tensor(&pickle, &cases[i].view);
        FTDN_ASSERT_OK(parse_zip(&pickle, six, sizeof six), err);
        assert_values(&parsed.tensor[0], cases[i].expected, cases[i].n_expected);
        FTDN_ASSERT_OK(parse_legacy(&pickle, six, sizeof six), err);
        assert_values(&parsed.tensor[0], cases[i].expected, cases[i].n_expected);
        ftdn_text_done(&pickle);
    }
}

static void views_outside_their_storage_are_refused(void **state)
{
    (void)state;
    static const struct {
        pth_view view;
        const char *message;
    } cases[] = {
        {{"FloatStorage", "0", 6, 1, 2, {2, 3}, {3, 1}},
         "tensor 'x': shape [2,3], strides [3,1], offset 1 leave the 6 elements of storage '0'"},
        {{"FloatStorage", "0", 6, 0, 2, {2, 3}, {4, 1}},
         "tensor 'x': shape [2,3], strides [4,1], offset 0 leave the 6 elements of storage '0'"},
        {{"FloatStorage", "0", 6, 6, 0, {0}, {0}}, "tensor 'x': shape [], strides [], offset 6 leave the 6 elements"},
        {{"FloatStorage", "0", 6, -1, 1, {2}, {1}},
         "tensor 'x': shape [2], strides [1] or offset -1 is negative or overflows"},
        {{"FloatStorage", "0", 6, 0, 1, {-2}, {1}}, "shape [-2], strides [1] or offset 0 is negative or overflows"},
        {{"FloatStorage", "0", 6, 0, 1, {2}, {-1}}, "shape [2], strides [-1] or offset 0 is negative or overflows"},
        {{"FloatStorage", "0", 6, 0, 2, {INT64_MAX, 4}, {0, 0}}, "strides [0,0] or offset 0 is negative or overflows"},
        {{"FloatStorage", "0", 6, 0, 2, {5, 2}, {INT64_MAX, 1}}, "leave the 6 elements of storage '0'"},
        {{"FloatStorage", "0", 6, 0, 1, {INT64_C(1) << 40}, {0}}, "the tensors take more than 16 times the"},
        {{"FloatStorage", "0", INT64_MAX, 0, 1, {2}, {1}},
         "storage '0': the size of 9223372036854775807 F32 overflows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_text pickle = {0};
        pickle_one_tensor(&pickle, &cases[i].view);
        FTDN_ASSERT_FAILS(parse_zip(&pickle, six, sizeof six), FTDN_ERR_INPUT, cases[i].message, err);
        FTDN_ASSERT_FAILS(parse_legacy(&pickle, six, sizeof six), FTDN_ERR_INPUT, cases[i].message, err);
        ftdn_text_done(&pickle);
    }
}

/* ---- where the tensors are in a checkpoint ---- */

/* shape: { } a dict, [ ] a list, t a tensor, 7 the number, k the next of the keys. */
static void assert_names(const char *shape, const char *const *keys, const char *expected)
{
    ftdn_text pickle = {0}, names = {0};
    PICKLE_BYTES(&pickle, "\200\002");
    for (const char *c = shape; *c; c++) {
        if (*c == '{') PICKLE_BYTES(&pickle, "}(");
        else if (*c == '}') PICKLE_BYTES(&pickle, "u");
        else if (*c == '[') PICKLE_BYTES(&pickle, "](");
        else if (*c == ']') PICKLE_BYTES(&pickle, "e");
        else if (*c == 't') pickle_tensor(&pickle, &plain_view);
        else if (*c == 'k') pickle_text(&pickle, *keys++);
        else if (*c == '7') PICKLE_BYTES(&pickle, "K\7");
        else fail();
    }
    PICKLE_BYTES(&pickle, ".");
    FTDN_ASSERT_OK(parse_zip(&pickle, six, sizeof six), err);
    for (int i = 0; i < parsed.n_tensors; i++) ftdn_text_append(&names, "%s ", parsed.tensor[i].name);
    assert_string_equal(names.chars ? names.chars : "", expected);
    ftdn_text_done(&names);
    ftdn_text_done(&pickle);
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__})

static void the_state_dict_of_a_checkpoint_is_found(void **state)
{
    (void)state;
    assert_names("{ktkt}", KEYS("a", "b"), "a b ");
    assert_names("{k7kt}", KEYS("epoch", "a"), "a ");
    assert_names("{k7k{kt}}", KEYS("epoch", "state_dict", "a"), "a ");
    assert_names("{k{k{7{kt}}}k{ktkt}}", KEYS("optimizer", "state", "exp_avg", "model", "a", "b"), "a b ");
    assert_names("{k{kt}k{kt}}", KEYS("ema", "a", "state_dict", "b"), "b ");
    assert_names("{k{kt}k7}", KEYS("my_network", "a", "epoch"), "a ");
    assert_names("{k{k7}k{kt}}", KEYS("model", "depth", "net", "a"), "a ");
    assert_names("{k{k7}k{kt}}", KEYS("model", "depth", "tensors", "a"), "a ");
    assert_names("{k{k{kt}k{kt}}}", KEYS("model", "encoder", "a", "decoder", "a"), "encoder.a decoder.a ");
    assert_names("{k{k{kt}}}", KEYS("model", "net", "a"), "a ");
    assert_names("{k{kt}k{kt}}", KEYS("generator", "a", "discriminator", "a"), "generator.a discriminator.a ");
    assert_names("{ktk{ktk[t7t]}}", KEYS("a", "b", "c", "d"), "a b.c b.d.0 b.d.2 ");
    assert_names("{7tk7}", KEYS("lr"), "7 ");
    assert_names("[tt]", NULL, "0 1 ");
    assert_names("{k7}", KEYS("epoch"), "");
}

static void names_that_clash_or_cannot_be_printed_are_refused(void **state)
{
    (void)state;
    char *path = path_of("clash.pth");
    ftdn_text pickle = {0}, file = {0};
    PICKLE_BYTES(&pickle, "\200\002}(");
    pickle_text(&pickle, "x");
    pickle_tensor(&pickle, &plain_view);
    pickle_text(&pickle, "x");
    pickle_tensor(&pickle, &plain_view);
    PICKLE_BYTES(&pickle, "u.");
    legacy_begin(&file);
    ftdn_text_append_bytes(&file, pickle.chars, pickle.n_chars);
    legacy_add_storage(&file, "0", 6, six, sizeof six);
    ftdn_test_write_file(path, file.chars, file.n_chars);
    char *message = ftdn_arena_format(&arena, &err, "%s: two tensors are called 'x'", path);
    FTDN_ASSERT_FAILS(ftdn_tensor_file_load(path, &arena, &parsed, &err), FTDN_ERR_INPUT, message, err);
    ftdn_text_done(&file);
    ftdn_text_done(&pickle);

    static const char *const bad_names[] = {"a\033[2J", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", ""};
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        ftdn_text named = {0};
        PICKLE_BYTES(&named, "\200\002}");
        pickle_text(&named, bad_names[i]);
        pickle_tensor(&named, &plain_view);
        PICKLE_BYTES(&named, "s.");
        FTDN_ASSERT_FAILS(parse_zip(&named, six, sizeof six), FTDN_ERR_INPUT,
                          "the name of tensor 0 is empty or holds a control character or malformed UTF-8", err);
        ftdn_text_done(&named);
    }
}

static void a_list_that_holds_itself_is_refused(void **state)
{
    (void)state;
    ftdn_text pickle = {0}, bomb = {0};
    PICKLE_BYTES(&pickle, "\200\002]q\0h\0a.");
    FTDN_ASSERT_FAILS(parse_zip(&pickle, NULL, 0), FTDN_ERR_INPUT,
                      "dicts and lists are nested more than 32 levels deep", err);
    /* 28 lists, each of which holds the one before it twice: 2^28 paths. */
    PICKLE_BYTES(&bomb, "\200\002]q\0");
    for (int i = 0; i < 28; i++) PICKLE_BYTES(&bomb, "0](h\0h\0eq\0");
    PICKLE_BYTES(&bomb, ".");
    FTDN_ASSERT_FAILS(parse_zip(&bomb, NULL, 0), FTDN_ERR_INPUT, "more than 2097152 values", err);
    ftdn_text_done(&bomb);
    ftdn_text_done(&pickle);
}

static void files_of_no_known_format_are_refused_with_their_path(void **state)
{
    (void)state;
    char *path = path_of("w.pth");
    char *unknown =
        ftdn_arena_format(&arena, &err, "%s: neither safetensors nor a PyTorch file by its first bytes", path);
    FTDN_ASSERT_FAILS(ftdn_tensor_file_load(path, &arena, &parsed, &err), FTDN_ERR_INPUT, path, err);
    static const char *const texts[] = {"", "PK\3\4", "\x80\2}.", "<!DOCTYPE html>",
                                        "version https://git-lfs.github.com"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ftdn_test_write_file(path, texts[i], strlen(texts[i]));
        assert_int_equal(ftdn_tensor_file_load(path, &arena, &parsed, &err), FTDN_ERR_INPUT);
        assert_string_equal(err.message, unknown);
    }
    ftdn_test_write_file(path, "PK\3\4 and then no archive", 24);
    FTDN_ASSERT_FAILS(ftdn_tensor_file_load(path, &arena, &parsed, &err), FTDN_ERR_INPUT, "zip archive: ", err);
    assert_int_equal(ftdn_tensor_file_load(folder, &arena, &parsed, &err), FTDN_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(every_golden_tensor_has_its_digest),
        FTDN_FOLDER_TEST(golden_files_survive_conversion_to_safetensors),
        FTDN_FOLDER_TEST(a_refused_allocation_is_an_error_and_leaves_the_arena_empty),
        FTDN_FOLDER_TEST(both_layouts_give_the_same_tensor),
        FTDN_FOLDER_TEST(archive_names_may_be_any_utf8),
        FTDN_FOLDER_TEST(views_are_made_row_major),
        FTDN_FOLDER_TEST(views_outside_their_storage_are_refused),
        FTDN_FOLDER_TEST(the_state_dict_of_a_checkpoint_is_found),
        FTDN_FOLDER_TEST(names_that_clash_or_cannot_be_printed_are_refused),
        FTDN_FOLDER_TEST(a_list_that_holds_itself_is_refused),
        FTDN_FOLDER_TEST(files_of_no_known_format_are_refused_with_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
