/* test_train.c - `ftdn train`: killed, interrupted and paused trainings, threads, and what is refused. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "tests/cli/cli_campaign.h"

#define DATASET "'dataset': {'kind': 'road', 'split': 'train', 'images': 5}"
#define VALIDATION "'validation': {'dataset': {'kind': 'road', 'split': 'validation', 'images': 4}, 'every': 3}"
#define TRAINING "'training': {'steps': 7, 'batch': 2, 'learning_rate': 0.01, 'average': 0.5, 'checkpoint_every': 2}"
#define MODEL "'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1}"

static void write_training(ftdn_arena *arena, const char *model, const char *dataset, const char *validation,
                           const char *training)
{
    ftdn_error err;
    char *text = ftdn_arena_format(arena, &err,
                                   "{'manifest_version': 1, 'name': 'small', %s,\n %s,\n %s,\n %s,\n"
                                   " 'augmentation': {'mirror': true, 'photometric': 1, 'expand': 0.5, 'crop': true},\n"
                                   " 'output': {'precision': 'f16'}}",
                                   model, dataset, validation, training);
    assert_non_null(text);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_test_write_file("small.json", text, strlen(text));
}

static void write_small(ftdn_arena *arena)
{
    write_training(arena, MODEL, DATASET, VALIDATION, TRAINING);
}

/* All that a training leaves but the speed, which no two runs have in common, and pictures. */
static void assert_same_results(ftdn_arena *arena, const char *folder, const char *other)
{
    static const char *const names[] = {"log.csv", "validation.csv", "small.safetensors", "checkpoint.safetensors"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n_bytes, n_other;
        const char *bytes = ftdn_cli_load(arena, ftdn_cli_path(arena, folder, names[i]), &n_bytes);
        const char *others = ftdn_cli_load(arena, ftdn_cli_path(arena, other, names[i]), &n_other);
        if (n_bytes != n_other || memcmp(bytes, others, n_bytes) != 0) fail_msg("%s differs", names[i]);
    }
}

static void train_whole(ftdn_arena *arena)
{
    write_small(arena);
    ftdn_cli_assert_done(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "whole"));
}

static ftdn_cli_process launch(const char *folder)
{
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"train", "small.json", "--output", folder, NULL}, .stdout_fd = -1, .stderr_fd = -1};
    return ftdn_cli_launch(&desc);
}

static void a_killed_training_ends_with_the_bits_of_one_that_was_never_stopped(void **state)
{
    enum { N_KILLS = 12 };
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    train_whole(arena);
    int n_killed = 0;
    unsigned random = 20261125;
    for (bool is_through = false; !is_through;) {
        ftdn_cli_process process = launch("killed");
        random = random * 1103515245u + 12345u;
        long delay_ms = n_killed < N_KILLS ? (long)(random >> 8) % 1500 : 600000;
        for (long waited = 0; waited < delay_ms && !ftdn_cli_has_ended(&process); waited += 10)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        assert_int_equal(kill(process.id, SIGKILL), 0); /* not yet waited for: the process is there, dead or alive */
        ftdn_cli_result result = ftdn_cli_wait(arena, &process);
        is_through = result.exit_code == 0;
        n_killed += !is_through;
        if (!is_through && result.exit_code != 128 + SIGKILL) fail_msg("%d: %s", result.exit_code, result.err);
    }
    assert_same_results(arena, "killed", "whole");
}

static void an_interrupted_training_writes_a_checkpoint_and_says_how_to_go_on(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    train_whole(arena);
    for (int i = 0; i < 2; i++) {
        const char *folder = i ? "second" : "first";
        ftdn_cli_process process = launch(folder);
        ftdn_cli_wait_until_it_says(&process, "step 1 of 7");
        assert_int_equal(kill(process.id, signals[i]), 0);
        ftdn_cli_result result = ftdn_cli_wait(arena, &process);
        assert_int_equal(result.exit_code, 130);
        ftdn_cli_assert_says(result.err, "stopping: the step under way is finished and a checkpoint written");
        ftdn_cli_assert_says(result.out,
                             " of 7 steps are in the checkpoint; go on with: ftdn train small.json --output ");
        assert_true(ftdn_file_exists(ftdn_cli_path(arena, folder, "checkpoint.safetensors")));
        result = FTDN_CLI(arena, "train", "small.json", "--output", folder);
        assert_int_equal(result.exit_code, 0);
        ftdn_cli_assert_says(result.out, " in the checkpoint already\n");
        assert_same_results(arena, folder, "whole");
    }
}

static void a_paused_training_goes_on_with_other_threads(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    train_whole(arena);
    ftdn_cli_result result =
        FTDN_CLI(arena, "train", "small.json", "--output", "parts", "--steps", "3", "--threads", "1", "--json", "-q");
    assert_int_equal(result.exit_code, 0);
    const ftdn_json *summary = ftdn_cli_parse(arena, result.out);
    assert_string_equal(ftdn_cli_member(summary, "end")->string, "paused");
    assert_true(ftdn_cli_member(summary, "steps")->number == 3);
    assert_true(ftdn_cli_member(summary, "steps_wanted")->number == 7);
    assert_true(ftdn_cli_member(summary, "loss")->number > 0);
    assert_false(ftdn_file_exists("parts/small.safetensors"));

    result = FTDN_CLI(arena, "train", "small.json", "--output", "parts", "--threads", "3", "--json", "-q");
    assert_int_equal(result.exit_code, 0);
    summary = ftdn_cli_parse(arena, result.out);
    assert_string_equal(ftdn_cli_member(summary, "end")->string, "finished");
    assert_true(ftdn_cli_member(summary, "steps_run")->number == 4);
    assert_true(ftdn_cli_member(summary, "map")->number >= 0);
    assert_int_equal(ftdn_cli_member(summary, "classes")->n_children, 8);
    assert_same_results(arena, "parts", "whole");
}

/* The table's last row and the metadata hold the same mAP, and the weights are good for a trial. */
static void the_weights_say_where_they_come_from(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_small(arena);
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "--output", "out");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "step 3: validation mAP ");
    ftdn_cli_assert_says(result.out, "weights: out/small.safetensors\n");
    const ftdn_json *weights =
        ftdn_cli_parse(arena, FTDN_CLI(arena, "inspect", "weights", "out/small.safetensors", "--json").out);
    const ftdn_json *metadata = ftdn_cli_member(weights, "metadata");
    assert_string_equal(ftdn_cli_member(metadata, "network")->string, "ssd_mobilenet_v1");
    assert_string_equal(ftdn_cli_member(metadata, "width")->string, "0.1");
    assert_string_equal(ftdn_cli_member(metadata, "training_steps")->string, "7");
    assert_int_equal(strlen(ftdn_cli_member(metadata, "training")->string), 64);
    ftdn_cli_assert_says(ftdn_cli_member(metadata, "classes")->string, "[\"car\",\"pedestrian\",\"cyclist\",");
    const char *map = strstr(result.out, "mAP "), *expected = ftdn_cli_member(metadata, "validation_map")->string;
    assert_non_null(map);
    ftdn_cli_assert_says(map, expected);
    static const char trial[] =
        "{\"manifest_version\": 1, \"name\": \"trial\", \"model\": {\"name\": \"ssd_mobilenet_v1\", \"width\": 0.1,"
        " \"weights\": \"out/small.safetensors\"},"
        " \"dataset\": {\"kind\": \"road\", \"split\": \"validation\", \"images\": 4}}";
    ftdn_test_write_file("trial.json", trial, strlen(trial));
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "trial.json", "-q", "--db", "trial.db"));
    char measured[32];
    snprintf(measured, sizeof measured, "%.4f",
             strtod(strchr(ftdn_cli_ask(arena, "trial.db", "SELECT map_voc07 FROM v_trials"), '\n') + 1, NULL));
    assert_string_equal(measured, expected);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training(arena, "'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1, 'classes': 5}", DATASET, VALIDATION,
                   TRAINING);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "train", "small.json"), 3, "small.json: the model has 5 classes, ");
    write_training(arena, MODEL, DATASET, "'validation': {'dataset': {'kind': 'road', 'split': 'train', 'images': 2}}",
                   TRAINING);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "train", "small.json"), 3, "take other images for validation");
    write_training(arena, MODEL, DATASET, "'validation': {'dataset': {'kind': 'test_scenes', 'images': 2}}", TRAINING);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "train", "small.json"), 3, "aeroplane");
    write_training(arena, MODEL, DATASET, VALIDATION, "'training': {'steps': 7, 'learning_rat': 1}");
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json");
    assert_int_equal(result.exit_code, 3);
    ftdn_cli_assert_says(result.err, "small.json:4:27: training.learning_rat: unknown key; allowed: seed, batch, ");
    ftdn_cli_assert_says(result.err, "ftdn: 2 mistakes in 'small.json'; nothing was run\n");
    assert_false(ftdn_file_exists("trainings"));
}

static void a_loss_that_is_not_finite_ends_the_training_with_advice(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training(arena, MODEL, DATASET, VALIDATION,
                   "'training': {'steps': 50, 'batch': 2, 'learning_rate': 10, 'checkpoint_every': 50}");
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out");
    ftdn_cli_assert_fails(result, 4, "step ");
    ftdn_cli_assert_says(result.err, " not finite");
    assert_false(ftdn_file_exists("out/small.safetensors"));
}

static void a_folder_of_another_training_is_left_alone(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_small(arena);
    assert_int_equal(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out", "--steps", "2").exit_code, 0);
    size_t n_bytes, n_after;
    const char *before = ftdn_cli_load(arena, "out/checkpoint.safetensors", &n_bytes);
    write_training(arena, "'model': {'name': 'ssd_mobilenet_v1', 'width': 0.2}", DATASET, VALIDATION, TRAINING);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out"), 4,
                          "'out/checkpoint.safetensors' is a checkpoint of another training: model.width is 0.1 there "
                          "and 0.2 here; take another folder (--output), or remove the file to begin anew");
    const char *after = ftdn_cli_load(arena, "out/checkpoint.safetensors", &n_after);
    assert_int_equal(n_after, n_bytes);
    assert_memory_equal(after, before, n_bytes);
}

static void two_trainings_do_not_fill_one_folder(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_training(arena, MODEL, DATASET, VALIDATION, "'training': {'steps': 5000, 'batch': 2, 'learning_rate': 0.01}");
    ftdn_cli_process process = launch("out");
    ftdn_cli_wait_until_it_says(&process, "step 1 of 5000");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out"), 5,
                          "'out' is being filled by another training: process ");
    assert_int_equal(kill(process.id, SIGKILL), 0);
    assert_int_equal(ftdn_cli_wait(arena, &process).exit_code, 128 + SIGKILL);
}

static void without_gnuplot_there_is_a_hint_and_no_failure(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_small(arena);
    ftdn_error err;
    const char *path = ftdn_arena_format(arena, &err, "%s", getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    ftdn_cli_result result = FTDN_CLI(arena, "train", "small.json", "-q", "--output", "out", "--steps", "1");
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "no curve: gnuplot");
    ftdn_cli_assert_says(result.err, "install it and run 'gnuplot curve.gp' in out\n");
    assert_true(ftdn_file_exists("out/curve.gp"));
    assert_false(ftdn_file_exists("out/curve.svg"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_killed_training_ends_with_the_bits_of_one_that_was_never_stopped),
        FTDN_CAMPAIGN_TEST(an_interrupted_training_writes_a_checkpoint_and_says_how_to_go_on),
        FTDN_CAMPAIGN_TEST(a_paused_training_goes_on_with_other_threads),
        FTDN_CAMPAIGN_TEST(the_weights_say_where_they_come_from),
        FTDN_CAMPAIGN_TEST(what_does_not_fit_together_is_refused),
        FTDN_CAMPAIGN_TEST(a_loss_that_is_not_finite_ends_the_training_with_advice),
        FTDN_CAMPAIGN_TEST(a_folder_of_another_training_is_left_alone),
        FTDN_CAMPAIGN_TEST(two_trainings_do_not_fill_one_folder),
        FTDN_CAMPAIGN_TEST(without_gnuplot_there_is_a_hint_and_no_failure),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
