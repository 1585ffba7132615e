#include "results/latencies.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/results/asked_store.h"

static const ftdn_latency original = {
    .model = "ssd_vgg16",
    .width = 1,
    .weights = "formula:0",
    .weights_digest = "ab12",
    .method = "none",
    .ratio = NAN,
    .backend = "cpu",
    .arithmetic = "f32 direct",
    .n_threads = 1,
    .n_images = 4,
    .n_warmup = 2,
    .n_repeats = 25,
    .median_s = 0.25,
    .q1_s = 0.2,
    .q3_s = 0.3,
    .min_s = 0.1,
    .slowdown = 1,
    .allocated_weight_bytes = 1000,
    .allocated_map_bytes = 2000,
    .peak_map_bytes = 700,
};

static ftdn_latency protected_by_copies(void)
{
    ftdn_latency latency = original;
    latency.method = "fmr";
    latency.ranking = "weight_sum";
    latency.merge = "mean";
    latency.ratio = 0.5;
    latency.slowdown = 1.5;
    latency.weight_bytes = 300;
    latency.feature_map_bytes = 400;
    latency.map_bytes = 500;
    latency.macs = INT64_C(1) << 40;
    latency.allocated_weight_bytes = 1310;
    latency.allocated_map_bytes = 2520;
    return latency;
}

static void assert_answer(ftdn_asked_store *asked, const char *question, const char *expected)
{
    assert_string_equal(ftdn_sample_ask(asked->store, question, FTDN_FORMAT_CSV, &asked->arena), expected);
}

static void rows_of_a_run_are_read_as_they_were_written(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    const ftdn_latency run[] = {original, protected_by_copies()};
    FTDN_ASSERT_OK(
        ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", run, 2, asked->origin.environment, &err),
        err);
    assert_answer(
        asked, "v_overheads",
        "id,measured_at,model,width,weights,weights_digest,method,ranking,merge,ratio,backend,arithmetic,"
        "threads,images,warmup,repeats,median_s,q1_s,q3_s,min_s,slowdown,weight_bytes,feature_map_bytes,"
        "map_bytes,macs,allocated_weight_bytes,allocated_map_bytes,peak_map_bytes,code_version,machine,cpu,device\n"
        "1,2026-01-31T23:59:59Z,ssd_vgg16,1,formula:0,ab12,none,,,,cpu,f32 direct,"
        "1,4,2,25,0.25,0.2,0.3,0.1,1,0,0,0,0,1000,2000,700,0.1.0+g1a2b3c4,bench,2 cores,cpu\n"
        "2,2026-01-31T23:59:59Z,ssd_vgg16,1,formula:0,ab12,fmr,weight_sum,mean,0.5,cpu,f32 direct,"
        "1,4,2,25,0.25,0.2,0.3,0.1,1.5,300,400,500,1099511627776,1310,2520,700,0.1.0+g1a2b3c4,bench,2 cores,cpu\n");
}

static void every_run_adds_rows(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    for (int run = 0; run < 3; run++) {
        FTDN_ASSERT_OK(ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", &original, 1,
                                                   asked->origin.environment, &err),
                       err);
    }
    assert_answer(asked, "SELECT count(*) AS n FROM v_overheads", "n\n3\n");
    FTDN_ASSERT_OK(
        ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", NULL, 0, asked->origin.environment, &err),
        err);
    assert_answer(asked, "SELECT count(*) AS n FROM v_overheads", "n\n3\n");
}

static void the_last_row_of_each_network_method_and_ratio_is_listed(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    ftdn_latency run[] = {original, protected_by_copies(), protected_by_copies()};
    run[2].ratio = 0.25;
    for (int i = 0; i < 2; i++) {
        run[0].median_s = run[1].median_s = 0.26 + 0.01 * i;
        FTDN_ASSERT_OK(
            ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", run, 3, asked->origin.environment, &err),
            err);
    }
    const ftdn_latency *latency;
    int n_latencies;
    FTDN_ASSERT_OK(ftdn_store_list_latencies(asked->store, &asked->arena, &latency, &n_latencies, &err), err);
    assert_int_equal(n_latencies, 3);
    assert_true(latency[0].median_s == 0.27 && isnan(latency[0].ratio) && !latency[0].ranking);
    assert_true(latency[1].median_s == 0.27 && latency[1].ratio == 0.5 && latency[2].ratio == 0.25);
    assert_string_equal(latency[1].ranking, "weight_sum");
    assert_int_equal(latency[1].feature_map_bytes, 400);
    assert_int_equal(latency[1].peak_map_bytes, 700);
    assert_int_equal(latency[1].n_repeats, 25);
}

/* The second row breaks a rule of the table: the first one is not kept either. */
static void a_run_with_a_wrong_row_is_refused_as_a_whole(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_latency wrong[6];
    for (int i = 0; i < 6; i++) wrong[i] = original;
    wrong[0].ratio = 1.5;
    wrong[1].q1_s = 0.26;
    wrong[2].min_s = -1;
    wrong[3].map_bytes = -1;
    wrong[4].model = NULL;
    wrong[5].median_s = NAN;
    for (int i = 0; i < 6; i++) {
        ftdn_error err = {0};
        const ftdn_latency run[] = {original, wrong[i]};
        FTDN_ASSERT_FAILS(
            ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", run, 2, asked->origin.environment, &err),
            FTDN_ERR_STORE, "writing latencies", err);
    }
    assert_answer(asked, "SELECT count(*) AS n FROM v_overheads", "n\n0\n");
}

static void an_environment_must_be_known(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    FTDN_ASSERT_FAILS(ftdn_store_append_latencies(asked->store, "2026-01-31T23:59:59Z", &original, 1,
                                                  asked->origin.environment + 1, &err),
                      FTDN_ERR_STORE, "FOREIGN KEY", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(rows_of_a_run_are_read_as_they_were_written),
        FTDN_ASKED_TEST(every_run_adds_rows),
        FTDN_ASKED_TEST(the_last_row_of_each_network_method_and_ratio_is_listed),
        FTDN_ASKED_TEST(a_run_with_a_wrong_row_is_refused_as_a_whole),
        FTDN_ASKED_TEST(an_environment_must_be_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
