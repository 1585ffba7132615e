#include "engine/weights.h"

#include <stdlib.h>

#include "base/file.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_graph graph;
    ftdn_weights weights;
} fixture;

/* A convolution with batch norm (2 channels, bias-free) and a 1x1 head (4 channels). */
static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    ftdn_arena_init(&f->arena);
    ftdn_graph_init(&f->graph, &f->arena);
    int at = ftdn_graph_add_input(&f->graph, (ftdn_shape){.h = 8, .w = 8, .c = 3});
    at = ftdn_graph_add_conv_layer(&f->graph, at,
                                   &(ftdn_conv_layer_desc){.name = "c",
                                                           .n_outputs = 2,
                                                           .kernel = 3,
                                                           .pad = 1,
                                                           .batch_norm = "bn",
                                                           .activation = FTDN_ACTIVATION_RELU});
    ftdn_graph_add_conv_layer(&f->graph, at,
                              &(ftdn_conv_layer_desc){.name = "head", .n_outputs = 4, .kernel = 1, .has_bias = true});
    FTDN_ASSERT_OK(ftdn_graph_finish(&f->graph, &f->err), f->err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

/* The formula weights of the fixture's graph as a file, its tensors in reverse order. */
static ftdn_tensor_file make_file(fixture *f)
{
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, 0, &f->arena, &weights, &f->err), f->err);
    ftdn_tensor_file file = {.path = "w.pth", .n_tensors = f->graph.n_params};
    file.tensor = FTDN_NEW(&f->arena, (size_t)file.n_tensors, ftdn_named_tensor, &f->err);
    for (int i = 0; i < file.n_tensors; i++) {
        const ftdn_param *param = &f->graph.param[i];
        ftdn_named_tensor *tensor = &file.tensor[file.n_tensors - 1 - i];
        *tensor = (ftdn_named_tensor){.name = param->name, .dtype = "F32", .n_dims = param->n_dims};
        memcpy(tensor->dims, param->dims, sizeof param->dims);
        tensor->n_elements = param->n_elements;
        tensor->values = weights.value[i];
    }
    return file;
}

static void the_uniform_of_the_formula_is_that_of_its_definition(void **state)
{
    (void)state;
    /* By the definition, in Python's integers. */
    assert_true(ftdn_formula_uniform("input", 0, 0) == 0x1.90a9fp-4);
    assert_true(ftdn_formula_uniform("input", 0, 1) == 0x1.4e022ep-1);
    assert_true(ftdn_formula_uniform("base_net.1.0.weight", 0, 0) == 0x1.6d828p-3);
    assert_true(ftdn_formula_uniform("base_net.1.0.weight", 7, 12345678901) == 0x1.948d78p-1);
}

static void formula_weights_have_the_bounds_of_their_kind(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"c.weight",       "bn.weight",   "bn.bias",  "bn.running_mean",
                                        "bn.running_var", "head.weight", "head.bias"};
    static const float first[2][7] = {
        {0x1.2745d8p-2f, 0x1.1449b8p0f, -0x1.875bdcp-4f, 0x1.5af814p-4f, 0x1.5c95bp0f, 0x1.94179ap-1f, -0x1.d28a4p-5f},
        {-0x1.29fa1p-3f, 0x1.556b96p-1f, -0x1.60988cp-5f, 0x1.0955ap-4f, 0x1.604964p-1f, 0x1.c8cdaep-1f, 0x1.4b3f6p-5f},
    };
    static const char *const digests[2] = {
        "f88af1ceb833f573e74fc60d33168b7b569079eecc444cc2adb5fff9124a235b",
        "64dad44accd2b8fa244bd31fff1a27312af52d623698e24f7e518bbba6024dc8",
    };
    static const uint64_t seeds[2] = {0, 3};
    assert_int_equal(f->graph.n_params, 7);
    for (int s = 0; s < 2; s++) {
        char hex[FTDN_SHA256_HEX];
        FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, seeds[s], &f->arena, &f->weights, &f->err), f->err);
        assert_int_equal(f->weights.n_params, 7);
        for (int i = 0; i < 7; i++) {
            int param = ftdn_graph_find_param(&f->graph, names[i]);
            assert_true(f->weights.value[param][0] == first[s][i]);
        }
        FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, hex, &f->err), f->err);
        assert_string_equal(hex, digests[s]);
    }
}

static void constants_cannot_be_made_up(void **state)
{
    fixture *f = *state;
    ftdn_graph_add_constant(&f->graph, "priors", 2, (const int64_t[]){10, 4});
    FTDN_ASSERT_OK(ftdn_graph_finish(&f->graph, &f->err), f->err);
    FTDN_ASSERT_FAILS(ftdn_weights_formula(&f->graph, 0, &f->arena, &f->weights, &f->err), FTDN_ERR_INPUT,
                      "'priors' is a constant of the network and must come from a file, not a formula", f->err);
}

static void tensors_are_bound_by_name_and_borrowed(void **state)
{
    fixture *f = *state;
    ftdn_tensor_file file = make_file(f);
    FTDN_ASSERT_OK(ftdn_weights_bind(&f->graph, &file, &f->arena, &f->weights, &f->err), f->err);
    assert_int_equal(f->weights.n_params, f->graph.n_params);
    for (int i = 0; i < f->graph.n_params; i++) {
        assert_ptr_equal(f->weights.value[i], ftdn_tensor_file_find(&file, f->graph.param[i].name)->values);
    }
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, hex, &f->err), f->err);
    assert_string_equal(hex, "f88af1ceb833f573e74fc60d33168b7b569079eecc444cc2adb5fff9124a235b");
}

static void every_mistake_is_listed_in_one_error(void **state)
{
    fixture *f = *state;
    ftdn_tensor_file file = make_file(f);
    ftdn_named_tensor *tensor = file.tensor; /* head.bias, head.weight, bn.*, c.weight */
    assert_string_equal(tensor[0].name, "head.bias");
    assert_string_equal(tensor[6].name, "c.weight");
    tensor[0].name = "head.bais";
    tensor[1].dims[0] = 21;
    tensor[3].name = "bn.num_batches_tracked";
    tensor[6].n_dims = 3;
    char *missing = ftdn_arena_format(&f->arena, &f->err, "%s", f->graph.param[3].name);
    assert_int_equal(ftdn_weights_bind(&f->graph, &file, &f->arena, &f->weights, &f->err), FTDN_ERR_INPUT);
    char *expected = ftdn_arena_format(&f->arena, &f->err,
                                       "w.pth: does not fit the network, 5 mistakes:\n"
                                       "  c.weight: shape [2,3,3] in the file, [2,3,3,3] in the network\n"
                                       "  %s: missing, shape [2] wanted\n"
                                       "  head.weight: shape [21,2,1,1] in the file, [4,2,1,1] in the network\n"
                                       "  head.bias: missing, shape [4] wanted\n"
                                       "  head.bais: in the file, unknown to the network",
                                       missing);
    assert_string_equal(f->err.message, expected);
    assert_null(f->weights.value);
}

static void one_mistake_is_told_in_the_singular(void **state)
{
    fixture *f = *state;
    ftdn_tensor_file file = make_file(f);
    file.tensor[1].dims[1] = 3;
    assert_int_equal(ftdn_weights_bind(&f->graph, &file, &f->arena, &f->weights, &f->err), FTDN_ERR_INPUT);
    assert_string_equal(f->err.message, "w.pth: does not fit the network, 1 mistake:\n"
                                        "  head.weight: shape [4,3,1,1] in the file, [4,2,1,1] in the network");
}

static void a_long_list_is_cut_and_counted(void **state)
{
    fixture *f = *state;
    ftdn_named_tensor unknown[40];
    for (int i = 0; i < 40; i++) {
        unknown[i] =
            (ftdn_named_tensor){.name = ftdn_arena_format(&f->arena, &f->err, "layer%0200d", i), .dtype = "F32"};
    }
    ftdn_tensor_file file = {.path = "other.pth", .n_tensors = 40, .tensor = unknown};
    FTDN_ASSERT_FAILS(
        ftdn_weights_bind(&f->graph, &file, &f->arena, &f->weights, &f->err), FTDN_ERR_INPUT,
        "other.pth: does not fit the network, 47 mistakes:\n  c.weight: missing, shape [2,3,3,3] wanted\n", f->err);
    const char *end = strstr(f->err.message, "\n  and 35 more");
    assert_non_null(end);
    assert_string_equal(end, "\n  and 35 more");
}

static void the_digest_sees_names_shapes_and_values(void **state)
{
    fixture *f = *state;
    char clean[FTDN_SHA256_HEX], changed[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, 0, &f->arena, &f->weights, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, clean, &f->err), f->err);

    float bias[4];
    int last = f->graph.n_params - 1;
    memcpy(bias, f->weights.value[last], sizeof bias);
    bias[3] = -bias[3];
    const float *kept = f->weights.value[last];
    f->weights.value[last] = bias;
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, changed, &f->err), f->err);
    assert_string_not_equal(changed, clean);
    f->weights.value[last] = kept;

    f->graph.param[0].name = "d.weight";
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, changed, &f->err), f->err);
    assert_string_not_equal(changed, clean);
    f->graph.param[0].name = "c.weight";

    f->graph.param[0].dims[0] = 3;
    f->graph.param[0].dims[1] = 2;
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, changed, &f->err), f->err);
    assert_string_not_equal(changed, clean);
}

static void a_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    ftdn_tensor_file file = make_file(f);
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    for (long n_good = 0; n_good < 8; n_good++) {
        ftdn_arena_fail_after(&arena, n_good);
        assert_int_equal(ftdn_weights_formula(&f->graph, 0, &arena, &f->weights, &f->err), FTDN_ERR_MEMORY);
    }
    ftdn_arena_fail_after(&arena, 8);
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, 0, &arena, &f->weights, &f->err), f->err);
    ftdn_arena_fail_after(&arena, 0);
    assert_int_equal(ftdn_weights_bind(&f->graph, &file, &arena, &f->weights, &f->err), FTDN_ERR_MEMORY);
    ftdn_arena_done(&arena);
}

/* Written in another order and read back. */
static void the_digest_does_not_depend_on_the_file(void **state)
{
    fixture *f = *state;
    char *folder = ftdn_test_create_folder(&f->arena);
    char *path = ftdn_path_join(&f->arena, folder, "w.safetensors", &f->err);
    ftdn_tensor_file file = make_file(f), read;
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &f->arena, &read, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_weights_bind(&f->graph, &read, &f->arena, &f->weights, &f->err), f->err);
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_digest(&f->graph, &f->weights, hex, &f->err), f->err);
    assert_string_equal(hex, "f88af1ceb833f573e74fc60d33168b7b569079eecc444cc2adb5fff9124a235b");
    ftdn_test_remove_folder(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_uniform_of_the_formula_is_that_of_its_definition),
        TEST(formula_weights_have_the_bounds_of_their_kind),
        TEST(constants_cannot_be_made_up),
        TEST(tensors_are_bound_by_name_and_borrowed),
        TEST(every_mistake_is_listed_in_one_error),
        TEST(one_mistake_is_told_in_the_singular),
        TEST(a_long_list_is_cut_and_counted),
        TEST(the_digest_sees_names_shapes_and_values),
        TEST(a_refused_allocation_is_an_error),
        TEST(the_digest_does_not_depend_on_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
