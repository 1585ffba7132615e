/* Whole small trials: the device draws weights, assembles, packs, runs and hits maps as the processor does. */
#include "tests/gpu/workload.h"

/* As in test_conformance.c; maps that were hit may differ by what clean ones do. */
#define TOLERANCE 2e-5

static const struct {
    ftdn_fault_draw of_weights, of_maps;
} draws[] = {
    {{.model = {.type = FTDN_FAULT_ZERO}, .rate = 0.05, .seed = 1}, {.model = {.type = FTDN_FAULT_ZERO}, .seed = 1}},
    {{.model = {.type = FTDN_FAULT_ZERO}, .seed = 2}, {.model = {.type = FTDN_FAULT_ZERO}, .rate = 0.03, .seed = 2}},
    {{.model = {.type = FTDN_FAULT_RANDOM}, .rate = 0.1, .seed = 3, .copies = FTDN_COPIES_SHARED},
     {.model = {.type = FTDN_FAULT_RANDOM, .has_range = 1, .low = -2, .high = 2}, .rate = 0.2, .seed = 3}},
    {{.model = {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 20, .n_bits = 4}, .count = 7, .seed = 4},
     {.model = {.type = FTDN_FAULT_ZERO}, .count = 5, .seed = 4}},
};
enum { N_DRAWS = sizeof draws / sizeof *draws };

/* The same trial on the processor, with its injectors and its backend. */
static void run_on_host(workload *work, const ftdn_fault_draw *of_weights, const ftdn_fault_draw *of_maps,
                        workload_answer *answer)
{
    ftdn_error err;
    ftdn_map_injector injector;
    ftdn_assembly assembly = assembly_of(work->protection, &work->arena);
    ftdn_weight_faults_draw(&work->weight_faults, of_weights, 0, 1);
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(&work->weight_faults);
    ftdn_assembly_make(&assembly, &stored, 1);
    workload_take_weight_counts(answer, work);
    ftdn_map_faults_set(&work->map_faults, of_maps);
    FTDN_ASSERT_OK(ftdn_map_injector_init(&injector, &work->map_faults, &work->arena, &err), err);
    ftdn_map_injector_reset(&injector);
    ftdn_test_machine cpu = ftdn_test_start("cpu", work->protection->graph, &work->compile, &assembly.weights);
    for (int i = 0; i < WORKLOAD_IMAGES; i++) {
        const uint8_t *pixels = work->bytes + (size_t)i * work->n_in;
        ftdn_input input = workload_input();
        input.n_images = 1;
        input.pixels = &pixels;
        injector.image_id = &work->image_id[i];
        const ftdn_map_hook hook = {ftdn_map_injector_hook, &injector};
        FTDN_ASSERT_OK(ftdn_forward(cpu.context, cpu.packed, &input, &hook, &err), err);
        FTDN_ASSERT_OK(ftdn_context_read(cpu.context, work->output, answer->y + (size_t)i * work->n_out, &err), err);
    }
    memcpy(answer->of_maps, injector.count, (size_t)work->map_faults.n_targets * sizeof *injector.count);
    ftdn_test_stop(&cpu);
}

/* Where maps are hit is equal; what was changed may differ where a map is 0 on one side and not on the other. */
static void assert_same_counts(const char *what, const ftdn_fault_count *expected, const ftdn_fault_count *actual,
                               int n, bool exactly)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(expected[i].n_elements, actual[i].n_elements);
        assert_int_equal(expected[i].n_faults, actual[i].n_faults);
        if (exactly && memcmp(&expected[i], &actual[i], sizeof *expected) != 0) fail_msg("%s: counts of %d", what, i);
    }
}

static void run_every_kind(const char *order)
{
    for (int i = 0; i < 2 * N_KINDS; i++) {
        char what[64];
        ftdn_error err;
        workload work;
        workload_run run = {0};
        workload_answer host, device;
        workload_init(&work, i / 2, i % 2, false);
        workload_answer_init(&host, &work, &work.arena);
        workload_answer_init(&device, &work, &work.arena);
        FTDN_ASSERT_OK(workload_set_up(&work, &run, &err), err);
        for (int d = 0; d < N_DRAWS; d++) {
            snprintf(what, sizeof what, "kind %d, %s, draw %d, order '%s'", i / 2, i % 2 ? "blocks" : "plain", d,
                     order);
            run_on_host(&work, &draws[d].of_weights, &draws[d].of_maps, &host);
            ftdn_test_module()->device->recording_free(run.recording);
            run.recording = NULL;
            FTDN_ASSERT_OK(workload_run_trial(&work, &run, &draws[d].of_weights, &draws[d].of_maps, &device, &err),
                           err);
            ftdn_test_assert_close(what, host.y, device.y, WORKLOAD_IMAGES * work.n_out, TOLERANCE);
            assert_same_counts(what, host.of_weights, device.of_weights, WORKLOAD_MAX_LAYERS, true);
            for (int c = 0; c < FTDN_MAX_COPIES; c++)
                assert_same_counts(what, host.of_copies[c], device.of_copies[c], WORKLOAD_MAX_LAYERS, true);
            assert_same_counts(what, host.of_maps, device.of_maps, work.map_faults.n_targets, false);
        }
        workload_tear_down(&run);
        ftdn_arena_done(&work.arena);
    }
}

static void protected_networks_under_faults_answer_as_on_the_processor(void **state)
{
    (void)state;
    ftdn_test_in_every_order(run_every_kind);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protected_networks_under_faults_answer_as_on_the_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
