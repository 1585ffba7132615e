/* Too little device memory is a failure with words, gives back what was taken, and is not the end of the device. */
#include "tests/gpu/refused_memory.h"
#include "tests/gpu/workload.h"

/* What fails says what is short, and harms no later run. */
static ftdn_status run_and_run_again(void *user, ftdn_error *err)
{
    workload *work = user;
    ftdn_error later;
    ftdn_status status = workload_run_once(work, err);
    if (status != FTDN_ERR_MEMORY) return status;
    bool tells = strstr(err->message, "device memory wanted for") || strstr(err->message, "out of memory");
    if (!tells) fail_msg("'%s' does not say what is short", err->message);
    ftdn_test_refuse_allocation(0);
    FTDN_ASSERT_OK(workload_run_once(work, &later), later);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    workload work;
    ftdn_error err;
    workload_init(&work, FMR_OF_THREE, false, true);
    FTDN_ASSERT_OK(workload_run_once(&work, &err), err);
    assert_true(ftdn_test_refuse_each_allocation(run_and_run_again, &work) >= 10);
    ftdn_arena_done(&work.arena);
}

static void more_than_a_device_has_is_refused_and_the_device_works_on(void **state)
{
    (void)state;
    workload work;
    ftdn_error err;
    void *memory;
    ftdn_program *program;
    ftdn_context *context;
    workload_init(&work, FMR_OF_THREE, false, true);
    const ftdn_device_table *device = ftdn_test_module()->device;
    FTDN_ASSERT_FAILS(device->alloc((size_t)1 << 46, &memory, &err), FTDN_ERR_MEMORY, "MB are free", err);
    /* Convolutions of a library run once when the program is made, and are refused there. */
    const ftdn_compile_desc desc = {.keep_all = true, .micro_batch = 1 << 30};
    ftdn_status status = ftdn_program_create(ftdn_backend_find("cuda"), work.protection->graph, &desc, &program, &err);
    if (status == FTDN_OK) {
        status = ftdn_context_create(program, &context, &err);
        ftdn_program_free(program);
    }
    FTDN_ASSERT_FAILS(status, FTDN_ERR_MEMORY, "engine.micro_batch makes it smaller", err);
    FTDN_ASSERT_OK(workload_run_once(&work, &err), err);
    ftdn_arena_done(&work.arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(more_than_a_device_has_is_refused_and_the_device_works_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
