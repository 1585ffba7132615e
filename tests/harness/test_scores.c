/* test_scores.c - scores for protections: computed, kept in the store, found there; and ranges of maps. */
#include "harness/rankings/scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "harness/rankings/ranges.h"
#include "harness/rankings/ranking.h"
#include "results/query.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    char *folder, *path;
    ftdn_store *store;
    ftdn_model model;
    ftdn_planned_trial trial;
    ftdn_layer_set layers;
    ftdn_score_source source;
    int n_told, n_done, n_all; /* by progress */
    const char *told;
} fixture;

static void on_progress(void *user, const char *ranker, int n_done, int n_all)
{
    fixture *f = user;
    f->n_told++;
    f->told = ranker;
    f->n_done = n_done;
    f->n_all = n_all;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    ftdn_arena_init(&f->arena);
    f->folder = ftdn_test_create_folder(&f->arena);
    f->path = ftdn_path_join(&f->arena, f->folder, "store.db", &f->err);
    FTDN_ASSERT_OK(ftdn_store_open(f->path, FTDN_STORE_WRITE, &f->store, &f->err), f->err);
    const ftdn_model_settings model = {.name = "ssd_mobilenet_v1", .n_classes = 20, .width = 0.1};
    FTDN_ASSERT_OK(ftdn_model_open(&model, &f->arena, &f->model, &f->err), f->err);
    f->trial = (ftdn_planned_trial){
        .model = &f->model,
        .arithmetic = ftdn_backend_arithmetic(ftdn_backend_find("cpu"), FTDN_CONV_DIRECT),
        .settings = {.engine = {.backend = "cpu", .convolution = "direct"},
                     .faults = {.type = "zero", .bit = -1, .feature_map_point = "activation"},
                     .n_measured_images = 1},
    };
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(3, 5, &f->trial.calibration, &f->err), f->err);
    const ftdn_scope features = {.name = "features"};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&features, &f->model.network.graph, FTDN_LOCATION_FEATURE_MAP, &f->arena,
                                      &f->layers, &f->err),
                   f->err);
    f->source = (ftdn_score_source){.store = f->store, .n_threads = 2, .on_progress = on_progress, .user = f};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ftdn_dataset_close(f->trial.calibration);
    ftdn_store_close(f->store);
    ftdn_test_remove_folder(f->folder);
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

static const double *const *get(fixture *f, const char *ranking)
{
    const double *const *score = NULL;
    f->trial.settings.protection.ranking = ranking;
    FTDN_ASSERT_OK(ftdn_scores_get(&f->source, &f->trial, f->layers, &f->arena, &score, &f->err), f->err);
    assert_non_null(score);
    return score;
}

static int n_channels_of(const fixture *f, int l)
{
    const ftdn_graph *graph = &f->model.network.graph;
    return graph->node[graph->layer[f->layers.layer[l]].conv].shape.c;
}

static bool are_equal(const fixture *f, const double *const *a, const double *const *b)
{
    bool equal = true;
    for (int l = 0; l < f->layers.n_layers; l++)
        equal &= memcmp(a[l], b[l], (size_t)n_channels_of(f, l) * sizeof(double)) == 0;
    return equal;
}

static const char *ask(fixture *f, const char *question)
{
    const ftdn_question asked = {.text = question};
    ftdn_text text;
    ftdn_text_init(&text);
    FTDN_ASSERT_OK(ftdn_query_answer(f->store, &asked, FTDN_FORMAT_CSV, NULL, &text, &f->err), f->err);
    return ftdn_test_keep_text(&text, &f->arena);
}

static const char rows[] =
    "SELECT id, ranker, parameters, calibration_digest IS NULL AS c, backend, arithmetic, seconds, "
    "created_at, (SELECT count(*) FROM channel_scores) AS n FROM rankings ORDER BY id";

/* As ftdn_ranking_compute gives them. */
static void scores_are_those_of_the_ranking(void **state)
{
    fixture *f = *state;
    int n_rankers;
    const ftdn_ranker *const *ranker = ftdn_rankers(&n_rankers);
    f->layers.n_layers = 3;
    f->trial.settings.seed = 7;
    f->trial.settings.faults.feature_map_point = "conv";
    for (int r = 0; r < n_rankers; r++) {
        const double *const *score = get(f, ranker[r]->name);
        FTDN_ASSERT_OK(ftdn_dataset_decode(f->trial.calibration, 300, 2, &f->err), f->err);
        const ftdn_ranking_desc desc = {
            .model = &f->model,
            .calibration = f->trial.calibration,
            .backend = ftdn_backend_find("cpu"),
            .layers = f->layers,
            .point = FTDN_MAP_POINT_CONV,
            .ranker = &ranker[r],
            .n_rankers = 1,
            .options = {.seed = 7},
            .n_measured_images = 1,
            .fault = {.type = FTDN_FAULT_ZERO},
            .n_threads = 2,
        };
        ftdn_ranking ranking;
        FTDN_ASSERT_OK(ftdn_ranking_compute(&desc, &f->arena, &ranking, &f->err), f->err);
        for (int l = 0; l < f->layers.n_layers; l++) {
            for (int k = 0; k < n_channels_of(f, l); k++) assert_true(score[l][k] == ranking.layer[l].score[0][k]);
        }
    }
}

static void scores_are_computed_once(void **state)
{
    fixture *f = *state;
    static const char *const ranking[] = {"weight_sum", "second_order", "entropy", "measured"};
    f->source.n_threads = 1; /* of several, the one that tells may get no image */
    for (size_t r = 0; r < sizeof ranking / sizeof *ranking; r++) {
        bool by_images = r > 0;
        f->n_told = 0;
        const double *const *computed = get(f, ranking[r]);
        assert_int_equal(f->n_told > 0, by_images);
        const char *before = ask(f, rows);
        /* The images are as if they had not been decoded, and stay so. */
        int size = f->trial.calibration->size;
        f->n_told = 0;
        f->trial.calibration->size = 1;
        f->source.n_threads = 1;
        const double *const *found = get(f, ranking[r]);
        assert_int_equal(f->trial.calibration->size, 1);
        f->trial.calibration->size = size;
        f->source.n_threads = 2;
        assert_true(are_equal(f, computed, found));
        assert_int_equal(f->n_told, 0);
        assert_string_equal(ask(f, rows), before);
    }
    assert_string_equal(ask(f, "SELECT ranker, parameters, calibration_digest IS NULL AS c, backend FROM rankings"),
                        "ranker,parameters,c,backend\n"
                        "weight_sum,\"{\"\"direction\"\":\"\"outgoing\"\"}\",1,\n"
                        "second_order,\"{\"\"images\"\":3,\"\"point\"\":\"\"activation\"\"}\",0,cpu\n"
                        "entropy,\"{\"\"images\"\":3,\"\"point\"\":\"\"activation\"\"}\",0,cpu\n"
                        "measured,\"{\"\"faults\"\":{\"\"rate\"\":0.1,\"\"type\"\":\"\"zero\"\"},\"\"images\"\":1,"
                        "\"\"point\"\":\"\"activation\"\"}\",0,cpu\n");
    char semantics[32];
    snprintf(semantics, sizeof semantics, "semantics\n%d\n", FTDN_SEMANTICS);
    assert_string_equal(ask(f, "SELECT DISTINCT semantics FROM rankings"), semantics);
}

static void what_determines_scores_tells_them_apart(void **state)
{
    fixture *f = *state;
    f->layers.n_layers = 1;
    ftdn_trial_settings *settings = &f->trial.settings, plain = *settings;
    const double *const *outgoing = get(f, "weight_sum");
    settings->protection.direction = "outgoing";
    assert_true(are_equal(f, get(f, "weight_sum"), outgoing));
    settings->protection.direction = "filter";
    assert_false(are_equal(f, get(f, "weight_sum"), outgoing));
    *settings = plain;

    const double *const *activated = get(f, "activation");
    settings->faults.feature_map_point = "conv";
    assert_false(are_equal(f, get(f, "activation"), activated));
    settings->faults.feature_map_point = "activation";
    settings->engine.backend = "ref";
    (void)get(f, "activation");
    *settings = plain;

    const double *const *measured = get(f, "measured");
    settings->n_measured_images = 2;
    assert_false(are_equal(f, get(f, "measured"), measured));
    settings->n_measured_images = 3;
    const double *const *all = get(f, "measured");
    settings->n_measured_images = 99;
    assert_true(are_equal(f, get(f, "measured"), all));
    settings->n_measured_images = 1;
    settings->faults = (ftdn_fault_settings){
        .type = "random", .bit = -1, .has_range = true, .low = -1.5f, .high = 90, .feature_map_point = "activation"};
    assert_false(are_equal(f, get(f, "measured"), measured));
    settings->faults =
        (ftdn_fault_settings){.type = "bit_flip", .bit = -1, .bits = "sign", .feature_map_point = "activation"};
    assert_false(are_equal(f, get(f, "measured"), measured));
    settings->faults = (ftdn_fault_settings){.type = "stuck_at_1", .bit = 30, .feature_map_point = "activation"};
    assert_false(are_equal(f, get(f, "measured"), measured));
    assert_string_equal(ask(f, "SELECT parameters FROM rankings WHERE ranker = 'measured' AND id > 8"),
                        "parameters\n"
                        "\"{\"\"faults\"\":{\"\"range\"\":[-1.5,90],\"\"rate\"\":0.1,\"\"type\"\":\"\"random\"\"},"
                        "\"\"images\"\":1,\"\"point\"\":\"\"activation\"\"}\"\n"
                        "\"{\"\"faults\"\":{\"\"bits\"\":\"\"sign\"\",\"\"rate\"\":0.1,\"\"type\"\":\"\"bit_flip\"\"},"
                        "\"\"images\"\":1,\"\"point\"\":\"\"activation\"\"}\"\n"
                        "\"{\"\"faults\"\":{\"\"bit\"\":30,\"\"rate\"\":0.1,\"\"type\"\":\"\"stuck_at_1\"\"},"
                        "\"\"images\"\":1,\"\"point\"\":\"\"activation\"\"}\"\n");
    assert_string_equal(ask(f, "SELECT count(*) AS n FROM rankings"), "n\n11\n");
}

static void random_scores_follow_the_seed_and_are_not_kept(void **state)
{
    fixture *f = *state;
    const double *const *zero = get(f, "random");
    f->trial.settings.seed = 1;
    assert_false(are_equal(f, get(f, "random"), zero));
    f->trial.settings.seed = 0;
    assert_true(are_equal(f, get(f, "random"), zero));
    assert_string_equal(ask(f, "SELECT count(*) AS n FROM rankings"), "n\n0\n");
}

static void without_a_store_scores_are_computed_each_time(void **state)
{
    fixture *f = *state;
    const double *const *kept = get(f, "taylor");
    f->source.store = NULL;
    f->source.n_threads = 1; /* of several, the one that tells may get no image */
    f->n_told = 0;
    assert_true(are_equal(f, get(f, "taylor"), kept));
    assert_true(f->n_told > 0);
    assert_string_equal(f->told, "taylor");
    assert_int_equal(f->n_all, 3);
}

static void a_stop_and_a_failure_keep_nothing(void **state)
{
    fixture *f = *state;
    static const char *const ranking[] = {"entropy", "measured"};
    volatile sig_atomic_t stop = 1;
    const double *const *score = NULL;
    f->source.stop = &stop;
    for (int r = 0; r < 2; r++) {
        f->trial.settings.protection.ranking = ranking[r];
        FTDN_ASSERT_FAILS(ftdn_scores_get(&f->source, &f->trial, f->layers, &f->arena, &score, &f->err),
                          FTDN_ERR_INTERRUPTED, "stopped", f->err);
    }
    f->source.stop = NULL;
    for (int i = 0; i < f->model.network.graph.n_params; i++) {
        ftdn_weights *weights = &f->model.weights;
        float *values = FTDN_NEW(&f->arena, f->model.network.graph.param[i].n_elements, float, &f->err);
        values[0] = NAN;
        weights->value[i] = values;
    }
    f->trial.settings.protection.ranking = "weight_sum";
    FTDN_ASSERT_FAILS(ftdn_scores_get(&f->source, &f->trial, f->layers, &f->arena, &score, &f->err), FTDN_ERR_INPUT,
                      "the score is not finite", f->err);
    assert_null(score);
    assert_string_equal(ask(f, "SELECT count(*) AS n FROM rankings"), "n\n0\n");
}

static void every_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    static const char *const ranking[] = {"second_order", "measured"};
    f->layers.n_layers = 2;
    f->source.n_threads = 1;
    for (int r = 0; r < 2; r++) {
        ftdn_status status = FTDN_ERR_MEMORY;
        f->trial.settings.protection.ranking = ranking[r];
        long k;
        for (k = 0; status != FTDN_OK; k++) {
            ftdn_arena arena;
            const double *const *score = NULL;
            ftdn_arena_init(&arena);
            ftdn_arena_fail_after(&arena, k);
            status = ftdn_scores_get(&f->source, &f->trial, f->layers, &arena, &score, &f->err);
            assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
            assert_int_equal(score != NULL, status == FTDN_OK);
            ftdn_arena_done(&arena);
        }
        assert_true(k > 8);
    }
}

static void assert_ranges(const ftdn_layer_range *a, const ftdn_layer_range *b, int n_layers)
{
    for (int l = 0; l < n_layers; l++) {
        assert_int_equal(a[l].layer, b[l].layer);
        assert_memory_equal(&a[l].low, &b[l].low, sizeof(float));
        assert_memory_equal(&a[l].high, &b[l].high, sizeof(float));
    }
}

static void ranges_are_those_of_the_maps_handed_on(void **state)
{
    fixture *f = *state;
    const ftdn_network *network = &f->model.network;
    const ftdn_scope all = {.name = "all"};
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_layer_range expected[64], range[64];
    FTDN_ASSERT_OK(ftdn_scope_resolve(&all, &network->graph, FTDN_LOCATION_FEATURE_MAP, &f->arena, &f->layers, &f->err),
                   f->err);
    int n_layers = f->layers.n_layers;
    assert_in_range(n_layers, 14, 64);
    f->source.n_threads = 1; /* of several, the one that tells may get no image */
    FTDN_ASSERT_OK(ftdn_ranges_profile(&f->source, &f->trial, f->layers, &f->arena, range, &f->err), f->err);
    assert_string_equal(f->told, "ranges");
    assert_int_equal(f->n_all, 3);
    const ftdn_compile_desc compile = {.keep_all = true};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &network->graph, &compile, &program, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &f->model.weights, 1, &packed, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &f->err), f->err);
    for (int i = 0; i < f->trial.calibration->n_images; i++) {
        const ftdn_input input = ftdn_network_input(network, 1, &f->trial.calibration->image[i].pixels);
        FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &f->err), f->err);
        for (int l = 0; l < n_layers; l++) {
            ftdn_map map = ftdn_context_map(context, network->graph.layer[f->layers.layer[l]].last);
            ftdn_layer_range *mine = &expected[l];
            if (i == 0) *mine = (ftdn_layer_range){f->layers.layer[l], map.values[0], map.values[0]};
            for (size_t e = 0; e < ftdn_shape_elements(map.shape); e++) {
                mine->low = fminf(mine->low, map.values[e]);
                mine->high = fmaxf(mine->high, map.values[e]);
            }
        }
    }
    for (int l = 0; l < n_layers; l++) {
        expected[l].low += 0.0f;
        expected[l].high += 0.0f;
        assert_true(expected[l].low < expected[l].high);
    }
    assert_ranges(range, expected, n_layers);
    for (f->source.n_threads = 1; f->source.n_threads <= 5; f->source.n_threads += 4) {
        memset(range, 0, sizeof range);
        FTDN_ASSERT_OK(ftdn_ranges_profile(&f->source, &f->trial, f->layers, &f->arena, range, &f->err), f->err);
        assert_ranges(range, expected, n_layers);
    }
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
}

static void a_map_that_is_not_finite_has_no_range(void **state)
{
    fixture *f = *state;
    const ftdn_graph *graph = &f->model.network.graph;
    ftdn_layer_range range[13] = {{.layer = -1}};
    int layer = f->layers.layer[3], param = graph->node[graph->layer[layer].last - 1].bn_shift;
    assert_int_equal(graph->node[graph->layer[layer].last - 1].op, FTDN_OP_BATCH_NORM);
    float *values = FTDN_NEW(&f->arena, graph->param[param].n_elements, float, &f->err);
    memcpy(values, f->model.weights.value[param], graph->param[param].n_elements * sizeof *values);
    values[2] = INFINITY;
    f->model.weights.value[param] = values;
    char message[160];
    snprintf(message, sizeof message, "the map of layer '%s' has a value that is not finite, without faults",
             graph->layer[layer].name);
    f->layers.n_layers = 4;
    FTDN_ASSERT_FAILS(ftdn_ranges_profile(&f->source, &f->trial, f->layers, &f->arena, range, &f->err), FTDN_ERR_INPUT,
                      message, f->err);
    assert_int_equal(range[0].layer, -1);
    f->layers.n_layers = 3;
    FTDN_ASSERT_OK(ftdn_ranges_profile(&f->source, &f->trial, f->layers, &f->arena, range, &f->err), f->err);
    volatile sig_atomic_t stop = 1;
    f->source.stop = &stop;
    FTDN_ASSERT_FAILS(ftdn_ranges_profile(&f->source, &f->trial, f->layers, &f->arena, range, &f->err),
                      FTDN_ERR_INTERRUPTED, "stopped", f->err);
}

static void every_refused_allocation_of_ranges_is_an_error(void **state)
{
    fixture *f = *state;
    f->source.n_threads = 1;
    ftdn_status status = FTDN_ERR_MEMORY;
    long k;
    for (k = 0; status != FTDN_OK; k++) {
        ftdn_arena arena;
        ftdn_layer_range range[13] = {{.layer = -1}};
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_ranges_profile(&f->source, &f->trial, f->layers, &arena, range, &f->err);
        assert_true(status == FTDN_OK || (status == FTDN_ERR_MEMORY && range[0].layer == -1));
        assert_int_equal(arena.n_bytes, 0);
        ftdn_arena_done(&arena);
    }
    assert_int_equal(k, 5); /* taps, layers of nodes, surveyors, ranges */
}

#define SCORES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCORES_TEST(scores_are_those_of_the_ranking),
        SCORES_TEST(scores_are_computed_once),
        SCORES_TEST(what_determines_scores_tells_them_apart),
        SCORES_TEST(random_scores_follow_the_seed_and_are_not_kept),
        SCORES_TEST(without_a_store_scores_are_computed_each_time),
        SCORES_TEST(a_stop_and_a_failure_keep_nothing),
        SCORES_TEST(every_refused_allocation_is_an_error),
        SCORES_TEST(ranges_are_those_of_the_maps_handed_on),
        SCORES_TEST(a_map_that_is_not_finite_has_no_range),
        SCORES_TEST(every_refused_allocation_of_ranges_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
