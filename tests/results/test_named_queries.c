#include <math.h>
#include <stdio.h>
#include <string.h>

#include "results/query_glossary.h"
#include "results/stored_scores.h"
#include "tests/results/asked_store.h"

/* Trials of two seeds at each of two rates without protection, and one protected: mAP 0.5, 0.3; 0.2, 0.1; 0.4. */
static void append_campaign(ftdn_asked_store *asked)
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
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    ftdn_error err;
    ftdn_sample sample;
    for (int i = 4; i < 7; i++) {
        ftdn_sample_init(&sample, i);
        FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample, i < 6 ? "killed" : "no memory", &asked->origin, &err),
                       err);
    }
}

static void the_named_queries_answer(void **state)
{
    ftdn_asked_store *asked = *state;
    append_campaign(asked);
    assert_string_equal(
        ftdn_asked_csv(asked, "map_by_rate", NULL),
        "manifest,model,type,weight_rate,feature_map_rate,weight_count,feature_map_count,method,ranking,merge,ratio,"
        "variant,n,mean_map_voc07,sd_map_voc07,map_half_width,min_map_voc07,max_map_voc07\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,kr,entropy,mean,0.5,,1,0.375,,,0.375,0.375\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.01,1e-05,0,0,none,,,,,2,0.375,0.1767766952966369,1.5882755920218368,0.25,0."
        "5\n"
        "smoke,ssd_mobilenet_v1_tf,zero,0.1,1e-05,0,0,none,,,,,2,0.09375,0.04419417382415922,0.3970688980054592,"
        "0.0625,0.125\n");
    const char *answer = ftdn_asked_csv(asked, "class_ap", NULL);
    assert_non_null(
        strstr(answer, "zero,0.01,1e-05,0,0,none,,,,,boat,2,0.1875,0.7941377960109184,0.3333333333333333,7\n"));
    assert_non_null(strstr(answer, "zero,0.01,1e-05,0,0,none,,,,,cat,0,,,,0\n"));
    answer = ftdn_asked_csv(asked, "rates", NULL);
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.10.3,0,0.01,0.0105,2,2000,21,1\n"));
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.10.3,0,0.1,0.013,3,3000,39,9\n"));
    assert_non_null(strstr(answer, "ssd_mobilenet_v1_tf,weights,base_net.2.0,0,0,,5,0,0,0\n"));
    assert_string_equal(ftdn_asked_csv(asked, "timings", NULL),
                        "manifest,model,backend,stage,trials,mean_seconds,min_seconds,max_seconds,ms_per_image\n"
                        "smoke,ssd_mobilenet_v1_tf,cpu,forward,5,3,1,5,10\n"
                        "smoke,ssd_mobilenet_v1_tf,cpu,total,5,2.5,2.5,2.5,8.333333333333334\n");
    answer = ftdn_asked_csv(asked, "failures", NULL);
    assert_non_null(
        strstr(answer, "manifest,outcome,cause,attempts,trials,unfinished,last_at\nsmoke,failed,killed,2,2,1,20"));
    assert_non_null(strstr(answer, "\nsmoke,failed,no memory,1,1,1,20"));
    assert_string_equal(
        ftdn_asked_csv(asked, "environments", NULL),
        "code_version,compiler,machine,system,cpu,device,driver,libraries,done,failed\n"
        "0.1.0+g1a2b3c4,gcc 12.2.0,bench,Linux 6.1.0 x86_64,2 cores,cpu,\"\",\"{\"\"oneDNN\"\":\"\"2.6.3\"\"}\",5,3\n");
}

static void protections_that_are_equal_in_the_columns_shown_differ_in_their_variant(void **state)
{
    ftdn_asked_store *asked = *state;
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
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    static const char *const queries[] = {"map_by_rate", "protection_gain"};
    for (int q = 0; q < 2; q++) {
        const char *answer = ftdn_asked_csv(asked, queries[q], NULL);
        for (int i = 0; i < 6; i++)
            if (!strstr(answer, trials[i].row)) fail_msg("%s: no row has '%s'", queries[q], trials[i].row);
    }
}

static void trials_that_differ_in_more_than_the_seed_are_not_averaged(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char *const scopes[] = {"features", "sources"};
    for (int i = 0; i < 2; i++) {
        ftdn_sample sample;
        ftdn_sample_init(&sample, i);
        sample.record.params.weight_scope = scopes[i];
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    const char *answer = ftdn_asked_csv(asked, "map_by_rate", NULL),
               *first = strstr(answer, ",1,0.30000000000000004,,");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, ",1,0.30000000000000004,,"));
}

/* Three trials are wanted: one is there, one has failed twice, one was not tried. */
static void append_plan(ftdn_asked_store *asked)
{
    ftdn_error err = {0};
    ftdn_sample sample[3];
    static const char *const labels[] = {"seed=0", "seed=1", "seed=2"};
    ftdn_planned_row row[3];
    for (int i = 0; i < 3; i++) {
        ftdn_sample_init(&sample[i], i);
        row[i] = (ftdn_planned_row){i < 2 ? "low" : "high", sample[i].record.id, labels[i]};
    }
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, asked->origin.campaign, row, 3, &err), err);
    ftdn_sample_append(asked->store, &sample[0], &asked->origin);
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample[1], "killed", &asked->origin, &err), err);
    FTDN_ASSERT_OK(ftdn_sample_fail(asked->store, &sample[1], "no memory", &asked->origin, &err), err);
}

static void what_is_missing_of_a_sweep_is_told_with_its_failures(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    append_plan(asked);
    ftdn_sample_init(&sample, 1);
    const char *row = ftdn_arena_format(&asked->arena, NULL, "smoke,low,%s,seed=1,2,no memory\n", sample.record.id);
    ftdn_asked_assert_row(asked, "missing", NULL, row);
    ftdn_asked_assert_row(asked, "missing", "sweep=l*", row);
    ftdn_sample_init(&sample, 2);
    row = ftdn_arena_format(&asked->arena, NULL, "smoke,high,%s,seed=2,0,\n", sample.record.id);
    assert_string_equal(ftdn_asked_csv(asked, "missing", "sweep=high"),
                        ftdn_arena_format(&asked->arena, NULL, "manifest,sweep,id,label,failures,last_cause\n%s", row));
    assert_string_equal(ftdn_asked_csv(asked, "missing", "manifest=other"),
                        "manifest,sweep,id,label,failures,last_cause\n");
    assert_string_equal(
        ftdn_asked_csv(asked,
                       "SELECT manifest, sweep, planned, finished, missing FROM (SELECT 'x' AS manifest, 'y' AS sweep,"
                       " 1 AS planned, 1 AS finished, 0 AS missing)",
                       NULL),
        "manifest,sweep,planned,finished,missing\nx,y,1,1,0\n");
    assert_non_null(strstr(ftdn_asked_csv(asked, "sweeps", NULL), "smoke,high,1,0,1,20"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "sweeps", NULL), "smoke,low,2,1,1,20"));
}

static void the_record_of_a_campaign_can_be_asked(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    ftdn_sample sample;
    append_plan(asked);
    ftdn_sample_init(&sample, 0);
    const char *id = sample.record.id;
    assert_non_null(strstr(ftdn_asked_csv(asked, "attempts", NULL), "\nsmoke,done,1,1,2.5,20"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "attempts", NULL), "\nsmoke,failed,2,1,,20"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "runs", NULL), ",1,2,,10,1,2,0,,"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "history", NULL), "\n0.1.0+g1a2b3c4,smoke,1,20"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "history", NULL), ",0.30000000000000004,2.5,8.333333333333334\n"));
    assert_non_null(strstr(ftdn_asked_csv(asked, "unconfirmed", NULL),
                           ftdn_arena_format(&asked->arena, NULL, "\n%s,smoke,1,0,20", id)));
    FTDN_ASSERT_OK(ftdn_store_confirm(asked->store, asked->origin.run, 0, &err), err);
    assert_string_equal(ftdn_asked_csv(asked, "unconfirmed", NULL),
                        "id,manifest,run,worker,finished_at,machine,device\n");

    const char *row = ftdn_arena_format(
        &asked->arena, NULL, "%s,smoke,0,0.30000000000000004,ftdn replay '%s' %s --verify\n", id, asked->path, id);
    ftdn_asked_assert_row(asked, "repeat", NULL, row);
    ftdn_asked_assert_row(asked, "repeat", ftdn_arena_format(&asked->arena, NULL, "trial=%.6s", id), row);
    assert_string_equal(ftdn_asked_csv(asked, "repeat", "trial=000000"), "id,manifest,seed,map_voc07,command\n");
}

/* Cells made by one campaign, and asked for by another one too. */
static void a_manifest_chooses_what_it_made_and_what_it_asks_for(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    ftdn_sample sample;
    static const ftdn_asked_trial first = {0.1, NULL, 0, 0, 0.5}, second = {0.2, NULL, 0, 0, 0.25};
    ftdn_asked_append(asked, &first, 1, 1070);
    ftdn_asked_describe(&second, 1090, &sample);
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    int64_t other = ftdn_sample_add_campaign(asked->store, "other");
    const ftdn_planned_row planned = {"sweep", sample.record.id, "rate 0.2"};
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, other, &planned, 1, &err), err);
    static const char *const questions[] = {"map_by_rate", "class_ap", "protection_gain", "map_by_mb"};
    for (int i = 0; i < 4; i++) {
        assert_non_null(strstr(ftdn_asked_csv(asked, questions[i], "manifest=smoke"), "zero,0.1,"));
        const char *answer = ftdn_asked_csv(asked, questions[i], "manifest=ot?er");
        assert_null(strstr(answer, "zero,0.1,"));
        assert_non_null(strstr(answer, "\nsmoke,ssd_mobilenet_v1_tf,zero,0.2,"));
        assert_null(strstr(ftdn_asked_csv(asked, questions[i], "manifest=nobody"), "zero"));
    }
}

static void append_scores(ftdn_asked_store *asked)
{
    ftdn_error err = {0};
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = "ab12", .ranker = "weight_sum", .parameters = "{}"};
    double score[2] = {1, 2};
    const ftdn_layer_scores layer = {.layer = "vgg.0", .n_channels = 2, .score = score};
    FTDN_ASSERT_OK(ftdn_store_add_scores(asked->store, &key, "0.1.0", 1, &layer, 1, &err), err);
}

/* A store in which every query finds something. */
static void fill_store(ftdn_asked_store *asked)
{
    static const ftdn_asked_trial trials[] = {{0, NULL, 0, 0, 0.75}, {0.1, NULL, 0, 0, 0.25}, {0.1, "kr", 0.5, 0, 0.5}};
    ftdn_sample sample;
    append_campaign(asked);
    ftdn_asked_append(asked, trials, 3, 1080);
    ftdn_asked_append_latency(asked, "none", NAN, 0.25);
    append_scores(asked);
    ftdn_asked_describe(&trials[1], 1100, &sample);
    sample.record.params.weight_scope = "[\"base_net.10.3\"]";
    sample.record.n_faults = 1;
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    ftdn_sample_init(&sample, 50);
    const ftdn_planned_row planned = {"sweep", sample.record.id, "seed=50"};
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_store_add_planned(asked->store, asked->origin.campaign, &planned, 1, &err), err);
}

/* What an empty store with one run holds already. */
static bool is_never_empty(const char *name)
{
    static const char *const names[] = {"environments", "manifests", "v_campaigns", "v_runs", "runs"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void every_named_query_has_help_and_runs_on_any_store(void **state)
{
    ftdn_asked_store *asked = *state;
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    assert_int_equal(n_queries, 34);
    for (int full = 0; full < 2; full++) {
        if (full) fill_store(asked);
        for (int i = 0; i < n_queries; i++) {
            assert_true(strlen(query[i].help) > 20);
            const char *answer = ftdn_asked_csv(asked, query[i].name, NULL);
            bool has_rows = strchr(answer, '\n')[1] != 0;
            if (has_rows != (full || is_never_empty(query[i].name)))
                fail_msg("%s has %s rows", query[i].name, has_rows ? "" : "no");
            assert_true(strlen(ftdn_sample_ask(asked->store, query[i].name, FTDN_FORMAT_TEXT, &asked->arena)) >
                        strlen(query[i].name));
            const char *text = ftdn_sample_ask(asked->store, query[i].name, FTDN_FORMAT_JSON, &asked->arena);
            const ftdn_json *root;
            ftdn_error err;
            FTDN_ASSERT_OK(ftdn_json_parse(text, strlen(text), query[i].name, &asked->arena, &root, &err), err);
            assert_int_equal(root->kind, FTDN_JSON_ARRAY);
            assert_int_equal(root->n_children > 0, has_rows);
            assert_null(ftdn_json_find_repeated(root));
        }
    }
    assert_string_equal(query[0].name, "v_trials");
    assert_string_equal(query[1].name, "v_ap");
}

static void every_column_of_every_named_query_is_explained(void **state)
{
    ftdn_asked_store *asked = *state;
    int n_queries;
    const ftdn_named_query *query = ftdn_named_queries(&n_queries);
    for (int i = 0; i < n_queries; i++) {
        const char *names = ftdn_asked_csv(asked, query[i].name, NULL), *explained;
        ftdn_error err = {0};
        ftdn_text text;
        ftdn_text_init(&text);
        FTDN_ASSERT_OK(ftdn_query_explain(query[i].name, &text, &err), err);
        explained = text.chars;
        assert_non_null(strstr(explained, query[i].help));
        for (int k = 0; k < FTDN_QUERY_MAX_PARAMETERS && query[i].parameter[k].name; k++)
            assert_non_null(strstr(explained, query[i].parameter[k].help));
        while (*names != '\n') {
            size_t n_chars = strcspn(names, ",\n");
            const char *name = ftdn_arena_copy_text(&asked->arena, names, n_chars, &err);
            const ftdn_glossary_entry *entry = ftdn_glossary_find(query[i].name, name);
            if (!entry || !entry->help[0]) fail_msg("%s: nobody knows what '%s' is", query[i].name, name);
            explained = strstr(explained, ftdn_arena_format(&asked->arena, &err, "\n%s ", name));
            if (!explained || !strstr(explained, entry->help)) fail_msg("%s: '%s' is not told", query[i].name, name);
            names += n_chars + (names[n_chars] == ',');
        }
        ftdn_text_done(&text);
    }
    ftdn_error err = {0};
    ftdn_text text;
    ftdn_text_init(&text);
    FTDN_ASSERT_FAILS(ftdn_query_explain("map_by_rat", &text, &err), FTDN_ERR_ARG, "did you mean 'map_by_rate'?", err);
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(the_named_queries_answer),
        FTDN_ASKED_TEST(protections_that_are_equal_in_the_columns_shown_differ_in_their_variant),
        FTDN_ASKED_TEST(trials_that_differ_in_more_than_the_seed_are_not_averaged),
        FTDN_ASKED_TEST(what_is_missing_of_a_sweep_is_told_with_its_failures),
        FTDN_ASKED_TEST(the_record_of_a_campaign_can_be_asked),
        FTDN_ASKED_TEST(a_manifest_chooses_what_it_made_and_what_it_asks_for),
        FTDN_ASKED_TEST(every_named_query_has_help_and_runs_on_any_store),
        FTDN_ASKED_TEST(every_column_of_every_named_query_is_explained),
    };
    return cmocka_run_group_tests_name("results/named_queries", tests, NULL, NULL);
}
