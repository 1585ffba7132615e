/* test_failing_memory.c - from the manifest to the result of a trial, one allocation is refused: the run ends with a
 * message, or does without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "datasets/image.h"
#include "engine/tensor_file.h"
#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"
#include "harness/plan/model.h"
#include "harness/plan/plan.h"
#include "harness/rig.h"
#include "harness/trial.h"
#include "tests/harness/failing_memory.h"
#include "tests/support/support.h"

/* Of a run's allocations so many are refused, evenly; all of them take a minute. */
enum { MOST_TRIES = 100 };
enum { DONE = 10, REFUSED = 11, SILENT = 12 }; /* exit codes of a child, none of which a sanitizer has */

/* ' stands for ". Nothing is read from files; copies need a ranking; weights and maps are hit. */
static const char made_up[] = "{'manifest_version': 1, 'name': 'x',"
                              " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},"
                              " 'dataset': {'kind': 'test_scenes', 'images': 1},"
                              " 'engine': {'backend': 'ref'},"
                              " 'faults': {'weight_rate': 0.01, 'feature_map_rate': 0.01},"
                              " 'protection': {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5},"
                              " 'sweep': {'grid': {'seed': {'from': 0, 'to': 2, 'step': 1},"
                              " 'faults.type': ['zero', 'bit_flip']}}}";

/* Weights, list, annotation and a picture of the folder that the manifest stands in. */
static const char from_files[] = "{'manifest_version': 1, 'name': 'x',"
                                 " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'small.safetensors', 'width': 0.1},"
                                 " 'dataset': {'kind': 'voc', 'root': 'VOC', 'split': 'test'},"
                                 " 'engine': {'backend': 'ref'}, 'faults': {'weight_rate': 0.01}}";

static const char annotation[] =
    "<annotation><object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>8</xmax>"
    "<ymax>8</ymax></bndbox></object></annotation>";

typedef struct run {
    ftdn_arena arena;
    ftdn_inputs inputs;
    ftdn_manifest manifest;
    ftdn_plan plan;
} run;

static ftdn_status run_trial(run *r, const ftdn_planned_trial *trial, ftdn_error *err)
{
    ftdn_rig rig;
    ftdn_trial_result result;
    const ftdn_score_source scores = {.n_threads = 1};
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = 1};
    const ftdn_trial_control control = {.batch = 1};
    FTDN_TRY(ftdn_dataset_decode(trial->dataset, 300, 1, err));
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status = ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, &r->arena, &result, err);
    ftdn_rig_done(&rig);
    return status;
}

/* manifest -> plan -> images, protection, weights -> trial. */
static ftdn_status run_all(const char *manifest, const char *path, ftdn_error *err)
{
    run r;
    ftdn_mistakes mistakes;
    ftdn_arena_init(&r.arena);
    ftdn_inputs_init(&r.inputs);
    ftdn_mistakes_init(&mistakes, &r.arena);
    ftdn_status status = ftdn_manifest_parse(manifest, strlen(manifest), path, &r.arena, &mistakes, &r.manifest, err);
    if (status == FTDN_OK) status = ftdn_plan_make(&r.manifest, &r.inputs, &r.arena, &r.plan, err);
    if (status == FTDN_OK) status = run_trial(&r, &r.plan.trial[r.plan.n_trials - 1], err);
    ftdn_inputs_done(&r.inputs);
    ftdn_arena_done(&r.arena);
    return status;
}

/* In a child, whose death is seen. */
static int run_with(const char *manifest, const char *path, long n_good)
{
    int wait_status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ftdn_error err = {0};
        ftdn_failing_memory_set(n_good);
        ftdn_status status = run_all(manifest, path, &err);
        bool has_refused = ftdn_failing_memory_has_refused();
        ftdn_failing_memory_set(-1);
        if (status == FTDN_OK) exit(DONE);
        exit(has_refused && err.status == status && err.message[0] ? REFUSED : SILENT);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    if (!WIFEXITED(wait_status)) fail_msg("allocation %ld refused: killed by signal %d", n_good, WTERMSIG(wait_status));
    return WEXITSTATUS(wait_status);
}

/* Refuse one allocation of a run at a time. */
static void assert_survived(const char *text, const char *path)
{
    char manifest[1024];
    ftdn_error err = {0};
    int n_refused = 0, n_tries = 0;
    assert_true(strlen(text) < sizeof manifest);
    for (size_t i = 0; i <= strlen(text); i++) manifest[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    ftdn_failing_memory_set(-1);
    FTDN_ASSERT_OK(run_all(manifest, path, &err), err);
    long n_all = ftdn_failing_memory_count();
    for (long n_good = 0; n_good < n_all; n_good += n_all / MOST_TRIES + 1, n_tries++) {
        int answer = run_with(manifest, path, n_good);
        if (answer != DONE && answer != REFUSED) fail_msg("allocation %ld refused: exit code %d", n_good, answer);
        n_refused += answer == REFUSED;
    }
    assert_true(n_refused > n_tries / 2);
    assert_int_equal(run_with(manifest, path, n_all * 2), DONE);
}

static void one_refused_allocation_ends_a_run_with_a_message(void **state)
{
    (void)state;
    assert_survived(made_up, "m.json");
}

static void write_weights(const char *path, ftdn_arena *arena)
{
    const ftdn_model_settings settings = {
        .name = "ssd_mobilenet_v1", .width = 0.1, .weights = "formula:0", .n_classes = FTDN_VOC_CLASSES};
    ftdn_error err = {0};
    ftdn_model model;
    FTDN_ASSERT_OK(ftdn_model_open(&settings, arena, &model, &err), err);
    const ftdn_graph *graph = &model.network.graph;
    ftdn_tensor_file file = {.n_tensors = graph->n_params,
                             .tensor = FTDN_NEW(arena, (size_t)graph->n_params, ftdn_named_tensor, &err)};
    assert_non_null(file.tensor);
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        ftdn_named_tensor *tensor = &file.tensor[i];
        *tensor = (ftdn_named_tensor){.name = param->name, .n_dims = param->n_dims, .n_elements = param->n_elements,
                                      .values = model.weights.value[i]};
        for (int d = 0; d < param->n_dims; d++) tensor->dims[d] = param->dims[d];
    }
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
}

static void write_images(const char *folder, ftdn_arena *arena)
{
    static const char *const parts[] = {"VOC/ImageSets/Main", "VOC/Annotations", "VOC/JPEGImages"};
    ftdn_error err = {0};
    uint8_t pixels[16 * 12 * 3] = {0};
    const ftdn_picture black = {.width = 16, .height = 12, .pixels = pixels};
    for (int i = 0; i < 3; i++) FTDN_ASSERT_OK(ftdn_folder_create(ftdn_test_join(arena, folder, parts[i]), &err), err);
    ftdn_test_write_file(ftdn_test_join(arena, folder, "VOC/ImageSets/Main/test.txt"), "000001\n", 7);
    ftdn_test_write_file(ftdn_test_join(arena, folder, "VOC/Annotations/000001.xml"), annotation, strlen(annotation));
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(ftdn_test_join(arena, folder, "VOC/JPEGImages/000001.jpg"), &black, &err),
                   err);
}

static void one_refused_allocation_ends_the_reading_of_files_with_a_message(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena);
    write_weights(ftdn_test_join(&arena, folder, "small.safetensors"), &arena);
    write_images(folder, &arena);
    assert_survived(from_files, ftdn_test_join(&arena, folder, "m.json"));
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_refused_allocation_ends_a_run_with_a_message),
        cmocka_unit_test(one_refused_allocation_ends_the_reading_of_files_with_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
