#include "base/arena.h"

#include <limits.h>

#include "base/size.h"
#include "tests/support/support.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    unsigned char *previous_end = NULL;
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *bytes = ftdn_arena_alloc(&arena, n, 1, &err);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % FTDN_ARENA_ALIGNMENT, 0);
        for (size_t i = 0; i < n; i++) assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, n);
        assert_true(!previous_end || bytes >= previous_end);
        previous_end = bytes + n;
    }
    ftdn_arena_done(&arena);
}

static void reused_memory_is_zeroed_again(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
    for (int round = 0; round < 3; round++) {
        int *numbers = FTDN_NEW(&arena, 100, int, &err);
        assert_non_null(numbers);
        for (int i = 0; i < 100; i++) {
            assert_int_equal(numbers[i], 0);
            numbers[i] = -1;
        }
        if (round > 0) ftdn_arena_reset(&arena, mark);
        else mark = ftdn_arena_get_mark(&arena);
    }
    ftdn_arena_done(&arena);
}

static void a_mark_gives_back_all_that_came_later(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    char *kept = ftdn_arena_copy_text(&arena, "kept", 4, &err);
    assert_non_null(kept);
    assert_int_equal(arena.n_bytes, 64);
    ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
    void *first = ftdn_arena_alloc(&arena, 65, 1, &err);
    assert_non_null(first);
    assert_int_equal(arena.n_bytes, 64 + 128);
    assert_non_null(ftdn_arena_alloc(&arena, 20 << 20, 1, &err));
    size_t peak = 64 + 128 + (20 << 20);
    assert_int_equal(arena.n_bytes, peak);
    ftdn_arena_reset(&arena, mark);
    assert_int_equal(arena.n_bytes, 64);
    assert_int_equal(arena.peak_bytes, peak);
    assert_string_equal(kept, "kept");
    assert_ptr_equal(ftdn_arena_alloc(&arena, 1, 1, &err), first);
    ftdn_arena_done(&arena);
    assert_int_equal(arena.n_bytes, 0);
    assert_int_equal(arena.peak_bytes, peak);
    assert_non_null(ftdn_arena_alloc(&arena, 1, 1, &err)); /* may be used again */
    ftdn_arena_done(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    assert_null(ftdn_arena_alloc(&arena, SIZE_MAX / 2, 3, &err));
    assert_int_equal(err.status, FTDN_ERR_MEMORY);
    assert_non_null(strstr(err.message, "9223372036854775807 items of 3 bytes do not fit into memory"));
    assert_null(ftdn_arena_alloc(&arena, SIZE_MAX, 1, &err));      /* cannot be rounded up */
    assert_null(ftdn_arena_alloc(&arena, SIZE_MAX - 63, 1, &err)); /* no room for a block's header */
    assert_non_null(strstr(err.message, "out of memory"));
    assert_int_equal(arena.n_bytes, 0);
    ftdn_arena_done(&arena);
}

static void the_failing_mode_fails_from_the_kth_allocation_on(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    ftdn_arena_fail_after(&arena, 2);
    assert_non_null(ftdn_arena_alloc(&arena, 8, 8, &err));
    assert_non_null(ftdn_arena_copy_text(&arena, "a", 1, &err));
    assert_null(ftdn_arena_alloc(&arena, 8, 8, &err));
    assert_int_equal(err.status, FTDN_ERR_MEMORY);
    assert_string_equal(err.message, "out of memory: 64 bytes wanted, 128 held");
    assert_null(ftdn_arena_copy_text(&arena, "a", 1, &err));
    assert_null(ftdn_arena_format(&arena, &err, "%d", 1));
    ftdn_arena_fail_after(&arena, -1);
    assert_non_null(ftdn_arena_alloc(&arena, 8, 8, &err));
    ftdn_arena_done(&arena);
}

static void texts_are_copied_and_formatted(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    assert_string_equal(ftdn_arena_copy_text(&arena, "conv4_3", 4, &err), "conv");
    assert_string_equal(ftdn_arena_copy_text(&arena, NULL, 0, &err), "");
    assert_string_equal(ftdn_arena_format(&arena, &err, "%s/%d", "block", 13), "block/13");
    char *wide = ftdn_arena_format(&arena, &err, "%200000d", 7);
    assert_int_equal(strlen(wide), 200000);
    assert_int_equal(wide[199999], '7');
    ftdn_arena_done(&arena);
}

static void size_arithmetic_tells_overflow(void **state)
{
    (void)state;
    size_t size = 5;
    assert_true(ftdn_size_mul(SIZE_MAX, 1, &size));
    assert_int_equal(size, SIZE_MAX);
    assert_false(ftdn_size_mul(SIZE_MAX, 2, &size));
    assert_false(ftdn_size_add(SIZE_MAX, 1, &size));
    assert_false(ftdn_size_round_up(SIZE_MAX - 62, 64, &size));
    assert_int_equal(size, SIZE_MAX);
    assert_true(ftdn_size_round_up(SIZE_MAX - 63, 64, &size));
    assert_int_equal(size, SIZE_MAX - 63);
    assert_true(ftdn_size_round_up(65, 64, &size));
    assert_int_equal(size, 128);
    assert_true(ftdn_size_add(2, 3, &size));
    assert_int_equal(size, 5);
}

static void an_array_that_grows_keeps_its_items(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    int *number = NULL, n = 0, capacity = 0;
    for (; n < 1000; n++) {
        int before = capacity, *grown = ftdn_arena_grow(&arena, number, n, &capacity, sizeof *grown, &err);
        assert_non_null(grown);
        if (n < before) assert_ptr_equal(grown, number);
        assert_true(capacity > n && (capacity == before || (n == before && capacity >= 2 * before)));
        assert_int_equal(grown[n], 0);
        number = grown;
        number[n] = n + 1;
    }
    for (int i = 0; i < n; i++) assert_int_equal(number[i], i + 1);
    n = capacity;
    ftdn_arena_fail_after(&arena, 0);
    assert_null(ftdn_arena_grow(&arena, number, n, &capacity, sizeof *number, &err));
    assert_int_equal(err.status, FTDN_ERR_MEMORY);
    assert_int_equal(capacity, n);
    capacity = INT_MAX;
    assert_null(ftdn_arena_grow(&arena, number, INT_MAX, &capacity, 1, &err));
    assert_string_equal(err.message, "out of memory: 2147483647 items of 1 bytes are held");
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(reused_memory_is_zeroed_again),
        cmocka_unit_test(an_array_that_grows_keeps_its_items),
        cmocka_unit_test(a_mark_gives_back_all_that_came_later),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(the_failing_mode_fails_from_the_kth_allocation_on),
        cmocka_unit_test(texts_are_copied_and_formatted),
        cmocka_unit_test(size_arithmetic_tells_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
