#include "harness/bench/bench.h"

#include <string.h>

#include "harness/bench/bench_ceiling.h"
#include "harness/bench/bench_conditions.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "harness/plan/model.h"

const char *const ftdn_bench_part_name[FTDN_BENCH_N_PARTS] = {
    [FTDN_BENCH_EVALUATE] = "evaluate", [FTDN_BENCH_WEIGHTS] = "weights", [FTDN_BENCH_SITES] = "sites",
    [FTDN_BENCH_DETECT] = "detect",     [FTDN_BENCH_SCENES] = "scenes",   [FTDN_BENCH_CAMPAIGN] = "campaign",
    [FTDN_BENCH_CEILING] = "ceiling",   [FTDN_BENCH_MEMORY] = "memory",   [FTDN_BENCH_PROTECT] = "protect",
    [FTDN_BENCH_TRAIN] = "train",
};

/* The networks that need no file (the other one has its priors in one), and the design's figures on two cores. */
static const struct {
    const char *name;
    double direct_s, winograd_s; /* an evaluated image; 0: no figure */
    double weights_s;            /* a trial's weights, direct convolutions */
} network_table[] = {
    {"ssd_mobilenet_v1", 16e-3, 16e-3, 30e-3},
    {"ssd_vgg16", 210e-3, 0, 30e-3},
};
enum { N_NETWORKS = sizeof network_table / sizeof *network_table, N_LIMIT_THREADS = 2 };

/* Map faults on every convolution of the blocks, weight faults in the feature-extraction layers. */
static ftdn_trial_settings make_settings(const ftdn_bench_options *options, const char *network)
{
    bool winograd = options->conv_algorithm == FTDN_CONV_WINOGRAD;
    return (ftdn_trial_settings){
        .model = {.name = network, .n_classes = 20, .weights = "formula:0"},
        .dataset = {.kind = FTDN_DATA_TEST_SCENES, .n_images = options->n_images},
        .evaluate = {.score_threshold = 0.01, .nms_iou = 0.45, .candidates = 200, .iou = 0.5},
        .engine = {.backend = "cpu",
                   .convolution = winograd ? "winograd" : "direct",
                   .conv_algorithm = options->conv_algorithm},
        .faults = {.type = "zero",
                   .weight_scope = {.name = "features"},
                   .feature_map_scope = {.name = "convs"},
                   .feature_map_point = "activation",
                   .redraw = "trial",
                   .copies = "independent"},
        .protection = {.method = "none"},
    };
}

static void add_bytes(ftdn_bench *bench, const char *network, const char *name, double n_bytes)
{
    const ftdn_bench_label label = {
        .part = FTDN_BENCH_MEMORY, .network = network, .name = name, .unit = FTDN_UNIT_BYTES};
    ftdn_bench_add(bench, &label, &n_bytes, 1);
}

static ftdn_status measure_subject(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err)
{
    const bool *wanted = bench->options->wanted;
    if (wanted[FTDN_BENCH_EVALUATE]) FTDN_TRY(ftdn_bench_evaluate(bench, subject, err));
    if (wanted[FTDN_BENCH_WEIGHTS]) FTDN_TRY(ftdn_bench_weights(bench, subject, err));
    if (wanted[FTDN_BENCH_PROTECT]) FTDN_TRY(ftdn_bench_protect(bench, subject, err));
    if (wanted[FTDN_BENCH_MEMORY])
        add_bytes(bench, subject->network, "set-up for trials", (double)ftdn_rig_bytes(subject->rig));
    return FTDN_OK;
}

/* All that needs a network with weights. */
static ftdn_status measure_rig(ftdn_bench *bench, int index, const ftdn_dataset *dataset, ftdn_error *err)
{
    const ftdn_bench_options *options = bench->options;
    ftdn_trial_settings settings = make_settings(options, network_table[index].name);
    bool is_direct = options->conv_algorithm == FTDN_CONV_DIRECT, is_comparable = options->n_threads == N_LIMIT_THREADS;
    ftdn_model model;
    ftdn_rig rig;
    ftdn_bench_announce(bench, settings.model.name, "setting up");
    FTDN_TRY(ftdn_model_open(&settings.model, bench->arena, &model, err));
    const ftdn_planned_trial trial = {.settings = settings, .model = &model};
    const ftdn_score_source scores = {.n_threads = options->n_threads};
    const ftdn_rig_desc desc = {.trial = &trial, .scores = &scores, .n_threads = options->n_threads};
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    const ftdn_bench_subject subject = {
        .network = settings.model.name,
        .evaluation_limit_s = !is_comparable ? 0
                              : is_direct    ? network_table[index].direct_s
                                             : network_table[index].winograd_s,
        .weights_limit_s = is_comparable && is_direct ? network_table[index].weights_s : 0,
        .settings = &settings,
        .rig = &rig,
        .dataset = dataset,
    };
    ftdn_status status = measure_subject(bench, &subject, err);
    ftdn_rig_done(&rig);
    return status;
}

static ftdn_status measure_detect(ftdn_bench *bench, int index, ftdn_error *err)
{
    const ftdn_network_desc desc = {.name = network_table[index].name, .n_classes = 20};
    ftdn_network network;
    FTDN_TRY(ftdn_network_create(&desc, bench->arena, &network, err));
    return ftdn_bench_detect(bench, &network, err);
}

static ftdn_status measure_network(ftdn_bench *bench, int index, const ftdn_dataset *dataset, ftdn_error *err)
{
    const bool *wanted = bench->options->wanted;
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    ftdn_status status = FTDN_OK;
    if (wanted[FTDN_BENCH_EVALUATE] || wanted[FTDN_BENCH_WEIGHTS] || wanted[FTDN_BENCH_PROTECT] ||
        wanted[FTDN_BENCH_MEMORY])
        status = measure_rig(bench, index, dataset, err);
    if (status == FTDN_OK && wanted[FTDN_BENCH_DETECT]) status = measure_detect(bench, index, err);
    ftdn_arena_reset(bench->arena, mark);
    return status;
}

static ftdn_status measure_ceiling(ftdn_bench *bench, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double *sample = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!sample) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, NULL, "ceiling");
    for (int r = 0; r < n_repeats; r++) sample[r] = ftdn_bench_ceiling_flops(bench->options->n_threads);
    const ftdn_bench_label label = {
        .part = FTDN_BENCH_CEILING, .name = "multiply-add ceiling, all threads", .unit = FTDN_UNIT_FLOPS};
    ftdn_bench_add(bench, &label, sample, n_repeats);
    return FTDN_OK;
}

static ftdn_status measure_networks(ftdn_bench *bench, const ftdn_dataset *dataset, ftdn_error *err)
{
    const char *model = bench->options->model;
    for (int i = 0; i < N_NETWORKS; i++) {
        if (model && strcmp(model, network_table[i].name) != 0) continue;
        FTDN_TRY(measure_network(bench, i, dataset, err));
    }
    return FTDN_OK;
}

static ftdn_status measure_all(ftdn_bench *bench, ftdn_error *err)
{
    const ftdn_bench_options *options = bench->options;
    ftdn_dataset *dataset = NULL;
    if (options->wanted[FTDN_BENCH_EVALUATE] || options->wanted[FTDN_BENCH_PROTECT]) {
        FTDN_TRY(ftdn_dataset_open_test_scenes(options->n_images, 0, &dataset, err));
        ftdn_status status = ftdn_dataset_decode(dataset, 300, options->n_threads, err);
        if (status == FTDN_OK) status = measure_networks(bench, dataset, err);
        ftdn_dataset_close(dataset);
        FTDN_TRY(status);
    } else {
        FTDN_TRY(measure_networks(bench, NULL, err));
    }
    if (options->wanted[FTDN_BENCH_SITES]) FTDN_TRY(ftdn_bench_sites(bench, err));
    if (options->wanted[FTDN_BENCH_SCENES]) FTDN_TRY(ftdn_bench_scenes(bench, err));
    if (options->wanted[FTDN_BENCH_TRAIN]) FTDN_TRY(ftdn_bench_train(bench, err));
    if (options->wanted[FTDN_BENCH_CAMPAIGN]) FTDN_TRY(ftdn_bench_campaign(bench, err));
    if (options->wanted[FTDN_BENCH_CEILING]) FTDN_TRY(measure_ceiling(bench, err));
    if (options->wanted[FTDN_BENCH_MEMORY]) add_bytes(bench, NULL, "peak of the process", ftdn_bench_peak_bytes());
    return FTDN_OK;
}

static ftdn_status check_model(const char *model, ftdn_error *err)
{
    for (int i = 0; i < N_NETWORKS; i++)
        if (!model || strcmp(model, network_table[i].name) == 0) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "--model: '%s' is not allowed; allowed: %s, %s", model, network_table[0].name,
                     network_table[1].name);
}

ftdn_status ftdn_bench_run(const ftdn_bench_options *options, ftdn_arena *arena, ftdn_bench *ret_bench, ftdn_error *err)
{
    FTDN_TRY(check_model(options->model, err));
    ftdn_bench bench = {
        .options = options,
        .arena = arena,
        .conditions = ftdn_bench_conditions_take(options->conv_algorithm),
    };
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = measure_all(&bench, err);
    ftdn_arena_reset(arena, mark);
    ftdn_bench_tell(options->progress, NULL, "");
    FTDN_TRY(status);
    *ret_bench = bench;
    return FTDN_OK;
}
