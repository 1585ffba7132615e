/* test_training_overfit.c - two images, seen again and again, are learnt by heart: the loss goes to nearly 0. */
#include <stdio.h>

#include "harness/training/training_session.h"
#include "tests/support/support.h"

#define N_STEPS 60

static const char manifest[] =
    "{\"manifest_version\": 1, \"name\": \"two\", \"model\": {\"name\": \"ssd_mobilenet_v1\", \"width\": 0.25},"
    " \"dataset\": {\"kind\": \"road\", \"split\": \"train\", \"images\": 2},"
    " \"validation\": {\"dataset\": {\"kind\": \"road\", \"split\": \"validation\", \"images\": 1}},"
    " \"training\": {\"batch\": 2, \"steps\": 200, \"optimizer\": \"adam\", \"learning_rate\": 0.003,"
    "  \"weight_decay\": 0, \"warmup_steps\": 10}}";

static void the_loss_of_two_images_goes_to_nearly_0(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err;
    ftdn_training_session session;
    ftdn_step_result first, last = {0};
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena);
    char *path = ftdn_arena_format(&arena, &err, "%s/two.json", folder);
    assert_non_null(path);
    ftdn_test_write_file(path, manifest, strlen(manifest));
    ftdn_training_session_init(&session);
    FTDN_ASSERT_OK(ftdn_training_session_open(&session, path, folder, &err), err);
    FTDN_ASSERT_OK(ftdn_training_session_start(&session, 2, &err), err);
    FTDN_ASSERT_OK(ftdn_trainer_step(&session.trainer, &first, &err), err);
    while (session.state.n_steps < N_STEPS) FTDN_ASSERT_OK(ftdn_trainer_step(&session.trainer, &last, &err), err);
    /* Guessing costs (1 + 3) ln 9 = 8.8 for the classes of a positive and its three negatives. */
    assert_true(first.loss.classification > 8 && first.loss.regression > 1);
    assert_true(last.loss.classification < 0.05 && last.loss.regression < 0.05);
    ftdn_training_session_done(&session);
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_loss_of_two_images_goes_to_nearly_0)};
    return cmocka_run_group_tests_name("training_overfit", tests, NULL, NULL);
}
