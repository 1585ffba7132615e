/* Faults in stored weights and copies on the device: the values and counts of weight_faults.h, bit for bit. */
#include <string.h>

#include "injectors/weight_faults_device.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"
#include "tests/injectors/small_net.h"

enum { N_MODELS = NET_N_MODELS + 1, N_COPIED = 4 };

/* Copies of some filters, of all, of a layer out of scope. */
static const int some[] = {1, 2, 5, 15}, large[] = {0, 7, 8, 9, 36};
static const int all[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const ftdn_layer_copies copied[N_COPIED] = {
    {NET_FIRST, 4, some}, {NET_DEPTH, 16, all}, {NET_POINT, 4, some}, {NET_LARGE, 5, large}};

typedef struct bench {
    small_net net;
    ftdn_weight_faults host, counted; /* counted: the device's counts */
    ftdn_test_machine machine;
    ftdn_device_weight_faults *device;
} bench;

/* scope: NULL for that of the network. */
static void start(bench *b, int n_copies, const ftdn_layer_set *scope)
{
    ftdn_error err;
    small_net_init(&b->net);
    if (scope) b->net.scope = *scope;
    ftdn_arena *arena = &b->net.arena;
    const ftdn_copies copies = {.n_copies = n_copies, .n_layers = n_copies ? N_COPIED : 0, .layer = copied};
    for (int i = 0; i < 2; i++) {
        FTDN_ASSERT_OK(ftdn_weight_faults_init(i ? &b->counted : &b->host, &b->net.graph, b->net.scope, &copies,
                                               &b->net.weights, arena, &err),
                       err);
    }
    const int output = b->net.graph.n_nodes - 1;
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1, .micro_batch = 1};
    b->machine = ftdn_test_start("cuda", &b->net.graph, &desc, &b->net.weights);
    FTDN_ASSERT_OK(ftdn_test_module()->weight_faults->create(&b->counted, b->machine.context, &b->device, &err), err);
}

static void stop(bench *b)
{
    ftdn_test_module()->weight_faults->free(b->device);
    ftdn_test_stop(&b->machine);
    small_net_done(&b->net);
}

static size_t n_weights(const bench *b, int layer)
{
    return b->net.graph.param[b->net.graph.node[b->net.graph.layer[layer].conv].weight].n_elements;
}

static void assert_same_values(bench *b, const char *what, const float *in_device, const float *expected, size_t n)
{
    ftdn_error err;
    ftdn_arena_mark mark = ftdn_arena_get_mark(&b->net.arena);
    float *actual = FTDN_NEW(&b->net.arena, n, float, &err);
    assert_non_null(actual);
    FTDN_ASSERT_OK(
        ftdn_test_module()->device->copy_after(b->machine.context, actual, in_device, n * sizeof *actual, &err), err);
    for (size_t e = 0; e < n; e++) {
        if (memcmp(&actual[e], &expected[e], sizeof *actual) == 0) continue;
        fail_msg("%s, element %zu: %a on the device, %a on the host", what, e, (double)actual[e], (double)expected[e]);
    }
    ftdn_arena_reset(&b->net.arena, mark);
}

static void assert_same_weights(bench *b)
{
    const ftdn_graph *graph = &b->net.graph;
    const ftdn_stored_weights host = ftdn_weight_faults_stored(&b->host);
    const ftdn_stored_weights device = ftdn_test_module()->weight_faults->stored(b->device);
    assert_int_equal(device.original->n_params, graph->n_params);
    for (int p = 0; p < graph->n_params; p++) {
        const float *actual = device.original->value[p], *expected = host.original->value[p];
        if (expected == b->net.weights.value[p]) assert_ptr_equal(actual, expected); /* out of scope */
        else assert_same_values(b, graph->param[p].name, actual, expected, graph->param[p].n_elements);
    }
    for (int c = 0; c < b->host.copies.n_copies; c++) {
        for (int i = 0; i < N_COPIED; i++) {
            int layer = copied[i].layer;
            size_t n_filters = (size_t)graph->node[graph->layer[layer].conv].shape.c;
            size_t n = n_weights(b, layer) / n_filters * (size_t)copied[i].n_channels;
            if (layer == NET_POINT) assert_null(device.copy[c][i]);
            else assert_same_values(b, graph->layer[layer].name, device.copy[c][i], host.copy[c][i], n);
        }
    }
}

static void assert_same_counts(bench *b)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_test_module()->weight_faults->read_counts(b->device, &err), err);
    assert_memory_equal(b->counted.count, b->host.count, (size_t)b->host.layers.n_layers * sizeof *b->host.count);
    for (int c = 0; c < b->host.copies.n_copies; c++) {
        assert_memory_equal(b->counted.copy_count[c], b->host.copy_count[c], N_COPIED * sizeof *b->host.count);
    }
}

static void check_draw(bench *b, const ftdn_fault_draw *draw, uint64_t image)
{
    ftdn_error err;
    ftdn_weight_faults_draw(&b->host, draw, image, 1);
    FTDN_ASSERT_OK(ftdn_test_module()->weight_faults->draw(b->device, draw, image, &err), err);
    assert_same_weights(b);
    assert_same_counts(b);
}

static ftdn_fault_model model_of(int m)
{
    return m < NET_N_MODELS ? small_net_model[m] : (ftdn_fault_model){.type = FTDN_FAULT_RANDOM};
}

static void draw_by_rate(const char *order)
{
    static const double rates[] = {0, 1e-7, 1e-3, 0.03, 0.5, 1};
    const int step = order[0] ? 5 : 1;
    for (int n_copies = 0; n_copies <= FTDN_MAX_COPIES; n_copies++) {
        bench b;
        start(&b, n_copies, NULL);
        for (int test = n_copies; test < 6 * N_MODELS * 3; test += step) {
            const ftdn_fault_draw draw = {
                .model = model_of(test % N_MODELS),
                .rate = rates[test / (3 * N_MODELS)],
                .seed = (uint64_t)test,
                .copies = (ftdn_copy_faults)(test / N_MODELS % 3),
            };
            check_draw(&b, &draw, test % 2 ? UINT64_C(0xfedcba9876543210) : 0);
        }
        stop(&b);
    }
}

static void every_stored_weight_is_hit_as_on_the_host(void **state)
{
    (void)state;
    ftdn_test_in_every_order(draw_by_rate);
}

static void draw_by_count(const char *order)
{
    static const int counts[] = {1, 30, 257, FTDN_MAX_FAULT_COUNT};
    const int step = order[0] ? 5 : 1;
    bench b;
    start(&b, 2, NULL);
    for (int test = 0; test < 4 * N_MODELS * 3; test += step) {
        const ftdn_fault_draw draw = {
            .model = model_of(test % N_MODELS),
            .count = counts[test / (3 * N_MODELS)],
            .seed = (uint64_t)test,
            .copies = (ftdn_copy_faults)(test / N_MODELS % 3),
        };
        check_draw(&b, &draw, (uint64_t)(test % 3));
    }
    stop(&b);
}

static void picked_weights_are_those_of_the_host(void **state)
{
    (void)state;
    ftdn_test_in_every_order(draw_by_count);
}

static void all_weights_are_picked_where_there_are_no_more_than_the_count(void **state)
{
    (void)state;
    static const int depth = NET_DEPTH;
    bench b;
    start(&b, 0, &(ftdn_layer_set){.n_layers = 1, .layer = &depth});
    const ftdn_fault_draw draw = {.model = small_net_model[2], .count = FTDN_MAX_FAULT_COUNT, .seed = 3};
    check_draw(&b, &draw, 0);
    assert_int_equal(b.counted.count[0].n_faults, 16 * 9);
    stop(&b);
}

/* Draws follow one another in the same buffers. */
static void pointers_stay_and_clean_values_come_back(void **state)
{
    (void)state;
    bench b;
    start(&b, 1, NULL);
    const ftdn_fault_draw zero = {.model = small_net_model[0], .rate = 1, .seed = 1};
    const ftdn_fault_draw none = {.model = small_net_model[0], .seed = 1};
    const ftdn_stored_weights before = ftdn_test_module()->weight_faults->stored(b.device);
    const float *original = before.original->value[0], *copy = before.copy[0][0];
    check_draw(&b, &zero, 0);
    check_draw(&b, &none, 0);
    const ftdn_stored_weights after = ftdn_test_module()->weight_faults->stored(b.device);
    assert_ptr_equal(after.original->value[0], original);
    assert_ptr_equal(after.copy[0][0], copy);
    assert_same_values(&b, "first", original, b.net.weights.value[0], n_weights(&b, NET_FIRST));
    stop(&b);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_device_weight_faults *device;
    bench b;
    if (!ftdn_test_module()->is_emulated) skip();
    start(&b, 1, NULL);
    ftdn_test_refuse_allocation(1);
    FTDN_ASSERT_FAILS(ftdn_test_module()->weight_faults->create(&b.counted, b.machine.context, &device, &err),
                      FTDN_ERR_MEMORY, "faults in weights", err);
    ftdn_test_refuse_allocation(0);
    stop(&b);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stored_weight_is_hit_as_on_the_host),
        cmocka_unit_test(picked_weights_are_those_of_the_host),
        cmocka_unit_test(all_weights_are_picked_where_there_are_no_more_than_the_count),
        cmocka_unit_test(pointers_stay_and_clean_values_come_back),
        cmocka_unit_test(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
