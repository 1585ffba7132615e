#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "results/cell_text.h"
#include "results/latencies.h"
#include "results/stored_scores.h"
#include "tests/results/sample.h"

static ftdn_arena arena;
static char *folder, *path;
static ftdn_store *store;
static int64_t environment;

static int set_up(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_arena_init(&arena);
    folder = ftdn_test_create_folder(&arena);
    path = ftdn_path_join(&arena, folder, "store.db", &err);
    assert_non_null(path);
    store = ftdn_sample_open(path, &environment);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_store_close(store);
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
    return 0;
}

static const char *csv(const char *question)
{
    return ftdn_sample_ask(store, question, FTDN_QUERY_CSV, &arena);
}

static const char *json(const char *question)
{
    return ftdn_sample_ask(store, question, FTDN_QUERY_JSON, &arena);
}

static const char *table(const char *question)
{
    return ftdn_sample_ask(store, question, FTDN_QUERY_TABLE, &arena);
}

/* The question is refused in each format with this fragment in the message, and prints nothing. */
static void assert_refused(ftdn_store *asked, const char *question, const char *fragment)
{
    for (int format = FTDN_QUERY_TABLE; format <= FTDN_QUERY_JSON; format++) {
        ftdn_error err = {0};
        char *chars = NULL;
        size_t n_chars = 0;
        FILE *out = open_memstream(&chars, &n_chars);
        assert_non_null(out);
        ftdn_status status = ftdn_query_print(asked, question, (ftdn_query_format)format, out, &err);
        assert_int_equal(fclose(out), 0);
        free(chars);
        if (status != FTDN_ERR_STORE) fail_msg("'%s' gives status %d", question, status);
        if (!strstr(err.message, fragment)) fail_msg("'%s': '%s' lacks '%s'", question, err.message, fragment);
        assert_int_equal(n_chars, 0);
    }
}

static void a_table_is_aligned_and_marks_null(void **state)
{
    (void)state;
    assert_string_equal(table("SELECT 'a' AS name, 1 AS n, 0.5 AS rate, NULL AS ranking UNION ALL "
                              "SELECT 'longer', 1234567, NULL, 'entropy' UNION ALL SELECT '', -1, 1e-5, NULL"),
                        "name          n    rate  ranking\n"
                        "------  -------  ------  -------\n"
                        "a             1  0.5000  -\n"
                        "longer  1234567       -  entropy\n"
                        "             -1   1e-05  -\n");
    assert_string_equal(table("SELECT 1 AS a WHERE 0"), "a\n-\n");
    assert_string_equal(
        table("SELECT 0.0 AS a, 0.001 AS b, 123456789.25 AS c, 1e9 AS d, -2.5 AS e, 1e999 AS f, x'0aff' AS g"),
        "     a       b               c      d        e    f  g\n"
        "------  ------  --------------  -----  -------  ---  -------\n"
        "0.0000  0.0010  123456789.2500  1e+09  -2.5000  inf  X'0AFF'\n");
}

static void a_table_counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_string_equal(table("SELECT 'é' AS a, 1 AS b UNION ALL SELECT '日本', 2 UNION ALL SELECT 'e' || char(769), 3 "
                              "UNION ALL SELECT '😀', 4 UNION ALL SELECT '½ ✓ Ω', 5"),
                        "a      b\n-----  -\né      1\n日本   2\ne\xCC\x81      3\n😀     4\n½ ✓ Ω  5\n");
}

static void a_table_keeps_each_row_on_a_line_and_passes_no_control_character_on(void **state)
{
    (void)state;
    assert_string_equal(
        table("SELECT 'a' || char(10) || 'b' || char(9) || char(27) || '[31m' || char(155) || char(13) AS x, "
              "1 AS y"),
        "x                     y\n"
        "--------------------  -\n"
        "a\\nb\\t\\x1b[31m\\x9b\\r  1\n");
}

static void text_that_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *shown;
        int width;
    } cases[] = {
        {"ok", 2, "ok", 2},
        {"\xC3\xA9", 2, "\xC3\xA9", 1},
        {"\xC3", 1, "\xEF\xBF\xBD", 1},
        {"\x80x", 2, "\xEF\xBF\xBDx", 2},
        {"\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
        {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
        {"\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
        {"\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80", 2},
        {"a\0b", 3,
         "a\xEF\xBF\xBD"
         "b",
         3},
        {"\xFFz", 2, "\xEF\xBF\xBDz", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        assert_int_equal(ftdn_cell_text_append(&text, cases[i].bytes, cases[i].n_bytes, true), cases[i].width);
        assert_string_equal(text.chars, cases[i].shown);
        ftdn_text_done(&text);
    }
    assert_string_equal(json("SELECT CAST(x'61ff62' AS TEXT) AS a"), "[\n{\"a\":\"a\xEF\xBF\xBD"
                                                                     "b\"}\n]\n");
    assert_string_equal(table("SELECT CAST(x'61ff62' AS TEXT) AS a"), "a\n---\na\xEF\xBF\xBD"
                                                                      "b\n");
}

static void csv_is_quoted_by_its_rule(void **state)
{
    (void)state;
    assert_string_equal(
        csv("SELECT 'plain' AS a, 'with, comma' AS \"b,c\", 'say \"hi\"' AS d, 'two' || char(10) || 'lines' AS e, "
            "char(13) AS f, '' AS g, NULL AS h, 0.1 AS i, 9007199254740993 AS j, x'00' AS k, -1e999 AS l, "
            "' space ' AS m"),
        "a,\"b,c\",d,e,f,g,h,i,j,k,l,m\n"
        "plain,\"with, comma\",\"say \"\"hi\"\"\",\"two\nlines\",\"\r\",\"\",,0.1,9007199254740993,X'00',-inf, space "
        "\n");
    assert_string_equal(csv("SELECT 1 AS a WHERE 0"), "a\n");
}

static void json_has_numbers_texts_and_null(void **state)
{
    (void)state;
    assert_string_equal(
        json("SELECT 'say \"hi\"\\' || char(10) AS \"a\"\"b\", NULL AS b, 0.30000000000000004 AS c, "
             "-9223372036854775807 AS d, x'ff' AS e, 1e999 AS f, '' AS g UNION ALL SELECT 'é', 1, 2, 3, 4, 5, 6"),
        "[\n{\"a\\\"b\":\"say \\\"hi\\\"\\\\\\n\",\"b\":null,\"c\":0.30000000000000004,"
        "\"d\":-9223372036854775807,\"e\":\"X'FF'\",\"f\":null,\"g\":\"\"},\n"
        "{\"a\\\"b\":\"é\",\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6}\n]\n");
    assert_string_equal(json("SELECT 1 AS a WHERE 0"), "[]\n");
    const ftdn_json *root;
    ftdn_error err;
    const char *answer = json("environments");
    FTDN_ASSERT_OK(ftdn_json_parse(answer, strlen(answer), "answer", &arena, &root, &err), err);
    assert_int_equal(root->n_children, 1);
    assert_string_equal(ftdn_json_find(root->child[0], "libraries")->string, "{\"oneDNN\":\"2.6.3\"}");
}

static void a_question_may_be_any_statement_that_reads(void **state)
{
    (void)state;
    assert_string_equal(csv("  -- first\n/* then */ SELECT 1 AS a ; ;\n -- done\n /* really */ "), "a\n1\n");
    assert_string_equal(csv("VALUES (1), (2)"), "column1\n1\n2\n");
    assert_string_equal(csv("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
                            "SELECT i, sum(i) OVER (ORDER BY i) AS s FROM n"),
                        "i,s\n1,1\n2,3\n3,6\n");
    assert_string_equal(csv("SELECT value FROM json_each('[1, \"two\"]')"), "value\n1\ntwo\n");
    assert_string_equal(csv("PRAGMA user_version"), "user_version\n2\n");
    assert_string_equal(csv("PRAGMA application_id"), "application_id\n1179927630\n");
    assert_non_null(strstr(csv("PRAGMA table_info(trials)"), "weight_rate,REAL"));
    assert_non_null(strstr(csv("SELECT sql FROM sqlite_schema WHERE name = 'v_ap'"), "CREATE VIEW v_ap"));
    assert_non_null(strstr(csv("EXPLAIN QUERY PLAN SELECT * FROM v_trials"), "detail"));
}

static void a_question_that_would_write_or_leave_the_store_is_refused(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "INSERT INTO trials (id) VALUES ('x')",
        "WITH a AS (SELECT 1) INSERT INTO environments SELECT 1, 1, 1, 1, 1, 1, 1, '{}' FROM a",
        "INSERT INTO environments SELECT * FROM environments RETURNING id",
        "UPDATE results SET map_voc07 = 1",
        "DELETE FROM trials",
        "DROP VIEW v_ap",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE t USING fts5(a)",
        "ALTER TABLE trials ADD COLUMN x",
        "REINDEX trials",
        "ANALYZE main",
        "EXPLAIN DELETE FROM trials",
        "ATTACH 'other.db' AS other",
        "DETACH main",
        "VACUUM main",
        "VACUUM INTO 'copy.db'",
        "BEGIN IMMEDIATE",
        "COMMIT TRANSACTION",
        "SAVEPOINT s",
        "PRAGMA user_version = 2",
        "PRAGMA user_version(2)",
        "PRAGMA journal_mode = WAL",
        "PRAGMA writable_schema = 1",
        "PRAGMA query_only = 0",
        "PRAGMA wal_checkpoint",
        "PRAGMA optimize",
        "PRAGMA incremental_vacuum",
        "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('simple')",
    };
    size_t n_before, n_after;
    char *before, *after;
    ftdn_error err;
    ftdn_store *reader = NULL;
    FTDN_ASSERT_OK(ftdn_file_load(path, (size_t)1 << 20, &arena, &before, &n_before, &err), err);
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &reader, &err), err);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        assert_refused(store, questions[i], " is refused: a question only reads");
        assert_refused(reader, questions[i], " is refused: a question only reads");
    }
    assert_refused(store, "ATTACH 'other.db' AS other", "ATTACH (or VACUUM) is refused");
    assert_refused(store, "PRAGMA journal_mode = WAL", "PRAGMA journal_mode is refused");
    assert_refused(store, "SELECT load_extension('x')", "the function load_extension is refused");
    assert_refused(store, "UPDATE sqlite_master SET sql = ''", "table sqlite_master may not be modified");
    assert_refused(store, "SELECT * FROM pragma_journal_mode('wal')", "unknown database 'wal'");
    ftdn_store_close(reader);
    FTDN_ASSERT_OK(ftdn_file_load(path, (size_t)1 << 20, &arena, &after, &n_after, &err), err);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    assert_false(ftdn_file_exists("other.db"));
    assert_false(ftdn_file_exists("copy.db"));

    /* The store goes on writing afterwards: the guard holds during a question only. */
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
    assert_string_equal(csv("SELECT seed FROM v_trials"), "seed\n1\n");
}

static void a_question_is_exactly_one_statement(void **state)
{
    (void)state;
    assert_refused(store, "SELECT 1; SELECT 2", "one statement");
    assert_refused(store, "SELECT 1; DROP TABLE trials", "one statement");
    assert_refused(store, "SELECT 1; gibberish here", "one statement");
    assert_refused(store, "", "the question is empty");
    assert_refused(store, " ; -- nothing\n", "the question is empty");
}

static void mistakes_are_explained(void **state)
{
    (void)state;
    assert_refused(store, "SELECT * FORM v_trials", "near \"FORM\": syntax error");
    assert_refused(store, "SELECT map FROM v_trials", "no such column: map");
    assert_refused(store, "SELECT abs(-9223372036854775807 - 1)", "integer overflow");
    assert_refused(store, "map_by_rat",
                   "no query is named 'map_by_rat': did you mean 'map_by_rate'? (there are v_trials, v_ap,");
    assert_refused(store, "unheard-of", "no query is named 'unheard-of' (there are");
    assert_refused(store, "VACUUM", "no query is named 'VACUUM'");
}

static void an_answer_that_cannot_be_printed_is_an_error(void **state)
{
    (void)state;
    ftdn_error err;
    FILE *out = fopen("/dev/full", "w");
    if (!out) skip();
    FTDN_ASSERT_FAILS(ftdn_query_print(store, "SELECT 1", FTDN_QUERY_CSV, out, &err), FTDN_ERR_INPUT,
                      "printing the answer: ", err);
    fclose(out);
}

/* Trials of two seeds at each of two rates without protection, and one protected: mAP 0.5, 0.3; 0.2, 0.1; 0.4. */
static void append_campaign(void)
{
    static const struct {
        double rate, map;
        int64_t seed;
        bool is_protected;
    } trials[] = {{0.01, 0.5, 0, false},
                  {0.01, 0.25, 1, false},
                  {0.1, 0.125, 0, false},
                  {0.1, 0.0625, 1, false},
                  {0.1, 0.375, 0, true}};
    for (int i = 0; i < 5; i++) {
        ftdn_error err;
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        ftdn_trial_params *params = &sample.record.params;
        params->weight_rate = trials[i].rate;
        params->seed = trials[i].seed;
        if (trials[i].is_protected) {
            params->method = "kr";
            params->ranking = "entropy";
            params->merge = "mean";
            params->ratio = 0.5;
        }
        sample.record.map_voc07 = trials[i].map;
        sample.class_row[0].ap_voc07 = trials[i].map / 2;
        sample.fault_row[0].requested_rate = trials[i].rate;
        sample.fault_row[0].n_faults = 10 + i;
        sample.fault_row[0].n_changed = i;
        sample.timing_row[0].seconds = i + 1;
        FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
    }
    ftdn_error err;
    ftdn_sample sample;
    for (int i = 4; i < 7; i++) {
        ftdn_sample_init(&sample, i);
        FTDN_ASSERT_OK(ftdn_store_append_failure(store, sample.record.id, "smoke", sample.spec,
                                                 i < 6 ? "killed" : "no memory", environment, &err),
                       err);
    }
}

static void the_named_queries_answer(void **state)
{
    (void)state;
    append_campaign();
    assert_string_equal(
        csv("map_by_rate"),
        "manifest,model,type,weight_rate,feature_map_rate,weight_count,feature_map_count,method,ranking,merge,ratio,"
        "variant,n,mean_map_voc07,min_map_voc07,max_map_voc07\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,kr,entropy,mean,0.5,,1,0.375,0.375,0.375\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.01,1e-05,0,0,none,,,,,2,0.375,0.25,0.5\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,none,,,,,2,0.09375,0.0625,0.125\n");
    const char *answer = csv("class_ap");
    assert_non_null(strstr(answer, "zero,0.01,1e-05,0,0,none,,,,,boat,2,0.1875,0.3333333333333333,7\n"));
    assert_non_null(strstr(answer, "zero,0.01,1e-05,0,0,none,,,,,cat,2,,,0\n"));
    answer = csv("rates");
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.10.3,0,0.01,0.0105,2,2000,21,1\n"));
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.10.3,0,0.1,0.013,3,3000,39,9\n"));
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.2.0,0,0,,5,0,0,0\n"));
    assert_string_equal(csv("timings"),
                        "manifest,model,backend,stage,trials,mean_seconds,min_seconds,max_seconds,ms_per_image\n"
                        "smoke,ssd_mobilenet_v1_tf,cpu,forward,5,3,1,5,10\n"
                        "smoke,ssd_mobilenet_v1_tf,cpu,total,5,2.5,2.5,2.5,8.333333333333334\n");
    answer = csv("failures");
    assert_non_null(strstr(answer, "manifest,cause,attempts,trials,unfinished,last_at\nsmoke,killed,2,2,1,20"));
    assert_non_null(strstr(answer, "\nsmoke,no memory,1,1,1,20"));
    assert_string_equal(
        csv("environments"),
        "code_version,compiler,machine,system,cpu,device,libraries,done,failed\n"
        "0.1.0+g1a2b3c4,gcc 12.2.0,bench,Linux 6.1.0 x86_64,2 cores,cpu,\"{\"\"oneDNN\"\":\"\"2.6.3\"\"}\",5,3\n");
}

/* One trial of a campaign at 1 % weight faults. */
static void append_trial(int number, const char *method, const char *ranking, int64_t seed, double map)
{
    ftdn_error err;
    ftdn_sample sample;
    ftdn_sample_init(&sample, number);
    ftdn_trial_params *params = &sample.record.params;
    params->seed = seed;
    params->method = method;
    params->ranking = ranking;
    if (ranking) {
        params->merge = "mean";
        params->ratio = 0.5;
    }
    sample.record.map_voc07 = map;
    FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
}

/* By hand: the three mAP without protection have the half width 4.303 * (1/8) / sqrt(3) = 0.3105, the gains 1/16 and
 * 3/16 have 12.706 * sqrt(1/128) / sqrt(2) = 0.7941. */
static void gains_are_paired_by_seed(void **state)
{
    (void)state;
    append_trial(1, "none", NULL, 0, 0.25);
    append_trial(2, "none", NULL, 1, 0.375);
    append_trial(3, "none", NULL, 2, 0.5);
    append_trial(4, "kr", "entropy", 0, 0.3125); /* gains 1/16, 3/16; seed 9 has no partner */
    append_trial(5, "kr", "entropy", 1, 0.5625);
    append_trial(6, "kr", "entropy", 9, 0.4375);
    append_trial(7, "kr", "random", 0, 0.5);
    append_trial(8, "clip", NULL, 7, 0.125);
    const char *row = strchr(table("protection_gain"), '\n');
    static const char *const rows[] = {
        "none    -        -           -  -        3          0.3750          0.3105      0          -                -",
        "kr      random   mean   0.5000  -        1          0.5000               -      1     0.2500                -",
        "kr      entropy  mean   0.5000  -        3          0.4375          0.3105      2     0.1250           0.7941",
        "clip    -        -           -  -        1          0.1250               -      0          -                -",
    };
    for (int i = 0; i < 4; i++) {
        row = strstr(row + 1, rows[i]);
        if (!row) fail_msg("no row '%s' in its place", rows[i]);
    }
    assert_non_null(
        strstr(table("ranking_gain"), /* against random, whose seed 0 alone has a partner */
               "kr      entropy  mean   0.5000  -        3          0.4375          0.3105      1    -0.1875"));
}

static void a_bare_trial_serves_all_protections_of_its_faults_only(void **state)
{
    (void)state;
    static const double rates[] = {0.01, 0.02};
    for (int i = 0; i < 4; i++) {
        ftdn_error err;
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        ftdn_trial_params *params = &sample.record.params;
        params->weight_rate = rates[i % 2];
        params->seed = 0;
        params->copies = i < 2 ? "independent" : "clean"; /* no matter to what has no copies */
        params->method = i < 2 ? "none" : "d2nn";
        sample.record.manifest = i < 2 ? "bare" : "protected";
        sample.record.map_voc07 = i < 2 ? rates[i] : 0.5;
        FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
    }
    const char *answer = csv("protection_gain");
    assert_non_null(strstr(answer, "protected,ssd_mobilenet_v1_tf,zero,0.01,1e-05,0,0,d2nn,,,,,1,0.5,,1,0.49,\n"));
    assert_non_null(strstr(answer, "protected,ssd_mobilenet_v1_tf,zero,0.02,1e-05,0,0,d2nn,,,,,1,0.5,,1,0.48,\n"));
    assert_non_null(strstr(answer, "bare,ssd_mobilenet_v1_tf,zero,0.02,1e-05,0,0,none,,,,,1,0.02,,0,,\n"));
}

static void protections_that_are_equal_in_the_columns_shown_differ_in_their_variant(void **state)
{
    (void)state;
    static const struct {
        const char *direction, *allocation, *merge_point, *combine, *copies, *row;
    } trials[] = {
        {"outgoing", "uniform", "activation", NULL, "independent", ",weight_sum,mean,0.5,,1,"},
        {"filter", "uniform", NULL, NULL, "independent", ",weight_sum,mean,0.5,filter,1,"},
        {NULL, "global", "conv", NULL, "clean", ",weight_sum,mean,0.5,global at conv copies clean,1,"},
        {NULL, "uniform", NULL, "scores", "shared", ",weight_sum,mean,0.5,copies shared,1,"},
        {NULL, "uniform", NULL, "boxes", "independent", ",weight_sum,mean,0.5,boxes,1,"},
        {NULL, NULL, NULL, NULL, "clean", ",,,,,1,"}, /* no copies, no matter what is said of them */
    };
    for (int i = 0; i < 6; i++) {
        ftdn_error err;
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        ftdn_trial_params *params = &sample.record.params;
        params->method = trials[i].allocation ? "fmr" : "none";
        params->direction = trials[i].direction;
        params->allocation = trials[i].allocation;
        params->merge_point = trials[i].merge_point;
        params->combine = trials[i].combine;
        params->copies = trials[i].copies;
        params->feature_map_point = "activation";
        if (trials[i].allocation) {
            params->ranking = "weight_sum";
            params->merge = "mean";
            params->ratio = 0.5;
        }
        FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
    }
    static const char *const queries[] = {"map_by_rate", "protection_gain"};
    for (int q = 0; q < 2; q++) {
        const char *answer = csv(queries[q]);
        for (int i = 0; i < 6; i++)
            if (!strstr(answer, trials[i].row)) fail_msg("%s: no row has '%s'", queries[q], trials[i].row);
    }
}

static void trials_that_differ_in_more_than_the_seed_are_not_averaged(void **state)
{
    (void)state;
    static const char *const scopes[] = {"features", "sources"};
    for (int i = 0; i < 2; i++) {
        ftdn_error err;
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        sample.record.params.weight_scope = scopes[i];
        FTDN_ASSERT_OK(ftdn_store_append(store, &sample.record, environment, &err), err);
    }
    const char *answer = csv("map_by_rate"), *first = strstr(answer, ",1,0.30000000000000004,");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, ",1,0.30000000000000004,"));
}

static void append_latency(void)
{
    ftdn_error err = {0};
    const ftdn_latency latency = {
        .model = "ssd_vgg16",
        .width = 1,
        .weights = "formula:0",
        .weights_digest = "ab12",
        .method = "none",
        .backend = "cpu",
        .arithmetic = "f32 direct",
        .n_threads = 1,
        .n_images = 1,
        .n_repeats = 1,
    };
    FTDN_ASSERT_OK(ftdn_store_append_latencies(store, "2026-01-31T23:59:59Z", &latency, 1, environment, &err), err);
}

static void append_scores(void)
{
    ftdn_error err = {0};
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = "ab12", .ranker = "weight_sum", .parameters = "{}"};
    double score[2] = {1, 2};
    const ftdn_layer_scores layer = {.layer = "vgg.0", .n_channels = 2, .score = score};
    FTDN_ASSERT_OK(ftdn_store_add_scores(store, &key, "0.1.0", 1, &layer, 1, &err), err);
}

static void every_named_query_has_help_and_runs_on_any_store(void **state)
{
    (void)state;
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    assert_int_equal(n_queries, 15);
    for (int full = 0; full < 2; full++) {
        if (full) append_campaign();
        if (full) append_latency();
        if (full) append_scores();
        for (int i = 0; i < n_queries; i++) {
            assert_true(strlen(query[i].help) > 20);
            const char *answer = csv(query[i].name);
            bool has_rows = strchr(answer, '\n')[1] != 0;
            assert_int_equal(has_rows, full || strcmp(query[i].name, "environments") == 0);
            assert_true(strlen(table(query[i].name)) > strlen(query[i].name));
            const char *text = json(query[i].name);
            const ftdn_json *root;
            ftdn_error err;
            FTDN_ASSERT_OK(ftdn_json_parse(text, strlen(text), query[i].name, &arena, &root, &err), err);
            assert_int_equal(root->kind, FTDN_JSON_ARRAY);
            assert_int_equal(root->n_children > 0, has_rows);
            assert_null(ftdn_json_find_repeated(root));
        }
    }
    assert_string_equal(query[0].name, "v_trials");
    assert_string_equal(query[1].name, "v_ap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_is_aligned_and_marks_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_counts_columns_not_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_keeps_each_row_on_a_line_and_passes_no_control_character_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_no_utf8_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(csv_is_quoted_by_its_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_has_numbers_texts_and_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_may_be_any_statement_that_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_that_would_write_or_leave_the_store_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_is_exactly_one_statement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_explained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_cannot_be_printed_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_named_queries_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gains_are_paired_by_seed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bare_trial_serves_all_protections_of_its_faults_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(protections_that_are_equal_in_the_columns_shown_differ_in_their_variant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(trials_that_differ_in_more_than_the_seed_are_not_averaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_named_query_has_help_and_runs_on_any_store, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("results/query", tests, NULL, NULL);
}
