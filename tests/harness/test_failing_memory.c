/* test_failing_memory.c - from the manifest to the result of a trial, one allocation is refused: the run ends with a
 * message, or does without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/tensor_file.h"
#include "harness/inputs.h"
#include "harness/manifest.h"
#include "harness/plan.h"
#include "harness/rig.h"
#include "harness/trial.h"
#include "tests/harness/failing_memory.h"
#include "tests/support/support.h"

/* Of the thousands of allocations so many are tried, evenly; all of them (FTDN_FAIL_EVERY=1) take minutes. */
#define MOST_TRIES 150
enum { DONE = 10, REFUSED = 11, SILENT = 12 }; /* exit codes of a child, none of which a sanitizer has */

/* ' stands for ". Copies need a ranking; weights and maps are hit. */
static const char text[] = "{'manifest_version': 1, 'name': 'x',"
                           " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},"
                           " 'dataset': {'kind': 'test_scenes', 'images': 1},"
                           " 'engine': {'backend': 'ref'},"
                           " 'faults': {'weight_rate': 0.01, 'feature_map_rate': 0.01},"
                           " 'protection': {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5},"
                           " 'sweep': {'grid': {'seed': {'from': 0, 'to': 2, 'step': 1}, 'faults.type': ['zero', 'bit_flip']}}}";

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
    ftdn_status status =
        ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, &r->arena, &result, err);
    ftdn_rig_done(&rig);
    return status;
}

/* manifest -> plan -> images, protection, weights -> trial. */
static ftdn_status run_all(const char *manifest, ftdn_error *err)
{
    run r;
    ftdn_mistakes mistakes;
    ftdn_arena_init(&r.arena);
    ftdn_inputs_init(&r.inputs);
    ftdn_mistakes_init(&mistakes, &r.arena);
    ftdn_status status = ftdn_manifest_parse(manifest, strlen(manifest), "m.json", &r.arena, &mistakes, &r.manifest, err);
    if (status == FTDN_OK) status = ftdn_plan_make(&r.manifest, &r.inputs, &r.arena, &r.plan, err);
    if (status == FTDN_OK) status = run_trial(&r, &r.plan.trial[r.plan.n_trials - 1], err);
    ftdn_inputs_done(&r.inputs);
    ftdn_arena_done(&r.arena);
    return status;
}

/* In a child, whose death is seen. */
static int run_with(const char *manifest, long n_good)
{
    int wait_status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ftdn_error err = {0};
        ftdn_failing_memory_set(n_good);
        ftdn_status status = run_all(manifest, &err);
        bool has_refused = ftdn_failing_memory_has_refused();
        ftdn_failing_memory_set(-1);
        if (status == FTDN_OK) exit(DONE);
        exit(has_refused && err.status == status && err.message[0] ? REFUSED : SILENT);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    if (!WIFEXITED(wait_status))
        fail_msg("allocation %ld refused: killed by signal %d", n_good, WTERMSIG(wait_status));
    return WEXITSTATUS(wait_status);
}

static void one_refused_allocation_ends_a_run_with_a_message(void **state)
{
    (void)state;
    char manifest[sizeof text];
    ftdn_error err = {0};
    int n_refused = 0;
    for (size_t i = 0; i < sizeof text; i++) manifest[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    ftdn_failing_memory_set(-1);
    int64_t start = ftdn_clock_ns();
    FTDN_ASSERT_OK(run_all(manifest, &err), err);
    long n_all = ftdn_failing_memory_count(), step = n_all / MOST_TRIES + 1;
    print_message("%ld allocations, %.2f s\n", n_all, (double)(ftdn_clock_ns() - start) * 1e-9);
    if (getenv("FTDN_FAIL_EVERY")) step = 1;
    for (long n_good = 0; n_good < n_all; n_good += step) {
        int answer = run_with(manifest, n_good);
        if (answer != DONE && answer != REFUSED) fail_msg("allocation %ld refused: exit code %d", n_good, answer);
        n_refused += answer == REFUSED;
    }
    assert_true(n_refused > 0);
    assert_int_equal(run_with(manifest, n_all * 2), DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_refused_allocation_ends_a_run_with_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
