/* The optimizer on a device against the processor's: elements bit for bit, norms within the rounding of doubles. */
#include "engine/optimizer_device.h"

#include <math.h>

#include "tests/engine/training_run.h"
#include "tests/gpu/gpu.h"

#define STATISTICS_PART 0.1f
#define AVERAGE_PART 0.25f
#define RATE 0.05

enum { LARGE_CHANNELS = 40 }; /* a kernel of 40 x 40 x 3 x 3 is four pieces, the last of them short */

/* Both sides of a training of the same parameters. */
typedef struct pair {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_test_machine machine;
    ftdn_optimizer host, mirror; /* mirror: what the device's moments are fetched to */
    float **value, **average, **gradient;
    float **device_value, **device_average;
    const float **of_batch; /* host memory */
    const float **device_of_batch;
    ftdn_device_optimizer *device;
} pair;

static const ftdn_optimizer_device_table *table(void)
{
    return ftdn_test_module()->optimizer;
}

static const ftdn_optimizer_desc sgd = {.kind = FTDN_OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 0.01};
static const ftdn_optimizer_desc adam = {
    .kind = FTDN_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};

static float **random_params(pair *s, uint32_t seed)
{
    float **made = FTDN_NEW(&s->arena, (size_t)s->graph.n_params, float *, NULL);
    for (int p = 0; p < s->graph.n_params; p++)
        made[p] = random_values(&s->arena, s->graph.param[p].n_elements, seed + (uint32_t)p);
    return made;
}

static bool is_running(const ftdn_param *param)
{
    return param->kind == FTDN_PARAM_BN_MEAN || param->kind == FTDN_PARAM_BN_VAR;
}

static void make_graph(pair *s)
{
    ftdn_error err;
    ftdn_graph_init(&s->graph, &s->arena);
    int x = ftdn_graph_add_input(&s->graph, (ftdn_shape){5, 6, 3});
    for (int i = 0; i < 2; i++) {
        x = ftdn_graph_add_conv_layer(&s->graph, x,
                                      &(ftdn_conv_layer_desc){.name = i ? "second" : "first",
                                                              .n_outputs = LARGE_CHANNELS,
                                                              .kernel = 3,
                                                              .pad = 1,
                                                              .has_bias = i == 1,
                                                              .batch_norm = i ? "second_bn" : "first_bn"});
    }
    FTDN_ASSERT_OK(ftdn_graph_finish(&s->graph, &err), err);
}

static void pair_init(pair *s, const ftdn_optimizer_desc *desc, bool averages)
{
    ftdn_error err;
    *s = (pair){0};
    ftdn_arena_init(&s->arena);
    make_graph(s);
    ftdn_weights weights = make_weights(&s->graph, &s->arena);
    s->machine = ftdn_test_start("cuda", &s->graph, &(ftdn_compile_desc){.micro_batch = 1}, &weights);
    FTDN_ASSERT_OK(ftdn_optimizer_init(&s->host, &s->graph, desc, &s->arena, &err), err);
    FTDN_ASSERT_OK(ftdn_optimizer_init(&s->mirror, &s->graph, desc, &s->arena, &err), err);
    s->value = random_params(s, 1);
    s->device_value = random_params(s, 1);
    s->average = averages ? random_params(s, 100) : NULL;
    s->device_average = averages ? random_params(s, 100) : NULL;
    s->of_batch = FTDN_NEW(&s->arena, (size_t)s->graph.n_params, const float *, NULL);
    s->device_of_batch = FTDN_NEW(&s->arena, (size_t)s->graph.n_params, const float *, NULL);
    for (int p = 0; p < s->graph.n_params; p++) {
        if (!is_running(&s->graph.param[p])) continue;
        s->of_batch[p] = random_values(&s->arena, s->graph.param[p].n_elements, 200 + (uint32_t)p);
        s->device_of_batch[p] = ftdn_test_upload(s->of_batch[p], s->graph.param[p].n_elements);
    }
    const ftdn_device_optimizer_desc device = {
        .optimizer = &s->mirror,
        .value = s->device_value,
        .average = s->device_average,
        .of_batch = s->device_of_batch,
        .statistics_part = STATISTICS_PART,
        .context = s->machine.context,
    };
    FTDN_ASSERT_OK(table()->create(&device, &s->device, &err), err);
}

static void pair_done(pair *s)
{
    table()->free(s->device);
    for (int p = 0; p < s->graph.n_params; p++)
        ftdn_test_module()->device->free((void *)(uintptr_t)s->device_of_batch[p]);
    ftdn_test_stop(&s->machine);
    ftdn_arena_done(&s->arena);
}

/* Other gradients on both sides, of the trained parameters. */
static void set_gradients(pair *s, uint32_t seed)
{
    s->gradient = random_params(s, seed);
    for (int p = 0; p < s->graph.n_params; p++) {
        float *there = table()->gradients(s->device)[p];
        assert_true((there != NULL) == ftdn_param_is_trained(&s->graph.param[p]));
        if (there) copy_floats(ftdn_backend_find("cuda"), there, s->gradient[p], s->graph.param[p].n_elements);
        else s->gradient[p] = NULL;
    }
}

/* One step on both sides. */
static void take_step(pair *s, double *ret_host_norm, double *ret_device_norm)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_optimizer_step(&s->host, RATE, s->value, s->gradient, 1, ret_host_norm, &err), err);
    for (int p = 0; p < s->graph.n_params; p++) {
        for (size_t i = 0; i < s->graph.param[p].n_elements; i++) {
            float *value = &s->value[p][i];
            if (s->of_batch[p]) *value = (1 - STATISTICS_PART) * *value + STATISTICS_PART * s->of_batch[p][i];
            if (s->average) s->average[p][i] += AVERAGE_PART * (*value - s->average[p][i]);
        }
    }
    FTDN_ASSERT_OK(table()->step(s->device, RATE, AVERAGE_PART, &err), err);
    FTDN_ASSERT_OK(table()->finish(s->device, ret_device_norm, &err), err);
}

/* tolerance: relative to the largest value; 0: the bits. */
static void assert_same(const pair *s, double tolerance)
{
    ftdn_error err;
    FTDN_ASSERT_OK(table()->fetch(s->device, &err), err);
    assert_int_equal(s->mirror.n_steps, s->host.n_steps);
    for (int p = 0; p < s->graph.n_params; p++) {
        const char *name = s->graph.param[p].name;
        size_t n = s->graph.param[p].n_elements;
        ftdn_test_assert_close(name, s->value[p], s->device_value[p], n, tolerance);
        if (s->average) ftdn_test_assert_close(name, s->average[p], s->device_average[p], n, tolerance);
        if (s->host.first[p]) ftdn_test_assert_close(name, s->host.first[p], s->mirror.first[p], n, tolerance);
        if (s->host.second[p]) ftdn_test_assert_close(name, s->host.second[p], s->mirror.second[p], n, tolerance);
    }
}

/* Squares are positive: sums of doubles in two orders differ by their rounding. */
static void assert_same_norm(double host, double device)
{
    assert_true(fabs(host - device) <= 1e-12 * host);
}

static void check_steps(const char *order)
{
    (void)order;
    for (int i = 0; i < 4; i++) {
        pair s;
        double host_norm, device_norm;
        pair_init(&s, i / 2 ? &adam : &sgd, i % 2);
        for (uint32_t step = 0; step < 3; step++) {
            set_gradients(&s, 1000 * (step + 1));
            take_step(&s, &host_norm, &device_norm);
            assert_same_norm(host_norm, device_norm);
        }
        assert_same(&s, 0);
        pair_done(&s);
    }
}

static void steps_have_the_bits_of_the_processor(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_steps);
}

/* The bound over the norm is rounded to a float: where the norms differ in their last bit, so may it, and each value by
 * that part of its change. */
static void bounded_gradients_differ_by_the_rounding_of_a_float(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        pair s;
        double host_norm, device_norm;
        ftdn_optimizer_desc desc = i ? adam : sgd;
        desc.max_gradient_norm = 0.75;
        pair_init(&s, &desc, true);
        for (uint32_t step = 0; step < 3; step++) {
            set_gradients(&s, 1000 * (step + 1));
            take_step(&s, &host_norm, &device_norm);
            assert_true(host_norm > desc.max_gradient_norm);
            assert_same_norm(host_norm, device_norm);
        }
        assert_same(&s, 1e-6);
        pair_done(&s);
    }
}

static void a_gradient_that_is_not_finite_is_named_and_nothing_is_changed(void **state)
{
    (void)state;
    static const float bad[] = {INFINITY, NAN, -INFINITY};
    for (int i = 0; i < 3; i++) {
        ftdn_error err;
        pair s;
        double norm;
        pair_init(&s, i ? &adam : &sgd, true);
        set_gradients(&s, 1000);
        take_step(&s, &norm, &norm);
        int p = s.graph.node[s.graph.n_nodes - 2].weight; /* a convolution and its batch norm are two nodes */
        size_t at = s.graph.param[p].n_elements - 1;
        copy_floats(ftdn_backend_find("cuda"), table()->gradients(s.device)[p] + at, &bad[i], 1);
        FTDN_ASSERT_OK(table()->step(s.device, RATE, AVERAGE_PART, &err), err);
        norm = -1;
        FTDN_ASSERT_FAILS(table()->finish(s.device, &norm, &err), FTDN_ERR_INPUT,
                          "the gradient of 'second.weight' is not finite: element 14399 is ", err);
        assert_true(norm == -1);
        assert_same(&s, 0);
        pair_done(&s);
    }
}

/* Values that are packed are those of the optimizer. */
static void parameters_are_there_before_the_first_step(void **state)
{
    (void)state;
    pair s;
    pair_init(&s, &sgd, false);
    ftdn_weights values = table()->values(s.device);
    assert_int_equal(values.n_params, s.graph.n_params);
    for (int p = 0; p < s.graph.n_params; p++) {
        size_t n = s.graph.param[p].n_elements;
        float *found = FTDN_NEW(&s.arena, n, float, NULL);
        copy_floats(ftdn_backend_find("cuda"), found, values.value[p], n);
        assert_memory_equal(found, s.value[p], n * sizeof *found);
    }
    assert_same(&s, 0);
    pair_done(&s);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_have_the_bits_of_the_processor),
        cmocka_unit_test(bounded_gradients_differ_by_the_rounding_of_a_float),
        cmocka_unit_test(a_gradient_that_is_not_finite_is_named_and_nothing_is_changed),
        cmocka_unit_test(parameters_are_there_before_the_first_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
