/* A kernel that breaks ends the device for its process: everything fails from then on, with CUDA's words, and nothing
 * hangs or crashes. Each case is a process of its own. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/gpu/workload.h"

enum { ALL_WENT_WELL = 0, FAILED_AS_IT_SHOULD = 1, SAID_SOMETHING_ELSE = 2, WORKED_AFTER_THAT = 3 };

/* The k-th piece of work breaks. */
static int run_until(workload *work, int k)
{
    char text[16];
    ftdn_error err;
    snprintf(text, sizeof text, "%d", k);
    setenv("FTDN_EMULATOR_FAIL_LAUNCH", text, 1);
    ftdn_status status = workload_run_once(work, &err);
    if (status == FTDN_OK) return ALL_WENT_WELL;
    bool says_so = status == FTDN_ERR_BACKEND && strstr(err.message, "an illegal memory access was encountered");
    if (!says_so) {
        fprintf(stderr, "work %d: %s\n", k, err.message);
        return SAID_SOMETHING_ELSE;
    }
    unsetenv("FTDN_EMULATOR_FAIL_LAUNCH");
    return workload_run_once(work, &err) == FTDN_ERR_BACKEND ? FAILED_AS_IT_SHOULD : WORKED_AFTER_THAT;
}

static void every_piece_of_work_may_break_the_device(void **state)
{
    (void)state;
    if (!ftdn_test_module()->is_emulated) skip();
    workload work;
    workload_init(&work, KR, true, true);
    int n_failed = 0;
    for (int k = 1;; k++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) _exit(run_until(&work, k));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status)) fail_msg("work %d: killed by signal %d", k, WTERMSIG(status));
        if (WEXITSTATUS(status) == ALL_WENT_WELL) break;
        if (WEXITSTATUS(status) != FAILED_AS_IT_SHOULD) fail_msg("work %d: case %d", k, WEXITSTATUS(status));
        n_failed++;
    }
    assert_true(n_failed >= 20);
    ftdn_arena_done(&work.arena);
}

static void a_child_of_a_process_that_uses_the_device_is_told_so(void **state)
{
    (void)state;
    workload work;
    ftdn_error err;
    workload_init(&work, KR, true, true);
    FTDN_ASSERT_OK(workload_run_once(&work, &err), err);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) _exit(workload_run_once(&work, &err) == FTDN_ERR_BACKEND ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ftdn_arena_done(&work.arena);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_of_work_may_break_the_device), /* first: its children have not used the device */
        cmocka_unit_test(a_child_of_a_process_that_uses_the_device_is_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
