#include "engine/optimizer.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "engine/weights.h"
#include "tests/support/support.h"

#define N_PARAMS 7
enum { WEIGHT, SCALE, SHIFT, MEAN, VAR, HEAD_WEIGHT, HEAD_BIAS };

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_graph graph;
    ftdn_optimizer optimizer;
    float *value[N_PARAMS], *gradient[N_PARAMS];
} fixture;

/* A convolution of n channels with batch norm and a head; large ones are shared among threads. */
static void make_graph(fixture *f, int n_channels)
{
    ftdn_graph_init(&f->graph, &f->arena);
    int at = ftdn_graph_add_input(&f->graph, (ftdn_shape){.h = 8, .w = 8, .c = n_channels});
    at = ftdn_graph_add_conv_layer(
        &f->graph, at,
        &(ftdn_conv_layer_desc){.name = "c", .n_outputs = n_channels, .kernel = 3, .pad = 1, .batch_norm = "bn"});
    ftdn_graph_add_conv_layer(&f->graph, at,
                              &(ftdn_conv_layer_desc){.name = "head", .n_outputs = 2, .kernel = 1, .has_bias = true});
    FTDN_ASSERT_OK(ftdn_graph_finish(&f->graph, &f->err), f->err);
    assert_int_equal(f->graph.n_params, N_PARAMS);
}

/* Formula weights, and gradients of 0 for all parameters. */
static void make_values(fixture *f)
{
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->graph, 0, &f->arena, &weights, &f->err), f->err);
    for (int i = 0; i < N_PARAMS; i++) {
        size_t n_elements = f->graph.param[i].n_elements;
        f->value[i] = FTDN_NEW(&f->arena, n_elements, float, &f->err);
        f->gradient[i] = FTDN_NEW(&f->arena, n_elements, float, &f->err);
        memcpy(f->value[i], weights.value[i], n_elements * sizeof(float));
    }
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    ftdn_arena_init(&f->arena);
    make_graph(f, 3);
    make_values(f);
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

static void init(fixture *f, ftdn_optimizer_desc desc)
{
    FTDN_ASSERT_OK(ftdn_optimizer_init(&f->optimizer, &f->graph, &desc, &f->arena, &f->err), f->err);
}

static double step(fixture *f, double learning_rate, int n_threads)
{
    double norm = -1;
    FTDN_ASSERT_OK(ftdn_optimizer_step(&f->optimizer, learning_rate, f->value, f->gradient, n_threads, &norm, &f->err),
                   f->err);
    return norm;
}

/* All numbers below have few bits, so that each operation is exact. */
static void steps_of_sgd_are_those_worked_by_hand(void **state)
{
    fixture *f = *state;
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .momentum = 0.5, .weight_decay = 0.25});
    static const int trained[] = {WEIGHT, SCALE, SHIFT, HEAD_WEIGHT, HEAD_BIAS};
    for (int i = 0; i < 5; i++) {
        f->value[trained[i]][1] = 2;
        f->gradient[trained[i]][1] = 1;
    }
    assert_true(step(f, 0.125, 1) == sqrt(5));
    /* Convolutions: g = 1 + 0.25 * 2, v = 1.5. The others: v = 1. */
    for (int i = 0; i < 5; i++)
        assert_true(f->value[trained[i]][1] == (i == 0 || i == 3 ? 2 - 0.125f * 1.5f : 2 - 0.125f));
    for (int i = 0; i < 5; i++) f->gradient[trained[i]][1] = -1;
    step(f, 0.125, 1);
    /* Convolutions: g = -1 + 0.25 * 1.8125, v = 0.5 * 1.5 + g = 0.203125. The others: v = 0.5 - 1. */
    for (int i = 0; i < 5; i++)
        assert_true(f->value[trained[i]][1] == (i == 0 || i == 3 ? 1.8125f - 0.125f * 0.203125f : 1.875f + 0.0625f));
    assert_int_equal(f->optimizer.n_steps, 2);
    assert_true(f->optimizer.first[WEIGHT][1] == 0.203125f && f->optimizer.first[HEAD_BIAS][1] == -0.5f);
}

/* beta1 0.5, beta2 0.75, epsilon 0.5, rate 0.125, decay 0.25; gradients 2, then -4. */
static void steps_of_adam_are_those_worked_by_hand(void **state)
{
    fixture *f = *state;
    init(f, (ftdn_optimizer_desc){
                .kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0.5, .weight_decay = 0.25});
    const double rounding = 1e-6; /* of a handful of float operations on numbers below 4 */
    f->value[WEIGHT][0] = f->value[SCALE][0] = 2;
    f->gradient[WEIGHT][0] = f->gradient[SCALE][0] = 2;
    step(f, 0.125, 1);
    /* m = 1, s = 1: 0.125 / 0.5 * 1 / (1 / sqrt(0.25) + 0.5) = 0.1; the weight times 1 - 0.125 * 0.25 before. */
    assert_true(fabs(f->value[SCALE][0] - 1.9) < rounding);
    assert_true(fabs(f->value[WEIGHT][0] - (1.9375 - 0.1)) < rounding);
    f->gradient[WEIGHT][0] = f->gradient[SCALE][0] = -4;
    step(f, 0.125, 1);
    /* m = -1.5, s = 4.75: 0.125 / 0.75 * 1.5 / (sqrt(4.75 / 0.4375) + 0.5) = 0.065875841. */
    assert_true(f->optimizer.first[SCALE][0] == -1.5f && f->optimizer.second[SCALE][0] == 4.75f);
    assert_true(fabs(f->value[SCALE][0] - 1.965875841) < rounding);
    assert_true(fabs(f->value[WEIGHT][0] - (0.96875 * 1.8375 + 0.065875841)) < rounding);
}

static void gradients_above_the_bound_are_shortened_together(void **state)
{
    fixture *f = *state;
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .max_gradient_norm = 2.5});
    f->value[WEIGHT][0] = f->value[HEAD_BIAS][1] = 8;
    f->gradient[WEIGHT][0] = 3;
    f->gradient[HEAD_BIAS][1] = -4;
    assert_true(step(f, 1, 1) == 5);
    assert_true(f->value[WEIGHT][0] == 6.5f && f->value[HEAD_BIAS][1] == 10);
    f->gradient[WEIGHT][0] = 1.5f;
    f->gradient[HEAD_BIAS][1] = -2;
    assert_true(step(f, 1, 1) == 2.5);
    assert_true(f->value[WEIGHT][0] == 5 && f->value[HEAD_BIAS][1] == 12);
    assert_true(f->gradient[WEIGHT][0] == 1.5f);
}

static void running_statistics_and_parameters_without_gradient_stay(void **state)
{
    fixture *f = *state;
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD, .weight_decay = 0.5});
    float before[N_PARAMS];
    for (int i = 0; i < N_PARAMS; i++) {
        f->gradient[i][0] = 1;
        before[i] = f->value[i][0];
    }
    f->gradient[HEAD_WEIGHT] = NULL;
    assert_true(step(f, 1, 1) == 2);
    for (int i = 0; i < N_PARAMS; i++) {
        bool stays = i == MEAN || i == VAR || i == HEAD_WEIGHT;
        assert_int_equal(f->value[i][0] == before[i], stays);
    }
    assert_null(f->optimizer.first[MEAN]);
    assert_null(f->optimizer.first[VAR]);
    assert_null(f->optimizer.second[WEIGHT]);
}

static void a_gradient_that_is_not_finite_is_named_and_changes_nothing(void **state)
{
    fixture *f = *state;
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.5, .beta2 = 0.5, .epsilon = 1e-8});
    f->gradient[WEIGHT][0] = 1;
    f->gradient[SHIFT][2] = NAN;
    f->gradient[HEAD_BIAS][0] = INFINITY;
    float before = f->value[WEIGHT][0];
    double norm = -1;
    FTDN_ASSERT_FAILS(ftdn_optimizer_step(&f->optimizer, 1, f->value, f->gradient, 2, &norm, &f->err), FTDN_ERR_INPUT,
                      "the gradient of 'bn.bias' is not finite: element 2 is nan", f->err);
    assert_true(f->value[WEIGHT][0] == before && f->optimizer.first[WEIGHT][0] == 0 && norm == -1);
    assert_int_equal(f->optimizer.n_steps, 0);
    f->gradient[SHIFT][2] = 3e38f; /* its square is no float */
    f->gradient[HEAD_BIAS][0] = 0;
    assert_true(step(f, 1, 1) > 2.9e38);
}

/* Three steps from the formula weights with made-up gradients; the last one's norm. */
static double train(fixture *f, const ftdn_optimizer_desc *desc, int n_threads)
{
    double norm = 0;
    init(f, *desc);
    assert_true(f->optimizer.n_pieces > N_PARAMS - 2);
    make_values(f);
    for (uint64_t i = 0; i < 3; i++) {
        for (int p = 0; p < N_PARAMS; p++) {
            const ftdn_param *param = &f->graph.param[p];
            for (size_t e = 0; e < param->n_elements; e++)
                f->gradient[p][e] = (float)ftdn_formula_uniform(param->name, i, e) - 0.5f;
        }
        norm = step(f, 0.1, n_threads);
    }
    return norm;
}

static void the_bits_do_not_depend_on_threads(void **state)
{
    fixture *f = *state;
    static const ftdn_optimizer_desc descs[] = {
        {.kind = FTDN_OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 5e-4, .max_gradient_norm = 0.1},
        {.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01},
    };
    make_graph(f, 64);
    for (int d = 0; d < 2; d++) {
        float *of_one_thread[N_PARAMS];
        double norm_of_one_thread = train(f, &descs[d], 1);
        memcpy(of_one_thread, f->value, sizeof of_one_thread);
        assert_true(norm_of_one_thread > 50);
        assert_true(train(f, &descs[d], 3) == norm_of_one_thread);
        for (int p = 0; p < N_PARAMS; p++)
            assert_memory_equal(f->value[p], of_one_thread[p], f->graph.param[p].n_elements * sizeof(float));
    }
}

/* Steps 1 and 2 in one go, or step 2 by another optimizer that took the moments over. */
static void a_restored_optimizer_goes_on_with_the_same_bits(void **state)
{
    fixture *f = *state;
    const ftdn_optimizer_desc adam = {.kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8};
    init(f, adam);
    f->gradient[WEIGHT][5] = 0.25f;
    f->gradient[SCALE][1] = -3;
    step(f, 0.01, 1);
    ftdn_tensor_file file = {0}, read;
    FTDN_ASSERT_OK(ftdn_optimizer_list_moments(&f->optimizer, &f->arena, &file.tensor, &file.n_tensors, &f->err),
                   f->err);
    assert_int_equal(file.n_tensors, 10);
    assert_string_equal(file.tensor[0].name, "optimizer.first.c.weight");
    assert_string_equal(file.tensor[9].name, "optimizer.second.head.bias");
    char *folder = ftdn_test_create_folder(&f->arena);
    char *path = ftdn_path_join(&f->arena, folder, "moments.safetensors", &f->err);
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &f->arena, &read, &f->err), f->err);
    float weight = f->value[WEIGHT][5], scale = f->value[SCALE][1];
    step(f, 0.01, 1);
    float weight_after = f->value[WEIGHT][5], scale_after = f->value[SCALE][1];
    f->value[WEIGHT][5] = weight;
    f->value[SCALE][1] = scale;
    init(f, adam);
    size_t n_bytes = f->arena.n_bytes;
    FTDN_ASSERT_OK(ftdn_optimizer_restore(&f->optimizer, &read, 1, &f->arena, &f->err), f->err);
    assert_int_equal(f->arena.n_bytes, n_bytes);
    step(f, 0.01, 1);
    assert_true(f->value[WEIGHT][5] == weight_after && f->value[SCALE][1] == scale_after);
    assert_true(weight_after != weight && scale_after != scale);
    assert_int_equal(f->optimizer.n_steps, 2);
    ftdn_test_remove_folder(folder);
}

static void moments_of_another_network_or_optimizer_are_refused(void **state)
{
    fixture *f = *state;
    ftdn_tensor_file file = {.path = "old.safetensors"};
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD});
    f->optimizer.first[WEIGHT][0] = 7;
    FTDN_ASSERT_OK(ftdn_optimizer_list_moments(&f->optimizer, &f->arena, &file.tensor, &file.n_tensors, &f->err),
                   f->err);
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_ADAM, .epsilon = 1});
    FTDN_ASSERT_FAILS(ftdn_optimizer_restore(&f->optimizer, &file, 1, &f->arena, &f->err), FTDN_ERR_INPUT,
                      "old.safetensors: tensor 'optimizer.second.c.weight' of shape [3,3,3,3] is missing", f->err);
    assert_true(f->optimizer.first[WEIGHT][0] == 0 && f->optimizer.n_steps == 0);
    make_graph(f, 4);
    init(f, (ftdn_optimizer_desc){.kind = FTDN_OPTIMIZER_SGD});
    FTDN_ASSERT_FAILS(ftdn_optimizer_restore(&f->optimizer, &file, 1, &f->arena, &f->err), FTDN_ERR_INPUT,
                      "old.safetensors: tensor 'optimizer.first.c.weight' has shape [3,3,3,3], not [4,4,3,3]", f->err);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    fixture *f = *state;
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
        FTDN_ASSERT_FAILS(ftdn_optimizer_init(&f->optimizer, &f->graph, &cases[i].desc, &f->arena, &f->err),
                          FTDN_ERR_ARG, cases[i].message, f->err);
    }
}

static ftdn_status use_memory(fixture *f, ftdn_arena *arena)
{
    const ftdn_optimizer_desc adam = {.kind = FTDN_OPTIMIZER_ADAM, .epsilon = 1};
    ftdn_tensor_file file = {.path = "w.safetensors"};
    FTDN_TRY(ftdn_optimizer_init(&f->optimizer, &f->graph, &adam, arena, &f->err));
    FTDN_TRY(ftdn_optimizer_list_moments(&f->optimizer, arena, &file.tensor, &file.n_tensors, &f->err));
    return ftdn_optimizer_restore(&f->optimizer, &file, 0, arena, &f->err);
}

static void every_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    ftdn_arena arena;
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status = use_memory(f, &arena);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
    assert_true(n_good > 30); /* 3 lists, 10 moments, and their names twice */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
