/* A training whose manifest names the device: its losses are those of the processor, its bits those of a training that
 * was interrupted. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "harness/training/training_session.h"
#include "tests/gpu/gpu.h"

#define N_STEPS 3

#define ON_DEVICE "\"backend\": \"cuda\""
#define ON_PROCESSOR "\"backend\": \"cpu\""
#define WITH_TF32 ON_DEVICE ", \"convolution\": \"tf32\""

/* The path of a manifest in a folder. engine: keys of training. */
static const char *write_manifest(const char *engine, const char *folder, ftdn_arena *arena)
{
    ftdn_error err;
    const char *path = ftdn_path_join(arena, folder, "small.json", &err);
    const char *text = ftdn_arena_format(
        arena, &err,
        "{\"manifest_version\": 1, \"name\": \"small\", \"model\": {\"name\": \"ssd_mobilenet_v1\", \"width\": 0.1},"
        " \"dataset\": {\"kind\": \"road\", \"split\": \"train\", \"images\": 3},"
        " \"validation\": {\"dataset\": {\"kind\": \"road\", \"split\": \"validation\", \"images\": 1}},"
        " \"training\": {\"steps\": %d, \"learning_rate\": 0.01, \"batch\": 2, %s}}",
        N_STEPS, engine);
    assert_non_null(path);
    assert_non_null(text);
    ftdn_test_write_file(path, text, strlen(text));
    return path;
}

/* Losses of the steps of a training in its folder, from where it stands to step `end`; a checkpoint there. */
static void train(const char *engine, const char *folder, int end, double *loss, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_training_session session;
    const char *path = write_manifest(engine, folder, arena);
    ftdn_training_session_init(&session);
    FTDN_ASSERT_OK(ftdn_training_session_open(&session, path, folder, &err), err);
    FTDN_ASSERT_OK(ftdn_training_session_start(&session, 2, &err), err);
    while (session.state.n_steps < end) {
        ftdn_step_result step;
        int index = (int)session.state.n_steps;
        FTDN_ASSERT_OK(ftdn_trainer_step(&session.trainer, &step, &err), err);
        loss[index] = step.loss.classification + step.loss.regression;
        ftdn_training_log_add_step(&session.log, index + 1, 0, &step);
    }
    FTDN_ASSERT_OK(ftdn_training_session_save(&session, &err), err);
    ftdn_training_session_done(&session);
}

/* Before any update the losses differ by rounding. A rectifier whose input is near 0 may then pass it on here and not
 * there, and another negative may be the hardest: gradients differ by half a percent, and the losses part slowly. */
static void losses_are_those_of_the_processor(void **state)
{
    (void)state;
    ftdn_arena arena;
    double expected[N_STEPS], actual[N_STEPS];
    ftdn_arena_init(&arena);
    train(ON_PROCESSOR, ftdn_test_create_folder(&arena), N_STEPS, expected, &arena);
    train(ON_DEVICE, ftdn_test_create_folder(&arena), N_STEPS, actual, &arena);
    for (int i = 0; i < N_STEPS; i++) {
        double tolerance = i == 0 ? 1e-5 : 0.1;
        if (!(fabs(expected[i] - actual[i]) <= tolerance * expected[i]))
            fail_msg("step %d: %.9g, not %.9g", i + 1, actual[i], expected[i]);
    }
    assert_true(actual[N_STEPS - 1] < 0.9 * actual[0]);
    ftdn_arena_done(&arena);
}

static void an_interrupted_training_ends_with_the_same_losses(void **state)
{
    (void)state;
    ftdn_arena arena;
    double whole[N_STEPS], parts[N_STEPS];
    ftdn_arena_init(&arena);
    train(ON_DEVICE, ftdn_test_create_folder(&arena), N_STEPS, whole, &arena);
    const char *folder = ftdn_test_create_folder(&arena);
    train(ON_DEVICE, folder, 1, parts, &arena);
    train(ON_DEVICE, folder, N_STEPS, parts, &arena);
    for (int i = 0; i < N_STEPS; i++) assert_true(whole[i] == parts[i]);
    ftdn_arena_done(&arena);
}

/* Products lose 13 bits of mantissa, and the same happens every time. */
static void tf32_is_near_and_an_arithmetic_of_its_own(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err;
    ftdn_training_session session;
    double plain[N_STEPS], tf32[N_STEPS], again[N_STEPS];
    ftdn_arena_init(&arena);
    train(ON_DEVICE, ftdn_test_create_folder(&arena), N_STEPS, plain, &arena);
    const char *folder = ftdn_test_create_folder(&arena);
    train(WITH_TF32, folder, N_STEPS, tf32, &arena);
    train(WITH_TF32, ftdn_test_create_folder(&arena), N_STEPS, again, &arena);
    for (int i = 0; i < N_STEPS; i++) {
        double tolerance = i == 0 ? 1e-2 : 0.1; /* behind the first step as on the processor, above */
        assert_true(tf32[i] == again[i]);
        assert_true(tf32[i] != plain[i]);
        assert_true(fabs(tf32[i] - plain[i]) <= tolerance * plain[i]);
    }
    ftdn_training_session_init(&session);
    const char *path = write_manifest(ON_DEVICE, folder, &arena);
    FTDN_ASSERT_OK(ftdn_training_session_open(&session, path, folder, &err), err);
    FTDN_ASSERT_FAILS(ftdn_training_session_start(&session, 1, &err), FTDN_ERR_INPUT,
                      "engine.arithmetic is \"f32 tf32 ", err);
    ftdn_training_session_done(&session);
    ftdn_arena_done(&arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_the_processor),
        cmocka_unit_test(tf32_is_near_and_an_arithmetic_of_its_own),
        cmocka_unit_test(an_interrupted_training_ends_with_the_same_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
