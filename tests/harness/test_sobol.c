/* test_sobol.c - the Sobol sequence: known points, and how evenly it fills. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "harness/manifest/sobol.h"
#include "tests/support/support.h"

/* Points 1 to 7 of three dimensions in eighths, as in the paper's program (sobol 8 3 new-joe-kuo-6.21201). */
static void the_first_points_are_those_of_joe_and_kuo(void **state)
{
    (void)state;
    static const uint32_t eighths[7][3] = {{4, 4, 4}, {6, 2, 2}, {2, 6, 6}, {3, 3, 5}, {7, 7, 1}, {5, 1, 7}, {1, 5, 3}};
    for (int d = 0; d < FTDN_SOBOL_DIMENSIONS; d++) assert_int_equal(ftdn_sobol(0, d), 0);
    for (uint32_t i = 0; i < 7; i++)
        for (int d = 0; d < 3; d++) assert_int_equal(ftdn_sobol(i + 1, d), eighths[i][d] << 29);
}

/* Point 12345, as the recurrence x_i = x_(i-1) ^ v_(c_(i-1)) of the paper's program finds it. */
static void a_late_point_is_that_of_the_recurrence(void **state)
{
    (void)state;
    static const uint32_t expected[FTDN_SOBOL_DIMENSIONS] = {
        0xa4140000, 0xd03c0000, 0x290c0000, 0x86dc0000, 0xe3740000, 0x0f140000, 0x20940000, 0x1d040000,
        0xcd440000, 0x6dfc0000, 0x13040000, 0x994c0000, 0xee540000, 0xf11c0000, 0x08d40000, 0xa40c0000,
    };
    for (int d = 0; d < FTDN_SOBOL_DIMENSIONS; d++) assert_int_equal(ftdn_sobol(12345, d), expected[d]);
}

/* Of 2^k points from a multiple of 2^k on, each interval of 2^-k holds exactly one, in every dimension: a direction
 * number that is even would leave some empty. */
static void every_interval_holds_one_point_of_each_block(void **state)
{
    (void)state;
    enum { LOG_N = 12, N = 1 << LOG_N };
    for (int d = 0; d < FTDN_SOBOL_DIMENSIONS; d++) {
        for (uint32_t block = 0; block < 3; block++) {
            bool seen[N] = {false};
            for (uint32_t i = 0; i < N; i++) {
                uint32_t interval = ftdn_sobol(block * N + i, d) >> (32 - LOG_N);
                assert_false(seen[interval]);
                seen[interval] = true;
            }
        }
    }
}

/* The first two dimensions fill every elementary box; every pair of dimensions differs. */
static void two_dimensions_fill_every_box(void **state)
{
    (void)state;
    enum { LOG_N = 10, N = 1 << LOG_N };
    for (int a = 0; a <= LOG_N; a++) {
        bool seen[N] = {false};
        for (uint32_t i = 0; i < N; i++) {
            uint64_t x = ftdn_sobol(i, 0), y = ftdn_sobol(i, 1);
            size_t box = (size_t)((x >> (32 - a)) << (LOG_N - a) | y >> (32 - (LOG_N - a)));
            assert_false(seen[box]);
            seen[box] = true;
        }
    }
    for (int d = 0; d < FTDN_SOBOL_DIMENSIONS; d++)
        for (int e = 0; e < d; e++) {
            int n_equal = 0;
            for (uint32_t i = 1; i < 256; i++) n_equal += ftdn_sobol(i, d) == ftdn_sobol(i, e);
            assert_true(n_equal < 64);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_points_are_those_of_joe_and_kuo),
        cmocka_unit_test(a_late_point_is_that_of_the_recurrence),
        cmocka_unit_test(every_interval_holds_one_point_of_each_block),
        cmocka_unit_test(two_dimensions_fill_every_box),
    };
    return cmocka_run_group_tests_name("sobol", tests, NULL, NULL);
}
