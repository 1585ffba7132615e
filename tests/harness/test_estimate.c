/* test_estimate.c - how long a campaign will take: kinds of trials, the played campaign, earlier trials. */
#include "harness/estimate/estimate.h"

#include <math.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/estimate/missing_rankings.h"
#include "harness/estimate/calibrate.h"
#include "harness/estimate/makespan.h"
#include "harness/null_trial.h"
#include "harness/plan/environment.h"
#include "harness/record.h"
#include "results/paces.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_manifest manifest;
    ftdn_inputs inputs;
    ftdn_plan plan;
    ftdn_trial_queue queue;
    char *folder;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){0};
    ftdn_arena_init(&f.arena);
    ftdn_inputs_init(&f.inputs);
    f.folder = ftdn_test_create_folder(&f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_test_remove_folder(f->folder);
    ftdn_inputs_done(&f->inputs);
    ftdn_arena_done(&f->arena);
    return 0;
}

/* Plan a small network on four test scenes; a ' stands for ". rest: the manifest's further members. */
static void plan(fixture *f, const char *backend, const char *rest)
{
    char *text = ftdn_arena_format(&f->arena, &f->err,
                                   "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_mobilenet_v1',"
                                   " 'weights': 'formula:0', 'width': 0.25}, 'dataset': {'kind': 'test_scenes',"
                                   " 'images': 4}, 'calibration': {'kind': 'test_scenes', 'images': 8, 'seed': 7},"
                                   " 'engine': {'backend': '%s'}, %s}",
                                   backend, rest);
    assert_non_null(text);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &f->arena);
    FTDN_ASSERT_OK(ftdn_manifest_parse(text, strlen(text), "small.json", &f->arena, &mistakes, &f->manifest, &f->err),
                   f->err);
    FTDN_ASSERT_OK(ftdn_plan_make(&f->manifest, &f->inputs, &f->arena, &f->plan, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_trial_queue_init(&f->queue, &f->plan, NULL, 0, &f->arena, &f->err), f->err);
}

#define FOUR_KINDS                                                                                                     \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.01, 0.02], 'faults.feature_map_rate': [0, 0.01], 'seed': [0, 1]}}"

static void trials_with_faults_at_the_same_places_are_of_one_kind(void **state)
{
    fixture *f = *state;
    ftdn_trial_kinds kinds;
    plan(f, "cpu", FOUR_KINDS);
    FTDN_ASSERT_OK(ftdn_trial_kinds_make(&f->queue, &f->arena, &kinds, &f->err), f->err);
    static const int n_trials[] = {2, 2, 4, 4};
    assert_int_equal(kinds.n_kinds, 4);
    for (int k = 0; k < 4; k++) assert_int_equal(kinds.kind[k].n_trials, n_trials[k]);
    for (int i = 0; i < f->plan.n_trials; i++) {
        const ftdn_trial_kind *kind = &kinds.kind[kinds.of_trial[i]];
        const ftdn_fault_settings *a = &f->plan.trial[i].settings.faults;
        const ftdn_fault_settings *b = &f->plan.trial[kind->leader].settings.faults;
        assert_int_equal(a->weight_rate > 0, b->weight_rate > 0);
        assert_int_equal(a->feature_map_rate > 0, b->feature_map_rate > 0);
    }
}

static void samples_of_a_kind_are_spread_over_its_trials(void **state)
{
    fixture *f = *state;
    ftdn_trial_kinds kinds;
    plan(f, "cpu", "'sweep': {'seeds': 16}");
    FTDN_ASSERT_OK(ftdn_trial_kinds_make(&f->queue, &f->arena, &kinds, &f->err), f->err);
    static const int expected[] = {8, 4, 12, 2, 10, 6, 14, 1};
    assert_int_equal(kinds.n_kinds, 1);
    for (int i = 0; i < 8; i++) assert_int_equal(ftdn_trial_kinds_sample(&kinds, 0, i), expected[i]);
}

/* Play the planned trials: all take 10 s, a set-up 3 s, a canary 1 s. */
static double play(fixture *f, int n_workers, bool all_seeds, const int *ranking_of, double ranking_s)
{
    size_t n = (size_t)f->plan.n_trials;
    double *trial_s = FTDN_NEW(&f->arena, n, double, &f->err), *set_up_s = FTDN_NEW(&f->arena, n, double, &f->err);
    int *none = FTDN_NEW(&f->arena, (size_t)f->queue.n_groups, int, &f->err);
    assert_true(trial_s && set_up_s && none);
    for (size_t i = 0; i < n; i++) {
        trial_s[i] = 10;
        set_up_s[i] = 3;
    }
    for (int g = 0; g < f->queue.n_groups; g++) none[g] = -1;
    const ftdn_makespan_desc desc = {
        .trial_s = trial_s,
        .set_up_s = set_up_s,
        .canary_s = 1,
        .canary_every = 2,
        .n_workers = n_workers,
        .ranking_of = ranking_of ? ranking_of : none,
        .n_rankings = ranking_of ? 1 : 0,
        .ranking_s = &ranking_s,
        .all_seeds = all_seeds,
    };
    double seconds = -1;
    FTDN_ASSERT_OK(ftdn_makespan(&f->queue, &desc, &f->arena, &seconds, &f->err), f->err);
    assert_int_equal(f->queue.n_waiting + f->queue.n_running, 0);
    return seconds;
}

static void the_played_campaign_counts_set_ups_canaries_and_idle_workers(void **state)
{
    fixture *f = *state;
    plan(f, "cpu", "'sweep': {'seeds': 5}");
    /* One worker: canary, set-up, 5 trials, a canary before the third and the fifth, and the last canary. */
    assert_float_equal(play(f, 1, false, NULL, 0), 1 + 3 + 50 + 2 + 1, 1e-9);
    plan(f, "cpu", "'sweep': {'seeds': 5}");
    /* Two: the first one has three trials, and the other waits for it. */
    assert_float_equal(play(f, 2, false, NULL, 0), 1 + 3 + 30 + 1 + 1, 1e-9);
    plan(f, "cpu", "'sweep': {'seeds': 5}");
    /* More workers than trials. */
    assert_float_equal(play(f, 8, false, NULL, 0), 1 + 3 + 10 + 1, 1e-9);
}

static void scores_are_computed_once_while_others_wait_or_do_something_else(void **state)
{
    fixture *f = *state;
    const int ranked[] = {0};
    plan(f, "cpu", "'protection': {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5}, 'sweep': {'seeds': 4}");
    assert_int_equal(f->queue.n_groups, 1);
    /* 7 s of scores, then both workers: canary, set-up, two trials each, the last canary. */
    assert_float_equal(play(f, 2, false, ranked, 7), 7 + 1 + 3 + 20 + 1, 1e-6);
}

static void cells_with_an_interval_take_between_their_least_and_most_seeds(void **state)
{
    fixture *f = *state;
    static const char sweep[] = "'sweep': {'seeds': {'until': {'ci95': 0.01, 'min': 2, 'max': 6}}}";
    plan(f, "cpu", sweep);
    assert_float_equal(play(f, 1, false, NULL, 0), 1 + 3 + 20 + 1, 1e-9);
    plan(f, "cpu", sweep);
    assert_float_equal(play(f, 1, true, NULL, 0), 1 + 3 + 60 + 2 + 1, 1e-9);
}

static ftdn_estimate_desc make_desc(fixture *f, ftdn_store *store, int n_workers)
{
    return (ftdn_estimate_desc){.plan = &f->plan,
                                .store = store,
                                .inputs = &f->inputs,
                                .n_cores = n_workers,
                                .n_workers = n_workers,
                                .n_threads = 1};
}

static void a_calibration_tells_time_memory_and_disk(void **state)
{
    fixture *f = *state;
    ftdn_estimate estimate;
    plan(f, "cpu", FOUR_KINDS);
    const ftdn_estimate_desc desc = make_desc(f, NULL, 2);
    FTDN_ASSERT_OK(ftdn_estimate_make(&desc, &f->arena, &estimate, &f->err), f->err);
    assert_int_equal(estimate.n_wanted, 12);
    assert_int_equal(estimate.n_most, 12);
    assert_int_equal(estimate.n_kinds, 4);
    assert_int_equal(estimate.n_unmeasured, 0);
    assert_int_equal(estimate.n_earlier, 0);
    assert_true(estimate.seconds > 0 && estimate.seconds < 600);
    assert_true(estimate.most_seconds == estimate.seconds);
    assert_true(estimate.uncertainty > 0.05 && estimate.uncertainty < 2);
    assert_true(estimate.calibration_s > 0 && estimate.worker_bytes > 1e5);
    assert_true(estimate.memory_bytes > 2 * estimate.worker_bytes);
    /* A trial of 20 classes and 26 layers takes some kilobytes. */
    assert_true(estimate.disk_bytes > 12 * 2000 && estimate.disk_bytes < 12 * 40000);
}

static void every_method_and_ranking_can_be_calibrated(void **state)
{
    fixture *f = *state;
    ftdn_estimate estimate;
    plan(
        f, "cpu",
        "'faults': {'weight_rate': 0.01}, 'sweep': {'grid': {'protection': [{'method': 'none'}, {'method': 'clip'},"
        "{'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5}, {'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5},"
        "{'method': 'fmr', 'ranking': 'random', 'ratio': 0.5}, {'method': 'd2nn', 'ranking': 'entropy', 'ratio': "
        "0.5}]}}");
    const ftdn_estimate_desc desc = make_desc(f, NULL, 2);
    FTDN_ASSERT_OK(ftdn_estimate_make(&desc, &f->arena, &estimate, &f->err), f->err);
    assert_int_equal(estimate.n_kinds, 5);
    assert_int_equal(estimate.n_wanted, 6);
    assert_true(estimate.seconds > 0);
}

static void rankings_that_the_store_lacks_are_counted_once(void **state)
{
    fixture *f = *state;
    ftdn_missing_rankings rankings;
    plan(f, "cpu",
         "'sweep': {'grid': {'protection': [{'method': 'none'}, {'method': 'kr', 'ranking': 'random', 'ratio': 0.5},"
         "{'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5}, {'method': 'fmr', 'ranking': 'weight_sum', 'ratio': "
         "0.2},"
         "{'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5}], 'seed': [0, 1]}}");
    FTDN_ASSERT_OK(ftdn_missing_rankings_make(&f->queue, NULL, &f->arena, &rankings, &f->err), f->err);
    assert_int_equal(rankings.n_rankings, 2);
    assert_int_equal(rankings.n_sorts, 2);
    const double sort_s[] = {3, (double)NAN};
    assert_int_equal(ftdn_missing_rankings_price(&rankings, sort_s), 1);
    assert_float_equal(rankings.seconds[0], 3, 0);
    assert_float_equal(rankings.seconds[1], 0, 0);
}

/* A store whose run of two workers finished the first n trials of the plan, each in 5 s for its 4 images. */
static ftdn_store *make_store(fixture *f, int n_done, int n_workers)
{
    ftdn_store *store;
    ftdn_attempt_origin origin = {0};
    const char *path = ftdn_path_join(&f->arena, f->folder, "a.db", &f->err);
    assert_non_null(path);
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_environment_record(store, NULL, &origin.environment, &f->err), f->err);
    const ftdn_campaign_row campaign = {.name = "small", .description = "", .path = "small.json", .manifest = "{}"};
    FTDN_ASSERT_OK(ftdn_store_add_campaign(store, &campaign, &origin.campaign, &f->err), f->err);
    const ftdn_run_row run = {.campaign = origin.campaign,
                              .environment = origin.environment,
                              .n_workers = n_workers,
                              .n_threads = n_workers,
                              .n_wanted = n_done,
                              .seconds_estimated = (double)NAN};
    FTDN_ASSERT_OK(ftdn_store_begin_run(store, &run, &origin.run, &f->err), f->err);
    for (int i = 0; i < n_done; i++) {
        ftdn_trial_record record;
        FTDN_ASSERT_OK(ftdn_null_trial_run(&f->plan.trial[i], &f->arena, &record, &f->err), f->err);
        FTDN_ASSERT_OK(ftdn_record_identify(&f->plan.trial[i], &f->arena, &record, &f->err), f->err);
        record.seconds = 5;
        FTDN_ASSERT_OK(ftdn_store_append(store, &record, &origin, &f->err), f->err);
    }
    FTDN_ASSERT_OK(ftdn_store_end_run(store, origin.run, "finished", &f->err), f->err);
    return store;
}

static void earlier_trials_with_as_many_workers_are_the_best_guess(void **state)
{
    fixture *f = *state;
    ftdn_estimate estimate;
    ftdn_held_trial *held;
    int n_held;
    plan(f, "cpu", "'sweep': {'seeds': 10}");
    ftdn_store *store = make_store(f, 4, 2);
    FTDN_ASSERT_OK(ftdn_store_list_trials(store, &f->arena, &held, &n_held, &f->err), f->err);
    ftdn_estimate_desc desc = make_desc(f, store, 2);
    desc.held = held;
    desc.n_held = n_held;
    FTDN_ASSERT_OK(ftdn_estimate_make(&desc, &f->arena, &estimate, &f->err), f->err);
    assert_int_equal(estimate.n_wanted, 6);
    assert_int_equal(estimate.n_earlier, 4);
    assert_true(estimate.seconds >= 15 && estimate.seconds < 25); /* 6 of 5 s by 2; decoding 4 images is beside it */
    desc.n_workers = 1;                                           /* nobody knows how fast one worker is */
    FTDN_ASSERT_OK(ftdn_estimate_make(&desc, &f->arena, &estimate, &f->err), f->err);
    assert_int_equal(estimate.n_earlier, 0);
    assert_true(estimate.seconds < 30);
    ftdn_store_close(store);
}

static void paces_are_told_cell_by_cell(void **state)
{
    fixture *f = *state;
    struct utsname name;
    char cpu[FTDN_CPU_NAME_BYTES];
    ftdn_store_paces paces;
    plan(f, "cpu", "'sweep': {'grid': {'faults.weight_rate': [0, 0.1], 'seed': [0, 1, 2]}}");
    ftdn_store *store = make_store(f, 5, 2);
    assert_int_equal(uname(&name), 0);
    ftdn_environment_cpu(cpu);
    ftdn_pace_question question = {.machine = name.nodename, .cpu = cpu, .n_workers = 2, .n_threads = 2};
    FTDN_ASSERT_OK(ftdn_store_read_paces(store, &question, &f->arena, &paces, &f->err), f->err);
    assert_int_equal(paces.n_trials, 5);
    assert_int_equal(paces.n_cells, 2);
    const ftdn_cell_pace *clean = ftdn_cell_pace_find(&paces, f->plan.trial[0].spec.cell->digest);
    const ftdn_cell_pace *hit = ftdn_cell_pace_find(&paces, f->plan.trial[3].spec.cell->digest);
    assert_true(clean && hit && clean->n_trials == 3 && hit->n_trials == 2);
    assert_false(clean->hits_weights);
    assert_true(hit->hits_weights && !hit->hits_maps);
    assert_float_equal(hit->image_s, 1.25, 1e-12);
    assert_null(ftdn_cell_pace_find(&paces, f->plan.trial[0].spec.id));
    question.machine = "elsewhere";
    FTDN_ASSERT_OK(ftdn_store_read_paces(store, &question, &f->arena, &paces, &f->err), f->err);
    assert_int_equal(paces.n_trials, 0);
    assert_true(isnan(paces.overhead) && paces.bytes_per_trial > 1000);
    ftdn_store_close(store);
}

#define ESTIMATE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ESTIMATE_TEST(trials_with_faults_at_the_same_places_are_of_one_kind),
        ESTIMATE_TEST(samples_of_a_kind_are_spread_over_its_trials),
        ESTIMATE_TEST(the_played_campaign_counts_set_ups_canaries_and_idle_workers),
        ESTIMATE_TEST(scores_are_computed_once_while_others_wait_or_do_something_else),
        ESTIMATE_TEST(cells_with_an_interval_take_between_their_least_and_most_seeds),
        ESTIMATE_TEST(a_calibration_tells_time_memory_and_disk),
        ESTIMATE_TEST(every_method_and_ranking_can_be_calibrated),
        ESTIMATE_TEST(rankings_that_the_store_lacks_are_counted_once),
        ESTIMATE_TEST(earlier_trials_with_as_many_workers_are_the_best_guess),
        ESTIMATE_TEST(paces_are_told_cell_by_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
