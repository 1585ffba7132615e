/* test_trial.c - one trial on a small network with made-up weights: bits, counts, and what stops it. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/same_settings.h"
#include "harness/record.h"
#include "harness/rig.h"
#include "harness/trial.h"
#include "tests/harness/planned.h"

#define N_IMAGES 5

enum { GOLDEN, WEIGHTS, MAPS, AT_CONV, GOLDEN_AT_CONV, ELSEWHERE, GOLDEN_ELSEWHERE, TYPES, N_TRIALS = TYPES + 6 };

/* The trials in this order; ' stands for ". */
static const char text[] = "{'manifest_version': 1, 'name': 'x',"
                           " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25},"
                           " 'dataset': {'kind': 'test_scenes', 'images': 5}, 'sweep': {'grid': {'faults': ["
                           "{}, {'weight_rate': 0.1}, {'feature_map_rate': 0.1},"
                           "{'feature_map_rate': 0.1, 'feature_map_point': 'conv'}, {'feature_map_point': 'conv'},"
                           "{'weight_rate': 0.1, 'scope': ['base_net.13.*']}, {'scope': ['base_net.13.*']},"
                           "{'weight_rate': 0.1, 'feature_map_rate': 0.1, 'type': 'bit_flip', 'bits': 'exponent'},"
                           "{'weight_rate': 0.1, 'feature_map_rate': 0.1, 'type': 'bit_flip'},"
                           "{'weight_rate': 0.1, 'feature_map_rate': 0.1, 'type': 'stuck_at_0', 'bit': 30},"
                           "{'weight_rate': 0.1, 'feature_map_rate': 0.1, 'type': 'stuck_at_1', 'bits': 'exponent'},"
                           "{'weight_rate': 0.1, 'feature_map_rate': 0.1, 'type': 'random'},"
                           "{'feature_map_rate': 0.1, 'type': 'random', 'range': [3e38, 3e38]}]}}}";

typedef ftdn_planned fixture;

static int set_up(void **state)
{
    static fixture f;
    ftdn_planned_parse(&f, text, "m.json");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    ftdn_planned_done(*state);
    return 0;
}

static void make_plan(fixture *f)
{
    FTDN_ASSERT_OK(ftdn_planned_plan(f), f->err);
    assert_int_equal(f->plan.n_trials, N_TRIALS);
    FTDN_ASSERT_OK(ftdn_dataset_decode(f->plan.trial[0].dataset, 300, 1, &f->err), f->err);
}

static void make_rig(fixture *f, int trial, int n_threads, ftdn_rig *rig)
{
    const ftdn_planned_trial *planned = &f->plan.trial[trial];
    const ftdn_score_source scores = {.n_threads = n_threads};
    const ftdn_rig_desc desc = {.trial = planned, .scores = &scores, .n_threads = n_threads};
    FTDN_ASSERT_OK(ftdn_rig_init(rig, &desc, &f->err), f->err);
}

static ftdn_trial_result run(fixture *f, ftdn_rig *rig, int trial, int batch)
{
    const ftdn_planned_trial *planned = &f->plan.trial[trial];
    const ftdn_trial_control control = {.batch = batch};
    ftdn_trial_result result;
    FTDN_ASSERT_OK(ftdn_trial_run(rig, planned->dataset, &planned->settings, &control, &f->arena, &result, &f->err),
                   f->err);
    return result;
}

/* The network's raw answer to the last image of the trial, by a rig of one worker: AP may hide a bit, this does not. */
static const float *run_for_answer(fixture *f, ftdn_rig *rig, int trial)
{
    run(f, rig, trial, N_IMAGES);
    const ftdn_network *network = &rig->model->network;
    size_t n_logits = (size_t)network->n_priors * (size_t)(network->n_classes + 1);
    float *copy = FTDN_NEW(&f->arena, n_logits, float, &f->err);
    assert_non_null(copy);
    memcpy(copy, rig->worker[0].answer[0].logits, n_logits * sizeof *copy);
    return copy;
}

static bool same_answer(const ftdn_rig *rig, const float *a, const float *b)
{
    const ftdn_network *network = &rig->model->network;
    return !memcmp(a, b, (size_t)network->n_priors * (size_t)(network->n_classes + 1) * sizeof *a);
}

static void a_golden_run_is_the_same_before_and_after_faults_and_in_every_rig(void **state)
{
    static const int pairs[][2] = {{WEIGHTS, GOLDEN},
                                   {MAPS, GOLDEN},
                                   {AT_CONV, AT_CONV},
                                   {GOLDEN_AT_CONV, GOLDEN_AT_CONV},
                                   {ELSEWHERE, GOLDEN_ELSEWHERE}};
    fixture *f = *state;
    ftdn_rig rig;
    make_plan(f);
    make_rig(f, GOLDEN, 1, &rig);
    const float *golden = run_for_answer(f, &rig, GOLDEN);
    const float *faulty = run_for_answer(f, &rig, WEIGHTS);
    assert_false(same_answer(&rig, faulty, golden));
    assert_true(same_answer(&rig, run_for_answer(f, &rig, GOLDEN), golden));
    assert_true(same_answer(&rig, run_for_answer(f, &rig, WEIGHTS), faulty));
    assert_false(same_answer(&rig, run_for_answer(f, &rig, MAPS), golden));
    assert_true(same_answer(&rig, run_for_answer(f, &rig, GOLDEN), golden));
    ftdn_rig_done(&rig);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        make_rig(f, pairs[i][0], 1, &rig);
        bool is_golden = same_answer(&rig, run_for_answer(f, &rig, pairs[i][1]), golden);
        assert_int_equal(is_golden, pairs[i][1] != AT_CONV);
        ftdn_rig_done(&rig);
    }
}

static void rigs_are_shared_where_they_would_be_the_same(void **state)
{
    fixture *f = *state;
    make_plan(f);
    const ftdn_planned_trial *trial = f->plan.trial;
    assert_true(ftdn_same_rig(&trial[GOLDEN].settings, &trial[WEIGHTS].settings));
    assert_true(ftdn_same_rig(&trial[GOLDEN].settings, &trial[MAPS].settings));
    assert_true(ftdn_same_rig(&trial[GOLDEN].settings, &trial[GOLDEN_AT_CONV].settings));
    assert_true(ftdn_same_rig(&trial[ELSEWHERE].settings, &trial[GOLDEN_ELSEWHERE].settings));
    assert_false(ftdn_same_rig(&trial[GOLDEN].settings, &trial[AT_CONV].settings));
    assert_false(ftdn_same_rig(&trial[GOLDEN].settings, &trial[ELSEWHERE].settings));
}

static void assert_same_result(const ftdn_rig *rig, const ftdn_trial_result *a, const ftdn_trial_result *b)
{
    assert_memory_equal(a->class_ap, b->class_ap, (size_t)a->n_classes * sizeof *a->class_ap);
    assert_memory_equal(&a->map_voc07, &b->map_voc07, sizeof a->map_voc07);
    assert_memory_equal(&a->map_area, &b->map_area, sizeof a->map_area);
    assert_int_equal(a->n_nonfinite, b->n_nonfinite);
    assert_memory_equal(a->map_count, b->map_count, (size_t)rig->map_faults.layers.n_layers * sizeof *a->map_count);
    assert_memory_equal(a->weight_count, b->weight_count,
                        (size_t)ftdn_rig_weight_faults(rig)->layers.n_layers * sizeof *a->weight_count);
}

static void threads_and_batch_change_neither_ap_nor_counts(void **state)
{
    static const int settings[][2] = {{1, 2}, {2, 1}, {2, 2}, {3, 4}, {4, 100}, {7, 1}};
    fixture *f = *state;
    ftdn_rig rig;
    make_plan(f);
    make_rig(f, MAPS, 1, &rig);
    ftdn_trial_result expected = run(f, &rig, MAPS, 1);
    assert_int_equal(expected.n_images, N_IMAGES);
    assert_true(expected.map_count[0].n_elements > 0 && expected.map_count[0].n_elements % N_IMAGES == 0);
    assert_true(expected.map_count[0].n_faults > 0);
    ftdn_rig_done(&rig);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        make_rig(f, MAPS, settings[i][0], &rig);
        ftdn_trial_result result = run(f, &rig, MAPS, settings[i][1]);
        assert_same_result(&rig, &result, &expected);
        ftdn_rig_done(&rig);
    }
}

/* Five images in micro-batches of three, the last one padded: sites are those of any size, and whatever a thread takes
 * at a time, the bits are the same. */
static void the_size_of_a_micro_batch_is_the_manifests(void **state)
{
    static const int settings[][2] = {{1, 1}, {1, 4}, {1, 100}, {2, 2}};
    fixture *f = *state;
    ftdn_rig rig;
    make_plan(f);
    make_rig(f, MAPS, 1, &rig);
    assert_int_equal(ftdn_program_micro_batch(rig.program), 1);
    ftdn_trial_result one_by_one = run(f, &rig, MAPS, 1), by_three = {0};
    ftdn_rig_done(&rig);

    f->plan.trial[MAPS].settings.engine.micro_batch = 3;
    assert_false(ftdn_same_rig(&f->plan.trial[GOLDEN].settings, &f->plan.trial[MAPS].settings));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        make_rig(f, MAPS, settings[i][0], &rig);
        assert_int_equal(ftdn_program_micro_batch(rig.program), 3);
        ftdn_trial_result result = run(f, &rig, MAPS, settings[i][1]);
        if (i == 0) by_three = result;
        assert_same_result(&rig, &result, &by_three);
        assert_int_equal(result.map_count[0].n_faults, one_by_one.map_count[0].n_faults);
        ftdn_rig_done(&rig);
    }
}

static int64_t nonfinite_faults(const ftdn_rig *rig, const ftdn_trial_result *result)
{
    int64_t n = 0;
    for (int l = 0; l < ftdn_rig_weight_faults(rig)->layers.n_layers; l++) n += result->weight_count[l].n_nonfinite;
    for (int l = 0; l < rig->map_faults.layers.n_layers; l++) n += result->map_count[l].n_nonfinite;
    return n;
}

static void every_fault_type_gives_the_same_finite_results_with_any_threads(void **state)
{
    fixture *f = *state;
    make_plan(f);
    for (int trial = TYPES; trial < N_TRIALS; trial++) {
        ftdn_rig rig;
        make_rig(f, trial, 1, &rig);
        ftdn_trial_result expected = run(f, &rig, trial, 1);
        assert_true(isfinite(expected.map_voc07) && isfinite(expected.map_area));
        for (int c = 0; c < expected.n_classes; c++) {
            if (expected.class_ap[c].n_objects == 0) continue;
            assert_true(isfinite(expected.class_ap[c].ap_voc07) && isfinite(expected.class_ap[c].ap_area));
        }
        bool turns_bits_on = trial < TYPES + 2 || trial == TYPES + 3;
        assert_int_equal(nonfinite_faults(&rig, &expected) > 0, turns_bits_on);
        assert_int_equal(expected.n_nonfinite > 0, turns_bits_on || trial == TYPES + 5);
        ftdn_trial_record record;
        FTDN_ASSERT_OK(ftdn_record_make(&f->plan.trial[trial], &rig, &expected, &f->arena, &record, &f->err), f->err);
        assert_int_equal(record.n_nonfinite_faults, nonfinite_faults(&rig, &expected));
        ftdn_rig_done(&rig);
        make_rig(f, trial, 3, &rig);
        ftdn_trial_result result = run(f, &rig, trial, 2);
        assert_same_result(&rig, &result, &expected);
        ftdn_rig_done(&rig);
    }
}

typedef struct stopper {
    volatile sig_atomic_t stop;
    int n_calls, n_images;
} stopper;

static void stop_at_once(void *user, int n_images_done)
{
    stopper *s = user;
    s->stop = 1;
    s->n_calls++;
    s->n_images = n_images_done;
}

static void a_stopped_trial_says_so_and_harms_no_later_one(void **state)
{
    fixture *f = *state;
    ftdn_rig rig;
    make_plan(f);
    make_rig(f, GOLDEN, 1, &rig);
    ftdn_trial_result expected = run(f, &rig, GOLDEN, 1), result = {.n_images = -1};
    const ftdn_planned_trial *faulty = &f->plan.trial[WEIGHTS];
    stopper seen = {0};
    const ftdn_trial_control control = {.batch = 1, .stop = &seen.stop, .on_image = stop_at_once, .user = &seen};
    FTDN_ASSERT_FAILS(ftdn_trial_run(&rig, faulty->dataset, &faulty->settings, &control, &f->arena, &result, &f->err),
                      FTDN_ERR_INTERRUPTED, "interrupted", f->err);
    assert_int_equal(seen.n_calls, 1);
    assert_in_range(seen.n_images, 1, N_IMAGES - 1);
    assert_int_equal(result.n_images, -1);
    result = run(f, &rig, GOLDEN, 1);
    assert_same_result(&rig, &result, &expected);
    ftdn_rig_done(&rig);
}

static void every_refused_allocation_of_a_plan_is_an_error(void **state)
{
    fixture *f = *state;
    ftdn_planned_refuse(f, 5);
    ftdn_status status = FTDN_ERR_MEMORY;
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_inputs inputs;
        ftdn_inputs_init(&inputs);
        ftdn_arena_fail_after(&inputs.arena, k);
        status = ftdn_plan_make(&f->manifest, &inputs, &f->arena, &f->plan, &f->err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        assert_true(k > 5 || status != FTDN_OK);
        ftdn_inputs_done(&inputs);
    }
}

/* A trial and its record share the arena of a campaign. The worker's arena is refused too, for detections. */
static void every_refused_allocation_of_a_trial_is_an_error(void **state)
{
    fixture *f = *state;
    ftdn_rig rig;
    make_plan(f);
    make_rig(f, WEIGHTS, 1, &rig);
    const ftdn_planned_trial *trial = &f->plan.trial[WEIGHTS];
    ftdn_trial_result expected = run(f, &rig, WEIGHTS, 1), result;
    const ftdn_trial_control control = {.batch = 1};
    ftdn_status status = FTDN_ERR_MEMORY;
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_arena arena;
        ftdn_trial_record record;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, &arena, &result, &f->err);
        if (status == FTDN_OK) status = ftdn_record_make(trial, &rig, &result, &arena, &record, &f->err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        assert_true(k > 5 || status != FTDN_OK);
        ftdn_arena_done(&arena);
    }
    ftdn_arena_fail_after(&rig.worker[0].arena, 2);
    FTDN_ASSERT_FAILS(ftdn_trial_run(&rig, trial->dataset, &trial->settings, &control, &f->arena, &result, &f->err),
                      FTDN_ERR_MEMORY, "out of memory", f->err);
    rig.worker[0].arena.fail_countdown = -1;
    result = run(f, &rig, WEIGHTS, 1);
    assert_same_result(&rig, &result, &expected);
    ftdn_rig_done(&rig);
}

#define TRIAL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL_TEST(a_golden_run_is_the_same_before_and_after_faults_and_in_every_rig),
        TRIAL_TEST(rigs_are_shared_where_they_would_be_the_same),
        TRIAL_TEST(threads_and_batch_change_neither_ap_nor_counts),
        TRIAL_TEST(the_size_of_a_micro_batch_is_the_manifests),
        TRIAL_TEST(every_fault_type_gives_the_same_finite_results_with_any_threads),
        TRIAL_TEST(a_stopped_trial_says_so_and_harms_no_later_one),
        TRIAL_TEST(every_refused_allocation_of_a_plan_is_an_error),
        TRIAL_TEST(every_refused_allocation_of_a_trial_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
