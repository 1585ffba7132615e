#include "results/latencies.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/results/sample.h"

typedef struct fixture {
    ftdn_arena arena;
    char *folder, *path;
    ftdn_store *store;
    ftdn_attempt_origin origin;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    ftdn_error err = {0};
    ftdn_arena_init(&test.arena);
    test.folder = ftdn_test_create_folder(&test.arena);
    test.path = ftdn_arena_format(&test.arena, &err, "%s/store.db", test.folder);
    assert_non_null(test.path);
    test.store = ftdn_sample_open(test.path, &test.origin);
    *state = &test;
    return 0;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    ftdn_store_close(test->store);
    ftdn_test_remove_folder(test->folder);
    ftdn_arena_done(&test->arena);
    return 0;
}

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

static void assert_answer(fixture *test, const char *question, const char *expected)
{
    assert_string_equal(ftdn_sample_ask(test->store, question, FTDN_QUERY_CSV, &test->arena), expected);
}

static void rows_of_a_run_are_read_as_they_were_written(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    const ftdn_latency run[] = {original, protected_by_copies()};
    FTDN_ASSERT_OK(
        ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", run, 2, test->origin.environment, &err), err);
    assert_answer(
        test, "v_overheads",
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
    fixture *test = *state;
    ftdn_error err = {0};
    for (int run = 0; run < 3; run++) {
        FTDN_ASSERT_OK(ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", &original, 1,
                                                   test->origin.environment, &err),
                       err);
    }
    assert_answer(test, "SELECT count(*) AS n FROM v_overheads", "n\n3\n");
    FTDN_ASSERT_OK(
        ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", NULL, 0, test->origin.environment, &err), err);
    assert_answer(test, "SELECT count(*) AS n FROM v_overheads", "n\n3\n");
}

static void the_last_row_of_each_network_method_and_ratio_is_listed(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    ftdn_latency run[] = {original, protected_by_copies(), protected_by_copies()};
    run[2].ratio = 0.25;
    for (int i = 0; i < 2; i++) {
        run[0].median_s = run[1].median_s = 0.26 + 0.01 * i;
        FTDN_ASSERT_OK(
            ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", run, 3, test->origin.environment, &err),
            err);
    }
    const ftdn_latency *latency;
    int n_latencies;
    FTDN_ASSERT_OK(ftdn_store_list_latencies(test->store, &test->arena, &latency, &n_latencies, &err), err);
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
    fixture *test = *state;
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
            ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", run, 2, test->origin.environment, &err),
            FTDN_ERR_STORE, "writing latencies", err);
    }
    assert_answer(test, "SELECT count(*) AS n FROM v_overheads", "n\n0\n");
}

static void an_environment_must_be_known(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    FTDN_ASSERT_FAILS(ftdn_store_append_latencies(test->store, "2026-01-31T23:59:59Z", &original, 1,
                                                  test->origin.environment + 1, &err),
                      FTDN_ERR_STORE, "FOREIGN KEY", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_of_a_run_are_read_as_they_were_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_run_adds_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_row_of_each_network_method_and_ratio_is_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_with_a_wrong_row_is_refused_as_a_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_environment_must_be_known, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
