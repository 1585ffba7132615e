/* Contexts of the module: how images get into the input map, batches chosen between forwards, recordings, marks. */
#include <string.h>

#include "tests/engine/grid.h"
#include "tests/gpu/gpu.h"

enum { N_RESIDENT = 7, MICRO_BATCH = 3 };

/* A network of one layer on images of odd size (bytes of an image are no multiple of four) or even size. */
static const grid_row rows[] = {
    {"odd",
     {5, 7, 3},
     {.n_outputs = 6, .kernel = 3, .pad = 1, .has_bias = true, .activation = RELU},
     .ceil_mode = false},
    {"even", {8, 6, 3}, {.n_outputs = 4, .kernel = 3, .pad = 1, .batch_norm = "bn"}, .ceil_mode = false},
};

static const float mean[3] = {123, 117, 104}, scale[3] = {1, 128, 0.3f};

/* A network with its resident images, on the device and, for the plain loops, on the host. */
typedef struct resident_case {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_weights weights;
    size_t n_bytes; /* of an image */
    const uint8_t *pixels[N_RESIDENT];
    ftdn_resident_images images;
    ftdn_test_machine machine;
} resident_case;

static void begin(resident_case *c, const grid_row *row)
{
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    ftdn_arena_init(&c->arena);
    build(row, &c->arena, &c->graph);
    c->weights = make_weights(&c->graph, &c->arena);
    c->n_bytes = ftdn_shape_elements(row->in);
    uint8_t *bytes = FTDN_NEW(&c->arena, N_RESIDENT * c->n_bytes, uint8_t, &err);
    uint64_t image_id[N_RESIDENT];
    for (size_t i = 0; i < N_RESIDENT * c->n_bytes; i++) bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < N_RESIDENT; i++) {
        c->pixels[i] = bytes + i * c->n_bytes;
        image_id[i] = 1000 + i;
    }
    void *pixels, *ids;
    FTDN_ASSERT_OK(device->alloc(N_RESIDENT * c->n_bytes, &pixels, &err), err);
    FTDN_ASSERT_OK(device->alloc(sizeof image_id, &ids, &err), err);
    FTDN_ASSERT_OK(device->copy(pixels, bytes, N_RESIDENT * c->n_bytes, &err), err);
    FTDN_ASSERT_OK(device->copy(ids, image_id, sizeof image_id, &err), err);
    c->images = (ftdn_resident_images){.n_images = N_RESIDENT, .pixels = pixels, .image_id = ids};
    const int outputs[2] = {0, c->graph.n_nodes - 1}; /* the input too: its map is looked at */
    const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 2, .micro_batch = MICRO_BATCH};
    c->machine = ftdn_test_start("cuda", &c->graph, &desc, &c->weights);
}

static void end(resident_case *c)
{
    const ftdn_device_table *device = ftdn_test_module()->device;
    ftdn_test_stop(&c->machine);
    device->free((void *)(uintptr_t)c->images.pixels);
    device->free((void *)(uintptr_t)c->images.image_id);
    ftdn_arena_done(&c->arena);
}

static ftdn_input input_of(int n_images)
{
    ftdn_input input = {.n_images = n_images};
    memcpy(input.mean, mean, sizeof mean);
    memcpy(input.scale, scale, sizeof scale);
    return input;
}

static void forward(resident_case *c, const ftdn_input *input)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_forward(c->machine.context, c->machine.packed, input, NULL, &err), err);
}

static void choose(resident_case *c, int first, int n_images)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_test_module()->device->set_batch(c->machine.context, &c->images, first, n_images, &err), err);
}

/* The input map that the processor makes of images first ... first + n_images - 1. */
static const float *expect_input(resident_case *c, int first, int n_images)
{
    const int outputs[2] = {0, c->graph.n_nodes - 1};
    const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 2, .micro_batch = MICRO_BATCH};
    ftdn_test_machine plain = ftdn_test_start("ref", &c->graph, &desc, &c->weights);
    ftdn_input input = input_of(n_images);
    input.pixels = c->pixels + first;
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_forward(plain.context, plain.packed, &input, NULL, &err), err);
    const float *x = ftdn_test_read(&plain, 0, &c->arena);
    ftdn_test_stop(&plain);
    return x;
}

static void check_bytes(const char *order)
{
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        resident_case c;
        begin(&c, &rows[r]);
        for (int n_images = MICRO_BATCH; n_images >= 1; n_images--) { /* bytes of the larger batch are still there */
            ftdn_input input = input_of(n_images);
            input.pixels = c.pixels + n_images;
            forward(&c, &input);
            const float *x = ftdn_test_read(&c.machine, 0, &c.arena);
            if (memcmp(x, expect_input(&c, n_images, n_images), (size_t)n_images * c.n_bytes * sizeof *x) != 0)
                fail_msg("%s, order '%s': %d images", rows[r].name, order, n_images);
        }
        end(&c);
    }
}

static void bytes_become_the_numbers_that_the_processor_makes_of_them(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_bytes);
}

static void check_resident(const char *order)
{
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        resident_case c;
        begin(&c, &rows[r]);
        for (int first = 0; first < N_RESIDENT; first += 2) {
            int n_images = N_RESIDENT - first < MICRO_BATCH ? N_RESIDENT - first : MICRO_BATCH;
            ftdn_input input = input_of(MICRO_BATCH);
            input.resident = &c.images;
            choose(&c, first, n_images);
            forward(&c, &input);
            choose(&c, 0, 1); /* too late for what is under way */
            const float *x = ftdn_test_read(&c.machine, 0, &c.arena), *expected = expect_input(&c, first, n_images);
            size_t n_given = (size_t)n_images * c.n_bytes;
            if (memcmp(x, expected, n_given * sizeof *x) != 0)
                fail_msg("%s, order '%s': images from %d on", rows[r].name, order, first);
            for (size_t i = n_given; i < MICRO_BATCH * c.n_bytes; i++) assert_true(x[i] == 0);
        }
        end(&c);
    }
}

static void a_forward_reads_the_batch_that_was_chosen_before_it(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_resident);
}

static void values_may_lie_in_either_memory(void **state)
{
    (void)state;
    resident_case c;
    begin(&c, &rows[0]);
    const int last = c.graph.n_nodes - 1;
    const float *values = random_values(&c.arena, MICRO_BATCH * c.n_bytes, 3);
    float *uploaded = ftdn_test_upload(values, MICRO_BATCH * c.n_bytes);
    size_t n_out = 2 * ftdn_shape_elements(c.graph.node[last].shape);
    ftdn_input input = {.n_images = 2, .values = values};
    forward(&c, &input);
    const float *from_host = ftdn_test_read(&c.machine, last, &c.arena);
    input.values = uploaded;
    forward(&c, &input);
    assert_memory_equal(ftdn_test_read(&c.machine, last, &c.arena), from_host, n_out * sizeof *from_host);
    ftdn_test_module()->device->free(uploaded);
    end(&c);
}

static void check_replays(const char *order)
{
    ftdn_error err;
    resident_case c;
    begin(&c, &rows[1]);
    const ftdn_device_table *device = ftdn_test_module()->device;
    const int last = c.graph.n_nodes - 1;
    size_t n_out = MICRO_BATCH * ftdn_shape_elements(c.graph.node[last].shape);
    ftdn_input input = input_of(MICRO_BATCH);
    input.resident = &c.images;
    choose(&c, 0, MICRO_BATCH);
    forward(&c, &input); /* libraries load what they run first, which no recording may meet */
    ftdn_device_recording *recording;
    FTDN_ASSERT_OK(device->record_begin(c.machine.context, &err), err);
    FTDN_ASSERT_OK(device->mark(c.machine.context, 0, &err), err);
    forward(&c, &input);
    FTDN_ASSERT_OK(device->mark(c.machine.context, FTDN_DEVICE_MARKS - 1, &err), err);
    FTDN_ASSERT_OK(device->record_end(c.machine.context, &recording, &err), err);
    for (int first = 0; first <= N_RESIDENT - MICRO_BATCH; first++) {
        choose(&c, first, MICRO_BATCH);
        forward(&c, &input);
        const float *eager = ftdn_test_read(&c.machine, last, &c.arena);
        choose(&c, 0, 1); /* the replay must bring its own results */
        forward(&c, &input);
        choose(&c, first, MICRO_BATCH);
        FTDN_ASSERT_OK(device->replay(recording, c.machine.context, &err), err);
        const float *replayed = ftdn_test_read(&c.machine, last, &c.arena);
        if (memcmp(eager, replayed, n_out * sizeof *eager) != 0)
            fail_msg("order '%s': replay of images from %d on", order, first);
        double elapsed_s = -1;
        FTDN_ASSERT_OK(device->elapsed(c.machine.context, 0, FTDN_DEVICE_MARKS - 1, &elapsed_s, &err), err);
        assert_true(elapsed_s >= 0 && elapsed_s < 10);
    }
    device->recording_free(recording);
    end(&c);
}

static void a_replay_reads_the_batch_chosen_before_it_and_gives_the_bits_of_a_forward(void **state)
{
    (void)state;
    ftdn_test_in_every_order(check_replays);
}

static void bytes_of_a_graph_with_other_than_three_channels_are_refused(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_arena_init(&arena);
    const grid_row row = {"two channels", {4, 4, 2}, {.n_outputs = 2, .kernel = 1}, .ceil_mode = false};
    build(&row, &arena, &graph);
    ftdn_weights weights = make_weights(&graph, &arena);
    const ftdn_compile_desc desc = {.micro_batch = 1};
    ftdn_test_machine machine = ftdn_test_start("cuda", &graph, &desc, &weights);
    const uint8_t bytes[32] = {0}, *const pixels[1] = {bytes};
    const ftdn_input input = {.n_images = 1, .pixels = pixels, .scale = {1, 1, 1}};
    FTDN_ASSERT_FAILS(ftdn_forward(machine.context, machine.packed, &input, NULL, &err), FTDN_ERR_ARG,
                      "byte images have 3 channels, the graph's input has 2", err);
    ftdn_test_stop(&machine);
    ftdn_arena_done(&arena);
}

static void the_arithmetic_names_products_and_sums(void **state)
{
    (void)state;
    const ftdn_backend *backend = ftdn_test_module()->backend;
    assert_string_equal(ftdn_backend_arithmetic(backend, FTDN_CONV_DIRECT), "f32 fma");
    assert_string_equal(ftdn_backend_arithmetic(backend, FTDN_CONV_TF32), "f32 tf32");
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_the_numbers_that_the_processor_makes_of_them),
        cmocka_unit_test(a_forward_reads_the_batch_that_was_chosen_before_it),
        cmocka_unit_test(values_may_lie_in_either_memory),
        cmocka_unit_test(a_replay_reads_the_batch_chosen_before_it_and_gives_the_bits_of_a_forward),
        cmocka_unit_test(the_arithmetic_names_products_and_sums),
        cmocka_unit_test(bytes_of_a_graph_with_other_than_three_channels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
