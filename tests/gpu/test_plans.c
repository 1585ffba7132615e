/* How convolutions are computed, as a program says it: the same for the same program, nothing for what has no
 * choice. */
#include "tests/gpu/gpu.h"

enum { N_LINES_FORWARD = 2, N_LINES_WITH_GRADIENTS = 6 };

/* Two convolutions of all channels with all, and a depthwise one between them. */
static void build_network(ftdn_arena *arena, ftdn_graph *graph)
{
    ftdn_error err;
    ftdn_graph_init(graph, arena);
    int node = ftdn_graph_add_input(graph, (ftdn_shape){20, 20, 3});
    const ftdn_conv_layer_desc layers[] = {
        {.name = "stem", .n_outputs = 16, .kernel = 3, .pad = 1, .has_bias = true, .activation = FTDN_ACTIVATION_RELU},
        {.name = "depthwise", .n_outputs = 16, .kernel = 3, .pad = 1, .depthwise = true, .has_bias = true},
        {.name = "pointwise", .n_outputs = 32, .kernel = 1, .has_bias = true, .activation = FTDN_ACTIVATION_RELU6},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        node = ftdn_graph_add_conv_layer(graph, node, &layers[i]);
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

/* What a new program of the network says. cache: NULL for its own. */
static void describe(const char *backend, bool for_gradients, ftdn_device_cache *cache, ftdn_text *ret_text)
{
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_error err;
    ftdn_program *program;
    ftdn_arena_init(&arena);
    build_network(&arena, &graph);
    const int output = graph.n_nodes - 1;
    const ftdn_compile_desc desc = {
        .outputs = &output, .n_outputs = 1, .for_gradients = for_gradients, .micro_batch = 4, .cache = cache};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), &graph, &desc, &program, &err), err);
    ftdn_text_init(ret_text);
    ftdn_program_describe(program, ret_text);
    ftdn_program_free(program);
    ftdn_arena_done(&arena);
}

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void every_convolution_that_has_a_choice_says_its_plan(void **state)
{
    (void)state;
    ftdn_text text;
    describe("cuda", false, NULL, &text);
    assert_int_equal(count_lines(text.chars), N_LINES_FORWARD);
    assert_memory_equal(text.chars, "stem: ", 6);
    assert_non_null(strstr(text.chars, "\npointwise: "));
    assert_null(strstr(text.chars, "depthwise"));
    ftdn_text_done(&text);
}

static void gradients_have_plans_of_their_own(void **state)
{
    (void)state;
    ftdn_text text;
    describe("cuda", true, NULL, &text);
    assert_int_equal(count_lines(text.chars), N_LINES_WITH_GRADIENTS);
    assert_non_null(strstr(text.chars, "\npointwise, gradient of x: "));
    assert_non_null(strstr(text.chars, "\npointwise, gradient of w: "));
    ftdn_text_done(&text);
}

static void two_programs_of_one_network_say_the_same(void **state)
{
    (void)state;
    ftdn_text first, second;
    describe("cuda", true, NULL, &first);
    describe("cuda", true, NULL, &second);
    assert_string_equal(first.chars, second.chars);
    ftdn_text_done(&first);
    ftdn_text_done(&second);
}

/* What a program leaves in a cache serves the next one, and is no more than a saving. */
static void a_program_with_plans_of_an_earlier_one_says_the_same(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_text alone, first, second;
    ftdn_device_cache *cache;
    const ftdn_device_table *device = ftdn_test_module()->device;
    FTDN_ASSERT_OK(device->cache_create(&cache, &err), err);
    describe("cuda", true, NULL, &alone);
    describe("cuda", true, cache, &first);
    describe("cuda", true, cache, &second);
    device->cache_free(cache);
    device->cache_free(NULL);
    assert_string_equal(first.chars, alone.chars);
    assert_string_equal(second.chars, alone.chars);
    ftdn_text_done(&alone);
    ftdn_text_done(&first);
    ftdn_text_done(&second);
}

static void the_processor_has_nothing_to_say(void **state)
{
    (void)state;
    ftdn_text text;
    describe("ref", false, NULL, &text);
    assert_int_equal(text.n_chars, 0);
    ftdn_text_done(&text);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_convolution_that_has_a_choice_says_its_plan),
        cmocka_unit_test(gradients_have_plans_of_their_own),
        cmocka_unit_test(two_programs_of_one_network_say_the_same),
        cmocka_unit_test(a_program_with_plans_of_an_earlier_one_says_the_same),
        cmocka_unit_test(the_processor_has_nothing_to_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
