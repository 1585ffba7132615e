/* bench_device.c - whole evaluations by the size of a micro-batch; the other parts at the size that campaigns use. */
#include "harness/bench/bench_device.h"

#include <assert.h>
#include <string.h>

#include "harness/bench/bench_conditions.h"
#include "harness/bench/bench_device_parts.h"
#include "harness/bench/bench_measure.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/model.h"
#include "harness/terminal/command.h"
#include "harness/trial.h"

enum { N_CLASSES = 20, CAMPAIGN_BATCH = 64 };

static const int sizes[] = {1, 8, 32, 64, 128};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

/* The networks that need no file, and the design's figures of an image on an H200. */
static const struct {
    const char *name;
    double limit_s[2]; /* f32, tf32 */
} network_table[] = {
    {"ssd_mobilenet_v1", {0.15e-3, 0.10e-3}},
    {"ssd_vgg16", {2.5e-3, 0.8e-3}},
};
enum { N_NETWORKS = sizeof network_table / sizeof *network_table };

/* TF32 numbers came with compute capability 8.0. */
static const struct {
    const char *name;
    ftdn_conv_algorithm algorithm;
    int least_major;
} arithmetic_table[] = {{"f32", FTDN_CONV_DIRECT, 0}, {"tf32", FTDN_CONV_TF32, 8}};
enum { N_ARITHMETICS = sizeof arithmetic_table / sizeof *arithmetic_table };

void ftdn_device_bench_add(ftdn_device_bench *bench, const ftdn_device_subject *subject, int micro_batch,
                           const char *name, ftdn_bench_unit unit, double limit, double *sample, int n_samples)
{
    assert(bench->n_measures < FTDN_DEVICE_BENCH_MEASURES);
    const ftdn_bench_label label = {
        .network = subject ? subject->network : NULL,
        .name = name,
        .unit = unit,
        .limit = limit,
    };
    bench->measure[bench->n_measures++] = (ftdn_device_measure){
        .measure = ftdn_bench_summarise(&label, sample, n_samples),
        .arithmetic = subject ? subject->arithmetic : NULL,
        .micro_batch = micro_batch,
    };
}

/* The size that campaigns use, or the largest that is wanted. */
static int main_size(const ftdn_device_bench_options *options)
{
    return options->micro_batch < CAMPAIGN_BATCH ? options->micro_batch : CAMPAIGN_BATCH;
}

static ftdn_trial_settings make_settings(const ftdn_device_bench_options *options, int network, int arithmetic)
{
    return (ftdn_trial_settings){
        .model = {.name = network_table[network].name,
                  .width = options->width,
                  .n_classes = N_CLASSES,
                  .weights = "formula:0"},
        .dataset = {.kind = FTDN_DATA_TEST_SCENES, .n_images = options->n_images},
        .evaluate = {.score_threshold = 0.01, .nms_iou = 0.45, .candidates = 200, .iou = 0.5},
        .engine = {.backend = "cuda",
                   .convolution = arithmetic_table[arithmetic].algorithm == FTDN_CONV_TF32 ? "tf32" : "direct",
                   .conv_algorithm = arithmetic_table[arithmetic].algorithm,
                   .micro_batch = main_size(options)},
        .faults = {.type = "zero",
                   .feature_map_rate = FTDN_BENCH_RATE,
                   .weight_scope = {.name = "features"},
                   .feature_map_scope = {.name = "features"},
                   .feature_map_point = "activation",
                   .redraw = "trial",
                   .copies = "independent"},
        .protection = {.method = "none"},
    };
}

ftdn_trial_settings ftdn_device_subject_settings(const ftdn_device_subject *subject, const char *method,
                                                 int micro_batch)
{
    ftdn_trial_settings settings = *subject->settings;
    settings.engine.micro_batch = micro_batch;
    settings.protection.method = method;
    if (!strcmp(method, "none")) return settings;
    settings.protection.ranking = "weight_sum";
    settings.protection.direction = "outgoing";
    settings.protection.ratio = 0.5;
    settings.protection.allocation = "uniform";
    settings.protection.merge = "mean";
    settings.protection.merge_point = "activation";
    return settings;
}

ftdn_status ftdn_device_subject_open(const ftdn_device_subject *subject, const ftdn_trial_settings *settings,
                                     ftdn_rig *rig, ftdn_error *err)
{
    const ftdn_planned_trial trial = {.settings = *settings, .model = subject->model};
    const ftdn_score_source scores = {.n_threads = 1};
    const ftdn_rig_desc desc = {
        .trial = &trial, .scores = &scores, .n_threads = ftdn_default_threads(), .cache = subject->cache};
    return ftdn_rig_init(rig, &desc, err);
}

static void announce(const ftdn_device_bench *bench, const ftdn_device_subject *subject, const char *what)
{
    char text[96];
    snprintf(text, sizeof text, "%s, %s", subject->arithmetic, what);
    ftdn_bench_tell(bench->options->progress, subject->network, text);
}

static ftdn_status run_trial(ftdn_device_bench *bench, const ftdn_device_subject *subject,
                             const ftdn_trial_settings *settings, ftdn_rig *rig, uint64_t seed,
                             ftdn_trial_result *ret_result, ftdn_error *err)
{
    ftdn_trial_settings seeded = *settings;
    seeded.seed = seed;
    const ftdn_trial_control control = {.batch = 1};
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    ftdn_status status = ftdn_trial_run(rig, subject->dataset, &seeded, &control, bench->arena, ret_result, err);
    ftdn_arena_reset(bench->arena, mark);
    return status;
}

/* Whole evaluations after a warm-up, in which sequences are recorded. *ret_median_s: of an image. */
static ftdn_status evaluate(ftdn_device_bench *bench, const ftdn_device_subject *subject,
                            const ftdn_trial_settings *settings, ftdn_rig *rig, double *ret_median_s, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats, micro_batch = settings->engine.micro_batch;
    double *image_s = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    double *precision = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    ftdn_trial_result result;
    if (!image_s || !precision) return FTDN_ERR_MEMORY;
    for (int r = -1; r < n_repeats; r++) {
        FTDN_TRY(run_trial(bench, subject, settings, rig, (uint64_t)(r + 1), &result, err));
        if (r < 0) continue;
        image_s[r] = result.total_s / result.n_images;
        precision[r] = result.average_precision_s / result.total_s;
    }
    double limit_s = micro_batch == CAMPAIGN_BATCH ? subject->evaluation_limit_s : 0;
    ftdn_device_bench_add(bench, subject, micro_batch, "evaluation with 1 % map faults", FTDN_UNIT_SECONDS_PER_IMAGE,
                          limit_s, image_s, n_repeats);
    *ret_median_s = bench->measure[bench->n_measures - 1].measure.median;
    ftdn_device_bench_add(bench, subject, micro_batch, "  of it average precision, on the host", FTDN_UNIT_FRACTION, 0,
                          precision, n_repeats);
    return FTDN_OK;
}

static ftdn_status take_free_bytes(const ftdn_device_bench *bench, double *ret_bytes, ftdn_error *err)
{
    ftdn_device_info info;
    FTDN_TRY(bench->module->device->describe(0, &info, err));
    *ret_bytes = (double)info.free_bytes;
    return FTDN_OK;
}

/* A line of a program's description becomes an object. */
static void note_plans(ftdn_device_bench *bench, const ftdn_device_subject *subject, const ftdn_program *program)
{
    ftdn_text lines;
    ftdn_text_init(&lines);
    ftdn_program_describe(program, &lines);
    for (char *line = lines.chars, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        ftdn_text_append(&bench->plans,
                         "%s{\"network\":\"%s\",\"numbers\":\"%s\",\"plan\":", bench->plans.n_chars ? ",\n" : "",
                         subject->network, subject->arithmetic);
        ftdn_text_append_json_string(&bench->plans, line);
        ftdn_text_append(&bench->plans, "}");
    }
    bench->plans.failed = bench->plans.failed || lines.failed;
    ftdn_text_done(&lines);
}

/* One size: its evaluations, and at the size that campaigns use its plans, its stages and its memory. */
static ftdn_status measure_size(ftdn_device_bench *bench, const ftdn_device_subject *subject, int micro_batch,
                                ftdn_error *err)
{
    const ftdn_trial_settings settings = ftdn_device_subject_settings(subject, "none", micro_batch);
    char what[48];
    ftdn_rig rig;
    double median_s, before, after;
    snprintf(what, sizeof what, "micro-batches of %d", micro_batch);
    announce(bench, subject, what);
    FTDN_TRY(take_free_bytes(bench, &before, err));
    FTDN_TRY(ftdn_device_subject_open(subject, &settings, &rig, err));
    ftdn_status status = evaluate(bench, subject, &settings, &rig, &median_s, err);
    if (status == FTDN_OK) status = take_free_bytes(bench, &after, err);
    if (status == FTDN_OK) {
        double known = (double)ftdn_rig_bytes(&rig), taken = before > after ? before - after : 0;
        ftdn_device_bench_add(bench, subject, micro_batch, "memory: maps, weights, images", FTDN_UNIT_BYTES, 0, &known,
                              1);
        ftdn_device_bench_add(bench, subject, micro_batch, "memory taken from the device", FTDN_UNIT_BYTES, 0, &taken,
                              1);
    }
    if (status == FTDN_OK && micro_batch == main_size(bench->options)) {
        note_plans(bench, subject, rig.program);
        announce(bench, subject, "stages");
        status = ftdn_device_measure_stages(bench, subject, &rig, median_s, err);
    }
    ftdn_rig_done(&rig);
    return status;
}

static ftdn_status measure_subject(ftdn_device_bench *bench, const ftdn_device_subject *subject, ftdn_error *err)
{
    int largest = bench->options->micro_batch;
    for (int i = 0; i < N_SIZES && sizes[i] < largest; i++) FTDN_TRY(measure_size(bench, subject, sizes[i], err));
    FTDN_TRY(measure_size(bench, subject, largest, err));
    announce(bench, subject, "protections");
    return ftdn_device_measure_cost(bench, subject, err);
}

static ftdn_status measure_arithmetics(ftdn_device_bench *bench, int network, const ftdn_model *model,
                                       const ftdn_dataset *dataset, const ftdn_device_ceiling *ceiling,
                                       ftdn_device_cache *cache, ftdn_error *err)
{
    for (int a = 0; a < bench->n_arithmetics; a++) {
        const ftdn_trial_settings settings = make_settings(bench->options, network, a);
        const ftdn_device_subject subject = {
            .model = model,
            .network = network_table[network].name,
            .arithmetic = arithmetic_table[a].name,
            .algorithm = arithmetic_table[a].algorithm,
            .dataset = dataset,
            .settings = &settings,
            .evaluation_limit_s = bench->options->width > 0 ? 0 : network_table[network].limit_s[a],
            .ceiling = ceiling[a],
            .cache = cache,
        };
        FTDN_TRY(measure_subject(bench, &subject, err));
    }
    return FTDN_OK;
}

static ftdn_status measure_network(ftdn_device_bench *bench, int network, const ftdn_dataset *dataset,
                                   const ftdn_device_ceiling *ceiling, ftdn_error *err)
{
    const ftdn_device_table *table = bench->module->device;
    const ftdn_trial_settings settings = make_settings(bench->options, network, 0);
    ftdn_model model;
    ftdn_device_cache *cache;
    FTDN_TRY(ftdn_model_open(&settings.model, bench->arena, &model, err));
    FTDN_TRY(table->cache_create(&cache, err));
    ftdn_status status = measure_arithmetics(bench, network, &model, dataset, ceiling, cache, err);
    table->cache_free(cache);
    return status;
}

static ftdn_status measure_all(ftdn_device_bench *bench, const ftdn_dataset *dataset, ftdn_error *err)
{
    ftdn_device_ceiling ceiling[N_ARITHMETICS];
    double bytes_per_s;
    ftdn_bench_tell(bench->options->progress, NULL, "ceilings");
    FTDN_TRY(ftdn_device_measure_copy(bench, &bytes_per_s, err));
    for (int a = 0; a < bench->n_arithmetics; a++) {
        ceiling[a].bytes_per_s = bytes_per_s;
        FTDN_TRY(ftdn_device_measure_convolution(bench, arithmetic_table[a].algorithm, arithmetic_table[a].name,
                                                 &ceiling[a].macs_per_s, err));
    }
    for (int n = 0; n < N_NETWORKS; n++) {
        if (bench->options->model && strcmp(bench->options->model, network_table[n].name) != 0) continue;
        ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
        ftdn_status status = measure_network(bench, n, dataset, ceiling, err);
        ftdn_arena_reset(bench->arena, mark);
        FTDN_TRY(status);
    }
    return FTDN_OK;
}

static ftdn_status check_model(const char *model, ftdn_error *err)
{
    for (int i = 0; i < N_NETWORKS; i++)
        if (!model || !strcmp(model, network_table[i].name)) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "--model: '%s' is not allowed; allowed: %s, %s", model, network_table[0].name,
                     network_table[1].name);
}

/* The device of this process is the first one. */
static ftdn_status open_device(ftdn_device_bench *bench, ftdn_error *err)
{
    int n_devices;
    FTDN_TRY(ftdn_device_module_open(&bench->module, err));
    FTDN_TRY(bench->module->device->count(&n_devices, err));
    FTDN_TRY(bench->module->device->select(0, err));
    FTDN_TRY(bench->module->device->describe(0, &bench->device, err));
    while (bench->n_arithmetics < N_ARITHMETICS &&
           bench->device.major >= arithmetic_table[bench->n_arithmetics].least_major) {
        int a = bench->n_arithmetics++;
        bench->arithmetic[a] = ftdn_arithmetic_text(bench->module->backend, arithmetic_table[a].algorithm,
                                                    &bench->device, bench->arena, err);
        if (!bench->arithmetic[a]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

ftdn_status ftdn_bench_device(const ftdn_device_bench_options *options, ftdn_arena *arena, ftdn_device_bench *ret_bench,
                              ftdn_error *err)
{
    ftdn_device_bench bench = {.options = options, .arena = arena};
    ftdn_dataset *dataset;
    ftdn_text_init(&bench.plans);
    FTDN_TRY(check_model(options->model, err));
    bench.conditions = ftdn_bench_conditions_take(FTDN_CONV_DIRECT);
    FTDN_TRY(open_device(&bench, err));
    FTDN_TRY(ftdn_dataset_open_test_scenes(options->n_images, 0, &dataset, err));
    ftdn_bench_tell(options->progress, NULL, "painting test scenes");
    ftdn_status status = ftdn_dataset_decode(dataset, 300, bench.conditions.n_cores, err);
    if (status == FTDN_OK) status = measure_all(&bench, dataset, err);
    ftdn_dataset_close(dataset);
    ftdn_bench_tell(options->progress, NULL, "");
    if (status == FTDN_OK) status = ftdn_text_check(&bench.plans, err);
    if (status == FTDN_OK) *ret_bench = bench;
    else ftdn_device_bench_done(&bench);
    return status;
}

void ftdn_device_bench_done(ftdn_device_bench *bench)
{
    ftdn_text_done(&bench->plans);
}
