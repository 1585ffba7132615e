/* The bits of a forward pass are the same for any neighbours, place, way of the images, order of blocks; recorded or
 * not. */
#include "tests/engine/random_graph.h"
#include "tests/gpu/gpu.h"

enum { MICRO_BATCH = 4, N_RESIDENT = 7, SIDE = 21, N_PIXELS = SIDE * SIDE * 3 };

static const float mean[3] = {123, 117, 104.5f}, scale[3] = {1, 127.5f, 58.4f};

/* A small network with one of each operation: convolutions of both kinds, folded and not, pool, merge, clip. */
static void build_network(ftdn_arena *arena, ftdn_graph *graph)
{
    ftdn_error err;
    ftdn_graph_init(graph, arena);
    int node = ftdn_graph_add_input(graph, (ftdn_shape){SIDE, SIDE, 3});
    const ftdn_conv_layer_desc stem = {
        .name = "stem", .n_outputs = 16, .kernel = 3, .stride = 2, .pad = 1, .batch_norm = "stem.bn", .activation = RELU};
    const ftdn_conv_layer_desc depthwise = {
        .name = "depthwise", .n_outputs = 16, .kernel = 3, .pad = 1, .depthwise = true, .has_bias = true, .activation = RELU6};
    const ftdn_conv_layer_desc pointwise = {.name = "pointwise", .n_outputs = 9, .kernel = 1};
    node = ftdn_graph_add_conv_layer(graph, node, &stem);
    node = ftdn_graph_add_conv_layer(graph, node, &depthwise);
    int pool = ftdn_graph_add_max_pool(graph, node, "pool", 2, 2, 0, true);
    node = ftdn_graph_add_conv_layer(graph, pool, &pointwise);
    node = ftdn_graph_add_batch_norm(graph, node, "bn", 0);
    static const int channels[] = {0, 2, 3, 5, 8};
    const ftdn_conv_layer_desc copy = {.name = "copy", .n_outputs = 5, .kernel = 1};
    const ftdn_node merge = {.op = FTDN_OP_MERGE,
                             .name = "merge",
                             .input = node,
                             .shape = graph->node[node].shape,
                             .layer = -1,
                             .merge = FTDN_MERGE_MEAN,
                             .n_copies = 1,
                             .copy = {ftdn_graph_add_conv_layer(graph, pool, &copy)},
                             .n_merged = 5,
                             .merged = channels};
    node = ftdn_graph_append_node(graph, &merge);
    const ftdn_node clip = {
        .op = FTDN_OP_CLIP, .name = "clip", .input = node, .shape = graph->node[node].shape, .layer = -1, .low = -1, .high = 2};
    ftdn_graph_append_node(graph, &clip);
    FTDN_ASSERT_OK(ftdn_graph_finish(graph, &err), err);
}

/* What the tests below share: network, images as bytes on both sides, and the bits that each image has. */
typedef struct fixture {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_weights weights;
    ftdn_compile_desc desc;
    int outputs[2]; /* input and last map */
    uint8_t *bytes;
    const uint8_t *pixels[N_RESIDENT];
    ftdn_resident_images resident;
    size_t n_out;
    float *expected; /* [N_RESIDENT,n_out] each image's alone, by the order of blocks that is usual */
} fixture;

static void *to_device(const void *bytes, size_t n_bytes)
{
    ftdn_error err;
    void *memory;
    const ftdn_device_table *device = ftdn_test_module()->device;
    FTDN_ASSERT_OK(device->alloc(n_bytes, &memory, &err), err);
    FTDN_ASSERT_OK(device->copy(memory, bytes, n_bytes, &err), err);
    return memory;
}

static ftdn_input describe_images(const fixture *given, int first, int n_images)
{
    ftdn_input input = {.n_images = n_images, .pixels = given->pixels + first};
    memcpy(input.mean, mean, sizeof mean);
    memcpy(input.scale, scale, sizeof scale);
    return input;
}

static void init_fixture(fixture *made)
{
    ftdn_error err;
    uint64_t ids[N_RESIDENT];
    ftdn_arena_init(&made->arena);
    build_network(&made->arena, &made->graph);
    made->weights = make_weights(&made->graph, &made->arena);
    made->outputs[0] = 0;
    made->outputs[1] = made->graph.n_nodes - 1;
    made->desc = (ftdn_compile_desc){.outputs = made->outputs, .n_outputs = 2, .micro_batch = MICRO_BATCH};
    made->bytes = FTDN_NEW(&made->arena, N_RESIDENT * N_PIXELS, uint8_t, &err);
    for (uint32_t i = 0; i < N_RESIDENT * N_PIXELS; i++)
        made->bytes[i] = (uint8_t)ftdn_philox((ftdn_philox_block){{i, 0, 0, 0}}, 5, 0).word[0];
    for (uint64_t i = 0; i < N_RESIDENT; i++) ids[i] = 1000 + i;
    for (size_t i = 0; i < N_RESIDENT; i++) made->pixels[i] = made->bytes + i * N_PIXELS;
    made->resident = (ftdn_resident_images){
        .n_images = N_RESIDENT,
        .pixels = to_device(made->bytes, N_RESIDENT * N_PIXELS),
        .image_id = to_device(ids, sizeof ids),
    };
    made->n_out = ftdn_shape_elements(made->graph.node[made->outputs[1]].shape);
    made->expected = FTDN_NEW(&made->arena, N_RESIDENT * made->n_out, float, &err);
    ftdn_test_machine cuda = ftdn_test_start("cuda", &made->graph, &made->desc, &made->weights);
    for (int i = 0; i < N_RESIDENT; i++) {
        const ftdn_input input = describe_images(made, i, 1);
        FTDN_ASSERT_OK(ftdn_forward(cuda.context, cuda.packed, &input, NULL, &err), err);
        FTDN_ASSERT_OK(
            ftdn_context_read(cuda.context, made->outputs[1], made->expected + (size_t)i * made->n_out, &err), err);
    }
    ftdn_test_stop(&cuda);
}

static void done_fixture(fixture *given)
{
    const ftdn_device_table *device = ftdn_test_module()->device;
    union {
        const void *given;
        void *freed;
    } pixels = {given->resident.pixels}, ids = {given->resident.image_id};
    device->free(pixels.freed);
    device->free(ids.freed);
    ftdn_arena_done(&given->arena);
}

/* The last forward's images have the bits of the images from `first` on. */
static void assert_expected(const fixture *given, const ftdn_test_machine *cuda, int first, int n_images,
                            const char *what)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const float *found = ftdn_test_read(cuda, given->outputs[1], &arena);
    size_t n_bytes = (size_t)n_images * given->n_out * sizeof *found;
    if (memcmp(found, given->expected + (size_t)first * given->n_out, n_bytes) != 0)
        fail_msg("%s: images from %d on have other bits", what, first);
    ftdn_arena_done(&arena);
}

static void values_bytes_and_resident_images_are_the_same_images(void **state)
{
    (void)state;
    ftdn_error err;
    fixture given;
    init_fixture(&given);
    ftdn_test_machine cuda = ftdn_test_start("cuda", &given.graph, &given.desc, &given.weights);
    ftdn_test_machine ref = ftdn_test_start("ref", &given.graph, &given.desc, &given.weights);
    const ftdn_input bytes = describe_images(&given, 2, 3);
    FTDN_ASSERT_OK(ftdn_forward(ref.context, ref.packed, &bytes, NULL, &err), err);
    const float *values = ftdn_test_read(&ref, 0, &given.arena); /* as the processor normalises them */
    float *on_device = ftdn_test_upload(values, 3 * N_PIXELS);
    ftdn_test_assert_close("network", ftdn_test_read(&ref, given.outputs[1], &given.arena),
                           given.expected + 2 * given.n_out, 3 * given.n_out, 2e-5);

    const ftdn_input of_host = {.n_images = 3, .values = values}, of_device = {.n_images = 3, .values = on_device};
    const ftdn_input *const inputs[] = {&bytes, &of_host, &of_device};
    static const char *const names[] = {"bytes", "values", "values on the device"};
    for (int i = 0; i < 3; i++) {
        FTDN_ASSERT_OK(ftdn_forward(cuda.context, cuda.packed, inputs[i], NULL, &err), err);
        assert_memory_equal(ftdn_test_read(&cuda, 0, &given.arena), values, 3 * N_PIXELS * sizeof *values);
        assert_expected(&given, &cuda, 2, 3, names[i]);
    }
    ftdn_input resident = describe_images(&given, 0, MICRO_BATCH);
    resident.pixels = NULL;
    resident.resident = &given.resident;
    const ftdn_device_table *device = ftdn_test_module()->device;
    FTDN_ASSERT_OK(device->set_batch(cuda.context, &given.resident, 2, 3, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(cuda.context, cuda.packed, &resident, NULL, &err), err);
    assert_memory_equal(ftdn_test_read(&cuda, 0, &given.arena), values, 3 * N_PIXELS * sizeof *values);
    assert_expected(&given, &cuda, 2, 3, "resident");
    device->free(on_device);
    ftdn_test_stop(&cuda);
    ftdn_test_stop(&ref);
    done_fixture(&given);
}

/* Every way to ask for the images gives the bits that each has alone, whatever the device does first. */
static fixture shared_fixture;

static void ask_for_images_in_many_ways(const char *order)
{
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    fixture *given = &shared_fixture;
    ftdn_test_machine cuda = ftdn_test_start("cuda", &given->graph, &given->desc, &given->weights);
    for (int n_images = 1; n_images <= MICRO_BATCH; n_images++) {
        for (int first = 0; first + n_images <= N_RESIDENT; first++) {
            const ftdn_input input = describe_images(given, first, n_images);
            FTDN_ASSERT_OK(ftdn_forward(cuda.context, cuda.packed, &input, NULL, &err), err);
            assert_expected(given, &cuda, first, n_images, order);
        }
    }

    ftdn_device_recording *recording;
    ftdn_input resident = describe_images(given, 0, MICRO_BATCH);
    resident.pixels = NULL;
    resident.resident = &given->resident;
    FTDN_ASSERT_OK(device->set_batch(cuda.context, &given->resident, 0, MICRO_BATCH, &err), err);
    FTDN_ASSERT_OK(device->record_begin(cuda.context, &err), err);
    FTDN_ASSERT_OK(device->mark(cuda.context, 0, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(cuda.context, cuda.packed, &resident, NULL, &err), err);
    FTDN_ASSERT_OK(device->mark(cuda.context, 1, &err), err);
    FTDN_ASSERT_OK(device->record_end(cuda.context, &recording, &err), err);
    for (int first = N_RESIDENT - 1; first >= 0; first -= 3) { /* the last one is alone */
        int n_images = first + MICRO_BATCH <= N_RESIDENT ? MICRO_BATCH : N_RESIDENT - first;
        FTDN_ASSERT_OK(device->set_batch(cuda.context, &given->resident, first, n_images, &err), err);
        FTDN_ASSERT_OK(device->replay(recording, cuda.context, &err), err);
        assert_expected(given, &cuda, first, n_images, "recorded");
    }
    double seconds = -1;
    FTDN_ASSERT_OK(device->elapsed(cuda.context, 0, 1, &seconds, &err), err);
    assert_true(seconds >= 0 && seconds < 60);
    device->recording_free(recording);
    ftdn_test_stop(&cuda);
}

static void an_image_has_its_bits_in_any_company_and_order(void **state)
{
    (void)state;
    init_fixture(&shared_fixture);
    ftdn_test_in_every_order(ask_for_images_in_many_ways);
    done_fixture(&shared_fixture);
}

/* Batches that follow each other without a wait do not see each other's images. */
static void a_batch_that_is_under_way_keeps_its_images(void **state)
{
    (void)state;
    ftdn_error err;
    fixture given;
    init_fixture(&given);
    const ftdn_device_table *device = ftdn_test_module()->device;
    if (ftdn_test_module()->is_emulated) setenv("FTDN_EMULATOR_ORDER", "lazy", 1);
    ftdn_test_machine one = ftdn_test_start("cuda", &given.graph, &given.desc, &given.weights);
    ftdn_test_machine other = ftdn_test_start("cuda", &given.graph, &given.desc, &given.weights);
    ftdn_input resident = describe_images(&given, 0, MICRO_BATCH);
    resident.pixels = NULL;
    resident.resident = &given.resident;
    uint8_t *passing = FTDN_NEW(&given.arena, N_PIXELS, uint8_t, &err);
    const uint8_t *const passing_image[] = {passing};
    ftdn_input bytes = describe_images(&given, 0, 1);
    bytes.pixels = passing_image;
    memcpy(passing, given.pixels[6], N_PIXELS);
    FTDN_ASSERT_OK(device->set_batch(one.context, &given.resident, 1, 4, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(one.context, one.packed, &resident, NULL, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(other.context, other.packed, &bytes, NULL, &err), err);
    memset(passing, 0, N_PIXELS); /* the caller's memory is free again */
    assert_expected(&given, &other, 6, 1, "bytes");
    assert_expected(&given, &one, 1, 4, "resident");
    unsetenv("FTDN_EMULATOR_ORDER");
    ftdn_test_stop(&one);
    ftdn_test_stop(&other);
    done_fixture(&given);
}

/* Running a part again, on maps as they stand. */
static void a_part_that_is_run_again_has_the_bits_of_a_full_forward(void **state)
{
    (void)state;
    ftdn_error err;
    for (uint32_t seed = 500; seed < 506; seed++) {
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_arena_init(&arena);
        build_random_graph(seed, 14, &arena, &graph);
        ftdn_weights weights = make_weights(&graph, &arena);
        size_t n_in = 2 * ftdn_shape_elements(graph.node[0].shape);
        const float *x = random_values(&arena, n_in, 1), *other = random_values(&arena, n_in, 2);
        const ftdn_compile_desc desc = {.keep_all = true, .micro_batch = 2};
        ftdn_test_machine full = ftdn_test_start("cuda", &graph, &desc, &weights);
        ftdn_test_machine part = ftdn_test_start("cuda", &graph, &desc, &weights);
        ftdn_test_forward(&full, &graph, other, 2, NULL, &arena);
        ftdn_test_forward(&part, &graph, x, 2, NULL, &arena);
        const ftdn_device_table *device = ftdn_test_module()->device;
        ftdn_map map = ftdn_context_map(part.context, 0);
        FTDN_ASSERT_OK(device->copy_after(part.context, map.values, other, n_in * sizeof *other, &err), err);
        FTDN_ASSERT_OK(ftdn_forward_after(part.context, part.packed, 0, NULL, &err), err);
        for (int n = 0; n < graph.n_nodes; n++) {
            map = ftdn_context_map(full.context, n);
            if (!map.values) continue;
            assert_memory_equal(ftdn_test_read(&full, n, &arena), ftdn_test_read(&part, n, &arena),
                                2 * ftdn_shape_elements(map.shape) * sizeof(float));
        }
        ftdn_test_stop(&full);
        ftdn_test_stop(&part);
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_bytes_and_resident_images_are_the_same_images),
        cmocka_unit_test(an_image_has_its_bits_in_any_company_and_order),
        cmocka_unit_test(a_batch_that_is_under_way_keeps_its_images),
        cmocka_unit_test(a_part_that_is_run_again_has_the_bits_of_a_full_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
