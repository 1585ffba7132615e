#include "base/moments.h"

#include <math.h>

#include "tests/support/support.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}

static ftdn_moments add_all(const double *value, int n)
{
    ftdn_moments moments = {0};
    for (int i = 0; i < n; i++) ftdn_moments_add(&moments, value[i]);
    return moments;
}

/* Student, "The probable error of a mean" (Biometrika 6, 1908), hours of sleep gained by the second drug less those by
 * the first, for ten patients: mean +1.58, s.d. (there with n) 1.17. R 4 prints t.test of the same data, `sleep`, as
 * t = 4.0621, df = 9, p-value = 0.002833, 95 percent confidence interval 0.7001142 2.4598858. */
static void the_paired_test_of_sleep_is_the_published_one(void **state)
{
    (void)state;
    static const double first[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    static const double second[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    ftdn_moments moments = {0};
    for (int i = 0; i < 10; i++) ftdn_moments_add(&moments, second[i] - first[i]);
    assert_near(moments.mean, 1.58, 1e-14);
    assert_near(ftdn_moments_sd(&moments) * sqrt(0.9), 1.17, 0.005);
    assert_near(moments.mean / ftdn_moments_standard_error(&moments), 4.0621, 0.00005);
    assert_near(ftdn_moments_t_test(&moments), 0.002833, 0.0000005);
    assert_near(moments.mean - ftdn_moments_half_width(&moments), 0.7001142, 0.00000005);
    assert_near(moments.mean + ftdn_moments_half_width(&moments), 2.4598858, 0.00000005);
}

/* NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2, data set ZARR13.DAT: 195 values, mean 9.261460, s.d.
 * 0.022789, 95 % interval 9.258242 to 9.264679. */
static void the_interval_of_a_mean_is_the_published_one(void **state)
{
    (void)state;
    const ftdn_moments moments = {.n = 195, .mean = 9.261460, .squares = 194 * 0.022789 * 0.022789};
    assert_near(moments.mean - ftdn_moments_half_width(&moments), 9.258242, 0.000001);
    assert_near(moments.mean + ftdn_moments_half_width(&moments), 9.264679, 0.000001);
}

/* NIST Statistical Reference Datasets, univariate: NumAcc1 is 10000001, 10000003, 10000002, with the certified s.d. 1;
 * NumAcc2, NumAcc3 and NumAcc4 are 1001 values B + 0.2, B + 0.1, B + 0.3, B + 0.1, ... with B = 1, 10^6, 10^7, with the
 * certified mean B + 0.2 and s.d. 0.1. Near 10^7 a decimal fraction is known to 1e-9. */
static void hard_data_have_the_certified_deviation(void **state)
{
    (void)state;
    static const double acc1[] = {10000001, 10000003, 10000002};
    ftdn_moments moments = add_all(acc1, 3);
    assert_true(moments.mean == 10000002 && ftdn_moments_sd(&moments) == 1);
    static const double base[] = {1, 1e6, 1e7};
    for (int i = 0; i < 3; i++) {
        moments = (ftdn_moments){0};
        ftdn_moments_add(&moments, base[i] + 0.2);
        for (int k = 0; k < 500; k++) {
            ftdn_moments_add(&moments, base[i] + 0.1);
            ftdn_moments_add(&moments, base[i] + 0.3);
        }
        assert_near(moments.mean, base[i] + 0.2, 1e-15 * base[i]);
        assert_near(ftdn_moments_sd(&moments), 0.1, 1e-15 * base[i]);
    }
}

static void too_few_or_equal_values_have_no_spread(void **state)
{
    (void)state;
    const ftdn_moments none = {0}, one = {.n = 1, .mean = 3};
    assert_true(isnan(ftdn_moments_sd(&none)) && isnan(ftdn_moments_sd(&one)));
    assert_true(isnan(ftdn_moments_half_width(&none)) && isnan(ftdn_moments_half_width(&one)));
    assert_true(isnan(ftdn_moments_t_test(&none)) && isnan(ftdn_moments_t_test(&one)));
    static const double equal[] = {0.1, 0.1, 0.1};
    const ftdn_moments moments = add_all(equal, 3);
    assert_true(ftdn_moments_sd(&moments) == 0 && ftdn_moments_half_width(&moments) == 0);
    assert_true(isnan(ftdn_moments_t_test(&moments)));
}

/* By the table of NIST 1.3.6.7.2: t is 12.706, 2.571, 2.447, 2.120, 2.110 for 1, 5, 6, 16, 17 degrees of freedom, so
 * that 12.706 / sqrt(2) = 8.98; 2.571 / sqrt(6) = 1.050, 2.447 / sqrt(7) = 0.925; 2.120 / sqrt(17) = 0.514, 2.110 /
 * sqrt(18) = 0.497. */
static void needed_values_are_those_by_hand(void **state)
{
    (void)state;
    assert_int_equal(ftdn_needed_values(1, 9), 2);
    assert_int_equal(ftdn_needed_values(1, 8.9), 3);
    assert_int_equal(ftdn_needed_values(1, 1), 7);
    assert_int_equal(ftdn_needed_values(1, 0.5), 18);
    assert_int_equal(ftdn_needed_values(0, 0.5), 2);
    assert_int_equal(ftdn_needed_values(0.02, 0.01), ftdn_needed_values(2, 1));
}

static void one_value_less_is_not_enough(void **state)
{
    (void)state;
    for (double sd = 0.001; sd < 100; sd *= 1.37) {
        int64_t n = ftdn_needed_values(sd, 0.05);
        assert_true(n >= 2);
        assert_true(ftdn_interval_factor(n) * sd / sqrt((double)n) <= 0.05);
        assert_true(n == 2 || ftdn_interval_factor(n - 1) * sd / sqrt((double)n - 1) > 0.05);
    }
}

static void what_no_number_of_values_gives_is_none(void **state)
{
    (void)state;
    assert_int_equal(ftdn_needed_values(NAN, 1), 0);
    assert_int_equal(ftdn_needed_values(-1, 1), 0);
    assert_int_equal(ftdn_needed_values(INFINITY, 1), 0);
    assert_int_equal(ftdn_needed_values(1, 0), 0);
    assert_int_equal(ftdn_needed_values(1, NAN), 0);
    assert_int_equal(ftdn_needed_values(1, 1e-9), 0);
    assert_true(ftdn_needed_values(1, 1e-5) > INT64_C(38000000000)); /* 1.96^2 * 10^10 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paired_test_of_sleep_is_the_published_one),
        cmocka_unit_test(the_interval_of_a_mean_is_the_published_one),
        cmocka_unit_test(hard_data_have_the_certified_deviation),
        cmocka_unit_test(too_few_or_equal_values_have_no_spread),
        cmocka_unit_test(needed_values_are_those_by_hand),
        cmocka_unit_test(one_value_less_is_not_enough),
        cmocka_unit_test(what_no_number_of_values_gives_is_none),
    };
    return cmocka_run_group_tests_name("base/moments", tests, NULL, NULL);
}
