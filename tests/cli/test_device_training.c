/* test_device_training.c - `ftdn train` on a device: stopped, lost and continued, and what is refused. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/cli/cli_campaign.h"
#include "tests/gpu/gpu.h"

#define SMALL "'steps': 3, 'learning_rate': 0.01"

/* training: keys of that object, and what may follow it. */
static void write_training(const char *path, const char *backend, const char *training)
{
    ftdn_cli_write_quoted(path,
                          "{'manifest_version': 1, 'name': 'small',\n"
                          " 'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1},\n"
                          " 'dataset': {'kind': 'road', 'split': 'train', 'images': 5},\n"
                          " 'validation': {'dataset': {'kind': 'road', 'split': 'validation', 'images': 2},"
                          " 'every': 3},\n"
                          " 'augmentation': {'mirror': true, 'crop': true},\n"
                          " 'training': {'backend': '%s', 'batch': 2, 'average': 0.5, 'checkpoint_every': 2, %s}}\n",
                          backend, training);
}

/* n_files: 2 of a training under way, 4 of one that is over. */
static void assert_same_files(ftdn_arena *arena, const char *folder, const char *other, int n_files)
{
    static const char *const names[] = {"log.csv", "checkpoint.safetensors", "validation.csv", "small.safetensors"};
    for (int i = 0; i < n_files; i++) {
        size_t n_bytes, n_other;
        const char *bytes = ftdn_cli_load(arena, ftdn_cli_path(arena, folder, names[i]), &n_bytes);
        const char *others = ftdn_cli_load(arena, ftdn_cli_path(arena, other, names[i]), &n_other);
        if (n_bytes != n_other || memcmp(bytes, others, n_bytes) != 0) fail_msg("%s differs", names[i]);
    }
}

static void a_training_goes_on_from_its_checkpoint_with_the_same_bits(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training("small.json", "cuda", SMALL ", 'max_gradient_norm': 10");
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "whole", "--threads", "2"));
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "train", "small.json", "-q", "--output", "parts", "--steps", "1", "--threads", "1"));
    assert_false(ftdn_file_exists("parts/small.safetensors"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "parts", "--threads", "3"));
    assert_same_files(arena, "whole", "parts", 4);
}

/* Two moments, an average and a checkpoint between. */
static void so_does_one_of_adam(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training("small.json", "cuda", SMALL ", 'optimizer': 'adam'");
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "whole", "--steps", "2"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "parts", "--steps", "1"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "parts", "--steps", "2"));
    assert_same_files(arena, "whole", "parts", 2);
}

/* What came behind the last checkpoint is done again. */
static void a_lost_device_costs_the_steps_behind_the_checkpoint(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (!ftdn_test_module()->is_emulated) skip();
    write_training("small.json", "cuda", SMALL);
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "whole", "--steps", "2"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "lost", "--steps", "1"));
    setenv("FTDN_EMULATOR_FAIL_LAUNCH", "250", 1);
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "-q", "--output", "lost", "--steps", "2");
    unsetenv("FTDN_EMULATOR_FAIL_LAUNCH");
    assert_int_not_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "illegal memory access");
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "lost", "--steps", "2"));
    assert_same_files(arena, "whole", "lost", 2);
}

/* The arithmetic is part of a training: on the processor its weights can be gone on from, but as another one. */
static void a_checkpoint_of_the_device_is_for_the_processor_where_another_training_begins(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training("device.json", "cuda", SMALL);
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "device.json", "-q", "--output", "device", "--steps", "1"));
    write_training("processor.json", "cpu", SMALL);
    ftdn_cli_result result = FTDN_CLI(arena, "train", "processor.json", "-q", "--output", "device");
    ftdn_cli_assert_fails(result, 4, "is a checkpoint of another training: engine.arithmetic is \"");
    write_training("processor.json", "cpu", SMALL "}, 'initial_weights': 'device/checkpoint.safetensors', 'output': {");
    result = FTDN_CLI(arena, "train", "processor.json", "--output", "processor", "--steps", "1");
    assert_int_equal(result.exit_code, 0);
    if (strstr(result.out, "are drawn")) fail_msg("not all parameters are taken: %s", result.out);
}

static void a_loss_that_is_not_finite_ends_the_training_with_advice(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training("small.json", "cuda", "'steps': 50, 'learning_rate': 10");
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out");
    ftdn_cli_assert_fails(result, 4, "step ");
    ftdn_cli_assert_says(result.err, " not finite");
    assert_false(ftdn_file_exists("out/small.safetensors"));
}

static void without_a_module_the_reason_is_told(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *module = ftdn_arena_format(arena, NULL, "%s", getenv(FTDN_DEVICE_MODULE_VARIABLE));
    assert_non_null(module);
    write_training("small.json", "cuda", SMALL);
    setenv(FTDN_DEVICE_MODULE_VARIABLE, "/nowhere/ftdn_cuda.so", 1);
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out");
    setenv(FTDN_DEVICE_MODULE_VARIABLE, module, 1);
    ftdn_cli_assert_says(result.err, "/nowhere/ftdn_cuda.so");
    ftdn_cli_assert_says(result.err, "training.backend 'cuda'");
    assert_false(ftdn_file_exists("out/log.csv"));
    assert_int_not_equal(result.exit_code, 0);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_training_goes_on_from_its_checkpoint_with_the_same_bits),
        FTDN_CAMPAIGN_TEST(so_does_one_of_adam),
        FTDN_CAMPAIGN_TEST(a_lost_device_costs_the_steps_behind_the_checkpoint),
        FTDN_CAMPAIGN_TEST(a_checkpoint_of_the_device_is_for_the_processor_where_another_training_begins),
        FTDN_CAMPAIGN_TEST(a_loss_that_is_not_finite_ends_the_training_with_advice),
        FTDN_CAMPAIGN_TEST(without_a_module_the_reason_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
