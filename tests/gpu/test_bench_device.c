/* test_bench_device.c - `ftdn bench device`: what it measures and how it says so; nothing depends on speed. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "harness/bench/bench_device.h"
#include "tests/gpu/gpu.h"

static const ftdn_device_bench_options small = {
    .model = "ssd_mobilenet_v1", .width = 0.1, .micro_batch = 2, .n_images = 3, .n_repeats = 1};

static double number_of(const ftdn_json *object, const char *key)
{
    const ftdn_json *node = ftdn_json_find(object, key);
    if (!node || node->kind != FTDN_JSON_NUMBER) fail_msg("'%s' is no number", key);
    return node->number;
}

/* In f32; NULL if absent. */
static const ftdn_json *find_measure(const ftdn_json *root, const char *name, double micro_batch)
{
    const ftdn_json *measures = ftdn_json_find(root, "measures");
    for (int i = 0; i < measures->n_children; i++) {
        const ftdn_json *own = measures->child[i], *numbers = ftdn_json_find(own, "numbers");
        if (strcmp(ftdn_json_find(own, "measure")->string, name) != 0) continue;
        if (numbers->kind == FTDN_JSON_STRING && strcmp(numbers->string, "f32") != 0) continue;
        if (micro_batch == 0 || number_of(own, "micro_batch") == micro_batch) return own;
    }
    return NULL;
}

static double median_of(const ftdn_json *root, const char *name, double micro_batch)
{
    const ftdn_json *measure = find_measure(root, name, micro_batch);
    if (!measure) fail_msg("no measure '%s'", name);
    return number_of(measure, "median");
}

static const ftdn_json *run_to_json(ftdn_device_bench *bench, ftdn_arena *arena)
{
    ftdn_text text;
    ftdn_error err = {0};
    const ftdn_json *root;
    FTDN_ASSERT_OK(ftdn_bench_device(&small, arena, bench, &err), err);
    ftdn_text_init(&text);
    ftdn_device_bench_write_json(bench, &text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    FTDN_ASSERT_OK(ftdn_json_parse(text.chars, text.n_chars, "bench", arena, &root, &err), err);
    ftdn_text_done(&text);
    return root;
}

static void assert_table_says_where(const ftdn_device_bench *bench)
{
    ftdn_error err;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_device_bench_write_table(bench, &text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    assert_non_null(strstr(text.chars, bench->device.name));
    assert_non_null(strstr(text.chars, bench->device.libraries));
    assert_non_null(strstr(text.chars, bench->arithmetic[0]));
    assert_int_equal(strstr(text.chars, "EMULATED") != NULL, ftdn_test_module()->is_emulated);
    ftdn_text_done(&text);
}

static void every_part_is_measured_and_the_report_says_where(void **state)
{
    static const char *const of_each_size[] = {"evaluation with 1 % map faults", "of it average precision, on the host",
                                               "memory: maps, weights, images"};
    static const char *const of_campaigns[] = {"forward", "floor of the forward pass", "forward / floor",
                                               "forward of fmr at 50 % / of the original"};
    static const char *const of_one_image[] = {"one image, original", "one image, kr at 50 %", "one image, fmr at 50 %",
                                               "x original"};
    static const char *const of_none[] = {"a large convolution", "copy on the device, bytes read and written"};
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_device_bench bench;
    const ftdn_json *root = run_to_json(&bench, &arena);
    for (size_t i = 0; i < sizeof of_each_size / sizeof *of_each_size; i++)
        for (int size = 1; size <= 2; size++) assert_true(median_of(root, of_each_size[i], size) > 0);
    for (size_t i = 0; i < sizeof of_campaigns / sizeof *of_campaigns; i++)
        assert_true(median_of(root, of_campaigns[i], 2) > 0);
    for (size_t i = 0; i < sizeof of_one_image / sizeof *of_one_image; i++)
        assert_true(median_of(root, of_one_image[i], 1) > 0);
    for (size_t i = 0; i < sizeof of_none / sizeof *of_none; i++) assert_true(median_of(root, of_none[i], 0) > 0);
    assert_true(median_of(root, "injection", 2) >= 0 && median_of(root, "detection", 2) >= 0);
    double shares = median_of(root, "of it images to numbers", 2) +
                    median_of(root, "of it convolutions of all channels", 2) +
                    median_of(root, "of it depthwise convolutions", 2) + median_of(root, "of it other steps", 2);
    assert_true(fabs(shares - 100) < 1e-6);
    assert_true(median_of(root, "of it depthwise convolutions", 2) > 0);
    assert_true(number_of(find_measure(root, "injection / forward", 2), "limit") == 5);
    /* Limits are of networks as published. */
    assert_int_equal(ftdn_json_find(find_measure(root, "evaluation with 1 % map faults", 2), "limit")->kind,
                     FTDN_JSON_NULL);
    assert_table_says_where(&bench);
    ftdn_arena_done(&arena);
}

static void a_network_that_needs_a_file_is_refused(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_device_bench bench;
    ftdn_error err;
    ftdn_device_bench_options options = small;
    options.model = "ssd_mobilenet_v1_tf";
    FTDN_ASSERT_FAILS(ftdn_bench_device(&options, &arena, &bench, &err), FTDN_ERR_ARG,
                      "--model: 'ssd_mobilenet_v1_tf' is not allowed; allowed: ssd_mobilenet_v1, ssd_vgg16", err);
    ftdn_arena_done(&arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_measured_and_the_report_says_where),
        cmocka_unit_test(a_network_that_needs_a_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
