/* test_protection.c - trials of protected networks: what must be equal to what, bit for bit or nearly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"
#include "harness/plan/plan.h"
#include "harness/record.h"
#include "harness/rig.h"
#include "harness/trial.h"
#include "tests/support/support.h"

#define MOBILENET "{'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25}"
#define VGG "{'name': 'ssd_vgg16', 'weights': 'formula:0'}"
#define NONE "{'method': 'none'}"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_inputs inputs;
} fixture;

/* A trial and what is left of it: the network's raw answer to the last image, and the rig. */
typedef struct outcome {
    ftdn_plan plan;
    ftdn_rig rig;
    ftdn_trial_result result;
    size_t n_logits;
    const float *logits;
} outcome;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    ftdn_arena_init(&f->arena);
    ftdn_inputs_init(&f->inputs);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_inputs_done(&f->inputs);
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

/* ' stands for ". */
static void parse(fixture *f, const char *model, int n_images, const char *faults, const char *protection,
                  ftdn_manifest *manifest)
{
    char *text = ftdn_arena_format(&f->arena, &f->err,
                                   "{'manifest_version': 1, 'name': 'x', 'model': %s,"
                                   " 'dataset': {'kind': 'test_scenes', 'images': %d}, 'seed': 3,"
                                   " 'calibration': {'kind': 'test_scenes', 'images': 2, 'allow_overlap': true,"
                                   " 'measured_images': 1}, 'faults': %s, 'protection': %s}",
                                   model, n_images, faults, protection);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &f->arena);
    FTDN_ASSERT_OK(ftdn_manifest_parse(text, strlen(text), "m.json", &f->arena, &mistakes, manifest, &f->err), f->err);
}

static outcome *run_with(fixture *f, const char *model, int n_images, const char *faults, const char *protection,
                         int n_threads)
{
    outcome *o = FTDN_NEW(&f->arena, 1, outcome, &f->err);
    ftdn_manifest *manifest = FTDN_NEW(&f->arena, 1, ftdn_manifest, &f->err);
    assert_non_null(o);
    assert_non_null(manifest);
    parse(f, model, n_images, faults, protection, manifest);
    FTDN_ASSERT_OK(ftdn_plan_make(manifest, &f->inputs, &f->arena, &o->plan, &f->err), f->err);
    const ftdn_planned_trial *trial = &o->plan.trial[0];
    FTDN_ASSERT_OK(ftdn_dataset_decode(trial->dataset, 300, 1, &f->err), f->err);
    const ftdn_score_source scores = {.n_threads = n_threads};
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = n_threads};
    FTDN_ASSERT_OK(ftdn_rig_init(&o->rig, &desc, &f->err), f->err);
    const ftdn_trial_control control = {.batch = 1};
    FTDN_ASSERT_OK(ftdn_trial_run(&o->rig, trial->dataset, &trial->settings, &control, &f->arena, &o->result, &f->err),
                   f->err);
    const ftdn_network *network = &o->rig.model->network;
    o->n_logits = (size_t)network->n_priors * (size_t)(network->n_classes + 1);
    o->logits = o->rig.worker[0].answer[0].logits;
    return o;
}

static outcome *run(fixture *f, const char *faults, const char *protection)
{
    return run_with(f, MOBILENET, 1, faults, protection, 1);
}

static double largest_difference(const outcome *a, const outcome *b)
{
    double largest = 0, magnitude = 0;
    for (size_t i = 0; i < a->n_logits; i++) {
        largest = fmax(largest, fabs((double)a->logits[i] - (double)b->logits[i]));
        magnitude = fmax(magnitude, fabs((double)b->logits[i]));
    }
    return largest / magnitude;
}

static void assert_same_bits(const outcome *a, const outcome *b)
{
    assert_int_equal(a->n_logits, b->n_logits);
    assert_memory_equal(a->logits, b->logits, a->n_logits * sizeof *a->logits);
    assert_memory_equal(a->result.class_ap, b->result.class_ap, (size_t)a->result.n_classes * sizeof(ftdn_class_ap));
}

static void assert_other_bits(const outcome *a, const outcome *b)
{
    assert_true(memcmp(a->logits, b->logits, a->n_logits * sizeof *a->logits) != 0);
}

static void done(outcome *o)
{
    ftdn_rig_done(&o->rig);
}

#define FAULTS "{'weight_rate': 0.05, 'feature_map_rate': 0.05}"

static void ratio_0_is_no_protection(void **state)
{
    static const char *const protections[] = {
        "{'method': 'kr', 'ratio': 0}",
        "{'method': 'kr', 'ratio': 0, 'merge': 'median', 'ranking': 'random'}",
        "{'method': 'fmr', 'ratio': 0}",
        "{'method': 'fmr', 'ratio': 0, 'merge': 'nonzero', 'merge_point': 'conv', 'allocation': 'global'}",
        "{'method': 'd2nn', 'ratio': 0}",
    };
    fixture *f = *state;
    outcome *none = run(f, FAULTS, NONE);
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
        outcome *other = run(f, FAULTS, protections[i]);
        assert_same_bits(other, none);
        done(other);
    }
    outcome *boxes = run(f, FAULTS, "{'method': 'd2nn', 'ratio': 0, 'combine': 'boxes'}");
    assert_memory_equal(boxes->result.class_ap, none->result.class_ap,
                        (size_t)none->result.n_classes * sizeof(ftdn_class_ap));
    assert_int_equal(boxes->rig.worker[0].combiner.n_detections, none->rig.worker[0].detector[0].n_detections);
    assert_memory_equal(boxes->rig.worker[0].combiner.detection, none->rig.worker[0].detector[0].detection,
                        (size_t)none->rig.worker[0].detector[0].n_detections * sizeof(ftdn_detection));
    done(boxes);
    done(none);
}

static void clean_copies_of_everything_with_nonzero_restore_the_golden_run(void **state)
{
    fixture *f = *state;
    outcome *golden = run(f, "{}", NONE);
    outcome *restored =
        run(f, "{'weight_rate': 0.3, 'copies': 'clean'}", "{'method': 'kr', 'ratio': 1, 'merge': 'nonzero'}");
    outcome *global = run(f, "{'weight_rate': 0.3, 'copies': 'clean'}",
                          "{'method': 'kr', 'ratio': 1, 'merge': 'nonzero', 'allocation': 'global'}");
    outcome *independent = run(f, "{'weight_rate': 0.3}", "{'method': 'kr', 'ratio': 1, 'merge': 'nonzero'}");
    outcome *half =
        run(f, "{'weight_rate': 0.3, 'copies': 'clean'}", "{'method': 'kr', 'ratio': 0.5, 'merge': 'nonzero'}");
    assert_same_bits(restored, golden);
    assert_same_bits(global, golden);
    assert_other_bits(independent, golden);
    assert_other_bits(half, golden);
    done(golden);
    done(restored);
    done(global);
    done(independent);
    done(half);
}

static void a_protected_network_without_faults_is_the_golden_run(void **state)
{
    static const char *const exact[] = {
        "{'method': 'kr', 'ratio': 0.5}",
        "{'method': 'kr', 'ratio': 0.5, 'merge': 'nonzero'}",
        "{'method': 'kr', 'ratio': 1, 'merge': 'max_abs'}",
        "{'method': 'kr', 'ratio': 0.5, 'merge': 'median', 'ranking': 'entropy'}",
        "{'method': 'd2nn', 'ratio': 0.5}",
        "{'method': 'clip'}",
    };
    static const char *const nearly[] = {
        "{'method': 'fmr', 'ratio': 0.5}",
        "{'method': 'fmr', 'ratio': 1, 'merge': 'nonzero'}",
        "{'method': 'fmr', 'ratio': 0.3, 'merge': 'max_abs', 'merge_point': 'conv'}",
        "{'method': 'fmr', 'ratio': 0.5, 'merge': 'median', 'ranking': 'activation'}",
    };
    fixture *f = *state;
    outcome *golden = run(f, "{}", NONE);
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        outcome *other = run(f, "{}", exact[i]);
        assert_same_bits(other, golden);
        done(other);
    }
    for (size_t i = 0; i < sizeof nearly / sizeof *nearly; i++) { /* a narrower convolution sums in another order */
        outcome *other = run(f, "{}", nearly[i]);
        assert_true(largest_difference(other, golden) < 1e-5);
        done(other);
    }
    done(golden);
}

static void merging_weights_or_maps_is_the_same_where_all_is_linear(void **state)
{
    fixture *f = *state;
    const char *faults = "{'weight_rate': 0.02}";
    outcome *kr = run_with(f, VGG, 1, faults, "{'method': 'kr', 'ratio': 0.5}", 1);
    outcome *fmr = run_with(f, VGG, 1, faults, "{'method': 'fmr', 'ratio': 0.5, 'merge_point': 'conv'}", 1);
    outcome *none = run_with(f, VGG, 1, faults, NONE, 1);
    assert_true(largest_difference(fmr, kr) < 1e-4);
    assert_true(largest_difference(none, kr) > 1e-3);
    done(kr);
    done(fmr);
    done(none);
}

static void assert_same_faults_on_originals(const outcome *a, const outcome *b)
{
    const ftdn_weight_faults *mine = ftdn_rig_weight_faults(&a->rig), *other = ftdn_rig_weight_faults(&b->rig);
    assert_int_equal(mine->layers.n_layers, other->layers.n_layers);
    for (int i = 0; i < mine->layers.n_layers; i++) {
        const ftdn_graph *graph = mine->graph;
        const ftdn_node *conv = &graph->node[graph->layer[mine->layers.layer[i]].conv];
        assert_memory_equal(mine->buffer[i], other->buffer[i], graph->param[conv->weight].n_elements * sizeof(float));
    }
    for (int i = 0; i < a->rig.map_faults.layers.n_layers; i++) {
        assert_int_equal(a->result.map_count[i].n_elements, b->result.map_count[i].n_elements);
        assert_int_equal(a->result.map_count[i].n_faults, b->result.map_count[i].n_faults);
    }
}

static void all_protections_see_the_same_faults_on_the_originals(void **state)
{
    static const char *const protections[] = {
        "{'method': 'kr', 'ratio': 0.5}",
        "{'method': 'fmr', 'ratio': 0.5}",
        "{'method': 'fmr', 'ratio': 0.25, 'merge': 'median', 'ranking': 'random'}",
        "{'method': 'fmr', 'ratio': 0.5, 'merge_point': 'conv'}",
        "{'method': 'd2nn', 'ratio': 0.5}",
        "{'method': 'clip'}",
    };
    static const char *const scopes[] = {"features", "convs", "sources", "all"};
    fixture *f = *state;
    for (size_t s = 0; s < sizeof scopes / sizeof *scopes; s++) {
        const char *faults = ftdn_arena_format(
            &f->arena, NULL, "{'weight_rate': 0.05, 'feature_map_rate': 0.05, 'scope': '%s'}", scopes[s]);
        outcome *none = run(f, faults, NONE);
        for (size_t p = 0; p < sizeof protections / sizeof *protections; p++) {
            outcome *other = run(f, faults, protections[p]);
            assert_same_faults_on_originals(none, other);
            done(other);
        }
        done(none);
    }
}

static void threads_change_no_bit_of_any_protection(void **state)
{
    static const char *const cases[][2] = {
        {FAULTS, "{'method': 'kr', 'ratio': 0.5, 'ranking': 'second_order'}"},
        {FAULTS, "{'method': 'fmr', 'ratio': 0.5, 'ranking': 'entropy', 'allocation': 'global'}"},
        {FAULTS, "{'method': 'fmr', 'ratio': 0.5, 'ranking': 'taylor', 'merge': 'median'}"},
        {FAULTS, "{'method': 'd2nn', 'ratio': 0.5, 'ranking': 'activation'}"},
        {FAULTS, "{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}"},
        {FAULTS, "{'method': 'clip'}"},
        {"{'weight_rate': 0.05, 'redraw': 'image'}", "{'method': 'kr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.05, 'redraw': 'image'}", "{'method': 'fmr', 'ratio': 0.5, 'direction': 'filter'}"},
        {"{'weight_rate': 0.05, 'redraw': 'image'}", "{'method': 'fmr', 'ratio': 0.5, 'merge': 'median'}"},
        {"{'weight_rate': 0.05, 'redraw': 'image'}", "{'method': 'd2nn', 'ratio': 0.5}"},
        {"{'weight_count': 5, 'redraw': 'image', 'copies': 'shared'}", "{'method': 'kr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.05, 'redraw': 'image'}", "{'method': 'clip'}"},
        {"{'feature_map_rate': 0.05, 'scope': 'all'}", "{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}"},
        {"{'feature_map_rate': 0.05, 'scope': 'convs', 'type': 'random'}", "{'method': 'fmr', 'ratio': 0.5}"},
        {"{'weight_count': 5, 'feature_map_count': 7, 'type': 'bit_flip'}", "{'method': 'fmr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.05, 'feature_map_rate': 0.05, 'type': 'random'}", "{'method': 'fmr', 'ratio': 0.5}"},
        {"{'weight_rate': 0.01, 'feature_map_rate': 0.01, 'type': 'bit_flip', 'redraw': 'image'}",
         "{'method': 'd2nn', 'ratio': 0.5}"},
        {"{'feature_map_rate': 0.01, 'type': 'stuck_at_1', 'bits': 'exponent', 'copies': 'clean'}",
         "{'method': 'fmr', 'ratio': 0.5, 'merge': 'nonzero'}"},
        {"{'weight_rate': 0.05, 'feature_map_rate': 0.05, 'type': 'stuck_at_0', 'scope': 'convs'}",
         "{'method': 'fmr', 'ratio': 0.5, 'merge_point': 'conv', 'ranking': 'measured'}"},
        {"{'weight_rate': 0.05, 'copies': 'shared'}", "{'method': 'kr', 'ratio': 0.5, 'ranking': 'random'}"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome *one = run_with(f, MOBILENET, 4, cases[i][0], cases[i][1], 1);
        outcome *three = run_with(f, MOBILENET, 4, cases[i][0], cases[i][1], 3);
        const ftdn_trial_result *a = &one->result, *b = &three->result;
        assert_memory_equal(a->class_ap, b->class_ap, (size_t)a->n_classes * sizeof *a->class_ap);
        assert_memory_equal(a->map_count, b->map_count, (size_t)one->rig.map_faults.n_targets * sizeof *a->map_count);
        const ftdn_weight_faults *weights = ftdn_rig_weight_faults(&one->rig);
        assert_memory_equal(a->weight_count, b->weight_count,
                            (size_t)weights->layers.n_layers * sizeof *a->weight_count);
        for (int c = 0; c < weights->copies.n_copies; c++) {
            assert_memory_equal(a->weight_copy_count[c], b->weight_copy_count[c],
                                (size_t)weights->copies.n_layers * sizeof *a->weight_copy_count[c]);
        }
        done(one);
        done(three);
    }
}

/* The last image of a trial of several images: its answer depends on no other image. */
static void weights_drawn_for_each_image_depend_on_that_image_alone(void **state)
{
    fixture *f = *state;
    const char *faults = "{'weight_rate': 0.05, 'redraw': 'image'}", *kr = "{'method': 'kr', 'ratio': 0.5}";
    outcome *alone = run_with(f, MOBILENET, 1, faults, kr, 1);
    outcome *trial = run_with(f, MOBILENET, 3, faults, kr, 1);
    assert_other_bits(alone, trial); /* scene 0 and scene 2 */
    int64_t n_weights = alone->result.weight_count[0].n_elements;
    assert_int_equal(trial->result.weight_count[0].n_elements, 3 * n_weights);
    ftdn_worker *worker = &trial->rig.worker[0];
    ftdn_image_detections found;
    FTDN_ASSERT_OK(ftdn_worker_detect(worker, trial->plan.trial[0].dataset, 0, 1, false, &found, &f->err), f->err);
    assert_memory_equal(worker->answer[0].logits, alone->logits, alone->n_logits * sizeof *alone->logits);
    outcome *golden = run(f, "{'redraw': 'image'}", kr), *none = run(f, "{}", NONE);
    assert_same_bits(golden, none);
    done(alone);
    done(trial);
    done(golden);
    done(none);
}

static void counts_are_met_exactly(void **state)
{
    fixture *f = *state;
    outcome *o =
        run_with(f, MOBILENET, 3, "{'weight_count': 4, 'feature_map_count': 1, 'type': 'stuck_at_1', 'bit': 30}",
                 "{'method': 'fmr', 'ratio': 0.5}", 2);
    int64_t n_weight = 0, n_map = 0, n_copy = 0;
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(&o->rig);
    for (int i = 0; i < weights->layers.n_layers; i++) n_weight += o->result.weight_count[i].n_faults;
    for (int i = 0; i < weights->copies.n_layers; i++) n_copy += o->result.weight_copy_count[0][i].n_faults;
    for (int t = 0; t < o->rig.map_faults.n_targets; t++) n_map += o->result.map_count[t].n_faults;
    assert_int_equal(n_weight, 4);
    assert_int_equal(n_copy, 0);
    assert_int_equal(n_map, 3);
    done(o);
}

/* The rows of one location: originals, or copies. */
typedef struct row_sum {
    int n_rows;
    int64_t n_elements, n_faults;
    double n_expected;
} row_sum;

static row_sum sum_rows(const ftdn_trial_record *record, const char *location, bool of_copies, const char *layer)
{
    row_sum sum = {0};
    for (int i = 0; i < record->n_faults; i++) {
        const ftdn_fault_row *row = &record->fault_row[i];
        assert_true(row->n_elements > 0 && row->n_faults <= row->n_elements && row->n_changed <= row->n_faults);
        assert_true(row->requested_rate > 0 && row->requested_rate <= 1);
        if (strcmp(row->location, location) || (row->copy > 0) != of_copies || (layer && strcmp(row->layer, layer)))
            continue;
        sum.n_rows++;
        sum.n_elements += row->n_elements;
        sum.n_faults += row->n_faults;
        sum.n_expected += row->requested_rate * (double)row->n_elements;
    }
    return sum;
}

/* Elements of the rows of copies over those of the originals; the faults of both are within five standard deviations
 * of what is asked for, or exactly so many. */
static double check_rows(const ftdn_trial_record *record, const char *location, int64_t n_exactly)
{
    row_sum originals = sum_rows(record, location, false, NULL), copies = sum_rows(record, location, true, NULL);
    if (n_exactly) {
        assert_int_equal(originals.n_faults, n_exactly);
        assert_true(fabs(originals.n_expected - (double)n_exactly) < 1e-9);
    } else {
        assert_true(fabs((double)originals.n_faults - originals.n_expected) <= 5 * sqrt(originals.n_expected));
    }
    assert_true(fabs((double)copies.n_faults - copies.n_expected) <= 5 * sqrt(copies.n_expected));
    return (double)copies.n_elements / (double)originals.n_elements;
}

static void rows_say_what_could_be_hit_and_what_was_asked_for(void **state)
{
    static const struct {
        const char *faults, *protection;
        bool hits_stored_copies;
        double map_copies;            /* elements of the rows of copies over those of originals */
        int64_t n_weight_faults, n_map_faults; /* of 3 images; 0: by rate */
    } cases[] = {
#define COUNTS "'weight_count': 30, 'feature_map_count': 20"
        {"{" COUNTS "}", "{'method': 'fmr', 'ratio': 0.5}", false, 0, 30, 60},
        {"{" COUNTS ", 'redraw': 'image'}", "{'method': 'kr', 'ratio': 0.5}", false, 0, 90, 60},
        {"{" COUNTS ", 'redraw': 'image', 'copies': 'shared'}", "{'method': 'fmr', 'ratio': 0.5}", true, 0.5, 90, 60},
        {"{" COUNTS "}", "{'method': 'd2nn', 'ratio': 0.5}", false, 0.5, 30, 60},
        {"{" COUNTS ", 'copies': 'shared'}", "{'method': 'd2nn', 'ratio': 0.5}", true, 1, 30, 60},
        {FAULTS, "{'method': 'fmr', 'ratio': 0.5}", true, 0.5, 0, 0},
        {FAULTS, "{'method': 'd2nn', 'ratio': 0.5}", true, 1, 0, 0},
        {"{'weight_rate': 0.05, 'feature_map_rate': 0.05, 'copies': 'clean'}", "{'method': 'fmr', 'ratio': 0.5}", false,
         0, 0, 0},
        {"{'weight_rate': 0.05, 'feature_map_rate': 0.05, 'copies': 'clean', 'redraw': 'image'}",
         "{'method': 'd2nn', 'ratio': 0.5}", false, 0.5, 0, 0},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome *o = run_with(f, MOBILENET, 3, cases[i].faults, cases[i].protection, 2);
        ftdn_trial_record record;
        FTDN_ASSERT_OK(ftdn_record_make(&o->plan.trial[0], &o->rig, &o->result, &f->arena, &record, &f->err), f->err);
        assert_int_equal(check_rows(&record, "weights", cases[i].n_weight_faults) > 0, cases[i].hits_stored_copies);
        assert_true(check_rows(&record, "feature_map", cases[i].n_map_faults) == cases[i].map_copies);
        done(o);
    }
}

static void copies_of_depthwise_convolutions_are_hit_where_they_are_in_scope(void **state)
{
    fixture *f = *state;
    outcome *o =
        run(f, "{'feature_map_rate': 0.05, 'scope': 'convs'}", "{'method': 'fmr', 'ratio': 0.5, 'merge': 'median'}");
    ftdn_trial_record record;
    FTDN_ASSERT_OK(ftdn_record_make(&o->plan.trial[0], &o->rig, &o->result, &f->arena, &record, &f->err), f->err);
    row_sum original = sum_rows(&record, "feature_map", false, "base_net.3.0");
    row_sum copies = sum_rows(&record, "feature_map", true, "base_net.3.0");
    assert_int_equal(original.n_rows, 1);
    assert_int_equal(copies.n_rows, 2);
    assert_int_equal(copies.n_elements, 2 * original.n_elements);
    assert_true(copies.n_faults > 0 && original.n_faults > 0 && copies.n_faults != 2 * original.n_faults);
    done(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ratio_0_is_no_protection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clean_copies_of_everything_with_nonzero_restore_the_golden_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_protected_network_without_faults_is_the_golden_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merging_weights_or_maps_is_the_same_where_all_is_linear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_protections_see_the_same_faults_on_the_originals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_change_no_bit_of_any_protection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weights_drawn_for_each_image_depend_on_that_image_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_are_met_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_say_what_could_be_hit_and_what_was_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_of_depthwise_convolutions_are_hit_where_they_are_in_scope, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
