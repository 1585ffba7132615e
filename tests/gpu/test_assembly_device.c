/* The weights that a protected graph runs with, made on the device: those of the host, bit for bit. */
#include "injectors/weight_faults_device.h"
#include "protectors/assembly_device.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/refused_memory.h"
#include "tests/protectors/small_networks.h"

/* A protection of `kind` with the weights behind it, on both sides. */
typedef struct bench {
    ftdn_arena arena;
    small_network network;
    const ftdn_protection *protection;
    ftdn_layer_set scope;
    ftdn_weight_faults faults;
    ftdn_assembly host;
    ftdn_test_machine machine;
    ftdn_device_weight_faults *device_faults;
    ftdn_device_assembly *device;
} bench;

static void start(bench *b, int kind, ftdn_merge merge, const char *scope)
{
    const ftdn_device_module *module = ftdn_test_module();
    ftdn_error err = {0};
    ftdn_arena *arena = &b->arena;
    ftdn_arena_init(arena);
    if (kind % 2) build_blocks(&b->network, arena);
    else build_plain(&b->network, arena);
    ftdn_protection_desc desc = kinds[kind];
    if (desc.merge != FTDN_MERGE_MEDIAN) desc.merge = merge;
    desc = fill_desc(&desc, &b->network.graph, arena);
    b->protection = protect_with(desc, &b->network, arena);
    const char *const glob[] = {scope};
    const ftdn_scope of_globs = {.n_globs = 1, .glob = glob};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&of_globs, &b->network.graph, FTDN_LOCATION_WEIGHTS, arena, &b->scope, &err),
                   err);
    FTDN_ASSERT_OK(ftdn_weight_faults_init(&b->faults, &b->network.graph, b->scope, &b->protection->desc.copies,
                                           &b->network.weights, arena, &err),
                   err);
    b->host = assembly_of(b->protection, arena);
    const ftdn_compile_desc compile = {
        .outputs = &b->protection->node_of[b->network.output], .n_outputs = 1, .micro_batch = 1};
    b->machine = ftdn_test_start("cuda", b->protection->graph, &compile, &b->protection->clean);
    FTDN_ASSERT_OK(module->weight_faults->create(&b->faults, b->machine.context, &b->device_faults, &err), err);
    FTDN_ASSERT_OK(module->assembly->create(b->protection, b->machine.context, &b->device, &err), err);
}

static void stop(bench *b)
{
    const ftdn_device_module *module = ftdn_test_module();
    module->assembly->free(b->device);
    module->weight_faults->free(b->device_faults);
    ftdn_test_stop(&b->machine);
    ftdn_arena_done(&b->arena);
}

/* Both sides draw and assemble; returns how many parameters may be faulty. */
static int assemble(bench *b, const ftdn_fault_draw *draw)
{
    const ftdn_device_module *module = ftdn_test_module();
    const ftdn_graph *graph = b->protection->graph;
    ftdn_error err = {0};
    ftdn_weight_faults_draw(&b->faults, draw, 0, 1);
    ftdn_stored_weights stored = ftdn_weight_faults_stored(&b->faults);
    ftdn_assembly_make(&b->host, &stored, 1);
    FTDN_ASSERT_OK(module->weight_faults->draw(b->device_faults, draw, 0, &err), err);
    stored = module->weight_faults->stored(b->device_faults);
    const ftdn_weights *made;
    FTDN_ASSERT_OK(module->assembly->make(b->device, &stored, &made, &err), err);
    assert_int_equal(made->n_params, graph->n_params);
    int n_faulty = 0;
    for (int p = 0; p < graph->n_params; p++) {
        const float *clean = b->protection->clean.value[p], *expected = b->host.weights.value[p];
        size_t n_bytes = graph->param[p].n_elements * sizeof(float);
        float *actual = FTDN_NEW(&b->arena, graph->param[p].n_elements, float, &err);
        assert_non_null(actual);
        if (made->value[p] == clean) {
            assert_memory_equal(expected, clean, n_bytes);
            continue;
        }
        n_faulty++;
        FTDN_ASSERT_OK(module->device->copy_after(b->machine.context, actual, made->value[p], n_bytes, &err), err);
        for (size_t e = 0; e < graph->param[p].n_elements; e++) {
            if (memcmp(&actual[e], &expected[e], sizeof *actual) == 0) continue;
            fail_msg("'%s', element %zu: %a on the device, %a on the host", graph->param[p].name, e, (double)actual[e],
                     (double)expected[e]);
        }
    }
    return n_faulty;
}

static const ftdn_fault_model flips = {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 0, .n_bits = 32};

static void make_every_kind(const char *order)
{
    for (int kind = 0; kind < N_KINDS; kind++) {
        for (int merge = FTDN_MERGE_MEAN; merge <= FTDN_MERGE_MEDIAN; merge++) {
            bool takes = kinds[kind].protector->merges || merge == 0;
            if (!takes || (order[0] && merge != kind % 3)) continue;
            bench b;
            start(&b, kind, (ftdn_merge)merge, "*");
            for (int test = 0; test < 9; test++) {
                const ftdn_fault_draw draw = {
                    .model = test % 2 ? flips : (ftdn_fault_model){.type = FTDN_FAULT_ZERO},
                    .rate = test < 6 ? 0.2 : 1,
                    .seed = (uint64_t)test,
                    .copies = (ftdn_copy_faults)(test % 3),
                };
                assert_true(assemble(&b, &draw) >= b.scope.n_layers);
            }
            stop(&b);
        }
    }
}

static void every_protection_is_assembled_as_on_the_host(void **state)
{
    (void)state;
    ftdn_test_in_every_order(make_every_kind);
}

/* One layer in scope: it alone is made, with what is made of its copies. */
static void what_cannot_be_faulty_keeps_its_clean_pointer(void **state)
{
    (void)state;
    static const struct {
        int kind;
        const char *scope;
        int n_faulty;
    } cases[] = {
        {NONE, "conv2", 1},         {KR, "b1.pw", 1},   {KR, "stem", 1},   {FMR, "conv2", 2},
        {FMR_OF_THREE, "conv2", 3}, {D2NN, "conv2", 2}, {D2NN, "head", 1}, {FMR_AT_CONV, "b1.dw", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        start(&b, cases[i].kind, FTDN_MERGE_MEAN, cases[i].scope);
        const ftdn_fault_draw draw = {.model = flips, .rate = 0.5, .seed = 1};
        assert_int_equal(assemble(&b, &draw), cases[i].n_faulty);
        stop(&b);
    }
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_device_assembly *device;
    bench b;
    if (!ftdn_test_module()->is_emulated) skip();
    start(&b, KR, FTDN_MERGE_MEAN, "*");
    ftdn_test_refuse_allocation(1);
    FTDN_ASSERT_FAILS(ftdn_test_module()->assembly->create(b.protection, b.machine.context, &device, &err),
                      FTDN_ERR_MEMORY, "assembled weights", err);
    ftdn_test_refuse_allocation(0);
    stop(&b);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_protection_is_assembled_as_on_the_host),
        cmocka_unit_test(what_cannot_be_faulty_keeps_its_clean_pointer),
        cmocka_unit_test(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
