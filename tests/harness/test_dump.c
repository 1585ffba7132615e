/* test_dump.c - what `ftdn run --trial ID --dump DIR` writes is what the trial computes, bit for bit. */
#include "harness/dump.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"
#include "harness/plan/plan.h"
#include "harness/rig.h"
#include "tests/support/support.h"

#define FAULTS "{'type': 'random', 'weight_rate': 0.01, 'feature_map_rate': 0.02}"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_inputs inputs;
    ftdn_manifest manifest;
    ftdn_plan plan;
    char *folder;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    ftdn_arena_init(&f->arena);
    ftdn_inputs_init(&f->inputs);
    f->folder = ftdn_test_create_folder(&f->arena);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_test_remove_folder(f->folder);
    ftdn_inputs_done(&f->inputs);
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

/* ' stands for ". */
static const ftdn_planned_trial *plan(fixture *f, const char *faults, const char *protection)
{
    char *text = ftdn_arena_format(&f->arena, &f->err,
                                   "{'manifest_version': 1, 'name': 'x',"
                                   " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},"
                                   " 'dataset': {'kind': 'test_scenes', 'images': 2}, 'seed': 3,"
                                   " 'calibration': {'kind': 'test_scenes', 'images': 1, 'allow_overlap': true},"
                                   " 'faults': %s, 'protection': %s}",
                                   faults, protection);
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &f->arena);
    FTDN_ASSERT_OK(ftdn_manifest_parse(text, strlen(text), "m.json", &f->arena, &mistakes, &f->manifest, &f->err),
                   f->err);
    FTDN_ASSERT_OK(ftdn_plan_make(&f->manifest, &f->inputs, &f->arena, &f->plan, &f->err), f->err);
    return &f->plan.trial[0];
}

static const ftdn_score_source scores = {.n_threads = 1};

static ftdn_dump_summary dump(fixture *f, const ftdn_planned_trial *trial, int image)
{
    ftdn_dump_summary summary;
    FTDN_ASSERT_OK(ftdn_dump(trial, &scores, image, f->folder, &f->arena, &summary, &f->err), f->err);
    return summary;
}

static ftdn_test_npy load(fixture *f, const ftdn_dump_summary *summary, const char *name)
{
    char *path = ftdn_arena_format(&f->arena, &f->err, "%s/%s.npy", summary->folder, name);
    for (char *c = path + strlen(summary->folder); *c; c++)
        if (*c == ':') *c = '.';
    return ftdn_test_load_npy(&f->arena, path);
}

static const ftdn_json *load_index(fixture *f, const ftdn_dump_summary *summary)
{
    return ftdn_test_load_json(&f->arena, ftdn_arena_format(&f->arena, &f->err, "%s/index.json", summary->folder));
}

static const ftdn_json *find_file(const ftdn_json *index, const char *file)
{
    const ftdn_json *files = ftdn_json_find(index, "files");
    for (int i = 0; i < files->n_children; i++)
        if (!strcmp(ftdn_json_find(files->child[i], "file")->string, file)) return files->child[i];
    return NULL;
}

static void assert_values(const ftdn_test_npy *npy, const float *values, size_t n)
{
    assert_int_equal(npy->n_elements, n);
    assert_memory_equal(npy->values, values, n * sizeof *values);
}

/* A rig as a campaign makes it, whose hook compares each map that is hit with the file. */
typedef struct comparison {
    fixture *f;
    const ftdn_dump_summary *summary;
    ftdn_rig *rig;
    int n_maps;
} comparison;

static void inject_and_compare(void *user, const ftdn_map *map)
{
    comparison *c = user;
    const ftdn_graph *graph = c->rig->protection.graph;
    ftdn_map_injector_hook(&c->rig->worker[0].injector, map);
    const ftdn_layer *layer = &graph->layer[graph->node[map->node].layer];
    ftdn_test_npy npy = load(c->f, c->summary, layer->name);
    assert_values(&npy, map->values, ftdn_shape_elements(map->shape));
    c->n_maps++;
}

/* The dump of the trial's second image, against a forward of a rig that uses memory of maps again. */
static void assert_dump_is_the_trial(fixture *f, const ftdn_planned_trial *trial, int n_networks)
{
    ftdn_dump_summary summary = dump(f, trial, 1);
    ftdn_rig rig;
    const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = 1};
    FTDN_ASSERT_OK(ftdn_rig_init(&rig, &desc, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_rig_prepare(&rig, &trial->settings, &f->err), f->err);
    comparison c = {.f = f, .summary = &summary, .rig = &rig};
    const ftdn_map_hook hook = {.call = inject_and_compare, .user = &c};
    ftdn_worker *worker = &rig.worker[0];
    FTDN_ASSERT_OK(ftdn_worker_forward(worker, trial->dataset, 1, 1, &hook, &f->err), f->err);
    assert_int_equal(c.n_maps, rig.map_faults.n_targets);
    assert_int_equal(worker->n_networks, n_networks);

    static const char *const names[2][2] = {{"logits", "locations"}, {"secondary.logits", "secondary.locations"}};
    for (int n = 0; n < n_networks; n++) {
        const ftdn_network *network = &worker->network[n];
        size_t n_priors = (size_t)network->n_priors;
        ftdn_network_gather(network, worker->context, 0, worker->answer[n].logits, worker->answer[n].locations);
        ftdn_test_npy logits = load(f, &summary, names[n][0]), locations = load(f, &summary, names[n][1]);
        assert_values(&logits, worker->answer[n].logits, n_priors * 21);
        assert_values(&locations, worker->answer[n].locations, n_priors * 4);
        assert_int_equal(logits.dims[1], 21);
        assert_int_equal(locations.dims[1], 4);
    }

    const ftdn_weight_faults *faults = ftdn_rig_weight_faults(&rig);
    const ftdn_graph *graph = faults->graph;
    for (int i = 0; i < faults->layers.n_layers; i++) {
        const ftdn_layer *layer = &graph->layer[faults->layers.layer[i]];
        int weight = graph->node[layer->conv].weight;
        ftdn_test_npy npy = load(f, &summary, ftdn_arena_format(&f->arena, &f->err, "%s.weight", layer->name));
        assert_values(&npy, faults->faulty.value[weight], graph->param[weight].n_elements);
        assert_memory_equal(npy.dims, graph->param[weight].dims, sizeof graph->param[weight].dims);
    }
    for (int i = 0; i < faults->copies.n_layers; i++) {
        const ftdn_layer_copies *copied = &faults->copies.layer[i];
        const ftdn_layer *layer = &graph->layer[copied->layer];
        for (int copy = 0; copy < faults->copies.n_copies; copy++) {
            char *name = ftdn_arena_format(&f->arena, &f->err, "%s.weight.copy%d", layer->name, copy + 1);
            ftdn_test_npy npy = load(f, &summary, name);
            assert_int_equal(npy.dims[0], copied->n_channels);
            assert_values(&npy, faults->copy_buffer[copy][i], npy.n_elements);
        }
    }
    ftdn_rig_done(&rig);
}

static void an_unprotected_trial_is_dumped_as_it_runs(void **state)
{
    assert_dump_is_the_trial(*state, plan(*state, FAULTS, "{'method': 'none'}"), 1);
}

static void weights_that_are_hit_for_each_image_are_those_of_the_image(void **state)
{
    static const char faults[] = "{'type': 'zero', 'weight_rate': 0.01, 'feature_map_rate': 0.02, 'redraw': 'image'}";
    assert_dump_is_the_trial(*state, plan(*state, faults, "{'method': 'none'}"), 1);
}

static void protected_trials_are_dumped_as_they_run(void **state)
{
    static const char *const protections[] = {
        "{'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'mean'}",
        "{'method': 'fmr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'mean'}",
        "{'method': 'fmr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'median'}",
        "{'method': 'clip'}",
    };
    for (size_t i = 0; i < sizeof protections / sizeof *protections; i++)
        assert_dump_is_the_trial(*state, plan(*state, FAULTS, protections[i]), 1);
}

static void both_networks_of_d2nn_are_dumped(void **state)
{
    static const char protection[] = "{'method': 'd2nn', 'ranking': 'weight_sum', 'ratio': 0.5}";
    assert_dump_is_the_trial(*state, plan(*state, FAULTS, protection), 2);
}

/* Maps of originals and copies are those before merging: their mean is the merged map. */
static void maps_before_and_after_merging_are_told_apart(void **state)
{
    fixture *f = *state;
    static const char *const points[] = {"activation", "conv"};
    for (int p = 0; p < 2; p++) {
        char *faults = ftdn_arena_format(
            &f->arena, &f->err, "{'type': 'zero', 'feature_map_rate': 0.1, 'feature_map_point': '%s'}", points[p]);
        const ftdn_planned_trial *trial =
            plan(f, faults, "{'method': 'fmr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'mean'}");
        ftdn_dump_summary summary = dump(f, trial, 0);
        const ftdn_json *files = ftdn_json_find(load_index(f, &summary), "files");
        int n_merged = 0, n_copies = 0;
        for (int i = 0; i < files->n_children; i++) {
            const char *kind = ftdn_json_find(files->child[i], "kind")->string;
            n_merged += !strcmp(kind, "merged");
            n_copies += strstr(ftdn_json_find(files->child[i], "file")->string, ":copy") != NULL;
        }
        assert_int_equal(n_merged, 13);
        assert_int_equal(n_copies, 0); /* ':' is no part of a file's name */
        if (p == 1) continue;
        ftdn_test_npy original = load(f, &summary, "base_net.5.3"), copy = load(f, &summary, "base_net.5.3:copy1");
        ftdn_test_npy merged = load(f, &summary, "base_net.5.3:merge");
        assert_int_equal(merged.n_elements, original.n_elements);
        size_t n_means = 0, n_kept = 0;
        int64_t n_channels = original.dims[2], n_copied = copy.dims[2];
        assert_true(n_copied > 0 && n_copied < n_channels);
        for (int64_t cell = 0; cell < original.dims[0] * original.dims[1]; cell++) {
            int64_t j = 0; /* copies are of ascending channels: a merged one that differs is the next copy's mean */
            for (int64_t k = 0; k < n_channels; k++) {
                float own = original.values[cell * n_channels + k], found = merged.values[cell * n_channels + k];
                if (found == own) {
                    n_kept++;
                    continue;
                }
                while (j < n_copied && ftdn_merge_mean(own, copy.values[cell * n_copied + j]) != found) j++;
                assert_true(j < n_copied);
                n_means++;
            }
        }
        assert_true(n_means > 100 && n_kept > 100);
    }
}

static void the_index_lists_what_is_there(void **state)
{
    fixture *f = *state;
    const ftdn_planned_trial *trial = plan(f, "{'type': 'bit_flip', 'weight_rate': 0.01}",
                                           "{'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'mean'}");
    ftdn_dump_summary summary = dump(f, trial, 0);
    const ftdn_json *index = load_index(f, &summary), *files = ftdn_json_find(index, "files");
    assert_string_equal(ftdn_json_find(index, "trial")->string, trial->spec.id);
    assert_string_equal(ftdn_json_find(index, "image")->string, trial->dataset->image[0].name);
    assert_int_equal(files->n_children, summary.n_files);
    assert_int_equal(files->n_children, 1 + trial->model->network.graph.n_layers + 2 * 26 + 2);
    size_t n_odd = 0;
    for (int i = 0; i < files->n_children; i++) {
        const ftdn_json *file = files->child[i], *shape = ftdn_json_find(file, "shape");
        char *path =
            ftdn_arena_format(&f->arena, &f->err, "%s/%s", summary.folder, ftdn_json_find(file, "file")->string);
        ftdn_test_npy npy = ftdn_test_load_npy(&f->arena, path);
        assert_int_equal(npy.n_dims, shape->n_children);
        for (int d = 0; d < npy.n_dims; d++) assert_true(shape->child[d]->number == (double)npy.dims[d]);
        double least = INFINITY, greatest = -INFINITY;
        size_t n_nan = 0, n_infinite = 0;
        for (size_t e = 0; e < npy.n_elements; e++) {
            n_nan += isnan(npy.values[e]) != 0;
            n_infinite += isinf(npy.values[e]) != 0;
            if (!isfinite(npy.values[e])) continue;
            least = fmin(least, (double)npy.values[e]);
            greatest = fmax(greatest, (double)npy.values[e]);
        }
        n_odd += n_nan + n_infinite;
        assert_true(ftdn_json_find(file, "nan")->number == (double)n_nan);
        assert_true(ftdn_json_find(file, "infinite")->number == (double)n_infinite);
        if (n_nan + n_infinite == npy.n_elements) {
            assert_int_equal(ftdn_json_find(file, "min")->kind, FTDN_JSON_NULL);
            continue;
        }
        assert_true(ftdn_json_find(file, "min")->number == least);
        assert_true(ftdn_json_find(file, "max")->number == greatest);
    }
    assert_true(n_odd > 0); /* flipped exponents overflow */
    const ftdn_json *map = find_file(index, "base_net.5.3.npy"),
                    *copy = find_file(index, "base_net.5.3.weight.copy1.npy");
    assert_string_equal(ftdn_json_find(map, "layer")->string, "base_net.5.3");
    assert_string_equal(ftdn_json_find(map, "roles")->child[0]->string, "feature_weights");
    assert_int_equal(ftdn_json_find(map, "channels")->kind, FTDN_JSON_NULL);
    const ftdn_json *channels = ftdn_json_find(copy, "channels");
    assert_true(channels->n_children == ftdn_json_find(copy, "shape")->child[0]->number);
    assert_true(channels->child[0]->number < channels->child[1]->number);
}

static void a_trial_without_weight_faults_has_no_weights_to_show(void **state)
{
    fixture *f = *state;
    const ftdn_planned_trial *trial = plan(f, "{'type': 'zero', 'feature_map_rate': 0.1}", "{'method': 'none'}");
    ftdn_dump_summary summary = dump(f, trial, 0);
    assert_int_equal(summary.n_files, 1 + trial->model->network.graph.n_layers + 2);
    assert_null(find_file(load_index(f, &summary), "base_net.5.3.weight.npy"));
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    fixture *f = *state;
    const ftdn_planned_trial *trial = plan(f, FAULTS, "{'method': 'none'}");
    char *file = ftdn_arena_format(&f->arena, &f->err, "%s/file", f->folder);
    ftdn_test_write_file(file, "x", 1);
    ftdn_dump_summary summary;
    FTDN_ASSERT_FAILS(ftdn_dump(trial, &scores, 0, file, &f->arena, &summary, &f->err), FTDN_ERR_INPUT,
                      "file: folder cannot be created", f->err);
}

static void a_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    const ftdn_planned_trial *trial = plan(f, FAULTS, "{'method': 'none'}");
    for (long n_good = 0; n_good < 6; n_good++) {
        ftdn_arena arena;
        ftdn_dump_summary summary;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        FTDN_ASSERT_FAILS(ftdn_dump(trial, &scores, 0, f->folder, &arena, &summary, &f->err), FTDN_ERR_MEMORY, "memory",
                          f->err);
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unprotected_trial_is_dumped_as_it_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weights_that_are_hit_for_each_image_are_those_of_the_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(protected_trials_are_dumped_as_they_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_networks_of_d2nn_are_dumped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(maps_before_and_after_merging_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_index_lists_what_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trial_without_weight_faults_has_no_weights_to_show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_allocation_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
