/* test_trial_device.c - whole trials on a device beside those of the processor: the same faults, nearly the same boxes,
 * and the same bits however a trial is run. */
#include <math.h>
#include <signal.h>
#include <string.h>

#include "harness/record.h"
#include "harness/rig.h"
#include "harness/trial.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"
#include "tests/harness/planned.h"

#define N_IMAGES 5
#define MICRO_BATCH 2 /* the last one of the images is alone in its own */

#define NONE "{'method': 'none'}"
#define BOTH "{'weight_rate': 0.02, 'feature_map_rate': 0.02}"

/* One trial: planned for a backend, a rig, a result. */
typedef struct run {
    ftdn_planned planned;
    const ftdn_planned_trial *trial;
    ftdn_rig rig;
    ftdn_arena arena;
    ftdn_error err;
    ftdn_trial_result result;
} run;

static void plan_run(run *r, const char *backend, const char *faults, const char *protection)
{
    char text[1024];
    snprintf(text, sizeof text,
             "{'manifest_version': 1, 'name': 'x',"
             " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},"
             " 'dataset': {'kind': 'test_scenes', 'images': %d}, 'seed': 3,"
             " 'calibration': {'kind': 'test_scenes', 'images': 3, 'allow_overlap': true},"
             " 'engine': {'backend': '%s', 'micro_batch': %d}, 'faults': %s, 'protection': %s}",
             N_IMAGES, backend, MICRO_BATCH, faults, protection);
    ftdn_arena_init(&r->arena);
    ftdn_planned_make(&r->planned, text, "m.json");
    r->trial = &r->planned.plan.trial[0];
    FTDN_ASSERT_OK(ftdn_dataset_decode(r->trial->dataset, 300, 2, &r->err), r->err);
}

static void make_rig(run *r, int n_threads)
{
    const ftdn_score_source scores = {.n_threads = n_threads};
    const ftdn_rig_desc desc = {.trial = r->trial, .scores = &scores, .n_threads = n_threads};
    FTDN_ASSERT_OK(ftdn_rig_init(&r->rig, &desc, &r->err), r->err);
}

static void run_trial(run *r, int batch)
{
    const ftdn_trial_control control = {.batch = batch};
    FTDN_ASSERT_OK(
        ftdn_trial_run(&r->rig, r->trial->dataset, &r->trial->settings, &control, &r->arena, &r->result, &r->err),
        r->err);
}

static void run_done(run *r)
{
    ftdn_rig_done(&r->rig);
    ftdn_planned_done(&r->planned);
    ftdn_arena_done(&r->arena);
}

static void run_on(run *r, const char *backend, const char *faults, const char *protection)
{
    plan_run(r, backend, faults, protection);
    make_rig(r, 1);
    run_trial(r, 8);
}

/* Sites are a function of the seed; whether an element changes may hang on the last bit of what was there. */
static void assert_same_sites(const char *what, const ftdn_fault_count *a, const ftdn_fault_count *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (a[i].n_elements != b[i].n_elements || a[i].n_faults != b[i].n_faults)
            fail_msg("%s %d: %lld of %lld elements, expected %lld of %lld", what, i, (long long)a[i].n_faults,
                     (long long)a[i].n_elements, (long long)b[i].n_faults, (long long)b[i].n_elements);
    }
}

static void assert_same_faults(const run *a, const run *b)
{
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(&b->rig);
    assert_same_sites("maps", a->result.map_count, b->result.map_count, b->rig.map_faults.n_targets);
    assert_memory_equal(a->result.weight_count, b->result.weight_count,
                        (size_t)weights->layers.n_layers * sizeof *a->result.weight_count);
    for (int c = 0; c < weights->copies.n_copies; c++)
        assert_memory_equal(a->result.weight_copy_count[c], b->result.weight_copy_count[c],
                            (size_t)weights->copies.n_layers * sizeof *a->result.weight_copy_count[c]);
}

/* The share of detections of `a` that `b` has too: class and prior equal, score and corners close. */
static double common_share(const ftdn_trial_result *a, const ftdn_trial_result *b)
{
    int n_common = 0, n_all = 0;
    for (int i = 0; i < a->n_images; i++) {
        for (int d = 0; d < a->found[i].n_detections; d++, n_all++) {
            const ftdn_detection *own = &a->found[i].detection[d], *other = b->found[i].detection;
            int e = 0, n = b->found[i].n_detections;
            while (e < n && (other[e].class_index != own->class_index || other[e].prior != own->prior)) e++;
            n_common += e < n && fabsf(other[e].score - own->score) < 1e-3f && fabsf(other[e].x0 - own->x0) < 1e-3f &&
                        fabsf(other[e].y1 - own->y1) < 1e-3f;
        }
    }
    return n_all > 0 ? (double)n_common / n_all : 1;
}

/* Convolutions sum in another order, so that a comparison of two scores or overlaps may fall out the other way; boxes
 * that this brings or takes are few. */
static void assert_nearly_equal(const char *what, const run *a, const run *b)
{
    double there = common_share(&a->result, &b->result), back = common_share(&b->result, &a->result);
    if (there < 0.97 || back < 0.97) fail_msg("%s: only %g and %g of the boxes are the same", what, there, back);
    assert_float_equal(a->result.map_voc07, b->result.map_voc07, 0.02);
}

static void faults_and_boxes_are_those_of_the_processor(void **state)
{
    static const struct {
        const char *faults, *protection;
    } cases[] = {
        {"{}", NONE},
        {BOTH, NONE},
        {"{'weight_rate': 0.01, 'feature_map_rate': 0.01, 'feature_map_point': 'conv', 'scope': 'all'}", NONE},
        {"{'weight_rate': 0.002, 'feature_map_rate': 0.02, 'type': 'random'}", NONE},
        {"{'feature_map_rate': 0.02, 'type': 'random', 'range': [-1, 1]}", NONE},
        {"{'feature_map_count': 7, 'weight_count': 5}", NONE},
        {"{'weight_rate': 0.01, 'feature_map_rate': 0.01, 'redraw': 'image'}", NONE},
        {BOTH, "{'method': 'kr', 'ratio': 0.5, 'merge': 'nonzero'}"},
        {"{'weight_rate': 0.02, 'redraw': 'image'}", "{'method': 'kr', 'ratio': 0.5, 'merge': 'median'}"},
        {BOTH, "{'method': 'fmr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.02, 'feature_map_rate': 0.02, 'copies': 'shared'}",
         "{'method': 'fmr', 'ratio': 0.3, 'merge': 'max_abs', 'merge_point': 'conv'}"},
        {BOTH, "{'method': 'd2nn', 'ratio': 0.5}"},
        {BOTH, "{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}"},
        {"{'weight_rate': 0.01, 'feature_map_rate': 0.02, 'type': 'random', 'range': [-9, 9]}", "{'method': 'clip'}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run device = {0}, processor = {0};
        run_on(&device, "cuda", cases[i].faults, cases[i].protection);
        run_on(&processor, "cpu", cases[i].faults, cases[i].protection);
        assert_non_null(device.rig.device);
        assert_null(processor.rig.device);
        assert_same_faults(&device, &processor);
        assert_nearly_equal(cases[i].faults, &device, &processor);
        run_done(&device);
        run_done(&processor);
    }
}

/* Numbers become infinite here and there: boxes then hang on single bits, faults do not. */
static void flipped_exponents_hit_what_they_hit_on_the_processor(void **state)
{
    (void)state;
    run device = {0}, processor = {0};
    const char *faults = "{'weight_rate': 0.01, 'feature_map_rate': 0.01, 'type': 'bit_flip', 'bits': 'exponent'}";
    run_on(&device, "cuda", faults, NONE);
    run_on(&processor, "cpu", faults, NONE);
    assert_same_faults(&device, &processor);
    assert_true(device.result.n_nonfinite > 0);
    run_done(&device);
    run_done(&processor);
}

static void assert_same_bits(const run *r, const ftdn_trial_result *a, const ftdn_trial_result *b)
{
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(&r->rig);
    assert_memory_equal(a->class_ap, b->class_ap, (size_t)a->n_classes * sizeof *a->class_ap);
    assert_int_equal(a->n_nonfinite, b->n_nonfinite);
    assert_memory_equal(a->map_count, b->map_count, (size_t)r->rig.map_faults.n_targets * sizeof *a->map_count);
    assert_memory_equal(a->weight_count, b->weight_count, (size_t)weights->layers.n_layers * sizeof *a->weight_count);
}

/* The trial's detections, copied out of the rig. */
static ftdn_image_detections *keep_found(run *r)
{
    ftdn_image_detections *kept = FTDN_NEW(&r->arena, (size_t)r->result.n_images, ftdn_image_detections, &r->err);
    assert_non_null(kept);
    for (int i = 0; i < r->result.n_images; i++) {
        const ftdn_image_detections *found = &r->result.found[i];
        ftdn_detection *copy = FTDN_NEW(&r->arena, (size_t)found->n_detections, ftdn_detection, &r->err);
        assert_non_null(copy);
        memcpy(copy, found->detection, (size_t)found->n_detections * sizeof *copy);
        kept[i] = (ftdn_image_detections){copy, found->n_detections};
    }
    return kept;
}

static void assert_same_boxes(const ftdn_image_detections *a, const ftdn_image_detections *b, int n_images)
{
    for (int i = 0; i < n_images; i++) {
        assert_int_equal(a[i].n_detections, b[i].n_detections);
        assert_memory_equal(a[i].detection, b[i].detection, (size_t)a[i].n_detections * sizeof *a[i].detection);
    }
}

/* A first trial goes call by call, later ones are replayed; others come between them. */
static void a_trial_has_the_same_bits_whenever_it_runs(void **state)
{
    static const char *const cases[][2] = {
        {BOTH, NONE},
        {BOTH, "{'method': 'fmr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.02, 'feature_map_rate': 0.02, 'redraw': 'image'}",
         "{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run r = {0};
        run_on(&r, "cuda", cases[i][0], cases[i][1]);
        ftdn_trial_result first = r.result;
        ftdn_image_detections *found = keep_found(&r);
        ftdn_planned_trial other = *r.trial;
        const ftdn_planned_trial *own = r.trial;
        for (int round = 0; round < 2; round++) {
            r.trial = &other;
            other.settings.seed++;
            other.settings.faults.feature_map_rate = round == 0 ? 0 : 0.1;
            run_trial(&r, 1);
            r.trial = own;
            run_trial(&r, 1 + round * 8);
            assert_same_bits(&r, &r.result, &first);
            assert_same_boxes(r.result.found, found, N_IMAGES);
        }
        run_done(&r);
    }
}

static const ftdn_image_detections *reference;

static void run_in_order(const char *order)
{
    (void)order;
    run r = {0};
    plan_run(&r, "cuda", BOTH, "{'method': 'kr', 'ratio': 0.5}");
    make_rig(&r, 3);
    for (int i = 0; i < 2; i++) {
        run_trial(&r, 3);
        assert_same_boxes(r.result.found, reference, N_IMAGES);
    }
    run_done(&r);
}

/* Lazy work shows where the host looks before the device is through, or writes what it still reads. */
static void threads_batch_and_the_order_of_work_change_no_bit(void **state)
{
    (void)state;
    run r = {0};
    run_on(&r, "cuda", BOTH, "{'method': 'kr', 'ratio': 0.5}");
    reference = keep_found(&r);
    ftdn_test_in_every_order(run_in_order);
    run_done(&r);
}

static void the_images_of_a_rig_may_change(void **state)
{
    (void)state;
    run r = {0};
    run_on(&r, "cuda", BOTH, NONE);
    ftdn_image_detections *found = keep_found(&r), one;
    ftdn_dataset *scenes;
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(3, 7, &scenes, &r.err), r.err);
    FTDN_ASSERT_OK(ftdn_dataset_decode(scenes, 300, 1, &r.err), r.err);
    const ftdn_trial_control control = {.batch = 1};
    ftdn_trial_result result;
    FTDN_ASSERT_OK(ftdn_trial_run(&r.rig, scenes, &r.trial->settings, &control, &r.arena, &result, &r.err), r.err);
    assert_true(result.found[0].n_detections != found[0].n_detections ||
                memcmp(result.found[0].detection, found[0].detection,
                       (size_t)found[0].n_detections * sizeof *found[0].detection) != 0);
    /* One image alone, as for pictures. */
    FTDN_ASSERT_OK(ftdn_rig_prepare(&r.rig, &r.trial->settings, &r.err), r.err);
    FTDN_ASSERT_OK(ftdn_rig_detect(&r.rig, r.trial->dataset, 3, 1, &one, &r.err), r.err);
    assert_same_boxes(&one, &found[3], 1);
    run_trial(&r, 1);
    assert_same_boxes(r.result.found, found, N_IMAGES);
    ftdn_dataset_close(scenes);
    run_done(&r);
}

/* The boxes of a rig of its own, made, used and taken down, beside other rigs that read the same images. */
static ftdn_image_detections *run_with_images(run *r, const ftdn_dataset *dataset, ftdn_device_images *images)
{
    const ftdn_score_source scores = {.n_threads = 1};
    const ftdn_rig_desc desc = {.trial = r->trial, .scores = &scores, .n_threads = 1, .images = images};
    const ftdn_trial_control control = {.batch = 1};
    FTDN_ASSERT_OK(ftdn_rig_init(&r->rig, &desc, &r->err), r->err);
    FTDN_ASSERT_OK(ftdn_trial_run(&r->rig, dataset, &r->trial->settings, &control, &r->arena, &r->result, &r->err),
                   r->err);
    ftdn_image_detections *found = keep_found(r);
    ftdn_rig_done(&r->rig);
    return found;
}

/* Pixels changed on the device show who reads those that are there, and who brings them anew. */
static void rigs_share_images_that_are_there(void **state)
{
    (void)state;
    run r = {0};
    ftdn_dataset *scenes;
    ftdn_device_images images;
    const size_t n_bytes = 300 * 300 * 3;
    plan_run(&r, "cuda", "{}", NONE);
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(3, 7, &scenes, &r.err), r.err);
    FTDN_ASSERT_OK(ftdn_dataset_decode(scenes, 300, 1, &r.err), r.err);
    const ftdn_image_detections *own = run_with_images(&r, r.trial->dataset, NULL);
    const ftdn_image_detections *own_of_scenes = run_with_images(&r, scenes, NULL);
    assert_true(own[0].n_detections != own[1].n_detections ||
                memcmp(own[0].detection, own[1].detection, (size_t)own[0].n_detections * sizeof *own[0].detection) !=
                    0);

    ftdn_device_images_init(&images, ftdn_test_module());
    assert_same_boxes(run_with_images(&r, r.trial->dataset, &images), own, N_IMAGES);
    FTDN_ASSERT_OK(ftdn_test_module()->device->copy(images.pixels, images.pixels + n_bytes, n_bytes, &r.err), r.err);
    const ftdn_image_detections *found = run_with_images(&r, r.trial->dataset, &images);
    assert_same_boxes(&found[0], &own[1], 1);
    assert_same_boxes(&found[1], &own[1], N_IMAGES - 1);

    assert_same_boxes(run_with_images(&r, scenes, &images), own_of_scenes, scenes->n_images);
    assert_same_boxes(run_with_images(&r, r.trial->dataset, &images), own, N_IMAGES);
    ftdn_device_images_done(&images);
    ftdn_dataset_close(scenes);
    ftdn_planned_done(&r.planned);
    ftdn_arena_done(&r.arena);
}

typedef struct stopper {
    volatile sig_atomic_t stop;
    int n_images;
} stopper;

static void stop_at_once(void *user, int n_images_done)
{
    stopper *s = user;
    s->stop = 1;
    s->n_images = n_images_done;
}

static void a_stopped_trial_harms_no_later_one(void **state)
{
    (void)state;
    run r = {0};
    run_on(&r, "cuda", BOTH, NONE);
    ftdn_trial_result first = r.result, unused;
    ftdn_image_detections *found = keep_found(&r);
    stopper seen = {0};
    const ftdn_trial_control control = {.batch = 1, .stop = &seen.stop, .on_image = stop_at_once, .user = &seen};
    FTDN_ASSERT_FAILS(ftdn_trial_run(&r.rig, r.trial->dataset, &r.trial->settings, &control, &r.arena, &unused, &r.err),
                      FTDN_ERR_INTERRUPTED, "interrupted", r.err);
    assert_int_equal(seen.n_images, MICRO_BATCH);
    run_trial(&r, 1);
    assert_same_bits(&r, &r.result, &first);
    assert_same_boxes(r.result.found, found, N_IMAGES);
    run_done(&r);
}

/* Set-up and trial. */
static ftdn_status try_a_trial(void *user, ftdn_error *err)
{
    run *r = user;
    const ftdn_score_source scores = {.n_threads = 1};
    const ftdn_rig_desc desc = {.trial = r->trial, .scores = &scores, .n_threads = 1};
    const ftdn_trial_control control = {.batch = 1};
    ftdn_rig rig;
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status =
        ftdn_trial_run(&rig, r->trial->dataset, &r->trial->settings, &control, &r->arena, &r->result, err);
    ftdn_rig_done(&rig);
    return status;
}

static void every_refused_allocation_on_the_device_is_an_error(void **state)
{
    (void)state;
    run r = {0};
    if (!ftdn_test_module()->is_emulated) skip();
    plan_run(&r, "cuda", BOTH, "{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}");
    assert_true(ftdn_test_refuse_each_allocation(try_a_trial, &r) >= 20);
    ftdn_planned_done(&r.planned);
    ftdn_arena_done(&r.arena);
}

/* Stages that a recorded sequence holds together have no rows. */
static void the_record_says_what_was_measured(void **state)
{
    (void)state;
    run r = {0};
    ftdn_trial_record record;
    run_on(&r, "cuda", BOTH, NONE);
    FTDN_ASSERT_OK(ftdn_record_make(r.trial, &r.rig, &r.result, &r.arena, &record, &r.err), r.err);
    static const char *const stages[] = {"weights", "forward", "average_precision", "total"};
    assert_int_equal(record.n_timings, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(record.timing_row[i].stage, stages[i]);
        assert_true(record.timing_row[i].seconds > 0);
    }
    assert_true(ftdn_rig_bytes(&r.rig) > (size_t)N_IMAGES * 300 * 300 * 3);
    run_done(&r);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_and_boxes_are_those_of_the_processor),
        cmocka_unit_test(flipped_exponents_hit_what_they_hit_on_the_processor),
        cmocka_unit_test(a_trial_has_the_same_bits_whenever_it_runs),
        cmocka_unit_test(threads_batch_and_the_order_of_work_change_no_bit),
        cmocka_unit_test(the_images_of_a_rig_may_change),
        cmocka_unit_test(rigs_share_images_that_are_there),
        cmocka_unit_test(a_stopped_trial_harms_no_later_one),
        cmocka_unit_test(the_record_says_what_was_measured),
        cmocka_unit_test(every_refused_allocation_on_the_device_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
