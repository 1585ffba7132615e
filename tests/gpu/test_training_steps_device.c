/* Whole steps of training on a device, batch after batch: near to the processor's, the same bits in any order of
 * blocks, and one wait each. */
#include "engine/optimizer_device.h"
#include "engine/optimizer_hd.h"
#include "tests/engine/training_run.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"

enum { N_IMAGES = 3, N_STEPS = 4 };

#define RATE 0.02
#define STATISTICS_PART 0.1f
#define AVERAGE_PART 0.5f

static const ftdn_optimizer_desc sgd = {
    .kind = FTDN_OPTIMIZER_SGD, .momentum = 0.9, .weight_decay = 0.01, .max_gradient_norm = 20};

/* A training with what it changes. On the processor the device's part is NULL. */
typedef struct run {
    training_case c;
    ftdn_arena arena;
    ftdn_optimizer optimizer;
    ftdn_training *training;
    float **value, **average, **gradient; /* host memory */
    ftdn_device_optimizer *device;
    double norm;
} run;

static const ftdn_optimizer_device_table *table(void)
{
    return ftdn_test_module()->optimizer;
}

static void copy_weights(run *r)
{
    size_t n_params = (size_t)r->c.graph.n_params;
    r->value = FTDN_NEW(&r->arena, n_params, float *, NULL);
    r->average = FTDN_NEW(&r->arena, n_params, float *, NULL);
    r->gradient = FTDN_NEW(&r->arena, n_params, float *, NULL);
    for (size_t p = 0; p < n_params; p++) {
        const ftdn_param *param = &r->c.graph.param[p];
        r->value[p] = FTDN_NEW(&r->arena, param->n_elements, float, NULL);
        r->average[p] = FTDN_NEW(&r->arena, param->n_elements, float, NULL);
        memcpy(r->value[p], r->c.weights.value[p], param->n_elements * sizeof(float));
        memcpy(r->average[p], r->c.weights.value[p], param->n_elements * sizeof(float));
        if (ftdn_param_is_trained(param)) r->gradient[p] = FTDN_NEW(&r->arena, param->n_elements, float, NULL);
    }
}

/* mean, var: of the batch at the batch norm that has such a parameter. */
static const float *statistic_of(const run *r, const ftdn_param *param)
{
    if (param->kind != FTDN_PARAM_BN_MEAN && param->kind != FTDN_PARAM_BN_VAR) return NULL;
    const float *mean, *var;
    ftdn_training_statistics(r->training, param->node, &mean, &var);
    return param->kind == FTDN_PARAM_BN_MEAN ? mean : var;
}

static ftdn_status make_device(run *r, ftdn_error *err)
{
    const float **of_batch = FTDN_NEW(&r->arena, (size_t)r->c.graph.n_params, const float *, NULL);
    for (int p = 0; p < r->c.graph.n_params; p++) of_batch[p] = statistic_of(r, &r->c.graph.param[p]);
    const ftdn_device_optimizer_desc desc = {
        .optimizer = &r->optimizer,
        .value = r->value,
        .average = r->average,
        .of_batch = of_batch,
        .statistics_part = STATISTICS_PART,
        .context = ftdn_training_context(r->training),
    };
    return table()->create(&desc, &r->device, err);
}

static void prepare(run *r)
{
    ftdn_error err;
    *r = (run){0};
    ftdn_arena_init(&r->arena);
    build_small_network(&r->c, &r->arena);
    fill_case(&r->c, N_IMAGES, 7, &r->arena);
    copy_weights(r);
    FTDN_ASSERT_OK(ftdn_optimizer_init(&r->optimizer, &r->c.graph, &sgd, &r->arena, &err), err);
}

static ftdn_status start(run *r, const char *name, ftdn_error *err)
{
    const ftdn_backend *backend = ftdn_backend_find(name);
    const ftdn_training_desc desc = {
        .outputs = r->c.output,
        .n_outputs = r->c.n_outputs,
        .n_images = N_IMAGES,
        .n_threads = 1,
    };
    FTDN_TRY(ftdn_training_create(backend, &r->c.graph, &desc, &r->training, err));
    return ftdn_backend_device(backend) ? make_device(r, err) : FTDN_OK;
}

static void stop(run *r)
{
    if (r->device) table()->free(r->device);
    ftdn_training_free(r->training);
    r->device = NULL;
    r->training = NULL;
}

/* A loss that is a weighted sum of the outputs. */
static void write_gradients(run *r, const ftdn_backend *backend, uint32_t seed)
{
    for (int o = 0; o < r->c.n_outputs - 1; o++) {
        size_t n = case_map_elements(&r->c, r->c.output[o]);
        const float *v = random_values(&r->arena, n * N_IMAGES, seed + (uint32_t)o);
        for (int i = 0; i < N_IMAGES; i++)
            copy_floats(backend, ftdn_training_gradient(r->training, i, r->c.output[o]).values, v + (size_t)i * n, n);
    }
}

static void update_on_host(run *r)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_training_backward(r->training, r->gradient, &err), err);
    FTDN_ASSERT_OK(ftdn_optimizer_step(&r->optimizer, RATE, r->value, r->gradient, 1, &r->norm, &err), err);
    for (int p = 0; p < r->c.graph.n_params; p++) {
        const float *of_batch = statistic_of(r, &r->c.graph.param[p]);
        for (size_t i = 0; i < r->c.graph.param[p].n_elements; i++) {
            float *value = &r->value[p][i], *average = &r->average[p][i];
            if (of_batch) *value = ftdn_running_statistic(STATISTICS_PART, *value, of_batch[i]);
            *average = ftdn_moving_average(AVERAGE_PART, *average, *value);
        }
    }
}

static void update_on_device(run *r)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_training_backward(r->training, table()->gradients(r->device), &err), err);
    FTDN_ASSERT_OK(table()->step(r->device, RATE, AVERAGE_PART, &err), err);
    FTDN_ASSERT_OK(table()->finish(r->device, &r->norm, &err), err);
}

static ftdn_weights weights_of(const run *r)
{
    if (r->device) return table()->values(r->device);
    return (ftdn_weights){r->c.graph.n_params, (const float **)(uintptr_t)r->value};
}

/* N_STEPS steps, each of other images; what was learnt is in host memory then. */
static void take_steps(run *r, const char *name)
{
    ftdn_error err;
    prepare(r);
    FTDN_ASSERT_OK(start(r, name, &err), err);
    const ftdn_backend *backend = ftdn_backend_find(name);
    for (uint32_t step = 0; step < N_STEPS; step++) {
        const ftdn_weights weights = weights_of(r);
        const float *x = random_values(&r->arena, case_map_elements(&r->c, 0) * N_IMAGES, 50 + step);
        const ftdn_input batch = {.n_images = N_IMAGES, .values = x};
        FTDN_ASSERT_OK(ftdn_training_forward(r->training, &weights, &batch, &err), err);
        wait_for(backend, r->training);
        write_gradients(r, backend, 10 * step);
        if (r->device) update_on_device(r);
        else update_on_host(r);
    }
    if (r->device) FTDN_ASSERT_OK(table()->fetch(r->device, &err), err);
    stop(r);
}

/* What four steps of f32 in another order of sums make of values of about 1. */
static void steps_are_near_to_the_processors(void **state)
{
    (void)state;
    run host, device;
    take_steps(&host, "cpu");
    take_steps(&device, "cuda");
    assert_int_equal(device.optimizer.n_steps, N_STEPS);
    assert_true(host.norm > sgd.max_gradient_norm);
    assert_true(fabs(device.norm - host.norm) <= 1e-4 * host.norm);
    for (int p = 0; p < host.c.graph.n_params; p++) {
        const ftdn_param *param = &host.c.graph.param[p];
        ftdn_test_assert_close(param->name, host.value[p], device.value[p], param->n_elements, 1e-4);
        ftdn_test_assert_close(param->name, host.average[p], device.average[p], param->n_elements, 1e-4);
        if (!host.optimizer.first[p]) continue;
        ftdn_test_assert_close(param->name, host.optimizer.first[p], device.optimizer.first[p], param->n_elements,
                               1e-3);
    }
    ftdn_arena_done(&host.arena);
    ftdn_arena_done(&device.arena);
}

static run expected;

static void check_order(const char *order)
{
    run again;
    take_steps(&again, "cuda");
    assert_true(again.norm == expected.norm);
    for (int p = 0; p < again.c.graph.n_params; p++) {
        size_t n_bytes = again.c.graph.param[p].n_elements * sizeof(float);
        const char *name = again.c.graph.param[p].name;
        if (memcmp(again.value[p], expected.value[p], n_bytes) != 0) fail_msg("order '%s': %s differs", order, name);
        if (memcmp(again.average[p], expected.average[p], n_bytes) != 0)
            fail_msg("order '%s': average of %s differs", order, name);
    }
    ftdn_arena_done(&again.arena);
}

static void the_bits_are_the_same_again_and_in_any_order(void **state)
{
    (void)state;
    take_steps(&expected, "cuda");
    ftdn_test_in_every_order(check_order);
    ftdn_arena_done(&expected.arena);
}

/* The lazy emulator runs work when somebody waits for it, and its memory can be looked at: until the end of the step
 * nothing has run. */
static void a_step_waits_for_nothing_before_its_end(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    ftdn_error err;
    run r;
    prepare(&r);
    FTDN_ASSERT_OK(start(&r, "cuda", &err), err);
    const ftdn_weights weights = weights_of(&r);
    size_t n = case_map_elements(&r.c, 0);
    uint8_t *bytes = FTDN_NEW(&r.arena, n, uint8_t, NULL);
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(i * 37);
    const uint8_t *pixels[N_IMAGES] = {bytes, bytes, bytes};
    const ftdn_input batch = {.n_images = N_IMAGES, .pixels = pixels, .scale = {64, 64, 64}};
    const float *output = ftdn_training_map(r.training, 0, r.c.output[0]).values;
    const float *weight = weights.value[r.c.graph.node[1].weight];
    setenv("FTDN_EMULATOR_ORDER", "lazy", 1);
    float output_before = output[0], weight_before = weight[0];
    FTDN_ASSERT_OK(ftdn_training_forward(r.training, &weights, &batch, &err), err);
    FTDN_ASSERT_OK(ftdn_training_backward(r.training, table()->gradients(r.device), &err), err);
    FTDN_ASSERT_OK(table()->step(r.device, RATE, AVERAGE_PART, &err), err);
    assert_memory_equal(output, &output_before, sizeof *output);
    assert_memory_equal(weight, &weight_before, sizeof *weight);
    FTDN_ASSERT_OK(table()->finish(r.device, &r.norm, &err), err);
    unsetenv("FTDN_EMULATOR_ORDER");
    assert_memory_not_equal(output, &output_before, sizeof *output);
    assert_true(weight[0] == weight_before - (float)RATE * ((float)sgd.weight_decay * weight_before));
    stop(&r);
    ftdn_arena_done(&r.arena);
}

static ftdn_status start_and_stop(void *user, ftdn_error *err)
{
    (void)user;
    run r;
    prepare(&r);
    ftdn_status status = start(&r, "cuda", err);
    stop(&r);
    ftdn_arena_done(&r.arena);
    return status;
}

static void every_refused_allocation_is_an_error_and_no_leak(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    assert_true(ftdn_test_refuse_each_allocation(start_and_stop, NULL) > 10);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_near_to_the_processors),
        cmocka_unit_test(the_bits_are_the_same_again_and_in_any_order),
        cmocka_unit_test(a_step_waits_for_nothing_before_its_end),
        cmocka_unit_test(every_refused_allocation_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
