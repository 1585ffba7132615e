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
    .libraries = "{\"oneDNN\":\"2.6.3\"}",
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
        .manifest = "smoke",
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

ftdn_store *ftdn_sample_open(const char *path, int64_t *ret_environment)
{
    ftdn_error err;
    ftdn_store *store = NULL;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err), err);
    FTDN_ASSERT_OK(ftdn_store_add_environment(store, &ftdn_sample_environment, ret_environment, &err), err);
    return store;
}

char *ftdn_sample_ask(ftdn_store *store, const char *question, ftdn_query_format format, ftdn_arena *arena)
{
    ftdn_error err;
    char *chars = NULL;
    size_t n_chars = 0;
    FILE *out = open_memstream(&chars, &n_chars);
    assert_non_null(out);
    FTDN_ASSERT_OK(ftdn_query_print(store, question, format, out, &err), err);
    assert_int_equal(fclose(out), 0);
    char *answer = ftdn_arena_copy_text(arena, chars, n_chars, &err);
    assert_non_null(answer);
    free(chars);
    return answer;
}
