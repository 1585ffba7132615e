#include "engine/weights.h"

#include "tests/support/folder_per_test.h"

static ftdn_graph graph;
static ftdn_weights weights;

/* A convolution with batch norm (2 channels, bias-free) and a 1x1 head (4 channels). */
static int set_up_graph(void **state)
{
    int result = set_up_folder(state);
    weights = (ftdn_weights){0};
    ftdn_graph_init(&graph, &arena);
    int at = ftdn_graph_add_input(&graph, (ftdn_shape){.h = 8, .w = 8, .c = 3});
    at = ftdn_graph_add_conv_layer(&graph, at,
                                   &(ftdn_conv_layer_desc){.name = "c",
                                                           .n_outputs = 2,
                                                           .kernel = 3,
                                                           .pad = 1,
                                                           .batch_norm = "bn",
                                                           .activation = FTDN_ACTIVATION_RELU});
    ftdn_graph_add_conv_layer(&graph, at,
                              &(ftdn_conv_layer_desc){.name = "head", .n_outputs = 4, .kernel = 1, .has_bias = true});
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    return result;
}

/* The formula weights of the graph as a file, its tensors in reverse order. */
static ftdn_tensor_file make_file(void)
{
    ftdn_weights values;
    FTDN_ASSERT_OK(ftdn_weights_formula(&graph, 0, &arena, &values, &err), err);
    ftdn_tensor_file file = {.path = "w.pth", .n_tensors = graph.n_params};
    file.tensor = FTDN_NEW(&arena, (size_t)file.n_tensors, ftdn_named_tensor, &err);
    for (int i = 0; i < file.n_tensors; i++) {
        const ftdn_param *param = &graph.param[i];
        ftdn_named_tensor *tensor = &file.tensor[file.n_tensors - 1 - i];
        *tensor = (ftdn_named_tensor){.name = param->name, .dtype = "F32", .n_dims = param->n_dims};
        memcpy(tensor->dims, param->dims, sizeof param->dims);
        tensor->n_elements = param->n_elements;
        tensor->values = values.value[i];
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
    (void)state;
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
    assert_int_equal(graph.n_params, 7);
    for (int s = 0; s < 2; s++) {
        char hex[FTDN_SHA256_HEX];
        FTDN_ASSERT_OK(ftdn_weights_formula(&graph, seeds[s], &arena, &weights, &err), err);
        assert_int_equal(weights.n_params, 7);
        for (int i = 0; i < 7; i++) {
            int param = ftdn_graph_find_param(&graph, names[i]);
            assert_true(weights.value[param][0] == first[s][i]);
        }
        FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, hex, &err), err);
        assert_string_equal(hex, digests[s]);
    }
}

static void constants_cannot_be_made_up(void **state)
{
    (void)state;
    ftdn_graph_add_constant(&graph, "priors", 2, (const int64_t[]){10, 4});
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    FTDN_ASSERT_FAILS(ftdn_weights_formula(&graph, 0, &arena, &weights, &err), FTDN_ERR_INPUT,
                      "'priors' is a constant of the network and must come from a file, not a formula", err);
}

static void tensors_are_bound_by_name_and_borrowed(void **state)
{
    (void)state;
    ftdn_tensor_file file = make_file();
    FTDN_ASSERT_OK(ftdn_weights_bind(&graph, &file, &arena, &weights, &err), err);
    assert_int_equal(weights.n_params, graph.n_params);
    for (int i = 0; i < graph.n_params; i++) {
        assert_ptr_equal(weights.value[i], ftdn_tensor_file_find(&file, graph.param[i].name)->values);
    }
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, hex, &err), err);
    assert_string_equal(hex, "f88af1ceb833f573e74fc60d33168b7b569079eecc444cc2adb5fff9124a235b");
}

static void every_mistake_is_listed_in_one_error(void **state)
{
    (void)state;
    ftdn_tensor_file file = make_file();
    ftdn_named_tensor *tensor = file.tensor; /* head.bias, head.weight, bn.*, c.weight */
    assert_string_equal(tensor[0].name, "head.bias");
    assert_string_equal(tensor[6].name, "c.weight");
    tensor[0].name = "head.bais";
    tensor[1].dims[0] = 21;
    tensor[3].name = "bn.num_batches_tracked";
    tensor[6].n_dims = 3;
    char *missing = ftdn_arena_format(&arena, &err, "%s", graph.param[3].name);
    assert_int_equal(ftdn_weights_bind(&graph, &file, &arena, &weights, &err), FTDN_ERR_INPUT);
    char *expected = ftdn_arena_format(&arena, &err,
                                       "w.pth: does not fit the network, 5 mistakes:\n"
                                       "  c.weight: shape [2,3,3] in the file, [2,3,3,3] in the network\n"
                                       "  %s: missing, shape [2] wanted\n"
                                       "  head.weight: shape [21,2,1,1] in the file, [4,2,1,1] in the network\n"
                                       "  head.bias: missing, shape [4] wanted\n"
                                       "  head.bais: in the file, unknown to the network",
                                       missing);
    assert_string_equal(err.message, expected);
    assert_null(weights.value);
}

static void one_mistake_is_told_in_the_singular(void **state)
{
    (void)state;
    ftdn_tensor_file file = make_file();
    file.tensor[1].dims[1] = 3;
    assert_int_equal(ftdn_weights_bind(&graph, &file, &arena, &weights, &err), FTDN_ERR_INPUT);
    assert_string_equal(err.message, "w.pth: does not fit the network, 1 mistake:\n"
                                     "  head.weight: shape [4,3,1,1] in the file, [4,2,1,1] in the network");
}

static void a_long_list_is_cut_and_counted(void **state)
{
    (void)state;
    ftdn_named_tensor unknown[40];
    for (int i = 0; i < 40; i++) {
        unknown[i] =
            (ftdn_named_tensor){.name = ftdn_arena_format(&arena, &err, "layer%0200d", i), .dtype = "F32"};
    }
    ftdn_tensor_file file = {.path = "other.pth", .n_tensors = 40, .tensor = unknown};
    FTDN_ASSERT_FAILS(
        ftdn_weights_bind(&graph, &file, &arena, &weights, &err), FTDN_ERR_INPUT,
        "other.pth: does not fit the network, 47 mistakes:\n  c.weight: missing, shape [2,3,3,3] wanted\n", err);
    const char *end = strstr(err.message, "\n  and 35 more");
    assert_non_null(end);
    assert_string_equal(end, "\n  and 35 more");
}

static void the_digest_sees_names_shapes_and_values(void **state)
{
    (void)state;
    char clean[FTDN_SHA256_HEX], changed[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_formula(&graph, 0, &arena, &weights, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, clean, &err), err);

    float bias[4];
    int last = graph.n_params - 1;
    memcpy(bias, weights.value[last], sizeof bias);
    bias[3] = -bias[3];
    const float *kept = weights.value[last];
    weights.value[last] = bias;
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, changed, &err), err);
    assert_string_not_equal(changed, clean);
    weights.value[last] = kept;

    graph.param[0].name = "d.weight";
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, changed, &err), err);
    assert_string_not_equal(changed, clean);
    graph.param[0].name = "c.weight";

    graph.param[0].dims[0] = 3;
    graph.param[0].dims[1] = 2;
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, changed, &err), err);
    assert_string_not_equal(changed, clean);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_tensor_file file = make_file();
    ftdn_arena own;
    ftdn_arena_init(&own);
    for (long n_good = 0; n_good < 8; n_good++) {
        ftdn_arena_fail_after(&own, n_good);
        assert_int_equal(ftdn_weights_formula(&graph, 0, &own, &weights, &err), FTDN_ERR_MEMORY);
    }
    ftdn_arena_fail_after(&own, 8);
    FTDN_ASSERT_OK(ftdn_weights_formula(&graph, 0, &own, &weights, &err), err);
    ftdn_arena_fail_after(&own, 0);
    assert_int_equal(ftdn_weights_bind(&graph, &file, &own, &weights, &err), FTDN_ERR_MEMORY);
    ftdn_arena_done(&own);
}

/* Written in another order and read back. */
static void the_digest_does_not_depend_on_the_file(void **state)
{
    (void)state;
    char *path = path_of("w.safetensors");
    ftdn_tensor_file file = make_file(), read;
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &read, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_bind(&graph, &read, &arena, &weights, &err), err);
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_weights_digest(&graph, &weights, hex, &err), err);
    assert_string_equal(hex, "f88af1ceb833f573e74fc60d33168b7b569079eecc444cc2adb5fff9124a235b");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_graph, tear_down_folder)

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
