/* test_bench.c - `ftdn bench`: what it makes of samples and what it answers; nothing depends on speed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/bench/bench.h"
#include "harness/bench/bench_measure.h"
#include "harness/terminal/command.h"
#include "tests/support/support.h"

/* Run, write JSON and parse it. */
static const ftdn_json *run_to_json(const ftdn_bench_options *options, ftdn_arena *arena)
{
    ftdn_bench bench;
    ftdn_text text;
    ftdn_error err = {0};
    const ftdn_json *root;
    ftdn_text_init(&text);
    FTDN_ASSERT_OK(ftdn_bench_run(options, arena, &bench, &err), err);
    ftdn_bench_write_json(&bench, &text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    FTDN_ASSERT_OK(ftdn_json_parse(text.chars, text.n_chars, "bench", arena, &root, &err), err);
    ftdn_text_done(&text);
    return root;
}

static double number_of(const ftdn_json *measure, const char *key)
{
    const ftdn_json *node = ftdn_json_find(measure, key);
    if (!node || node->kind != FTDN_JSON_NUMBER) fail_msg("'%s' is no number", key);
    return node->number;
}

/* Of this network (NULL: of none) and name; NULL if absent. */
static const ftdn_json *find_measure(const ftdn_json *root, const char *network, const char *name)
{
    const ftdn_json *measures = ftdn_json_find(root, "measures");
    assert_non_null(measures);
    for (int i = 0; i < measures->n_children; i++) {
        const ftdn_json *of = ftdn_json_find(measures->child[i], "network");
        bool same_network =
            network ? of->kind == FTDN_JSON_STRING && !strcmp(of->string, network) : of->kind == FTDN_JSON_NULL;
        if (same_network && !strcmp(ftdn_json_find(measures->child[i], "measure")->string, name))
            return measures->child[i];
    }
    return NULL;
}

static void assert_positive(const ftdn_json *root, const char *network, const char *name, const char *unit)
{
    const ftdn_json *measure = find_measure(root, network, name);
    if (!measure) fail_msg("no measure '%s'", name);
    assert_string_equal(ftdn_json_find(measure, "unit")->string, unit);
    double lowest = number_of(measure, "lowest"), median = number_of(measure, "median");
    double highest = number_of(measure, "highest");
    if (!(lowest > 0 && lowest <= median && median <= highest))
        fail_msg("'%s': %g %g %g", name, lowest, median, highest);
}

static void quartiles_of_samples_are_interpolated(void **state)
{
    (void)state;
    static const struct {
        double sample[5];
        int n_samples;
        double expected[5];
    } rows[] = {
        {{3, 1, 5, 2, 4}, 5, {1, 2, 3, 4, 5}},
        {{4, 1, 3, 2}, 4, {1, 1.75, 2.5, 3.25, 4}},
        {{7}, 1, {7, 7, 7, 7, 7}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_bench bench = {0};
        double sample[5];
        memcpy(sample, rows[i].sample, sizeof sample);
        const ftdn_bench_label label = {.part = FTDN_BENCH_SITES, .name = "x"};
        ftdn_bench_add(&bench, &label, sample, rows[i].n_samples);
        const ftdn_bench_measure *made = &bench.measure[0];
        const double got[5] = {made->lowest, made->lower_quartile, made->median, made->upper_quartile, made->highest};
        assert_int_equal(bench.n_measures, 1);
        assert_int_equal(made->n_samples, rows[i].n_samples);
        assert_memory_equal(got, rows[i].expected, sizeof got);
    }
}

static void count_call(void *user)
{
    volatile long *n_calls = user;
    *n_calls = *n_calls + 1;
}

static void every_sample_is_the_time_of_one_call(void **state)
{
    (void)state;
    long n_calls = 0;
    double seconds[3] = {0};
    ftdn_bench_time(count_call, &n_calls, 3, seconds);
    assert_true(n_calls >= 5); /* twice as a warm-up, then the samples */
    for (int i = 0; i < 3; i++) assert_true(seconds[i] > 0 && isfinite(seconds[i]));
}

static void figures_of_sites_and_detection_are_positive(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const ftdn_bench_options options = {
        .wanted = {[FTDN_BENCH_SITES] = true, [FTDN_BENCH_DETECT] = true},
        .n_threads = 1, .n_repeats = 1, .n_images = 1,
    };
    const ftdn_json *root = run_to_json(&options, &arena);
    assert_positive(root, NULL, "site scan, portable", "ns/element");
    assert_positive(root, NULL, "sites at 1 %, fastest scan", "ns/element");
    static const char *const networks[] = {"ssd_mobilenet_v1", "ssd_vgg16"};
    for (int i = 0; i < 2; i++) {
        assert_positive(root, networks[i], "detection, normal image", "ms/image");
        assert_positive(root, networks[i], "detection, worst case", "ms/image");
        assert_null(find_measure(root, networks[i], "evaluation with 1 % map faults"));
    }
    const ftdn_json *conditions = ftdn_json_find(root, "conditions");
    assert_int_equal(number_of(conditions, "threads"), 1);
    assert_true(number_of(conditions, "cores") >= 1);
    assert_int_equal(strlen(ftdn_json_find(conditions, "date")->string), strlen("2024-05-31T12:00:00Z"));
    ftdn_arena_done(&arena);
}

static void figures_of_an_evaluation_are_positive_and_its_shares_add_up(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const ftdn_bench_options options = {
        .wanted = {[FTDN_BENCH_EVALUATE] = true, [FTDN_BENCH_WEIGHTS] = true, [FTDN_BENCH_MEMORY] = true},
        .model = "ssd_mobilenet_v1",
        .n_threads = 2, .n_repeats = 1, .n_images = 2,
    };
    const char *network = options.model;
    const ftdn_json *root = run_to_json(&options, &arena);
    assert_positive(root, network, "evaluation with 1 % map faults", "ms/image");
    assert_positive(root, network, "injection / clean forward", "%");
    assert_positive(root, network, "clean forward", "GFLOP/s");
    assert_positive(root, network, "clean forward / ceiling", "%");
    assert_positive(root, network, "forward if it ran at the ceiling", "ms/image");
    assert_positive(root, network, "weight set-up with 1 % faults", "ms");
    assert_positive(root, network, "of it drawing faults", "ms");
    assert_positive(root, network, "set-up for trials", "MB");
    assert_positive(root, NULL, "peak of the process", "MB");
    assert_null(find_measure(root, "ssd_vgg16", "evaluation with 1 % map faults"));

    static const char *const shares[] = {"of it forward", "of it injection", "of it detection",
                                         "of it average precision", "of it set-up and waiting"};
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        double share = number_of(find_measure(root, network, shares[i]), "median");
        assert_true(share >= 0 && share <= 100);
        sum += share;
    }
    assert_true(fabs(sum - 100) < 1e-9); /* rounding of five additions */

    /* The design's figures, which are stated for two threads. */
    assert_int_equal(number_of(find_measure(root, network, "evaluation with 1 % map faults"), "limit"), 16);
    assert_int_equal(number_of(find_measure(root, network, "injection / clean forward"), "limit"), 10);
    assert_int_equal(number_of(find_measure(root, network, "weight set-up with 1 % faults"), "limit"), 30);
    ftdn_arena_done(&arena);
}

/* A result of one measure, 15 ms per image, against a limit. */
static ftdn_bench make_result(const ftdn_bench_options *options, double limit)
{
    ftdn_bench bench = {
        .options = options,
        .conditions = {.cpu = "a \"cpu\"", .n_cores = 2, .load = (double)NAN, .date = "2024-05-31T12:00:00Z",
                       .arithmetic = "f32", .library = "lib 1", .compiler = "cc 1", .code_version = "0.1",
                       .ceiling_kernel = "fma"},
    };
    double sample[3] = {0.016, 0.014, 0.015};
    const ftdn_bench_label label = {.network = "net", .name = "  of it x", .unit = FTDN_UNIT_SECONDS_PER_IMAGE,
                                    .limit = limit};
    ftdn_bench_add(&bench, &label, sample, 3);
    return bench;
}

static void limits_are_met_or_not_or_absent(void **state)
{
    (void)state;
    static const struct {
        double limit;
        const char *row, *json;
    } rows[] = {
        {0.015, "net        of it x    15.0    14.0     16.0  ms/image     15  yes\n", "\"limit\":15,\"met\":true}"},
        {0.0149, "net        of it x    15.0    14.0     16.0  ms/image   14.9  no\n", "\"limit\":14.9,\"met\":false}"},
        {0, "net        of it x    15.0    14.0     16.0  ms/image\n", "\"limit\":null,\"met\":null}"},
    };
    const ftdn_bench_options options = {.n_threads = 2, .n_repeats = 3, .n_images = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_bench bench = make_result(&options, rows[i].limit);
        ftdn_text table, json;
        ftdn_text_init(&table);
        ftdn_text_init(&json);
        ftdn_bench_write_table(&bench, &table);
        ftdn_bench_write_json(&bench, &json);
        if (!strstr(table.chars, rows[i].row)) fail_msg("'%s' lacks '%s'", table.chars, rows[i].row);
        if (!strstr(json.chars, rows[i].json)) fail_msg("'%s' lacks '%s'", json.chars, rows[i].json);
        assert_non_null(strstr(json.chars, "\"cpu\":\"a \\\"cpu\\\"\",\"cores\":2,\"load\":null,"));
        assert_non_null(
            strstr(json.chars, "\"measure\":\"of it x\",\"unit\":\"ms/image\",\"samples\":3,\"median\":15,"));
        assert_non_null(strstr(table.chars, "2 threads, 3 repeats after a warm-up, 1 test scene, formula weights\n"));
        ftdn_text_done(&table);
        ftdn_text_done(&json);
    }
}

static void figures_of_training_are_positive(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const ftdn_bench_options options = {
        .wanted = {[FTDN_BENCH_TRAIN] = true}, .n_threads = 2, .n_repeats = 1, .n_images = 1};
    const char *network = "ssd_mobilenet_v1", *training = "training, width 0.25, batches of 32";
    const ftdn_json *root = run_to_json(&options, &arena);
    assert_positive(root, network, training, "ms/image");
    assert_positive(root, network, "processor time of all threads", "ms/image");
    assert_positive(root, network, "memory of such a batch", "MB");
    double forward = number_of(find_measure(root, network, "of it forward"), "median");
    assert_true(forward > 0 && forward < 100);
    assert_int_equal(number_of(find_measure(root, network, training), "limit"), 25);
    ftdn_arena_done(&arena);
}

static void the_terminal_is_told_what_is_measured_and_left_clean(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_bench bench;
    ftdn_error err = {0};
    char *told = NULL;
    size_t n_told = 0;
    FILE *memory = open_memstream(&told, &n_told);
    assert_non_null(memory);
    ftdn_arena_init(&arena);
    const ftdn_bench_options options = {
        .wanted = {[FTDN_BENCH_DETECT] = true, [FTDN_BENCH_SCENES] = true, [FTDN_BENCH_CEILING] = true},
        .model = "ssd_vgg16",
        .n_threads = 1, .n_repeats = 1, .n_images = 1,
        .progress = memory,
    };
    FTDN_ASSERT_OK(ftdn_bench_run(&options, &arena, &bench, &err), err);
    assert_int_equal(fclose(memory), 0);
    assert_string_equal(told, "\rssd_vgg16: detect\033[K\rscenes\033[K\rceiling\033[K\r\033[K");
    assert_int_equal(bench.n_measures, 4);
    free(told);
    ftdn_arena_done(&arena);
}

static void wrong_names_are_refused_with_what_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *argv[4];
        const char *message;
    } rows[] = {
        {{"bench", "site"}, "nothing to measure is called 'site'; did you mean 'sites'?"},
        {{"bench", "sites", "everything"},
         "nothing to measure is called 'everything'; 'ftdn bench --help' lists what can be measured"},
        {{"bench", "sites", "--model=ssd_mobilenet_v1_tf"},
         "--model: 'ssd_mobilenet_v1_tf' is not allowed; allowed: ssd_mobilenet_v1, ssd_vgg16"},
        {{"bench", "--repeats=0"}, "--repeats: '0' is not allowed; allowed: an integer in [1, 1000]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char words[4][32], *argv[4];
        int argc = 0;
        for (; argc < 4 && rows[i].argv[argc]; argc++) {
            snprintf(words[argc], sizeof words[argc], "%s", rows[i].argv[argc]);
            argv[argc] = words[argc];
        }
        ftdn_error err = {0};
        ftdn_exit_code exit_code = FTDN_EXIT_DONE;
        assert_int_equal(ftdn_command_bench(argc, argv, &exit_code, &err), FTDN_ERR_ARG);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    static const ftdn_bench_part parts[] = {FTDN_BENCH_SITES, FTDN_BENCH_DETECT, FTDN_BENCH_SCENES, FTDN_BENCH_CEILING};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        ftdn_bench_options options = {.model = "ssd_mobilenet_v1", .n_threads = 1, .n_repeats = 1, .n_images = 1};
        options.wanted[parts[i]] = true;
        ftdn_status status = FTDN_ERR_MEMORY;
        long n_good = 0;
        for (; status != FTDN_OK; n_good++) {
            ftdn_arena arena;
            ftdn_bench bench;
            ftdn_error err = {0};
            ftdn_arena_init(&arena);
            ftdn_arena_fail_after(&arena, n_good);
            status = ftdn_bench_run(&options, &arena, &bench, &err);
            ftdn_arena_done(&arena);
            if (status != FTDN_OK) FTDN_ASSERT_FAILS(status, FTDN_ERR_MEMORY, "memory", err);
        }
        assert_true(n_good > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quartiles_of_samples_are_interpolated),
        cmocka_unit_test(every_sample_is_the_time_of_one_call),
        cmocka_unit_test(figures_of_sites_and_detection_are_positive),
        cmocka_unit_test(figures_of_an_evaluation_are_positive_and_its_shares_add_up),
        cmocka_unit_test(figures_of_training_are_positive),
        cmocka_unit_test(limits_are_met_or_not_or_absent),
        cmocka_unit_test(the_terminal_is_told_what_is_measured_and_left_clean),
        cmocka_unit_test(wrong_names_are_refused_with_what_is_allowed),
        cmocka_unit_test(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
