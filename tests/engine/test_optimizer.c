#include "engine/optimizer.h"

#include <math.h>

#include "engine/weights.h"
#include "tests/support/folder_per_test.h"

#define N_PARAMS 7
enum { WEIGHT, SCALE, SHIFT, MEAN, VAR, HEAD_WEIGHT, HEAD_BIAS };

static ftdn_graph graph;
static ftdn_optimizer optimizer;
static float *value[N_PARAMS], *gradient[N_PARAMS];

/* A convolution of n channels with batch norm and a head; large ones are shared among threads. */
static void make_graph(int n_channels)
{
    ftdn_graph_init(&graph, &arena);
    int at = ftdn_graph_add_input(&graph, (ftdn_shape){.h = 8, .w = 8, .c = n_channels});
    at = ftdn_graph_add_conv_layer(
        &graph, at,
        &(ftdn_conv_layer_desc){.name = "c", .n_outputs = n_channels, .kernel = 3, .pad = 1, .batch_norm = "bn"});
    ftdn_graph_add_conv_layer(&graph, at,
                              &(ftdn_conv_layer_desc){.name = "head", .n_outputs = 2, .kernel = 1, .has_bias = true});
    FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
    assert_int_equal(graph.n_params, N_PARAMS);
}

/* Formula weights, and gradients of 0 for all parameters. */
static void make_values(void)
{
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(&graph, 0, &arena, &weights, &err), err);
    for (int i = 0; i < N_PARAMS; i++) {
        size_t n_elements = graph.param[i].n_elements;
        value[i] = FTDN_NEW(&arena, n_elements, float, &err);
        gradient[i] = FTDN_NEW(&arena, n_elements, float, &err);
        memcpy(value[i], weights.value[i], n_elements * sizeof(float));
    }
}

static int set_up_graph(void **state)
{
    int result = set_up_folder(state);
    make_graph(3);
    make_values();
    return result;
}

static void init(ftdn_optimizer_desc desc)
{
    FTDN_ASSERT_OK(ftdn_optimizer_init(&optimizer, &graph, &desc, &arena, &err), err);
}

static double step(double learning_rate, int n_threads)
{
    double norm = -1;
    FTDN_ASSERT_OK(ftdn_optimizer_step(&optimizer, learning_rate, value, gradient, n_threads, &norm, &err), err);
    return norm;
}

/* All numbers below have few bits, so that each operation is exact. */
static void steps_of_sgd_are_those_worked_by_hand(void **state)
{
    (void)state;
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .momentum = 0.5, .weight_decay = 0.25});
    static const int trained[] = {WEIGHT, SCALE, SHIFT, HEAD_WEIGHT, HEAD_BIAS};
    for (int i = 0; i < 5; i++) {
        value[trained[i]][1] = 2;
        gradient[trained[i]][1] = 1;
    }
    assert_true(step(0.125, 1) == sqrt(5));
    /* Convolutions: g = 1 + 0.25 * 2, v = 1.5. The others: v = 1. */
    for (int i = 0; i < 5; i++)
        assert_true(value[trained[i]][1] == (i == 0 || i == 3 ? 2 - 0.125f * 1.5f : 2 - 0.125f));
    for (int i = 0; i < 5; i++) gradient[trained[i]][1] = -1;
    step(0.125, 1);
    /* Convolutions: g = -1 + 0.25 * 1.8125, v = 0.5 * 1.5 + g = 0.203125. The others: v = 0.5 - 1. */
    for (int i = 0; i < 5; i++)
        assert_true(value[trained[i]][1] == (i == 0 || i == 3 ? 1.8125f - 0.125f * 0.203125f : 1.875f + 0.0625f));
    assert_int_equal(optimizer.n_steps, 2);
    assert_true(optimizer.first[WEIGHT][1] == 0.203125f && optimizer.first[HEAD_BIAS][1] == -0.5f);
}

/* beta1 0.5, beta2 0.75, epsilon 0.5, rate 0.125, decay 0.25; gradients 2, then -4. */
static void steps_of_adam_are_those_worked_by_hand(void **state)
{
    (void)state;
    init((ftdn_optimizer_desc){
                .kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0.5, .weight_decay = 0.25});
    const double rounding = 1e-6; /* of a handful of float operations on numbers below 4 */
    value[WEIGHT][0] = value[SCALE][0] = 2;
    gradient[WEIGHT][0] = gradient[SCALE][0] = 2;
    step(0.125, 1);
    /* m = 1, s = 1: 0.125 / 0.5 * 1 / (1 / sqrt(0.25) + 0.5) = 0.1; the weight times 1 - 0.125 * 0.25 before. */
    assert_true(fabs(value[SCALE][0] - 1.9) < rounding);
    assert_true(fabs(value[WEIGHT][0] - (1.9375 - 0.1)) < rounding);
    gradient[WEIGHT][0] = gradient[SCALE][0] = -4;
    step(0.125, 1);
    /* m = -1.5, s = 4.75: 0.125 / 0.75 * 1.5 / (sqrt(4.75 / 0.4375) + 0.5) = 0.065875841. */
    assert_true(optimizer.first[SCALE][0] == -1.5f && optimizer.second[SCALE][0] == 4.75f);
    assert_true(fabs(value[SCALE][0] - 1.965875841) < rounding);
    assert_true(fabs(value[WEIGHT][0] - (0.96875 * 1.8375 + 0.065875841)) < rounding);
}

static void gradients_above_the_bound_are_shortened_together(void **state)
{
    (void)state;
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .max_gradient_norm = 2.5});
    value[WEIGHT][0] = value[HEAD_BIAS][1] = 8;
    gradient[WEIGHT][0] = 3;
    gradient[HEAD_BIAS][1] = -4;
    assert_true(step(1, 1) == 5);
    assert_true(value[WEIGHT][0] == 6.5f && value[HEAD_BIAS][1] == 10);
    gradient[WEIGHT][0] = 1.5f;
    gradient[HEAD_BIAS][1] = -2;
    assert_true(step(1, 1) == 2.5);
    assert_true(value[WEIGHT][0] == 5 && value[HEAD_BIAS][1] == 12);
    assert_true(gradient[WEIGHT][0] == 1.5f);
}

static void running_statistics_and_parameters_without_gradient_stay(void **state)
{
    (void)state;
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .weight_decay = 0.5});
    float before[N_PARAMS];
    for (int i = 0; i < N_PARAMS; i++) {
        gradient[i][0] = 1;
        before[i] = value[i][0];
    }
    gradient[HEAD_WEIGHT] = NULL;
    assert_true(step(1, 1) == 2);
    for (int i = 0; i < N_PARAMS; i++) {
        bool stays = i == MEAN || i == VAR || i == HEAD_WEIGHT;
        assert_int_equal(value[i][0] == before[i], stays);
    }
    assert_null(optimizer.first[MEAN]);
    assert_null(optimizer.first[VAR]);
    assert_null(optimizer.second[WEIGHT]);
}

static void a_gradient_that_is_not_finite_is_named_and_changes_nothing(void **state)
{
    (void)state;
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.5, .beta2 = 0.5, .epsilon = 1e-8});
    gradient[WEIGHT][0] = 1;
    gradient[SHIFT][2] = NAN;
    gradient[HEAD_BIAS][0] = INFINITY;
    float before = value[WEIGHT][0];
    double norm = -1;
    FTDN_ASSERT_FAILS(ftdn_optimizer_step(&optimizer, 1, value, gradient, 2, &norm, &err), FTDN_ERR_INPUT,
                      "the gradient of 'bn.bias' is not finite: element 2 is nan", err);
    assert_true(value[WEIGHT][0] == before && optimizer.first[WEIGHT][0] == 0 && norm == -1);
    assert_int_equal(optimizer.n_steps, 0);
    gradient[SHIFT][2] = 3e38f; /* its square is no float */
    gradient[HEAD_BIAS][0] = 0;
    assert_true(step(1, 1) > 2.9e38);
}

/* Three steps from the formula weights with made-up gradients; the last one's norm. */
static double train(const ftdn_optimizer_desc *desc, int n_threads)
{
    double norm = 0;
    init(*desc);
    assert_true(optimizer.n_pieces > N_PARAMS - 2);
    make_values();
    for (uint64_t i = 0; i < 3; i++) {
        for (int p = 0; p < N_PARAMS; p++) {
            const ftdn_param *param = &graph.param[p];
            for (size_t e = 0; e < param->n_elements; e++)
                gradient[p][e] = (float)ftdn_formula_uniform(param->name, i, e) - 0.5f;
        }
        norm = step(0.1, n_threads);
    }
    return norm;
}

static void the_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const ftdn_optimizer_desc descs[] = {
        {.kind = FTDN_OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 5e-4, .max_gradient_norm = 0.1},
        {.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01},
    };
    make_graph(64);
    for (int d = 0; d < 2; d++) {
        float *of_one_thread[N_PARAMS];
        double norm_of_one_thread = train(&descs[d], 1);
        memcpy(of_one_thread, value, sizeof of_one_thread);
        assert_true(norm_of_one_thread > 50);
        assert_true(train(&descs[d], 3) == norm_of_one_thread);
        for (int p = 0; p < N_PARAMS; p++)
            assert_memory_equal(value[p], of_one_thread[p], graph.param[p].n_elements * sizeof(float));
    }
}

/* Steps 1 and 2 in one go, or step 2 by another optimizer that took the moments over. */
static void a_restored_optimizer_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    const ftdn_optimizer_desc adam = {.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8};
    init(adam);
    gradient[WEIGHT][5] = 0.25f;
    gradient[SCALE][1] = -3;
    step(0.01, 1);
    ftdn_tensor_file file = {0}, read;
    FTDN_ASSERT_OK(ftdn_optimizer_list_moments(&optimizer, &arena, &file.tensor, &file.n_tensors, &err), err);
    assert_int_equal(file.n_tensors, 10);
    assert_string_equal(file.tensor[0].name, "optimizer.first.c.weight");
    assert_string_equal(file.tensor[9].name, "optimizer.second.head.bias");
    char *path = path_of("moments.safetensors");
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &read, &err), err);
    float weight = value[WEIGHT][5], scale = value[SCALE][1];
    step(0.01, 1);
    float weight_after = value[WEIGHT][5], scale_after = value[SCALE][1];
    value[WEIGHT][5] = weight;
    value[SCALE][1] = scale;
    init(adam);
    size_t n_bytes = arena.n_bytes;
    FTDN_ASSERT_OK(ftdn_optimizer_restore(&optimizer, &read, 1, &arena, &err), err);
    assert_int_equal(arena.n_bytes, n_bytes);
    step(0.01, 1);
    assert_true(value[WEIGHT][5] == weight_after && value[SCALE][1] == scale_after);
    assert_true(weight_after != weight && scale_after != scale);
    assert_int_equal(optimizer.n_steps, 2);
}

static void moments_of_another_network_or_optimizer_are_refused(void **state)
{
    (void)state;
    ftdn_tensor_file file = {.path = "old.safetensors"};
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD});
    optimizer.first[WEIGHT][0] = 7;
    FTDN_ASSERT_OK(ftdn_optimizer_list_moments(&optimizer, &arena, &file.tensor, &file.n_tensors, &err), err);
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_ADAM, .epsilon = 1});
    FTDN_ASSERT_FAILS(ftdn_optimizer_restore(&optimizer, &file, 1, &arena, &err), FTDN_ERR_INPUT,
                      "old.safetensors: tensor 'optimizer.second.c.weight' of shape [3,3,3,3] is missing", err);
    assert_true(optimizer.first[WEIGHT][0] == 0 && optimizer.n_steps == 0);
    make_graph(4);
    init((ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD});
    FTDN_ASSERT_FAILS(ftdn_optimizer_restore(&optimizer, &file, 1, &arena, &err), FTDN_ERR_INPUT,
                      "old.safetensors: tensor 'optimizer.first.c.weight' has shape [3,3,3,3], not [4,4,3,3]", err);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        ftdn_optimizer_desc desc;
        const char *message;
    } cases[] = {
        {{.kind = FTDN_OPTIMIZER_SGD, .momentum = 1}, "optimizer: momentum 1 is outside [0, 1)"},
        {{.kind = FTDN_OPTIMIZER_SGD, .momentum = NAN}, "optimizer: momentum nan is outside [0, 1)"},
        {{.kind = FTDN_OPTIMIZER_SGD, .weight_decay = -1}, "optimizer: weight_decay -1 is outside [0, inf)"},
        {{.kind = FTDN_OPTIMIZER_SGD, .max_gradient_norm = INFINITY}, "max_gradient_norm inf is outside [0, inf)"},
        {{.kind = FTDN_OPTIMIZER_ADAM, .beta1 = -0.5, .epsilon = 1}, "optimizer: beta1 -0.5 is outside [0, 1)"},
        {{.kind = FTDN_OPTIMIZER_ADAM, .beta2 = 1.5, .epsilon = 1}, "optimizer: beta2 1.5 is outside [0, 1)"},
        {{.kind = FTDN_OPTIMIZER_ADAM}, "optimizer: epsilon 0 is not above 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FTDN_ASSERT_FAILS(ftdn_optimizer_init(&optimizer, &graph, &cases[i].desc, &arena, &err), FTDN_ERR_ARG,
                          cases[i].message, err);
    }
}

static ftdn_status use_memory(ftdn_arena *from)
{
    const ftdn_optimizer_desc adam = {.kind = FTDN_OPTIMIZER_ADAM, .epsilon = 1};
    ftdn_tensor_file file = {.path = "w.safetensors"};
    FTDN_TRY(ftdn_optimizer_init(&optimizer, &graph, &adam, from, &err));
    FTDN_TRY(ftdn_optimizer_list_moments(&optimizer, from, &file.tensor, &file.n_tensors, &err));
    return ftdn_optimizer_restore(&optimizer, &file, 0, from, &err);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_arena own;
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena_init(&own);
        ftdn_arena_fail_after(&own, n_good);
        ftdn_status status = use_memory(&own);
        ftdn_arena_done(&own);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
    assert_true(n_good > 30); /* 3 lists, 10 moments, and their names twice */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_graph, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_of_sgd_are_those_worked_by_hand),
        TEST(steps_of_adam_are_those_worked_by_hand),
        TEST(gradients_above_the_bound_are_shortened_together),
        TEST(running_statistics_and_parameters_without_gradient_stay),
        TEST(a_gradient_that_is_not_finite_is_named_and_changes_nothing),
        TEST(the_bits_do_not_depend_on_threads),
        TEST(a_restored_optimizer_goes_on_with_the_same_bits),
        TEST(moments_of_another_network_or_optimizer_are_refused),
        TEST(numbers_outside_their_range_are_refused),
        TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
