/* test_measured.c - channels measured by injection, against one full forward per channel with a hook. */
#include "harness/rankings/measured.h"

#include <math.h>

#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "tests/support/support.h"

#define N_IMAGES 2
#define SEED 0

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_model model;
    ftdn_dataset *dataset;
    int layer[13];
    ftdn_measured_desc desc;
    double *score[13];
} fixture;

static int n_channels_of(const fixture *f, int l)
{
    const ftdn_graph *graph = &f->model.network.graph;
    return graph->node[graph->layer[f->desc.layers.layer[l]].conv].shape.c;
}

static void make_scores(fixture *f, double **score)
{
    for (int l = 0; l < f->desc.layers.n_layers; l++) {
        score[l] = FTDN_NEW(&f->arena, (size_t)n_channels_of(f, l), double, NULL);
        for (int k = 0; k < n_channels_of(f, l); k++) score[l][k] = NAN;
    }
}

/* n_layers of the 13 feature maps: first, first + step, ... */
static void open_fixture(fixture *f, int first, int step, int n_layers)
{
    memset(f, 0, sizeof *f);
    ftdn_arena_init(&f->arena);
    const ftdn_model_settings settings = {.name = "ssd_mobilenet_v1", .n_classes = 20, .width = 0.1};
    FTDN_ASSERT_OK(ftdn_model_open(&settings, &f->arena, &f->model, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(3, 5, &f->dataset, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_dataset_decode(f->dataset, 300, 2, &f->err), f->err);
    const ftdn_scope features = {.name = "features"};
    ftdn_layer_set all;
    FTDN_ASSERT_OK(
        ftdn_scope_resolve(&features, &f->model.network.graph, FTDN_LOCATION_FEATURE_MAP, &f->arena, &all, &f->err),
        f->err);
    assert_int_equal(all.n_layers, 13);
    for (int l = 0; l < n_layers; l++) f->layer[l] = all.layer[first + l * step];
    f->desc = (ftdn_measured_desc){
        .model = &f->model,
        .calibration = f->dataset,
        .n_images = N_IMAGES,
        .backend = ftdn_backend_find("cpu"),
        .layers = {n_layers, f->layer},
        .n_threads = 2,
    };
    make_scores(f, f->score);
}

static void close_fixture(fixture *f)
{
    ftdn_dataset_close(f->dataset);
    ftdn_arena_done(&f->arena);
}

static void compute(fixture *f, double *const *score)
{
    FTDN_ASSERT_OK(ftdn_measured_compute(&f->desc, &f->arena, score, &f->err), f->err);
}

static void assert_same_scores(const fixture *f, double *const *a, double *const *b)
{
    for (int l = 0; l < f->desc.layers.n_layers; l++)
        assert_memory_equal(a[l], b[l], (size_t)n_channels_of(f, l) * sizeof(double));
}

/* Faults in one channel of one node's map, as the definition of sites has them. */
typedef struct channel_faults {
    int node, channel;
    uint32_t layer_id;
    uint64_t image_id;
    ftdn_fault_model model;
} channel_faults;

static void hit_channel(void *user, const ftdn_map *map)
{
    const channel_faults *faults = user;
    if (map->node != faults->node) return;
    ftdn_site_stream stream =
        ftdn_site_stream_make(SEED, faults->layer_id, FTDN_LOCATION_FEATURE_MAP, 0, faults->image_id);
    size_t n_elements = ftdn_shape_elements(map->shape);
    const ftdn_fault_model model = ftdn_fault_model_for(&faults->model, map->values, n_elements);
    for (size_t e = (size_t)faults->channel; e < n_elements; e += (size_t)map->shape.c) {
        if (!ftdn_site_is_hit(stream, e, ftdn_site_threshold_of(FTDN_MEASURED_RATE))) continue;
        uint32_t after = ftdn_fault_value(&model, ftdn_float_bits(map->values[e]), ftdn_fault_random(stream, e));
        memcpy(&map->values[e], &after, sizeof after);
    }
}

/* The network run whole, image by image and channel by channel. */
typedef struct runner {
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_matcher matcher;
    ftdn_multibox_loss loss;
    float *logits, *locations;
    int *object;
    ftdn_labelled_box boxes[64];
} runner;

static int point_of(const fixture *f, int layer)
{
    const ftdn_layer *hit = &f->model.network.graph.layer[layer];
    return f->desc.point == FTDN_MAP_POINT_CONV ? hit->conv : hit->last;
}

static void open_runner(fixture *f, runner *r)
{
    const ftdn_network *network = &f->model.network;
    int tap[64], outputs[2 * FTDN_NETWORK_MAX_HEADS];
    assert_true(network->graph.n_layers <= 64);
    for (int l = 0; l < network->graph.n_layers; l++) tap[l] = point_of(f, l);
    ftdn_network_output_nodes(network, outputs);
    const ftdn_compile_desc compile = {
        .taps = tap, .n_taps = network->graph.n_layers, .outputs = outputs, .n_outputs = 2 * network->n_heads};
    FTDN_ASSERT_OK(ftdn_program_create(f->desc.backend, &network->graph, &compile, &r->program, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_packed_create(r->program, &f->model.weights, 1, &r->packed, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_context_create(r->program, &r->context, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_matcher_init(&r->matcher, network, network->priors, &f->arena, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&r->loss, network, network->priors, &f->arena, &f->err), f->err);
    r->logits = FTDN_NEW(&f->arena, (size_t)network->n_priors * 21, float, NULL);
    r->locations = FTDN_NEW(&f->arena, (size_t)network->n_priors * 4, float, NULL);
    r->object = FTDN_NEW(&f->arena, (size_t)network->n_priors, int, NULL);
}

static void close_runner(runner *r)
{
    ftdn_context_free(r->context);
    ftdn_packed_free(r->packed);
    ftdn_program_free(r->program);
}

static int match(fixture *f, runner *r, int image)
{
    int n_positives, n_boxes = ftdn_labelled_boxes_from_image(&f->dataset->image[image], r->boxes);
    assert_true(f->dataset->image[image].n_objects <= 64);
    FTDN_ASSERT_OK(ftdn_matcher_assign(&r->matcher, r->boxes, n_boxes, r->object, &n_positives, &f->err), f->err);
    return n_positives;
}

static double loss_of(fixture *f, runner *r, int image, const channel_faults *faults, long n_positives)
{
    const ftdn_network *network = &f->model.network;
    ftdn_input input = {.n_images = 1, .pixels = &f->dataset->image[image].pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    channel_faults copy = faults ? *faults : (channel_faults){.node = -1};
    const ftdn_map_hook hook = {hit_channel, &copy};
    FTDN_ASSERT_OK(ftdn_forward(r->context, r->packed, &input, &hook, &f->err), f->err);
    ftdn_network_gather(network, r->context, 0, r->logits, r->locations);
    match(f, r, image);
    const ftdn_loss_image answer = {r->logits, r->locations, r->boxes, r->object};
    ftdn_loss_value value = ftdn_multibox_loss_compute(&r->loss, &answer, n_positives, NULL, NULL);
    return value.classification + value.regression;
}

/* Every stride-th channel of all layers, compared bit by bit. Returns how many scores are above 0. */
static int compare_with_full_forwards(fixture *f, int stride)
{
    runner r = {0};
    long n_positives = 0;
    int n_above = 0;
    double golden[N_IMAGES];
    open_runner(f, &r);
    for (int i = 0; i < N_IMAGES; i++) n_positives += match(f, &r, i);
    for (int i = 0; i < N_IMAGES; i++) golden[i] = loss_of(f, &r, i, NULL, n_positives);
    for (int l = 0; l < f->desc.layers.n_layers; l++) {
        int layer = f->desc.layers.layer[l];
        for (int k = 0; k < n_channels_of(f, l); k += stride) {
            double expected = 0;
            for (int i = 0; i < N_IMAGES; i++) {
                const channel_faults faults = {
                    .node = point_of(f, layer),
                    .channel = k,
                    .layer_id = ftdn_layer_id(f->model.network.graph.layer[layer].name),
                    .image_id = f->dataset->image[i].id,
                    .model = f->desc.fault,
                };
                double difference = loss_of(f, &r, i, &faults, n_positives) - golden[i];
                if (!(difference < FTDN_MEASURED_CEILING)) difference = FTDN_MEASURED_CEILING;
                expected += difference;
            }
            expected /= N_IMAGES;
            if (expected != f->score[l][k])
                fail_msg("layer %d, channel %d: %.17g is not %.17g", l, k, f->score[l][k], expected);
            n_above += expected > 0;
        }
    }
    close_runner(&r);
    return n_above;
}

static void scores_are_those_of_full_forwards(void **state)
{
    (void)state;
    static const struct {
        ftdn_map_point point;
        ftdn_fault_model fault;
    } asked[] = {
        {FTDN_MAP_POINT_ACTIVATION, {.type = FTDN_FAULT_ZERO}},
        {FTDN_MAP_POINT_ACTIVATION, {.type = FTDN_FAULT_RANDOM}},
        {FTDN_MAP_POINT_CONV, {.type = FTDN_FAULT_RANDOM, .has_range = 1, .low = -3, .high = 200}},
        {FTDN_MAP_POINT_CONV, {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 0, .n_bits = 32}},
    };
    fixture f;
    open_fixture(&f, 0, 6, 3);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        f.desc.point = asked[i].point;
        f.desc.fault = asked[i].fault;
        compute(&f, f.score);
        assert_true(compare_with_full_forwards(&f, 4) > 5);
    }
    close_fixture(&f);
}

static void the_reference_backend_measures_too(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 12, 1, 1);
    f.desc.backend = ftdn_backend_find("ref");
    compute(&f, f.score);
    assert_true(compare_with_full_forwards(&f, 51) > 0);
    close_fixture(&f);
}

static void neither_threads_nor_other_layers_change_a_bit(void **state)
{
    (void)state;
    fixture f;
    double *alone[13];
    open_fixture(&f, 0, 4, 3);
    compute(&f, f.score);
    make_scores(&f, alone);
    for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
        f.desc.n_threads = n_threads;
        compute(&f, alone);
        assert_same_scores(&f, alone, f.score);
    }
    f.desc.layers = (ftdn_layer_set){1, f.layer + 1};
    compute(&f, alone + 1);
    assert_memory_equal(alone[1], f.score[1], (size_t)n_channels_of(&f, 0) * sizeof(double));
    close_fixture(&f);
}

static void a_loss_that_is_not_finite_counts_as_the_ceiling(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 12, 1, 1);
    f.desc.fault = (ftdn_fault_model){.type = FTDN_FAULT_STUCK_AT_1, .first_bit = 30, .n_bits = 1};
    f.desc.point = FTDN_MAP_POINT_ACTIVATION;
    compute(&f, f.score);
    int n_at_ceiling = 0;
    for (int k = 0; k < n_channels_of(&f, 0); k++) {
        assert_true(f.score[0][k] <= FTDN_MEASURED_CEILING);
        n_at_ceiling += f.score[0][k] == FTDN_MEASURED_CEILING;
    }
    assert_true(n_at_ceiling > 0);
    close_fixture(&f);
}

static void a_network_without_a_finite_loss_is_refused(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 12, 1, 1);
    const ftdn_graph *graph = &f.model.network.graph;
    int param = ftdn_graph_find_param(graph, "classification_headers.0.weight");
    if (param < 0) param = graph->node[f.model.network.class_head[0]].weight;
    float *values = FTDN_NEW(&f.arena, graph->param[param].n_elements, float, NULL);
    for (size_t i = 0; i < graph->param[param].n_elements; i++) values[i] = NAN;
    f.model.weights.value[param] = values;
    FTDN_ASSERT_FAILS(ftdn_measured_compute(&f.desc, &f.arena, f.score, &f.err), FTDN_ERR_INPUT,
                      "the loss without faults is not finite", f.err);
    assert_true(isnan(f.score[0][0]));
    close_fixture(&f);
}

static void images_without_objects_are_refused(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 12, 1, 1);
    ftdn_image image[3];
    memcpy(image, f.dataset->image, sizeof image);
    ftdn_dataset dataset = *f.dataset;
    dataset.image = image;
    image[0].n_objects = image[1].n_objects = 0;
    f.desc.calibration = &dataset;
    FTDN_ASSERT_FAILS(ftdn_measured_compute(&f.desc, &f.arena, f.score, &f.err), FTDN_ERR_INPUT,
                      "no image has an object, which rankings by the loss need", f.err);
    f.desc.n_images = 3;
    compute(&f, f.score);
    close_fixture(&f);
}

typedef struct watch {
    int n_calls, n_done, n_all;
    int stop_at; /* 0: never */
    volatile sig_atomic_t stop;
} watch;

static void on_channel(void *user, int n_done, int n_all)
{
    watch *seen = user;
    assert_true(n_done > seen->n_done);
    seen->n_calls++;
    seen->n_done = n_done;
    seen->n_all = n_all;
    seen->stop = seen->stop_at > 0 && n_done >= seen->stop_at;
}

static void progress_is_told_and_a_stop_obeyed(void **state)
{
    (void)state;
    fixture f;
    watch seen = {0};
    open_fixture(&f, 0, 1, 2);
    int n_channels = n_channels_of(&f, 0) + n_channels_of(&f, 1);
    f.desc.n_threads = 1;
    f.desc.on_channel = on_channel;
    f.desc.user = &seen;
    f.desc.stop = &seen.stop;
    compute(&f, f.score);
    assert_int_equal(seen.n_done, N_IMAGES * n_channels);
    assert_int_equal(seen.n_all, N_IMAGES * n_channels);
    assert_int_equal(seen.n_calls, N_IMAGES * 2);
    seen = (watch){.stop_at = 1};
    FTDN_ASSERT_FAILS(ftdn_measured_compute(&f.desc, &f.arena, f.score, &f.err), FTDN_ERR_INTERRUPTED, "stopped",
                      f.err);
    assert_int_equal(seen.n_calls, 1);
    close_fixture(&f);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f, 12, 1, 1);
    f.desc.n_images = 1;
    ftdn_status status = FTDN_ERR_MEMORY;
    long k;
    for (k = 0; status != FTDN_OK; k++) {
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_measured_compute(&f.desc, &arena, f.score, &f.err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        assert_true(status == FTDN_OK || isnan(f.score[0][0]));
        assert_int_equal(arena.n_bytes, 0);
        ftdn_arena_done(&arena);
    }
    assert_int_equal(k, 6); /* taps, places of the layers, contributions, items, probers */
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_full_forwards),
        cmocka_unit_test(the_reference_backend_measures_too),
        cmocka_unit_test(neither_threads_nor_other_layers_change_a_bit),
        cmocka_unit_test(a_loss_that_is_not_finite_counts_as_the_ceiling),
        cmocka_unit_test(a_network_without_a_finite_loss_is_refused),
        cmocka_unit_test(images_without_objects_are_refused),
        cmocka_unit_test(progress_is_told_and_a_stop_obeyed),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
