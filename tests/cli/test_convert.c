#include <sys/stat.h>
#include <unistd.h>

#include "engine/tensor_file.h"
#include "tests/cli/cli.h"

static void load_tensors(ftdn_arena *arena, const char *path, ftdn_tensor_file *ret_file)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, arena, ret_file, &err), err);
}

/* Every golden file, with its odd dtypes and strides, comes out with the same names, shapes and values. */
static void converted_files_have_equal_tensors(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char *const names[] = {"odd_tensors.zip.pth", "odd_tensors.legacy.pth", "nested_checkpoint.zip.pth",
                                        "mobilenet_base.zip.pth", "version-RFB-320.pth"};
    char *out = ftdn_cli_path(arena, place->folder, "out.safetensors");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *in = ftdn_cli_path(arena, ftdn_test_shared_path(arena, "golden/pth"), names[i]);
        ftdn_cli_result result = FTDN_CLI(arena, "convert", in, out);
        ftdn_cli_assert_done(result);
        ftdn_cli_assert_says(result.out, "out.safetensors: ");
        ftdn_tensor_file before, after;
        load_tensors(arena, in, &before);
        load_tensors(arena, out, &after);
        assert_string_equal(after.format, "safetensors");
        assert_int_equal(after.n_tensors, before.n_tensors);
        for (int t = 0; t < before.n_tensors; t++) {
            const ftdn_named_tensor *left = &before.tensor[t], *right = ftdn_tensor_file_find(&after, left->name);
            assert_non_null(right);
            assert_string_equal(right->dtype, "F32");
            assert_int_equal(right->n_dims, left->n_dims);
            assert_memory_equal(right->dims, left->dims, sizeof *left->dims * (size_t)left->n_dims);
            assert_memory_equal(right->values, left->values, sizeof *left->values * left->n_elements);
        }
    }
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

static void the_answer_says_what_became_float32(void **state)
{
    ftdn_cli_place *place = *state;
    const char *in = ftdn_test_shared_path(&place->arena, "golden/pth/odd_tensors.zip.pth");
    char *out = ftdn_cli_path(&place->arena, place->folder, "out.safetensors");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "convert", in, out);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out,
                         ": 9 tensors, 138 elements, from pytorch zip; 4 tensors of other types became F32\n");
}

/* The first conversion's digests equal those of the second one, made from its output. */
static void a_second_conversion_changes_nothing(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *in = ftdn_test_shared_path(arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    char *first = ftdn_cli_path(arena, place->folder, "first.safetensors");
    char *second = ftdn_cli_path(arena, place->folder, "second.safetensors");
    ftdn_cli_assert_done(FTDN_CLI(arena, "convert", in, first));
    ftdn_cli_assert_done(FTDN_CLI(arena, "convert", first, second));
    size_t n_first, n_second;
    const char *first_bytes = ftdn_cli_load(arena, first, &n_first),
               *second_bytes = ftdn_cli_load(arena, second, &n_second);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first_bytes, second_bytes, n_first);
    ftdn_cli_assert_says(FTDN_CLI(arena, "inspect", "weights", second).out, "\nmodel: ssd_mobilenet_v1_075_tf\n");
}

static void nothing_is_written_after_a_failure(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *out = ftdn_cli_path(arena, place->folder, "out.safetensors");
    char *cut = ftdn_cli_path(arena, place->folder, "cut.pth");
    char *none = ftdn_cli_path(arena, place->folder, "none.pth");
    ftdn_test_write_file(cut, "\x80\x02", 2);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", none, out), 4, "none.pth: No such file or directory\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", cut, out), 4, "cut.pth: ");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", cut, "out.bin"), 2,
                          "the output 'out.bin' must end in .safetensors\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", cut, ".safetensors"), 2, "must end in .safetensors\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

/* A missing folder stands for a read-only one too, which root could write into. */
static void an_output_that_cannot_be_written_is_exit_code_4(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *in = ftdn_test_shared_path(arena, "golden/pth/odd_tensors.zip.pth");
    char *out = ftdn_cli_path(arena, place->folder, "none/out.safetensors");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "convert", in, out), 4,
                          "out.safetensors: cannot be written: No such file or directory\n");
    if (geteuid() == 0) return;
    assert_int_equal(chmod(place->folder, 0555), 0);
    out = ftdn_cli_path(arena, place->folder, "out.safetensors");
    ftdn_cli_result result = FTDN_CLI(arena, "convert", in, out);
    assert_int_equal(chmod(place->folder, 0755), 0);
    ftdn_cli_assert_fails(result, 4, "out.safetensors: cannot be written: Permission denied\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(converted_files_have_equal_tensors),
        FTDN_CLI_TEST(the_answer_says_what_became_float32),
        FTDN_CLI_TEST(a_second_conversion_changes_nothing),
        FTDN_CLI_TEST(nothing_is_written_after_a_failure),
        FTDN_CLI_TEST(an_output_that_cannot_be_written_is_exit_code_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
