#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/results/asked_store.h"

#define MOST_REALS 256

static const char *ask(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_CSV, &asked->arena);
}

static void append(ftdn_asked_store *asked, int number)
{
    ftdn_sample sample;
    ftdn_sample_init(&sample, number);
    ftdn_sample_append(asked->store, &sample, &asked->origin);
}

/* The number of rows of all tables but environments. */
static const char *count_rows(ftdn_asked_store *asked)
{
    return ask(asked,
               "SELECT (SELECT count(*) FROM trials) AS t, (SELECT count(*) FROM results) AS r, (SELECT count(*) FROM "
               "attempts) AS a, (SELECT count(*) FROM class_ap) AS c, (SELECT count(*) FROM layer_faults) AS f, "
               "(SELECT count(*) FROM timings) AS s, (SELECT count(*) FROM overheads) AS o");
}

/* The reals of a one-column SELECT, as they stand in the file; NaN for NULL. */
static int read_reals(ftdn_asked_store *asked, const char *sql, double ret_values[MOST_REALS])
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int n = 0;
    assert_int_equal(sqlite3_open_v2(asked->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW && n < MOST_REALS) {
        bool is_null = sqlite3_column_type(statement, 0) == SQLITE_NULL;
        if (!is_null) assert_int_equal(sqlite3_column_type(statement, 0), SQLITE_FLOAT);
        ret_values[n++] = is_null ? NAN : sqlite3_column_double(statement, 0);
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static void assert_bits(double a, double b)
{
    if (memcmp(&a, &b, sizeof a) != 0) fail_msg("%a is not %a", a, b);
}

static void the_views_have_their_columns(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        ask(asked, "SELECT * FROM v_trials"),
        "id,manifest,model,width,weights,weights_digest,dataset,dataset_digest,backend,arithmetic,"
        "score_threshold,nms_iou,candidates,iou,type,bit,bits,range_low,range_high,"
        "weight_rate,feature_map_rate,weight_count,feature_map_count,weight_scope,feature_map_scope,feature_map_point,"
        "redraw,copies,method,ranking,direction,allocation,merge,merge_point,combine,ratio,calibration,"
        "calibration_digest,measured_images,seed,map_voc07,map_area,images,seconds,n_nonfinite_outputs,"
        "n_nonfinite_faults,copied_weight_bytes,copied_feature_map_bytes,copied_map_bytes,added_macs,network_macs,"
        "finished_at,code_version\n");
    assert_string_equal(ask(asked, "SELECT * FROM v_ap"), "id,class,ap_voc07,ap_area,objects\n");
    assert_string_equal(ask(asked, "SELECT * FROM v_faults"),
                        "id,layer,location,copy,requested_rate,observed_rate,elements,faults,changed,position\n");
    assert_string_equal(ask(asked, "SELECT * FROM v_timings"), "id,stage,seconds\n");
    assert_string_equal(ask(asked, "SELECT * FROM v_failures"),
                        "id,manifest,cause,failed_at,finished,code_version,machine,spec\n");
}

static void every_field_comes_back_in_its_column(void **state)
{
    ftdn_asked_store *asked = *state;
    append(asked, 7);
    assert_string_equal(
        ftdn_sample_ask(
            asked->store,
            "SELECT id, manifest, model, width, weights, weights_digest, dataset, dataset_digest, backend, "
            "arithmetic, score_threshold, nms_iou, candidates, iou, type, bit, bits, range_low, range_high, "
            "weight_rate, feature_map_rate, weight_count, feature_map_count, "
            "weight_scope, feature_map_scope, feature_map_point, "
            "redraw, copies, method, ranking, direction, allocation, merge, merge_point, combine, ratio, calibration, "
            "calibration_digest, measured_images, seed, map_voc07, map_area, images, seconds, "
            "n_nonfinite_outputs, n_nonfinite_faults, copied_weight_bytes, copied_feature_map_bytes, copied_map_bytes, "
            "added_macs, network_macs, code_version FROM v_trials",
            FTDN_FORMAT_JSON, &asked->arena),
        "[\n{\"id\":\"beced1fe696351bb996169a4f1987ca19b5f52f37c7ef3071f9c044cf3580bfc\",\"manifest\":\"smoke\","
        "\"model\":\"ssd_mobilenet_v1_tf\",\"width\":0.75,\"weights\":\"formula:0\",\"weights_digest\":\"abc\","
        "\"dataset\":\"VOC2007-mini test\",\"dataset_digest\":\"def\",\"backend\":\"cpu\",\"arithmetic\":\"f32 "
        "direct\",\"score_threshold\":0.01,\"nms_iou\":0.45,\"candidates\":200,\"iou\":0.5,"
        "\"type\":\"zero\",\"bit\":30,\"bits\":\"any\",\"range_low\":-1.5,\"range_high\":2.5,\"weight_rate\":0.1,"
        "\"feature_map_rate\":1e-05,\"weight_count\":0,\"feature_map_count\":0,\"weight_scope\":\"features\","
        "\"feature_map_scope\":\"[\\\"base_net.*\\\"]\",\"feature_map_point\":\"activation\",\"redraw\":\"trial\","
        "\"copies\":\"independent\",\"method\":\"none\",\"ranking\":null,\"direction\":null,\"allocation\":null,"
        "\"merge\":null,\"merge_point\":null,\"combine\":null,\"ratio\":null,\"calibration\":null,\"calibration_"
        "digest\":null,\"measured_images\":null,\"seed\":7,"
        "\"map_voc07\":0.30000000000000004,\"map_area\":0.6666666666666666,\"images\":300,\"seconds\":2.5,"
        "\"n_nonfinite_outputs\":5,\"n_nonfinite_faults\":6,\"copied_weight_bytes\":0,\"copied_feature_map_bytes\":0,"
        "\"copied_map_bytes\":0,\"added_macs\":0,\"network_macs\":1099511627776,\"code_version\":\"0.1.0+g1a2b3c4\"}\n]"
        "\n");
    assert_string_equal(ask(asked, "SELECT class, ap_voc07, ap_area, objects FROM v_ap"),
                        "class,ap_voc07,ap_area,objects\nboat,0.1,0.3333333333333333,7\ncat,,,0\ndog,1,0,12\n");
    assert_string_equal(ask(asked, "SELECT stage, seconds FROM v_timings"), "stage,seconds\nforward,1.25\ntotal,2.5\n");
    assert_string_equal(
        ask(asked, "SELECT layer, location, requested_rate, observed_rate, elements, faults, changed, position FROM "
                   "v_faults ORDER BY position"),
        "layer,location,requested_rate,observed_rate,elements,faults,changed,position\n"
        "base_net.10.3,weights,0.01,0.009,1000,9,8,0\n"
        "base_net.2.0,weights,0,,0,0,0,1\n"
        "base_net.10.3,feature_map,1e-05,1.1228328730794601e-05,1099511627776,12345678,12345677,2\n");
    assert_string_equal(ask(asked, "SELECT spec FROM trials"), "spec\n\"{\"\"seed\"\":7}\"\n");
    assert_string_equal(
        ask(asked, "SELECT outcome, worker, confirmed, seconds, cause, spec, "
                   "finished_at GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9]*Z' "
                   "AS is_time, abs(julianday('now') - julianday(finished_at)) < 1 AS is_now FROM attempts"),
        "outcome,worker,confirmed,seconds,cause,spec,is_time,is_now\ndone,0,no,2.5,,,1,1\n");
}

static void what_a_protection_has_and_costs_comes_back(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    ftdn_trial_params *params = &sample.record.params;
    params->weight_rate = params->feature_map_rate = 0;
    params->weight_count = 3;
    params->feature_map_count = 5;
    params->method = "fmr";
    params->ranking = "measured";
    params->direction = "filter";
    params->allocation = "global";
    params->merge = "max_abs";
    params->merge_point = "conv";
    params->combine = "boxes";
    params->ratio = 0.25;
    params->calibration = "VOC2007-mini calibration";
    params->calibration_digest = "123";
    params->measured_images = 8;
    sample.record.overhead = (ftdn_overhead_row){
        .weight_bytes = 1, .feature_map_bytes = 2, .map_bytes = 3, .macs = 4, .merge_values = 5, .network_macs = 6};
    sample.fault_row[1] = sample.fault_row[0];
    sample.fault_row[1].copy = 2;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_string_equal(
        ask(asked,
            "SELECT weight_count, feature_map_count, method, ranking, direction, allocation, merge, merge_point, "
            "combine, ratio, calibration, calibration_digest, measured_images, copied_weight_bytes, "
            "copied_feature_map_bytes, copied_map_bytes, added_macs, network_macs FROM v_trials"),
        "weight_count,feature_map_count,method,ranking,direction,allocation,merge,merge_point,combine,ratio,"
        "calibration,"
        "calibration_digest,measured_images,copied_weight_bytes,copied_feature_map_bytes,copied_map_bytes,added_macs,"
        "network_macs\n"
        "3,5,fmr,measured,filter,global,max_abs,conv,boxes,0.25,VOC2007-mini calibration,123,8,1,2,3,4,6\n");
    assert_string_equal(ask(asked, "SELECT merge_values FROM overheads"), "merge_values\n5\n");
    assert_string_equal(ask(asked, "SELECT layer, location, copy FROM v_faults ORDER BY position"),
                        "layer,location,copy\n"
                        "base_net.10.3,weights,0\nbase_net.10.3,weights,2\nbase_net.10.3,feature_map,0\n");
}

static void reals_keep_every_bit(void **state)
{
    ftdn_asked_store *asked = *state;
    static ftdn_class_row class_row[200];
    static char name[200][8];
    static const double special[] = {
        0, 1, 5e-324, 2.2250738585072014e-308, 0.1, 1.0 / 3, 0x1.fffffffffffffp-1, 0x1.0000000000001p-1, 1e-300, 0.5};
    double back[MOST_REALS];
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    uint64_t bits = 1;
    for (int i = 0; i < 200; i++) {
        snprintf(name[i], sizeof name[i], "c%03d", i);
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double value = i < 10 ? special[i] : ldexp((double)(bits >> 11), -53);
        class_row[i] = (ftdn_class_row){.class_name = name[i], .ap_voc07 = value, .ap_area = 1 - value, .n_objects = i};
    }
    sample.record.class_row = class_row;
    sample.record.n_classes = 200;
    sample.record.params.ratio = class_row[50].ap_voc07;
    sample.record.params.seed = INT64_MIN;
    sample.record.seconds = class_row[51].ap_voc07;
    ftdn_sample_append(asked->store, &sample, &asked->origin);

    assert_int_equal(read_reals(asked, "SELECT ap_voc07 FROM v_ap ORDER BY class", back), 200);
    for (int i = 0; i < 200; i++) assert_bits(back[i], class_row[i].ap_voc07);
    assert_int_equal(read_reals(asked, "SELECT ap_area FROM v_ap ORDER BY class", back), 200);
    for (int i = 0; i < 200; i++) assert_bits(back[i], class_row[i].ap_area);
    assert_int_equal(read_reals(asked, "SELECT ratio FROM v_trials", back), 1);
    assert_bits(back[0], sample.record.params.ratio);
    assert_int_equal(read_reals(asked, "SELECT seconds FROM v_trials", back), 1);
    assert_bits(back[0], sample.record.seconds);
    assert_int_equal(read_reals(asked, "SELECT map_voc07 FROM v_trials", back), 1);
    assert_bits(back[0], 0.1 + 0.2);
    assert_string_equal(ask(asked, "SELECT seed FROM v_trials"), "seed\n-9223372036854775808\n");

    /* Printed reals read back the same. */
    const char *line = ask(asked, "SELECT ap_voc07 FROM v_ap ORDER BY class");
    for (int i = 0; i < 200; i++) {
        line = strchr(line, '\n') + 1;
        assert_bits(strtod(line, NULL), class_row[i].ap_voc07);
    }
}

static void what_is_not_a_number_is_null(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    sample.record.map_voc07 = sample.record.map_area = NAN;
    sample.record.n_classes = sample.record.n_timings = sample.record.n_faults = 0;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_string_equal(ask(asked, "SELECT map_voc07, map_area, ratio FROM v_trials"),
                        "map_voc07,map_area,ratio\n,,\n");
}

static void a_second_result_for_a_trial_is_refused(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    ftdn_store *other = NULL;
    append(asked, 1);
    ftdn_sample_init(&sample, 1);
    sample.record.map_voc07 = 0.9;
    FTDN_ASSERT_FAILS(ftdn_sample_try(asked->store, &sample, &asked->origin, &err), FTDN_ERR_STORE, "already has trial",
                      err);
    assert_non_null(strstr(err.message, sample.record.id));
    FTDN_ASSERT_OK(ftdn_store_open(asked->path, FTDN_STORE_WRITE, &other, &err), err);
    FTDN_ASSERT_FAILS(ftdn_sample_try(other, &sample, &asked->origin, &err), FTDN_ERR_STORE, "already has trial", err);
    ftdn_store_close(other);
    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n1,1,1,3,3,2,1\n");
    assert_string_equal(ask(asked, "SELECT map_voc07 FROM v_trials"), "map_voc07\n0.30000000000000004\n");
    append(asked, 2);
    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n2,2,2,6,6,4,2\n");
}

/* Each row breaks one rule of the schema late or early in the transaction. */
static void a_record_that_breaks_a_rule_leaves_nothing_behind(void **state)
{
    ftdn_asked_store *asked = *state;
    enum { CASES = 25 };
    for (int i = 0; i < CASES; i++) {
        ftdn_error err;
        ftdn_sample sample;
        const char *rule = NULL;
        ftdn_attempt_origin with = asked->origin;
        ftdn_sample_init(&sample, 1);
        ftdn_trial_record *record = &sample.record;
        switch (i) {
        case 0:
            record->id[63] = 'G';
            rule = "id_is_64_hex_digits";
            break;
        case 1:
            record->id[63] = 0;
            rule = "id_is_64_hex_digits";
            break;
        case 2:
            record->spec = "[]";
            rule = "spec_is_an_object";
            break;
        case 3:
            record->spec = NULL;
            rule = "trials.spec";
            break;
        case 4:
            record->params.model = NULL;
            rule = "cells.model";
            break;
        case 5:
            record->params.weight_rate = 1.5;
            rule = "weight_rate BETWEEN 0 AND 1";
            break;
        case 6:
            record->params.feature_map_rate = -0.1;
            rule = "feature_map_rate BETWEEN 0 AND 1";
            break;
        case 7:
            record->params.feature_map_rate = NAN;
            rule = "cells.feature_map_rate";
            break;
        case 8:
            record->params.ratio = 1.01;
            rule = "ratio BETWEEN 0 AND 1";
            break;
        case 9:
            record->params.width = 0;
            rule = "width > 0";
            break;
        case 10:
            with.worker = -1;
            rule = "worker >= 0";
            break;
        case 11:
            record->map_voc07 = 1.1;
            rule = "map_voc07 BETWEEN";
            break;
        case 12:
            record->n_nonfinite_outputs = -1;
            rule = "n_nonfinite_outputs >= 0";
            break;
        case 13:
            sample.class_row[2].class_name = "boat";
            rule = "class_ap.cell, class_ap.class, class_ap.seed";
            break;
        case 14:
            sample.fault_row[2].location = "bias";
            rule = "location IN";
            break;
        case 15:
            sample.fault_row[2].n_faults = INT64_C(2) << 40;
            rule = "faults BETWEEN 0 AND elements";
            break;
        case 16:
            sample.fault_row[0].n_changed = 10;
            rule = "changed BETWEEN 0 AND faults";
            break;
        case 17:
            sample.timing_row[1].stage = "forward";
            rule = "timings.attempt, timings.stage";
            break;
        case 18:
            record->params.weight_count = -1;
            rule = "weight_count >= 0";
            break;
        case 19:
            record->params.calibration = "images";
            rule = "calibration_has_a_digest";
            break;
        case 20:
            record->overhead.macs = -1;
            rule = "macs >= 0";
            break;
        case 21:
            sample.fault_row[0].copy = 3;
            rule = "copy BETWEEN 0 AND 2";
            break;
        case 22:
            sample.fault_row[1].layer = sample.fault_row[0].layer;
            rule = "layer_faults.location, layer_faults.copy";
            break;
        case 23:
            record->params.feature_map_count = -1;
            rule = "feature_map_count >= 0";
            break;
        case 24:
            with.environment++;
            rule = "FOREIGN KEY";
            break;
        default: fail();
        }
        FTDN_ASSERT_FAILS(ftdn_sample_try(asked->store, &sample, &with, &err), FTDN_ERR_STORE, rule, err);
        assert_non_null(strstr(err.message, asked->path));
        assert_non_null(strstr(err.message, "writing trial "));
        assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n0,0,0,0,0,0,0\n");
    }
    append(asked, 1);
    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n1,1,1,3,3,2,1\n");
}

static void an_environment_is_written_once_per_content(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    int64_t same = -1, other = -1, again = -1;
    ftdn_environment changed = ftdn_sample_environment;
    FTDN_ASSERT_OK(ftdn_store_add_environment(asked->store, &ftdn_sample_environment, &same, &err), err);
    assert_int_equal(same, asked->origin.environment);
    changed.code_version = "0.1.0+g1a2b3c4+dirty";
    FTDN_ASSERT_OK(ftdn_store_add_environment(asked->store, &changed, &other, &err), err);
    assert_int_not_equal(other, asked->origin.environment);
    FTDN_ASSERT_OK(ftdn_store_add_environment(asked->store, &changed, &again, &err), err);
    assert_int_equal(again, other);
    assert_string_equal(ask(asked, "SELECT count(*) AS n FROM environments"), "n\n2\n");
    changed.machine = NULL;
    FTDN_ASSERT_FAILS(ftdn_store_add_environment(asked->store, &changed, &again, &err), FTDN_ERR_STORE,
                      "environments.machine", err);
    changed = ftdn_sample_environment;
    changed.libraries = "oneDNN";
    FTDN_ASSERT_FAILS(ftdn_store_add_environment(asked->store, &changed, &again, &err), FTDN_ERR_STORE,
                      "libraries GLOB", err);
    assert_int_equal(again, other);
}

static void a_failed_attempt_is_kept_beside_the_result(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    bool is_there = true;
    ftdn_sample_init(&sample, 1);
    const char *id = sample.record.id;
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample, "out of memory", &asked->origin, &err), err);
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample, "killed", &asked->origin, &err), err);
    FTDN_ASSERT_OK(ftdn_store_has_trial(asked->store, id, &is_there, &err), err);
    assert_false(is_there);
    assert_string_equal(ask(asked, "SELECT seed FROM v_trials"), "seed\n");
    assert_string_equal(
        ask(asked, "SELECT manifest, cause, finished, machine, spec FROM v_failures ORDER BY failed_at, cause DESC"),
        "manifest,cause,finished,machine,spec\nsmoke,out of memory,0,bench,\"{\"\"seed\"\":1}\"\n"
        "smoke,killed,0,bench,\"{\"\"seed\"\":1}\"\n");
    append(asked, 1);
    assert_string_equal(ask(asked, "SELECT cause, finished FROM v_failures ORDER BY cause"),
                        "cause,finished\nkilled,1\nout of memory,1\n");
    assert_string_equal(ask(asked, "SELECT seed FROM v_trials"), "seed\n1\n");
    ftdn_failure_row wrong = {
        .id = "short", .spec = sample.spec, .outcome = "failed", .cause = "killed", .seconds = NAN};
    FTDN_ASSERT_FAILS(ftdn_store_append_failure(asked->store, &wrong, &asked->origin, &err), FTDN_ERR_STORE,
                      "id_is_64_hex_digits", err);
    wrong.id = id;
    wrong.outcome = "done";
    FTDN_ASSERT_FAILS(ftdn_store_append_failure(asked->store, &wrong, &asked->origin, &err), FTDN_ERR_STORE, "CHECK",
                      err);
    wrong.outcome = "failed";
    wrong.spec = NULL;
    FTDN_ASSERT_FAILS(ftdn_store_append_failure(asked->store, &wrong, &asked->origin, &err), FTDN_ERR_STORE, "CHECK",
                      err);
}

static void a_trial_is_found_by_its_id_and_by_a_unique_beginning(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    char id[FTDN_SHA256_HEX] = "untouched";
    bool is_there = true;
    static const char *const ids[] = {"abcd0", "abcd1", "abce0"};
    for (int i = 0; i < 3; i++) {
        ftdn_sample_init(&sample, i);
        memcpy(sample.record.id, ids[i], 5);
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    FTDN_ASSERT_OK(ftdn_store_has_trial(asked->store, sample.record.id, &is_there, &err), err);
    assert_true(is_there);
    FTDN_ASSERT_OK(ftdn_store_has_trial(asked->store, "abcd", &is_there, &err), err);
    assert_false(is_there);

    FTDN_ASSERT_FAILS(ftdn_store_find_trial(asked->store, "abcd", id, &err), FTDN_ERR_ARG,
                      "2 trials whose ids begin with 'abcd'", err);
    FTDN_ASSERT_FAILS(ftdn_store_find_trial(asked->store, "abcf", id, &err), FTDN_ERR_ARG,
                      "no trial whose id begins with 'abcf'", err);
    static const char *const wrong[] = {"", "abc", "abcg", "abcd%", "abce'", "abce "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FTDN_ASSERT_FAILS(ftdn_store_find_trial(asked->store, wrong[i], id, &err), FTDN_ERR_ARG,
                          "is no beginning of a trial id", err);
    char too_long[FTDN_SHA256_HEX + 1];
    memset(too_long, 'a', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = 0;
    FTDN_ASSERT_FAILS(ftdn_store_find_trial(asked->store, too_long, id, &err), FTDN_ERR_ARG, "is no beginning", err);
    assert_string_equal(id, "untouched");

    FTDN_ASSERT_OK(ftdn_store_find_trial(asked->store, "abce", id, &err), err);
    assert_string_equal(id, sample.record.id);
    memset(id, 0, sizeof id);
    FTDN_ASSERT_OK(ftdn_store_find_trial(asked->store, "ABCE0", id, &err), err);
    assert_string_equal(id, sample.record.id);
    FTDN_ASSERT_OK(ftdn_store_find_trial(asked->store, sample.record.id, id, &err), err);
    assert_string_equal(id, sample.record.id);
}

/* A limit on the size of files stands for a full disk: the write fails in the middle of the transaction. */
static void a_write_that_fails_leaves_the_store_as_it_was(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err;
    ftdn_sample sample;
    struct stat info;
    append(asked, 1);
    assert_int_equal(stat(asked->path, &info), 0);

    char *spec = ftdn_arena_alloc(&asked->arena, 5000001, 1, &err);
    assert_non_null(spec);
    memset(spec, 'x', 5000000);
    spec[0] = '{';
    spec[4999999] = '}';
    ftdn_sample_init(&sample, 2);
    sample.record.spec = spec;

    struct rlimit before, limited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limited = before;
    limited.rlim_cur = (rlim_t)info.st_size + 100000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    ftdn_status status = ftdn_sample_try(asked->store, &sample, &asked->origin, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    FTDN_ASSERT_FAILS(status, FTDN_ERR_STORE, "writing trial ", err);
    if (!strstr(err.message, " (File too large)")) fail_msg("no reason in: %s", err.message);

    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n1,1,1,3,3,2,1\n");
    assert_string_equal(ask(asked, "PRAGMA integrity_check"), "integrity_check\nok\n");
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_string_equal(ask(asked, "SELECT length(spec) AS n FROM trials WHERE seed = 2"), "n\n5000000\n");
}

/* With a write-ahead log, SQLite goes on writing a file that nobody can open any more. */
static void nothing_is_written_to_a_file_that_has_lost_its_name(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    ftdn_error err;
    char other[512];
    append(asked, 1);
    snprintf(other, sizeof other, "%s.other", asked->path);
    assert_int_equal(rename(asked->path, other), 0);
    ftdn_sample_init(&sample, 2);
    static const char message[] =
        "store.db': writing trial a61e75dcd678: somebody has removed, moved or replaced its file";
    FTDN_ASSERT_FAILS(ftdn_sample_try(asked->store, &sample, &asked->origin, &err), FTDN_ERR_STORE, message, err);
    ftdn_test_write_file(asked->path, "another one", 11);
    FTDN_ASSERT_FAILS(ftdn_sample_try(asked->store, &sample, &asked->origin, &err), FTDN_ERR_STORE, message, err);
    assert_int_equal(rename(other, asked->path), 0);
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n2,2,2,6,6,4,2\n");
}

static void many_trials_are_all_there(void **state)
{
    ftdn_asked_store *asked = *state;
    enum { TRIALS = 10000 };
    for (int i = 0; i < TRIALS; i++) append(asked, i);
    assert_string_equal(count_rows(asked), "t,r,a,c,f,s,o\n10000,10000,10000,30000,30000,20000,10000\n");
    assert_string_equal(ask(asked, "SELECT min(seed) AS a, max(seed) AS b, count(DISTINCT id) AS n FROM v_trials"),
                        "a,b,n\n0,9999,10000\n");
    ftdn_sample sample;
    ftdn_error err;
    bool is_there;
    for (int i = 0; i < TRIALS + 5; i++) {
        ftdn_sample_init(&sample, i);
        FTDN_ASSERT_OK(ftdn_store_has_trial(asked->store, sample.record.id, &is_there, &err), err);
        assert_int_equal(is_there, i < TRIALS);
    }
    assert_string_equal(ask(asked, "PRAGMA integrity_check"), "integrity_check\nok\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(the_views_have_their_columns),
        FTDN_ASKED_TEST(every_field_comes_back_in_its_column),
        FTDN_ASKED_TEST(what_a_protection_has_and_costs_comes_back),
        FTDN_ASKED_TEST(reals_keep_every_bit),
        FTDN_ASKED_TEST(what_is_not_a_number_is_null),
        FTDN_ASKED_TEST(a_second_result_for_a_trial_is_refused),
        FTDN_ASKED_TEST(a_record_that_breaks_a_rule_leaves_nothing_behind),
        FTDN_ASKED_TEST(an_environment_is_written_once_per_content),
        FTDN_ASKED_TEST(a_failed_attempt_is_kept_beside_the_result),
        FTDN_ASKED_TEST(a_trial_is_found_by_its_id_and_by_a_unique_beginning),
        FTDN_ASKED_TEST(a_write_that_fails_leaves_the_store_as_it_was),
        FTDN_ASKED_TEST(nothing_is_written_to_a_file_that_has_lost_its_name),
        FTDN_ASKED_TEST(many_trials_are_all_there),
    };
    return cmocka_run_group_tests_name("results/store_append", tests, NULL, NULL);
}
