/* test_bench_overhead.c - `ftdn bench overhead`: what it counts and answers; nothing depends on speed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/bench/bench_overhead.h"
#include "harness/terminal/command.h"
#include "results/query.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    const ftdn_latency *row;
    int n_rows;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    test = (fixture){0};
    ftdn_arena_init(&test.arena);
    *state = &test;
    return 0;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    ftdn_arena_done(&test->arena);
    return 0;
}

static void measure(fixture *test, const char *model, double width, double ratio)
{
    bool is_small = width > 0;
    const ftdn_overhead_options options = {
        .model = model, .width = width, .ratio = ratio, .n_warmup = is_small, .n_repeats = 1 + is_small, .n_images = 2};
    FTDN_ASSERT_OK(ftdn_bench_overhead(&options, &test->arena, &test->row, &test->n_rows, &test->err), test->err);
    assert_int_equal(test->n_rows, 3);
    for (int i = 0; i < 3; i++) {
        const ftdn_latency *row = &test->row[i];
        assert_string_equal(row->model, model);
        assert_string_equal(row->weights, "formula:0");
        assert_int_equal(strlen(row->weights_digest), 64);
        assert_int_equal(row->n_warmup, options.n_warmup);
        assert_int_equal(row->n_repeats, options.n_repeats);
        assert_int_equal(row->n_images, options.n_repeats); /* as many as there were turns */
        assert_true(0 < row->min_s && row->min_s <= row->q1_s && row->q1_s <= row->median_s);
        assert_true(row->median_s <= row->q3_s && row->q3_s < 60 && row->slowdown > 0);
        assert_true(row->peak_map_bytes > 0 && row->peak_map_bytes < row->allocated_map_bytes);
    }
    assert_string_equal(test->row[0].method, "none");
    assert_string_equal(test->row[1].method, "kr");
    assert_string_equal(test->row[2].method, "fmr");
}

static void the_original_adds_nothing_and_is_as_slow_as_itself(void **state)
{
    fixture *test = *state;
    measure(test, "ssd_mobilenet_v1", 0.1, 0.5);
    const ftdn_latency *original = &test->row[0];
    assert_true(original->slowdown == 1);
    assert_true(isnan(original->ratio));
    assert_null(original->ranking);
    assert_null(original->merge);
    assert_int_equal(original->weight_bytes, 0);
    assert_int_equal(original->feature_map_bytes, 0);
    assert_int_equal(original->map_bytes, 0);
    assert_int_equal(original->macs, 0);
}

/* Kernel recovery keeps the graph; its copies stand beside the engine's weights. */
static void kernel_recovery_holds_its_copies_and_no_maps(void **state)
{
    fixture *test = *state;
    measure(test, "ssd_mobilenet_v1", 0.1, 0.5);
    const ftdn_latency *original = &test->row[0], *kr = &test->row[1];
    assert_true(kr->ratio == 0.5);
    assert_string_equal(kr->ranking, "weight_sum");
    assert_string_equal(kr->merge, "mean");
    assert_true(kr->weight_bytes > 0);
    assert_int_equal(kr->allocated_weight_bytes - original->allocated_weight_bytes, kr->weight_bytes);
    assert_int_equal(kr->map_bytes, 0);
    assert_int_equal(kr->macs, 0);
    assert_int_equal(kr->allocated_map_bytes, original->allocated_map_bytes);
    assert_int_equal(kr->peak_map_bytes, original->peak_map_bytes);
}

/* The engine's layout pads channels, and keeps the maps before and after merging apart. */
static void feature_map_recovery_holds_what_its_graph_says_and_more(void **state)
{
    fixture *test = *state;
    measure(test, "ssd_mobilenet_v1", 0.1, 0.5);
    const ftdn_latency *original = &test->row[0], *kr = &test->row[1], *fmr = &test->row[2];
    assert_int_equal(fmr->weight_bytes, kr->weight_bytes);
    assert_true(fmr->feature_map_bytes > 0 && fmr->map_bytes > fmr->feature_map_bytes && fmr->macs > 0);
    assert_true(fmr->allocated_weight_bytes - original->allocated_weight_bytes >= fmr->weight_bytes);
    assert_true(fmr->allocated_map_bytes - original->allocated_map_bytes >= fmr->map_bytes);
}

/* Table 2 of the paper at its own ratio, for the network of its figures: half of 14,710,464 weights, half of the maps
 * of 13 convolutions. */
static void vgg_costs_what_its_layers_say(void **state)
{
    fixture *test = *state;
    measure(test, "ssd_vgg16", 0, 0.5);
    static const int64_t map_elements =
        2 * (300 * 300 * 64 + 150 * 150 * 128) + 3 * (75 * 75 * 256 + 38 * 38 * 512 + 19 * 19 * 512);
    const ftdn_latency *original = &test->row[0], *kr = &test->row[1], *fmr = &test->row[2];
    assert_int_equal(kr->weight_bytes, 14710464 / 2 * 4);
    assert_int_equal(fmr->weight_bytes, 14710464 / 2 * 4);
    assert_int_equal(fmr->feature_map_bytes, map_elements / 2 * 4);
    assert_int_equal(fmr->map_bytes, map_elements / 2 * 4);
    assert_int_equal(kr->allocated_weight_bytes - original->allocated_weight_bytes, kr->weight_bytes);
    assert_true(fmr->allocated_weight_bytes - original->allocated_weight_bytes >= fmr->weight_bytes);
}

static void ratio_0_costs_nothing(void **state)
{
    fixture *test = *state;
    measure(test, "ssd_mobilenet_v1", 0.1, 0);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(test->row[i].weight_bytes, 0);
        assert_int_equal(test->row[i].map_bytes, 0);
        assert_int_equal(test->row[i].macs, 0);
        assert_int_equal(test->row[i].allocated_weight_bytes, test->row[0].allocated_weight_bytes);
        assert_int_equal(test->row[i].allocated_map_bytes, test->row[0].allocated_map_bytes);
    }
}

static const ftdn_bench_conditions conditions = {
    .cpu = "a \"cpu\"",
    .n_cores = 2,
    .load = NAN,
    .date = "2024-05-31T12:00:00Z",
    .arithmetic = "f32",
    .library = "lib 1",
    .compiler = "cc 1",
    .code_version = "0.1",
};

static const ftdn_latency rows[2] = {
    {
        .model = "net", .width = 1, .weights = "formula:0", .weights_digest = "ab", .method = "none",
        .ratio = NAN, .backend = "cpu", .arithmetic = "f32", .n_threads = 1, .n_images = 1, .n_warmup = 2,
        .n_repeats = 3, .median_s = 0.0125, .q1_s = 0.012, .q3_s = 0.013, .min_s = 0.011, .slowdown = 1,
        .allocated_weight_bytes = 10000000, .allocated_map_bytes = 20000000, .peak_map_bytes = 5000000,
    },
    {
        .model = "net", .width = 1, .weights = "formula:0", .weights_digest = "ab", .method = "fmr",
        .ranking = "weight_sum", .merge = "mean", .ratio = 0.5, .backend = "cpu", .arithmetic = "f32",
        .n_threads = 1, .n_images = 1, .n_warmup = 2, .n_repeats = 3, .median_s = 0.02, .q1_s = 0.019,
        .q3_s = 0.021, .min_s = 0.018, .slowdown = 1.75, .weight_bytes = 2000000,
        .feature_map_bytes = 3000000, .map_bytes = 4000000, .macs = 1230000000,
        .allocated_weight_bytes = 12100000, .allocated_map_bytes = 29200000, .peak_map_bytes = 6300000,
    },
};

static void tables_compare_each_method_with_the_original(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_overhead_write_table(&conditions, rows, 2, &text);
    static const char *const expected[] = {
        "a \"cpu\", 2 cores\nf32, lib 1; ftdn 0.1, cc 1; 2024-05-31T12:00:00Z\n",
        "ratio 0.5 by weight_sum, merge mean; weights formula:0; 3 repeats over 1 image after 2 passes of warm-up\n",
        "net      original      12.50           12.00           13.00  11.00       1.000\n",
        "net      fmr           20.00           19.00           21.00  18.00       1.750\n",
        "net      fmr           2.0        3.0       5.0       4.0           2.1        9.2        1.3  1.23\n",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(text.chars, expected[i])) fail_msg("'%s' lacks '%s'", text.chars, expected[i]);
    ftdn_text_done(&text);
}

static void the_object_has_every_number(void **state)
{
    fixture *test = *state;
    ftdn_text text;
    const ftdn_json *root;
    ftdn_text_init(&text);
    ftdn_overhead_write_json(&conditions, rows, 2, &text);
    FTDN_ASSERT_OK(ftdn_json_parse(text.chars, text.n_chars, "overhead", &test->arena, &root, &test->err), test->err);
    const ftdn_json *list = ftdn_json_find(root, "overheads");
    assert_int_equal(list->n_children, 2);
    const ftdn_json *original = list->child[0], *fmr = list->child[1];
    assert_int_equal(ftdn_json_find(original, "ratio")->kind, FTDN_JSON_NULL);
    assert_int_equal(ftdn_json_find(original, "ranking")->kind, FTDN_JSON_NULL);
    assert_string_equal(ftdn_json_find(fmr, "ranking")->string, "weight_sum");
    assert_true(ftdn_json_find(fmr, "slowdown")->number == 1.75);
    assert_true(ftdn_json_find(fmr, "macs")->number == 1230000000);
    assert_true(ftdn_json_find(fmr, "peak_map_bytes")->number == 6300000);
    assert_int_equal(ftdn_json_find(ftdn_json_find(root, "conditions"), "load")->kind, FTDN_JSON_NULL);
    ftdn_text_done(&text);
}

/* Runs the command with stdout closed off; what it says is tested above. */
static ftdn_status command(const char *const *words, int n_words, ftdn_error *err)
{
    char buffer[10][256], *argv[10];
    for (int i = 0; i < n_words; i++) {
        snprintf(buffer[i], sizeof buffer[i], "%s", words[i]);
        argv[i] = buffer[i];
    }
    ftdn_exit_code exit_code = FTDN_EXIT_DONE;
    return ftdn_command_bench(n_words, argv, &exit_code, err);
}

static void rows_are_added_to_a_store_that_is_asked_for(void **state)
{
    fixture *test = *state;
    char *folder = ftdn_test_create_folder(&test->arena);
    char *path = ftdn_arena_format(&test->arena, &test->err, "%s/o.db", folder);
    const char *const words[] = {"bench",       "overhead",    "--db",       path,    "--model=ssd_mobilenet_v1",
                                 "--width=0.1", "--repeats=1", "--images=1", "--json"};
    FTDN_ASSERT_OK(command(words, 9, &test->err), test->err);
    FTDN_ASSERT_OK(command(words, 9, &test->err), test->err);
    ftdn_store *store;
    ftdn_text text;
    const ftdn_question kept = {.text = "SELECT method, width, count(*), min(weight_bytes) > 0 FROM v_overheads "
                                        "GROUP BY method, width ORDER BY min(id)"};
    ftdn_text_init(&text);
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &test->err), test->err);
    FTDN_ASSERT_OK(ftdn_query_answer(store, &kept, FTDN_FORMAT_CSV, NULL, &text, &test->err), test->err);
    assert_string_equal(text.chars,
                        "method,width,count(*),min(weight_bytes) > 0\nnone,0.1,2,0\nkr,0.1,2,1\nfmr,0.1,2,1\n");
    ftdn_text_done(&text);
    ftdn_store_close(store);
    ftdn_test_remove_folder(folder);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[5];
        int n_words;
        ftdn_status status;
        const char *message;
    } cases[] = {
        {{"bench", "sites", "overhead"},
         3,
         FTDN_ERR_ARG,
         "'overhead' is measured alone, and is the first word: ftdn bench overhead"},
        {{"bench", "overhead", "--ratio=1.5"}, 3, FTDN_ERR_ARG, "--ratio: '1.5' is not allowed"},
        {{"bench", "overhead", "--width=17"}, 3, FTDN_ERR_ARG, "allowed: a number in [0.01, 16]"},
        {{"bench", "overhead", "--weights=w.pth"}, 3, FTDN_ERR_ARG, "--weights needs --model NAME"},
        {{"bench", "overhead", "--model=ssd_vgg"}, 3, FTDN_ERR_ARG, "ssd_vgg16"},
        {{"bench", "overhead", "--model=ssd_vgg16", "--weights=absent.pth"}, 4, FTDN_ERR_INPUT, "absent.pth"},
        {{"bench", "overhead", "--db=/dev/null/o.db"}, 3, FTDN_ERR_STORE, "/dev/null/o.db"},
        {{"bench", "overhead", "everything"}, 3, FTDN_ERR_ARG, "everything"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_error err = {0};
        FTDN_ASSERT_FAILS(command(cases[i].words, cases[i].n_words, &err), cases[i].status, cases[i].message, err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_original_adds_nothing_and_is_as_slow_as_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kernel_recovery_holds_its_copies_and_no_maps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(feature_map_recovery_holds_what_its_graph_says_and_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vgg_costs_what_its_layers_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ratio_0_costs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_compare_each_method_with_the_original, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_object_has_every_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_added_to_a_store_that_is_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_options_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
