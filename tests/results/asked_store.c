#include "tests/results/asked_store.h"

#include <math.h>
#include <stdlib.h>

#include "results/latencies.h"

int ftdn_asked_set_up(void **state)
{
    ftdn_asked_store *asked = calloc(1, sizeof *asked);
    assert_non_null(asked);
    ftdn_arena_init(&asked->arena);
    asked->folder = ftdn_test_create_folder(&asked->arena);
    asked->path = ftdn_test_join(&asked->arena, asked->folder, "store.db");
    asked->store = ftdn_sample_open(asked->path, &asked->origin);
    *state = asked;
    return 0;
}

int ftdn_asked_tear_down(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_store_close(asked->store);
    ftdn_test_remove_folder(asked->folder);
    ftdn_arena_done(&asked->arena);
    free(asked);
    return 0;
}

const char *ftdn_asked_csv(ftdn_asked_store *asked, const char *question, const char *setting)
{
    return ftdn_sample_ask_with(asked->store, question, setting, &asked->arena);
}

void ftdn_asked_assert_row(ftdn_asked_store *asked, const char *question, const char *setting, const char *row)
{
    const char *answer = ftdn_asked_csv(asked, question, setting), *found = strstr(answer, row);
    if (!found || found == answer || found[-1] != '\n') fail_msg("%s: no row '%s' in\n%s", question, row, answer);
}

void ftdn_asked_describe(const ftdn_asked_trial *trial, int number, ftdn_sample *sample)
{
    ftdn_sample_init(sample, number);
    ftdn_trial_params *params = &sample->record.params;
    params->weight_rate = trial->rate;
    params->feature_map_rate = 0;
    params->seed = trial->seed;
    sample->record.map_voc07 = trial->map;
    if (!trial->method) return;
    params->method = trial->method;
    params->ranking = "entropy";
    params->merge = "mean";
    params->ratio = trial->ratio;
    sample->record.overhead.weight_bytes = (int64_t)(4e6 * trial->ratio);
    sample->record.overhead.feature_map_bytes = 1000000;
    sample->record.overhead.macs = INT64_C(1) << 38;
}

void ftdn_asked_append(ftdn_asked_store *asked, const ftdn_asked_trial *trial, int n_trials, int first)
{
    for (int i = 0; i < n_trials; i++) {
        ftdn_sample sample;
        ftdn_asked_describe(&trial[i], first + i, &sample);
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
}

void ftdn_asked_append_latency(ftdn_asked_store *asked, const char *method, double ratio, double seconds)
{
    ftdn_error err = {0};
    const ftdn_latency latency = {
        .model = "ssd_mobilenet_v1_tf",
        .width = 0.75,
        .weights = "formula:0",
        .weights_digest = "ab12",
        .method = method,
        .ranking = isnan(ratio) ? NULL : "weight_sum",
        .merge = isnan(ratio) ? NULL : "mean",
        .ratio = ratio,
        .backend = "cpu",
        .arithmetic = "f32 direct",
        .n_threads = 1,
        .n_images = 1,
        .n_repeats = 1,
        .median_s = seconds,
        .q1_s = seconds,
        .q3_s = seconds,
        .slowdown = seconds / 0.25,
    };
    FTDN_ASSERT_OK(
        ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", &latency, 1, asked->origin.environment, &err),
        err);
}
