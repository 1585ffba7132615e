/* test_plan.c - what planning makes of protections: the calibration of each trial, labels, shared
 * rigs, and what is refused. */
#include <string.h>

#include "harness/plan/same_settings.h"
#include "harness/record.h"
#include "tests/harness/planned.h"

#define HEAD FTDN_PLANNED_HEAD
#define CALIBRATION " 'calibration': {'kind': 'test_scenes', 'images': 3, 'seed': 1},\n"

static void assert_refused(const char *text, const char *message)
{
    ftdn_planned p;
    ftdn_planned_parse(&p, text, "m.json");
    FTDN_ASSERT_FAILS(ftdn_planned_plan(&p), FTDN_ERR_MANIFEST, message, p.err);
    ftdn_planned_done(&p);
}

static void only_trials_that_read_images_have_a_calibration(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p,
                      HEAD CALIBRATION
                      " 'sweep': {'grid': {'seed': [0, 1], 'protection': [{}, {'method': 'kr', 'ratio': 0.5},"
                      " {'method': 'kr', 'ratio': 0.5, 'ranking': 'entropy'}, {'method': 'clip'},"
                      " {'method': 'fmr', 'ratio': 0, 'ranking': 'measured'}, {'method': 'd2nn', 'ratio': 1, "
                      "'ranking': 'random'}]}}}",
                      "m.json");
    static const bool reads[6] = {false, false, true, true, true, false};
    const ftdn_dataset *calibration = p.plan.trial[2].calibration;
    assert_int_equal(p.plan.n_trials, 12);
    assert_non_null(calibration);
    assert_int_equal(calibration->n_images, 3);
    for (int i = 0; i < 12; i++) {
        const ftdn_planned_trial *trial = &p.plan.trial[i];
        assert_ptr_equal(trial->calibration, reads[i % 6] ? calibration : NULL);
        bool is_named = strstr(ftdn_trial_spec_text(&trial->spec, &p.arena, NULL), calibration->digest);
        assert_int_equal(is_named, reads[i % 6]);
    }
    ftdn_planned_done(&p);
}

/* Without a protection that reads them, calibration images are not even looked for. */
static void a_calibration_that_no_trial_reads_is_not_opened(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(
        &p, HEAD " 'calibration': {'kind': 'voc', 'root': 'nowhere'}, 'protection': {'method': 'kr', 'ratio': 0.5}}",
        "m.json");
    assert_null(p.plan.trial[0].calibration);
    ftdn_planned_done(&p);
    ftdn_planned_parse(&p, HEAD " 'calibration': {'kind': 'voc', 'root': 'nowhere'}, 'protection': {'method': 'clip'}}",
                       "m.json");
    FTDN_ASSERT_FAILS(ftdn_planned_plan(&p), FTDN_ERR_INPUT, "nowhere", p.err);
    ftdn_planned_done(&p);
}

static void a_calibration_may_be_swept(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(
        &p,
        HEAD " 'protection': {'method': 'clip'}, 'sweep': {'grid': {'calibration': ["
             "{'kind': 'test_scenes', 'images': 3, 'seed': 1}, {'kind': 'test_scenes', 'images': 4, 'seed': 1},"
             " {'kind': 'test_scenes', 'images': 3, 'seed': 1}]}}}",
        "m.json");
    assert_int_equal(p.plan.n_trials, 2);
    assert_int_equal(p.plan.n_repeated, 1);
    assert_int_equal(p.plan.trial[0].calibration->n_images, 3);
    assert_int_equal(p.plan.trial[1].calibration->n_images, 4);
    ftdn_planned_done(&p);
}

static void missing_images_are_told_where_they_are_asked_for(void **state)
{
    (void)state;
    static const char add[] =
        "no calibration images are given, and they are needed; add, say, \"calibration\": {\"kind\": "
        "\"voc\", \"root\": \"VOC2007\", \"split\": \"trainval\", \"images\": 64}";
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    assert_refused(HEAD " 'protection': {'method': 'kr', 'ratio': 0.5, 'ranking': 'entropy'}}",
                   ftdn_arena_format(&arena, NULL, "m.json:4:58: protection.ranking: %s", add));
    assert_refused(HEAD " 'protection': {'method': 'clip'}}",
                   ftdn_arena_format(&arena, NULL, "m.json:4:27: protection.method: %s", add));
    assert_refused(HEAD
                   " 'sweep': {'grid': {'protection': [{},\n {'method': 'fmr', 'ratio': 1, 'ranking': 'taylor'}]}}}",
                   ftdn_arena_format(&arena, NULL, "m.json:5:43: protection.ranking: %s", add));
    ftdn_arena_done(&arena);
}

static void images_that_are_tested_too_are_refused(void **state)
{
    (void)state;
#define SHARED                                                                                                         \
    "image 'scene000000' is one of the dataset (test scenes, seed 0, 2 images) too; take other images, or set "        \
    "calibration.allow_overlap to true"
    assert_refused(HEAD " 'calibration': {'kind': 'test_scenes', 'images': 1}, 'protection': {'method': 'clip'}}",
                   "m.json:4:17: calibration: " SHARED);
    /* The third of four trials: the first two have other images. */
    assert_refused(HEAD " 'protection': {'method': 'kr', 'ratio': 1, 'ranking': 'activation'}, 'sweep': {'grid': {"
                        "'calibration': [{'kind': 'test_scenes', 'images': 1, 'seed': 1},\n"
                        " {'kind': 'test_scenes', 'images': 1}], 'seed': [0, 1]}}}",
                   "m.json:5:2: calibration: " SHARED);
    assert_refused(
        HEAD CALIBRATION " 'protection': {'method': 'clip'}, 'sweep': {'grid': {'dataset.seed': [0, 1]}}}",
        "m.json:4:17: calibration: image 'scene000000' is one of the dataset (test scenes, seed 1, 2 images)");

    ftdn_planned p;
    ftdn_planned_make(&p,
                      HEAD " 'calibration': {'kind': 'test_scenes', 'images': 1, 'allow_overlap': true},"
                           " 'protection': {'method': 'clip'}}",
                      "m.json");
    assert_int_equal(p.plan.trial[0].calibration->n_images, 1);
    ftdn_planned_done(&p);
    ftdn_planned_make(
        &p, HEAD " 'calibration': {'kind': 'test_scenes', 'images': 1}, 'protection': {'method': 'kr', 'ratio': 1}}",
        "m.json");
    ftdn_planned_done(&p);
}

/* What was allowed for one trial is not allowed for the next. */
static void a_permission_holds_for_its_own_trials(void **state)
{
    (void)state;
    assert_refused(HEAD " 'calibration': {'kind': 'test_scenes', 'images': 1}, 'protection': {'method': 'clip'},"
                        " 'sweep': {'grid': {'calibration.allow_overlap': [true, false]}}}",
                   "m.json:4:17: calibration: " SHARED);
}

static void labels_tell_protections_apart(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(
        &p,
        HEAD CALIBRATION
        " 'sweep': {'grid': {'faults': [{'weight_rate': 0.01}, {'weight_count': 1, 'feature_map_point': 'conv'}],"
        " 'protection': [{}, {'method': 'kr', 'ratio': 0.5},"
        " {'method': 'kr', 'ratio': 0.25, 'ranking': 'random', 'merge': 'max_abs', 'allocation': 'global'},"
        " {'method': 'fmr', 'ratio': 1, 'direction': 'filter', 'merge_point': 'conv'},"
        " {'method': 'd2nn', 'ratio': 0, 'combine': 'boxes'}, {'method': 'clip'}]}}}",
        "m.json");
    static const char *const labels[12] = {
        "weight_rate 0.01, feature_map_rate 0, none, seed 0",
        "weight_rate 0.01, feature_map_rate 0, kr weight_sum 0.5 mean, seed 0",
        "weight_rate 0.01, feature_map_rate 0, kr random 0.25 global max_abs, seed 0",
        "weight_rate 0.01, feature_map_rate 0, fmr weight_sum filter 1 mean at conv, seed 0",
        "weight_rate 0.01, feature_map_rate 0, d2nn weight_sum 0 boxes, seed 0",
        "weight_rate 0.01, feature_map_rate 0, clip, seed 0",
        "weight_count 1, feature_map_rate 0, none, seed 0",
        "weight_count 1, feature_map_rate 0, kr weight_sum 0.5 mean, seed 0",
        "weight_count 1, feature_map_rate 0, kr random 0.25 global max_abs, seed 0",
        "weight_count 1, feature_map_rate 0, fmr weight_sum filter 1 mean, seed 0",
        "weight_count 1, feature_map_rate 0, d2nn weight_sum 0 boxes, seed 0",
        "weight_count 1, feature_map_rate 0, clip, seed 0",
    };
    for (int i = 0; i < 12; i++) assert_string_equal(ftdn_record_label(&p.plan.trial[i], &p.arena, &p.err), labels[i]);
    ftdn_arena_fail_after(&p.arena, 0);
    assert_null(ftdn_record_label(&p.plan.trial[0], &p.arena, &p.err));
    assert_int_equal(p.err.status, FTDN_ERR_MEMORY);
    ftdn_planned_done(&p);
}

/* The only trial of a manifest that ends in `rest`, planned by p. */
static const ftdn_trial_settings *settings_of(ftdn_planned *p, ftdn_arena *arena, const char *rest)
{
    ftdn_planned_make(p, ftdn_arena_format(arena, NULL, "%s%s%s", HEAD, rest, "}"), "m.json");
    assert_int_equal(p->plan.n_trials, 1);
    return &p->plan.trial[0].settings;
}

static void trials_share_a_rig_where_each_would_make_the_same(void **state)
{
    (void)state;
#define KR(more) "'protection': {'method': 'kr', 'ratio': 0.5" more "}"
#define FMR(more) "'protection': {'method': 'fmr', 'ratio': 0.5" more "}"
#define D2NN(more) "'protection': {'method': 'd2nn', 'ratio': 0.5" more "}"
#define ENTROPY CALIBRATION KR(", 'ranking': 'entropy'")
#define MEASURED CALIBRATION KR(", 'ranking': 'measured'")
#define RANDOM KR(", 'ranking': 'random'")
#define CLIP "'protection': {'method': 'clip'}"
#define OTHER_CALIBRATION "'calibration': {'kind': 'test_scenes', 'images': 3, 'seed': 2}, "
    static const struct {
        const char *a, *b;
        bool fits;
    } pairs[] = {
        {KR(""), KR("") ", 'seed': 1", true},
        {RANDOM, RANDOM ", 'faults': {'weight_rate': 0.1}", true},
        {RANDOM, RANDOM ", 'seed': 1", false},
        {KR(""), KR("") ", 'faults': {'weight_count': 2, 'feature_map_rate': 0.1}", true},
        {KR(""), KR("") ", 'faults': {'type': 'random', 'weight_rate': 0.1, 'copies': 'clean'}", true},
        {KR(""), KR("") ", 'faults': {'feature_map_point': 'conv', 'redraw': 'image'}", true},
        {KR(""), KR("") ", 'faults': {'feature_map_point': 'conv', 'feature_map_count': 1}", false},
        {KR(""), KR("") ", 'faults': {'redraw': 'image', 'weight_count': 1}", false},
        {KR(""), KR("") ", 'faults': {'scope': {'weights': 'convs'}}", false},
        {KR(""), KR("") ", 'evaluate': {'iou': 0.7}", true},
        {KR(""), KR("") ", 'evaluate': {'candidates': 100}", false},
        {KR(""), KR("") ", 'engine': {'backend': 'ref'}", false},
        {KR(""), KR(", 'merge': 'max_abs'"), false},
        {KR(""), KR(", 'allocation': 'global'"), false},
        {KR(""), KR(", 'direction': 'filter'"), false},
        {KR(""), "'protection': {'method': 'kr', 'ratio': 0.25}", false},
        {KR(""), FMR(""), false},
        {KR(""), CALIBRATION KR(""), true},
        {FMR(""), FMR(", 'merge_point': 'conv'"), false},
        {FMR(""), FMR("") ", 'faults': {'feature_map_point': 'conv'}", false},
        {D2NN(""), D2NN(", 'combine': 'boxes'"), false},
        {ENTROPY, ENTROPY ", 'seed': 1, 'faults': {'type': 'bit_flip'}", true},
        {ENTROPY, ENTROPY ", 'faults': {'feature_map_point': 'conv'}", false},
        {ENTROPY, OTHER_CALIBRATION KR(", 'ranking': 'entropy'"), false},
        {MEASURED, MEASURED ", 'seed': 1, 'faults': {'weight_rate': 0.1}", true},
        {MEASURED, MEASURED ", 'faults': {'type': 'bit_flip'}", false},
        {MEASURED ", 'faults': {'type': 'bit_flip', 'bits': 'sign'}", MEASURED ", 'faults': {'type': 'bit_flip'}",
         false},
        {MEASURED ", 'faults': {'type': 'random', 'range': [0, 1]}",
         MEASURED ", 'faults': {'type': 'random', 'range': [0, 2]}", false},
        {MEASURED,
         "'calibration': {'kind': 'test_scenes', 'images': 3, 'seed': 1, 'measured_images': 1}, " KR(
             ", 'ranking': 'measured'"),
         false},
        {CALIBRATION CLIP, CALIBRATION CLIP ", 'seed': 1", true},
        {CALIBRATION CLIP, OTHER_CALIBRATION CLIP, false},
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ftdn_planned p, q;
        const ftdn_trial_settings *a = settings_of(&p, &arena, pairs[i].a), *b = settings_of(&q, &arena, pairs[i].b);
        if (ftdn_same_rig(a, b) != pairs[i].fits || ftdn_same_rig(b, a) != pairs[i].fits)
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
        ftdn_planned_done(&p);
        ftdn_planned_done(&q);
    }
    ftdn_arena_done(&arena);
}

/* Neighbours differ in dataset and protection, so that no check of one is that of the next. */
static void many_trials_are_planned_at_once(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, HEAD CALIBRATION " 'sweep': {'grid': {'seed': [0");
    for (int i = 1; i < 5000; i++) ftdn_text_append(&text, ",%d", i);
    ftdn_text_append(&text, "], 'dataset.seed': [0, 2], 'protection': [{}, {'method': 'clip'}]}}}");
    ftdn_planned p;
    ftdn_planned_make(&p, text.chars, "m.json");
    ftdn_text_done(&text);
    assert_int_equal(p.plan.n_trials, 20000);
    assert_ptr_equal(p.plan.trial[19999].calibration, p.plan.trial[1].calibration);
    assert_null(p.plan.trial[19998].calibration);
    ftdn_planned_done(&p);
}

static void a_refused_allocation_is_an_error_and_no_leak(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_parse(&p,
                       HEAD CALIBRATION " 'sweep': {'grid': {'protection': [{'method': 'clip'},"
                                        " {'method': 'kr', 'ratio': 1, 'ranking': 'entropy'}]}}}",
                       "m.json");
    ftdn_planned_refuse(&p, 5);
    ftdn_planned_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_trials_that_read_images_have_a_calibration),
        cmocka_unit_test(a_calibration_that_no_trial_reads_is_not_opened),
        cmocka_unit_test(a_calibration_may_be_swept),
        cmocka_unit_test(missing_images_are_told_where_they_are_asked_for),
        cmocka_unit_test(images_that_are_tested_too_are_refused),
        cmocka_unit_test(a_permission_holds_for_its_own_trials),
        cmocka_unit_test(labels_tell_protections_apart),
        cmocka_unit_test(trials_share_a_rig_where_each_would_make_the_same),
        cmocka_unit_test(many_trials_are_planned_at_once),
        cmocka_unit_test(a_refused_allocation_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
