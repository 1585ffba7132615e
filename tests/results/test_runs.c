/* test_runs.c - campaigns, plans, runs, golden canaries, and trials read back. */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>

#include "results/verify.h"
#include "tests/results/asked_store.h"

static const char *ask(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_CSV, &asked->arena);
}

static void append(ftdn_asked_store *asked, int number, int worker)
{
    ftdn_sample sample;
    ftdn_attempt_origin by = asked->origin;
    by.worker = worker;
    ftdn_sample_init(&sample, number);
    ftdn_sample_append(asked->store, &sample, &by);
}

static void a_campaign_is_found_by_its_manifest(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    int64_t key;
    FTDN_ASSERT_OK(ftdn_store_add_campaign(asked->store, &ftdn_sample_campaign, &key, &err), err);
    assert_int_equal(key, asked->origin.campaign);
    assert_int_not_equal(ftdn_sample_add_campaign(asked->store, "another"), asked->origin.campaign);
    assert_string_equal(
        ask(asked, "SELECT manifest, description, path, planned, finished FROM v_campaigns ORDER BY manifest"),
        "manifest,description,path,planned,finished\nanother,\"\",made.json,0,0\n"
        "smoke,made up,experiments/smoke.json,0,0\n");
}

static void what_is_planned_and_not_there_is_missing(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample[3];
    for (int i = 0; i < 3; i++) ftdn_sample_init(&sample[i], i);
    const ftdn_planned_row rows[] = {
        {"clean", sample[0].record.id, "zero"},
        {"faulty", sample[1].record.id, "one"},
        {"faulty", sample[0].record.id, "zero"},
        {"faulty", sample[2].record.id, "two"},
    };
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, asked->origin.campaign, rows, 3, &err), err);
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, asked->origin.campaign, rows, 4, &err), err);
    append(asked, 0, 0);
    assert_string_equal(ask(asked, "SELECT sweep, position, label FROM planned ORDER BY sweep, position"),
                        "sweep,position,label\nclean,0,zero\nfaulty,0,one\nfaulty,1,zero\nfaulty,2,two\n");
    assert_string_equal(ask(asked, "SELECT manifest, sweep, label FROM v_missing ORDER BY label"),
                        "manifest,sweep,label\nsmoke,faulty,one\nsmoke,faulty,two\n");
    assert_string_equal(ask(asked, "SELECT planned, finished FROM v_campaigns"), "planned,finished\n3,1\n");
    const ftdn_planned_row wrong = {"clean", "short", "x"};
    FTDN_ASSERT_FAILS(ftdn_store_add_planned(asked->store, asked->origin.campaign, &wrong, 1, &err), FTDN_ERR_STORE,
                      "64_hex", err);
}

static void a_run_tells_how_it_went(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    int64_t other;
    append(asked, 0, 0);
    ftdn_sample_init(&sample, 1);
    ftdn_failure_row failure = {.id = sample.record.id, .spec = sample.spec, .cause = "x", .seconds = NAN};
    static const char *const outcomes[] = {"failed", "crashed", "hung", "device", "dropped"};
    for (int i = 0; i < 5; i++) {
        failure.outcome = outcomes[i];
        FTDN_ASSERT_OK(ftdn_store_append_failure(asked->store, &failure, &asked->origin, &err), err);
    }
    assert_string_equal(ask(asked,
                            "SELECT manifest, ended_at, outcome, workers, threads, n_wanted, n_done, n_failed FROM "
                            "v_runs"),
                        "manifest,ended_at,outcome,workers,threads,n_wanted,n_done,n_failed\nsmoke,,,1,2,10,1,4\n");
    FTDN_ASSERT_OK(ftdn_store_end_run(asked->store, asked->origin.run, "out of time", &err), err);
    const ftdn_run_row run = {asked->origin.campaign, asked->origin.environment, 2, 4, 7, "2/5", 12.5};
    FTDN_ASSERT_OK(ftdn_store_begin_run(asked->store, &run, &other, &err), err);
    assert_string_equal(
        ask(asked, "SELECT outcome, ended_at IS NULL AS e, shard, seconds_estimated FROM v_runs ORDER BY id"),
        "outcome,e,shard,seconds_estimated\nout of time,0,,\n,1,2/5,12.5\n");
    FTDN_ASSERT_FAILS(ftdn_store_end_run(asked->store, other, "bored", &err), FTDN_ERR_STORE, "outcome IN", err);
}

static void a_canary_must_match_the_first_one(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    bool matches = false;
    FTDN_ASSERT_OK(ftdn_store_check_canary(asked->store, "key", "digest", asked->origin.environment, &matches, &err),
                   err);
    assert_true(matches);
    FTDN_ASSERT_OK(ftdn_store_check_canary(asked->store, "key", "another", asked->origin.environment, &matches, &err),
                   err);
    assert_false(matches);
    FTDN_ASSERT_OK(ftdn_store_check_canary(asked->store, "key", "digest", asked->origin.environment, &matches, &err),
                   err);
    assert_true(matches);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(asked->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE canaries SET digest = 'another'", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    FTDN_ASSERT_FAILS(
        ftdn_store_check_canary(asked->store, "key", "another", asked->origin.environment, &matches, &err),
        FTDN_ERR_STORE, "is damaged (golden canary key)", err);
}

static void unconfirmed_trials_of_a_worker_can_be_withdrawn(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    int n = -1;
    bool has;
    for (int i = 0; i < 4; i++) append(asked, i, i % 2);
    FTDN_ASSERT_OK(ftdn_store_confirm(asked->store, asked->origin.run, 0, &err), err);
    append(asked, 4, 0);
    append(asked, 5, 1);
    FTDN_ASSERT_OK(ftdn_store_withdraw(asked->store, asked->origin.run, 1, "canary", &n, &err), err);
    assert_int_equal(n, 3);
    assert_string_equal(ask(asked, "SELECT seed FROM v_trials ORDER BY seed"), "seed\n0\n2\n4\n");
    assert_string_equal(ask(asked,
                            "SELECT (SELECT count(*) FROM class_ap) AS c, (SELECT count(*) FROM layer_faults) AS f, "
                            "(SELECT count(*) FROM overheads) AS o, (SELECT count(*) FROM digests) AS d, (SELECT "
                            "count(*) FROM trials) AS t"),
                        "c,f,o,d,t\n9,9,3,3,3\n");
    assert_string_equal(ask(asked, "SELECT outcome, confirmed, cause, count(*) AS n FROM v_attempts GROUP BY 1, 2, 3"),
                        "outcome,confirmed,cause,n\ndone,0,,1\ndone,1,,2\nwithdrawn,0,canary,3\n");
    assert_string_equal(ask(asked, "SELECT spec FROM attempts WHERE outcome = 'withdrawn' ORDER BY id LIMIT 1"),
                        "spec\n\"{\"\"seed\"\":1}\"\n");
    /* They can be done again, and the others cannot be taken back. */
    append(asked, 1, 0);
    FTDN_ASSERT_OK(ftdn_store_withdraw(asked->store, asked->origin.run, 1, "canary", &n, &err), err);
    assert_int_equal(n, 0);
    ftdn_sample sample;
    ftdn_sample_init(&sample, 0);
    FTDN_ASSERT_OK(ftdn_store_has_trial(asked->store, sample.record.id, &has, &err), err);
    assert_true(has);
    ftdn_verification verification;
    FTDN_ASSERT_OK(ftdn_store_verify(asked->path, &asked->arena, &verification, &err), err);
    for (int i = 0; i < verification.n_damages; i++) fail_msg("%s", verification.damage[i].what);
}

static void results_cannot_be_changed_or_deleted(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char *const refused[] = {
        "UPDATE trials SET seed = 9",
        "UPDATE cells SET width = 2",
        "UPDATE results SET images = 1",
        "UPDATE overheads SET macs = 1",
        "UPDATE class_ap SET objects = 1",
        "UPDATE layer_faults SET faults = 0",
        "UPDATE digests SET result = ''",
        "DELETE FROM cells",
        "DELETE FROM trials",
        "DELETE FROM results",
        "DELETE FROM overheads",
        "DELETE FROM class_ap",
        "DELETE FROM layer_faults",
        "DELETE FROM digests",
    };
    append(asked, 0, 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(asked->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT) fail_msg("%s", refused[i]);
        if (!strstr(sqlite3_errmsg(db), " never ")) fail_msg("%s: %s", refused[i], sqlite3_errmsg(db));
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_trial_is_read_back_as_it_was_written(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    ftdn_trial_record back;
    ftdn_held_trial *held;
    int n;
    ftdn_sample_init(&sample, 3);
    sample.record.map_area = NAN;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    append(asked, 4, 0);
    FTDN_ASSERT_OK(ftdn_store_read_record(asked->store, sample.record.id, &asked->arena, &back, &err), err);
    assert_string_equal(back.id, sample.record.id);
    assert_string_equal(back.cell, sample.record.cell);
    assert_string_equal(back.spec, sample.spec);
    assert_string_equal(back.params.feature_map_scope, "[\"base_net.*\"]");
    assert_null(back.params.ranking);
    assert_true(isnan(back.params.ratio) && isnan(back.map_area));
    assert_int_equal(back.params.seed, 3);
    assert_true(back.map_voc07 == sample.record.map_voc07);
    assert_int_equal(back.overhead.network_macs, sample.record.overhead.network_macs);
    assert_int_equal(back.n_classes, FTDN_SAMPLE_CLASSES);
    assert_string_equal(back.class_row[2].class_name, "dog");
    assert_true(isnan(back.class_row[1].ap_voc07) && back.class_row[0].ap_area == 1.0 / 3);
    assert_int_equal(back.n_faults, FTDN_SAMPLE_FAULTS);
    assert_string_equal(back.fault_row[1].layer, "base_net.2.0");
    assert_int_equal(back.fault_row[2].n_changed, 12345677);
    assert_int_equal(back.n_timings, FTDN_SAMPLE_TIMINGS);
    assert_true(back.timing_row[1].seconds == 2.5 && back.seconds == 2.5);
    FTDN_ASSERT_FAILS(ftdn_store_read_record(asked->store, "none", &asked->arena, &back, &err), FTDN_ERR_STORE,
                      "no trial none", err);

    FTDN_ASSERT_OK(ftdn_store_list_trials(asked->store, &asked->arena, &held, &n, &err), err);
    assert_int_equal(n, 2);
    assert_true(strcmp(held[0].id, held[1].id) < 0);
    const ftdn_held_trial *found = ftdn_held_trial_find(held, n, sample.record.id);
    assert_non_null(found);
    assert_true(found->map_voc07 == sample.record.map_voc07);
    assert_null(ftdn_held_trial_find(held, n, "none"));
    assert_null(ftdn_held_trial_find(NULL, 0, "none"));
}

static void a_cell_has_one_set_of_parameters(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    append(asked, 0, 0);
    ftdn_sample_init(&sample, 1);
    ftdn_sample_set_cell(&sample);
    sample.record.params.nms_iou = 0.5;
    FTDN_ASSERT_FAILS(ftdn_store_append(asked->store, &sample.record, &asked->origin, &err), FTDN_ERR_STORE,
                      "have other parameters", err);
    sample.record.params.nms_iou = 0.45;
    sample.record.params.weights = "another name of the same";
    FTDN_ASSERT_OK(ftdn_store_append(asked->store, &sample.record, &asked->origin, &err), err);
    assert_string_equal(ask(asked, "SELECT count(*) AS n FROM cells"), "n\n1\n");
}

#define STORE_TEST(name) FTDN_ASKED_TEST(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_campaign_is_found_by_its_manifest),
        STORE_TEST(what_is_planned_and_not_there_is_missing),
        STORE_TEST(a_run_tells_how_it_went),
        STORE_TEST(a_canary_must_match_the_first_one),
        STORE_TEST(unconfirmed_trials_of_a_worker_can_be_withdrawn),
        STORE_TEST(results_cannot_be_changed_or_deleted),
        STORE_TEST(a_trial_is_read_back_as_it_was_written),
        STORE_TEST(a_cell_has_one_set_of_parameters),
    };
    return cmocka_run_group_tests_name("results/runs", tests, NULL, NULL);
}
