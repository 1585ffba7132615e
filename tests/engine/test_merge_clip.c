/* Merges and clips of maps: exact values by hand, the CPU backend bit for bit, gradients at ties and beyond. */
#include <float.h>
#include <math.h>

#include "engine/cpu/cpu_elementwise.h"
#include "engine/cpu/cpu_merge.h"
#include "engine/ref/ref_backward.h"
#include "engine/ref/ref_ops.h"
#include "tests/engine/grid.h"
#include "tests/support/arena_per_test.h"

#define N_VALUES(array) (sizeof(array) / sizeof *(array))

static void assert_values(const char *what, const float *expected, const float *actual, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&expected[i], &actual[i], sizeof *actual) != 0)
            fail_msg("%s: element %zu is %a, not %a", what, i, (double)actual[i], (double)expected[i]);
    }
}

/* Two pixels of four channels, of which 1 and 3 are merged. */
static const int merged[2] = {1, 3};
static const float original[8] = {1, 2, 3, 0, -1, -2, 8, -4};
static const float first_copy[4] = {6, 5, 1, -4};
static const float second_copy[4] = {3, 9, -9, 7};
static const float by_hand[4][8] = {
    [FTDN_MERGE_MEAN] = {1, 4, 3, 2.5f, -1, -0.5f, 8, -4},
    [FTDN_MERGE_NONZERO] = {1, 2, 3, 5, -1, -2, 8, -4},
    [FTDN_MERGE_MAX_ABS] = {1, 6, 3, 5, -1, -2, 8, -4},
    [FTDN_MERGE_MEDIAN] = {1, 3, 3, 5, -1, -2, 8, -4},
};

static ftdn_node merge_node(ftdn_merge merge, int n_channels, int n_merged, const int *channels)
{
    return (ftdn_node){.op = FTDN_OP_MERGE,
                       .name = "merge",
                       .shape = {1, 1, n_channels},
                       .merge = merge,
                       .n_copies = ftdn_merge_n_copies(merge),
                       .n_merged = n_merged,
                       .merged = channels};
}

static void merges_give_the_values_found_by_hand(void **state)
{
    (void)state;
    static const float relu_of_mean[8] = {1, 4, 3, 2.5f, 0, 0, 8, 0};
    for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
        ftdn_node node = merge_node((ftdn_merge)merge, 4, 2, merged);
        const float *const copy[FTDN_MAX_COPIES] = {first_copy, node.n_copies > 1 ? second_copy : NULL};
        for (int in_place = 0; in_place < 2; in_place++) {
            float y[8];
            memcpy(y, original, sizeof y);
            ftdn_ref_merge_forward(&node, 2, in_place ? y : original, copy, y);
            assert_values("ref", by_hand[merge], y, 8);
            memcpy(y, original, sizeof y);
            ftdn_cpu_merge_forward(&node, 2, in_place ? y : original, copy, FTDN_ACTIVATION_NONE, y);
            assert_values("cpu", by_hand[merge], y, 8);
            if (merge != FTDN_MERGE_MEAN) continue;
            memcpy(y, original, sizeof y);
            ftdn_cpu_merge_forward(&node, 2, in_place ? y : original, copy, RELU, y);
            assert_values("cpu with relu", relu_of_mean, y, 8);
        }
    }
}

static void clips_give_the_values_found_by_hand(void **state)
{
    (void)state;
    static const float x[9] = {-INFINITY, -FLT_MAX, -1.5f, -0.5f, 0x1p-149f, 2, 2.5f, INFINITY, NAN};
    static const float expected[9] = {-1, -1, -1, -0.5f, 0x1p-149f, 2, 2, 2, -1};
    const ftdn_node node = {.op = FTDN_OP_CLIP, .low = -1, .high = 2};
    for (int in_place = 0; in_place < 2; in_place++) {
        float y[9];
        memcpy(y, x, sizeof y);
        ftdn_ref_clip_forward(&node, 9, in_place ? y : x, y);
        assert_values("ref", expected, y, 9);
        memcpy(y, x, sizeof y);
        ftdn_cpu_clip_forward(9, in_place ? y : x, -1, 2, y);
        assert_values("cpu", expected, y, 9);
    }
    float y[3];
    ftdn_cpu_clip_forward(3, x + 6, 1, 1, y); /* one value is a range too */
    assert_values("cpu", (const float[]){1, 1, 1}, y, 3);
}

/* Values of all sizes, with zeros of both signs, infinities, the smallest and the largest numbers and one NaN in 16. */
static float *wild_values(size_t n, uint32_t seed)
{
    static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, 0x1p-149f, -0x1p-149f, FLT_MAX, -FLT_MAX};
    float *values = FTDN_NEW(&arena, n, float, NULL);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        ftdn_philox_block bits = ftdn_philox((ftdn_philox_block){{(uint32_t)i, 2, 0, 0}}, seed, 0);
        int kind = (int)(bits.word[0] % 16);
        values[i] = ldexpf((float)(int32_t)bits.word[1], (int)(bits.word[2] % 200) - 130);
        if (kind < 8) values[i] = special[kind];
        if (kind == 8) values[i] = NAN;
    }
    return values;
}

/* Numbers and NaN are the same; which NaN is the processor's choice. */
static void assert_same_values(const char *what, const float *expected, const float *actual, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(expected[i]) && isnan(actual[i])) continue;
        assert_values(what, &expected[i], &actual[i], 1);
    }
}

typedef void merge_version(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                           ftdn_activation activation, float *y);

/* All that this processor runs, for maps of so many channels. Returns their number. */
static int list_versions(int n_channels, merge_version *version[3])
{
    int n_versions = 0;
    version[n_versions++] = ftdn_cpu_merge_forward;
    version[n_versions++] = ftdn_cpu_merge_portable;
#ifdef __x86_64__
    if (ftdn_cpu_merge_avx512_fits(n_channels)) version[n_versions++] = ftdn_cpu_merge_avx512;
#endif
    (void)n_channels;
    return n_versions;
}

/* Every version, apart and in place, against the plain loops. */
static void check_merge(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy)
{
    merge_version *version[3];
    int n_versions = list_versions(node->shape.c, version);
    size_t n = n_pixels * (size_t)node->shape.c;
    float *expected = random_values(&arena, n, 4), *actual = random_values(&arena, n, 5);
    for (int activation = FTDN_ACTIVATION_NONE; activation <= FTDN_ACTIVATION_RELU6; activation++) {
        ftdn_ref_merge_forward(node, n_pixels, x, copy, expected);
        if (activation) ftdn_ref_activation_forward((ftdn_activation)activation, n, expected, expected);
        for (int v = 0; v < n_versions; v++) {
            version[v](node, n_pixels, x, copy, (ftdn_activation)activation, actual);
            assert_same_values("apart", expected, actual, n);
            memcpy(actual, x, n * sizeof *actual);
            version[v](node, n_pixels, actual, copy, (ftdn_activation)activation, actual);
            assert_same_values("in place", expected, actual, n);
        }
    }
}

static void the_cpu_merges_bit_for_bit_as_the_plain_loops_do(void **state)
{
    (void)state;
    static const struct {
        size_t n_pixels;
        int n_channels, n_merged;
    } shapes[] = {{1, 1, 1},       {7, 3, 1},       {5, 16, 16},     {333, 13, 13},  {100, 64, 32},   {50, 37, 5},
                  {3, 2500, 1100}, {2, 4100, 4100}, {2, 5000, 4099}, {3, 8192, 100}, {2, 8193, 4000}, {1, 9000, 9000}};
    for (size_t s = 0; s < N_VALUES(shapes); s++) {
        for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
            size_t n = shapes[s].n_pixels * (size_t)shapes[s].n_channels;
            size_t n_copied = shapes[s].n_pixels * (size_t)shapes[s].n_merged;
            int *channels = FTDN_NEW(&arena, (size_t)shapes[s].n_merged, int, NULL);
            for (int j = 0; j < shapes[s].n_merged; j++)
                channels[j] = (int)((long long)j * shapes[s].n_channels / shapes[s].n_merged);
            ftdn_node node = merge_node((ftdn_merge)merge, shapes[s].n_channels, shapes[s].n_merged, channels);
            const float *const copy[FTDN_MAX_COPIES] = {wild_values(n_copied, 2),
                                                        node.n_copies > 1 ? wild_values(n_copied, 3) : NULL};
            check_merge(&node, shapes[s].n_pixels, wild_values(n, 1), copy);
        }
    }
}

/* Numbers of any mantissa whose sums overflow, or whose halves lose their last bit. */
static float *edge_values(size_t n, uint32_t seed)
{
    static const uint32_t exponent[] = {0, 1, 2, 24, 25, 26, 253, 254};
    float *values = FTDN_NEW(&arena, n, float, NULL);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        ftdn_philox_block bits = ftdn_philox((ftdn_philox_block){{(uint32_t)i, 3, 0, 0}}, seed, 0);
        uint32_t word = (bits.word[0] & 0x807fffff) | exponent[bits.word[1] % 8] << 23;
        memcpy(&values[i], &word, sizeof word);
    }
    return values;
}

static void the_cpu_merges_the_largest_and_smallest_numbers_bit_for_bit(void **state)
{
    (void)state;
    static const int all[5] = {0, 1, 2, 3, 4};
    enum { N_PIXELS = 20000 };
    const float *x = edge_values(N_PIXELS * 5, 1);
    const float *const copies[2] = {edge_values(N_PIXELS * 5, 2), edge_values(N_PIXELS * 5, 3)};
    for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
        ftdn_node node = merge_node((ftdn_merge)merge, 5, 5, all);
        const float *const copy[FTDN_MAX_COPIES] = {copies[0], node.n_copies > 1 ? copies[1] : NULL};
        check_merge(&node, N_PIXELS, x, copy);
    }
}

static void the_cpu_clips_bit_for_bit_as_the_plain_loops_do(void **state)
{
    (void)state;
    static const float bounds[][2] = {{-1, 1}, {0, 6}, {-INFINITY, INFINITY}, {-0.0f, 0.0f}, {0x1p-149f, FLT_MAX}};
    enum { N = 1003 };
    const float *x = wild_values(N, 7);
    float *expected = random_values(&arena, N, 8), *actual = random_values(&arena, N, 9);
    for (size_t i = 0; i < N_VALUES(bounds); i++) {
        const ftdn_node node = {.op = FTDN_OP_CLIP, .low = bounds[i][0], .high = bounds[i][1]};
        ftdn_ref_clip_forward(&node, N, x, expected);
        ftdn_cpu_clip_forward(N, x, node.low, node.high, actual);
        assert_values("apart", expected, actual, N);
        memcpy(actual, x, N * sizeof *actual);
        ftdn_cpu_clip_forward(N, actual, node.low, node.high, actual);
        assert_values("in place", expected, actual, N);
        for (size_t e = 0; e < N; e++) assert_true(actual[e] >= node.low && actual[e] <= node.high);
    }
}

static void copies_of_a_map_change_nothing_when_they_are_merged(void **state)
{
    (void)state;
    static const int all[4] = {0, 1, 2, 3};
    static const float x[8] = {1, -0.0f, 0x1p-149f, FLT_MAX, -INFINITY, 0, 3, -7};
    const float *const copy[FTDN_MAX_COPIES] = {x, x};
    for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
        float y[8];
        ftdn_node node = merge_node((ftdn_merge)merge, 4, 4, all);
        ftdn_cpu_merge_forward(&node, 2, x, copy, FTDN_ACTIVATION_NONE, y);
        assert_values("merged", x, y, 8);
    }
}

/* Who gets dy: the halves of a mean; else the first of original, copy, second copy that equals the result. */
static void gradients_go_to_the_value_that_was_chosen(void **state)
{
    (void)state;
    static const struct {
        ftdn_merge merge;
        float value[3], share[3]; /* original, copies; their parts of dy = 8 */
    } cases[] = {
        {FTDN_MERGE_MEAN, {1, 5, 0}, {4, 4, 0}},    {FTDN_MERGE_NONZERO, {2, 3, 0}, {8, 0, 0}},
        {FTDN_MERGE_NONZERO, {0, 3, 0}, {0, 8, 0}}, {FTDN_MERGE_NONZERO, {0, 0, 0}, {8, 0, 0}},
        {FTDN_MERGE_NONZERO, {3, 3, 0}, {8, 0, 0}}, {FTDN_MERGE_MAX_ABS, {2, -3, 0}, {0, 8, 0}},
        {FTDN_MERGE_MAX_ABS, {-3, 2, 0}, {8, 0, 0}}, {FTDN_MERGE_MAX_ABS, {2, 2, 0}, {8, 0, 0}},
        {FTDN_MERGE_MAX_ABS, {NAN, 2, 0}, {0, 8, 0}}, {FTDN_MERGE_MEDIAN, {1, 2, 3}, {0, 8, 0}},
        {FTDN_MERGE_MEDIAN, {2, 1, 3}, {8, 0, 0}},  {FTDN_MERGE_MEDIAN, {3, 1, 2}, {0, 0, 8}},
        {FTDN_MERGE_MEDIAN, {1, 2, 2}, {0, 8, 0}},  {FTDN_MERGE_MEDIAN, {2, 1, 2}, {8, 0, 0}},
        {FTDN_MERGE_MEDIAN, {NAN, NAN, 2}, {0, 0, 8}}, {FTDN_MERGE_MEDIAN, {NAN, NAN, NAN}, {8, 0, 0}},
    };
    static const int second[1] = {1};
    for (size_t i = 0; i < N_VALUES(cases); i++) {
        ftdn_node node = merge_node(cases[i].merge, 3, 1, second);
        const float x[3] = {100, cases[i].value[0], 100}, dy[3] = {3, 8, 5};
        const float *const copy[FTDN_MAX_COPIES] = {&cases[i].value[1], node.n_copies > 1 ? &cases[i].value[2] : NULL};
        float dx[3] = {1, 1, 1}, d_first[1] = {1}, d_second[1] = {1}; /* added to */
        float *const dcopy[FTDN_MAX_COPIES] = {d_first, node.n_copies > 1 ? d_second : NULL};
        ftdn_ref_merge_backward(&node, 1, x, copy, dy, dx, dcopy);
        const float expected[5] = {4, 1 + cases[i].share[0], 6, 1 + cases[i].share[1], 1 + cases[i].share[2]};
        const float found[5] = {dx[0], dx[1], dx[2], d_first[0], d_second[0]};
        for (int e = 0; e < 5; e++) {
            if (found[e] != expected[e])
                fail_msg("row %zu, value %d: %g, not %g", i, e, (double)found[e], (double)expected[e]);
        }
    }
}

static void gradients_pass_a_clip_strictly_between_its_bounds(void **state)
{
    (void)state;
    static const float x[6] = {-2, -1, -0.999f, 1.999f, 2, NAN}, dy[6] = {1, 2, 3, 4, 5, 6};
    static const float expected[6] = {10, 10, 13, 14, 10, 10};
    const ftdn_node node = {.op = FTDN_OP_CLIP, .low = -1, .high = 2};
    float dx[6] = {10, 10, 10, 10, 10, 10};
    ftdn_ref_clip_backward(&node, 6, x, dy, dx);
    assert_values("clip", expected, dx, 6);
}

/* Copies are tapped before they are merged: what a hook writes there is what the merge reads. */
static void set_to_copy_number(void *user, const ftdn_map *map)
{
    const ftdn_node *merge = user;
    float value = map->node == merge->input ? 1.0f : map->node == merge->copy[0] ? 3.0f : 99.0f;
    for (size_t i = 0; i < ftdn_shape_elements(map->shape); i++) map->values[i] = value;
}

static void a_hook_on_the_maps_of_copies_is_seen_by_the_merge(void **state)
{
    (void)state;
    static const char *const backends[] = {"ref", "cpu"};
    const grid_row row = {"mean", {3, 2, 2}, {.n_outputs = 4, .kernel = 1, .activation = RELU}, .n_merged = 2};
    for (int b = 0; b < 2; b++) {
        ftdn_graph graph;
        ftdn_program *program;
        ftdn_packed *packed;
        ftdn_context *context;
        build(&row, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        int output = graph.n_nodes - 1;
        const ftdn_node *merge = &graph.node[output];
        const int taps[2] = {merge->input, merge->copy[0]};
        const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .taps = taps, .n_taps = 2};
        FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backends[b]), &graph, &desc, &program, &err), err);
        FTDN_ASSERT_OK(ftdn_packed_create(program, &weights, 1, &packed, &err), err);
        FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
        const ftdn_input input = {.n_images = 1, .values = random_values(&arena, 3 * 2 * 2, 1)};
        union {
            const ftdn_node *given;
            void *wanted;
        } user = {.given = merge};
        const ftdn_map_hook hook = {set_to_copy_number, user.wanted};
        FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, &hook, &err), err);
        ftdn_map map = ftdn_context_map(context, output);
        for (int pixel = 0; pixel < 6; pixel++) {
            static const float expected[4] = {2, 1, 2, 1}; /* channels 0 and 2 are merged */
            assert_values(backends[b], expected, map.values + 4 * pixel, 4);
        }
        ftdn_context_free(context);
        ftdn_packed_free(packed);
        ftdn_program_free(program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_give_the_values_found_by_hand),
        cmocka_unit_test(clips_give_the_values_found_by_hand),
        FTDN_ARENA_TEST(the_cpu_merges_bit_for_bit_as_the_plain_loops_do),
        FTDN_ARENA_TEST(the_cpu_merges_the_largest_and_smallest_numbers_bit_for_bit),
        FTDN_ARENA_TEST(the_cpu_clips_bit_for_bit_as_the_plain_loops_do),
        cmocka_unit_test(copies_of_a_map_change_nothing_when_they_are_merged),
        cmocka_unit_test(gradients_go_to_the_value_that_was_chosen),
        cmocka_unit_test(gradients_pass_a_clip_strictly_between_its_bounds),
        FTDN_ARENA_TEST(a_hook_on_the_maps_of_copies_is_seen_by_the_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
