/* One value out of an original and its copies: what each merge keeps, and its rules for zeros, NaN and infinities. */
#include <float.h>
#include <math.h>

#include "base/philox_hd.h"
#include "engine/merge_hd.h"
#include "tests/support/support.h"

static const ftdn_merge merges[] = {FTDN_MERGE_MEAN, FTDN_MERGE_NONZERO, FTDN_MERGE_MAX_ABS, FTDN_MERGE_MEDIAN};
enum { n_merges = sizeof merges / sizeof *merges };

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float value_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void assert_value(float expected, float actual)
{
    if (bits_of(expected) != bits_of(actual))
        fail_msg("%a (%#x), not %a (%#x)", (double)actual, bits_of(actual), (double)expected, bits_of(expected));
}

static void equal_numbers_give_that_number_bit_for_bit(void **state)
{
    (void)state;
    static const float special[] = {0.0f, 0x1p-149f,      0x1.fffffcp-127f, FLT_MIN,
                                    1.0f, 0x1.fffffep-1f, FLT_MAX,          INFINITY};
    for (int m = 0; m < n_merges; m++) {
        for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
            float value = special[i];
            assert_value(value, ftdn_merge_values(merges[m], value, value, value));
            assert_value(-value, ftdn_merge_values(merges[m], -value, -value, -value));
        }
        for (uint32_t i = 0; i < 50000; i++) {
            float value = value_of(ftdn_philox((ftdn_philox_block){{i, 0, 0, 0}}, 1, 0).word[0]);
            if (!isnan(value)) assert_value(value, ftdn_merge_values(merges[m], value, value, value));
        }
    }
}

static void the_mean_neither_overflows_nor_loses_small_numbers(void **state)
{
    (void)state;
    assert_value(0.25f, ftdn_merge_mean(0.0f, 0.5f));
    assert_value(0.0f, ftdn_merge_mean(FLT_MAX, -FLT_MAX));
    assert_value(0x1.8p127f, ftdn_merge_mean(FLT_MAX, 0x1p127f)); /* a tie, rounded to even */
    assert_value(0x1p-148f, ftdn_merge_mean(0x3p-149f, 0x1p-149f));
    assert_value(0x1p-149f, ftdn_merge_mean(0x2p-149f, 0.0f));
    assert_value(0.0f, ftdn_merge_mean(0x1p-149f, 0.0f)); /* half of the smallest number: a tie, rounded to even */
    assert_value(INFINITY, ftdn_merge_mean(INFINITY, -1.0f));
    assert_true(isnan(ftdn_merge_mean(INFINITY, -INFINITY)));
    assert_true(isnan(ftdn_merge_mean(NAN, 1.0f)) && isnan(ftdn_merge_mean(1.0f, NAN)));
}

static void nonzero_takes_the_copy_only_where_the_original_is_zero(void **state)
{
    (void)state;
    assert_value(3.0f, ftdn_merge_nonzero(0.0f, 3.0f));
    assert_value(3.0f, ftdn_merge_nonzero(-0.0f, 3.0f));
    assert_value(2.0f, ftdn_merge_nonzero(2.0f, 0.0f));
    assert_value(2.0f, ftdn_merge_nonzero(2.0f, 3.0f));
    assert_value(0x1p-149f, ftdn_merge_nonzero(0x1p-149f, 3.0f));
    assert_value(-0.0f, ftdn_merge_nonzero(0.0f, -0.0f));
    assert_true(isnan(ftdn_merge_nonzero(NAN, 3.0f)) && isnan(ftdn_merge_nonzero(0.0f, NAN)));
}

static void max_abs_takes_the_larger_magnitude_with_its_sign(void **state)
{
    (void)state;
    assert_value(-3.0f, ftdn_merge_max_abs(2.0f, -3.0f));
    assert_value(-3.0f, ftdn_merge_max_abs(-3.0f, 2.0f));
    assert_value(2.0f, ftdn_merge_max_abs(2.0f, -2.0f)); /* a tie: the original */
    assert_value(-2.0f, ftdn_merge_max_abs(-2.0f, 2.0f));
    assert_value(-INFINITY, ftdn_merge_max_abs(FLT_MAX, -INFINITY));
    assert_value(1.0f, ftdn_merge_max_abs(NAN, 1.0f)); /* NaN loses against a number */
    assert_value(1.0f, ftdn_merge_max_abs(1.0f, NAN));
    assert_value(0.0f, ftdn_merge_max_abs(NAN, 0.0f));
    assert_value(INFINITY, ftdn_merge_max_abs(INFINITY, NAN));
    assert_true(isnan(ftdn_merge_max_abs(NAN, NAN)));
}

static const int permutation[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static void the_median_is_the_middle_one_in_every_order(void **state)
{
    (void)state;
    static const float sorted[][3] = {
        {1, 2, 3},
        {-3, -2, -1},
        {-1, 0, 1},
        {1, 1, 2},
        {1, 2, 2},
        {5, 5, 5},
        {-INFINITY, 7, INFINITY},
        {1, INFINITY, INFINITY},
        {-FLT_MAX, 0x1p-149f, FLT_MAX},
        {-INFINITY, -INFINITY, 0x1p-149f},
    };
    for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++) {
        const float *v = sorted[i];
        for (int p = 0; p < 6; p++) {
            const int *at = permutation[p];
            assert_value(v[1], ftdn_merge_median(v[at[0]], v[at[1]], v[at[2]]));
        }
    }
}

static void the_median_is_a_number_as_long_as_there_is_one(void **state)
{
    (void)state;
    static const float values[][3] = {
        {NAN, 1, 2}, {NAN, -INFINITY, 3}, {NAN, 4, 4}, {NAN, NAN, 5}, {NAN, NAN, -INFINITY}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const float *v = values[i];
        for (int p = 0; p < 6; p++) {
            const int *at = permutation[p];
            float median = ftdn_merge_median(v[at[0]], v[at[1]], v[at[2]]);
            if (median != v[1] && median != v[2]) fail_msg("median of row %zu, order %d: %g", i, p, (double)median);
        }
    }
    assert_true(isnan(ftdn_merge_median(NAN, NAN, NAN)));
}

static void every_merge_is_found_by_its_name(void **state)
{
    (void)state;
    assert_value(3.0f, ftdn_merge_values(FTDN_MERGE_MEAN, 2.0f, 4.0f, 9.0f));
    assert_value(2.0f, ftdn_merge_values(FTDN_MERGE_NONZERO, 2.0f, 4.0f, 9.0f));
    assert_value(-4.0f, ftdn_merge_values(FTDN_MERGE_MAX_ABS, 2.0f, -4.0f, 9.0f));
    assert_value(4.0f, ftdn_merge_values(FTDN_MERGE_MEDIAN, 2.0f, 9.0f, 4.0f));
    for (int m = 0; m < n_merges; m++)
        assert_int_equal(ftdn_merge_n_copies(merges[m]), merges[m] == FTDN_MERGE_MEDIAN ? 2 : 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_numbers_give_that_number_bit_for_bit),
        cmocka_unit_test(the_mean_neither_overflows_nor_loses_small_numbers),
        cmocka_unit_test(nonzero_takes_the_copy_only_where_the_original_is_zero),
        cmocka_unit_test(max_abs_takes_the_larger_magnitude_with_its_sign),
        cmocka_unit_test(the_median_is_the_middle_one_in_every_order),
        cmocka_unit_test(the_median_is_a_number_as_long_as_there_is_one),
        cmocka_unit_test(every_merge_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
