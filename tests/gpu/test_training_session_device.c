/* A training whose manifest names the device: its losses are those of the processor, its bits those of a training that
 * was interrupted. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "harness/training/training_session.h"
#include "tests/gpu/gpu.h"

#define N_STEPS 3

/* Losses of the steps of a training in its folder, from where it stands to step `end`; a checkpoint there. */
static void train(const char *backend, const char *folder, int end, double *loss, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_training_session session;
    const char *path = ftdn_path_join(arena, folder, "small.json", &err);
    const char *text = ftdn_arena_format(
        arena, &err,
        "{\"manifest_version\": 1, \"name\": \"small\", \"model\": {\"name\": \"ssd_mobilenet_v1\", \"width\": 0.1},"
        " \"dataset\": {\"kind\": \"road\", \"split\": \"train\", \"images\": 3},"
        " \"validation\": {\"dataset\": {\"kind\": \"road\", \"split\": \"validation\", \"images\": 1}},"
        " \"training\": {\"steps\": %d, \"learning_rate\": 0.01, \"batch\": 2, \"backend\": \"%s\"}}",
        N_STEPS, backend);
    assert_non_null(path);
    assert_non_null(text);
    ftdn_test_write_file(path, text, strlen(text));
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
    train("cpu", ftdn_test_create_folder(&arena), N_STEPS, expected, &arena);
    train("cuda", ftdn_test_create_folder(&arena), N_STEPS, actual, &arena);
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
    train("cuda", ftdn_test_create_folder(&arena), N_STEPS, whole, &arena);
    const char *folder = ftdn_test_create_folder(&arena);
    train("cuda", folder, 1, parts, &arena);
    train("cuda", folder, N_STEPS, parts, &arena);
    for (int i = 0; i < N_STEPS; i++) assert_true(whole[i] == parts[i]);
    ftdn_arena_done(&arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_the_processor),
        cmocka_unit_test(an_interrupted_training_ends_with_the_same_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
