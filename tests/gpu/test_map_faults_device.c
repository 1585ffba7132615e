/* Faults in maps on the device: the values and counts of map_faults.h, bit for bit. */
#include <string.h>

#include "injectors/map_faults_device.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"
#include "tests/injectors/small_net.h"

enum { MICRO_BATCH = 2, N_IMAGES = 3, MAX_VALUES = MICRO_BATCH * 18 * 19 * 37, N_MODELS = NET_N_MODELS + 1 };

/* A network with copies, a context that runs it, and images in device memory. */
typedef struct bench {
    small_net net;
    ftdn_map_faults faults;
    ftdn_map_injector host;
    ftdn_test_machine machine;
    ftdn_device_map_injector *injector;
    uint64_t image_id[N_IMAGES];
    ftdn_resident_images images;
    void *memory; /* of the images */
    float *clean; /* [MAX_VALUES] of any map */
} bench;

static void upload_images(bench *b)
{
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    enum { N_PIXELS = N_IMAGES * 20 * 21 * 3 };
    uint8_t bytes[sizeof b->image_id + N_PIXELS];
    for (uint64_t i = 0; i < N_IMAGES; i++) b->image_id[i] = i * UINT64_C(0x9e3779b97f4a7c15) + (i == 2);
    memcpy(bytes, b->image_id, sizeof b->image_id);
    for (size_t i = 0; i < N_PIXELS; i++) bytes[sizeof b->image_id + i] = (uint8_t)(i * 37);
    FTDN_ASSERT_OK(device->alloc(sizeof bytes, &b->memory, &err), err);
    FTDN_ASSERT_OK(device->copy(b->memory, bytes, sizeof bytes, &err), err);
    b->images = (ftdn_resident_images){
        .n_images = N_IMAGES,
        .pixels = (const uint8_t *)b->memory + sizeof b->image_id,
        .image_id = b->memory,
    };
}

/* In [-1, 1), and some that are rare. */
static void make_clean_values(bench *b)
{
    static const float rare[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-45f, -3e38f};
    ftdn_error err;
    b->clean = FTDN_NEW(&b->net.arena, MAX_VALUES, float, &err);
    assert_non_null(b->clean);
    for (size_t i = 0; i < MAX_VALUES; i++) {
        b->clean[i] = i % 11 == 5 ? rare[i / 11 % 7] : (float)(2 * ftdn_formula_uniform("map", 0, i) - 1);
    }
}

static void start(bench *b, ftdn_map_point point)
{
    ftdn_error err;
    small_net_init(&b->net);
    small_net_add_copies(&b->net);
    ftdn_arena *arena = &b->net.arena;
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(&b->net.graph, 0, arena, &weights, &err), err);
    FTDN_ASSERT_OK(ftdn_map_faults_init(&b->faults, &b->net.graph, b->net.scope, point, arena, &err), err);
    FTDN_ASSERT_OK(ftdn_map_injector_init(&b->host, &b->faults, arena, &err), err);
    const ftdn_compile_desc desc = {
        .taps = b->faults.tap,
        .n_taps = b->faults.n_targets,
        .outputs = b->faults.tap,
        .n_outputs = b->faults.n_targets,
        .micro_batch = MICRO_BATCH,
    };
    b->machine = ftdn_test_start("cuda", &b->net.graph, &desc, &weights);
    upload_images(b);
    make_clean_values(b);
    FTDN_ASSERT_OK(ftdn_test_module()->map_faults->create(&b->faults, b->machine.context, &b->injector, &err), err);
}

static void stop(bench *b)
{
    const ftdn_device_module *module = ftdn_test_module();
    module->map_faults->free(b->injector);
    module->device->free(b->memory);
    ftdn_test_stop(&b->machine);
    small_net_done(&b->net);
}

static void set(bench *b, const ftdn_fault_draw *draw)
{
    ftdn_error err;
    ftdn_map_faults_set(&b->faults, draw);
    ftdn_map_injector_reset(&b->host);
    FTDN_ASSERT_OK(ftdn_test_module()->map_faults->set(b->injector, &err), err);
}

static void set_batch(bench *b, int first, int n_images)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_test_module()->device->set_batch(b->machine.context, &b->images, first, n_images, &err), err);
}

/* Hit target t's map of n_images of a micro-batch, from `first` on, on both sides. */
static void hit(bench *b, int t, int first, int n_images)
{
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    ftdn_map map = {.node = b->faults.target[t].node, .n_images = MICRO_BATCH};
    map.shape = b->net.graph.node[map.node].shape;
    size_t n_image = ftdn_shape_elements(map.shape), n = n_image * MICRO_BATCH;
    float *expected = FTDN_NEW(&b->net.arena, n, float, &err), *actual = FTDN_NEW(&b->net.arena, n, float, &err);
    assert_true(expected && actual && n <= MAX_VALUES);
    memcpy(expected, b->clean, n * sizeof *expected);
    float *memory = ftdn_test_upload(b->clean, n);
    map.values = memory;
    ftdn_test_module()->map_faults->hook(b->injector, &map);
    FTDN_ASSERT_OK(device->copy_after(b->machine.context, actual, memory, n * sizeof *actual, &err), err);
    device->free(memory);
    map.values = expected;
    map.n_images = n_images;
    b->host.image_id = &b->image_id[first];
    ftdn_map_injector_hook(&b->host, &map);
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&actual[i], &expected[i], sizeof *actual) == 0) continue;
        fail_msg("target %d, image %zu of %d, element %zu: %a on the device, %a on the host", t, i / n_image, n_images,
                 i % n_image, (double)actual[i], (double)expected[i]);
    }
}

static void assert_same_counts(bench *b)
{
    ftdn_error err;
    ftdn_fault_count count[NET_N_ALL_LAYERS];
    FTDN_ASSERT_OK(ftdn_test_module()->map_faults->read_counts(b->injector, count, &err), err);
    assert_memory_equal(count, b->host.count, (size_t)b->faults.n_targets * sizeof *count);
}

/* All maps of all images, in micro-batches of which the last one is not full. */
static void check_draw(bench *b, const ftdn_fault_draw *draw)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(&b->net.arena);
    set(b, draw);
    for (int first = 0; first < N_IMAGES; first += MICRO_BATCH) {
        int n_images = N_IMAGES - first < MICRO_BATCH ? N_IMAGES - first : MICRO_BATCH;
        set_batch(b, first, n_images);
        for (int t = 0; t < b->faults.n_targets; t++) hit(b, t, first, n_images);
    }
    assert_same_counts(b);
    ftdn_arena_reset(&b->net.arena, mark);
}

static ftdn_fault_model model_of(int m)
{
    return m < NET_N_MODELS ? small_net_model[m] : (ftdn_fault_model){.type = FTDN_FAULT_RANDOM};
}

/* Every fifth draw where the emulator keeps the natural order, at both points; else fewer, at one. */
static void hit_by_rate(const char *order)
{
    const int step = order[0] ? 7 : 5, first_point = order[0] == 'r';
    static const double rates[] = {0, 1e-7, 1e-3, 0.03, 0.5, 1};
    for (int point = first_point; point < (order[0] ? first_point + 1 : 2); point++) {
        bench b;
        start(&b, (ftdn_map_point)point);
        for (int test = point; test < N_MODELS * 6; test += step) {
            const ftdn_fault_draw draw = {
                .model = model_of(test % N_MODELS),
                .rate = rates[test / N_MODELS],
                .seed = test % 2 ? 42 : UINT64_C(1) << 52,
                .copies = (ftdn_copy_faults)((test / 2 + point) % 3),
            };
            check_draw(&b, &draw);
        }
        stop(&b);
    }
}

static void every_map_is_hit_as_on_the_host(void **state)
{
    (void)state;
    ftdn_test_in_every_order(hit_by_rate);
}

static void hit_by_count(const char *order)
{
    (void)order;
    static const int counts[] = {1, 30, 257, FTDN_MAX_FAULT_COUNT};
    bench b;
    start(&b, FTDN_MAP_POINT_ACTIVATION);
    for (int test = 0; test < 4 * 3; test++) {
        const ftdn_fault_draw draw = {
            .model = model_of(test % N_MODELS),
            .count = counts[test / 3],
            .seed = (uint64_t)test,
            .copies = (ftdn_copy_faults)(test % 3),
        };
        check_draw(&b, &draw);
    }
    stop(&b);
}

static void picked_elements_are_those_of_the_host(void **state)
{
    (void)state;
    ftdn_test_in_every_order(hit_by_count);
}

/* Rates around multiples of 2^-16: about one element in 65,536 has the threshold's first 16 bits, and is settled by the
 * others. */
static void ties_are_settled_as_on_the_host(void **state)
{
    (void)state;
    bench b;
    start(&b, FTDN_MAP_POINT_ACTIVATION);
    for (int test = 0; test < 12; test++) {
        const double step = 1.0 / 65536, parts[] = {0.001, 0.5, 0.999};
        const ftdn_fault_draw draw = {
            .model = small_net_model[2],
            .rate = ((test / 3) * 18000 + parts[test % 3]) * step,
            .seed = (uint64_t)test,
        };
        check_draw(&b, &draw);
    }
    stop(&b);
}

/* Maps without a finite value, of zeros of both signs, and of one value beside those that do not count. */
static void rare_maps_have_the_range_of_the_host(void **state)
{
    (void)state;
    static const float values[3][3] = {{NAN, INFINITY, -INFINITY}, {0.0f, -0.0f, -0.0f}, {3e38f, NAN, -INFINITY}};
    const ftdn_fault_draw draw = {.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.3, .seed = 7};
    bench b;
    start(&b, FTDN_MAP_POINT_CONV);
    for (int i = 0; i < 3; i++) {
        for (int e = 0; e < MAX_VALUES; e++) b.clean[e] = values[i][e % 3];
        check_draw(&b, &draw);
    }
    stop(&b);
}

/* One forward of two images, all maps hit; what the outputs hold. */
static void run(bench *b, const ftdn_input *input, const ftdn_map_hook *hook)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_forward(b->machine.context, b->machine.packed, input, hook, &err), err);
}

static void read_maps(bench *b, float *ret_values)
{
    ftdn_error err;
    for (int t = 0; t < b->faults.n_targets; t++) {
        ftdn_map map = ftdn_context_map(b->machine.context, b->faults.tap[t]);
        FTDN_ASSERT_OK(ftdn_context_read(b->machine.context, map.node, ret_values, &err), err);
        ret_values += ftdn_shape_elements(map.shape) * MICRO_BATCH;
    }
}

/* One recording serves draws that run alike, and all batches. */
static void record(const char *order)
{
    (void)order;
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    bench b;
    start(&b, FTDN_MAP_POINT_ACTIVATION);
    size_t n = 0;
    for (int t = 0; t < b.faults.n_targets; t++) {
        n += ftdn_shape_elements(b.net.graph.node[b.faults.tap[t]].shape) * MICRO_BATCH;
    }
    float *eager = FTDN_NEW(&b.net.arena, n, float, &err), *replayed = FTDN_NEW(&b.net.arena, n, float, &err);
    const ftdn_input input = {
        .n_images = MICRO_BATCH,
        .resident = &b.images,
        .mean = {127, 127, 127},
        .scale = {128, 128, 128},
    };
    const ftdn_map_hook hook = {.call = ftdn_test_module()->map_faults->hook, .user = b.injector};
    const ftdn_fault_draw draws[3][2] = {
        {{.model = small_net_model[0], .rate = 0.02, .seed = 1},
         {.model = small_net_model[3], .rate = 0.2, .seed = 2, .copies = FTDN_COPIES_SHARED}},
        {{.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.02, .seed = 3},
         {.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.01, .seed = 4}},
        {{.model = small_net_model[2], .count = 9, .seed = 5}, {.model = small_net_model[0], .count = 40, .seed = 6}},
    };
    for (int i = 0; i < 3; i++) {
        ftdn_device_recording *recording = NULL;
        for (int j = 0; j < 2; j++) {
            for (int first = 0; first < N_IMAGES; first += MICRO_BATCH) {
                ftdn_fault_count of_eager[NET_N_ALL_LAYERS], of_replayed[NET_N_ALL_LAYERS];
                assert_true(ftdn_map_draws_run_alike(&draws[i][0], &draws[i][j]));
                set(&b, &draws[i][j]);
                set_batch(&b, first, N_IMAGES - first < MICRO_BATCH ? N_IMAGES - first : MICRO_BATCH);
                run(&b, &input, &hook);
                read_maps(&b, eager);
                FTDN_ASSERT_OK(ftdn_test_module()->map_faults->read_counts(b.injector, of_eager, &err), err);
                set(&b, &draws[i][j]);
                if (!recording) {
                    FTDN_ASSERT_OK(device->record_begin(b.machine.context, &err), err);
                    run(&b, &input, &hook);
                    FTDN_ASSERT_OK(device->record_end(b.machine.context, &recording, &err), err);
                }
                FTDN_ASSERT_OK(device->replay(recording, b.machine.context, &err), err);
                read_maps(&b, replayed);
                FTDN_ASSERT_OK(ftdn_test_module()->map_faults->read_counts(b.injector, of_replayed, &err), err);
                assert_memory_equal(replayed, eager, n * sizeof *eager);
                assert_memory_equal(of_replayed, of_eager, (size_t)b.faults.n_targets * sizeof *of_eager);
                assert_true(of_eager[0].n_faults > 0);
            }
        }
        device->recording_free(recording);
    }
    stop(&b);
}

static void a_recording_hits_what_the_draw_and_the_batch_of_the_replay_say(void **state)
{
    (void)state;
    ftdn_test_in_every_order(record);
}

static void draws_of_other_kernels_do_not_share_a_recording(void **state)
{
    (void)state;
    const ftdn_fault_draw rate = {.model = small_net_model[0], .rate = 0.5};
    const ftdn_fault_draw count = {.model = small_net_model[0], .count = 3};
    const ftdn_fault_draw ranged = {.model = small_net_model[1], .rate = 0.1};
    const ftdn_fault_draw random = {.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.1};
    assert_true(ftdn_map_draws_run_alike(&rate, &ranged));
    assert_false(ftdn_map_draws_run_alike(&rate, &count));
    assert_false(ftdn_map_draws_run_alike(&rate, &random));
    assert_false(ftdn_map_draws_run_alike(&random, &ranged));
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_device_map_injector *injector;
    bench b;
    if (!ftdn_test_module()->is_emulated) skip();
    start(&b, FTDN_MAP_POINT_CONV);
    ftdn_test_refuse_allocation(1);
    FTDN_ASSERT_FAILS(ftdn_test_module()->map_faults->create(&b.faults, b.machine.context, &injector, &err),
                      FTDN_ERR_MEMORY, "faults in maps", err);
    ftdn_test_refuse_allocation(0);
    stop(&b);
}

/* The last test: the device is lost to this process afterwards. */
static void a_failure_of_the_hook_is_kept_for_the_counts(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_fault_count count[NET_N_ALL_LAYERS];
    bench b;
    if (!ftdn_test_module()->is_emulated) skip();
    start(&b, FTDN_MAP_POINT_CONV);
    set(&b, &(ftdn_fault_draw){.rate = 0.5});
    set_batch(&b, 0, 1);
    float *values = ftdn_test_upload(b.clean, MAX_VALUES);
    const ftdn_map map = {b.faults.tap[0], MICRO_BATCH, b.net.graph.node[b.faults.tap[0]].shape, values};
    setenv("FTDN_EMULATOR_FAIL_LAUNCH", "1", 1);
    ftdn_test_module()->map_faults->hook(b.injector, &map);
    FTDN_ASSERT_FAILS(ftdn_test_module()->map_faults->read_counts(b.injector, count, &err), FTDN_ERR_BACKEND, "illegal",
                      err);
    ftdn_test_module()->device->free(values);
    stop(&b);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_is_hit_as_on_the_host),
        cmocka_unit_test(picked_elements_are_those_of_the_host),
        cmocka_unit_test(ties_are_settled_as_on_the_host),
        cmocka_unit_test(rare_maps_have_the_range_of_the_host),
        cmocka_unit_test(a_recording_hits_what_the_draw_and_the_batch_of_the_replay_say),
        cmocka_unit_test(draws_of_other_kernels_do_not_share_a_recording),
        cmocka_unit_test(a_refused_allocation_is_an_error),
        cmocka_unit_test(a_failure_of_the_hook_is_kept_for_the_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
