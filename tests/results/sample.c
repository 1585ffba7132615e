#include "tests/results/sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const ftdn_environment ftdn_sample_environment = {
    .code_version = "0.1.0+g1a2b3c4",
    .compiler = "gcc 12.2.0",
    .machine = "bench",
    .system = "Linux 6.1.0 x86_64",
    .cpu = "2 cores",
    .device = "cpu",
    .driver = "",
    .libraries = "{\"oneDNN\":\"2.6.3\"}",
};

const ftdn_campaign_row ftdn_sample_campaign = {
    .name = "smoke",
    .description = "made up",
    .path = "experiments/smoke.json",
    .manifest = "{\"name\":\"smoke\"}",
};

void ftdn_sample_init(ftdn_sample *sample, int number)
{
    *sample = (ftdn_sample){
        .class_row = {{"boat", 0.1, 1.0 / 3, 7}, {"cat", NAN, NAN, 0}, {"dog", 1, 0, 12}},
        .timing_row = {{"forward", 1.25}, {"total", 2.5}},
        .fault_row = {{"base_net.10.3", "weights", 0, 1000, 0.01, 9, 8},
                      {"base_net.2.0", "weights", 0, 0, 0, 0, 0},
                      {"base_net.10.3", "feature_map", 0, INT64_C(1) << 40, 1e-5, 12345678, 12345677}},
    };
    snprintf(sample->spec, sizeof sample->spec, "{\"seed\":%d}", number);
    sample->record = (ftdn_trial_record){
        .spec = sample->spec,
        .params = {.model = "ssd_mobilenet_v1_tf",
                   .width = 0.75,
                   .weights = "formula:0",
                   .weights_digest = "abc",
                   .dataset = "VOC2007-mini test",
                   .dataset_digest = "def",
                   .backend = "cpu",
                   .arithmetic = "f32 direct",
                   .score_threshold = 0.01,
                   .nms_iou = 0.45,
                   .candidates = 200,
                   .iou = 0.5,
                   .type = "zero",
                   .bit = 30,
                   .bits = "any",
                   .range_low = -1.5,
                   .range_high = 2.5,
                   .weight_rate = 0.1,
                   .feature_map_rate = 1e-5,
                   .weight_scope = "features",
                   .feature_map_scope = "[\"base_net.*\"]",
                   .feature_map_point = "activation",
                   .redraw = "trial",
                   .copies = "independent",
                   .method = "none",
                   .ratio = NAN,
                   .seed = number},
        .map_voc07 = 0.1 + 0.2,
        .map_area = 2.0 / 3,
        .n_images = 300,
        .n_nonfinite_outputs = 5,
        .n_nonfinite_faults = 6,
        .overhead = {.network_macs = INT64_C(1) << 40},
        .seconds = 2.5,
        .class_row = sample->class_row,
        .n_classes = FTDN_SAMPLE_CLASSES,
        .timing_row = sample->timing_row,
        .n_timings = FTDN_SAMPLE_TIMINGS,
        .fault_row = sample->fault_row,
        .n_faults = FTDN_SAMPLE_FAULTS,
    };
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_sha256_of(sample->spec, strlen(sample->spec), sample->record.id, &err), err);
}

ftdn_status ftdn_sample_begin(ftdn_store *store, ftdn_attempt_origin *ret_origin, ftdn_error *err)
{
    ftdn_attempt_origin origin = {0};
    FTDN_TRY(ftdn_store_add_environment(store, &ftdn_sample_environment, &origin.environment, err));
    FTDN_TRY(ftdn_store_add_campaign(store, &ftdn_sample_campaign, &origin.campaign, err));
    const ftdn_run_row run = {
        .campaign = origin.campaign,
        .environment = origin.environment,
        .n_workers = 1,
        .n_threads = 2,
        .n_wanted = 10,
        .seconds_estimated = NAN,
    };
    FTDN_TRY(ftdn_store_begin_run(store, &run, &origin.run, err));
    *ret_origin = origin;
    return FTDN_OK;
}

ftdn_store *ftdn_sample_open(const char *path, ftdn_attempt_origin *ret_origin)
{
    ftdn_error err;
    ftdn_store *store = NULL;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err), err);
    FTDN_ASSERT_OK(ftdn_sample_begin(store, ret_origin, &err), err);
    return store;
}

int64_t ftdn_sample_add_campaign(ftdn_store *store, const char *name)
{
    ftdn_error err;
    int64_t key;
    char manifest[128];
    snprintf(manifest, sizeof manifest, "{\"name\":\"%s\"}", name);
    const ftdn_campaign_row campaign = {.name = name, .description = "", .path = "made.json", .manifest = manifest};
    FTDN_ASSERT_OK(ftdn_store_add_campaign(store, &campaign, &key, &err), err);
    return key;
}

static void add_text(ftdn_sha256 *hash, const char *text)
{
    ftdn_sha256_add_text(hash, text ? text : "");
}

void ftdn_sample_set_cell(ftdn_sample *sample)
{
    const ftdn_trial_params *p = &sample->record.params;
    const char *const texts[] = {
        p->model,  p->weights_digest, p->dataset_digest,    p->backend,           p->arithmetic,
        p->type,   p->bits,           p->weight_scope,      p->feature_map_scope, p->feature_map_point,
        p->redraw, p->copies,         p->method,            p->ranking,           p->direction,
        p->merge,  p->allocation,     p->merge_point,       p->combine,           p->calibration_digest,
    };
    const double numbers[] = {
        p->width,       p->score_threshold,  p->nms_iou, p->candidates,   p->iou,
        p->bit,         p->range_low,        p->range_high, p->weight_rate, p->feature_map_rate,
        p->weight_count, p->feature_map_count, p->ratio,   p->measured_images,
    };
    ftdn_error err;
    ftdn_sha256 *hash;
    FTDN_ASSERT_OK(ftdn_sha256_create(&hash, &err), err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) add_text(hash, texts[i]);
    ftdn_sha256_add(hash, numbers, sizeof numbers);
    ftdn_sha256_finish(hash, sample->record.cell);
    ftdn_sha256_free(hash);
}

ftdn_status ftdn_sample_try(ftdn_store *store, ftdn_sample *sample, const ftdn_attempt_origin *origin, ftdn_error *err)
{
    ftdn_sample_set_cell(sample);
    return ftdn_store_append(store, &sample->record, origin, err);
}

void ftdn_sample_append(ftdn_store *store, ftdn_sample *sample, const ftdn_attempt_origin *origin)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_sample_try(store, sample, origin, &err), err);
}

ftdn_status ftdn_sample_fail(ftdn_store *store, const ftdn_sample *sample, const char *cause,
                             const ftdn_attempt_origin *origin, ftdn_error *err)
{
    const ftdn_failure_row failure = {
        .id = sample->record.id, .spec = sample->record.spec, .outcome = "failed", .cause = cause, .seconds = NAN};
    return ftdn_store_append_failure(store, &failure, origin, err);
}

static char *answer(ftdn_store *store, const ftdn_question *question, ftdn_format format, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_text text;
    ftdn_text_init(&text);
    FTDN_ASSERT_OK(ftdn_query_answer(store, question, format, NULL, &text, &err), err);
    return ftdn_test_keep_text(&text, arena);
}

char *ftdn_sample_ask(ftdn_store *store, const char *question, ftdn_format format, ftdn_arena *arena)
{
    return answer(store, &(ftdn_question){.text = question}, format, arena);
}

char *ftdn_sample_ask_with(ftdn_store *store, const char *question, const char *setting, ftdn_arena *arena)
{
    const ftdn_question asked = {.text = question, .n_settings = setting ? 1 : 0, .setting = &setting};
    return answer(store, &asked, FTDN_FORMAT_CSV, arena);
}
