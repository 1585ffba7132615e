/* refused_memory.h - device memory that the emulator refuses, one allocation after the other. */
#ifndef FTDN_TESTS_GPU_REFUSED_MEMORY_H
#define FTDN_TESTS_GPU_REFUSED_MEMORY_H

#include "tests/gpu/gpu.h"

/* The k-th allocation from now on is refused; 0: none. */
static inline void ftdn_test_refuse_allocation(int k)
{
    char text[16];
    snprintf(text, sizeof text, "%d", k);
    if (k) setenv("FTDN_EMULATOR_FAIL_ALLOC", text, 1);
    else unsetenv("FTDN_EMULATOR_FAIL_ALLOC");
}

static inline size_t ftdn_test_free_bytes(void)
{
    ftdn_error err;
    ftdn_device_info info;
    FTDN_ASSERT_OK(ftdn_test_module()->device->describe(0, &info, &err), err);
    return info.free_bytes;
}

/* Call attempt(user) with its first allocation refused, then with its second one and so on, until it succeeds. Each
 * refusal is an error of memory, and whatever the answer, nothing is kept on the device. Returns the number
 * of refusals. */
static inline int ftdn_test_refuse_each_allocation(ftdn_status (*attempt)(void *user, ftdn_error *err), void *user)
{
    ftdn_error err;
    size_t free_before = ftdn_test_free_bytes();
    for (int k = 1;; k++) {
        ftdn_test_refuse_allocation(k);
        ftdn_status status = attempt(user, &err);
        ftdn_test_refuse_allocation(0);
        size_t free_now = ftdn_test_free_bytes();
        if (free_now != free_before) fail_msg("allocation %d: %zu bytes free, before %zu", k, free_now, free_before);
        if (status == FTDN_OK) return k - 1;
        if (status != FTDN_ERR_MEMORY) fail_msg("allocation %d: %s", k, err.message);
    }
}

#endif
